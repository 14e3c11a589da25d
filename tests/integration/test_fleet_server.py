"""The simulated fleet as a server, against unmodified pywinrm and the control API."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from requests.exceptions import ConnectionError as ConnectionFailed
from winrm.protocol import Protocol

from lab.server.fleet_server import FleetServer, Options
from lab.world.description import describe

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
FLEET = {
    "sites": [
        {
            "name": "oslo",
            "peak_calls": 500,
            "appliances": [{"name": f"cce-{n}", "address": f"127.78.{WORKER}.{n}"} for n in (1, 2)],
            "calls": {direction: {"calls_per_hour": 0} for direction in ("inbound", "outbound")},
        }
    ],
    "switches": {"boot_seconds": 20, "services_seconds": 1, "install_hours": 100},
}
BOOTSTRAP = (
    "$doc = ConvertFrom-Json ([string]::Join('', @($input))); & ([ScriptBlock]::Create($doc.bridge)) $doc.request"
)
SPEED = 100.0


def step(cmdlet: str, **parameters: Any) -> dict[str, Any]:
    return {"name": "it", "cmdlet": cmdlet, "parameters": parameters}


@dataclass
class Fleet:
    """A running fleet, in an event loop of its own thread, since the clients block."""

    server: FleetServer
    loop: asyncio.AbstractEventLoop
    directory: Path
    port: int

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def api(self, method: str, path: str, data: Any = None) -> Any:
        kind = {"Content-Type": "application/json"}
        answer = requests.request(method, f"http://127.0.0.1:{self.port}{path}", json=data, headers=kind, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def open(self, number: int = 1, transport: Any = "credssp") -> Protocol:
        return Protocol(
            f"https://127.78.{WORKER}.{number}:5986/wsman",
            transport=transport,
            username="CceAdmin",
            password="Lab-Passw0rd!",
            ca_trust_path=str(self.directory / "ca.pem"),
            operation_timeout_sec=2,
            read_timeout_sec=5,
            proxy=None,
        )

    def begin(self, protocol: Protocol, *steps: dict[str, Any], script: str = BOOTSTRAP) -> tuple[str, str]:
        encoded = base64.b64encode(script.encode("utf-16-le")).decode()
        shell = protocol.open_shell()
        command = protocol.run_command(shell, "PowerShell", ["-NoProfile", "-EncodedCommand", encoded])
        document = {"bridge": "", "request": {"protocol": 1, "steps": list(steps), "answers": []}}
        protocol.send_command_input(shell, command, json.dumps(document).encode(), end=True)
        return shell, command

    def run(self, *steps: dict[str, Any], script: str = BOOTSTRAP, **where: Any) -> tuple[str, str, int]:
        protocol = self.open(**where)
        shell, command = self.begin(protocol, *steps, script=script)
        out, err, code = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
        protocol.close_shell(shell)
        return out.decode(), err.decode(), code

    def answer(self, *steps: dict[str, Any], **where: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*steps, **where)[0].partition("#cc-bridge# ")[2])
        return found["results"][-1]  # type: ignore[no-any-return]

    def until(self, path: tuple[str, ...], value: Any) -> None:
        async def wait() -> None:
            while self._read(path) != value:
                await asyncio.sleep(0.01)

        self.do(wait())

    def _read(self, path: tuple[str, ...]) -> Any:
        found: Any = self.server.world.appliances["cce-1"].state()
        for name in path:
            found = found[name]
        return found


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("fleet")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    options = Options(directory, directory / "record.jsonl", directory / "inventory.yml", SPEED, port)
    with options.record.open("w") as record:
        running = Fleet(FleetServer(describe(FLEET), options, record), loop, directory, port)
        running.do(running.server.start())
        yield running
        assert running.server.clock.failures == []
        running.do(running.server.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_credssp_reads_the_cache_and_ntlm_does_not(fleet: Fleet) -> None:
    assert fleet.answer(step("Get-CcCredential"))["output"] == ["********"]
    assert fleet.answer(step("Get-CcCredential"), transport="ntlm")["errors"][0]["message"].endswith("specified state.")


def test_anything_but_the_bridge_is_said_not_to_be_simulated(fleet: Fleet) -> None:
    _, error, code = fleet.run(script="Get-Process")
    assert code == 1
    assert "does not simulate" in error


def test_a_request_that_is_none_is_said_to_be_wrong(fleet: Fleet) -> None:
    _, error, code = fleet.run({"name": "no cmdlet"})
    assert code == 1
    assert "not a request of the bridge" in error


def test_an_attached_cmdlet_answers_when_it_ends(fleet: Fleet) -> None:
    assert fleet.answer(step("Start-Sleep", Seconds=100))["seconds"] == 100


def test_a_terminated_command_ends_the_cmdlet(fleet: Fleet) -> None:
    protocol = fleet.open()
    shell, command = fleet.begin(protocol, step("Start-Sleep", Seconds=1_000_000))
    protocol.cleanup_command(shell, command)

    async def killed() -> None:
        while fleet.server.world.record.cmdlets(name="Start-Sleep")[-1].outcome != "killed":
            await asyncio.sleep(0.01)

    fleet.do(killed())


def test_a_vanished_client_does_not(fleet: Fleet) -> None:
    protocol = fleet.open()
    fleet.begin(protocol, step("Start-Sleep", Seconds=200), step("Enter-CcUpdate"))
    protocol.transport.close_session()
    fleet.until(("maintenance",), True)
    fleet.answer(step("Exit-CcUpdate"))
    fleet.until(("in_service",), True)


def test_power_takes_the_wire_with_it_and_brings_it_back(fleet: Fleet) -> None:
    fleet.api("POST", "/appliances/cce-1/power", {"power": "reboot"})
    with pytest.raises(ConnectionFailed):
        fleet.open().open_shell()
    fleet.until(("in_service",), True)
    assert fleet.answer(step("Get-CcVersion"))["output"] == ["2.0.1"]


def test_unreachable_is_the_wire_only(fleet: Fleet) -> None:
    state = fleet.api("POST", "/appliances/cce-1/unreachable", {"unreachable": True})
    assert state["in_service"]
    with pytest.raises(ConnectionFailed):
        fleet.open().open_shell()
    fleet.api("POST", "/appliances/cce-1/unreachable", {"unreachable": False})
    assert fleet.answer(step("Get-CcVersion"))["output"] == ["2.0.1"]


def test_faults_come_and_go_by_the_control_api(fleet: Fleet) -> None:
    fleet.api("POST", "/appliances/cce-2/faults", {"cmdlet": "Get-CcVersion", "text": "Boom."})
    assert fleet.answer(step("Get-CcVersion"), number=2)["errors"][0]["message"] == "Boom."
    fleet.api("POST", "/appliances/cce-2/faults", {"trouble": "T4"})
    assert fleet.api("DELETE", "/appliances/cce-2/faults")["waiting"] == 0


def test_a_bad_fault_is_refused(fleet: Fleet) -> None:
    answer = requests.post(f"http://127.0.0.1:{fleet.port}/appliances/cce-2/faults", json={"no": 1}, timeout=5)
    assert answer.status_code == 400
    assert "not a fault" in answer.json()["error"]


def test_calls_are_offered_at_the_rate_that_is_set(fleet: Fleet) -> None:
    before = fleet.api("GET", "/record?kind=call")["next"]
    there = len(fleet.server.world.record.calls())
    fleet.api("POST", "/sites/oslo/calls", {"inbound": {"calls_per_hour": 36_000}})

    async def some() -> None:
        while len(fleet.server.world.record.calls()) < there + 5:
            await asyncio.sleep(0.01)

    fleet.do(some())
    fleet.api("POST", "/sites/oslo/calls", {"inbound": {"calls_per_hour": 0}})
    assert len(fleet.api("GET", f"/record?kind=call&since={before}")["entries"]) >= 5
    assert sum(fleet.api("GET", "/summary")["sites"]["oslo"]["calls"].values()) >= 5


def test_the_inventory_names_every_appliance_with_its_ini(fleet: Fleet) -> None:
    inventory = yaml.safe_load((fleet.directory / "inventory.yml").read_text())
    hosts = inventory["cloud_connector"]["children"]["oslo"]["hosts"]
    assert {name: host["ansible_host"][-2:] for name, host in hosts.items()} == {"cce-1": ".1", "cce-2": ".2"}
    assert "State=" in (fleet.directory / "ini" / "cce-1.ini").read_text()
