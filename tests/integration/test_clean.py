"""The playbook `clean`: backup sets on request only, each by its version, and the site is given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.harness import Run, Stage, fleet

REQUEST = ("-e", '{"cloud_connector_remove_version": "2.0.1"}')


@dataclass(frozen=True)
class Story:
    """The runs of the playbook, one after the other."""

    without: Run
    wrong: Run
    done: Run
    again: Run


@pytest.fixture(scope="module")
def stage(open_stage: Callable[..., Stage]) -> Stage:
    described = fleet(2)
    at_target = {"scripts": "2.1", "running": "2.1", "backup": "2.0.1"}
    described["sites"][0]["appliances"] = [{"name": f"north-{number}", **at_target} for number in (1, 2)]
    return open_stage(described)


@pytest.fixture(scope="module")
def story(stage: Stage) -> Story:
    def clean(*arguments: str) -> Run:
        return stage.play(*arguments, playbook="clean.yml")

    without = clean()
    assert stage.mutating() == [], without.output
    wrong = clean("-e", '{"cloud_connector_remove_version": "2.1"}')
    assert stage.mutating() == [], wrong.output
    return Story(without, wrong, clean(*REQUEST), clean(*REQUEST))


def test_without_a_request_no_vm_is_touched(story: Story) -> None:
    assert story.without.code == 0, story.without.output


def test_the_version_to_upgrade_to_stays(story: Story) -> None:
    assert story.wrong.code == 2 and story.wrong.says("2.1 is the version to upgrade to"), story.wrong.output


def test_on_request_the_set_of_that_version_is_removed_on_each_appliance(stage: Stage, story: Story) -> None:
    assert story.done.code == 0, story.done.output
    removed = stage.cmdlets(name="Uninstall-CcAppliance")
    assert sorted(run["appliance"] for run in removed) == ["north-1", "north-2"]
    assert {run["parameters"]["Version"] for run in removed} == {"2.0.1"}
    states = [stage.state(name) for name in ("north-1", "north-2")]
    assert [(one["running"], one["backup"], one["in_service"]) for one in states] == [("2.1", None, True)] * 2


def test_the_same_again_changes_nothing(story: Story) -> None:
    assert story.again.code == 0 and not story.again.says(r"changed=[1-9]"), story.again.output
