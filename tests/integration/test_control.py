"""A hand on the wheel: a run is stopped after its appliance; the next one leaves an appliance out, is held, and goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.harness import Run, Stage, fleet


@dataclass
class Story:
    """Both runs; how many mutating cmdlets there were before the second was held, and when it was let go on."""

    stage: Stage
    stopped: Run
    second: Run
    before: int
    held: int


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    stage = open_stage(fleet(2, 1))
    with stage.playing() as running:
        running.until_running("north-1", "Install-CcAppliance")
        say(stage, "stop_after_appliance")
        stopped = running.ended()
    say(stage, "leave_out", "-e", "appliance=north-2")
    say(stage, "hold")
    before = len(stage.mutating())
    with stage.playing() as running:
        running.until_said("waits up to")
        held = len(stage.mutating())
        say(stage, "go_on")
        second = running.ended()
    return Story(stage, stopped, second, before, held)


def say(stage: Stage, action: str, *more: str) -> None:
    run = stage.play("-e", f"action={action}", "-e", "by=anna", "-e", "reason=storm", *more, playbook="control.yml")
    assert run.code == 0, run.output


def test_a_stop_lets_the_appliance_come_to_its_end(story: Story) -> None:
    assert story.stopped.code != 0 and story.stopped.says("The run stops before north-2, as was said by anna")
    assert story.stage.state("north-1")["running"] == "2.1"


def test_nothing_is_done_while_the_run_is_held(story: Story) -> None:
    assert story.held == story.before


def test_the_appliance_that_was_left_out_is_as_it_was_and_the_next_site_is_done(story: Story) -> None:
    assert story.second.code == 0, story.second.output
    assert [story.stage.state(name)["running"] for name in ("north-2", "south-1")] == ["2.0.1", "2.1"]
    touched = [(run["appliance"], run["name"], str(run["parameters"])[:200]) for run in story.stage.mutating()]
    assert not [one for one in touched if one[0] == "north-2"]


def test_the_site_is_said_not_to_be_complete(story: Story) -> None:
    assert story.second.says(r"Site north is well \(north-1\)\. It is not complete: north-2 was left out")
    assert story.second.says("goes on after [0-9]+ s; it was held by anna")
