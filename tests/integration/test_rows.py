"""Several sites at once: the canary alone, then row by row; a failure in a row ends the run after it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.harness import Run, Stage, fleet, later

AT_ONCE = {"cloud_connector_sites_at_once": "2", "cloud_connector_canary": "south"}
"""A text, as AWX and -e have it."""


@dataclass
class Story:
    """One of row 2 becomes unreachable while it deploys; it is mended; the same command again."""

    stage: Stage
    first: Run
    states: dict[str, Any]
    touched: set[str]
    """Appliances on which something was changed in the first run."""
    again: Run


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    stage = open_stage(fleet(2, 1, 2))
    stage.variables |= AT_ONCE
    with stage.playing() as running:
        running.until_running("east-1", "Install-CcAppliance")
        stage.reachable("east-1", False)
        first = running.ended()
    states = {name: stage.state(name) for name in ("south-1", "north-1", "north-2", "east-1", "east-2")}
    touched = {run["appliance"] for run in stage.mutating()}
    stage.reachable("east-1", True)
    return Story(stage, first, states, touched, stage.play())


def test_the_others_of_the_row_finish_and_nothing_of_the_next_row_is_touched(story: Story) -> None:
    assert story.first.code != 0, story.first.output
    assert (story.states["south-1"]["running"], story.states["north-1"]["running"]) == ("2.1", "2.1")
    assert story.states["east-1"]["running"] == "2.0.1"
    assert story.touched == {"south-1", "north-1", "east-1"}


def test_it_says_why_the_next_row_does_not_begin(story: Story) -> None:
    assert story.first.says("An appliance ahead of north-2 is not confirmed")


def test_the_canary_site_is_done_and_validated_before_any_other_begins(story: Story) -> None:
    runs = story.stage.cmdlets()
    last = max(at for at, run in enumerate(runs) if run["appliance"] == "south-1" and run["name"] == "Switch-CcVersion")
    others = min(at for at, run in enumerate(runs) if run["appliance"] != "south-1" and run["mutating"])
    assert last < others


def test_the_appliances_of_a_row_go_side_by_side(story: Story) -> None:
    (north,) = story.stage.cmdlets(name="Install-CcAppliance", appliance="north-1")
    (east,) = story.stage.cmdlets(name="Install-CcAppliance", appliance="east-1")
    first, second = sorted((north, east), key=lambda run: str(run["time"]))
    begun = {run["appliance"]: datetime.fromisoformat(run["time"]) for run in (first, second)}
    end = begun[first["appliance"]] + timedelta(seconds=first["seconds"])
    assert begun[second["appliance"]] < end


def test_the_same_command_goes_on_and_never_two_of_a_site_are_out_at_once(story: Story) -> None:
    assert story.again.code == 0, story.again.output
    outages = sorted(story.stage.lab.entries("outage"), key=lambda outage: str(outage["time"]))
    assert {outage["appliance"] for outage in outages} == {"south-1", "north-1", "north-2", "east-1", "east-2"}
    for site in ("north", "east"):
        spans = [(outage["time"], outage["end"]) for outage in outages if outage["site"] == site]
        assert all(end <= begin for (_, end), (begin, _) in zip(spans, spans[1:], strict=False))


def test_each_appliance_is_switched_once(story: Story) -> None:
    switched = [run["appliance"] for run in story.stage.cmdlets(name="Switch-CcVersion")]
    assert sorted(switched) == ["east-1", "east-2", "north-1", "north-2", "south-1"]


@dataclass
class Failed:
    """Outside of the window of the canary; then in no window, and the services of one of row 2 do not start at its switch."""

    stage: Stage
    closed: Run
    touched: int
    """Cmdlets of the first run that may have changed something."""
    run: Run


@pytest.fixture(scope="module")
def failed(open_stage: Callable[..., Stage]) -> Failed:
    stage = open_stage(fleet(2, 1, 2))
    stage.variables |= {**AT_ONCE, "cloud_connector_health_wait": 1}
    closed = stage.play("-e", json.dumps({"cloud_connector_windows": [later()]}))
    touched = len(stage.mutating())
    stage.fault("north-1", trouble="T4")
    return Failed(stage, closed, touched, stage.play())


def test_outside_of_its_window_nothing_is_begun_and_the_stop_says_when_to_come_again(failed: Failed) -> None:
    assert (failed.closed.code, failed.touched) == (2, 0), failed.closed.output
    assert failed.closed.says("the window of south is closed now. Run the same command again: the work fits from")
    assert failed.closed.says("south-1: from 2.0.1 to 2.1.*begins .* UTC at the earliest")


def test_a_failure_ends_the_run_after_its_row(failed: Failed) -> None:
    assert failed.run.code == 2, failed.run.output
    assert failed.run.says("RTCMRAUTH")
    assert failed.stage.state("east-1")["running"] == "2.1" and failed.stage.state("east-1")["in_service"]
    assert {run["appliance"] for run in failed.stage.mutating()} == {"south-1", "north-1", "east-1"}
