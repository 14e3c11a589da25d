"""Cmdlets for Windows services."""

from __future__ import annotations

from collections.abc import Callable

from lab.cmdlets.windows.common import INVALID_OPERATION, Work, computer_of, has_wildcard, like, simulated
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import EnumValue, PSObject
from lab.world.computer import Computer, Service

SERVICES = Registry()

CONTROLLER = "System.ServiceProcess.ServiceController"
SERVICE_ERROR = "Microsoft.PowerShell.Commands.ServiceCommandException"
STATUS = {"Stopped": 1, "StartPending": 2, "StopPending": 3, "Running": 4, "Paused": 7}
START_MODES = {"Automatic": "Auto", "Manual": "Manual", "Disabled": "Disabled"}


def controller(service: Service) -> PSObject:
    """A ServiceController. It has no start type in PowerShell 4.0 and no account at all: those are Win32_Service's."""
    status = EnumValue(service.shown, "System.ServiceProcess.ServiceControllerStatus", STATUS[service.shown])
    properties = {
        "Name": service.name,
        "ServiceName": service.name,
        "DisplayName": service.display_name or service.name,
        "Status": status,
        "CanStop": service.state == "Running",
        "MachineName": ".",
    }
    return PSObject(properties, CONTROLLER, CONTROLLER)


def _asked(call: Invocation) -> list[Service]:
    """The services a cmdlet was given by name or display name; an error for each name that fits none."""
    services = sorted(computer_of(call).services.values(), key=lambda service: service.name.casefold())
    if call.get("DisplayName") is not None:
        return _fitting(call, services, call.get("DisplayName"), "display name", lambda s: s.display_name or s.name)
    return _fitting(call, services, call.get("Name") or ["*"], "service name", lambda s: s.name)


def _fitting(
    call: Invocation, services: list[Service], patterns: list[str], kind: str, key: Callable[[Service], str]
) -> list[Service]:
    found: list[Service] = []
    for pattern in patterns:
        fitting = [service for service in services if like(key(service), pattern)]
        if not fitting and not has_wildcard(pattern):
            id = "NoServiceFoundForGiven" + ("Name" if kind == "service name" else "DisplayName")
            call.error(f"Cannot find any service with {kind} '{pattern}'.", id, "ObjectNotFound", SERVICE_ERROR)
        found += [service for service in fitting if service not in found]
    return found


@simulated(SERVICES, "Get-Service", "Name", "DisplayName")
def get_service(call: Invocation) -> None:
    """The services, and an error for each name that is missing: the others are given all the same."""
    call.write(*map(controller, _asked(call)))


@simulated(SERVICES, "Start-Service", "Name", "DisplayName", "PassThru")
def start_service(call: Invocation) -> Work:
    """Starts services and waits until they run."""
    for service in _asked(call):
        if call.should_process():
            yield from _start(call, service)
            _pass_on(call, service)


@simulated(SERVICES, "Stop-Service", "Name", "DisplayName", "Force", "PassThru")
def stop_service(call: Invocation) -> Work:
    """Stops services and waits until they are stopped."""
    for service in _asked(call):
        if call.should_process():
            yield from computer_of(call).stop_service(service)
            _pass_on(call, service)


@simulated(SERVICES, "Restart-Service", "Name", "DisplayName", "Force", "PassThru")
def restart_service(call: Invocation) -> Work:
    """Stops and starts services."""
    for service in _asked(call):
        if call.should_process():
            yield from computer_of(call).stop_service(service)
            yield from _start(call, service)
            _pass_on(call, service)


def _start(call: Invocation, service: Service) -> Work:
    try:
        yield from computer_of(call).start_service(service)
    except OSError as error:
        label = f"{service.display_name or service.name} ({service.name})"
        text = f"Service '{label}' cannot be started due to the following error: {error}"
        call.error(text, "CouldNotStartService", "OpenError", SERVICE_ERROR)


def _pass_on(call: Invocation, service: Service) -> None:
    if call.flag("PassThru"):
        call.write(controller(service))


@simulated(SERVICES, "Set-Service", "Name", "StartupType", "Status", "DisplayName", "PassThru")
def set_service(call: Invocation) -> Work:
    """Changes the start mode or display name of one service, and starts or stops it."""
    computer, name = computer_of(call), call.get("Name")
    service = next((one for one in computer.services.values() if like(one.name, name)), None)
    if service is None:
        text = f"Service {name} was not found on computer '.'."
        call.error(text, "InvalidOperationException", "ObjectNotFound", INVALID_OPERATION)
        return
    if call.should_process():
        service.start_mode = START_MODES.get(call.get("StartupType"), service.start_mode)
        service.display_name = call.get("DisplayName") or service.display_name
        yield from _become(call, computer, service)
        _pass_on(call, service)


def _become(call: Invocation, computer: Computer, service: Service) -> Work:
    status = str(call.get("Status") or "").casefold()
    if status == "running":
        yield from _start(call, service)
    elif status == "stopped":
        yield from computer.stop_service(service)
