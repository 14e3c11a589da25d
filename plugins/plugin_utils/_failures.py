# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a failed answer means to a person: one sentence, the trouble it is known as, and what to do next.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from typing import Any

from ._bridge import Answer, Problem, Result
from .cce.troubles import Trouble, recognise


class StepsFailed(Exception):
    """Steps did not all do their work. `doing` is what they were for, in words that follow "could not"."""

    def __init__(self, doing: str, answer: Answer) -> None:
        self.what, self.remedy, self.details = _describe(doing, answer)
        super().__init__(self.what)


def _describe(doing: str, answer: Answer) -> tuple[str, str, dict[str, Any]]:
    if answer.unanswered:
        return _prompt(doing, answer.unanswered[0])
    name, reason = answer.stopped or ("", "")
    result = answer.results[name]
    if reason == "expect":
        return _fence(doing, result)
    return _error(doing, result, result.errors[-1] if result.thrown else result.errors[0])


def _prompt(doing: str, text: str) -> tuple[str, str, dict[str, Any]]:
    remedy = (
        "Add an answer to cloud_connector_prompts in the inventory, for example "
        f"{{prompt: {text[:60]!r}, user: ..., password: ...}}, and run the same command again."
    )
    return (
        f"Could not {doing}: the product asked {text!r} and nobody had an answer.",
        remedy,
        {"prompt": text, "class": "prompt"},
    )


def _fence(doing: str, result: Result) -> tuple[str, str, dict[str, Any]]:
    what = f"Could not {doing}: {result.name} gave {result.output} on the appliance, which is not what was expected."
    return what, "Nothing after that ran. Run the same command again: it reads the state anew.", {
        "class": "fence", "step": result.name, "output": result.output,
    }  # fmt: skip


def _error(doing: str, result: Result, problem: Problem) -> tuple[str, str, dict[str, Any]]:
    trouble = recognise(problem.id, problem.message)
    what = f"Could not {doing}: {problem.command or result.name} said: {problem.message.strip()}"
    details: dict[str, Any] = {
        "step": result.name,
        "cmdlet": problem.command,
        "message": problem.message,
        "id": problem.id,
        "category": problem.category,
        "class": trouble.name if trouble else "unknown",
    }
    return what if what.endswith((".", "!", "?")) else f"{what}.", _remedy(trouble, details), details


def _remedy(trouble: Trouble | None, details: dict[str, Any]) -> str:
    if trouble is None:
        return "This error is not known to the collection; see the product's log directory, then run the same command again."
    details["retry"] = trouble.retry
    return f"{trouble.meaning} {trouble.remedy}"
