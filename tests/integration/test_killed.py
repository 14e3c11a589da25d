"""The whole process group of ansible-playbook is killed, as a controller cancels a job; the same command finishes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.harness import Run, Stage, fleet


@pytest.fixture(scope="module")
def stage(open_stage: Callable[..., Stage]) -> Stage:
    return open_stage(fleet(1, switches={"switch_duration": 7200, "install_hours": 4}), speed=2000)


@pytest.fixture(scope="module")
def last(stage: Stage) -> Run:
    for cmdlet in ("Install-CcAppliance", "Switch-CcVersion"):
        with stage.playing() as running:
            running.until_running("north-1", cmdlet)
            running.kill()
    return stage.play("-vvvv")


def test_the_same_command_finishes_what_two_killed_runs_began(stage: Stage, last: Run) -> None:
    assert last.code == 0, last.output
    state = stage.state("north-1")
    assert (state["running"], state["backup"], state["in_service"]) == ("2.1", "2.0.1", True)


@pytest.mark.parametrize("cmdlet", ["Install-CcAppliance", "Switch-CcVersion"])
def test_what_was_running_is_found_and_not_done_twice(stage: Stage, last: Run, cmdlet: str) -> None:
    assert [run["outcome"] for run in stage.cmdlets(name=cmdlet)] == ["ok"]


def test_no_job_is_left_behind(stage: Stage, last: Run) -> None:
    started = len(stage.cmdlets(name="Start-ScheduledTask"))
    assert started == len(stage.cmdlets(name="Unregister-ScheduledTask", outcome="ok")) == 5
