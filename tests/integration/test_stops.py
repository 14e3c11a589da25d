"""What stops a fleet: a site that is not well, and a switch that died half-way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.harness import Run, Stage, fleet


@dataclass
class Story:
    """The upgrade of two sites during which a neighbour dies, and what `validate` says afterwards."""

    stage: Stage
    upgrade: Run
    validate: Run


@pytest.fixture(scope="module")
def sick_site(open_stage: Callable[..., Stage]) -> Story:
    stage = open_stage(fleet(2, 1, switches={"switch_duration": 3600}))
    stage.variables["cloud_connector_validation_wait"] = 0
    with stage.playing() as running:
        running.until_running("north-2", "Switch-CcVersion")
        stage.lab.post("/appliances/north-1/power", {"power": "down"})
        upgrade = running.ended()
    return Story(stage, upgrade, stage.play(playbook="validate.yml"))


def test_a_site_that_is_not_well_stops_the_fleet_before_the_next(sick_site: Story) -> None:
    assert sick_site.upgrade.code != 0
    assert sick_site.stage.state("north-2")["running"] == "2.1"
    assert not sick_site.stage.cmdlets(appliance="south-1", mutating=True)


def test_it_says_which_appliance_is_not_well(sick_site: Story) -> None:
    assert sick_site.upgrade.says("Site north is not well. north-1 cannot be reached")


def test_validate_says_the_same_and_does_not_hide_the_other_site(sick_site: Story) -> None:
    assert sick_site.validate.code != 0
    assert sick_site.validate.says("Site north is not well") and sick_site.validate.says("Site south is well")


def test_validate_says_what_microsofts_own_update_would_do(sick_site: Story) -> None:
    assert sick_site.validate.says("Microsoft's own update would not run within a day on south-1: .*EnableAutoUpdate")


@dataclass
class HalfDead:
    """The services of the new Edge do not start at the switch; then the same command again."""

    stage: Stage
    first: Run
    again: Run
    touched: int
    """Mutating cmdlets of the second run."""


@pytest.fixture(scope="module")
def half_dead(open_stage: Callable[..., Stage]) -> HalfDead:
    stage = open_stage(fleet(2))
    stage.variables["cloud_connector_health_wait"] = 1
    stage.fault("north-1", trouble="T4")
    first = stage.play()
    before = len(stage.cmdlets())
    again = stage.play()
    return HalfDead(stage, first, again, len(stage.mutating(since=before)))


def test_a_switch_that_died_half_way_fails_with_the_evidence(half_dead: HalfDead) -> None:
    assert half_dead.first.code != 0
    assert half_dead.stage.state("north-1")["running"] == "2.1"
    assert half_dead.first.says("RTCMRAUTH"), half_dead.first.output


def test_the_rerun_is_stopped_by_it_and_touches_nothing(half_dead: HalfDead) -> None:
    assert (half_dead.again.code != 0, half_dead.touched) == (True, 0)
    assert half_dead.again.says("north-1 runs 2.1, but is not well: edge_services"), half_dead.again.output


def test_its_neighbour_still_carries_the_calls(half_dead: HalfDead) -> None:
    assert half_dead.stage.state("north-2")["in_service"]
    assert half_dead.first.says("north-2 carries the calls")


@dataclass
class Unproven:
    """New VMs that read well and carry no call, then a repair; the same command in between and after, and `validate`."""

    stage: Stage
    first: Run
    validate: Run
    again: Run
    first_cmdlets: int


@pytest.fixture(scope="module")
def unproven(open_stage: Callable[..., Stage]) -> Unproven:
    stage = open_stage(fleet(1, 1))
    stage.lab.post("/appliances/north-1/faults", {"no_calls": "gateway", "version": "2.1"})
    stage.variables["cloud_connector_call_proof"] = {"way": "counters", "call_seconds": 1}
    stage.variables |= {"cloud_connector_proof_wait": 5, "cloud_connector_validation_wait": 0}
    first = stage.play()
    validate, count = stage.play(playbook="validate.yml"), len(stage.cmdlets())
    stage.lab.post("/appliances/north-1/repair")
    stage.variables["cloud_connector_proof_wait"] = 120
    return Unproven(stage, first, validate, stage.play(), count)


def test_without_a_proof_of_calls_the_next_site_is_not_begun(unproven: Unproven) -> None:
    assert unproven.first.code == 2
    assert unproven.first.says("It is not proven that north-1 carries calls at 2.1: inbound no call; outbound no call")
    assert unproven.first.says("25064") and unproven.first.says("cloud_connector_signoffs")
    before = unproven.stage.cmdlets()[: unproven.first_cmdlets]
    assert [run for run in before if run["appliance"] == "south-1" and run["mutating"]] == []


def test_a_site_whose_calls_are_not_proven_is_not_valid(unproven: Unproven) -> None:
    assert unproven.validate.code != 0 and unproven.validate.says("no call was proven at 2.1")
    assert unproven.validate.says("Site south is well")


def test_the_same_command_proves_it_and_goes_on(unproven: Unproven) -> None:
    assert unproven.again.code == 0, unproven.again.output
    assert unproven.again.says("goes on with call_proof \\(at 2.1 and healthy, but no call was proven\\)")
    assert [run["appliance"] for run in unproven.stage.cmdlets(name="Switch-CcVersion")] == ["north-1", "south-1"]
