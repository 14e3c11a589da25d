"""The first site is watched before the second is begun: a run that is killed meanwhile watches again, a fault ends it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.harness import PLAY_SECONDS, Playing, Run, Stage, fleet


@dataclass
class Story:
    """The run after one that was killed while it watched; how many cmdlets there were when it began."""

    stage: Stage
    second: Run
    before: int


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    stage = open_stage(fleet(1, 1))
    stage.variables["cloud_connector_soak"] = 600
    with stage.playing() as running:
        until_watched(running)
        running.signal(signal.SIGKILL)
        running.kill()
    before = len(stage.mutating())
    with stage.playing() as running:
        until_watched(running)
        stage.lab.post("/appliances/north-1/power", {"power": "down"})
        second = running.ended()
    return Story(stage, second, before)


def until_watched(running: Playing) -> None:
    until = time.monotonic() + PLAY_SECONDS
    while "is watched for" not in running.output.read_text("utf-8"):
        assert time.monotonic() < until and running.process.poll() is None, running.output.read_text("utf-8")
        time.sleep(0.05)


def test_a_fault_meanwhile_stops_the_fleet_and_says_so(story: Story) -> None:
    assert story.second.code != 0
    assert story.second.says(
        "Site north was well when it was validated, and after [0-9]+ s it is not: north-1 could not be read"
    )


def test_the_later_site_is_untouched(story: Story) -> None:
    assert {run["appliance"] for run in story.stage.mutating()} == {"north-1"}
    assert len(story.stage.mutating()) == story.before
