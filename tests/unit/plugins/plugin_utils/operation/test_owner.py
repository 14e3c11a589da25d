"""Who runs this playbook, and whether another run of this computer has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import lease
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation import owner
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.owner import Owner, process_began


@pytest.fixture(autouse=True)
def _no_awx(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOB_ID", "AWX_HOST", "TOWER_HOST"):
        monkeypatch.delenv(name, raising=False)


def held_by(one: Owner) -> Any:
    return lease.make(one.run, one.who, one.machine, datetime.now(UTC), 180, "a" * 32)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def run_of(process: subprocess.Popen[bytes]) -> Owner:
    here = Owner.current({})
    pid = str(process.pid)
    return replace(here, run="another", machine=replace(here.machine, pid=pid, started=process_began(pid) or ""))


def test_a_person_and_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    assert Owner.current({}).who == f"ann@{os.uname().nodename}"


@pytest.mark.parametrize("prefix", ["awx", "tower"])
def test_a_job_of_awx_names_its_number_template_and_user(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.setenv(f"{prefix.upper()}_HOST", "https://awx.lab")
    found = {f"{prefix}_job_id": 4711, f"{prefix}_user_name": "ann", f"{prefix}_job_template_name": "Upgrade"}
    who = Owner.current(found).who
    assert who == f"AWX job 4711 of template Upgrade by ann at https://awx.lab on {os.uname().nodename}"


def test_of_a_job_of_awx_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_ID", "12")
    assert Owner.current({}).who == f"AWX job 12 on {os.uname().nodename}"


def test_all_tasks_of_a_run_are_the_same_owner() -> None:
    first = Owner.current({})
    assert Owner.current({}) == first and first.is_run_of(held_by(first)) and not first.knows_dead(held_by(first))
    elsewhere = replace(first, machine=replace(first.machine, boot="another"))
    assert not first.is_run_of(held_by(elsewhere))


def test_a_process_that_lives_is_not_dead(sleeper: subprocess.Popen[bytes]) -> None:
    assert not Owner.current({}).knows_dead(held_by(run_of(sleeper)))


@pytest.mark.parametrize("collected", [True, False], ids=["gone", "zombie"])
def test_a_process_that_was_killed_is(sleeper: subprocess.Popen[bytes], collected: bool) -> None:
    found = held_by(run_of(sleeper))
    sleeper.kill()
    if collected:
        sleeper.wait()
    else:
        os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert Owner.current({}).knows_dead(found)


def test_a_number_that_another_process_has_by_now_is_that_of_a_dead_one(sleeper: subprocess.Popen[bytes]) -> None:
    found = run_of(sleeper)
    assert Owner.current({}).knows_dead(held_by(replace(found, machine=replace(found.machine, started="1"))))


@pytest.mark.parametrize("pid", ["", "../1", "x", "-1"])
def test_what_is_no_number_is_no_path(pid: str) -> None:
    assert process_began(pid) is None


def test_where_nothing_can_be_read_nobody_is_known_to_be_dead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    found = held_by(run_of(sleeper))
    monkeypatch.setattr(owner, "PROC", tmp_path)
    assert not Owner.current({}).knows_dead(found)
