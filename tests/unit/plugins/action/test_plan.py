"""The module `plan`: from a survey to a queue, a file and a refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import intent
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.schema import faults

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
    assert "canary-in-the-mine" not in Path(dest).read_text() + json.dumps(planned)


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


# --- an approved plan -----------------------------------------------------------------------------------------------------

STATES = [state(host) for host in HOSTS]


def declared(**more: Any) -> dict[str, Any]:
    """The fleet with these variables on every appliance."""
    given = task_vars(ansible_forks=5)
    for values in given["hostvars"].values():
        values.update({f"cloud_connector_{name}": value for name, value in more.items()})
    return given


def approve(dest: str, **more: Any) -> str:
    return str(think("plan", declared(**more), target_version="2.1", states=STATES, dest=dest)["hash"])


def rerun(dest: str, approved: str, states: list[dict[str, Any]] | None = None, given: Any = None, **more: Any) -> Any:
    found = {"target_version": "2.1", "states": states or STATES, "dest": dest, "expected_hash": approved, **more}
    return think("plan", given or declared(), **found)


def test_what_is_written_is_as_the_schema_says(dest: str) -> None:
    approve(dest, waivers=[WAIVER], windows=[ALWAYS])
    document = json.loads(Path(dest).read_text())
    assert faults("plan.json", document) == []
    plan([], dest)
    assert faults("plan.json", json.loads(Path(dest).read_text())) == []
    assert intent.hash_of(document["intent"]) == document["hash"]


def test_the_page_for_people_is_written_beside_it(dest: str) -> None:
    plan(STATES, dest)
    page = Path(dest).with_suffix(".md").read_text()
    assert "| 1 | amsterdam | cce-ams-1 | 2.0.1 | 2.1 |" in page and "Hash of this plan" in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"canary": "cairo"}, "The canary is cairo, approved was not given."),
        ({"sites_at_once": "2"}, "The number of sites at once is 2, approved was 1."),
        ({"package_sha256": "b" * 64}, "cloud_connector_package_sha256 is bbbb"),
        ({"peak_calls": 99}, "cloud_connector_peak_calls of site amsterdam is 99, approved was 100."),
    ],
)
def test_another_plan_than_the_approved_one_is_refused_and_says_what_differs(
    dest: str, more: dict[str, Any], words: str
) -> None:
    approved = approve(dest)
    refused = rerun(dest, approved, given=declared(**more))
    assert refused["failed"] and any(words in problem for problem in refused["problems"]), refused
    assert "cloud_connector_plan_file" not in refused["msg"]
    assert json.loads(Path(dest).read_text())["hash"] == approved


def test_a_plan_for_another_target_is_refused_in_words(dest: str) -> None:
    approved = approve(dest)
    refused = think("plan", declared(), target_version="2.0.1", states=STATES, dest=dest, expected_hash=approved)
    assert "The target is 2.0.1, approved was 2.1." in refused["problems"]


def test_a_narrower_run_is_refused_by_the_sites_it_leaves_out(dest: str) -> None:
    approved = approve(dest)
    refused = plan(STATES, dest, ["cce-ams-1"], expected_hash=approved)
    assert (
        "Site berlin was approved, and is left out: give no other limit than then; what is done is skipped."
        in refused["problems"]
    )


def test_what_remains_of_an_approved_plan_is_accepted_and_what_is_more_is_not(dest: str) -> None:
    begun = [upgraded("cce-ams-1"), *STATES[1:]]
    approved = str(plan(begun, dest)["hash"])
    assert not rerun(dest, approved, [upgraded("cce-ams-1"), upgraded("cce-ber-1"), *STATES[2:]]).get("failed")
    refused = rerun(dest, approved, STATES)
    assert refused["failed"] and "cce-ams-1 was to be left as it is, and now needs package" in refused["problems"][0]


def test_the_approved_plan_stays_there_while_it_is_run_and_where_a_run_of_it_is_refused(dest: str) -> None:
    """Else an appliance that has to go back to its beginning would be more than was approved."""
    approved = approve(dest)
    written = Path(dest).read_text()
    ill = [{"name": "cce-ams-1", "unreadable": "no answer"}, *STATES[1:]]
    refused = rerun(dest, approved, ill)
    assert refused["problems"] == ["cce-ams-1 could not be read (no answer)."]
    assert not rerun(dest, approved, [upgraded("cce-ams-1"), *STATES[1:]]).get("failed")
    assert Path(dest).read_text() == written
    assert "cce-ams-1: at 2.1, healthy" in Path(dest).with_suffix(".md").read_text()
    assert not rerun(dest, approved, STATES).get("failed")


def test_a_plan_that_was_refused_is_none_that_was_approved(dest: str) -> None:
    ill = [{"name": "cce-ams-1", "unreadable": "no answer"}, *STATES[1:]]
    hashed = str(plan(ill, dest)["hash"])
    assert "was refused itself" in rerun(dest, hashed, approved_plan=dest)["msg"]
    assert not rerun(dest, hashed).get("failed")


def test_an_approved_plan_may_lie_elsewhere(dest: str, tmp_path: Path) -> None:
    approved = approve(dest)
    kept = tmp_path / "approved.json"
    Path(dest).rename(kept)
    assert not rerun(dest, approved, approved_plan=str(kept)).get("failed")
    refused = rerun(dest, approved, given=declared(canary="cairo"), approved_plan=str(kept))
    assert "The canary is cairo, approved was not given." in refused["problems"]


def test_where_only_the_hash_is_known_it_says_what_is_needed_to_know_more(dest: str, tmp_path: Path) -> None:
    approved = approve(str(tmp_path / "elsewhere" / "plan.json"))
    assert not rerun(dest, approved).get("failed")
    refused = rerun(dest, approved, given=declared(canary="cairo"), history=str(tmp_path / "none.json"))
    assert "cloud_connector_plan_file" not in refused["problems"][0], "the first run has written it"
    Path(dest).unlink()
    refused = rerun(dest, approved, given=declared(canary="cairo"))
    assert "give it as cloud_connector_plan_file" in refused["problems"][0]
    assert "This plan is for 2.1, 3 sites (cairo, amsterdam, berlin), 1 at once." in refused["problems"][0]


@pytest.mark.parametrize("text", ["no plan", "[]", "{}", None])
def test_a_file_that_is_not_the_approved_plan_is_refused(dest: str, tmp_path: Path, text: str | None) -> None:
    approved, other = approve(dest), tmp_path / "other.json"
    if text is not None:
        other.write_text(text)
    refused = rerun(dest, approved, approved_plan=str(other))
    assert "is not the plan that was approved" in refused["msg"] and refused["failure"]["class"] == "option"


def test_a_plan_that_was_changed_after_its_approval_is_refused(dest: str, tmp_path: Path) -> None:
    approved, forged = approve(dest), tmp_path / "forged.json"
    forged.write_text(Path(dest).read_text().replace('"sites_at_once": 1', '"sites_at_once": 9'))
    assert "the hash of" in rerun(dest, approved, approved_plan=str(forged))["msg"]


def test_a_file_without_the_hash_is_refused(dest: str) -> None:
    approve(dest)
    refused = plan(STATES, dest, approved_plan=dest)
    assert "Give the hash" in refused["msg"]


# --- pace -----------------------------------------------------------------------------------------------------------------

WAIVER = {"check": "disk", "site": "berlin", "owner": "Ann", "reason": "4711", "expires": "2999-03-31"}
ALWAYS = {"from": "00:00", "to": "24:00", "zone": "Europe/Berlin"}


def at_once(dest: str, number: Any, forks: Any = 5) -> dict[str, Any]:
    given = {**declared(sites_at_once=number), "ansible_forks": forks}
    return think("plan", given, target_version="2.1", states=STATES, dest=dest)


def test_sites_at_once_go_in_rows_as_the_batches_of_the_play(dest: str) -> None:
    planned = at_once(dest, "2")
    assert planned["batches"] == [1, 2, 2, 1]
    assert sum(planned["batches"]) == len(planned["queue"]) == 6
    assert [turn["name"] for turn in planned["queue"]] == [
        "cce-ams-1", "cce-ber-1", "cce-cai-1", "cce-ber-2", "cce-cai-2", "cce-ber-3",
    ]  # fmt: skip
    assert plan(STATES, dest)["batches"] == [1] * 6


def test_more_sites_at_once_than_there_are_is_all_of_them(dest: str) -> None:
    assert at_once(dest, 150, forks=200)["batches"] == [1, 2, 2, 1]


@pytest.mark.parametrize(("number", "forks", "good"), [(6, 5, False), (5, 5, True), ("6", "5", False), (6, None, True)])
def test_a_row_wider_than_forks_is_refused(dest: str, number: Any, forks: Any, good: bool) -> None:
    found = at_once(dest, number, forks)
    assert bool(found.get("failed")) is not good
    assert good or "--forks 6" in found["msg"]


def test_the_plan_holds_the_pace_against_the_60_days(dest: str) -> None:
    assert any(line.startswith("That is within the 60 days") for line in plan(STATES, dest)["summary"])
    slow = think("plan", declared(appliance_time=15 * 86400), target_version="2.1", states=STATES, dest=dest)["summary"]
    assert any("for that 2 sites at once are needed (cloud_connector_sites_at_once is 1)" in line for line in slow)
    assert any("Microsoft supported a release for 60 days" in line for line in slow)


def test_a_window_that_nothing_fits_into_refuses_the_plan(dest: str) -> None:
    short = [{"from": "22:00", "to": "23:00", "zone": "Europe/Berlin"}]
    refused = think("plan", declared(windows=short), target_version="2.1", states=STATES, dest=dest)
    assert refused["failed"] and "fits into no window of" in refused["problems"][0]
