"""Runs on a part of the fleet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.harness import Run, Stage, fleet, is_note


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
    changes = [at for at, run in enumerate(runs) if run["mutating"] and not is_note(run)]
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


@pytest.mark.parametrize("part", [("--start-at-task", "Plan"), ("--start-at-task", "no such task"), ("--step",)])
@pytest.mark.parametrize("playbook", ["upgrade_fleet.yml", "upgrade_site.yml", "validate.yml"])
def test_a_run_in_parts_is_no_success(story: Story, playbook: str, part: tuple[str, ...]) -> None:
    asked = len(story.stage.cmdlets())
    run = story.stage.play(*part, "-e", "cloud_connector_site=south", playbook=playbook)
    assert run.code != 0 and run.says(f"cannot be run in parts: what {part[0]} leaves out"), run.output
    assert len(story.stage.cmdlets()) == asked


@pytest.mark.parametrize(
    ("playbook", "given"),
    [
        ("upgrade_fleet.yml", '{"cloud_connector_plan": {"queue": [], "summary": []}}'),
        ("validate.yml", '{"cloud_connector_inventory": {"readers": {}, "sites": {}}}'),
        ("validate.yml", '{"site_validation_problems": []}'),
    ],
)
def test_a_value_that_the_playbooks_make_is_refused(story: Story, playbook: str, given: str) -> None:
    asked = len(story.stage.cmdlets())
    run = story.stage.play("-e", given, playbook=playbook)
    assert run.code != 0 and run.says("is made by the playbooks while they run"), run.output
    assert len(story.stage.cmdlets()) == asked


def test_an_answer_that_a_survey_of_awx_leaves_open_is_none(story: Story) -> None:
    """It sends an empty text."""
    empty = [
        f"{name}=" for name in ("cloud_connector_site", "cloud_connector_plan_hash", "cloud_connector_poll_interval")
    ]
    run = story.stage.play(*(part for one in empty for part in ("-e", one)), playbook="plan.yml")
    assert run.code == 0, run.output
