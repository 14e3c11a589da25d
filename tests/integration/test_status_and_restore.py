"""An upgrade that is killed in its middle: where the fleet stands then, and how its automatic update comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.harness import Run, Stage, fleet


@dataclass
class Story:
    """The status while the work of a killed run goes on; then two runs of restore."""

    stage: Stage
    status: Run
    found: dict[str, Any]
    refused: Run
    restored: Run
    since: int


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    described = fleet(2)
    described["sites"][0]["auto_update"] = True
    stage = open_stage(described)
    with stage.playing() as running:
        running.until_running("north-1", "Install-CcAppliance")
        stage.speed(20)
        running.kill()
    since = len(stage.cmdlets())
    status = stage.play(playbook="status.yml")
    found = json.loads((stage.run_directory / "status.json").read_text("utf-8"))
    refused = stage.play(playbook="restore.yml")
    restored = stage.play("-e", "cloud_connector_restore_unfinished=true", playbook="restore.yml")
    return Story(stage, status, found, refused, restored, since)


def test_the_status_shows_what_is_under_way_and_what_waits_and_ends_well(story: Story) -> None:
    assert story.status.code == 0, story.status.output
    (site,) = story.found["sites"]
    assert site["suspended"] and site["slot"]["name"] == "north-1 (package)"
    assert [job["name"] for job in site["appliances"][0]["work"]] == ["install-2.1"]
    assert story.found["well"] is False and story.status.says("Automatic update of north is suspended since")
    assert story.status.says("north-2 .* in service")


def test_it_is_not_put_back_beside_the_work_unless_that_is_said(story: Story) -> None:
    assert story.refused.code == 2 and story.refused.says(
        "stays suspended: north-1 holds the site's out-of-service slot"
    )
    assert story.restored.code == 0, story.restored.output
    runs = story.stage.cmdlets(name="Set-CsHybridPSTNSite")
    assert [run["parameters"]["EnableAutoUpdate"] for run in runs] == [False, True]


def test_the_status_logs_on_to_no_tenant_and_changes_nothing(story: Story) -> None:
    runs = [run for run in story.stage.cmdlets()[story.since :] if run["method"] != "batch"]
    before = next(at for at, run in enumerate(runs) if run["name"] == "New-CsOnlineSession")
    assert not any(run["mutating"] for run in runs[:before]) and len(runs[:before]) > 20
