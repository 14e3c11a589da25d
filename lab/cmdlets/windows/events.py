"""Cmdlets for event logs."""

from __future__ import annotations

from itertools import islice
from typing import Any

from lab.cmdlets.windows.common import INVALID_OPERATION, computer_of, like, not_simulated, simulated
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import EnumValue, PSObject
from lab.world.computer import EventEntry

EVENTS = Registry()

NO_MATCH = "No events were found that match the specified selection criteria."
NO_LOG = "There is not an event log on the localhost computer that matches"
"""As PowerShell 5.1 and 7 say; what tells them apart is their id."""


# --- Get-EventLog


@simulated(EVENTS, "Get-EventLog", "LogName", "Newest", "After", "Before", "Source", "EntryType", "InstanceId")
def get_event_log(call: Invocation) -> None:
    """The entries of one log, the newest first; none that fits is an error, as in Windows PowerShell."""
    log = _log(call, call.get("LogName"))
    if log is None:
        text = f"The event log '{call.get('LogName')}' on computer '.' does not exist."
        call.error(text, INVALID_OPERATION, "InvalidOperation", INVALID_OPERATION)
        return
    wanted = [(index, entry) for index, entry in reversed(list(enumerate(log, 1))) if _is_wanted(call, entry)]
    if not wanted:
        call.error("No matches found", "GetEventLogNoEntriesFound", "ObjectNotFound", "System.ArgumentException")
    call.write(*(_entry(call, index, entry) for index, entry in islice(wanted, call.get("Newest"))))


def _log(call: Invocation, name: str) -> list[EventEntry] | None:
    return next((log for own, log in computer_of(call).events.items() if own.casefold() == name.casefold()), None)


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


def _entry(call: Invocation, index: int, entry: EventEntry) -> PSObject:
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


# --- Get-WinEvent


@simulated(EVENTS, "Get-WinEvent", "FilterHashtable", "MaxEvents")
def get_win_event(call: Invocation) -> None:
    """The events of a log with these numbers, the newest first; none that fits is an error, as in Windows PowerShell."""
    (asked,) = call.get("FilterHashtable")
    chosen = {str(key).casefold(): value for key, value in asked.items()}
    if set(chosen) != {"logname", "id"}:
        not_simulated(call, f"a filter of {', '.join(chosen)}")
    log = _log(call, chosen["logname"])
    if log is None:
        call.error(f'{NO_LOG} "{chosen["logname"]}".', "NoMatchingLogsFound", "ObjectNotFound", "System.Exception")
    else:
        _write_events(call, log, chosen["id"])


def _write_events(call: Invocation, log: list[EventEntry], numbers: Any) -> None:
    found = [entry for entry in reversed(log) if entry.event_id in numbers]
    if not found:
        call.error(NO_MATCH, "NoMatchingEventsFound", "ObjectNotFound", "System.Exception")
    call.write(*(_record(call, entry) for entry in islice(found, call.get("MaxEvents"))))


def _record(call: Invocation, entry: EventEntry) -> PSObject:
    properties = {
        "Id": entry.event_id,
        "ProviderName": entry.source,
        "LevelDisplayName": entry.kind,
        "Message": entry.message,
        "TimeCreated": entry.time,
        "MachineName": computer_of(call).name,
    }
    name = "System.Diagnostics.Eventing.Reader.EventLogRecord"
    return PSObject(properties, name, name)
