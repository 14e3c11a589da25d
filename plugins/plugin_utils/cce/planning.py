# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the plan of a run.

A pure function of what was read. The canary comes first, then sites by their priority, the rest in the order of the
inventory, also a site without a spare; within a site the one that holds the out-of-service slot comes first, then those
whose upgrade has begun, so that no second one is opened beside them. What goes side by side is in `rows`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from . import intent, schedule, upgrade, waivers
from .pace import span
from .plan import Entry, Plan, Refusal
from .schedule import Schedule, Work
from .settings import NOTHING_DECLARED, Settings
from .site import Site
from .site_plan import SitePlan, plan_site
from .support import SUPPORTED
from .versions import Version
from .windows import Calendar


def make_plan(
    target: Version,
    sites: Sequence[Site],
    limit: Collection[str] | None,
    now: datetime,
    inis: Mapping[str, str] | None = None,
    accepted: Mapping[str, Collection[str]] | None = None,
    settings: Settings = NOTHING_DECLARED,
) -> Plan:
    """The plan.

    Args:
        target: the release to upgrade to.
        sites: every site of the inventory, in its order.
        limit: the hosts of this run; None is all. The other appliances of their sites are read, and must be well.
        now: aware time, for consents, waivers and windows.
        inis: host -> the text of its ini in the inventory, which must be of the appliance that answers.
        accepted: host -> the names of those changes of the ini in force that were declared.
    """
    known = [host for site in sites for host in site.appliances]
    wanted = set(known) if limit is None else set(limit)
    chosen = [site for site in settings.ordered(sites) if wanted & set(site.appliances)]
    planned = [
        plan_site(target, site, wanted & set(site.appliances), now, inis or {}, accepted or {}, settings)
        for site in chosen
    ]
    refusals = [refusal for part in planned for refusal in part.refusals]
    refusals += [Refusal(host, "", f"{host} is no appliance of the inventory.") for host in sorted(wanted - set(known))]
    if not planned:
        refusals.append(Refusal("", "", "No appliance of the inventory is in this run."))
    meant = intent.make(target, chosen, wanted, settings.canary, settings.sites_at_once, settings.approved)
    made = Plan(
        target,
        intent.hash_of(meant),
        tuple(entry for part in planned for entry in part.entries),
        tuple(skip for part in planned for skip in part.skips),
        tuple(refusals),
        tuple(part.site for part in planned if not (part.entries or part.refusals)),
        tuple(site.name for site in chosen),
        meant,
        warnings=_warnings(planned, chosen, wanted, settings, now),
    )
    return made if refusals else _timed(made, chosen, wanted, settings, now)


def _warnings(
    planned: Sequence[SitePlan], sites: Sequence[Site], hosts: Collection[str], settings: Settings, now: datetime
) -> tuple[str, ...]:
    """About waivers of this run."""
    needed = [waiver for part in planned for waiver in part.waivers]
    inside = {host: site.name for site in sites for host in site.appliances if host in hosts}
    return tuple(waivers.unused(settings.waivers, needed, inside, now))


# --- rows and times ---------------------------------------------------------------------------------------------------


def _timed(plan: Plan, sites: Sequence[Site], hosts: Collection[str], settings: Settings, now: datetime) -> Plan:
    """The plan with rows and times; refused where an appliance fits into no window."""
    work = [_works(plan, site, hosts, settings) for site in sites]
    rows = schedule.rows(work, settings.sites_at_once)
    times = schedule.schedule(rows, now)
    if times.never:
        return replace(plan, refusals=tuple(_never(plan, times, settings, now)))
    return replace(
        plan,
        entries=tuple(_at(entry, times.begins[entry.host], settings) for entry in plan.entries),
        rows=tuple(tuple(one.name for one in row) for row in rows),
        ends=times.end,
        width=schedule.width_for(work, now, SUPPORTED),
    )


def _at(entry: Entry, begin: datetime | None, settings: Settings) -> Entry:
    waits = not (entry.past_switch or settings.calendar_of(entry.site).is_open_always)
    return replace(entry, begins=begin.astimezone(UTC).isoformat() if begin else None, waits=waits)


def _works(plan: Plan, site: Site, hosts: Collection[str], settings: Settings) -> list[Work]:
    """The turns of a site; one that is only validated takes no time to speak of."""
    calendar = settings.calendar_of(site.name)
    if site.name in plan.idle_sites:
        return [Work(next(host for host in site.appliances if host in hosts), calendar, 0.0, None)]
    return [_work(entry, calendar, settings) for entry in plan.entries_of(site.name)]


def _work(entry: Entry, calendar: Calendar, settings: Settings) -> Work:
    whole = len(entry.steps) == len(upgrade.NAMES)
    free = entry.past_switch or calendar.is_open_always
    needed = None if free else timedelta(seconds=entry.expected + settings.way_back)
    return Work(entry.host, calendar, settings.pace.mean if whole else entry.expected, needed)


def _never(plan: Plan, times: Schedule, settings: Settings, now: datetime) -> Iterator[Refusal]:
    for entry in plan.entries:
        if entry.host in times.never:
            longest = settings.calendars[entry.site].longest(now)
            yield Refusal(
                entry.host,
                entry.site,
                f"{entry.host} fits into no window of {entry.site}: it may take {_span(entry.expected)}, a way back "
                f"{_span(settings.way_back)} more, and the longest window is {span(longest)}.",
            )


def _span(seconds: float) -> str:
    return span(timedelta(seconds=seconds))
