"""Where the fleet stands, as the module shows, returns and writes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.filter import filters
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import slot, status
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.codec import encode
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.schema import faults

from tests.fleet import HOSTS, SITES, state, task_vars, think, upgraded

NOTE_AT = datetime(2026, 1, 31, 1, tzinfo=UTC)
NOTE = {"site": "berlin", "since": "2026-01-31 01:00:00 UTC", "by": "awx-1", "text": "{}"}


def show(states: list[dict[str, Any]], dest: Path, hosts: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return think("fleet_status", task_vars(hosts), states=states, dest=str(dest), **more)


def test_it_is_shown_returned_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    states = [upgraded(host) if host == "cce-ber-2" else state(host) for host in HOSTS]
    result = show(states, tmp_path / "new" / "status.json")
    assert "failed" not in result and result["changed"] is False
    written = json.loads((tmp_path / "new" / "status.json").read_text("utf-8"))
    assert written == result["status"] and faults(status.SCHEMA, written) == []
    assert [one["name"] for one in written["sites"]] == list(SITES)
    assert [one["name"] for site in written["sites"] for one in site["appliances"]] == HOSTS
    assert "berlin: 2.0.1, 2.1" in capsys.readouterr().out and "MIXED VERSIONS" in "".join(result["lines"])


def test_one_that_is_wrong_or_not_read_is_shown_and_is_no_failure(tmp_path: Path) -> None:
    states = [{"name": HOSTS[0], "unreadable": "gone"}, *map(state, HOSTS[1:-1])]
    result = show(states, tmp_path / "status.json", check=True)
    assert "failed" not in result and result["status"]["well"] is False and (tmp_path / "status.json").exists()
    modes = {one["name"]: one["mode"] for site in result["status"]["sites"] for one in site["appliances"]}
    assert modes[HOSTS[0]] == modes[HOSTS[-1]] == "not reachable" and modes[HOSTS[1]] == "in service"


def test_only_the_sites_of_the_run_are_shown(tmp_path: Path) -> None:
    result = show(list(map(state, SITES["cairo"])), tmp_path / "status.json", hosts=["cce-cai-2"])
    assert [one["name"] for one in result["status"]["sites"]] == ["cairo"]
    assert len(result["status"]["sites"][0]["appliances"]) == 2


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = show([], tmp_path / "file" / "status.json")
    assert result["failed"] and "could not be written" in result["msg"]


def test_validate_names_a_suspension_once() -> None:
    states = [{**state(host), "suspended": NOTE} for host in SITES["berlin"]]
    (sentence,) = filters.put_back([*states, {"name": "x", "unreadable": "gone"}])
    assert "Automatic update of berlin is suspended since 2026-01-31 01:00:00 UTC" in sentence
    assert "sfb.cloud_connector.restore" in sentence
    assert filters.put_back([state(HOSTS[0])]) == []


def test_validate_names_maintenance_mode_that_was_not_left_once() -> None:
    held = encode(slot.make("cce-ber-1", "cce-ber-1", "maintenance", NOTE_AT, "0" * 32))
    states = [{**state(host), "slot": held} for host in SITES["berlin"]]
    (sentence,) = filters.put_back(states)
    assert "cce-ber-1 was brought into maintenance mode at 2026-01-31 01:00:00 UTC and has not left it" in sentence
    other = encode(slot.make("cce-ber-1", "cce-ber-1", "switch", NOTE_AT, "0" * 32))
    assert filters.put_back([{**state(SITES["berlin"][0]), "slot": other}]) == []


def test_what_a_person_said_is_read_from_the_file_and_its_history(tmp_path: Path) -> None:
    file, shown = tmp_path / "control.json", tmp_path / "status.json"
    states = [state(host) for host in HOSTS]

    def said() -> list[tuple[str, str | None, str]]:
        result = show(states, shown, control=str(file))
        assert json.loads(shown.read_text("utf-8"))["control"] == result["status"]["control"]
        return [(one["action"], one["appliance"], one["by"]) for one in result["status"]["control"]]

    assert said() == []
    for options, expected in [
        ({"action": "hold", "reason": "storm"}, [("hold", None, "ann")]),
        ({"action": "go_on"}, [("go_on", None, "ann")]),
        ({"action": "leave_out", "appliance": HOSTS[1], "reason": "disk"}, [("leave_out", HOSTS[1], "ann")]),
        ({"action": "go_on", "appliance": HOSTS[1]}, []),
    ]:
        assert "failed" not in think("control", task_vars(), path=str(file), by="ann", **options)
        assert said() == expected
    (tmp_path / "control.jsonl").write_bytes(b"\xff[")
    assert said() == []
