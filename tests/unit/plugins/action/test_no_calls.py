"""New VMs that read well and carry no call: in each way the fleet ends after the first appliance, by the record.

A disabled firewall rule is a failed check. Everything else reads well, or is for a person to judge: there it is the proof of
calls that stops.
"""

from __future__ import annotations

from typing import Any, get_args

import pytest

from lab.world.obstacles import OBSTACLES, Way
from tests.bench import HOST, NEIGHBOUR, PROVEN
from tests.random_fleet import RandomFleet, Stop

STOPS: dict[Way, str] = {"firewall_mediation": "firewall_rules", "firewall_edge": "firewall_rules"}
"""A disabled rule of the new VMs is a failed check."""

SHOWN: dict[Way, str] = {"tls": "call_events", "certificate": "call_events"}
"""An event that needs no call is shown at once; it may be of one gateway of several, so it stops nothing."""

SILENT: tuple[Way, ...] = ("gateway", "completion", "ringing")
"""Nothing can be read of it before a call has failed."""

QUICK = {"download_seconds": 60.0, "install_hours": 0.1}
COUNTERS = {"way": "counters", "wait": 600, "poll_interval": 20}


def fleet(way: Way | None, *, calls_per_hour: float = 120, **switches: Any) -> RandomFleet:
    """A site with traffic whose calls are proven by counters; the new VMs of both appliances carry none in this way."""
    made = RandomFleet({**QUICK, **switches}, calls_per_hour=calls_per_hour)
    made.proof = COUNTERS
    for host in (HOST, NEIGHBOUR) if way else ():
        made.lab.appliance(host).no_calls["2.1"] = {way}
    return made


def checks(made: RandomFleet) -> dict[str, dict[str, Any]]:
    found = made.on(HOST, "health")
    assert "failed" not in found, found["msg"]
    return {one["id"]: one for one in found["checks"]}


def ends_after_the_first(made: RandomFleet, stop: Stop | None, module: str, failure: str) -> bool:
    """Whether a run stopped there, the neighbour untouched and carrying the calls."""
    assert stop is not None and (stop.host, stop.module, stop.failure) == (HOST, module, failure), stop
    untouched = made.lab.record.cmdlets(NEIGHBOUR, mutating=True) == [] and made.state(NEIGHBOUR) == ("2.0.1", True)
    return untouched and made.lab.record.shortages() == []


def test_every_way_is_tested() -> None:
    assert {*STOPS, *SHOWN, *SILENT} == set(get_args(Way)) == set(OBSTACLES)


@pytest.mark.parametrize("way", STOPS)
def test_a_disabled_firewall_rule_stops_before_any_call_is_waited_for(way: Way) -> None:
    made = fleet(way, calls_per_hour=0, blocking_rule="disabled")
    assert ends_after_the_first(made, made.upgrade(), "health", "firewall-rule")


@pytest.mark.parametrize("way", OBSTACLES)
def test_what_reads_well_and_carries_no_call_is_not_proven(way: Way) -> None:
    """The firewall's rule is one that is not found, which no check stops for. The same command again does no more."""
    made = fleet(way, blocking_rule="missing")
    assert ends_after_the_first(made, made.upgrade(), "call_proof", "calls-not-proven")
    shown = checks(made)
    assert shown["test_calls"]["status"] == "MANUAL"
    assert (shown["call_events"]["status"] == "MANUAL") is (OBSTACLES[way].event is not None)
    assert ends_after_the_first(made, made.upgrade(), "call_proof", "calls-not-proven")


def test_calls_that_ring_are_not_proven_where_the_counters_show_them() -> None:
    """As long as none lasts; with much traffic that nobody can answer they would look like calls (how-it-works.md)."""
    made = fleet("ringing", calls_per_hour=20, counters_show_ringing=True)
    assert ends_after_the_first(made, made.upgrade(), "call_proof", "calls-not-proven")


def test_traffic_that_is_carried_proves_itself() -> None:
    made = fleet(None)
    made.proof = {**COUNTERS, "wait": 3600}
    assert made.upgrade() is None and made.broken() == []
    assert {made.info(host)["proof"]["way"] for host in (HOST, NEIGHBOUR)} == {"counters"}
    assert checks(made)["test_calls"]["status"] == "PASS"


def test_a_proof_that_is_wrong_lets_the_next_appliance_go_and_nothing_else_does() -> None:
    """What the way `command` says is believed; without it the same fleet ends after its first appliance, as above."""
    made = fleet("gateway", calls_per_hour=0)
    made.proof = PROVEN
    assert made.upgrade() is None
    source = made.lab.world.sites["oslo"].sources["inbound"]
    assert {source.offer(5.0).outcome for _ in range(20)} == {"refused"}
