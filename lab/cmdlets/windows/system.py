"""Cmdlets for the computer itself: clock, installed software, programs."""

from __future__ import annotations

from typing import Any

from lab.cmdlets.windows.common import (
    INVALID_OPERATION,
    Work,
    computer_of,
    files_of,
    has_wildcard,
    like,
    not_found,
    simulated,
)
from lab.cmdlets.windows.files import item
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject, as_utc
from lab.world.computer import is_registry, registry_path

SYSTEM = Registry()

REGISTRY_PROVIDER = "Microsoft.PowerShell.Core\\Registry"
LONG_HIVES = {"HKLM:": "HKEY_LOCAL_MACHINE", "HKCU:": "HKEY_CURRENT_USER"}


# --- clock


@simulated(SYSTEM, "Get-Date", "Date")
def get_date(call: Invocation) -> None:
    """The computer's own time, or the time that was given."""
    call.write(call.get("Date") or computer_of(call).shown_time())


@simulated(SYSTEM, "New-TimeSpan", "Start", "End")
def new_time_span(call: Invocation) -> None:
    """The time from one moment to another, negative when the first is the later one; what is not given is now."""
    now = computer_of(call).shown_time()
    start, end = (as_utc(call.get(name) or now) for name in ("Start", "End"))
    call.write(end - start)


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
        values = _policy(call, key) or registry.get(key)
        if values is None:
            not_found(call, path)
        else:
            _write_values(call, key, values)


LSA_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Control\Lsa"


def _policy(call: Invocation, key: str) -> dict[str, Any] | None:
    """What the security policy of the computer has in the registry."""
    if key.casefold() != LSA_KEY.casefold():
        return None
    return {"DisableDomainCreds": 0 if computer_of(call).policy.stores_passwords else 1}


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
