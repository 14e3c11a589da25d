"""The tenant's cmdlets, there once its session was imported (cloud-connector.md 2).

Which properties the real objects have is documented for sites only; those of an appliance follow from its setters (2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import simpy

from lab.cmdlets.session import session_of
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.world import logons
from lab.world.record import TenantSession
from lab.world.tenant import (
    ADMIN_HOST,
    Refused,
    Tenant,
    TenantAppliance,
    TenantSite,
    TooManySessions,
    UpdateWindow,
)

REGISTRY = Registry()
Value = TypeVar("Value")
Work = Generator[simpy.Event, Any, None]
TRANSPORT_EXCEPTION = "System.Management.Automation.Remoting.PSRemotingTransportException"
NAMED_SHARE = 0.1
"""What the import of some cmdlets takes, of the time that all of them take; the lab's figure."""
SESSION_TYPE = "System.Management.Automation.Runspaces.PSSession"
ALWAYS_THERE = ("New-CsOnlineSession",)
"""The one cmdlet of the connector module itself; the others come with the imported session."""


def _tenant(call: Invocation) -> Tenant:
    return session_of(call).appliance.world.tenant


class OnlineSession(PSObject):
    """The PSSession object of a remote session to the tenant."""

    def __init__(self, session: TenantSession) -> None:
        properties = {
            "Id": session.number,
            "Name": "SfBPowerShellSession",
            "ComputerName": ADMIN_HOST,
            "State": lambda: "Opened" if session.end is None else "Closed",
        }
        super().__init__(properties, SESSION_TYPE)
        self.session = session


@REGISTRY.implements("New-CsOnlineSession")
def new_session(call: Invocation) -> Work:
    """Logs on with a credential; one that must ask the person (a second factor) fails, and so does one session too many."""
    credential = call.get("Credential") or call.get_credential("Enter your tenant credential")
    here = session_of(call)
    world = here.appliance.world
    yield call.sleep(world.switches.tenant_logon_seconds)
    try:
        session = logons.log_on(world, here.appliance.name, credential.user, credential.password.value)
    except TooManySessions as refused:
        call.throw(str(refused), "PSSessionOpenFailed", "OpenError", TRANSPORT_EXCEPTION)
    except Refused as refused:
        call.throw(str(refused))
    here.tenant_sessions.append(session)
    call.write(OnlineSession(session))


@REGISTRY.implements("Import-PSSession")
def import_session(call: Invocation) -> Work:
    """Brings the tenant's cmdlets into this PowerShell process: those of -CommandName (wildcards), or all."""
    session = _online(call, call.get("Session"))
    if session.end is not None:
        call.terminate("The session is not open. (simulated)", "InvalidOperation", "InvalidOperation")
    names = call.get("CommandName")
    seconds = session_of(call).appliance.world.switches.tenant_import_seconds
    yield call.sleep(seconds * NAMED_SHARE if names else seconds)
    session_of(call).imports.append((session, tuple(names or ["*"])))
    call.write(PSObject({"Name": "tmp_simulated", "ModuleType": "Script"}, "tmp_simulated"))


@REGISTRY.implements("Remove-PSSession")
def remove_session(call: Invocation) -> None:
    """Ends sessions of this process to the tenant, given as objects or by number; their cmdlets are gone."""
    here = session_of(call)
    for session in _named(call):
        if call.should_process():
            logons.remove(here.appliance.world, session)
            here.tenant_sessions = [one for one in here.tenant_sessions if one is not session]


def _named(call: Invocation) -> list[TenantSession]:
    if "Session" in call.parameters:
        return [_online(call, one) for one in call.get("Session")]
    if "Id" not in call.parameters:
        call.throw("NotSimulated: the lab removes sessions by -Session and -Id", "NotSimulated", "NotImplemented")
    return [one for one in session_of(call).tenant_sessions if one.number in call.get("Id")]


def _online(call: Invocation, value: object) -> TenantSession:
    if not isinstance(value, OnlineSession):
        call.throw("NotSimulated: the lab knows sessions to the tenant only", "NotSimulated", "NotImplemented")
    return value.session


@REGISTRY.implements("Get-CsHybridPSTNSite")
def get_site(call: Invocation) -> None:
    for site in _tenant(call).sites.values():
        if call.get("Identity") in (None, site.name):
            call.write(_site_object(site))


def _site_object(site: TenantSite) -> PSObject:
    windows = {"BitsUpdateTimeWindowList": site.bits_windows, "OsUpdateTimeWindowList": site.os_windows}
    properties = {"Identity": site.name, "EdgeFQDN": site.edge_fqdn, "EnableAutoUpdate": site.enable_auto_update}
    return PSObject({**properties, **windows}, site.name)


@REGISTRY.implements("Set-CsHybridPSTNSite")
def set_site(call: Invocation) -> None:
    site = _known(call, _tenant(call).sites, call.get("Identity"))
    if not call.should_process():
        return
    site.enable_auto_update = call.get("EnableAutoUpdate", site.enable_auto_update)
    site.edge_fqdn = call.get("EdgeFQDN", site.edge_fqdn)
    site.bits_windows = _modified(site.bits_windows, call.get("BitsUpdateTimeWindow"))
    site.os_windows = _modified(site.os_windows, call.get("OsUpdateTimeWindow"))


def _modified(present: list[str], change: object) -> list[str]:
    """A list modifier of Skype for Business: `@{add=…}`, `@{remove=…}`, `@{replace=…}`."""
    if not isinstance(change, dict):
        return present
    named = {verb.lower(): _names(value) for verb, value in change.items()}
    kept = [name for name in named.get("replace", present) if name not in named.get("remove", [])]
    return [*kept, *(name for name in named.get("add", []) if name not in kept)]


def _names(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(name) for name in value or []]  # type: ignore[attr-defined]


@REGISTRY.implements("Get-CsHybridPSTNAppliance")
def get_appliance(call: Invocation) -> None:
    for one in _chosen(call, _tenant(call).appliances.values()):
        call.write(_appliance_object(one))


def _chosen(call: Invocation, appliances: Iterable[TenantAppliance]) -> list[TenantAppliance]:
    wanted: list[Callable[[TenantAppliance], bool]] = [
        lambda one: call.get("Identity") in (None, UUID(one.identity)),
        lambda one: call.get("Name") in (None, one.name),
        lambda one: call.get("SiteName") in (None, one.site),
    ]
    return [one for one in appliances if all(fits(one) for fits in wanted)]


def _appliance_object(one: TenantAppliance) -> PSObject:
    """No source shows such an object (2.2): names of parameters that set it are taken (Identity, Name, SiteName, Mediation…,
    MaintenanceMode, Version, Action, Error); Status is that of Set-CsCceApplianceStatus, so ActionStatus is the lab's name.
    """
    properties = {
        "Identity": UUID(one.identity),
        "Name": one.name,
        "SiteName": one.site,
        "MediationServerFqdn": one.mediation_fqdn,
        "MediationServerIPAddress": one.mediation_address,
        "MaintenanceMode": one.maintenance_mode,
        "Status": one.status,
        "Version": one.version,
        "Action": one.action,
        "ActionStatus": one.action_status,
        "Error": one.error,
    }
    return PSObject(properties, one.identity)


@REGISTRY.implements("Set-CsHybridPSTNAppliance")
def set_appliance(call: Invocation) -> None:
    one = _known(call, _tenant(call).appliances, str(call.get("Identity")))
    if not call.should_process():
        return
    one.maintenance_mode = call.get("MaintenanceMode", one.maintenance_mode)


@REGISTRY.implements("Set-CsCceApplianceDeploymentStatus")
def set_deployment_status(call: Invocation) -> None:
    """The action and its status by hand, as the remedy of T15 does it."""
    one = _known(call, _tenant(call).appliances, str(call.get("Identity")))
    if not call.should_process():
        return
    one.action, one.action_status = str(call.get("Action")), str(call.get("Status"))
    one.version, one.error = call.get("Version", one.version), call.get("Error", "")


@REGISTRY.implements("Get-CsTenantUpdateTimeWindow")
def get_window(call: Invocation) -> None:
    for name, window in _tenant(call).windows.items():
        if call.get("Identity") in (None, name):
            call.write(_window_object(name, window))


def _window_object(name: str, window: UpdateWindow) -> PSObject:
    properties = {
        "Identity": name,
        "Type": window.type,
        "StartTime": window.start,
        "Duration": window.duration,
        "DayOfMonth": window.day_of_month,
        "DaysOfWeek": list(window.days_of_week),
        "WeeksOfMonth": list(window.weeks_of_month),
    }
    return PSObject(properties, name)


@REGISTRY.implements("New-CsTenantUpdateTimeWindow")
def new_window(call: Invocation) -> None:
    _put_window(call, _window(call, UpdateWindow("Daily")), new=True)


@REGISTRY.implements("Set-CsTenantUpdateTimeWindow")
def set_window(call: Invocation) -> None:
    """What is not said stays, but days go with the type of window they belong to."""
    _put_window(call, _window(call, _tenant(call).windows.get(call.get("Identity"), UpdateWindow("Daily"))), new=False)


def _put_window(call: Invocation, window: UpdateWindow, *, new: bool) -> None:
    if not call.should_process():
        return
    try:
        _tenant(call).put_window(call.get("Identity"), window, new=new)
    except Refused as refused:
        call.throw(str(refused))


def _window(call: Invocation, present: UpdateWindow) -> UpdateWindow:
    kinds = [kind for kind in ("Daily", "Weekly", "Monthly") if call.flag(kind)]
    window = replace(
        present, start=call.get("StartTime", present.start), duration=call.get("Duration", present.duration)
    )
    if not kinds:
        return window
    days, weeks = tuple(call.get("DaysOfWeek") or ()), tuple(call.get("WeeksOfMonth") or ())
    day = call.get("DayOfMonth") or 0
    return replace(window, type=kinds[0], days_of_week=days, weeks_of_month=weeks, day_of_month=day)


@REGISTRY.implements("Remove-CsTenantUpdateTimeWindow")
def remove_window(call: Invocation) -> None:
    _known(call, _tenant(call).windows, call.get("Identity"))
    if call.should_process():
        del _tenant(call).windows[call.get("Identity")]


def _known(call: Invocation, table: dict[str, Value], identity: str) -> Value:
    """The entry of that identity; ends the cmdlet when there is none."""
    if identity not in table:
        call.throw(f"Cannot find object '{identity}'. (simulated)")
    return table[identity]
