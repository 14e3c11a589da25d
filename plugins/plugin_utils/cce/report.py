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

    `begun`: when its first step began, as the events say it.
    """

    site: str
    steps: dict[str, str] = field(default_factory=dict)
    validated: str = ""
    begun: str = ""


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
        self.rows = {turn["name"]: Row(turn["site"]) for turn in event["queue"]}
        self.notes = list(event["summary"])
        self.target = event.get("target") or ""
        self.troubles += event["problems"]

    def _on_step(self, event: Event) -> None:
        row = self.rows.setdefault(event["appliance"], Row(""))
        row.steps[event["step"]] = event["state"]
        if event["step"] == NAMES[0] and event["state"] == "begun":
            row.begun = event["time"]

    def _on_validated(self, event: Event) -> None:
        self.rows.setdefault(event["appliance"], Row("")).validated = "yes"

    def _on_trouble(self, event: Event) -> None:
        self.troubles.append(f"{event['appliance']}: {event['text']}")

    def _on_end(self, event: Event) -> None:
        self.state = "ended well" if event["well"] else "ended with a failure"

    def measure(self, event: Event) -> Measure | None:
        """How long the appliance took, where this event ends a whole upgrade: from the MSI to health, in this run."""
        if (event["event"], event.get("step"), event.get("state")) != ("step", "health", "passed"):
            return None
        row = self.rows[event["appliance"]]
        whole = row.steps.get("package") == row.steps.get("version") == "changed"
        if self.check or not (whole and row.begun and self.target):
            return None
        seconds = (datetime.fromisoformat(event["time"]) - datetime.fromisoformat(row.begun)).total_seconds()
        return Measure(event["appliance"], self.target, seconds, event["time"]) if seconds > 0 else None

    def page(self) -> str:
        """The report as Markdown."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"# {_plain(self.title)}: {self.state}"
        yield f"\nBegun {self.begun}, last event {self.changed}."
        if self.troubles:
            yield "\n## What went wrong\n"
            yield from (f"- {_plain(trouble)}" for trouble in self.troubles)
        if self.rows:
            yield "\n## Appliances, in the order of the plan\n"
            yield from self._table()
        if self.notes:
            yield "\n## The plan\n"
            yield from (f"- {_plain(note)}" for note in self.notes)

    def _table(self) -> Iterator[str]:
        yield _cells(HEADINGS)
        yield _cells(["---"] * len(HEADINGS))
        for name, row in self.rows.items():
            yield _cells((name, row.site, *(row.steps.get(step, "") for step in NAMES), row.validated))


def _cells(texts: Iterable[str]) -> str:
    return f"| {' | '.join(_plain(text) for text in texts)} |"


def _plain(text: str) -> str:
    """One line that means nothing to a terminal, Markdown or HTML, whatever an appliance has said."""
    line = "".join(map(_visible, " ".join(text.split()))).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{sign}" if sign in r"\`*_[]|#" else sign for sign in line)


def _visible(sign: str) -> str:
    """A sign that is seen; in the place of one that is not (of control, of direction, half of a pair) U+FFFD."""
    return "\ufffd" if unicodedata.category(sign) in ("Cc", "Cf", "Cs") else sign
