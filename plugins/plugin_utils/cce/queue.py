# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan as the playbooks go through it: one turn after the other, each knowing what its play has to know."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from .plan import Entry, Plan
from .site import Site, Unreadable
from .versions import Version


@dataclass(frozen=True)
class Expected:
    """An appliance and the version it has to run when its site is validated."""

    name: str
    version: Version


@dataclass(frozen=True)
class Turn:
    """One batch of the upgrade play. Without `upgrade` it stands for its site, which is validated only."""

    name: str
    site: str
    upgrade: bool
    last_of_site: bool
    site_appliances: tuple[Expected, ...]
    announcement: str
    number: int = 0

    @property
    def mixed(self) -> bool:
        """Whether the run leaves the site with two versions, because its limit leaves appliances out."""
        return len({expected.version for expected in self.site_appliances}) > 1

    def to_dict(self) -> dict[str, Any]:
        appliances = [asdict(expected) for expected in self.site_appliances]
        return {**asdict(self), "site_appliances": appliances, "mixed": self.mixed}


def make_queue(plan: Plan, sites: Sequence[Site], hosts: Collection[str]) -> list[Turn]:
    """The turns in the order of the plan; nothing where it is refused."""
    if plan.refusals:
        return []
    turns = [turn for site in sites for turn in _turns(plan, site, hosts)]
    total = len(turns)
    return [
        replace(turn, number=number, announcement=f"{number} of {total}: {turn.announcement}")
        for number, turn in enumerate(turns, 1)
    ]


def _turns(plan: Plan, site: Site, hosts: Collection[str]) -> Iterator[Turn]:
    expected = tuple(Expected(host, _version(plan, site, host, hosts)) for host in site.appliances)
    entries = [entry for entry in plan.entries if entry.site == site.name]
    for number, entry in enumerate(entries, 1):
        announcement = f"{_where(entry, number, len(entries))}, {_what(entry, plan.target)}"
        yield Turn(entry.host, site.name, True, entry.last_of_site, expected, announcement)
    if site.name in plan.idle_sites:
        first = [host for host in site.appliances if host in hosts][0]
        announcement = f"site {site.name}, nothing to upgrade: the site is validated"
        yield Turn(first, site.name, False, True, expected, announcement)


def _version(plan: Plan, site: Site, host: str, hosts: Collection[str]) -> Version:
    """The target for appliances of this run; the others are held to what they run."""
    appliance = site.appliances[host]
    if host in hosts or isinstance(appliance, Unreadable) or not isinstance(appliance.running, str):
        return plan.target
    return appliance.running


def _where(entry: Entry, number: int, total: int) -> str:
    return f"site {entry.site}, appliance {entry.host} ({number} of {total} in this site)"


def _what(entry: Entry, target: Version) -> str:
    consent = "; it leaves service by the consent of its site" if entry.consent else ""
    begins = "goes on" if entry.resumes else "begins"
    return f"from {entry.running} to {target}, {begins} with {entry.steps[0]} ({entry.reason}){consent}"


def summary(plan: Plan, fleet_size: int, outlook: Sequence[str] = ()) -> list[str]:
    """The plan for a person, line by line; `outlook` are sentences about the time that is left, and the time it takes."""
    lines = [plan.message]
    lines += [
        f"{place}. {_where_only(entry)}: {_what(entry, plan.target)}" for place, entry in enumerate(plan.entries, 1)
    ]
    lines += [f"To be seen to by a person, {', '.join(hosts)}: {note}" for note, hosts in _notes(plan).items()]
    lines += [f"Left as it is: {skip.site}, {skip.host} ({skip.reason})." for skip in plan.skips]
    outside = fleet_size - len(plan.entries) - sum(skip.reason != "not in this run" for skip in plan.skips)
    if outside and not plan.refusals:
        lines.append(f"This run leaves out {outside} of the {fleet_size} appliances of the inventory.")
    return [*lines, *outlook, f"Hash of this plan: {plan.hash}"]


def _notes(plan: Plan) -> dict[str, list[str]]:
    """Each note once, with the appliances it is about."""
    found: dict[str, list[str]] = {}
    for entry in plan.entries:
        for note in entry.notes:
            found.setdefault(note, []).append(entry.host)
    return found


def _where_only(entry: Entry) -> str:
    return f"{entry.site}, {entry.host}"
