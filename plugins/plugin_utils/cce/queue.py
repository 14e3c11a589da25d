# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan as the playbooks go through it: one row of turns after the other, each turn knowing what its play has to know."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from .plan import Entry, Plan
from .site import Site, Unreadable
from .turn import Expected, Turn
from .versions import Version


def make_queue(plan: Plan, sites: Sequence[Site], hosts: Collection[str]) -> list[Turn]:
    """The turns in the order of the plan, row after row; nothing where it is refused.

    Raises:
        ValueError: two appliances of a site are in one row.
    """
    if plan.refusals:
        return []
    by_name = {site.name: site for site in sites}
    turns = {turn.name: turn for name in plan.sites for turn in _turns(plan, by_name[name], hosts)}
    total = len(turns)
    found: list[Turn] = []
    for number, row in enumerate(plan.rows, 1):
        _refuse_two_of_a_site([turns[name] for name in row])
        begins = len(found) + 1
        for place, name in enumerate(row):
            found.append(
                replace(
                    turns[name],
                    number=begins + place,
                    row=number,
                    row_begins=begins,
                    row_appliances=row,
                    announcement=f"{begins + place} of {total}: {turns[name].announcement}{_beside(row, name)}",
                )
            )
    return _with_watch(found)


def _refuse_two_of_a_site(row: Sequence[Turn]) -> None:
    if len({turn.site for turn in row}) < len(row):
        raise ValueError(f"two appliances of a site would go side by side: {', '.join(turn.name for turn in row)}")


def _beside(row: Sequence[str], name: str) -> str:
    others = [other for other in row if other != name]
    return f"; beside it {', '.join(others)}" if others else ""


def _with_watch(turns: Sequence[Turn]) -> list[Turn]:
    """The turns, after the last one of the first site the site is watched where another one is upgraded after it."""
    later = any(turn.upgrade and turn.site != turns[0].site for turn in turns)
    return [
        replace(turn, watched=True) if later and turn.last_of_site and turn.site == turns[0].site else turn
        for turn in turns
    ]


def _turns(plan: Plan, site: Site, hosts: Collection[str]) -> Iterator[Turn]:
    expected = tuple(Expected(host, _version(plan, site, host, hosts)) for host in site.appliances)
    entries, is_first = plan.entries_of(site.name), len(plan.sites) > 1 and site.name == plan.sites[0]
    for number, entry in enumerate(entries, 1):
        yield Turn(
            entry.host,
            site.name,
            True,
            entry.last_of_site,
            expected,
            f"{_where(entry, number, len(entries))}, {_what(entry, plan.target)}",
            is_first,
            entry.resumes,
            not entry.past_switch,
            entry.expected,
            first_of_site=number == 1,
        )
    if site.name in plan.idle_sites:
        first = [host for host in site.appliances if host in hosts][0]
        announcement = f"site {site.name}, nothing to upgrade: the site is validated"
        yield Turn(first, site.name, False, True, expected, announcement, is_first)


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
    row_of = {host: number for number, row in enumerate(plan.rows, 1) for host in row}
    numbered = sorted(plan.entries, key=lambda entry: row_of.get(entry.host, 0))
    lines += [
        f"{place}. {_row(plan, row_of.get(entry.host))}{_where_only(entry)}: {_what(entry, plan.target)}{_when(plan, entry)}"
        for place, entry in enumerate(numbered, 1)
    ]
    lines += [f"To be seen to by a person, {', '.join(hosts)}: {note}" for note, hosts in _alike(plan, "notes").items()]
    lines += [f"Waived, {', '.join(hosts)}: {note}" for note, hosts in _alike(plan, "waived").items()]
    lines += plan.warnings
    lines += [f"Left as it is: {skip.site}, {skip.host} ({skip.reason})." for skip in plan.skips]
    outside = fleet_size - len(plan.entries) - sum(skip.reason != "not in this run" for skip in plan.skips)
    if outside and not plan.refusals:
        lines.append(f"This run leaves out {outside} of the {fleet_size} appliances of the inventory.")
    return [*lines, *outlook, f"Hash of this plan: {plan.hash}"]


def _row(plan: Plan, row: int | None) -> str:
    """Said where appliances go side by side."""
    return "" if row is None or len(plan.rows[row - 1]) < 2 else f"Row {row}: "


def _when(plan: Plan, entry: Entry) -> str:
    """Said where a window was waited for."""
    return f"; begins {entry.begins[:16].replace('T', ' ')} UTC at the earliest" if entry.waits and entry.begins else ""


def _alike(plan: Plan, kind: str) -> dict[str, list[str]]:
    """Each note once, with the appliances it is about."""
    found: dict[str, list[str]] = {}
    for entry in plan.entries:
        for note in getattr(entry, kind):
            found.setdefault(note, []).append(entry.host)
    return found


def _where_only(entry: Entry) -> str:
    return f"{entry.site}, {entry.host}"
