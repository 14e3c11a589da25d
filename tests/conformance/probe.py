"""The module Probe of the recorded answers: cmdlets that do, one at a time, all that a product's cmdlets can do to the bridge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from lab.powershell.catalogue import Registry
from lab.powershell.errors import NAMESPACE, RUNTIME, ErrorRecord, Thrown, no_prompt
from lab.powershell.invocation import WRITE_ERROR, Invocation
from lab.powershell.keep import text_length
from lab.powershell.objects import Credential, EnumValue, PSObject, Secret, Version
from lab.powershell.session import Session
from lab.powershell.syntax import Syntax, from_fact
from lab.powershell.text import to_text
from tests.conformance.probe_values import VALUES

_KIND = {"Kind": {"type": "string", "sets": {"__AllParameterSets": {"mandatory": True}}}}
_SWITCHES = {"Upgrade": "Upgrade", "UpdateAllCredentials": "Upgrade", "Repair": "Repair"}
_STATES = {"type": "enum", "enum": "ProbeState", "values": ["Stopped", "Running"]}

_PARAMETERS: dict[str, dict[str, Any]] = {
    "Get-ProbeValue": _KIND,
    "Get-ProbeObject": {"Count": {"type": "int", "range": [0, 1000]}},
    "Test-ProbeParameter": {
        "Text": {"type": "string"},
        "Number": {"type": "int"},
        "Big": {"type": "long"},
        "Real": {"type": "double"},
        "Flag": {"type": "switch"},
        "Truth": {"type": "bool"},
        "List": {"type": "string[]"},
        "Numbers": {"type": "int[]"},
        "Table": {"type": "hashtable"},
        "Secret": {"type": "securestring"},
        "Credential": {"type": "pscredential"},
        "When": {"type": "datetime"},
        "Version": {"type": "version"},
        "Span": {"type": "timespan"},
        "State": _STATES,
        "AccountType": {"type": "string", "values": ["TenantAdmin", "CceService"]},
        "Path": {"type": "string", "not_empty": True},
        "Aliased": {"type": "string", "aliases": ["Ver"]},
        "Any": {"type": "object"},
    },
    "Set-ProbeMandatory": {"Name": {"type": "string", "sets": {"__AllParameterSets": {"mandatory": True}}}},
    "Set-ProbeSets": {name: {"type": "switch", "sets": {group: {}}} for name, group in _SWITCHES.items()},
    "Remove-ProbeThing": {"Version": {"type": "string"}},
    "Invoke-ProbeFailure": _KIND,
    "Write-ProbeStreams": {"Fail": {"type": "switch"}},
    "Read-ProbePrompt": _KIND,
    "Get-ProbePreference": {},
    "Step-ProbeCounter": {},
}
_MORE: dict[str, dict[str, Any]] = {
    "Set-ProbeSets": {"default_set": "Install"},
    "Remove-ProbeThing": {"should_process": True},
}


class ProbeSession(Session):
    """A session that counts."""

    counter = 0


def _syntax(name: str) -> Syntax:
    return from_fact(name, {"module": "Probe", "parameters": _PARAMETERS[name], **_MORE.get(name, {})})


registry = Registry({name: _syntax(name) for name in _PARAMETERS})


@registry.implements("Get-ProbeValue")
def get_value(call: Invocation) -> None:
    """One or more values of a kind."""
    kind = call.get("Kind").lower()
    if kind in VALUES:
        call.write(*VALUES[kind])
    else:
        _no_such_kind(call)


@registry.implements("Get-ProbeObject")
def get_object(call: Invocation) -> None:
    """Objects with properties of all sorts."""
    call.write(*(_probe_object(number) for number in range(1, call.get("Count", 1) + 1)))


def _probe_object(number: int) -> PSObject:
    def broken() -> object:
        raise RuntimeError("cannot be read")

    name = f"vm{number}"
    return PSObject(
        {
            "Name": name,
            "Version": Version((2, 0, 1)),
            "State": EnumValue("Running", "ProbeState", 1),
            "Memory": 3221225472,
            "Networks": ["Corpnet", "Internet"],
            "Empty": [],
            "Nothing": None,
            "Nested": PSObject({"Status": "OK"}),
            "Uptime": timedelta(minutes=90),
            "Computed": name.upper,
            "Broken": broken,
            "Ram": 3221225472,
        }
    )


@registry.implements("Test-ProbeParameter")
def test_parameter(call: Invocation) -> None:
    """What was bound, parameter by parameter."""
    for name in sorted(call.parameters, key=str.lower):
        call.write({"name": name, "value": _probed(call.parameters[name])})


def _probed(value: object) -> object:
    if isinstance(value, Secret):
        return text_length(value.value)
    if isinstance(value, Credential):
        return f"{value.user}:{text_length(value.password.value)}"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: to_text(key).lower())
        return [f"{to_text(key)}={to_text(value[key])}" for key in keys]
    return value


@registry.implements("Set-ProbeMandatory")
def set_mandatory(call: Invocation) -> None:
    """The mandatory name."""
    call.write(call.get("Name"))


@registry.implements("Set-ProbeSets")
def set_sets(call: Invocation) -> None:
    """The parameter set."""
    call.write(call.parameter_set)


@registry.implements("Remove-ProbeThing")
def remove_thing(call: Invocation) -> None:
    """Something that asks for confirmation; a question nobody answers ends the statement only."""
    version = call.get("Version", "")
    if call.flag("Confirm") and not call.flag("WhatIf"):
        call.report(no_prompt("ShouldProcess", 1).record)
        return
    call.write(f"removed {version}" if call.should_process() else f"kept {version}")


@registry.implements("Write-ProbeStreams")
def write_streams(call: Invocation) -> None:
    """Something to every stream."""
    call.warn("careful")
    call.warn("accentu\xe9")
    call.write("output")
    if call.flag("Fail"):
        call.error("failed")


@registry.implements("Get-ProbePreference")
def get_preference(call: Invocation) -> None:
    """The preference variables as the module sees them."""
    values = {
        "ErrorActionPreference": call.get("ErrorAction", "Continue"),
        "ProgressPreference": call.get("ProgressAction", "SilentlyContinue"),
        "ConfirmPreference": "None",
        "WarningPreference": call.get("WarningAction", "Continue"),
        "VerbosePreference": "Continue" if call.flag("Verbose") else "SilentlyContinue",
    }
    call.write(*({"name": name, "value": str(value)} for name, value in values.items()))


@registry.implements("Step-ProbeCounter")
def step_counter(call: Invocation) -> None:
    """One more than the last time in this session."""
    assert isinstance(call.session, ProbeSession)
    call.session.counter += 1
    call.write(call.session.counter)


# --- failures -------------------------------------------------------------------------------------------------------

_NOT_THERE = "Stop-CsWindowsServiceThatIsNotThere"
_MISSING_FILE = ErrorRecord(
    "Cannot find path '/no/such/file' because it does not exist.",
    "PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand",
    "ObjectNotFound",
    NAMESPACE + "ItemNotFoundException",
    "Get-Content",
)
_REPORTED = {
    "dotnet": ErrorRecord(
        'Exception calling "Parse" with "1" argument(s): "The input string \'x\' was not in a correct format."',
        "FormatException",
        exception=NAMESPACE + "MethodInvocationException",
    ),
    "missing file": _MISSING_FILE,
    "unknown command": ErrorRecord(
        f"The term '{_NOT_THERE}' is not recognized as a name of a cmdlet, function, script file, or executable program.\n"
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
        "CommandNotFoundException",
        "ObjectNotFound",
        NAMESPACE + "CommandNotFoundException",
    ),
    "property of null": ErrorRecord(
        "You cannot call a method on a null-valued expression.", "InvokeMethodOnNull", "InvalidOperation"
    ),
    "divide": ErrorRecord("Attempted to divide by zero.", "RuntimeException"),
}


def _throw(call: Invocation, message: str, exception: str = RUNTIME) -> None:
    """PowerShell's `throw`, which a function called with `-ErrorAction SilentlyContinue` passes over."""
    if not call.silent("ErrorAction"):
        call.throw(message, exception=exception)


def _no_such_kind(call: Invocation) -> None:
    _throw(call, f"no such kind: {call.get('Kind')}")


def _stop(record: ErrorRecord) -> None:
    raise Thrown(record)


def _two_errors(call: Invocation) -> None:
    call.error("first")
    call.error("second")


_FAILURES: dict[str, Callable[[Invocation], None]] = {
    "none": lambda call: None,
    "throw text": lambda call: _throw(call, "Cannot register appliance because your current input conflicts."),
    "throw exception": lambda call: _throw(call, "took too long", "System.TimeoutException"),
    "throw object": lambda call: _throw(call, "System.Collections.Hashtable"),
    "write-error": lambda call: call.error("something went wrong"),
    "write-error id": lambda call: call.error("no VM", "CcVmNotFound", "ObjectNotFound"),
    "write-error stop": lambda call: _stop(
        ErrorRecord("stopped", f"{WRITE_ERROR},{call.name}", exception=WRITE_ERROR, command=call.name)
    ),
    "two errors": _two_errors,
    "error french": lambda call: call.error("Acc\xe8s refus\xe9"),
    "missing file stop": lambda call: _stop(_MISSING_FILE),
    "terminating": lambda call: call.terminate(
        "own record", "OwnId", "ResourceBusy", "System.InvalidOperationException"
    ),
    "caught inside": lambda call: call.write("recovered"),
    "multiline": lambda call: _throw(call, "line one\r\nline two"),
    "empty": lambda call: _throw(call, ""),
}


@registry.implements("Invoke-ProbeFailure")
def invoke_failure(call: Invocation) -> None:
    """One kind of failure between two objects of output."""
    kind = call.get("Kind").lower()
    call.write("before")
    if kind in _REPORTED:
        call.report(_REPORTED[kind])
    else:
        _FAILURES.get(kind, _no_such_kind)(call)
    call.write("after")


# --- prompts --------------------------------------------------------------------------------------------------------


def _described(credential: Credential) -> str:
    return f"{credential.user} {text_length(credential.password.value)}"


def _ask(call: Invocation, text: str) -> None:
    call.write(f"got {call.read_host(text)}")


def _secure(call: Invocation) -> None:
    secret = call.read_host("Password of CceService", secure=True)
    call.write(_probed(secret))


def _same_twice(call: Invocation) -> None:
    old, new = call.get_credential("Account"), call.get_credential("Account")
    call.write(f"{old.user} {new.user}")


def _caught(call: Invocation) -> None:
    try:
        call.write(call.read_host("Hidden question"))
    except Thrown:
        call.write("went on")


_PROMPTS: dict[str, Callable[[Invocation], None]] = {
    "read-host": lambda call: _ask(call, "Enter the site name"),
    "read-host named": lambda call: _ask(call, "Enter the site name"),
    "read-host words": lambda call: _ask(call, "Enter the site name"),
    "read-host no text": lambda call: _ask(call, ""),
    "secure": _secure,
    "credential": lambda call: call.write(_described(call.get_credential("Tenant administrator"))),
    "credential user": lambda call: call.write(_described(call.get_credential("Service account", "CceService"))),
    "credential positional": lambda call: call.write(_described(call.get_credential("CABackupFile"))),
    "credential given": lambda call: call.write("mine"),
    "two": lambda call: call.write(f"{call.read_host('First')} {call.read_host('Second')}"),
    "same twice": _same_twice,
    "caught": _caught,
    "host ui": lambda call: call.report(no_prompt("ReadLine", 0).record),
    "host credential": lambda call: call.report(no_prompt("PromptForCredential", 4).record),
    "host choice": lambda call: call.report(no_prompt("PromptForChoice", 4).record),
    "confirm": lambda call: call.report(no_prompt("ShouldProcess", 1).record),
}


@registry.implements("Read-ProbePrompt")
def read_prompt(call: Invocation) -> None:
    """One way of asking."""
    _PROMPTS.get(call.get("Kind").lower(), _no_such_kind)(call)
