"""Somebody drains a neighbour, or the appliance itself, at its console: seen as far as Windows shows it."""

from __future__ import annotations

from typing import Any

import pytest

from lab.inprocess import guarded
from lab.server.sessions import open_session
from lab.wire.shell import Logon
from lab.world.computer import Program
from tests.bench import HOST, NEIGHBOUR, STAGED, Bench

CALLS = {
    "inbound": {"calls_per_hour": 120, "mean_seconds": 1800},
    "outbound": {"calls_per_hour": 60, "mean_seconds": 1800},
}
AT_2_1 = {"scripts": "2.1", "running": "2.1", "backup": "2.0.1"}


class Busy(Bench):
    """cce-1 before its switch, beside a neighbour at 2.1 with calls."""

    def __init__(self, **switches: Any) -> None:
        self.consent = None
        described = {
            "sites": [
                {
                    "name": "oslo",
                    "peak_calls": 500,
                    "appliances": [{"name": HOST, **STAGED["version"]}, {"name": NEIGHBOUR, **AT_2_1}],
                    "calls": CALLS,
                }
            ],
            "switches": switches,
        }
        super().__init__("version")
        self.lab = type(self.lab).from_description(described)
        self.appliance = self.lab.appliance(HOST)
        self.computer = self.appliance.computer
        self.content = self.lab.ini(HOST)
        self.lab.advance(3600)

    def drain(self, host: str, *, command_line: str = "") -> None:
        """Somebody runs Switch-CcVersion there, in a process that shows this command line, or in an open console."""
        appliance = self.lab.appliance(host)
        step = {"name": "it", "cmdlet": "Switch-CcVersion", "parameters": {}}
        session = open_session(appliance, Logon("CceAdmin", "credssp"))
        appliance.computer.run(guarded(session, {"protocol": 1, "steps": [step], "answers": []}))
        if command_line:
            now = self.lab.world.now()
            appliance.computer.programs.append(Program(4711, "powershell.exe", command_line, now))
        self.lab.advance(60)
        assert self.lab.snapshot(host)["draining"]


def test_a_process_that_names_the_cmdlet_keeps_the_neighbour_from_counting() -> None:
    bench = Busy()
    bench.drain(NEIGHBOUR, command_line="powershell.exe -Command Switch-CcVersion -Password geheim")
    refused = bench.do("version")
    assert refused["failed"] and refused["failure"]["class"] == "capacity" and bench.changes() == []
    assert "console_work: powershell.exe (4711) since" in refused["msg"] and "geheim" not in str(refused)


def test_a_service_that_is_paused_while_it_drains_does_the_same() -> None:
    bench = Busy(drain_shows="paused")
    bench.drain(NEIGHBOUR)
    refused = bench.do("version")
    assert refused["failure"]["class"] == "capacity" and "RTCMEDSRV Paused" in refused["msg"] and bench.changes() == []


def test_what_is_typed_into_an_open_console_may_not_be_seen_as_the_documentation_says() -> None:
    bench = Busy(drain_shows="nothing")
    bench.drain(NEIGHBOUR)
    assert "failed" not in bench.do("version", poll_interval=600, drain_limit=100_000)


@pytest.mark.parametrize("cmdlet", ["Switch-CcVersion", "Enter-CcUpdate", "uninstall-ccappliance"])
def test_nothing_begins_on_an_appliance_on_which_somebody_does_it(cmdlet: str) -> None:
    bench = Bench()
    bench.computer.programs.append(Program(7, "powershell.exe", f"powershell -c {cmdlet}", bench.lab.world.now()))
    refused = bench.do("package")
    assert refused["failure"]["class"] == "work-by-hand" and bench.changes() == []
    assert bench.info()["console_work"][0]["name"] == "powershell.exe"


def test_other_processes_and_our_own_are_no_work_by_hand() -> None:
    bench = Bench()
    now = bench.lab.world.now()
    bench.computer.programs += [Program(7, "powershell.exe", "powershell -c Get-CcVersion", now)]
    assert bench.info()["console_work"] == []
    for module in ("package", "configuration"):
        assert "failed" not in bench.do(module)
