# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a failed answer means to a person: one sentence, the trouble it is known as, and what to do next.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ._bridge import Answer, Problem, Result
from .cce.steps import Step
from .cce.troubles import TROUBLES, Trouble, recognise

Description = tuple[str, str, dict[str, Any]]
"""What happened, what to do, and the details as data."""


JOB_REMEDY = (
    "This ran as a task, which is given no passwords. Most likely a credential is not in the cache (inferred): enter it with the "
    "credential operation, or register the appliance again with cloud_connector_prompts; then run the same command again."
)


class StepsFailed(Exception):
    """Steps did not all do their work. `doing` is what they were for, in words that follow "could not".

    `attached`: they could be given answers to questions; a job cannot, since it carries no secret.
    """

    def __init__(self, doing: str, asked: Sequence[Step], answer: Answer, *, attached: bool = True) -> None:
        cmdlets = {step["name"]: step["cmdlet"].rpartition("\\")[2] for step in asked}
        self.what, self.remedy, self.details = _describe(doing, cmdlets, answer)
        if answer.unanswered and not attached:
            self.remedy = JOB_REMEDY
        super().__init__(self.what)


def warned(asked: Sequence[Step], answer: Answer) -> list[str]:
    """What the product's own cmdlets warned of, each with what it means where that is known."""
    own = {step["name"]: step["cmdlet"].rpartition("\\")[2] for step in asked if "CloudConnector" in step["cmdlet"]}
    found = ((own[name], text) for name, result in answer.results.items() if name in own for text in result.warnings)
    return list(dict.fromkeys(_warning(cmdlet, text) for cmdlet, text in found))


def _warning(cmdlet: str, text: str) -> str:
    trouble = recognise("", text)
    said = f"{cmdlet} warned: {' '.join(text.split())}"
    return said if trouble is None else f"{said} [{trouble.name}] {trouble.meaning} {trouble.remedy}"


def _describe(doing: str, cmdlets: Mapping[str, str], answer: Answer) -> Description:
    if answer.unanswered:
        return _prompt(doing, list(dict.fromkeys(answer.unanswered)), swallowed=answer.stopped is None)
    name, reason = answer.stopped or ("", "")
    result = answer.results[name]
    if reason == "expect":
        return _fence(doing, result, cmdlets.get(name, name))
    return _error(doing, result, cmdlets.get(name, name))


def _prompt(doing: str, texts: Sequence[str], *, swallowed: bool) -> Description:
    """A question nobody had an answer for. `swallowed`: the product caught the bridge's error and went on."""
    asked = " and ".join(repr(text) for text in texts)
    after = " It went on all the same: what it did then is not known." if swallowed else ""
    what, lines = ("this line", "") if len(texts) == 1 else ("these lines", "\n")
    remedy = (
        f"Add {what} to cloud_connector_prompts in the inventory, with the right user (where one is asked for) and "
        f"password from your vault, then run the same command again: {lines}{_inventory_lines(texts)}"
    )
    details = {"prompt": texts[0], "prompts": list(texts), "swallowed": swallowed, "class": "prompt", "retry": False}
    return f"Could not {doing}: the product asked {asked} and nobody had an answer.{after}", remedy, details


def _inventory_lines(texts: Sequence[str]) -> str:
    """Answers as YAML, each with a pattern of PowerShell that fits this question."""
    patterns = [re.sub(r"[][.^$*+?{}\\|()#]", r"\\\g<0>", text[:60]).replace("'", "''") for text in texts]
    return "\n".join(f"- {{prompt: '{pattern}', user: ..., password: ...}}" for pattern in patterns)


def _fence(doing: str, result: Result, cmdlet: str) -> Description:
    given = ", ".join(map(str, result.output)) or "nothing"
    what = (
        f"Could not {doing}: {cmdlet} ({result.name}) on the appliance gave {given}, which is not what was read before."
    )
    details = {"class": "fence", "retry": True, "step": result.name, "cmdlet": cmdlet, "output": result.output}
    return what, "Nothing after that was run. Run the same command again: it reads the state anew.", details


def _error(doing: str, result: Result, cmdlet: str) -> Description:
    problem, trouble = _telling(result, cmdlet)
    texts = [problem, result.errors[-1]] if result.thrown else result.errors
    said = " And: ".join(dict.fromkeys(" ".join(_without_password(one.message).split()) for one in texts))
    what = f"Could not {doing}: {cmdlet} said: {said}"
    details: dict[str, Any] = {
        "step": result.name,
        "cmdlet": cmdlet,
        "message": _without_password(problem.message),
        "id": problem.id,
        "category": problem.category,
        "class": trouble.name if trouble else "unknown",
        "retry": trouble.retry if trouble else False,
        "errors": [{**asdict(one), "message": _without_password(one.message)} for one in result.errors],
    }
    return what if what.endswith((".", "!", "?")) else f"{what}.", _remedy(trouble), details


def _without_password(text: str) -> str:
    """One text of the product tells the password of a VM (T25)."""
    return re.sub(r"\(Password: .*\)", "(Password: ********)", text)


def _telling(result: Result, cmdlet: str) -> tuple[Problem, Trouble | None]:
    """The error that says most: the best known one, else the last one where it ended the cmdlet, else the first."""
    last_first = result.errors[::-1] if result.thrown else result.errors
    known = [(problem, trouble) for problem in last_first if (trouble := _trouble(problem, cmdlet)) is not None]
    if not known:
        return last_first[0], None
    return min(known, key=lambda pair: TROUBLES.index(pair[1]))


def _trouble(problem: Problem, cmdlet: str) -> Trouble | None:
    return recognise(problem.id, problem.message, cmdlet=cmdlet, category=problem.category, exception=problem.exception)


def _remedy(trouble: Trouble | None) -> str:
    if trouble is None:
        return (
            "This collection does not know this error: read the newest log in the Logs folder of the appliance directory, "
            "repair what it names, then run the same command again."
        )
    return f"{trouble.meaning} {trouble.remedy}"
