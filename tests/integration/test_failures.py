"""An appliance fails in the middle, another becomes unreachable; the same command goes on after each repair.

The settings of a user that make other playbooks go on past a failed appliance are in the environment all the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.harness import Run, Stage, fleet

FATAL = {"ANSIBLE_ANY_ERRORS_FATAL": "1"}
FREE = {"ANSIBLE_STRATEGY": "free"}
ORDER = ["north-1", "north-2", "south-1"]


@dataclass
class Ending:
    """How a run ended, and which appliances it changed."""

    run: Run
    changed: list[str]


@dataclass
class Story:
    """The same command five times: four troubles, then none."""

    stage: Stage
    endings: dict[str, Ending]


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    stage = open_stage(fleet(2, 1))
    stage.fault("north-1", cmdlet="Start-CcDownload", text="Simulated failure of the download.")
    endings = {"fails, fatal": play(stage, FATAL), "lost, fatal": play_lost(stage, "north-1", FATAL)}
    stage.fault("north-2", cmdlet="Register-CcAppliance", text="Simulated failure of the registration.")
    endings |= {"fails, free": play(stage, FREE), "lost, free": play_lost(stage, "north-2", FREE)}
    endings["finishes"] = play(stage, {**FATAL, **FREE})
    return Story(stage, endings)


def play(stage: Stage, env: dict[str, str]) -> Ending:
    before = len(stage.cmdlets())
    run = stage.play("-vvvv", env=env)
    return Ending(run, changed_since(stage, before))


def play_lost(stage: Stage, appliance: str, env: dict[str, str]) -> Ending:
    """The appliance becomes unreachable while it deploys its VMs, and is mended when the run is over."""
    before = len(stage.cmdlets())
    with stage.playing(env=env) as running:
        running.until_running(appliance, "Install-CcAppliance")
        stage.reachable(appliance, False)
        run = running.ended()
    stage.reachable(appliance, True)
    return Ending(run, changed_since(stage, before))


def changed_since(stage: Stage, before: int) -> list[str]:
    return sorted({run["appliance"] for run in stage.mutating(since=before)})


@pytest.mark.parametrize(
    ("ending", "changed"),
    [
        ("fails, fatal", ["north-1"]),
        ("lost, fatal", ["north-1"]),
        ("fails, free", ["north-1", "north-2"]),
        ("lost, free", ["north-2"]),
    ],
)
def test_everything_after_the_trouble_is_untouched(story: Story, ending: str, changed: list[str]) -> None:
    ended = story.endings[ending]
    assert ended.run.code != 0
    assert ended.changed == changed, ended.run.output
    assert not ended.run.says("An appliance ahead of"), "the play went on, and only its guard stopped it"


def test_a_failure_says_who_carries_the_calls_what_happened_and_what_to_do(story: Story) -> None:
    run = story.endings["fails, fatal"].run
    assert run.says("north: north-1, north-2 carry the calls .*; waiting is safe.")
    assert run.says("Could not download the bits: .*Simulated failure of the download.")
    assert run.says("run the same command again. north-1 has scripts 2.1, running version 2.0.1, backup version none.")


def test_a_lost_appliance_says_that_the_outcome_is_unknown_and_what_to_do(story: Story) -> None:
    run = story.endings["lost, fatal"].run
    assert run.says("north-1 cannot be reached: .* The outcome of what was running there is unknown.")
    assert run.says("when it answers: it waits for what still runs there, reads what was done, and goes on.")


def test_the_same_command_finishes_the_fleet_after_the_repairs(story: Story) -> None:
    assert story.endings["finishes"].run.code == 0, story.endings["finishes"].run.output
    assert {name: story.stage.state(name)["running"] for name in ORDER} == dict.fromkeys(ORDER, "2.1")


def test_nothing_was_done_twice(story: Story) -> None:
    for cmdlet in ("Install-CcAppliance", "Switch-CcVersion"):
        assert [run["appliance"] for run in story.stage.cmdlets(name=cmdlet)] == ORDER


def test_no_call_was_cut_by_any_of_this(story: Story) -> None:
    assert "cut" not in story.stage.lab.get("/summary")["sites"]["north"]["calls"]
