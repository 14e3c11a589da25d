"""Whether gateway and tenant try another appliance after a refusal is theirs: the same upgrade with both, and without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.harness import Run, Stage, fleet

APPLIANCES = ("north-1", "north-2")
LOAD = {"calls_per_hour": 300, "emergency_share": 0.2}


@dataclass
class Upgrade:
    """One upgrade, and the calls that its record has."""

    retries: bool
    run: Run
    stage: Stage
    calls: list[dict[str, Any]]

    def outcome(self, outcome: str) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["outcome"] == outcome]


@pytest.fixture(scope="module", params=[True, False], ids=["retried", "not_retried"])
def upgrade(request: pytest.FixtureRequest, open_stage: Callable[..., Stage]) -> Upgrade:
    retries: bool = request.param
    # A switch takes long enough for calls to meet it.
    switches = {"gateway_retry": retries, "tenant_retry": retries, "switch_duration": 600.0}
    described = fleet(2, switches=switches)
    described["sites"][0]["calls"] = {"inbound": dict(LOAD), "outbound": dict(LOAD)}
    stage = open_stage(described, speed=2000)
    run = stage.play()
    return Upgrade(retries, run, stage, stage.lab.entries("call"))


def test_the_fleet_is_upgraded_and_no_call_is_cut(upgrade: Upgrade) -> None:
    assert upgrade.run.code == 0, upgrade.run.output
    assert [upgrade.stage.state(name)["running"] for name in APPLIANCES] == ["2.1", "2.1"]
    assert upgrade.outcome("completed") and upgrade.outcome("cut") == []


def test_calls_are_refused_only_where_nobody_tries_another_appliance(upgrade: Upgrade) -> None:
    assert bool(upgrade.outcome("rerouted")) is upgrade.retries
    assert bool(upgrade.outcome("refused")) is not upgrade.retries


def test_each_refused_call_asked_an_appliance_that_was_out_just_then(upgrade: Upgrade) -> None:
    outages = upgrade.stage.lab.entries("outage")
    assert {outage["appliance"] for outage in outages} == set(APPLIANCES)
    for call in upgrade.outcome("refused"):
        (asked,) = call["tried"]
        assert any(out["appliance"] == asked and out["time"] <= call["time"] <= out["end"] for out in outages), call


def test_both_directions_are_met(upgrade: Upgrade) -> None:
    met = {call["direction"] for call in upgrade.outcome("rerouted") + upgrade.outcome("refused")}
    assert met == {"inbound", "outbound"}
