# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a run: what happened so far, as a page for people. Each event of the run is applied as it happens."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .pace import Measure
from .upgrade import NAMES

Event = Mapping[str, Any]

HEADINGS = ("appliance", "site", *NAMES, "site validated")


@dataclass
class Row:
    """An appliance of the plan: the state of each step, and of the validation of its site where it comes last there.

    `begun`: when each step began, as the events say it; `took`: the seconds of each that has ended; `row`: the number of
    those that go side by side.
    """

    site: str
    steps: dict[str, str] = field(default_factory=dict)
    validated: str = ""
    begun: dict[str, str] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    row: int = 0


@dataclass
class Report:
    """What is known of the run. Events are dictionaries with `event`, `time` and what belongs to them."""

    begun: str = ""
    changed: str = ""
    state: str = "in progress, or ended without a word"
    title: str = ""
    target: str = ""
    check: bool = False
    rows: dict[str, Row] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        """Take one event in; one that is not known changes nothing but the time."""
        self.begun = self.begun or event["time"]
        self.changed = event["time"]
        handler = getattr(self, f"_on_{event['event']}", None)
        if handler is not None:
            handler(event)

    def _on_begin(self, event: Event) -> None:
        self.check = bool(event["check"])
        self.title = f"{event['playbook']}{' (check mode: nothing is changed)' if event['check'] else ''}"

    def _on_plan(self, event: Event) -> None:
        self.rows = {turn["name"]: Row(turn["site"], row=turn.get("row", 0)) for turn in event["queue"]}
        self.notes = list(event["summary"])
        self.target = event.get("target") or ""
        self.troubles += event["problems"]

    def _on_step(self, event: Event) -> None:
        row = self.rows.setdefault(event["appliance"], Row(""))
        step, state = event["step"], event["state"]
        row.steps[step] = state
        if state == "begun":
            row.begun[step] = event["time"]
        elif step in row.begun:
            row.took[step] = _seconds(row.begun[step], event["time"])

    def _on_validated(self, event: Event) -> None:
        self.rows.setdefault(event["appliance"], Row("")).validated = "yes"

    def _on_trouble(self, event: Event) -> None:
        self.troubles.append(f"{event['appliance']}: {event['text']}")

    def _on_control(self, event: Event) -> None:
        self.said.append(event["text"])
        if event["left_out"]:
            self.rows.setdefault(event["appliance"], Row("")).steps[NAMES[0]] = "left out"

    def _on_end(self, event: Event) -> None:
        self.state = "ended well" if event["well"] else "ended with a failure"

    def measure(self, event: Event) -> Measure | None:
        """How long the appliance took, where this event ends a whole upgrade: from the MSI to health, in this run."""
        if (event["event"], event.get("step"), event.get("state")) != ("step", "health", "passed"):
            return None
        row = self.rows[event["appliance"]]
        whole = row.steps.get("package") == row.steps.get("version") == "changed"
        if self.check or not (whole and NAMES[0] in row.begun and self.target):
            return None
        seconds = _seconds(row.begun[NAMES[0]], event["time"])
        return Measure(event["appliance"], self.target, seconds, event["time"], row.took) if seconds > 0 else None

    def page(self) -> str:
        """The report as Markdown."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"# {plain(self.title)}: {self.state}"
        yield f"\nBegun {self.begun}, last event {self.changed}."
        if self.troubles:
            yield "\n## What went wrong\n"
            yield from (f"- {plain(trouble)}" for trouble in self.troubles)
        if self.said:
            yield "\n## What a person said\n"
            yield from (f"- {plain(text)}" for text in self.said)
        if self.rows:
            yield "\n## Appliances, in the order of the plan\n"
            yield from self._table()
        if self.notes:
            yield "\n## The plan\n"
            yield from (f"- {plain(note)}" for note in self.notes)

    def _table(self) -> Iterator[str]:
        """With the rows of the plan, where appliances go side by side."""
        numbers = [row.row for row in self.rows.values()]
        abreast = len(set(numbers)) < len(numbers) and any(numbers)
        headings = (*HEADINGS, "row") if abreast else HEADINGS
        yield cells(headings)
        yield cells(["---"] * len(headings))
        for name, row in self.rows.items():
            states = (row.steps.get(step, "") for step in NAMES)
            yield cells((name, row.site, *states, row.validated, *([str(row.row)] if abreast else [])))


def _seconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def cells(texts: Iterable[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(plain(text) for text in texts)} |"


def plain(text: str) -> str:
    """One line that means nothing to a terminal, Markdown or HTML, whatever an appliance has said."""
    line = "".join(map(_visible, " ".join(text.split()))).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{sign}" if sign in r"\`*_[]|#" else sign for sign in line)


def _visible(sign: str) -> str:
    """A sign that is seen; in the place of one that is not (of control, of direction, half of a pair) U+FFFD."""
    return "\ufffd" if unicodedata.category(sign) in ("Cc", "Cf", "Cs") else sign
