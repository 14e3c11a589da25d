# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a failed answer means to a person: one sentence, the class of the failure, what to do next, and the details as data.

The texts of an answer are masked and free of control characters when they come here.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from ..cce import health
from ..cce.answers import Answer, Problem, Result
from ..cce.exceptions import OperationError, WorkFailed
from ..cce.failure_classes import FAILURES, FailureClass, most_special, recognise
from ..cce.health import Check
from ..cce.steps import IN_TIME, Step

E = TypeVar("E", bound=OperationError)

UNKNOWN_OUTCOME = " It went on all the same: what it did then is not known."

PROMPT_LENGTH = 60
"""How many characters of a question are enough to know it by."""


def steps_failed(doing: str, steps: Sequence[Step], answer: Answer, *, attached: bool = True) -> WorkFailed:
    """The failure of steps that did not all do their work.

    Args:
        doing: what they were for, in words that follow "could not".
        steps: the steps that were sent.
        answer: a failed answer to them.
        attached: they could be given answers to questions; a job cannot, since it carries no secret.
    """
    if answer.unanswered:
        return _prompt(
            doing, list(dict.fromkeys(answer.unanswered)), swallowed=answer.stopped is None, attached=attached
        )
    name, reason = answer.stopped or ("", "")
    result, cmdlet = answer.results[name], _cmdlets(steps).get(name, name)
    return _fence(doing, result, cmdlet) if reason == "expect" else _error(doing, result, cmdlet)


def warned(steps: Sequence[Step], answer: Answer) -> list[str]:
    """What the product's own cmdlets warned of, each with what it means where that is known."""
    own = _cmdlets([step for step in steps if "CloudConnector" in step["cmdlet"]])
    found = ((own[name], text) for name, result in answer.results.items() if name in own for text in result.warnings)
    return list(dict.fromkeys(_warning(cmdlet, text) for cmdlet, text in found))


def checks_failed(kind: type[E], what: str, stopping: Sequence[Check], shown: Sequence[Check] = ()) -> E:
    """The failure of checks that say stop; its class is that of the first, and waiting helps where it does for each of them.

    Args:
        kind: the exception.
        what: what does not hold, words that a colon follows.
        stopping: the checks, at least one.
        shown: all checks of the result, where they are more.
    """
    remedy = stopping[0].remedy
    again = "" if "run the same command again" in remedy else " Then run the same command again."
    return kind(
        f"{what}: {health.summary(stopping)}.",
        f"{remedy}{again}",
        **health.as_failure(stopping, shown or None),
    )


def from_text(what: str, text: str, default: FailureClass) -> OperationError:
    """The failure for a text that came from an appliance, such as the reason why something could not be read.

    Args:
        what: what is wrong, a sentence.
        text: what its class is recognised by.
        default: its class where that is not known.
    """
    found = recognise("", text)
    return OperationError(what, explained(found), failure=found) if found else OperationError(what, failure=default)


def explained(failure: FailureClass) -> str:
    """What a class means and what to do, as sentences."""
    return f"{FAILURES[failure].meaning} {FAILURES[failure].remedy}"


def describe(error: OperationError) -> dict[str, Any]:
    """The return value `failure`, but for who carries the calls. What the error does not say itself is that of its class."""
    row = FAILURES[error.failure]
    return {
        "what": error.what,
        "remedy": error.remedy or row.remedy,
        "class": error.failure.value,
        "retry": row.retry if error.retry is None else error.retry,
        **error.details,
    }


def _cmdlets(steps: Sequence[Step]) -> Mapping[str, str]:
    """Step -> the name of its cmdlet without that of the module."""
    return {step["name"]: step["cmdlet"].rpartition("\\")[2] for step in steps}


def _warning(cmdlet: str, text: str) -> str:
    failure = recognise("", text)
    warning = f"{cmdlet} warned: {_one_line(text)}"
    return f"{warning} [{failure.value}] {explained(failure)}" if failure else warning


def _prompt(doing: str, texts: Sequence[str], *, swallowed: bool, attached: bool) -> WorkFailed:
    """A question nobody had an answer for. `swallowed`: the product caught the bridge's error and went on."""
    questions = " and ".join(repr(text) for text in texts)
    after = UNKNOWN_OUTCOME if swallowed else ""
    failure = FailureClass.PROMPT if attached else FailureClass.PROMPT_IN_JOB
    remedy = (
        f"{FAILURES[failure].remedy} The inventory needs:\n{_inventory_lines(texts)}"
        if attached
        else explained(failure)
    )
    return WorkFailed(
        f"Could not {doing}: the product asked {questions} and nobody had an answer.{after}",
        remedy,
        failure=failure,
        prompt=texts[0],
        prompts=list(texts),
        swallowed=swallowed,
    )


def _inventory_lines(texts: Sequence[str]) -> str:
    """Answers as YAML, each with a pattern of PowerShell that fits this question."""
    patterns = [re.sub(r"[][.^$*+?{}\\|()#]", r"\\\g<0>", text[:PROMPT_LENGTH]).replace("'", "''") for text in texts]
    return "\n".join(f"- {{prompt: '{pattern}', user: ..., password: ...}}" for pattern in patterns)


def _fence(doing: str, result: Result, cmdlet: str) -> WorkFailed:
    """A step that gave something else than was read before."""
    if result.name == IN_TIME:
        return WorkFailed(
            f"Could not {doing}: the request came to the appliance later than the readings allow on which it was decided, so "
            "that nothing of it was begun.",
            failure=FailureClass.LATE_START,
            step=result.name,
        )
    given = ", ".join(map(str, result.output)) or "nothing"
    return WorkFailed(
        f"Could not {doing}: {cmdlet} ({result.name}) on the appliance gave {given}, which is not what was read before.",
        f"Nothing after that was run. {FAILURES[FailureClass.FENCE].remedy}",
        failure=FailureClass.FENCE,
        step=result.name,
        cmdlet=cmdlet,
        output=result.output,
    )


def _error(doing: str, result: Result, cmdlet: str) -> WorkFailed:
    problem, failure = _decisive(result, cmdlet)
    problems = [problem, result.errors[-1]] if result.thrown else result.errors
    texts = " And: ".join(dict.fromkeys(_one_line(one.message) for one in problems))
    what = f"Could not {doing}: {cmdlet} said: {texts}"
    return WorkFailed(
        what if what.endswith((".", "!", "?")) else f"{what}.",
        explained(failure) if failure else "",
        failure=failure,
        step=result.name,
        cmdlet=cmdlet,
        message=problem.message,
        id=problem.id,
        category=problem.category,
        errors=[asdict(one) for one in result.errors],
    )


def _decisive(result: Result, cmdlet: str) -> tuple[Problem, FailureClass | None]:
    """The error that says most: the most special one of those that are known, else the last one where it ended the cmdlet.

    Where it did not end there, errors came one after the other, and the first one counts.
    """
    ordered = result.errors[::-1] if result.thrown else result.errors
    known = [(failure, problem) for problem in ordered if (failure := _class_of(problem, cmdlet))]
    special = most_special(failure for failure, problem in known)
    return next(((problem, failure) for failure, problem in known if failure in special), (ordered[0], None))


def _class_of(problem: Problem, cmdlet: str) -> FailureClass | None:
    return recognise(problem.id, problem.message, cmdlet=cmdlet, category=problem.category, exception=problem.exception)


def _one_line(text: str) -> str:
    return " ".join(text.split())
