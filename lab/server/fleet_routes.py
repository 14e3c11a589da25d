"""What the control API of the lab offers beside the wire: state, record, faults, power, traffic, time. All simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from lab.server.automatic_update import begin as begin_update
from lab.server.clock import Clock
from lab.wire.server import WireServer
from lab.world.appliance import Appliance
from lab.world.building import wait_updates
from lab.world.troubles import begin
from lab.world.world import World

PAGE = 10_000
"""Entries of the record in one answer."""


class FleetRoutes:
    """The routes over one world, its clock and the servers of its appliances."""

    def __init__(self, world: World, clock: Clock, servers: Mapping[str, WireServer]) -> None:
        self._world = world
        self._clock = clock
        self._servers = servers

    def routes(self) -> list[web.RouteDef]:
        """For `Control.add_routes`."""
        return [
            web.get("/state", self._state),
            web.get("/record", self._record),
            web.get("/summary", self._summary),
            web.get("/clock", self._time),
            web.post("/clock", self._set_speed),
            web.post("/appliances/{name}/faults", self._add_fault),
            web.delete("/appliances/{name}/faults", self._clear_faults),
            web.post("/appliances/{name}/repair", self._repair),
            web.post("/appliances/{name}/power", self._power),
            web.post("/appliances/{name}/unreachable", self._unreachable),
            web.post("/appliances/{name}/windows", self._windows),
            web.post("/appliances/{name}/windows_updates", self._windows_updates),
            web.post("/appliances/{name}/update", self._update),
            web.post("/sites/{name}/calls", self._calls),
            web.post("/tenant", self._tenant),
        ]

    async def _state(self, _: web.Request) -> web.Response:
        appliances = {name: one.state() for name, one in self._world.appliances.items()}
        return self._answer({"appliances": appliances, "failures_of_the_lab": self._clock.failures})

    async def _record(self, request: web.Request) -> web.Response:
        """`kind`: cmdlet, call, shortage, outage or event; `since`: a position, `next` of an answer before."""
        since = int(request.query.get("since", 0))
        entries = self._world.record.since(since, request.query.get("kind"), PAGE)
        full = len(entries) == PAGE
        following = entries[-1]["position"] + 1 if full else len(self._world.record.entries)
        return self._answer({"entries": entries, "next": following, "more": full})

    async def _summary(self, _: web.Request) -> web.Response:
        return self._answer({"sites": {name: self._world.record.summary(name) for name in self._world.sites}})

    async def _time(self, _: web.Request) -> web.Response:
        behind = max(0.0, self._clock.goal - self._world.env.now)
        return self._answer({"speed": self._clock.speed, "behind_seconds": behind})

    async def _set_speed(self, request: web.Request) -> web.Response:
        self._clock.speed = float((await _body(request, "speed"))["speed"])
        return await self._time(request)

    async def _add_fault(self, request: web.Request) -> web.Response:
        """A fault as `lab.world.faults.Fault` has it, or a documented trouble: `{"trouble": "T4"}`."""
        begin(self._appliance(request), **await _body(request))
        return self._answer({"waiting": len(self._appliance(request).faults.waiting)})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._appliance(request).faults.clear()
        return self._answer({"waiting": 0})

    async def _repair(self, request: web.Request) -> web.Response:
        self._appliance(request).repair()
        return self._answer(self._appliance(request).state())

    async def _power(self, request: web.Request) -> web.Response:
        """`{"power": "down" | "up" | "reboot"}`."""
        appliance, wanted = self._appliance(request), (await _body(request, "power"))["power"]
        actions = {"down": appliance.computer.power_off, "up": appliance.computer.power_on, "reboot": appliance.restart}
        if wanted not in actions:
            raise ValueError(f"power is one of {', '.join(actions)}")
        actions[wanted]()
        return self._answer(appliance.state())

    async def _unreachable(self, request: web.Request) -> web.Response:
        """`{"unreachable": true}`: the wire is dead, calls and running commands go on."""
        appliance, server = self._appliance(request), self._servers[request.match_info["name"]]
        appliance.unreachable = bool((await _body(request, "unreachable"))["unreachable"])
        if appliance.unreachable:
            server.unplug()
        else:
            await server.plug()
        return self._answer(appliance.state())

    async def _windows(self, request: web.Request) -> web.Response:
        """`{"trusted_hosts": "", "elevated": false}`: fields of `lab.world.policy.HostPolicy`."""
        computer = self._appliance(request).computer
        computer.set_policy(**await _body(request))
        return self._answer({"windows": vars(computer.policy)})

    async def _windows_updates(self, request: web.Request) -> web.Response:
        """`{"host": ["KB5000001"], "Mediation": [{"kb": "KB5000002"}]}`: what waits from now on, as a description says it."""
        appliance = self._appliance(request)
        wait_updates(appliance, await _body(request))
        computers = (appliance.computer, *(machine.computer for machine in appliance.running_set or ()))
        return self._answer({one.name: one.windows_updates for one in computers})

    async def _update(self, request: web.Request) -> web.Response:
        """`{"action": "BitsUpdate"}`: the automatic update begins now, whatever its windows say."""
        appliance = self._appliance(request)
        begin_update(appliance, str((await _body(request, "action"))["action"]))
        return self._answer(appliance.state())

    async def _calls(self, request: web.Request) -> web.Response:
        """`{"inbound": {"calls_per_hour": 10, …}, "outbound": …}`: fields of `lab.world.calls.Load`."""
        site = _known(self._world.sites, request)
        for direction, changes in (await _body(request)).items():
            source = {str(one.direction): one for one in site.sources.values()}.get(direction)
            if source is None:
                raise ValueError(f"no direction {direction!r}")
            source.change(**changes)
        return self._answer({"loads": {name: vars(source.load) for name, source in site.sources.items()}})

    async def _tenant(self, request: web.Request) -> web.Response:
        """`{"reachable": false}`, `{"password": "…"}`, `{"wants_second_factor": true}`."""
        for name, value in (await _body(request)).items():
            if name not in ("reachable", "password", "wants_second_factor"):
                raise ValueError(f"cannot change {name!r}")
            setattr(self._world.tenant, name, value)
        return self._answer({"reachable": self._world.tenant.reachable})

    def _appliance(self, request: web.Request) -> Appliance:
        appliance: Appliance = _known(self._world.appliances, request)
        return appliance

    def _answer(self, data: Mapping[str, Any]) -> web.Response:
        return web.json_response({"simulated": True, "time": self._world.now().isoformat(), **data})


def _known(table: Mapping[str, Any], request: web.Request) -> Any:
    name = request.match_info["name"]
    if name not in table:
        raise web.HTTPNotFound(text=f"no {name!r}; there are {', '.join(table)}")
    return table[name]


async def _body(request: web.Request, *needed: str) -> dict[str, Any]:
    """The JSON object of a request. Raises ValueError."""
    body = await request.json()
    if not isinstance(body, dict) or not set(needed) <= set(body):
        raise ValueError(f"a JSON object with {', '.join(needed) or 'what to change'}")
    return body
