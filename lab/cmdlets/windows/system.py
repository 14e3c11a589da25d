"""Cmdlets for the computer itself: clock, installed software, modules, programs, power, event log."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

from lab.cmdlets.windows.common import (
    INVALID_OPERATION,
    Work,
    computer_of,
    files_of,
    has_wildcard,
    like,
    not_found,
    not_simulated,
    simulated,
)
from lab.cmdlets.windows.files import item
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import EnumValue, PSObject, Version
from lab.powershell.syntax import Syntax, known, parameter
from lab.world.computer import Computer, EventEntry, Module, is_registry, registry_path


def _get_module_syntax() -> Syntax:
    """The facts lack `-CimSession`, mandatory in its set: without it, `-ListAvailable` would be ambiguous."""
    cim_session = parameter("CimSession", {"type": "opaque", "sets": {"CimSession": {"mandatory": True}}})
    known_syntax = known()["get-module"]
    return replace(known_syntax, parameters=(*known_syntax.parameters, cim_session))


SYSTEM = Registry({"Get-Module": _get_module_syntax()})

REGISTRY_PROVIDER = "Microsoft.PowerShell.Core\\Registry"
LONG_HIVES = {"HKLM:": "HKEY_LOCAL_MACHINE", "HKCU:": "HKEY_CURRENT_USER"}
SHUTDOWN_SECONDS = 5.0
"""Between Restart-Computer and the moment the computer is gone: the cmdlet has answered by then."""


# --- clock


@simulated(SYSTEM, "Get-Date", "Date")
def get_date(call: Invocation) -> None:
    """The computer's own time, or the time that was given."""
    call.write(call.get("Date") or computer_of(call).now())


@simulated(SYSTEM, "Start-Sleep", "Seconds", "Milliseconds")
def start_sleep(call: Invocation) -> Work:
    """Waits, in simulated time."""
    yield call.sleep(call.get("Seconds", 0) + call.get("Milliseconds", 0) / 1000)


@simulated(SYSTEM, "Write-Output", "InputObject", "NoEnumerate")
def write_output(call: Invocation) -> None:
    """Gives back what it was given."""
    value = call.get("InputObject")
    call.write(*(value if isinstance(value, list) and not call.flag("NoEnumerate") else [value]))


# --- registry


@simulated(SYSTEM, "Get-ItemProperty", "Path", "LiteralPath", "Name")
def get_item_property(call: Invocation) -> None:
    """The values of registry keys; a pattern gives every key that fits, and none is no error. Of a file: the file."""
    for path in call.get("LiteralPath") or call.get("Path"):
        if is_registry(path):
            _write_keys(call, path)
        elif files_of(call).exists(path):
            call.write(item(path, files_of(call).entry(path)))
        else:
            not_found(call, path)


def _write_keys(call: Invocation, path: str) -> None:
    registry = computer_of(call).registry
    pattern = "LiteralPath" not in call.parameters and has_wildcard(path)
    for key in registry.find(path) if pattern else [registry_path(path)]:
        values = registry.get(key)
        if values is None:
            not_found(call, path)
        else:
            _write_values(call, key, values)


def _write_values(call: Invocation, key: str, values: dict[str, Any]) -> None:
    names = call.get("Name") or ["*"]
    chosen = {name: value for name, value in values.items() if any(like(name, pattern) for pattern in names)}
    if not chosen and "*" not in names:
        text = f"Property {', '.join(names)} does not exist at path {_long(key)}."
        exception = "System.Management.Automation.PSArgumentException"
        call.error(text, exception, "InvalidArgument", exception)
    else:
        call.write(PSObject({**chosen, **_provider_properties(key)}))


def _provider_properties(key: str) -> dict[str, object]:
    above, _, name = _long(key).rpartition("\\")
    return {
        "PSPath": f"{REGISTRY_PROVIDER}::{above}\\{name}",
        "PSParentPath": f"{REGISTRY_PROVIDER}::{above}",
        "PSChildName": name,
        "PSProvider": REGISTRY_PROVIDER,
    }


def _long(key: str) -> str:
    hive, _, rest = key.partition("\\")
    return f"{LONG_HIVES.get(hive, hive)}\\{rest}"


# --- modules


@simulated(SYSTEM, "Get-Module", "Name", "ListAvailable", "All", "Refresh")
def get_module(call: Invocation) -> None:
    """The installed modules (-ListAvailable); a name that is not installed gives nothing, and no error."""
    if not call.flag("ListAvailable"):
        not_simulated(call, "Get-Module without -ListAvailable")
    names = call.get("Name") or ["*"]
    modules = computer_of(call).modules
    call.write(*(_module(module) for module in modules if any(like(module.name, name) for name in names)))


def _module(module: Module) -> PSObject:
    properties = {
        "Name": module.name,
        "ModuleBase": module.base,
        "Path": rf"{module.base}\{module.name}.psd1",
        "Version": Version(tuple(map(int, module.version.split(".")))),
    }
    return PSObject(properties, module.name, "System.Management.Automation.PSModuleInfo")


# --- programs


@simulated(SYSTEM, "Start-Process", "FilePath", "ArgumentList", "Wait", "PassThru", "NoNewWindow", "WindowStyle")
def start_process(call: Invocation) -> Work:
    """Starts a program; -Wait waits for its end, -PassThru gives the process (its ExitCode is null while it runs)."""
    arguments = " ".join(call.get("ArgumentList") or [])
    try:
        process = computer_of(call).launch(call.get("FilePath"), arguments, call.logon)
    except FileNotFoundError:
        text = "This command cannot be run due to the error: The system cannot find the file specified."
        call.terminate(text, "InvalidOperationException", "InvalidOperation", INVALID_OPERATION)
    if call.flag("PassThru"):
        name = call.get("FilePath").rpartition("\\")[2]
        code = {"ExitCode": lambda: process.value, "HasExited": lambda: not process.is_alive}
        text = f"System.Diagnostics.Process ({name.rpartition('.')[0] or name})"
        call.write(PSObject({"ProcessName": name, **code}, text, "System.Diagnostics.Process"))
    if call.flag("Wait"):
        yield process


# --- power


@simulated(SYSTEM, "Restart-Computer", "Force")
def restart_computer(call: Invocation) -> None:
    """Answers at once; the computer goes down some seconds later and comes back after its boot."""
    if call.should_process():
        call.env.process(_shut_down(computer_of(call), again=True))


@simulated(SYSTEM, "Stop-Computer", "Force")
def stop_computer(call: Invocation) -> None:
    """Answers at once; the computer goes off some seconds later."""
    if call.should_process():
        call.env.process(_shut_down(computer_of(call), again=False))


def _shut_down(computer: Computer, again: bool) -> Work:
    yield computer.env.timeout(SHUTDOWN_SECONDS)
    if computer.up:
        computer.power_off()
        if again:
            computer.power_on()


# --- event log


@simulated(SYSTEM, "Get-EventLog", "LogName", "Newest", "After", "Before", "Source", "EntryType", "InstanceId")
def get_event_log(call: Invocation) -> None:
    """The entries of one log, the newest first; none that fits is an error, as in Windows PowerShell."""
    log = next((name for name in computer_of(call).events if name.casefold() == call.get("LogName").casefold()), None)
    if log is None:
        text = f"The event log '{call.get('LogName')}' on computer '.' does not exist."
        call.error(text, INVALID_OPERATION, "InvalidOperation", INVALID_OPERATION)
        return
    entries = list(enumerate(computer_of(call).events[log], 1))
    wanted = [(index, entry) for index, entry in reversed(entries) if _is_wanted(call, entry)]
    if not wanted:
        call.error("No matches found", "GetEventLogNoEntriesFound", "ObjectNotFound", "System.ArgumentException")
    call.write(*(_event(call, index, entry) for index, entry in islice(wanted, call.get("Newest"))))


def _is_wanted(call: Invocation, entry: EventEntry) -> bool:
    after, before = call.get("After"), call.get("Before")
    return (
        (after is None or entry.time > after)
        and (before is None or entry.time < before)
        and _one_of(entry.source, call.get("Source"))
        and _one_of(entry.kind, call.get("EntryType"))
        and (call.get("InstanceId") is None or entry.event_id in call.get("InstanceId"))
    )


def _one_of(text: str, patterns: list[str] | None) -> bool:
    return patterns is None or any(like(text, pattern) for pattern in patterns)


def _event(call: Invocation, index: int, entry: EventEntry) -> PSObject:
    properties = {
        "Index": index,
        "EntryType": EnumValue(entry.kind, "System.Diagnostics.EventLogEntryType"),
        "Source": entry.source,
        "EventID": entry.event_id,
        "InstanceId": entry.event_id,
        "Message": entry.message,
        "TimeGenerated": entry.time,
        "TimeWritten": entry.time,
        "MachineName": computer_of(call).name,
    }
    return PSObject(properties, "System.Diagnostics.EventLogEntry", "System.Diagnostics.EventLogEntry")
