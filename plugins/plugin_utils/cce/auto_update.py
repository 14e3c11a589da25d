# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Would the product's own update run on an appliance within a day, and what keeps it from that.

What it depends on is documented (cloud-connector.md 5.4); that a window counts in the host's time comes from a field report
(2.3). How a window of weeks and days is counted is inferred from its words.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import health
from .appliance import Appliance
from .exceptions import NotReadError
from .failure_classes import FailureClass
from .health import ERROR, FAIL, NOT_APPLICABLE, PASS, UPGRADE, Check
from .ini_document import identity
from .reading import Reading, Unknown, need
from .site import Observation
from .tenant import DAYS, Schedule, Site, Tenant, find
from .tenant_records import RecordsAndWindows
from .versions import Version

AHEAD = timedelta(days=1)
"""How far it is looked ahead."""

NEEDS_USER_REGISTRY = Version("1.4.1")
"""The one release that needs the policy of the user's registry (cloud-connector.md 5.1)."""

YES, NO, UNKNOWN = "yes", "no", "unknown"

WORDS: Mapping[str, str] = {
    YES: "would run within a day",
    NO: "would not run within a day",
    UNKNOWN: "may or may not run within a day",
}


@dataclass(frozen=True)
class Around:
    """What an update depends on beside the state of the appliance.

    Attributes:
        tenant: sites and update windows of the tenant.
        keeps_registry: whether Windows keeps the registry of a user who logged off.
    """

    tenant: Reading[Tenant]
    keeps_registry: Reading[bool]


@dataclass(frozen=True)
class Opening:
    """When a kind of update may begin: `at` in the host's own time, None where no window opens within a day.

    `windows`: the names of the site's windows; none: at any time.
    """

    windows: tuple[str, ...]
    at: datetime | None


def span(text: str) -> timedelta:
    """A time span as .NET writes it, `[days.]hh:mm:ss`."""
    days, dot, rest = text.rpartition(".")
    hours, minutes, seconds = (int(part) for part in rest.split(":"))
    return timedelta(days=int(days) if dot else 0, hours=hours, minutes=minutes, seconds=seconds)


def opens(schedule: Schedule, now: datetime) -> datetime | None:
    """The first moment from `now` on, within a day, at which a window is open; both in the host's own time, without a zone."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start, lasts = span(schedule.start), span(schedule.duration)
    days = (midnight + timedelta(days=number) for number in range(-lasts.days - 1, AHEAD.days + 1))
    begins = (day + start for day in days if _is_of(schedule, day))
    found = [max(begin, now) for begin in begins if begin + lasts > now and begin < now + AHEAD]
    return min(found, default=None)


def _is_of(schedule: Schedule, day: datetime) -> bool:
    """Whether a window begins on that day."""
    if schedule.day_of_month is not None:
        return day.day == schedule.day_of_month
    name = DAYS[(day.weekday() + 1) % 7]
    if schedule.days_of_week and name not in schedule.days_of_week:
        return False
    return not schedule.weeks_of_month or bool(set(_weeks(day)) & set(schedule.weeks_of_month))


def _weeks(day: datetime) -> tuple[str, ...]:
    """First to Fourth by sevens; the last seven days of a month are Last, too."""
    number = ("First", "Second", "Third", "Fourth", "")[(day.day - 1) // 7]
    last = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return (number, "Last") if last else (number,)


def openings(appliance: Appliance, around: Around) -> dict[str, Opening]:
    """`bits` and `os`: when each may begin. Raises NotReadError."""
    tenant, site = need(around.tenant), _site(appliance, need(around.tenant))
    now = (need(appliance.clock) + timedelta(minutes=need(appliance.zone_minutes))).replace(tzinfo=None)
    wanted = {"bits": need(site.bits_windows), "os": need(site.os_windows)}
    return {kind: Opening(names, _first(tenant, names, now)) for kind, names in wanted.items()}


def _site(appliance: Appliance, tenant: Tenant) -> Site:
    own = identity(need(appliance.ini))
    if own is None:
        raise NotReadError("the ini lacks a part of the identity of site and appliance")
    found = find(tenant.sites, own.site_name)
    if found is None:
        raise NotReadError(f"the tenant has no site {own.site_name}")
    return found[1]


def _first(tenant: Tenant, names: Sequence[str], now: datetime) -> datetime | None:
    """Without a window an update may begin at any time (cloud-connector.md 2.3)."""
    if not names:
        return now
    found = [opens(_schedule(tenant, name), now) for name in names]
    return min((at for at in found if at is not None), default=None)


def _schedule(tenant: Tenant, name: str) -> Schedule:
    found = find(tenant.windows, name)
    if found is None:
        raise NotReadError(f"the tenant has no update window {name}")
    return need(found[1])


# --- checks -------------------------------------------------------------------------------------------------------------


def checks(appliance: Appliance, around: Around) -> list[Check]:
    """What the product's own update depends on, in the order in which one is to be put right."""
    return [
        _enabled(appliance),
        *health.chosen(("tenant_maintenance", "management_service", "tenant_logon"), appliance),
        *health.chosen(("dotnet",), appliance, health.DOTNET_VERSION),
        _user_registry(appliance, around),
        _window("bits_window", "bits", appliance, around),
        _window("os_window", "os", appliance, around),
    ]


def would_run(found: Sequence[Check]) -> str:
    """yes, no or unknown. One kind of update is enough, so that a window of either may be open."""
    windows = [check for check in found if check.id.endswith("_window")]
    others = [check for check in found if check not in windows]
    statuses = {check.status for check in others}
    states = {check.status for check in windows}
    if FAIL in statuses or states == {FAIL}:
        return NO
    return UNKNOWN if ERROR in statuses or not states & {PASS} else YES


def running(appliance: Appliance) -> str:
    """Whether an update is under way: yes, no or unknown."""
    status = health.update_under_way(appliance).status
    return {FAIL: YES, PASS: NO}.get(status, UNKNOWN)


def told(name: str, appliance: Appliance, found: Sequence[Check]) -> str:
    """The answer in words."""
    answer = would_run(found)
    under_way = health.update_under_way(appliance)
    reasons = health.summary(check for check in found if check.blocks)
    now = {YES: "One is under way", NO: "None is under way", UNKNOWN: "Whether one is under way is not known"}[
        running(appliance)
    ]
    why = f": {reasons}" if reasons and answer != YES else ""
    return f"Microsoft's own update {WORDS[answer]} on {name}{why}. {now}: {under_way.evidence}."


def remarks(found: Mapping[str, Observation], records: RecordsAndWindows) -> list[str]:
    """What Microsoft's own update would do in a site, in sentences; appliances of which the same is said stand in one.

    Args:
        found: what was read of each appliance; of one that could not be read nothing is said.
        records: the tenant's. Of the policy that only 1.4.1 needs nothing is known.
    """
    around = Around(records.update_windows, Unknown("the policy of the host was not asked"))
    told: dict[str, list[str]] = {}
    for name, one in found.items():
        if not isinstance(one, Appliance):
            continue
        known = records.applied(one)
        told.setdefault(_remark(checks(known, around)), []).append(name)
        if running(known) == YES:
            evidence = health.update_under_way(known).evidence
            told.setdefault(f"is under way on {{}} now: {evidence}.", []).append(name)
    return [f"Microsoft's own update {text.replace('{}', ', '.join(names), 1)}" for text, names in told.items()]


def _remark(made: Sequence[Check]) -> str:
    """With `{}` where the names of the appliances stand."""
    answer = would_run(made)
    reasons = [one for one in made if one.id.endswith("_window") and one.status == PASS]
    shown = reasons if answer == YES else [one for one in made if one.blocks]
    return f"{WORDS[answer]} on {{}}: {health.summary(shown)}."


def _enabled(appliance: Appliance) -> Check:
    name = "enable_auto_update"
    if isinstance(appliance.auto_update, Unknown):
        return health.unreadable(name, appliance.auto_update.reason, UPGRADE)
    evidence = f"EnableAutoUpdate of the site is {appliance.auto_update}"
    if appliance.auto_update:
        return Check(name, PASS, evidence, UPGRADE)
    return Check(name, FAIL, evidence, UPGRADE, FailureClass.AUTO_UPDATE_OFF)


def _user_registry(appliance: Appliance, around: Around) -> Check:
    name = "user_registry"
    if isinstance(appliance.scripts, Unknown):
        return health.unreadable(name, appliance.scripts.reason, UPGRADE)
    if appliance.scripts != NEEDS_USER_REGISTRY:
        return Check(name, NOT_APPLICABLE, f"only {NEEDS_USER_REGISTRY} needs the policy", UPGRADE)
    if isinstance(around.keeps_registry, Unknown):
        return health.unreadable(name, around.keeps_registry.reason, UPGRADE)
    if around.keeps_registry:
        return Check(name, PASS, "DisableForceUnload is 1", UPGRADE)
    return Check(name, FAIL, "DisableForceUnload is not 1", UPGRADE, FailureClass.USER_REGISTRY)


def _window(name: str, kind: str, appliance: Appliance, around: Around) -> Check:
    """Whether updates of a kind may begin within a day."""
    try:
        opening = openings(appliance, around)[kind]
    except NotReadError as error:
        return health.unreadable(name, str(error), UPGRADE)
    if opening.at is None:
        evidence = f"{', '.join(opening.windows)} does not open within a day"
        return Check(name, FAIL, evidence, UPGRADE, FailureClass.NO_UPDATE_WINDOW)
    at = opening.at.isoformat(" ", "minutes")
    if not opening.windows:
        return Check(name, PASS, "the site has no window: an update may begin at any time", UPGRADE)
    return Check(name, PASS, f"{', '.join(opening.windows)} is open from {at} on, in the host's own time", UPGRADE)


def shown(appliance: Appliance, around: Around) -> Reading[Mapping[str, Opening]]:
    """The openings, or why they are not known."""
    try:
        return openings(appliance, around)
    except NotReadError as error:
        return Unknown(str(error))
