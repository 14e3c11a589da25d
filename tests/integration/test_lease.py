"""A controller that is stopped for longer than its lease, real processes and all: another one goes on, and it is refused."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import yaml

from tests.integration.harness import Run, Stage, fleet

PLAYBOOK = [
    {
        "name": "Download the bits",
        "hosts": "north-1",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Download the bits",
                "sfb.cloud_connector.download": {
                    "appliance_directory": "{{ hostvars[inventory_hostname] | sfb.cloud_connector.appliance_directory }}",
                    "site_directory": "{{ cloud_connector_site_directory }}",
                    "version": "2.1",
                    "task_user": "{{ cloud_connector_deployment_user }}",
                    "task_password": "{{ cloud_connector_deployment_password }}",
                    "poll_interval": 1,
                    "site": {
                        "name": "north",
                        "appliances": "{{ groups.north | sfb.cloud_connector.site_appliances(hostvars) }}",
                        "peak_calls": 100,
                        "lease_seconds": 4,
                    },
                },
            },
        ],
    }
]


@dataclass(frozen=True)
class Story:
    """The run that was stopped, and the other one."""

    stopped: Run
    other: Run


@pytest.fixture(scope="module")
def stage(open_stage: Callable[..., Stage]) -> Stage:
    described = fleet(1, switches={"download_seconds": 8000})
    described["sites"][0]["appliances"] = [{"name": "north-1", "scripts": "2.1"}]
    return open_stage(described, speed=2000)


@pytest.fixture(scope="module")
def story(stage: Stage) -> Story:
    path = stage.lab.directory / "download.yml"
    path.write_text(yaml.safe_dump(PLAYBOOK), "utf-8")
    with stage.playing(playbook=str(path)) as first:
        first.until_running("north-1", "Start-CcDownload")
        first.signal(signal.SIGSTOP)
        try:
            other = stage.play(playbook=str(path))
        finally:
            first.signal(signal.SIGCONT)
        return Story(first.ended(), other)


def test_the_other_run_says_that_it_waits_and_collects_the_job(stage: Stage, story: Story) -> None:
    assert story.other.code == 0, story.other.output
    assert story.other.says("waits for the lease of north, which is held by")
    assert story.other.says("took the lease of north over from")
    assert [run["outcome"] for run in stage.cmdlets(name="Start-CcDownload")] == ["ok"]


def test_the_one_that_wakes_up_is_refused_and_told_who_works_there(story: Story) -> None:
    assert story.stopped.code == 2, story.stopped.output
    assert story.stopped.says("north-1 refused the next step of this run: the lease of north was taken from it")
    assert story.stopped.says(r"now it is held by \S+@\S+ \(run ")
