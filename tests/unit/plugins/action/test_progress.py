"""During a job of hours there is one line a few minutes apart, and none of it in check mode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.utils.display import Display

from tests.bench import HOST, ORDER, Bench

QUEUE = {"groups": {"cloud_connector_queue": [HOST, "cce-2", "cce-3"]}, "cloud_connector_entry": {"number": 1}}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(Display, "display", lambda self, text, *more, **named: lines.append(text))
    return lines


def deploy(bench: Bench, folder: Path, **more: Any) -> Any:
    made = bench.prepare("deployment", control=str(folder / "control.json"), **more)
    return made.run(task_vars={"inventory_hostname": HOST, **QUEUE})


@pytest.fixture
def ready() -> Bench:
    bench = Bench()
    for module in ORDER[:4]:
        bench.do(module)
    return bench


def test_a_line_every_few_minutes_with_what_is_left(ready: Bench, tmp_path: Path, said: list[str]) -> None:
    begun = ready.lab.now()
    assert deploy(ready, tmp_path)["changed"]
    running = [line for line in said if "install-2.1: running" in line]
    minutes = (ready.lab.now() - begun) / 60
    assert minutes / 8 < len(running) < minutes / 4
    assert running[1] == f"  {HOST}: install-2.1: running, waited 6 min; 2 of 3 appliances are left after this one"


@pytest.mark.parametrize("history", ["", "{", "[{}]", json.dumps([{"appliance": "a", "target": "2.1"}])])
def test_a_history_that_cannot_be_read_does_not_matter(
    ready: Bench, tmp_path: Path, said: list[str], history: str
) -> None:
    (tmp_path / "history.json").write_text(history, "utf-8")
    assert deploy(ready, tmp_path)["changed"]


def test_in_check_mode_there_is_none(tmp_path: Path, said: list[str]) -> None:
    bench = Bench()
    for module in ORDER[:-1]:
        bench.do(module, check=True, control=str(tmp_path / "control.json"))
    assert said == []
