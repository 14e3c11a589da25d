from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from lab.server.control import Control
from lab.wire.machine import WireSettings
from lab.wire.server import WireServer
from lab.wire.shell import Process

RULE = {"op": "Send", "action": "rst"}
JSON = {"Content-Type": "application/json"}


@dataclass
class Computer:
    name: str
    address: str = "127.77.1.5"
    accounts: Mapping[str, str] = field(default_factory=dict)
    wire: WireSettings = field(default_factory=WireSettings)

    async def run(self, process: Process) -> int:
        raise NotImplementedError


async def _broken(request: web.Request) -> web.Response:
    raise ValueError(f"no such {request.match_info['thing']}")


def ask(*requests: tuple[str, str, Any]) -> list[tuple[int, Any]]:
    """Status and JSON of each answer, given one after the other by one API over two machines."""

    async def story() -> list[tuple[int, Any]]:
        control = Control({name: WireServer(Computer(name), None) for name in ("host-1", "host-2")})
        control.add_routes([web.get("/world/{thing}", _broken)])
        async with TestClient(TestServer(control.application())) as client:
            answers = [await client.request(method, path, json=data, headers=JSON) for method, path, data in requests]
            return [(answer.status, await answer.json()) for answer in answers]

    return asyncio.run(story())


def test_it_says_that_it_is_simulated() -> None:
    ((status, about),) = ask(("GET", "/", None))
    assert status == 200 and about["simulated"] is True
    assert about["machines"] == ["host-1", "host-2"]
    assert "POST /machines/{name}/faults" in about["routes"]


@pytest.mark.parametrize("data", [RULE, [RULE]])
def test_faults_are_set_listed_and_removed(data: Any) -> None:
    path = "/machines/host-1/faults"
    added, other, removed, left = ask(
        ("POST", path, data), ("GET", "/machines/host-2/faults", None), ("DELETE", path, None), ("GET", path, None)
    )
    assert added == (201, [{"op": "Send", "action": "rst", "times": 1, "skip": 0, "after": False, "seconds": 0.0}])
    assert other == (200, [])
    assert (removed, left) == ((200, []), (200, []))


@pytest.mark.parametrize("data", [{"op": "Send"}, [RULE, {"op": "Fetch", "action": "rst"}], "rst", None])
def test_a_rule_that_cannot_be_meant_sets_nothing(data: Any) -> None:
    path = "/machines/host-1/faults"
    (status, answer), standing = ask(("POST", path, data), ("GET", path, None))
    assert status == 400 and answer["error"]
    assert standing == (200, [])


def test_an_unknown_machine() -> None:
    ((status, answer),) = ask(("POST", "/machines/host-9/connections/reset", None))
    assert (status, answer["error"]) == (404, "no machine 'host-9' among the 2 of this lab")


def test_connections_are_reset() -> None:
    assert ask(("POST", "/machines/host-1/connections/reset", None)) == [(200, {})]


def test_counters() -> None:
    ((status, wire),) = ask(("GET", "/wire", None))
    zero = dict.fromkeys(wire["total"], 0)
    assert status == 200 and {"requests", "bytes_in", "bytes_out", "commands", "auth_failures"} <= set(zero)
    assert wire["machines"] == {"host-1": zero, "host-2": zero}


def test_the_routes_of_others() -> None:
    assert ask(("GET", "/world/clock", None)) == [(400, {"error": "no such clock"})]


def try_with(method: str, headers: Mapping[str, str]) -> tuple[int, int]:
    """The status of a request with these headers, made while a fault stands, and how many faults stand afterwards."""

    async def story() -> tuple[int, int]:
        server = WireServer(Computer("host-1"), None)
        async with TestClient(TestServer(Control({"host-1": server}).application())) as client:
            await client.post("/machines/host-1/faults", json=RULE)
            answer = await client.request(method, "/machines/host-1/faults", data=json.dumps(RULE), headers=headers)
            return answer.status, len(server.faults.listed())

    return asyncio.run(story())


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_web_page_can_send_is_refused_before_it_acts(method: str, kind: str) -> None:
    assert try_with(method, {"Content-Type": kind}) == (415, 1)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost:a", "x@localhost"]
)
def test_another_host_is_refused_before_it_acts(method: str, host: str) -> None:
    assert try_with(method, {**JSON, "Host": host}) == (403, 1)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1", "127.0.0.1:8765"])
def test_own_names_are_taken(host: str) -> None:
    assert try_with("POST", {"Content-Type": "application/json; charset=utf-8", "Host": host}) == (201, 2)
