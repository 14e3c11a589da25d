"""The whole simulated fleet as a server: the world, its clock, a WinRM server for each appliance, and the control API."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from lab.server import inventory
from lab.server.clock import Clock
from lab.server.control import Control
from lab.server.fleet_routes import FleetRoutes
from lab.server.host_machine import HostMachine
from lab.server.management_service import employ
from lab.server.sessions import attach_jobs
from lab.server.sip import SipResponder
from lab.wire.certificates import CertificateAuthority
from lab.wire.server import Reboot, WireServer
from lab.world.appliance import Appliance
from lab.world.computer import Computer
from lab.world.description import Fleet
from lab.world.fleet import build


@dataclass(frozen=True)
class Options:
    """Where to write what, how fast time goes, and the port of the control API (0: any)."""

    directory: Path
    record: Path
    inventory: Path
    speed: float = 1.0
    control: int = 0


class FleetServer:
    """Serves one fleet, from `start` to `stop`."""

    def __init__(self, fleet: Fleet, options: Options, record: TextIO) -> None:
        self.fleet = fleet
        self.options = options
        self.world = build(fleet, record)
        self.clock = Clock(self.world.env, options.speed)
        self.servers: dict[str, WireServer] = {}
        self._sip: list[SipResponder] = []
        self.control = Control(self.servers)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Makes certificates, writes the files, and begins to answer everywhere."""
        authority = CertificateAuthority(self.options.directory)
        addresses = [one.address for one in self.world.appliances.values()]
        tls = authority.server_context("fleet", addresses, self.world.appliances)
        for appliance in self.world.appliances.values():
            attach_jobs(appliance)
            employ(appliance)
            appliance.computer.wall = lambda: datetime.now(UTC)
            host = HostMachine(appliance, self.clock.catch_up)
            self.servers[appliance.name] = WireServer(host, tls, on_reboot=self._reboot_of(appliance))
            appliance.computer.watchers.append(self._power_changed)
            await self.servers[appliance.name].start()
            self._sip.append(SipResponder(appliance, self.clock.catch_up))
            await self._sip[-1].start()
        self.control.add_routes(FleetRoutes(self.world, self.clock, self.servers).routes())
        await self.control.start(self.options.control)
        inventory.write(self.world, self.fleet, self.options.directory, self.options.inventory, authority.certificate)
        self._in_background(self.clock.run())

    async def stop(self) -> None:
        """Ends everything and completes the record."""
        for task in self._tasks:
            task.cancel()
        await self.control.stop()
        for server in self.servers.values():
            await server.stop()
        for responder in self._sip:
            await responder.stop()
        self.world.record.close()

    def _power_changed(self, computer: Computer) -> None:
        """The wire of a computer goes down and comes up with it."""
        server = self.servers[computer.name]
        if not computer.up:
            self._in_background(server.down())
        elif not self.world.appliances[computer.name].unreachable:
            self._in_background(server.up())

    def _reboot_of(self, appliance: Appliance) -> Reboot:
        """What the wire's fault `reboot` does: the host restarts and is away for so many seconds of the wall clock."""

        async def reboot(seconds: float) -> None:
            appliance.computer.boot_seconds = seconds * self.clock.speed
            appliance.restart()

        return reboot

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
