"""What the plays must say for themselves: Ansible's defaults and the user's settings would let a run go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible._internal._templating._engine import TemplateEngine
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.upgrade import STEPS
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.arguments import subset

FOLDER = Path(__file__).parents[3] / "playbooks"
PLAYBOOKS = sorted(FOLDER.glob("*.yml"))
IMPORT = "ansible.builtin.import_tasks"


def imported(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks of a list, of which those that import a file are replaced by what is in it."""
    read = [yaml.safe_load((FOLDER / task[IMPORT]).read_text("utf-8")) if IMPORT in task else [task] for task in found]
    return [task for tasks in read for task in tasks]


def plays(path: Path) -> list[dict[str, Any]]:
    """The plays of a playbook, with the tasks that they import."""
    found = [play for play in yaml.safe_load(path.read_text("utf-8")) if "hosts" in play]
    return [{**play, "tasks": imported(play.get("tasks", []))} for play in found]


BOOKS = {path.stem: plays(path) for path in PLAYBOOKS}
PLAYS = [play for book in BOOKS.values() for play in book]
ROLLING = [play for play in PLAYS if "serial" in play]
TURNS = {name: play for name, book in BOOKS.items() for play in book if "serial" in play}
UPGRADE = TURNS["upgrade_fleet"]


def tasks(play: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All tasks of a play, those in blocks too."""
    waiting = list(play["tasks"])
    while waiting:
        task = waiting.pop()
        waiting += [inner for part in ("block", "rescue", "always") for inner in task.get(part, ())]
        yield task


def modules(play: dict[str, Any]) -> list[str]:
    """What each task of a play uses, roles by their names."""
    names = (next(name for name in task if "." in name) for task in play["tasks"])
    return [
        task[name]["name"] if name.endswith("include_role") else name
        for name, task in zip(names, play["tasks"], strict=True)
    ]


def test_what_rolls_over_a_fleet_begins_and_ends_each_turn_alike() -> None:
    assert set(TURNS) == {"upgrade_fleet", "patch_fleet", "rollback"}
    found = {name: modules(play) for name, play in TURNS.items()}
    roles = {name: f"sfb.cloud_connector.appliance_{name.removesuffix('_fleet')}" for name in TURNS}
    assert all(used.count(roles[name]) == 1 for name, used in found.items())
    assert {tuple("the work" if one == roles[name] else one for one in used) for name, used in found.items()} == {
        (
            "ansible.builtin.assert",
            "sfb.cloud_connector.run_control",
            "ansible.builtin.group_by",
            "sfb.cloud_connector.work_window",
            "ansible.builtin.debug",
            "the work",
            "ansible.builtin.group_by",
            "ansible.builtin.meta",
            "sfb.cloud_connector.site_validation",
            "sfb.cloud_connector.automatic_update",
            "sfb.cloud_connector.soak",
            "sfb.cloud_connector.site_lease",
            "ansible.builtin.group_by",
        )
    }


@pytest.mark.parametrize("play", TURNS.values(), ids=TURNS)
def test_an_appliance_that_was_left_out_is_not_worked_on(play: dict[str, Any]) -> None:
    (work,) = (task for task in play["tasks"] if ".appliance_" in str(task.get("ansible.builtin.include_role")))
    assert "cloud_connector_control.left_out is none" in work["when"]


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: str(play["name"]))
def test_a_play_leaves_nothing_that_stops_it_to_the_users_settings(play: dict[str, Any]) -> None:
    """ANSIBLE_STRATEGY and ANSIBLE_ANY_ERRORS_FATAL are inherited otherwise."""
    assert play["strategy"] == "ansible.builtin.linear"
    assert isinstance(play["any_errors_fatal"], bool)
    assert not {"ignore_unreachable", "ignore_errors", "max_fail_percentage"} & set(play)


def test_all_rolling_plays_but_the_upgrade_take_one_appliance_at_a_time() -> None:
    assert {play["serial"] for play in ROLLING if play is not UPGRADE} == {1}


@pytest.mark.parametrize("play", ROLLING, ids=lambda play: str(play["name"]))
def test_a_rolling_play_goes_on_past_nobody(play: dict[str, Any]) -> None:
    """With `any_errors_fatal` an unreachable appliance would not stop it (ansible issues 73795 and 82834)."""
    assert (play["order"], play["any_errors_fatal"]) == ("inventory", False)


@pytest.mark.parametrize(
    ("queue", "serial"), [([], [1]), (["a", "b", "c"], [1, 2])], ids=["before there is a queue", "with one"]
)
def test_serial_is_a_list_of_the_plan_and_one_without_it(queue: list[str], serial: list[int]) -> None:
    known = {"hostvars": {host: {"cloud_connector_plan": {"batches": [1, 2]}} for host in queue}}
    groups = {"groups": {"cloud_connector_queue": queue} if queue else {}}
    template = TrustedAsTemplate().tag(UPGRADE["serial"])
    assert TemplateEngine(variables={**known, **groups}).template(template) == serial


def test_the_first_task_of_a_turn_stops_it_and_the_window_comes_before_the_work() -> None:
    """No keyword stops after a row of several of which one became unreachable: the assertion does."""
    first, said, left_out, second, *_ = UPGRADE["tasks"]
    asked = first["ansible.builtin.assert"]["that"]
    assert "ansible_play_batch == cloud_connector_entry.row_appliances" in asked
    assert any("cloud_connector_confirmed" in line for line in asked)
    assert any("cloud_connector_validated" in line for line in asked)
    assert any("cloud_connector_row_sites | unique" in line for line in asked)
    assert "sfb.cloud_connector.work_window" in second and "when" not in first
    assert "sfb.cloud_connector.run_control" in said and "when" not in said
    assert left_out["ansible.builtin.group_by"]["key"] == "cloud_connector_left_out"


@pytest.mark.parametrize("play", ROLLING, ids=lambda play: str(play["name"]))
def test_nothing_in_a_rolling_play_runs_once_or_leaves_it_early(play: dict[str, Any]) -> None:
    """`run_once` acts like `any_errors_fatal`, `end_host` skips the validation of the site, `rescue` hides a failure."""
    for task in tasks(play):
        assert not {"run_once", "rescue", "ignore_errors", "ignore_unreachable", "failed_when"} & set(task), task[
            "name"
        ]
        assert task.get("ansible.builtin.meta") in (None, "flush_handlers")


def test_what_reads_the_fleet_before_an_upgrade_stops_at_one_that_does_not_answer() -> None:
    surveys = [play for play in PLAYS if any("sfb.cloud_connector.plan" in task for task in tasks(play))]
    assert [play["any_errors_fatal"] for play in surveys] == [True]
    assert "serial" not in surveys[0]


def first_play(path: Path) -> dict[str, Any]:
    """The play that a playbook begins with, maybe that of one it imports."""
    first: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))[0]
    imported = first.get("import_playbook")
    return first_play(path.parent / imported) if imported else first


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: str(path.stem))
def test_no_playbook_begins_where_tasks_would_be_left_out(path: Path) -> None:
    """With a name that no task has, --start-at-task ends as a success having done nothing."""
    assert "sfb.cloud_connector.whole_run" in first_play(path)["hosts"]


def test_the_tasks_of_the_upgrade_are_its_steps_in_their_order() -> None:
    role = Path(__file__).parents[3] / "roles" / "appliance_upgrade" / "tasks" / "main.yml"
    (block,) = [task for task in yaml.safe_load(role.read_text("utf-8")) if "block" in task]
    tasks = [task for task in block["block"] if task["name"].startswith("Step ")]
    names = [task["name"] for task in tasks]
    modules = [name for task in tasks for name in task if name.startswith("sfb.")]
    assert names == [f"Step {number} of {len(STEPS)}, {step.title}" for number, step in enumerate(STEPS, 1)]
    assert modules == [f"sfb.cloud_connector.{step.name}" for step in STEPS]


def tasks_within(found: Any) -> Iterator[dict[str, Any]]:
    """Every task of a play or of a role, also those in blocks."""
    for one in found:
        yield one
        for name in ("tasks", "block"):
            yield from tasks_within(one.get(name, []))


def test_what_reads_the_tenant_for_many_appliances_does_so_for_two_sites_at_a_time() -> None:
    """And nobody else reads it there: three sessions are all that an administrator has."""
    root = Path(__file__).parents[3]
    files = [*root.glob("playbooks/*.yml"), *root.glob("roles/site_*/tasks/main.yml")]
    files += root.glob("playbooks/tasks/*.yml")
    tasks = [task for file in files for task in tasks_within(yaml.safe_load(file.read_text("utf-8")))]
    readers = [
        task
        for task in tasks
        for name in ("site_info", "appliance_info")
        if (given := task.get(f"sfb.cloud_connector.{name}")) is not None
        and "tenant" in subset(given.get("gather_subset", ["all"]))
    ]
    assert len(readers) == 2 and {task.get("throttle") for task in readers} == {2}
    checks = [task["sfb.cloud_connector.health"] for task in tasks if "sfb.cloud_connector.health" in task]
    assert checks and all("tenant" in check for check in checks)


def test_hosts_are_commissioned_two_at_a_time() -> None:
    """Each of them logs on to the tenant."""
    (file,) = (path for path in PLAYBOOKS if path.name == "commission.yml")
    tasks = list(tasks_within(yaml.safe_load(file.read_text("utf-8"))))
    assert [one["throttle"] for one in tasks if "sfb.cloud_connector.commissioning" in one] == [2]


def test_what_ends_a_turn_knows_the_whole_site() -> None:
    """This may be all that is left to do, while the run before has left its lease: with the site at hand that one is over."""
    ends = yaml.safe_load((FOLDER / "tasks" / "turn_ends.yml").read_text("utf-8"))
    acting = {module: task[module] for task in ends for module in task if module.startswith("sfb.cloud_connector.")}
    assert sorted(acting) == [f"sfb.cloud_connector.{name}" for name in ("automatic_update", "site_lease", "soak")]
    for options in acting.values():
        assert {"name", "appliances", "peak_calls"} <= set(options["site"])


def test_the_roles_that_act_say_the_same_of_the_site() -> None:
    roles = ("appliance_upgrade", "appliance_patch", "appliance_rollback")
    said = [
        (FOLDER.parent / "roles" / role / "vars" / "main.yml").read_text("utf-8").replace(role, "ROLE")
        for role in roles
    ]
    assert len(set(said)) == 1 and "lease_seconds" in said[0] and "take_over" in said[0] and "waivers" in said[0]
