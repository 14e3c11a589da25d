"""The callback that writes the report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.callback.report import CallbackModule


@pytest.fixture
def callback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CallbackModule:
    made = CallbackModule()
    monkeypatch.setattr(made, "get_option", lambda name: str(tmp_path / "run"))
    made.v2_playbook_on_start(SimpleNamespace(_file_name="/x/upgrade_fleet.yml"))
    return made


def result(action: str, loop: Any = None, **values: Any) -> SimpleNamespace:
    task = SimpleNamespace(action=action, loop=loop, get_name=lambda: "a task")
    return SimpleNamespace(task=task, host=SimpleNamespace(name="cce-ber-1"), result=values)


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "run" / "report.jsonl").read_text().splitlines()]


def test_each_step_is_told_when_it_begins_and_when_it_ends(callback: CallbackModule, tmp_path: Path) -> None:
    done = result("sfb.cloud_connector.version", changed=True, changes=["switch"])
    callback.v2_runner_on_start(done.host, done.task)
    assert (tmp_path / "run" / "report.md").read_text().count("begun") == 1
    callback.v2_runner_on_ok(done)
    assert [event["state"] for event in events(tmp_path)[1:]] == ["begun", "changed"]


@pytest.mark.parametrize(("step", "state"), [("health", "passed"), ("version", "nothing to do")])
def test_what_changes_nothing_is_told_in_its_own_words(
    callback: CallbackModule, tmp_path: Path, step: str, state: str
) -> None:
    callback.v2_runner_on_ok(result(f"sfb.cloud_connector.{step}", changed=False))
    assert events(tmp_path)[-1]["state"] == state


def test_a_plan_is_told_also_when_it_is_refused(callback: CallbackModule, tmp_path: Path) -> None:
    callback.v2_runner_on_failed(result("sfb.cloud_connector.plan", msg="refused", problems=["ill"]))
    assert [event["event"] for event in events(tmp_path)[1:]] == ["plan", "trouble"]
    assert events(tmp_path)[1]["problems"] == ["ill"]


def test_a_validated_site_is_told(callback: CallbackModule, tmp_path: Path) -> None:
    callback.v2_runner_on_ok(result("ansible.builtin.group_by", add_group="cloud_connector_validated"))
    assert events(tmp_path)[-1]["event"] == "validated"


def test_a_lost_appliance_is_a_trouble_and_the_state_of_its_step(callback: CallbackModule, tmp_path: Path) -> None:
    callback.v2_runner_on_unreachable(result("sfb.cloud_connector.version", msg="gone"))
    step, trouble = events(tmp_path)[1:]
    assert (step["state"], trouble["text"]) == ("unreachable", "unreachable: gone")


def test_a_loop_tells_what_failed_in_it(callback: CallbackModule, tmp_path: Path) -> None:
    callback.v2_runner_on_failed(result("x", results=[{"msg": "fine"}, {"failed": True, "msg": "bad"}]))
    assert events(tmp_path)[-1]["text"] == "failed: bad"


def test_other_tasks_are_not_told(callback: CallbackModule, tmp_path: Path) -> None:
    callback.v2_runner_on_ok(result("ansible.builtin.debug"))
    callback.v2_runner_on_ok(result("version"))
    assert len(events(tmp_path)) == 1


@pytest.mark.parametrize(("dark", "well"), [({}, True), ({"cce-ber-1": 1}, False)])
def test_the_end_says_whether_all_went_well(
    callback: CallbackModule, tmp_path: Path, dark: dict[str, int], well: bool
) -> None:
    callback.v2_playbook_on_stats(SimpleNamespace(failures={}, dark=dark))
    assert events(tmp_path)[-1]["well"] is well


def test_a_report_that_cannot_be_written_does_not_disturb_the_run(callback: CallbackModule, tmp_path: Path) -> None:
    (tmp_path / "run" / "report.jsonl").unlink()
    (tmp_path / "run" / "report.jsonl").mkdir()
    callback.v2_playbook_on_stats(SimpleNamespace(failures={}, dark={}))
    callback.v2_playbook_on_stats(SimpleNamespace(failures={}, dark={}))


# --- the history ------------------------------------------------------------------------------------------------------


def upgraded(callback: CallbackModule, monkeypatch: pytest.MonkeyPatch) -> None:
    """One appliance is upgraded as a whole, a minute after the other."""
    minutes = iter(range(60))
    now = SimpleNamespace(now=lambda zone: datetime(2026, 1, 1, 0, next(minutes), tzinfo=UTC))
    monkeypatch.setattr("ansible_collections.sfb.cloud_connector.plugins.callback.report.datetime", now)
    planned = result("sfb.cloud_connector.plan", target="2.1", hash="x", queue=[], skips=[], summary=[])
    callback.v2_runner_on_ok(planned)
    for step in ("package", "version", "health"):
        done = result(f"sfb.cloud_connector.{step}", changed=step != "health")
        callback.v2_runner_on_start(done.host, done.task)
        callback.v2_runner_on_ok(done)


@pytest.mark.parametrize("before", [None, "no history"])
def test_how_long_an_upgrade_took_is_kept_from_run_to_run(
    callback: CallbackModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    history = tmp_path / "run" / "history.json"
    if before:
        history.write_text(before)
    upgraded(callback, monkeypatch)
    (measure,) = json.loads(history.read_text())
    assert (measure["appliance"], measure["target"], measure["seconds"]) == ("cce-ber-1", "2.1", 300.0)
    callback.v2_playbook_on_start(SimpleNamespace(_file_name="/x/upgrade_fleet.yml"))
    assert len(json.loads(history.read_text())) == 1
    upgraded(callback, monkeypatch)
    assert len(json.loads(history.read_text())) == 2
