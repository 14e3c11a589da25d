"""The module `plan`: from a survey to a queue, a file and a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import HOSTS, state, task_vars, think, upgraded


@pytest.fixture
def dest(tmp_path: Path) -> str:
    return str(tmp_path / "run" / "plan.json")


def plan(states: list[dict[str, Any]], dest: str, hosts: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return think("plan", task_vars(hosts), target_version="2.1", states=states, dest=dest, **more)


def test_all_appliances_are_queued_site_by_site(dest: str) -> None:
    queue = plan([state(host) for host in HOSTS], dest)["queue"]
    assert [turn["name"] for turn in queue] == HOSTS
    assert [turn["number"] for turn in queue] == [1, 2, 3, 4, 5, 6]
    assert [turn["name"] for turn in queue if turn["last_of_site"]] == ["cce-ams-1", "cce-ber-3", "cce-cai-2"]


def test_a_finished_fleet_has_nothing_to_do_but_its_sites_are_validated(dest: str) -> None:
    planned = plan([upgraded(host) for host in HOSTS], dest)
    assert not planned.get("failed")
    assert "nothing to do" in planned["summary"][0]
    turns = [(turn["name"], turn["upgrade"], turn["last_of_site"]) for turn in planned["queue"]]
    assert turns == [("cce-ams-1", False, True), ("cce-ber-1", False, True), ("cce-cai-1", False, True)]


def test_no_return_value_has_a_name_that_ansible_takes_for_its_own(dest: str) -> None:
    """`skipped` was one: with anything in it Ansible took the task for skipped."""
    planned = plan([upgraded(host) for host in HOSTS], dest)
    assert [skip["name"] for skip in planned["skips"]] == HOSTS
    assert not {"skipped", "unreachable", "results", "ansible_facts", "diff"} & set(planned)


def test_the_last_of_a_site_is_the_last_of_this_run(dest: str) -> None:
    states = [state(host) if host == "cce-ber-2" else upgraded(host) for host in HOSTS]
    (turn,) = [turn for turn in plan(states, dest)["queue"] if turn["site"] == "berlin"]
    assert (turn["name"], turn["upgrade"], turn["last_of_site"]) == ("cce-ber-2", True, True)


def test_a_limit_holds_its_neighbours_to_what_they_run(dest: str) -> None:
    berlin = HOSTS[1:4]
    (turn,) = plan([state(host) for host in berlin], dest, ["cce-ber-2"])["queue"]
    assert [appliance["version"] for appliance in turn["site_appliances"]] == ["2.0.1", "2.1", "2.0.1"]
    assert turn["mixed"]


def test_the_plan_says_how_many_appliances_a_limit_leaves_out(dest: str) -> None:
    planned = plan([state(host) for host in HOSTS[1:4]], dest, ["cce-ber-2"])
    assert "This run leaves out 5 of the 6 appliances of the inventory." in planned["summary"]


@pytest.mark.parametrize("neighbour", [[], [{"name": "cce-ber-1", "unreadable": "no answer"}]])
def test_a_neighbour_that_was_not_read_refuses_the_plan(dest: str, neighbour: list[dict[str, Any]]) -> None:
    refused = plan([state("cce-ber-2"), state("cce-ber-3"), *neighbour], dest, ["cce-ber-2"])
    assert refused["failed"]
    assert refused["queue"] == []
    assert "cce-ber-1" in refused["problems"][0]


def test_a_state_that_is_none_counts_as_unread(dest: str) -> None:
    states = [state("cce-ber-2"), state("cce-ber-3"), {"name": "cce-ber-1", "running": "2.0.1"}]
    assert plan(states, dest, ["cce-ber-2"])["failed"]


def test_the_plan_is_written_also_when_it_is_refused(dest: str) -> None:
    plan([state("cce-ams-1")], dest, ["cce-ams-1"])
    assert json.loads(Path(dest).read_text())["entries"][0]["host"] == "cce-ams-1"
    plan([], dest, ["cce-ams-1"])
    assert json.loads(Path(dest).read_text())["refusals"]


def test_the_plan_holds_no_password(dest: str) -> None:
    given = task_vars()
    for values in given["hostvars"].values():
        values["cloud_connector_deployment_password"] = "canary-in-the-mine"
    planned = think("plan", given, target_version="2.1", states=[state(host) for host in HOSTS], dest=dest)
    assert "canary" not in Path(dest).read_text() + json.dumps(planned)


def test_check_mode_writes_nothing(dest: str) -> None:
    given = {"target_version": "2.1", "states": [state("cce-ams-1")], "dest": dest}
    assert think("plan", task_vars(["cce-ams-1"]), check=True, **given)["queue"]
    assert not Path(dest).exists()


def test_only_the_approved_plan_is_run(dest: str) -> None:
    approved = plan([state(host) for host in HOSTS], dest)["hash"]
    begun = [upgraded("cce-ams-1"), *(state(host) for host in HOSTS[1:])]
    assert not plan(begun, dest, expected_hash=approved).get("failed")
    assert plan(begun[:1], dest, ["cce-ams-1"], expected_hash=approved)["failed"]


def test_a_site_that_is_not_the_play_is_refused(dest: str) -> None:
    refused = plan([state(host) for host in HOSTS], dest, site="cairo")
    assert refused["failed"]
    assert "-e" in refused["msg"]


def test_a_target_that_is_no_release_is_refused(dest: str) -> None:
    refused = think("plan", task_vars(), target_version="9.9", states=[], dest=dest)
    assert "cloud_connector_target_version" in refused["msg"]


def test_a_wrong_inventory_refuses_the_plan(dest: str) -> None:
    given = task_vars()
    del given["hostvars"]["cce-cai-1"]["cloud_connector_ini"]
    refused = think("plan", given, target_version="2.1", states=[state(host) for host in HOSTS], dest=dest)
    assert "cloud_connector_ini" in refused["problems"][0]


def test_what_is_wrong_with_many_in_the_same_way_is_said_once(dest: str) -> None:
    unreadable = [{"name": host, "unreadable": "the logon was rejected"} for host in HOSTS]
    problems = plan(unreadable, dest)["problems"]
    assert len([problem for problem in problems if "the logon was rejected" in problem]) == 1
    assert all(host in problems[0] for host in HOSTS)


# --- who answers ------------------------------------------------------------------------------------------------------


def test_an_appliance_that_is_another_than_the_ini_says_refuses_the_plan(dest: str) -> None:
    """Two swapped `ansible_host`: each would get the ini of the other."""
    one, other = state("cce-cai-1"), state("cce-cai-2")
    swapped = [{**other, "name": "cce-cai-1"}, {**one, "name": "cce-cai-2"}]
    refused = plan(swapped, dest, ["cce-cai-1", "cce-cai-2"])
    assert refused["failed"]
    assert len([problem for problem in refused["problems"] if "look at ansible_host first" in problem]) == 2


def test_two_names_of_one_computer_refuse_the_plan(dest: str) -> None:
    twin = {**state("cce-cai-1"), "name": "cce-cai-2"}
    refused = plan([state("cce-cai-1"), twin], dest, ["cce-cai-1", "cce-cai-2"])
    assert any("answers as the same computer as cce-cai-1" in problem for problem in refused["problems"])


def test_a_refusal_is_described_as_every_failure(dest: str) -> None:
    refused = plan([], dest)
    assert refused["failure"]["class"] == "refused"
    assert set(refused["failure"]) == {"what", "remedy", "class", "retry"}
    assert refused["failure"]["what"] in refused["msg"] and refused["failure"]["remedy"] in refused["msg"]


def test_changes_of_the_ini_are_declared_in_the_inventory(dest: str) -> None:
    states = [state(host) for host in HOSTS]
    given = task_vars()
    values = given["hostvars"]["cce-ams-1"]
    values["cloud_connector_ini"] = values["cloud_connector_ini"].replace(
        "EnableReferSupport=true", "EnableReferSupport=false"
    )
    refused = think("plan", given, target_version="2.1", states=states, dest=dest)
    assert "TrunkConfiguration/EnableReferSupport" in refused["problems"][0] and refused["queue"] == []
    values["cloud_connector_accepted_ini_changes"] = ["TrunkConfiguration/EnableReferSupport"]
    assert not think("plan", given, target_version="2.1", states=states, dest=dest).get("failed")


# --- time -------------------------------------------------------------------------------------------------------------


def test_the_plan_says_how_long_what_runs_is_supported(dest: str) -> None:
    given = task_vars(["cce-ams-1"])
    for values in given["hostvars"].values():
        values["cloud_connector_release_dates"] = {"2.1": "2017-11-15"}
    summary = think("plan", given, target_version="2.1", states=[state("cce-ams-1")], dest=dest)["summary"]
    assert any(line.startswith("Microsoft ended the service on 2021-07-31") for line in summary)
    assert any(line.startswith("Support of 2.0.1 (cce-ams-1) ended on 2018-01-14") for line in summary)


def test_a_day_that_is_none_refuses_the_inventory(dest: str) -> None:
    given = task_vars(["cce-ams-1"])
    for values in given["hostvars"].values():
        values["cloud_connector_release_dates"] = {"2.1": "autumn"}
    refused = think("plan", given, target_version="2.1", states=[state("cce-ams-1")], dest=dest)
    assert "cloud_connector_release_dates.2.1" in refused["problems"][0]


def finish(summary: list[str]) -> str:
    return next(line for line in summary if "finished" in line or "pace" in line)


def test_the_plan_says_when_it_will_be_finished_at_the_pace_recorded(dest: str, tmp_path: Path) -> None:
    history = tmp_path / "run" / "history.json"
    states = [state("cce-ams-1")]
    assert "not known" in finish(plan(states, dest, ["cce-ams-1"])["summary"])
    history.write_text(json.dumps([{"appliance": "a", "target": "2.1", "seconds": 5400, "ended": "2026-01-01"}]))
    assert "1 take 1 h 30 min" in finish(plan(states, dest, ["cce-ams-1"])["summary"])
    history.write_text("no history")
    assert "cannot be read" in finish(plan(states, dest, ["cce-ams-1"])["summary"])
    other = str(tmp_path / "elsewhere.json")
    assert "no whole upgrade" in finish(plan(states, dest, ["cce-ams-1"], history=other)["summary"])


def test_the_time_that_passes_does_not_change_the_hash(dest: str, tmp_path: Path) -> None:
    states = [state("cce-ams-1")]
    before = plan(states, dest, ["cce-ams-1"])["hash"]
    (tmp_path / "run" / "history.json").write_text("[]")
    assert plan(states, dest, ["cce-ams-1"])["hash"] == before
