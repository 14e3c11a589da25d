"""What the plays must say for themselves: Ansible's defaults and the user's settings would let a run go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOKS = sorted((Path(__file__).parents[3] / "playbooks").glob("*.yml"))
PLAYS = [play for path in PLAYBOOKS for play in yaml.safe_load(path.read_text("utf-8")) if "hosts" in play]
ROLLING = [play for play in PLAYS if "serial" in play]


def tasks(play: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All tasks of a play, those in blocks too."""
    waiting = list(play["tasks"])
    while waiting:
        task = waiting.pop()
        waiting += [inner for part in ("block", "rescue", "always") for inner in task.get(part, ())]
        yield task


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: str(play["name"]))
def test_a_play_leaves_nothing_that_stops_it_to_the_users_settings(play: dict[str, Any]) -> None:
    """ANSIBLE_STRATEGY and ANSIBLE_ANY_ERRORS_FATAL are inherited otherwise."""
    assert play["strategy"] == "ansible.builtin.linear"
    assert isinstance(play["any_errors_fatal"], bool)
    assert not {"ignore_unreachable", "ignore_errors", "max_fail_percentage"} & set(play)


def test_there_is_one_rolling_play_and_it_takes_one_appliance_at_a_time() -> None:
    """With `any_errors_fatal` an unreachable appliance would not stop it (ansible issues 73795 and 82834)."""
    (play,) = ROLLING
    assert (play["serial"], play["order"], play["any_errors_fatal"]) == (1, "inventory", False)


def test_nothing_in_the_rolling_play_runs_once_or_leaves_it_early() -> None:
    """`run_once` acts like `any_errors_fatal`, `end_host` skips the validation of the site, `rescue` hides a failure."""
    for task in tasks(ROLLING[0]):
        assert not {"run_once", "rescue", "ignore_errors", "ignore_unreachable", "failed_when"} & set(task), task[
            "name"
        ]
        assert task.get("ansible.builtin.meta") in (None, "flush_handlers")


def test_what_reads_the_fleet_before_an_upgrade_stops_at_one_that_does_not_answer() -> None:
    surveys = [play for play in PLAYS if any("sfb.cloud_connector.plan" in task for task in tasks(play))]
    assert [play["any_errors_fatal"] for play in surveys] == [True]
    assert "serial" not in surveys[0]
