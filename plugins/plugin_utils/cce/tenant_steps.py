# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps that read and change the tenant's records: `steps.py` for the cmdlets of cloud-connector.md 2.

They are there between the logon and its end (`in_session`), in the same request only. An error of any of them stops the list,
also of those that read: what the tenant does not tell is not decided on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .steps import TENANT_SESSION, Step, import_parameters, output_of, read, remove_session, request, step
from .tenant import Member, Schedule

ADMINISTRATOR = "tenant_administrator"
IMPORT = "tenant_import"
INSIDE = "tenant_steps"
"""The step that runs what is asked, as a list of its own."""


def in_session(asked: Sequence[Step]) -> list[Step]:
    """The steps between a logon to the tenant and its end, which comes also after one of them has failed.

    The tenant allows an administrator three sessions, and one that is left open counts for minutes. A list stops at its first
    error, so the steps are a list of their own: a nested request that the bridge runs in the same process, where the imported
    cmdlets are. It replaces what the bridge knows of prompts: a question that the logon
    swallowed is not told.

    The administrator is the one that is cached on the appliance; only the account that cached it can read it.
    """
    commands = dict.fromkeys(one["cmdlet"] for one in asked if "-Cs" in one["cmdlet"])
    nested = {"ScriptBlock": {"$bridge": True}, "ArgumentList": [json.dumps(request(asked))]}
    return [
        step(ADMINISTRATOR, r"CloudConnector\Get-CcCredential", {"AccountType": "TenantAdmin"}, keep=["UserName"]),
        step(TENANT_SESSION, "New-CsOnlineSession", {"Credential": output_of(ADMINISTRATOR)}, keep=["State"]),
        read(IMPORT, "Import-PSSession", import_parameters(commands), keep=["Name"]),
        read(INSIDE, "Invoke-Command", nested),
        remove_session(),
    ]


def site_records() -> Step:
    """The properties are documented: the lists have other names than the parameters that set them."""
    kept = ["Identity", "EdgeFQDN", "EnableAutoUpdate", "BitsUpdateTimeWindowList", "OsUpdateTimeWindowList"]
    return step("site_records", "Get-CsHybridPSTNSite", keep=kept)


def update_windows() -> Step:
    """The properties are inferred from the parameters of New-CsTenantUpdateTimeWindow."""
    kept = ["Identity", "StartTime", "Duration", "DaysOfWeek", "WeeksOfMonth", "DayOfMonth"]
    return step("update_windows", "Get-CsTenantUpdateTimeWindow", keep=kept)


def appliance_record(site: str, name: str, member: Member | None = None) -> Step:
    """Found by documented parameters, since the properties of the record are not documented.

    With `member` it is a fence: another record, or another maintenance mode of it, stops the list.
    """
    wanted = None if member is None else [{"Identity": member.identity, "MaintenanceMode": member.maintenance_mode}]
    return step(
        "appliance_record",
        "Get-CsHybridPSTNAppliance",
        {"SiteName": site, "Name": name},
        keep=["Identity", "MaintenanceMode"],
        expect=wanted,
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
