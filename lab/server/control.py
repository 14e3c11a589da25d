"""The lab's control API: HTTP with JSON on 127.0.0.1, for tests and for people. Everything behind it is simulated.

This module owns the wire: faults, connections, counters. Who owns something else adds routes for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web

from lab.wire import faults
from lab.wire.server import WireServer

ADDRESS = "127.0.0.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The control API over these servers, by the name of their machine; the mapping may change while it runs."""

    def __init__(self, servers: Mapping[str, WireServer]) -> None:
        self._servers = servers
        self._runner: web.AppRunner | None = None
        self._routes: list[web.RouteDef] = [
            web.get("/", self._about),
            web.get("/wire", self._wire),
            web.get("/machines/{name}/faults", self._faults),
            web.post("/machines/{name}/faults", self._add_faults),
            web.delete("/machines/{name}/faults", self._clear_faults),
            web.post("/machines/{name}/connections/reset", self._reset_connections),
        ]

    def add_routes(self, routes: Iterable[web.RouteDef]) -> None:
        """Offer more routes; before `start`. A handler may raise `ValueError`, which is answered with 400."""
        self._routes.extend(routes)

    def application(self) -> web.Application:
        """The API as an aiohttp application."""
        application = web.Application(middlewares=[only_own_clients, errors_as_json])
        application.add_routes(self._routes)
        return application

    async def start(self, port: int) -> None:
        """Serve on 127.0.0.1. Raises OSError if the port is taken."""
        self._runner = web.AppRunner(self.application(), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, ADDRESS, port).start()

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _about(self, request: web.Request) -> web.Response:
        routes = sorted(f"{route.method} {route.path}" for route in self._routes)
        what = "simulated fleet of Cloud Connector appliances"
        return web.json_response({"simulated": True, "what": what, "machines": list(self._servers), "routes": routes})

    async def _wire(self, request: web.Request) -> web.Response:
        machines = {name: _numbers(server) for name, server in self._servers.items()}
        total = {key: sum(numbers[key] for numbers in machines.values()) for key in next(iter(machines.values()), {})}
        return web.json_response({"simulated": True, "total": total, "machines": machines})

    async def _faults(self, request: web.Request) -> web.Response:
        return web.json_response(self._server(request).faults.listed())

    async def _add_faults(self, request: web.Request) -> web.Response:
        server = self._server(request)
        server.faults.add(faults.parse(await request.json()))
        return web.json_response(server.faults.listed(), status=201)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._server(request).faults.clear()
        return web.json_response([])

    async def _reset_connections(self, request: web.Request) -> web.Response:
        self._server(request).reset_connections()
        return web.json_response({})

    def _server(self, request: web.Request) -> WireServer:
        name = request.match_info["name"]
        if name not in self._servers:
            reason = json.dumps({"error": f"no machine {name!r} among the {len(self._servers)} of this lab"})
            raise web.HTTPNotFound(text=reason, content_type="application/json")
        return self._servers[name]


def _numbers(server: WireServer) -> dict[str, Any]:
    return {**asdict(server.counters), "open_shells": server.open_shells}


OWN_NAMES = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)


@web.middleware
async def only_own_clients(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what a web page may send from the browser of this computer: another Host (DNS rebinding, 403), and a change
    that is not JSON, which no page may send elsewhere unasked (415).
    """
    if not OWN_NAMES.fullmatch(request.host):
        return web.json_response({"error": "the Host of a request is 127.0.0.1 or localhost"}, status=403)
    if request.method not in ("GET", "HEAD") and request.content_type != "application/json":
        return web.json_response({"error": "the Content-Type of a change is application/json"}, status=415)
    return await handler(request)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer data that a handler refuses (`ValueError`) with a JSON object that says why."""
    try:
        return await handler(request)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
