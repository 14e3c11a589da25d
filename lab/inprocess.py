"""The simulated fleet in this very process: no wire, no wall clock. For tests of operations and modules.

lab = Lab.from_description()
answer = lab.connection("cce-ber-1").exchange(request)
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Literal

import simpy

from lab.powershell.answer import run_process
from lab.powershell.session import Session
from lab.server import automatic_update
from lab.server.management_service import employ
from lab.server.sessions import attach_jobs, open_session
from lab.wire.shell import Logon
from lab.world.appliance import Appliance
from lab.world.building import new_ini
from lab.world.demo import DEMO
from lab.world.description import Fleet, describe, package_url
from lab.world.fleet import build
from lab.world.product import package
from lab.world.record import Record
from lab.world.troubles import begin
from lab.world.world import World

Method = Literal["basic", "ntlm", "credssp"]
WireFault = Literal["refused", "lost_before", "lost_after"]
DAY = 86400.0


class ConnectionLost(ConnectionError):
    """The appliance cannot be reached, or the connection broke: what it did is not known here."""


class Lab:
    """A world and the ways into it."""

    def __init__(self, fleet: Fleet, world: World) -> None:
        self.fleet = fleet
        self.world = world
        self.wire_faults: dict[str, list[WireFault]] = {}

    @classmethod
    def from_description(cls, described: Mapping[str, Any] | str | Path = DEMO, **changes: Any) -> Lab:
        """The lab of a description (default: the demo fleet); `changes` replace keys of it, such as `switches={...}`."""
        fleet = describe(described)
        fleet = describe({**described, **changes}) if isinstance(described, Mapping) else fleet
        world = build(fleet)
        for appliance in world.appliances.values():
            attach_jobs(appliance)
            employ(appliance)
        return cls(fleet, world)

    @property
    def record(self) -> Record:
        """What happened."""
        return self.world.record

    def appliance(self, name: str) -> Appliance:
        """The appliance itself, to look at or to change."""
        return self.world.appliances[name]

    def snapshot(self, name: str) -> dict[str, Any]:
        """The state of an appliance as data, for assertions."""
        return self.appliance(name).state()

    def connection(self, name: str, method: Method = "credssp", user: str | None = None) -> Connection:
        """A connection to an appliance, by default as the account that deployed it."""
        return Connection(self, self.appliance(name), Logon(user or self.fleet.account.name, method))

    def advance(self, seconds: float) -> None:
        """Lets simulated time pass; nothing happens for 0 or less."""
        if seconds > 0:
            self.world.env.run(until=self.world.env.now + seconds)

    def sleep(self, seconds: float) -> None:
        """The same, to be handed to code that wants to wait."""
        self.advance(seconds)

    def now(self) -> float:
        """Simulated seconds since the start, to be handed to code that wants to measure a wait."""
        return float(self.world.env.now)

    def fault(self, name: str, *, wire: WireFault | None = None, times: int = 1, **described: Any) -> None:
        """Adds a fault to an appliance: fields of `faults.Fault`, or `trouble="T4"`, or `wire=` for its connection.

        refused: nobody can connect. lost_before: the line breaks before anything was done. lost_after: after everything was.
        """
        if wire is not None:
            self.wire_faults.setdefault(name, []).extend([wire] * times)
        else:
            begin(self.appliance(name), **described, **({"times": times} if times > 1 else {}))

    def update(self, name: str, action: str = "BitsUpdate") -> simpy.Process:
        """The automatic update of an appliance begins, whatever its windows say: OsUpdate, BitsUpdate or Deploy."""
        return automatic_update.begin(self.appliance(name), action)

    def package(self, version: str | None = None) -> tuple[str, str]:
        """Address and SHA-256 of the MSI of a version (default: the target)."""
        version = version or self.fleet.target
        return package_url(self.fleet, version), hashlib.sha256(package(version)).hexdigest()

    def ini(self, name: str, version: str | None = None) -> str:
        """The new CloudConnector.ini of an appliance: the template of a version (default: the target) with its values."""
        return new_ini(self.appliance(name), version or self.fleet.target)


class Connection:
    """What stands for WinRM: each exchange is a new PowerShell process on the appliance."""

    def __init__(self, lab: Lab, appliance: Appliance, logon: Logon) -> None:
        self.exchanges = 0
        """How many exchanges were tried."""
        self._lab = lab
        self._appliance = appliance
        self._logon = logon

    def exchange(self, request: Mapping[str, Any], timeout: float = 2 * DAY) -> dict[str, Any]:
        """The answer of the bridge, the time it takes having passed.

        Raises ConnectionLost, also after `timeout` simulated seconds: then the work goes on, unseen.
        """
        self._connect()
        self.exchanges += 1
        fault = self._next_fault()
        answered = None if fault == "lost_before" else self._run(request, timeout)
        if answered is None or fault == "lost_after":
            raise ConnectionLost(f"the connection to {self._appliance.name} was lost; the outcome is unknown")
        return answered

    def _connect(self) -> None:
        """Raises ConnectionLost where nobody answers: nothing was sent then."""
        refused = self._lab.wire_faults.get(self._appliance.name, [])[:1] == ["refused"]
        if refused:
            self._next_fault()
        if refused or self._appliance.unreachable or not self._appliance.computer.up:
            raise ConnectionLost(f"{self._appliance.name}: Connection refused")

    def _next_fault(self) -> WireFault | None:
        waiting = self._lab.wire_faults.get(self._appliance.name, [])
        return waiting.pop(0) if waiting else None

    def _run(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any] | None:
        env = self._lab.world.env
        session = open_session(self._appliance, self._logon)
        process = self._appliance.computer.run(guarded(session, request))
        env.run(until=process | env.timeout(timeout))
        answered: dict[str, Any] | None = process.value if process.triggered else None
        return answered


def guarded(session: Session, request: Mapping[str, Any]) -> Generator[simpy.Event, Any, dict[str, Any] | None]:
    """Answers a request; None when the process is ended from outside."""
    try:
        return (yield from run_process(session, request))
    except simpy.Interrupt:
        return None
