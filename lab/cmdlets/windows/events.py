"""Cmdlets for event logs."""

from __future__ import annotations

from itertools import islice
from typing import Any

from lab.cmdlets.windows.common import computer_of, not_simulated, simulated
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.world.computer import EventEntry

EVENTS = Registry()

NO_MATCH = "No events were found that match the specified selection criteria."
NO_LOG = "There is not an event log on the localhost computer that matches"
"""As PowerShell 5.1 and 7 say; what tells them apart is their id."""


def _log(call: Invocation, name: str) -> list[EventEntry] | None:
    return next((log for own, log in computer_of(call).events.items() if own.casefold() == name.casefold()), None)


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
