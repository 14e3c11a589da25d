"""Words about a run are written down on the controller, also by two persons at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.action.control import ActionModule
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.control_file import ControlFile

GROUPS = {"cloud_connector": [f"cce-{number}" for number in range(1, 31)]}
SAID = {"by": "anna", "reason": "storm"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control.json"


def say(path: Path, *, check: bool = False, **given: Any) -> dict[str, Any]:
    task = SimpleNamespace(
        args={"path": str(path), **given}, check_mode=check, action="control", async_val=0, environment=None
    )
    made = ActionModule(task, SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)), None, None, None, None)
    made._load_name = "control"
    return dict(made.run(task_vars={"groups": GROUPS}))


def test_what_is_said_is_in_force_until_it_is_taken_back(path: Path) -> None:
    assert say(path)["sentences"] == ["Nobody holds the run, and no appliance is left out."] and not path.exists()
    held = say(path, action="hold", **SAID)
    assert held["control"]["hold"].items() >= SAID.items() and held["control"]["hold"]["at"]
    both = say(path, action="leave_out", appliance="cce-2", **SAID)
    assert len(both["sentences"]) == 2 and say(path)["sentences"] == both["sentences"]
    assert say(path, action="go_on", by="bert")["control"].keys() == {"leave_out"}
    assert say(path, action="go_on", by="bert", appliance="cce-2")["control"] == {}
    history = [json.loads(line) for line in path.with_name("control.jsonl").read_text("utf-8").splitlines()]
    assert [(one["action"], one["by"], one["reason"]) for one in history] == [
        ("hold", "anna", "storm"),
        ("leave_out", "anna", "storm"),
        ("go_on", "bert", ""),
        ("go_on", "bert", ""),
    ]
    assert all(one["time"] for one in history)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"action": "hold"}, "hold needs by and reason"),
        ({"action": "stop_after_appliance", "by": "anna"}, "needs reason"),
        ({"action": "go_on"}, "needs by"),
        ({"action": "leave_out", **SAID}, "say which appliance"),
        ({"action": "leave_out", "appliance": "cce-99", **SAID}, "cce-99 is no appliance of the inventory"),
        ({"action": "pause", **SAID}, "value of action must be one of"),
        ({"action": "hold", "by": "anna", "reason": "x" * 1000}, "at most 300 signs"),
    ],
)
def test_what_cannot_be_said_is_refused_and_writes_nothing(path: Path, given: dict[str, str], words: str) -> None:
    result = say(path, **given)
    assert result["failed"] and words in result["msg"] and not path.exists()


def test_check_mode_writes_nothing(path: Path) -> None:
    assert not say(path, check=True, action="hold", **SAID).get("failed") and not path.exists()


def test_a_file_that_nobody_understands_is_put_aside_by_go_on_only(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("hold!", "utf-8")
    assert "say go_on first" in say(path, action="leave_out", appliance="cce-1", **SAID)["msg"]
    assert path.read_text("utf-8") == "hold!"
    assert say(path, action="go_on", by="anna")["control"] == {}
    assert path.with_name("control.json.not-understood").read_text("utf-8") == "hold!"
    assert not ControlFile(path).read().held


def test_thirty_words_at_once_are_all_kept(path: Path) -> None:
    with ThreadPoolExecutor(10) as pool:
        results = list(
            pool.map(lambda name: say(path, action="leave_out", appliance=name, **SAID), GROUPS["cloud_connector"])
        )
    assert not [one for one in results if one.get("failed")]
    assert sorted(ControlFile(path).read().left_out) == sorted(GROUPS["cloud_connector"])
    assert sorted(one.name for one in path.parent.iterdir()) == ["control.json", "control.jsonl", "control.lock"]
