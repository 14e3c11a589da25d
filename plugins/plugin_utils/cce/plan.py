# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a run as a document: which appliances are upgraded, in which order, by which steps, and why others are not.

It is made in `planning.py`, site by site in `site_plan.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from .intent import Intent
from .versions import Version

ORDER = (
    "The canary first, then sites by their priority, the rest in the order of the inventory; appliances in the order of the "
    "inventory, but within a site the one that holds the out-of-service slot comes first, then those whose upgrade has begun."
)


@dataclass(frozen=True)
class Entry:
    """One appliance of the queue.

    Attributes:
        consent: it leaves service by consent only.
        notes: what a person has to judge.
        waived: what a person answers for.
        gates: the checks that were made before anything is begun, with their results; none where it was begun before.
        past_switch: nothing of its work takes it out of service any more: no window is asked for.
        expected: how many seconds its steps may take.
        begins: when it can begin at the earliest, ISO 8601 in UTC; None where the plan is refused.
        waits: whether its site has windows or a freeze that say when.
    """

    host: str
    site: str
    running: Version | None
    steps: tuple[str, ...]
    reason: str
    resumes: bool
    consent: bool
    notes: tuple[str, ...]
    waived: tuple[str, ...] = ()
    gates: Mapping[str, str] = field(default_factory=dict)
    past_switch: bool = False
    expected: float = 0.0
    last_of_site: bool = False
    begins: str | None = None
    waits: bool = False


@dataclass(frozen=True)
class Skip:
    """An appliance that is left as it is."""

    host: str
    site: str
    reason: str


@dataclass(frozen=True)
class Refusal:
    """Why nothing of this run may begin."""

    host: str
    site: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What is to be done, or why nothing may.

    Attributes:
        hash: names the intent, and stays the same while the run makes progress.
        idle_sites: sites of this run where nothing is left to do; they are still worth a validation.
        sites: the sites of this run in their order.
        rows: the appliances that go side by side, row after row; of an idle site the one that stands for it. None where it
        is refused. ends: when the last one is done; None where it is refused.
        width: how many sites at once end within the 60 days for which a release was supported; None: no number does.
        warnings: sentences about waivers that have ended, or that nothing needs.
    """

    target: Version
    hash: str
    entries: tuple[Entry, ...]
    skips: tuple[Skip, ...]
    refusals: tuple[Refusal, ...]
    idle_sites: tuple[str, ...]
    sites: tuple[str, ...]
    intent: Intent
    rows: tuple[tuple[str, ...], ...] = ()
    ends: datetime | None = None
    width: int | None = None
    warnings: tuple[str, ...] = ()

    def entries_of(self, site: str) -> list[Entry]:
        """Those of one site, in their order."""
        return self._by_site.get(site, [])

    @cached_property
    def _by_site(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.site, []).append(entry)
        return found

    @property
    def empty(self) -> bool:
        return not (self.entries or self.refusals)

    @property
    def message(self) -> str:
        if self.refusals:
            more = f" There are {len(self.refusals) - 1} more reasons." if len(self.refusals) > 1 else ""
            return f"The plan is refused and nothing may begin. {self.refusals[0].reason}{more}"
        if self.empty:
            return (
                f"Every appliance of this run is at {self.target}, healthy, its calls proven: there is nothing to do."
            )
        hosts = ", ".join(entry.host for entry in self.entries)
        at_once = self.intent["sites_at_once"]
        how = "one at a time" if at_once == 1 else f"at {at_once} sites at once after the first site"
        return f"{len(self.entries)} to be upgraded to {self.target}, {how}: {hosts}."

    def to_dict(self) -> dict[str, Any]:
        """As plan.json holds it."""
        ends = self.ends.isoformat() if self.ends else None
        return {**_as_dict(self), "ends": ends, "empty": self.empty, "message": self.message, "order": ORDER}


def _as_dict(plan: Plan) -> dict[str, Any]:
    """Without going through the intent, which is JSON already."""
    return {**asdict(replace(plan, intent={})), "intent": plan.intent}
