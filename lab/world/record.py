"""What happened in the simulated world: every cmdlet and call, and when a site was short of capacity or an appliance out.

Tests judge by this record, not by what a tool said. It is kept in memory and, when a file is given, written as JSON lines: the
first line is a header, and every line says `"simulated": true`. Times are UTC.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar, Literal, TextIO

Clock = Callable[[], datetime]
CallOutcome = Literal["running", "completed", "rerouted", "cut", "refused"]
READING = frozenset(
    {
        "Get",
        "Test",
        "Resolve",
        "Select",
        "Write",
        "Start-Sleep",
        "New-CsOnlineSession",
        "Import-PSSession",
        "Remove-PSSession",
        "New-TimeSpan",
        "Invoke-Command",
    }
)
"""Cmdlets of these verbs (and those named whole) change nothing; everything else counts as mutating."""


@dataclass(slots=True, eq=False)
class CmdletRun:
    """One cmdlet that was started on an appliance or in one of its VMs; `outcome` is `running` until it ended."""

    kind: ClassVar[str] = "cmdlet"
    time: datetime
    appliance: str
    machine: str
    user: str
    method: str
    name: str
    parameters: Mapping[str, Any]
    outcome: str = "running"
    """`ok`, `error`, `thrown`, or `killed` when the process ended under it."""
    error: str | None = None
    seconds: float | None = None

    @property
    def mutating(self) -> bool:
        """Whether the cmdlet may change something."""
        return not {self.name, self.name.partition("-")[0]} & READING


@dataclass(slots=True, eq=False)
class Call:
    """One call that a gateway or the tenant offered to a site."""

    kind: ClassVar[str] = "call"
    number: int
    site: str
    direction: Literal["inbound", "outbound"]
    emergency: bool
    time: datetime
    tried: list[str] = field(default_factory=list)
    """The appliances that were asked, in order."""
    appliance: str | None = None
    """The one that took it."""
    end: datetime | None = None
    outcome: CallOutcome = "running"
    """`rerouted`: completed, though one appliance had refused it. `refused`: none took it. `cut`: ended by the appliance."""
    why: str = ""


@dataclass(slots=True, eq=False)
class Shortage:
    """A time in which the appliances in service could not carry the site's declared peak, or the calls that were alive."""

    kind: ClassVar[str] = "shortage"
    site: str
    time: datetime
    capacity: int
    needed: int
    why: str
    end: datetime | None = None


@dataclass(slots=True, eq=False)
class Outage:
    """A time in which an appliance took no new calls."""

    kind: ClassVar[str] = "outage"
    appliance: str
    site: str
    time: datetime
    why: str
    end: datetime | None = None


@dataclass(slots=True, eq=False)
class TenantSession:
    """A remote session to the tenant, from the logon to its removal, or until the tenant gave it up."""

    kind: ClassVar[str] = "tenant_session"
    number: int
    appliance: str
    """Whose host opened it."""
    user: str
    """The tenant administrator."""
    time: datetime
    at_once: int
    """How many sessions the tenant had then, with this one."""
    left: datetime | None = None
    """When its PowerShell process ended without having removed it."""
    end: datetime | None = None
    outcome: Literal["open", "removed", "expired"] = "open"


@dataclass(frozen=True)
class TenantSessions:
    """What became of sessions to the tenant."""

    entries: tuple[TenantSession, ...]

    @property
    def opened(self) -> int:
        """How many there were."""
        return len(self.entries)

    @property
    def removed(self) -> int:
        """How many were ended by Remove-PSSession."""
        return sum(entry.outcome == "removed" for entry in self.entries)

    @property
    def left_open(self) -> int:
        """How many outlived the process that opened them, whether the tenant has given them up meanwhile or not."""
        return sum(entry.left is not None for entry in self.entries)

    @property
    def expired(self) -> int:
        """How many the tenant has given up."""
        return sum(entry.outcome == "expired" for entry in self.entries)

    @property
    def most_at_once(self) -> int:
        """The largest number that the tenant had when one of these was opened, itself included."""
        return max((entry.at_once for entry in self.entries), default=0)


@dataclass(slots=True, eq=False)
class Event:
    """Anything else worth knowing: a fault that was applied, a restart, a switch of versions."""

    kind: ClassVar[str] = "event"
    time: datetime
    appliance: str | None
    text: str


Entry = CmdletRun | Call | Shortage | Outage | TenantSession | Event


class Record:
    """The record of one world. An entry gets its place (and its line in the file) when it begins; a span again when it ends."""

    def __init__(self, clock: Clock, file: TextIO | None = None) -> None:
        self.entries: list[Entry] = []
        self._clock = clock
        self._file = file
        self._write({"kind": "header", "time": clock().isoformat(), "text": "record of the simulated fleet"})

    def begin(self, entry: Entry) -> None:
        """Takes in an entry; one that is already over is written at once."""
        self.entries.append(entry)
        if isinstance(entry, Event):
            self.end(entry)

    def end(self, entry: Entry) -> None:
        """Writes an entry to the file: its owner has set how it ended."""
        if self._file is not None:
            self._write(as_data(entry))

    def event(self, text: str, appliance: str | None = None) -> None:
        """Notes an event now."""
        self.begin(Event(self._clock(), appliance, text))

    def close(self) -> None:
        """Writes what is still open, and flushes the file."""
        if self._file is not None:
            for entry in filter(is_open, self.entries):
                self._write(as_data(entry))
            self._file.flush()

    # --- questions ---

    def cmdlets(
        self, appliance: str | None = None, mutating: bool | None = None, name: str | None = None, since: int = 0
    ) -> list[CmdletRun]:
        """The cmdlets that were run, in order of their start; each argument narrows the list. `since`: a place in `entries`."""
        return [
            run
            for run in self.entries[since:]
            if isinstance(run, CmdletRun)
            and appliance in (None, run.appliance)
            and mutating in (None, run.mutating)
            and name in (None, run.name)
        ]

    def calls(self, site: str | None = None, outcome: str | None = None, emergency: bool | None = None) -> list[Call]:
        """The calls that were offered; each argument narrows the list."""
        return [
            call
            for call in self.entries
            if isinstance(call, Call)
            and site in (None, call.site)
            and outcome in (None, call.outcome)
            and emergency in (None, call.emergency)
        ]

    def shortages(self, site: str | None = None) -> list[Shortage]:
        """The times a site was short of capacity; `end` is None for one that lasts."""
        return [entry for entry in self.entries if isinstance(entry, Shortage) and site in (None, entry.site)]

    def outages(self, appliance: str | None = None) -> list[Outage]:
        """The times an appliance took no new calls; `end` is None for one that lasts."""
        return [entry for entry in self.entries if isinstance(entry, Outage) and appliance in (None, entry.appliance)]

    def tenant_sessions(self, appliance: str | None = None) -> TenantSessions:
        """The remote sessions to the tenant: how many there were, at most at once, and how many were left open."""
        found = (entry for entry in self.entries if isinstance(entry, TenantSession))
        return TenantSessions(tuple(entry for entry in found if appliance in (None, entry.appliance)))

    def events(self, appliance: str | None = None) -> list[Event]:
        """The other things that happened."""
        return [entry for entry in self.entries if isinstance(entry, Event) and appliance in (None, entry.appliance)]

    def since(self, position: int = 0, kind: str | None = None, most: int | None = None) -> list[dict[str, Any]]:
        """The entries from `position` on, at `most` so many, as data, each with its `position`."""
        found = enumerate(self.entries[position:], position)
        wanted = ({"position": at, **as_data(entry)} for at, entry in found if kind in (None, entry.kind))
        return list(islice(wanted, most))

    def summary(self, site: str | None = None) -> dict[str, Any]:
        """Counts of calls by outcome, and how often and how long a site was short (seconds, a lasting one up to now)."""
        calls, shortages = self.calls(site), self.shortages(site)
        emergency = [call for call in calls if call.emergency]
        return {
            "simulated": True,
            "calls": dict(Counter(call.outcome for call in calls)),
            "emergency_calls": dict(Counter(call.outcome for call in emergency)),
            "shortages": len(shortages),
            "short_seconds": self._seconds(shortages),
        }

    def _seconds(self, spans: Iterable[Shortage]) -> float:
        return sum(((span.end or self._clock()) - span.time).total_seconds() for span in spans)

    def _write(self, data: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps({"simulated": True, **data}) + "\n")


def is_open(entry: Entry) -> bool:
    """Whether something is still to come for this entry."""
    if isinstance(entry, Event):
        return False
    return entry.outcome == "running" if isinstance(entry, CmdletRun) else entry.end is None


def as_data(entry: Entry) -> dict[str, Any]:
    """An entry as JSON data."""
    data = {"kind": entry.kind, "simulated": True}
    for name in type(entry).__slots__:
        value = getattr(entry, name)
        data[name] = value.isoformat() if isinstance(value, datetime) else value
    return data | ({"mutating": entry.mutating} if isinstance(entry, CmdletRun) else {})
