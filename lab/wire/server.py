"""The WinRM server of one simulated computer: its ports, and going up and down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace

from aiohttp import web

from lab.wire.auth import Authenticator
from lab.wire.certificates import TlsContext
from lab.wire.counters import Counters, Log, discard
from lab.wire.endpoint import Endpoint, Parts
from lab.wire.faults import Rules
from lab.wire.machine import Machine
from lab.wire.sabotage import Saboteur, reset
from lab.wire.service import ShellService

HTTP_PORT = 5985
HTTPS_PORT = 5986

Reboot = Callable[[float], Awaitable[None]]
"""Takes the computer down for so many seconds, and up again."""


class WireServer:
    """WinRM in front of a machine, on its address. All of it runs in one event loop.

    Without `tls` there is no HTTPS. `on_reboot` is what the fault `reboot` does; by default the server alone goes down.
    `faults` are the fault rules that stand.
    """

    def __init__(
        self,
        machine: Machine,
        tls: TlsContext | None,
        log: Log = discard,
        *,
        http_port: int = HTTP_PORT,
        https_port: int = HTTPS_PORT,
        on_reboot: Reboot | None = None,
    ) -> None:
        self.machine = machine
        self.faults = Rules()
        self._tls = tls
        self._ports = (http_port, https_port)
        self._on_reboot = on_reboot or self.reboot
        self._counters = Counters()
        self._authenticator = Authenticator(machine)
        self._service = ShellService(machine)
        self._saboteur = Saboteur(self._begin_refusing, self._begin_reboot)
        self._endpoint = Endpoint(
            Parts(machine, self._authenticator, self._service, self.faults, self._saboteur, self._counters, log)
        )
        self._listeners: list[asyncio.Server] = []
        self._http: web.Server | None = None
        self._powered = False
        self._background: set[asyncio.Task[None]] = set()

    @property
    def counters(self) -> Counters:
        """What went over the wire so far: a copy."""
        return replace(self._counters, commands=self._service.commands_started)

    @property
    def open_shells(self) -> int:
        """Number of shells nobody has deleted."""
        return self._service.open_shells

    @property
    def listening(self) -> bool:
        """Whether clients can connect."""
        return bool(self._listeners)

    async def start(self) -> None:
        """Begin to listen. Raises OSError if a port is taken."""
        await self.up()

    async def stop(self) -> None:
        """Go down for good, and remove what was written to disk."""
        for task in self._background:
            task.cancel()
        await self.down()
        self._authenticator.close()

    async def up(self) -> None:
        """Listen, if it does not; the settings of connections are read now."""
        self._powered = True
        await self._open_ports()

    async def down(self) -> None:
        """Lose power: reset every connection, end every command, forget every shell; refuse connections from now on.

        Not to be awaited inside of `Machine.run`, which it cancels: a command that reboots leaves that to another task.
        """
        self._powered = False
        self._close_ports()
        self.reset_connections()
        await self._service.end_all()

    async def reboot(self, seconds: float) -> None:
        """Be down for so many seconds."""
        await self.down()
        await asyncio.sleep(seconds)
        await self.up()

    def unplug(self) -> None:
        """Cut the network: reset every connection and refuse new ones. Shells and commands stay and run on."""
        self._close_ports()
        self.reset_connections()

    async def plug(self) -> None:
        """Put the network back, unless the computer is down."""
        if self._powered:
            await self._open_ports()

    def reset_connections(self) -> None:
        """End every connection with a TCP reset. Shells and commands stay."""
        self._saboteur.release()
        for connection in self._http.connections if self._http else []:
            reset(connection.transport)

    async def _open_ports(self) -> None:
        if self._listeners:
            return
        idle = self.machine.wire.idle_timeout
        self._http = web.Server(self._endpoint.handle, access_log=None, keepalive_timeout=idle)
        await self._listen(self._ports[0], None)
        if self._tls is not None:
            await self._listen(self._ports[1], self._tls)

    async def _listen(self, port: int, tls: TlsContext | None) -> None:
        assert self._http is not None
        loop = asyncio.get_running_loop()
        self._listeners.append(await loop.create_server(self._http, self.machine.address, port, ssl=tls))

    def _close_ports(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    def _begin_refusing(self, seconds: float) -> None:
        self._in_background(self._refuse(seconds))

    async def _refuse(self, seconds: float) -> None:
        self.unplug()
        await asyncio.sleep(seconds)
        await self.plug()

    def _begin_reboot(self, seconds: float) -> None:
        self._in_background(self._reboot(seconds))

    async def _reboot(self, seconds: float) -> None:
        await self._on_reboot(seconds)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
