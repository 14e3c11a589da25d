# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes, changes and removes update windows of the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._tenant import (
    TENANT,
    Change,
    Refused,
    Tenant,
    TenantOperation,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps, tenant, tenant_steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Reading, need
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant import DAYS, WEEKS, Schedule, Site

FREQUENCIES = ("daily", "weekly", "monthly")
DAYS_WANTED = {
    "daily": "a daily window takes neither days_of_week nor weeks_of_month nor day_of_month",
    "weekly": "a weekly window takes days_of_week and neither weeks_of_month nor day_of_month",
    "monthly": "a monthly window takes either day_of_month, or weeks_of_month with days_of_week",
}
LISTS = {"bits_windows": "BitsUpdateTimeWindow", "os_windows": "OsUpdateTimeWindow"}
NOTHING_CHANGED = "Nothing was changed."


class ActionModule(TenantOperation):
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

    # --- deciding -----------------------------------------------------------------------------------------------------

    def decide(self, state: Tenant) -> list[Change]:
        name = self.arguments["name"]
        found = tenant.find(state.windows, name)
        if self.arguments["state"] == "absent":
            return [] if found is None else [*self._leaving(state), _change("remove", name, found[1], None)]
        wanted = self._schedule()
        if found is None:
            self._check_room(state)
            return [_change("make", name, None, wanted)]
        schedule = need(found[1])
        return [] if schedule == wanted else [_change("change", name, schedule, wanted)]

    def _schedule(self) -> Schedule:
        """The schedule of the options. Raises Refused."""
        given = self.arguments
        problem = _days_problem(given)
        if problem:
            raise Refused(f"{problem}.", f"Correct the options. {NOTHING_CHANGED}")
        try:
            start = tenant.span(given["start_time"], of_day=True)
            duration = tenant.span(given["duration"])
        except ValueError as error:
            raise Refused(f"{error}.", f"A whole day is '1.00:00'. {NOTHING_CHANGED}") from error
        days = tenant.in_order(given["days_of_week"] or (), DAYS)
        weeks = tenant.in_order(given["weeks_of_month"] or (), WEEKS)
        return Schedule(start, duration, days, weeks, given["day_of_month"])

    def _check_room(self, state: Tenant) -> None:
        count = len(state.windows or ())
        if count >= tenant.MOST_WINDOWS:
            raise Refused(
                f"The tenant has {count} update windows already, and {tenant.MOST_WINDOWS} is the most it can have.",
                f"Remove one that no site uses. {NOTHING_CHANGED}",
            )

    def _leaving(self, state: Tenant) -> list[Change]:
        """What has to be done first to the sites that use the window. Raises Refused unless that is asked for."""
        using = self._using(state)
        if using and not self.arguments["from_sites"]:
            raise Refused(
                f"The update window {self.arguments['name']} is used by {', '.join(using)}.",
                f"Give those sites another one, or say from_sites. {NOTHING_CHANGED}",
            )
        taken = f"take {self.arguments['name']} from the update windows of"
        return [Change(f"{taken} {site}", {"sites": list(using)}, {"sites": []}) for site in using]

    def _using(self, state: Tenant) -> list[str]:
        """The sites that use the window; a list that cannot be read may hold it."""
        return [name for name, site in (state.sites or {}).items() if self._fields(site)]

    def _fields(self, site: Site) -> list[str]:
        name = self.arguments["name"].lower()
        return [field for field in LISTS if name in map(str.lower, need(getattr(site, field)))]

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Tenant, changes: Sequence[Change]) -> None:
        name, new = self._own_name(state), tenant.find(state.windows, self.arguments["name"]) is None
        asked = self._removal(name, state) if self.arguments["state"] == "absent" else [self._put(name, new)]
        self.run_in_tenant(asked, changes[-1].what)

    def _own_name(self, state: Tenant) -> str:
        """The name as the tenant has it; of a window that is not there as it is given."""
        found = tenant.find(state.windows, self.arguments["name"])
        return found[0] if found else str(self.arguments["name"])

    def _put(self, name: str, new: bool) -> steps.Step:
        make = tenant_steps.new_window if new else tenant_steps.set_window
        return make(name, self._schedule())

    def _removal(self, name: str, state: Tenant) -> list[steps.Step]:
        removing = {"remove": [name]}
        sites = {site: self._fields((state.sites or {})[site]) for site in self._using(state)}
        asked = [
            tenant_steps.set_site(site, {LISTS[field]: removing for field in fields}) for site, fields in sites.items()
        ]
        return [*asked, tenant_steps.remove_window(name)]

    # --- telling ------------------------------------------------------------------------------------------------------

    def seen(self, state: Tenant) -> Mapping[str, Any] | None:
        found = tenant.find(state.windows, self.arguments["name"])
        return None if found is None else {"name": found[0], "schedule": found[1]}

    def _predicted(self, state: Tenant, changes: Sequence[Change]) -> Tenant:
        name = self._own_name(state)
        others = {key: one for key, one in (state.windows or {}).items() if key.lower() != name.lower()}
        if self.arguments["state"] == "present":
            return state.with_changes(windows={**others, name: self._schedule()})
        return state.with_changes(windows=others, sites={key: _without(site, name) for key, site in _sites(state)})


def _change(verb: str, name: str, before: Reading[Schedule | None], after: Schedule | None) -> Change:
    return Change(f"{verb} the update window {name}", {"schedule": before}, {"schedule": after})


def _days_problem(given: Mapping[str, Any]) -> str | None:
    """A sentence about days that do not fit the frequency."""
    days, weeks, day = (bool(given["days_of_week"]), bool(given["weeks_of_month"]), given["day_of_month"])
    fits = {
        "daily": not days and not weeks and day is None,
        "weekly": days and not weeks and day is None,
        "monthly": (days and weeks) if day is None else not days and not weeks,
    }
    if not fits[given["frequency"]]:
        return DAYS_WANTED[given["frequency"]].capitalize()
    return None if day is None or 1 <= day <= 31 else f"The day of the month {day} is not from 1 to 31"


def _sites(state: Tenant) -> Sequence[tuple[str, Site]]:
    return list((state.sites or {}).items())


def _without(site: Site, window: str) -> Site:
    def left(windows: Reading[tuple[str, ...]]) -> tuple[str, ...]:
        return tenant.modified(need(windows), {"remove": [window]})

    return replace(site, bits_windows=left(site.bits_windows), os_windows=left(site.os_windows))
