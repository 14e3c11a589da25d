# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person says about a run while it runs: hold, stop after this appliance, leave an appliance out.

It stands in a small JSON file beside the run, which a person or `playbooks/control.yml` writes. Whatever is wrong with the file
holds the run: a word that was not understood may have been "hold".
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

NAME = "control.json"
"""The file, in the folder of the run."""

MOST_BYTES = 65536
"""A longer file is none of ours."""

MOST_SIGNS = 300
"""Of a name or a reason."""

HOLD, GO_ON, STOP, LEAVE_OUT, SHOW = "hold", "go_on", "stop_after_appliance", "leave_out", "show"
ACTIONS = (HOLD, GO_ON, STOP, LEAVE_OUT, SHOW)


@dataclass(frozen=True)
class Word:
    """What was said. `at` is ISO 8601, or empty where a person wrote the file; `run`: the run that took it up, of a stop only."""

    by: str
    reason: str
    at: str = ""
    run: str = ""

    def __str__(self) -> str:
        return f"by {self.by}{f' at {self.at}' if self.at else ''} ({self.reason})"

    def to_dict(self) -> dict[str, str]:
        """As JSON can carry it."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class Control:
    """What is in force.

    Attributes:
        hold: the run waits before its next step.
        stop: the run ends before its next appliance.
        left_out: appliances that are not upgraded, by their names in the inventory.
        problem: why the file cannot be understood, a clause; then the run waits, too.
    """

    hold: Word | None = None
    stop: Word | None = None
    left_out: Mapping[str, Word] = field(default_factory=dict)
    problem: str = ""

    @property
    def held(self) -> str:
        """Why the run waits, as a clause; empty where it does not."""
        if self.problem:
            return f"held, since the control file {self.problem}"
        return f"held {self.hold}" if self.hold else ""

    def stops(self, run: str) -> bool:
        """Whether this run is to end: one that another run has taken up already was for that one."""
        return self.stop is not None and self.stop.run in ("", run)

    def sentences(self) -> list[str]:
        """What is in force, for people."""
        found = [f"The run is {self.held}."] if self.held else []
        if self.stop is not None and not self.stop.run:
            found.append(f"The run is to stop after this appliance, {self.stop}.")
        return [*found, *(f"{name} is left out {word}." for name, word in self.left_out.items())]

    def to_dict(self) -> dict[str, Any]:
        """As the file holds it."""
        found: dict[str, Any] = {}
        if self.hold:
            found[HOLD] = self.hold.to_dict()
        if self.stop:
            found[STOP] = self.stop.to_dict()
        if self.left_out:
            found[LEAVE_OUT] = {name: word.to_dict() for name, word in self.left_out.items()}
        return found


def parse(text: str) -> Control:
    """What the text of the file says; whatever is wrong with it is its `problem`."""
    try:
        return _parsed(json.loads(text))
    except RecursionError:
        return Control(problem="is nested too deep")
    except ValueError as error:
        return Control(problem=f"cannot be understood: {_plain(str(error))}")


def went_on(line: str) -> Word | None:
    """Who said that all goes on, by a line of the history; None where it says something else, or is none."""
    try:
        found = json.loads(line)
        if found["action"] != GO_ON or found.get("appliance"):
            return None
        return _word({"by": found["by"], "reason": found["reason"] or "no reason was given", "at": found["time"]})
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def written(control: Control) -> str:
    """The text of the file."""
    return json.dumps(control.to_dict(), indent=2) + "\n"


def applied(control: Control, action: str, word: Word, appliance: str = "") -> Control:
    """What is in force after a person has said one thing more.

    Args:
        control: what is in force. One with a problem is begun anew by GO_ON only.
        action: one of ACTIONS; SHOW changes nothing.
        word: who says it, why, and when.
        appliance: which one is left out; with GO_ON the one that is taken in again.

    Raises:
        ValueError: it cannot be said, a clause.
    """
    if action == GO_ON:
        return _gone_on(control, appliance)
    if action == SHOW:
        return control
    if control.problem:
        raise ValueError(f"the control file {control.problem}: say go_on first, which begins it anew")
    said = _word(word.to_dict())
    if action == HOLD:
        return replace(control, hold=said)
    if action == STOP:
        return replace(control, stop=said)
    if not appliance:
        raise ValueError("say which appliance is left out: -e appliance=<name>")
    return replace(control, left_out={**control.left_out, appliance: said})


def _gone_on(control: Control, appliance: str) -> Control:
    if control.problem:
        return Control()
    if not appliance:
        return replace(control, hold=None, stop=None)
    if appliance not in control.left_out:
        raise ValueError(f"{appliance} is not left out")
    return replace(control, left_out={name: word for name, word in control.left_out.items() if name != appliance})


def _parsed(found: Any) -> Control:
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    strange = set(found) - {HOLD, STOP, LEAVE_OUT}
    if strange:
        raise ValueError(
            f"{', '.join(sorted(map(str, strange)))} is not known: write some of {HOLD}, {STOP}, {LEAVE_OUT}"
        )
    left_out = found.get(LEAVE_OUT) or {}
    if not isinstance(left_out, dict):
        raise ValueError(f"{LEAVE_OUT} is no object of appliances")
    hold, stop = found.get(HOLD), found.get(STOP)
    return Control(
        None if hold is None else _word(hold),
        None if stop is None else _word(stop),
        {_plain(str(name)): _word(word) for name, word in left_out.items()},
    )


def _word(found: Any) -> Word:
    if not isinstance(found, Mapping) or not set(found) <= {"by", "reason", "at", "run"}:
        raise ValueError("write by and reason")
    if not all(isinstance(value, str) and len(value) <= MOST_SIGNS for value in found.values()):
        raise ValueError(f"by and reason are texts of at most {MOST_SIGNS} signs")
    word = Word(
        **{name: _plain(value) for name, value in found.items() if name in ("at", "run")},
        **{name: _plain(found.get(name, "")) for name in ("by", "reason")},
    )
    if not (word.by and word.reason):
        raise ValueError("write who says it (by), and why (reason)")
    return word


def _plain(text: str) -> str:
    """One line without what a terminal would obey."""
    line = " ".join(text.split())[:MOST_SIGNS]
    return "".join("\ufffd" if unicodedata.category(sign) in ("Cc", "Cf", "Cs") else sign for sign in line)
