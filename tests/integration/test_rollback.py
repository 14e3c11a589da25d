"""A site goes back to its release before, one appliance at a time, and stays there until a named person lets it go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.harness import Run, Stage, fleet, later

SITE = ("-e", "cloud_connector_site=north")
WHO = {"by": "J. Doe", "reason": "CHG4711"}
BACK = ("-e", json.dumps({"cloud_connector_rollback": {"to": "2.0.1", **WHO}}))


@dataclass
class Story:
    """The site is upgraded, taken back twice, upgraded in vain, and let go; how many cmdlets there were before each."""

    stage: Stage
    without: Run
    stopped: Run
    """Held at first, in which time nothing was done."""
    held: int
    """Cmdlets when it was held."""
    back: Run
    again: Run
    refused: Run
    cleared: Run
    planned: Run
    marks: list[int]


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    described = fleet(2)
    described["sites"][0]["auto_update"] = True
    stage, marks = open_stage(described), []

    def play(*arguments: str, playbook: str) -> Run:
        marks.append(len(stage.cmdlets()))
        return stage.play(*SITE, *arguments, playbook=playbook)

    upgraded = stage.play(*SITE, playbook="upgrade_site.yml")
    assert upgraded.code == 0, upgraded.output
    without = play(playbook="rollback.yml")
    say(stage, hold=WHO)
    marks.append(len(stage.cmdlets()))
    with stage.playing(*SITE, *BACK, playbook="rollback.yml") as running:
        running.until_said("waits up to")
        held = len(stage.mutating())
        say(stage, stop_after_appliance=WHO)
        stopped = running.ended()
    runs = [
        play(*BACK, "-e", json.dumps({"cloud_connector_windows": [later()]}), playbook="rollback.yml"),
        play(*BACK, playbook="rollback.yml"),
        play(playbook="upgrade_site.yml"),
        play("-e", json.dumps({"cloud_connector_clear_hold": WHO}), playbook="clear_hold.yml"),
        play(playbook="plan.yml"),
    ]
    return Story(stage, without, stopped, held, *runs, [*marks, len(stage.cmdlets())])


def say(stage: Stage, **words: dict[str, str]) -> None:
    """What a person writes into the control file."""
    made = stage.run_directory / "control.new"
    made.write_text(json.dumps(words), "utf-8")
    made.replace(stage.run_directory / "control.json")


def test_without_saying_where_to_and_who_nothing_is_done(story: Story) -> None:
    assert story.without.code == 2 and story.without.says("Say where to, by whom and why")
    assert not story.stage.mutating(story.marks[0], story.marks[1])


def test_a_word_of_a_person_holds_and_stops_it_before_anything_is_done(story: Story) -> None:
    assert story.stopped.code != 0 and story.stopped.says("The run stops before north-1, as was said by J. Doe")
    assert story.held == len(story.stage.mutating(until=story.marks[1]))
    assert not story.stage.mutating(story.marks[1], story.marks[2])


def test_outside_of_the_windows_it_goes_on_and_says_in_whose_name(story: Story) -> None:
    assert story.back.says(
        r"north-1 is begun though the window of north is closed now: J\. Doe answers for that \(CHG4711\)"
    )


def test_automatic_update_is_off_while_the_site_goes_back_and_stays_so(story: Story) -> None:
    """The upgrade had put it back."""
    runs = story.stage.cmdlets(name="Set-CsHybridPSTNSite")
    assert [run["parameters"]["EnableAutoUpdate"] for run in runs] == [False, True, False]
    assert all(run["time"] > runs[-1]["time"] for run in story.stage.cmdlets(name="Switch-CcVersion")[-2:])


def test_every_appliance_goes_back_one_after_the_other_and_no_call_is_cut(story: Story) -> None:
    assert story.back.code == 0, story.back.output
    runs = story.stage.cmdlets()[story.marks[2] : story.marks[3]]
    assert [run["appliance"] for run in runs if run["name"] == "Switch-CcVersion"] == ["north-1", "north-2"]
    for name in ("north-1", "north-2"):
        state = story.stage.state(name)
        assert (state["scripts"], state["running"], state["backup"]) == ("2.0.1", "2.0.1", "2.1") and state[
            "in_service"
        ]
    assert story.stage.lab.entries("shortage") == []
    assert [call for call in story.stage.lab.entries("call") if call["outcome"] == "cut"] == []
    assert story.back.says("Site north is well")


def test_the_second_rollback_changes_nothing(story: Story) -> None:
    assert story.again.code == 0 and story.again.says("changed=0"), story.again.output
    assert not story.stage.mutating(story.marks[3], story.marks[4])


def test_the_site_is_on_hold_until_it_is_cleared_by_name(story: Story) -> None:
    assert story.refused.code == 2 and story.refused.says(
        "north is on hold since .* by J. Doe: it goes back from 2.1 to 2.0.1"
    )
    assert not story.stage.mutating(story.marks[4], story.marks[5])
    assert story.cleared.code == 0, story.cleared.output
    assert story.planned.code == 0 and story.planned.says("2 to be upgraded to 2.1"), story.planned.output
