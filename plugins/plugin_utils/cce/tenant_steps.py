# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps that read and change the tenant's records: `steps.py` for the cmdlets of cloud-connector.md 2.

They are there after `logon`, in the same request only. An error of any of them stops the list, also of those that read:
what the tenant does not tell is not decided on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .steps import Step, output_of, step
from .tenant import Schedule

ADMINISTRATOR = "tenant_administrator"


def logon() -> list[Step]:
    """Logs on with the administrator that is cached on the appliance; only the account that cached it can read it."""
    session = {"Session": output_of("tenant_session"), "AllowClobber": True}
    return [
        step(ADMINISTRATOR, r"CloudConnector\Get-CcCredential", {"AccountType": "TenantAdmin"}, keep=["UserName"]),
        step("tenant_session", "New-CsOnlineSession", {"Credential": output_of(ADMINISTRATOR)}, keep=["State"]),
        step("tenant_import", "Import-PSSession", session, keep=["Name"]),
    ]


def site_records() -> Step:
    """The properties are documented: the lists have other names than the parameters that set them."""
    kept = ["Identity", "EdgeFQDN", "EnableAutoUpdate", "BitsUpdateTimeWindowList", "OsUpdateTimeWindowList"]
    return step("site_records", "Get-CsHybridPSTNSite", keep=kept)


def update_windows() -> Step:
    """The properties are inferred from the parameters of New-CsTenantUpdateTimeWindow."""
    kept = ["Identity", "StartTime", "Duration", "DaysOfWeek", "WeeksOfMonth", "DayOfMonth"]
    return step("update_windows", "Get-CsTenantUpdateTimeWindow", keep=kept)


def appliance_record(site: str, name: str) -> Step:
    """Found by documented parameters, since the properties of the record are not documented."""
    return step(
        "appliance_record",
        "Get-CsHybridPSTNAppliance",
        {"SiteName": site, "Name": name},
        keep=["Identity", "MaintenanceMode"],
    )


def auto_update_is(name: str, site: str, expect: bool) -> Step:
    """A fence: another automatic update of the site stops the list."""
    wanted = [{"EnableAutoUpdate": expect}]
    return step(name, "Get-CsHybridPSTNSite", {"Identity": site}, keep=["EnableAutoUpdate"], expect=wanted)


def set_site(site: str, settings: Mapping[str, Any]) -> Step:
    """`settings`: parameters of the cmdlet; a list of windows is a hashtable with add, remove or replace."""
    return step(f"set_{site}", "Set-CsHybridPSTNSite", {"Identity": site, **settings, "Confirm": False})


def set_appliance(identity: str, maintenance_mode: bool) -> Step:
    """Never without the identity (cloud-connector.md 2.2)."""
    parameters = {"Identity": identity, "MaintenanceMode": maintenance_mode, "Confirm": False}
    return step("set_appliance", "Set-CsHybridPSTNAppliance", parameters)


def new_window(name: str, schedule: Schedule) -> Step:
    return step("new_window", "New-CsTenantUpdateTimeWindow", _window(name, schedule))


def set_window(name: str, schedule: Schedule) -> Step:
    """Has the same parameters as the cmdlet that makes a window: all of them are given, also those that stay."""
    return step("set_window", "Set-CsTenantUpdateTimeWindow", _window(name, schedule))


def remove_window(name: str) -> Step:
    return step("remove_window", "Remove-CsTenantUpdateTimeWindow", {"Identity": name, "Confirm": False})


def _window(name: str, schedule: Schedule) -> dict[str, Any]:
    lists: Mapping[str, Sequence[str]] = {
        "DaysOfWeek": schedule.days_of_week,
        "WeeksOfMonth": schedule.weeks_of_month,
    }
    day = {} if schedule.day_of_month is None else {"DayOfMonth": schedule.day_of_month}
    return {
        "Identity": name,
        schedule.frequency.capitalize(): True,
        "StartTime": schedule.start,
        "Duration": schedule.duration,
        **{parameter: list(names) for parameter, names in lists.items() if names},
        **day,
        "Confirm": False,
    }
