"""Windows updates of a fleet: one appliance at a time, VMs in their order and the host last, killed half-way and run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from tests.integration.harness import Run, Stage, fleet

ORDER = ["AD", "CMS", "Mediation", "Edge", "host"]
LAZY = {"calls_per_hour": 2, "mean_seconds": 60}


def waiting() -> dict[str, Any]:
    """Two sites of two appliances: one whose computers all want an update, two of them a second one; the others want none."""
    described = fleet(2, 1)
    for site in described["sites"]:
        site["calls"] = {"inbound": dict(LAZY), "outbound": dict(LAZY)}
    updates: dict[str, list[Any]] = {role: ["KB5000001"] for role in ORDER}
    updates["Mediation"] = ["KB5000001", {"kb": "KB5000002", "after": "KB5000001"}]
    updates["host"] = [{"kb": "KB5000001", "restart": False}, {"kb": "KB5000002"}]
    for site in described["sites"]:
        site["auto_update"] = True
    north = described["sites"][0]
    north["appliances"] = [
        {"name": "north-1", "windows_updates": updates},
        {"name": "north-2", "windows_updates": {"CMS": ["KB5000001"], "AD": [{"kb": "KB5000009"}]}},
    ]
    return described


@dataclass
class Story:
    """A run that is killed half-way, the same command again, and once more."""

    stage: Stage
    killed_in: dict[str, Any]
    second: Run
    third: Run
    mutating: list[int]


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    stage = open_stage(waiting(), speed=1000)
    stage.variables["cloud_connector_patch_reject"] = ["KB5000009"]
    with stage.playing(playbook="patch_fleet.yml") as running:
        running.until_restarted("north-1", "Mediation")
        running.kill()
    left = stage.state("north-1")
    second = stage.play(playbook="patch_fleet.yml")
    counts = [len(stage.lab.entries("event"))]
    third = stage.play(playbook="patch_fleet.yml")
    counts.append(len(stage.lab.entries("event")))
    return Story(stage, left, second, third, counts)


def restarts(stage: Stage, name: str) -> list[str]:
    """What was restarted on an appliance, in order."""
    texts = [event["text"] for event in stage.lab.entries("event") if event["appliance"] == name]
    return [text.removeprefix("VM restarts: ").replace("host restarts", "host") for text in texts if "restarts" in text]


def test_the_killed_run_left_it_in_maintenance(story: Story) -> None:
    assert story.killed_in["maintenance"]


def test_the_same_command_ends_it(story: Story) -> None:
    assert story.second.code == 0, story.second.output
    for name in ("north-1", "north-2", "south-1"):
        found = story.stage.state(name)
        assert found["in_service"] and not found["maintenance"], name


def test_the_vms_one_by_one_in_their_order_and_the_host_last(story: Story) -> None:
    assert restarts(story.stage, "north-1") == ["AD", "CMS", "Mediation", "Mediation", "Edge", "host"]
    assert restarts(story.stage, "north-2") == ["CMS"]


def test_where_nothing_is_missing_nothing_is_done(story: Story) -> None:
    assert not story.stage.cmdlets(appliance="south-1", name="Enter-CcUpdate") and not restarts(story.stage, "south-1")
    assert story.third.code == 0 and story.mutating[0] == story.mutating[1], story.third.output
    assert "changed=0" in story.third.output


def test_never_two_out_of_service_and_no_call_cut(story: Story) -> None:
    outages = [one for one in story.stage.lab.entries("outage") if one["site"] == "north"]
    spans = sorted((one["time"], one["end"]) for one in outages)
    assert len(spans) >= 2 and all(before[1] <= after[0] for before, after in pairwise(spans))
    assert not [call for call in story.stage.lab.entries("call") if call["outcome"] == "cut"]


def test_automatic_update_was_off_while_an_appliance_was_in_maintenance_and_is_as_it_was(story: Story) -> None:
    """Also after the run that was killed; where nothing was to be done it was not touched."""
    switched = story.stage.cmdlets(name="Set-CsHybridPSTNSite")
    said = [(run["parameters"]["Identity"], run["parameters"]["EnableAutoUpdate"]) for run in switched]
    assert said == [("north", False), ("north", True)]
    off, on = (run["time"] for run in switched)
    outages = [one for one in story.stage.lab.entries("outage") if one["site"] == "north"]
    assert len(outages) >= 2 and all(off < one["time"] < one["end"] < on for one in outages)


def test_an_appliance_left_in_maintenance_comes_first(story: Story) -> None:
    assert story.second.says(r"1 of 3: site north, appliance north-1 .* what an earlier run began is ended first")


# --- an update that fails ------------------------------------------------------------------------------------------------


@dataclass
class Failing:
    """A run that meets an update which fails, the same command without its KB and without a proof, and once more."""

    stage: Stage
    first: Run
    left: dict[str, Any]
    second: Run
    between: int
    third: Run


@pytest.fixture(scope="module")
def failing(open_stage: Callable[..., Stage]) -> Failing:
    described = fleet(2)
    described["sites"][0]["calls"] = {"inbound": dict(LAZY), "outbound": dict(LAZY)}
    updates = {"CMS": [{"kb": "KB5000001", "install_fails": 0x800F0922}, {"kb": "KB5000002", "restart": False}]}
    described["sites"][0]["appliances"] = [
        {"name": "north-1", "windows_updates": updates},
        {"name": "north-2", "windows_updates": {"Edge": ["KB5000001"]}},
    ]
    stage = open_stage(described, speed=1000)
    first, left = stage.play(playbook="patch_fleet.yml"), stage.lab.get("/state")["appliances"]
    site = ("-e", "cloud_connector_site=north")
    proof = stage.variables["cloud_connector_call_proof"]
    unproven = {"way": "command", "command": {"argv": ["false"]}}
    stage.variables |= {"cloud_connector_patch_reject": ["KB5000001"], "cloud_connector_call_proof": unproven}
    second, between = stage.play(*site, playbook="patch_site.yml"), len(stage.cmdlets())
    stage.variables["cloud_connector_call_proof"] = proof
    return Failing(stage, first, left, second, between, stage.play(*site, playbook="patch_site.yml"))


def test_it_stays_in_maintenance_and_says_who_carries_the_calls(failing: Failing) -> None:
    assert failing.first.code == 2 and failing.left["north-1"]["maintenance"]
    assert failing.first.says(r"north: north-2 carries the calls .*KB5000001: 0x800F0922 .*CBS.log")


def test_the_others_of_the_site_are_untouched(failing: Failing) -> None:
    assert failing.left["north-2"]["in_service"] and not restarts(failing.stage, "north-2")


def test_without_a_proof_of_calls_no_other_is_begun(failing: Failing) -> None:
    assert failing.second.code == 2 and failing.second.says("It is not proven that north-1 carries calls")
    assert not [run for run in failing.stage.cmdlets()[: failing.between] if is_entered(run, "north-2")]


def test_where_nothing_is_left_to_install_the_proof_that_is_due_is_made(failing: Failing) -> None:
    later = failing.stage.cmdlets()[failing.between :]
    records = [run["parameters"] for run in later if run["appliance"] == "north-1" and run["name"] == "New-Item"]
    assert any("records\\\\proof" in str(given) and "command" in str(given["Value"]) for given in records)
    assert not [run for run in later if is_entered(run, "north-1")]
    assert failing.third.says("site north, appliance north-1 .*ended first")


def is_entered(run: dict[str, Any], name: str) -> bool:
    """Whether the appliance is brought into maintenance mode."""
    return bool(run["appliance"] == name and run["name"] == "Enter-CcUpdate")


def test_with_the_kb_left_out_the_same_command_ends_it(failing: Failing) -> None:
    assert failing.third.code == 0, failing.third.output
    assert failing.stage.state("north-1")["in_service"] and not failing.stage.state("north-1")["maintenance"]
