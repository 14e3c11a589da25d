# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes, changes and removes update windows of the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..plugin_utils.cce import tenant, tenant_steps
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.reading import Reading, need
from ..plugin_utils.cce.steps import Step
from ..plugin_utils.cce.tenant import DAYS, WEEKS, Schedule, Site, Tenant
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.tenant import TENANT, TenantArguments, TenantOperation, tenant_change

FREQUENCIES = ("daily", "weekly", "monthly")
DAYS_WANTED = {
    "daily": "A daily window takes neither days_of_week nor weeks_of_month nor day_of_month",
    "weekly": "A weekly window takes days_of_week and neither weeks_of_month nor day_of_month",
    "monthly": "A monthly window takes either day_of_month, or weeks_of_month with days_of_week",
}
LISTS = {"bits_windows": "BitsUpdateTimeWindow", "os_windows": "OsUpdateTimeWindow"}


@dataclass(frozen=True, kw_only=True)
class WindowArguments(TenantArguments):
    """`schedule`: what the window has to be; None: it must not be there. `from_sites`: take it from the sites that use it."""

    schedule: Schedule | None
    from_sites: bool


class ActionModule(TenantOperation[WindowArguments]):
    """`New-`, `Set-` and `Remove-CsTenantUpdateTimeWindow` (cloud-connector.md 2.3)."""

    ARGUMENTS = {
        **TENANT,
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
        "frequency": {"type": "str", "choices": list(FREQUENCIES)},
        "start_time": {"type": "str"},
        "duration": {"type": "str"},
        "days_of_week": {"type": "list", "elements": "str", "choices": list(DAYS)},
        "weeks_of_month": {"type": "list", "elements": "str", "choices": list(WEEKS)},
        "day_of_month": {"type": "int"},
        "from_sites": {"type": "bool", "default": False},
    }
    RECORD = "window"
    RULES = {"required_if": [("state", "present", ("frequency", "start_time", "duration"))]}

    def validate(self, given: Mapping[str, Any]) -> WindowArguments:
        return WindowArguments(
            exchange_timeout=given["exchange_timeout"],
            name=given["name"],
            schedule=_schedule(given) if given["state"] == "present" else None,
            from_sites=given["from_sites"],
        )

    def missing(self, state: Tenant) -> list[Change]:
        wanted = self.arguments.schedule
        name, found = tenant.find(state.windows, self.arguments.name) or (self.arguments.name, None)
        if wanted is None:
            return [] if found is None else self._removal(state, name, found)
        windows = {**(state.windows or {}), name: wanted}
        if found is None:
            return [_change("make", name, None, wanted, windows=windows)]
        schedule = need(found)
        return [] if schedule == wanted else [_change("change", name, schedule, wanted, windows=windows)]

    def _removal(self, state: Tenant, name: str, found: Reading[Schedule]) -> list[Change]:
        """What has to be done first to the sites that use the window, then what is done to itself."""
        using = _using(state, name)
        sites = {key: _without(site, name) if key in using else site for key, site in (state.sites or {}).items()}
        taken = [
            tenant_change(
                f"take {name} from the update windows of {site}", {"sites": using}, {"sites": []}, sites=sites
            )
            for site in using
        ]
        windows = {key: one for key, one in (state.windows or {}).items() if key != name}
        return [*taken, _change("remove", name, found, None, windows=windows)]

    def guard(self, state: Tenant, changes: Sequence[Change]) -> None:
        found, count = tenant.find(state.windows, self.arguments.name), len(state.windows or ())
        if self.arguments.schedule is not None:
            if found is None and count >= tenant.MOST_WINDOWS:
                raise Refused(
                    f"The tenant has {count} update windows already, and {tenant.MOST_WINDOWS} is the most it can have.",
                    "Remove one that no site uses.",
                )
            return
        using = _using(state, self.arguments.name)
        if using and not self.arguments.from_sites:
            raise Refused(
                f"The update window {self.arguments.name} is used by {', '.join(using)}.",
                "Give those sites another one, or say from_sites.",
            )

    def act(self, state: Tenant, changes: Sequence[Change]) -> None:
        wanted = self.arguments.schedule
        name, found = tenant.find(state.windows, self.arguments.name) or (self.arguments.name, None)
        if wanted is None:
            asked = _removal_steps(name, state)
        else:
            make = tenant_steps.new_window if found is None else tenant_steps.set_window
            asked = [make(name, wanted)]
        self.run_in_tenant(asked, changes[-1].what)

    def entry(self, state: Tenant) -> Mapping[str, Any] | None:
        found = tenant.find(state.windows, self.arguments.name)
        return None if found is None else {"name": found[0], "schedule": found[1]}


def _schedule(given: Mapping[str, Any]) -> Schedule:
    """The schedule of the options. Raises OptionError."""
    problem = _days_problem(given)
    if problem:
        raise OptionError(f"{problem}.")
    try:
        start = tenant.span(given["start_time"], of_day=True)
        duration = tenant.span(given["duration"])
    except ValueError as error:
        raise OptionError(f"{error}.", "A whole day is '1.00:00'.") from error
    days = tenant.in_order(given["days_of_week"] or (), DAYS)
    weeks = tenant.in_order(given["weeks_of_month"] or (), WEEKS)
    return Schedule(start, duration, days, weeks, given["day_of_month"])


def _days_problem(given: Mapping[str, Any]) -> str | None:
    """Days that do not fit the frequency, as a sentence without its full stop."""
    days, weeks, day = (bool(given["days_of_week"]), bool(given["weeks_of_month"]), given["day_of_month"])
    fits = {
        "daily": not days and not weeks and day is None,
        "weekly": days and not weeks and day is None,
        "monthly": (days and weeks) if day is None else not days and not weeks,
    }
    if not fits[given["frequency"]]:
        return DAYS_WANTED[given["frequency"]]
    return None if day is None or 1 <= day <= 31 else f"The day of the month {day} is not from 1 to 31"


def _change(verb: str, name: str, before: Reading[Schedule] | None, after: Schedule | None, **becomes: Any) -> Change:
    return tenant_change(f"{verb} the update window {name}", {"schedule": before}, {"schedule": after}, **becomes)


def _using(state: Tenant, window: str) -> list[str]:
    """The sites that use the window; a list that cannot be read may hold it."""
    return [name for name, site in (state.sites or {}).items() if _fields(site, window)]


def _fields(site: Site, window: str) -> list[str]:
    """The lists of the site that hold the window."""
    return [field for field in LISTS if window.lower() in map(str.lower, need(getattr(site, field)))]


def _removal_steps(window: str, state: Tenant) -> list[Step]:
    removing = {"remove": [window]}
    sites = {name: _fields(site, window) for name, site in (state.sites or {}).items()}
    asked = [
        tenant_steps.set_site(name, {LISTS[field]: removing for field in fields})
        for name, fields in sites.items()
        if fields
    ]
    return [*asked, tenant_steps.remove_window(window)]


def _without(site: Site, window: str) -> Site:
    def left(windows: Reading[tuple[str, ...]]) -> tuple[str, ...]:
        return tenant.modified(need(windows), {"remove": [window]})

    return replace(site, bits_windows=left(site.bits_windows), os_windows=left(site.os_windows))
