"""New VMs that read well and carry no call: what stops the next appliance, what is shown to a person, and what is not caught.

Nothing but a call proves calls. Until a run makes or is told of one (issue 9), the last group below goes through: these tests say
so and have to change with it.
"""

from __future__ import annotations

from typing import Any, get_args

import pytest

from lab.world.obstacles import OBSTACLES, Way
from tests.bench import HOST, NEIGHBOUR
from tests.random_fleet import RandomFleet

STOPS: dict[Way, str] = {"firewall_mediation": "firewall_rules", "firewall_edge": "firewall_rules"}
"""A disabled rule of the new VMs is a failed check."""

SHOWN: dict[Way, str] = {"tls": "call_events", "certificate": "call_events"}
"""An event that needs no call is shown at once; it may be of one gateway of several, so it stops nothing."""

SILENT: tuple[Way, ...] = ("gateway", "completion")
"""Nothing can be read of it before a call has failed."""

QUICK = {"download_seconds": 60.0, "install_hours": 0.1}


def fleet(way: Way, **switches: Any) -> RandomFleet:
    """A quiet site in which the new VMs of `cce-1` carry no call in this way."""
    made = RandomFleet({**QUICK, **switches}, calls_per_hour=0)
    made.lab.appliance(HOST).no_calls["2.1"] = {way}
    return made


def checks(made: RandomFleet) -> dict[str, dict[str, Any]]:
    found = made.on(HOST, "health")
    assert "failed" not in found, found["msg"]
    return {one["id"]: one for one in found["checks"]}


def calls_work(made: RandomFleet) -> bool:
    """Whether `cce-1` takes any of many calls."""
    source = made.lab.world.sites["oslo"].sources["inbound"]
    return HOST in {call.appliance for call in (source.offer(5.0) for _ in range(20)) if call.outcome != "cut"}


def test_every_way_is_tested() -> None:
    assert {*STOPS, *SHOWN, *SILENT} == set(get_args(Way)) == set(OBSTACLES)


@pytest.mark.parametrize("way", STOPS)
def test_a_disabled_firewall_rule_stops_the_next_appliance(way: Way) -> None:
    made = fleet(way, blocking_rule="disabled")
    stop = made.upgrade()
    assert stop is not None and (stop.host, stop.module, stop.failure) == (HOST, "health", "firewall-rule")
    assert made.lab.record.cmdlets(NEIGHBOUR, mutating=True) == [] and made.lab.record.shortages() == []
    assert made.state(NEIGHBOUR) == ("2.0.1", True)


@pytest.mark.parametrize("way", STOPS)
def test_a_firewall_rule_that_is_not_found_is_shown_and_stops_nothing(way: Way) -> None:
    """It may have another name on this release."""
    made = fleet(way, blocking_rule="missing")
    assert made.upgrade([HOST]) is None and not calls_work(made)
    assert checks(made)["firewall_rules"]["status"] == "MANUAL"


@pytest.mark.parametrize(("way", "check"), SHOWN.items())
def test_an_event_of_failed_calls_is_shown_and_stops_nothing(way: Way, check: str) -> None:
    made = fleet(way)
    assert made.upgrade([HOST]) is None and not calls_work(made)
    found = checks(made)[check]
    assert found["status"] == "MANUAL" and str(OBSTACLES[way].event) in found["evidence"] and found["remedy"]


@pytest.mark.parametrize("way", SILENT)
def test_what_reads_perfectly_well_is_not_caught_before_a_call_fails(way: Way) -> None:
    made = fleet(way)
    assert made.upgrade([HOST]) is None
    before = checks(made)
    assert before["call_events"]["status"] == "PASS" and before["test_calls"]["status"] == "MANUAL"
    assert not calls_work(made)
    assert checks(made)["call_events"]["status"] == "MANUAL"


def test_and_so_the_next_appliance_is_upgraded_too() -> None:
    """What the proof of calls is for: nothing that can be read holds the run, and in the end no appliance carries a call."""
    made = fleet("gateway")
    made.lab.appliance(NEIGHBOUR).no_calls["2.1"] = {"gateway"}
    assert made.upgrade() is None
    source = made.lab.world.sites["oslo"].sources["inbound"]
    assert {source.offer(5.0).outcome for _ in range(20)} == {"refused"}
