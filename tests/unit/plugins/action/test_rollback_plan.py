"""The module that plans a rollback: what it is told, and for whom, before the domain decides."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests import fleet
from tests.fleet import think
from tests.rollback_run import OLD, WHO, World
from tests.runs import PATIENCE

OSLO = ["cce-1", "cce-2"]


@cache
def surveyed() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The variables and the state of each appliance of a site that an upgrade has left at 2.1."""
    run = World().run()
    read = {"gather_subset": ["all", "!tenant"], "exchange_timeout": int(PATIENCE)}
    return {
        host: (run.variables(host), run.do("appliance_info", host, **run.reach(host), **read)["appliance"])
        for host in OSLO
    }


def planned(*, check: bool = False, **given: Any) -> dict[str, Any]:
    inventory = {
        "hostvars": {host: variables for host, (variables, _state) in surveyed().items()},
        "groups": {"all": OSLO, "cloud_connector": OSLO, "oslo": OSLO},
        "ansible_play_hosts_all": OSLO,
        "ansible_run_tags": ["all"],
        "ansible_skip_tags": [],
    }
    states = [state for _variables, state in surveyed().values()]
    return think("rollback_plan", inventory, check=check, **{"version": OLD, **WHO, "states": states, **given})


@pytest.mark.parametrize("check", [False, True])
def test_a_site_goes_back_appliance_by_appliance_and_the_plan_itself_changes_nothing(check: bool) -> None:
    found = planned(check=check)
    assert not found.get("failed"), found["msg"]
    assert found["changed"] is False and found["target"] == OLD
    assert [turn["name"] for turn in found["queue"]] == OSLO


def test_the_same_question_has_the_same_answer() -> None:
    assert planned()["queue"] == planned()["queue"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"by": "two\nlines"}, "by and reason are each one line"),
        ({"reason": " "}, "by and reason are each one line"),
        ({"version": "the last one"}, "cloud_connector_rollback.to cannot be used"),
        ({"strange": 1}, "strange"),
    ],
)
def test_what_it_does_not_understand_is_refused(given: dict[str, Any], words: str) -> None:
    found = planned(**given)
    assert found["failed"] and found["failure"]["class"] == "option" and words in found["msg"]


def test_it_is_of_one_site() -> None:
    found = think("rollback_plan", fleet.task_vars(), version=OLD, **WHO, states=[])
    assert found["failed"] and "A rollback is of one site" in found["msg"]


def test_an_appliance_that_was_not_read_has_no_way_back() -> None:
    found = planned(states=[surveyed()["cce-2"][1]])
    assert found["failed"] and found["failure"]["class"] == "no-way-back"
    assert any("cce-1" in problem and "not read" in problem for problem in found["problems"])
