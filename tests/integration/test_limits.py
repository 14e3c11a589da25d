"""Runs on a part of the fleet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.harness import Run, Stage, fleet


@dataclass
class Story:
    """One appliance is upgraded, then the other site; how many cmdlets there were before each run."""

    stage: Stage
    appliance: Run
    site: Run
    site_from: int


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    stage = open_stage(fleet(2, 2))
    appliance = stage.play("--limit", "north-2")
    site_from = len(stage.cmdlets())
    site = stage.play("-e", "cloud_connector_site=south", playbook="upgrade_site.yml")
    return Story(stage, appliance, site, site_from)


def test_one_appliance_is_upgraded_alone(story: Story) -> None:
    assert story.appliance.code == 0, story.appliance.output
    changed = story.stage.mutating(until=story.site_from)
    assert {run["appliance"] for run in changed} == {"north-2"}
    assert story.stage.state("north-2")["running"] == "2.1"


def test_its_neighbour_is_read_before_the_first_change_and_after_the_last(story: Story) -> None:
    runs = story.stage.cmdlets()[: story.site_from]
    changes = [at for at, run in enumerate(runs) if run["mutating"]]
    reads = [at for at, run in enumerate(runs) if (run["appliance"], run["name"]) == ("north-1", "Get-Counter")]
    assert reads[0] < changes[0] and reads[-1] > changes[-1]


def test_what_the_limit_left_out_is_said(story: Story) -> None:
    assert story.appliance.says("This run leaves out 3 of the 4 appliances")
    assert story.appliance.says("Site north is well")


def test_one_site_is_upgraded_alone(story: Story) -> None:
    assert story.site.code == 0, story.site.output
    touched = story.stage.cmdlets()[story.site_from :]
    assert {run["appliance"] for run in touched} == {"south-1", "south-2"}
    assert [run["appliance"] for run in touched if run["name"] == "Switch-CcVersion"] == ["south-1", "south-2"]
    assert story.site.says("Site south is well") and not story.site.says("Site north")


def test_a_limit_that_selects_nothing_is_no_success(story: Story) -> None:
    story.stage.add_inventory("others.yml", {"others": {"hosts": {"printer": {}}}})
    run = story.stage.play("--limit", "others")
    assert run.code != 0
    assert run.says("There is no appliance to work on under --limit others")
