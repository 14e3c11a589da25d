# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as a page for people: a table of what is done when, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from . import health
from .pace import span
from .plan import Entry, Plan
from .report import cells, plain

HEADINGS = (
    "row",
    "site",
    "appliance",
    "from",
    "to",
    "steps",
    "may take",
    "begins at the earliest (UTC)",
    "gates",
    "leaves service",
)


def page(plan: Plan, now: datetime, summary: Sequence[str]) -> str:
    """The plan of `now` (aware) as Markdown; `summary` are its lines for people."""
    return "\n".join(_lines(plan, now, summary)) + "\n"


def _lines(plan: Plan, now: datetime, summary: Sequence[str]) -> Iterator[str]:
    yield f"# Plan: {plain(plan.message)}"
    yield f"\nMade {now:%Y-%m-%d %H:%M %Z}. Hash: {plan.hash}"
    if plan.refusals:
        yield "\n## Why nothing may begin\n"
        yield from (f"- {plain(refusal.reason)}" for refusal in plan.refusals)
    if plan.entries:
        yield "\n## Appliances, in the order of the run\n"
        yield from _table(plan)
    if plan.skips:
        yield "\n## Left as they are\n"
        yield from (f"- {plain(f'{skip.site}, {skip.host}: {skip.reason}')}" for skip in plan.skips)
    yield "\n## In words\n"
    yield from (f"- {plain(line)}" for line in summary)


def _table(plan: Plan) -> Iterator[str]:
    row_of = {host: number for number, row in enumerate(plan.rows, 1) for host in row}
    yield cells(HEADINGS)
    yield cells(["---"] * len(HEADINGS))
    for entry in sorted(plan.entries, key=lambda one: row_of.get(one.host, 0)):
        yield cells(_cells_of(plan, entry, row_of.get(entry.host)))


def _cells_of(plan: Plan, entry: Entry, row: int | None) -> Iterator[str]:
    yield str(row or "")
    yield from (entry.site, entry.host, str(entry.running or "not known"), plan.target)
    yield "all" if not entry.resumes else f"goes on: {', '.join(entry.steps)}"
    yield span(timedelta(seconds=entry.expected))
    yield entry.begins[:16].replace("T", " ") if entry.begins else ""
    yield _gates(entry)
    yield "no more" if entry.past_switch else "by consent" if entry.consent else "with a spare"


def _gates(entry: Entry) -> str:
    """Those that did not simply pass."""
    found = [
        f"{name} {result}" for name, result in entry.gates.items() if result not in (health.PASS, health.NOT_APPLICABLE)
    ]
    passed = sum(result == health.PASS for result in entry.gates.values())
    return "; ".join([*([f"{passed} passed"] if entry.gates else []), *found])
