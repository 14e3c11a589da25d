"""The routes of the control API that change hosts and start updates."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from lab.inprocess import Lab
from lab.server.clock import Clock
from lab.server.control import errors_as_json
from lab.server.fleet_routes import FleetRoutes


def post(lab: Lab, path: str, data: Any) -> tuple[int, Any]:
    """Status and JSON of the answer."""

    async def story() -> tuple[int, Any]:
        application = web.Application(middlewares=[errors_as_json])
        application.add_routes(FleetRoutes(lab.world, Clock(lab.world.env, 1), {}).routes())
        async with TestClient(TestServer(application)) as client:
            answer = await client.post(path, json=data)
            return answer.status, await answer.json()

    return asyncio.run(story())


@pytest.fixture
def lab() -> Lab:
    return Lab.from_description({"sites": [{"name": "oslo", "appliances": ["cce-1"]}]})


def test_the_windows_of_a_host_are_changed(lab: Lab) -> None:
    status, answer = post(lab, "/appliances/cce-1/windows", {"trusted_hosts": "", "strong_crypto": False})
    assert (status, answer["windows"]["trusted_hosts"], answer["windows"]["elevated"]) == (200, "", True)
    assert not lab.appliance("cce-1").computer.policy.trusts("10.0.1.13")
    assert not lab.appliance("cce-1").computer.strong_crypto


def test_an_unknown_setting_is_refused(lab: Lab) -> None:
    status, answer = post(lab, "/appliances/cce-1/windows", {"colour": "blue"})
    assert (status, answer["error"]) == (400, "windows: unknown colour")


def test_an_update_begins(lab: Lab) -> None:
    assert post(lab, "/appliances/cce-1/update", {"action": "BitsUpdate"})[0] == 200
    lab.advance(1)
    assert lab.snapshot("cce-1")["updating"] == "BitsUpdate"


def test_only_one_that_is_known(lab: Lab) -> None:
    status, answer = post(lab, "/appliances/cce-1/update", {"action": "Remove"})
    assert status == 400 and answer["error"].startswith("no such action: 'Remove'")


def test_updates_of_windows_wait(lab: Lab) -> None:
    status, answer = post(lab, "/appliances/cce-1/windows_updates", {"host": ["KB1"], "CMS": ["KB2"]})
    running = lab.appliance("cce-1").running_set
    assert (status, answer["cce-1"]) == (200, 1) and running is not None
    assert [machine.role for machine in running if machine.computer.windows_updates] == ["CMS"]


def test_updates_of_a_computer_that_is_not_there(lab: Lab) -> None:
    assert post(lab, "/appliances/cce-1/windows_updates", {"Router": ["KB1"]})[0] == 400
