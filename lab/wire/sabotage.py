"""Carrying out a fault rule: breaking a connection, or giving another answer than the service's."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from aiohttp import web

from lab.wire import wsman, wsman_faults
from lab.wire.faults import CUTS, HTTP_STATUS, Rule
from lab.wire.machine import WireSettings

_HTML = "<html><body>simulated: this is not WS-Management</body></html>"
_NO_LINGER = struct.pack("ii", 1, 0)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """End the connection with a TCP reset."""
    if not isinstance(transport, asyncio.Transport):
        return
    connection = transport.get_extra_info("socket")  # None when the end has begun already.
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def soap_answer(rule: Rule, request: wsman.Request, settings: WireSettings) -> bytes | None:
    """The answer a rule gives in place of the service's; raises `Fault` for a fault; None if the rule gives none."""
    if rule.action == "lost_input":
        return wsman.sent(request)
    if rule.action == "noshell":
        raise wsman_faults.no_shell(request.shell_id)
    made: dict[str, Callable[[], wsman_faults.Fault]] = {
        "timeout": wsman_faults.timed_out,
        "nocommand": wsman_faults.no_command,
        "quota_shells": lambda: wsman_faults.too_many_shells(settings.max_shells),
        "quota_ops": lambda: wsman_faults.too_many_operations(settings.max_operations),
        "busy": wsman_faults.busy,
    }
    if rule.action in made:
        raise made[rule.action]()
    return None


class Saboteur:
    """Breaks connections. `refuse` and `reboot` are what the owner does to the whole computer, for so many seconds."""

    def __init__(self, refuse: Callable[[float], None], reboot: Callable[[float], None]) -> None:
        self._refuse = refuse
        self._reboot = reboot
        self._released = asyncio.Event()

    def release(self) -> None:
        """Let everything go on that hangs or is slow."""
        self._released.set()
        self._released = asyncio.Event()

    async def apply(self, rule: Rule, request: web.BaseRequest) -> web.Response | None:
        """Carry out the part of the rule that is below WS-Management.

        Returns the answer to give instead, or None to go on. Does not return when the connection is cut.
        """
        if rule.action in HTTP_STATUS:
            return web.Response(status=HTTP_STATUS[rule.action], text=_HTML, content_type="text/html")
        if rule.action in ("slow", "hang"):
            await self._pause(rule.seconds)
        if rule.action == "truncate":
            await _begin_answer(request)
        if rule.action == "refuse":
            self._refuse(rule.seconds)
        if rule.action == "reboot":
            self._reboot(rule.seconds)
        if rule.action in CUTS:
            _cut(request, gently=rule.action in ("fin", "truncate"))
        return None

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._released.wait()


async def _begin_answer(request: web.BaseRequest) -> None:
    response = web.StreamResponse(headers={"Content-Type": wsman.CONTENT_TYPE, "Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b"<s:Envelope ")


def _cut(request: web.BaseRequest, gently: bool) -> NoReturn:
    """End the connection, and the handler of the request with it: with FIN gently, otherwise with RST."""
    if not gently:
        reset(request.transport)
    elif request.transport is not None:
        request.transport.close()
    raise asyncio.CancelledError
