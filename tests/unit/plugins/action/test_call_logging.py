"""Call logging, judged by whether the lab's appliance logs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import JOB
from tests.cycle import Cycle

FILE = r"C:\logs\calls.txt"
SEARCH = {**JOB, "start_time": "2026-01-31 04:00:00", "end_time": "2026-01-31 05:00:00", "path": FILE}
HOUR = 3600.0


@pytest.fixture
def bench() -> Cycle:
    return Cycle()


def start(bench: Cycle, **options: Any) -> bool:
    return bool(bench.must("call_logging", state="started", **options)["changed"])


def stop(bench: Cycle, **options: Any) -> bool:
    return bool(bench.must("call_logging", state="stopped", **options)["changed"])


def test_the_cycle_of_starting_and_stopping(bench: Cycle) -> None:
    bench.cycle("call_logging", "Start-CcLogging", state="started")
    assert bench.appliance.logging
    bench.cycle("call_logging", "Stop-CcLogging", state="stopped")
    assert not bench.appliance.logging


def test_after_four_hours_it_has_stopped_and_can_be_started_again(bench: Cycle) -> None:
    start(bench)
    bench.lab.advance(4 * HOUR)
    assert not stop(bench)
    assert start(bench) and bench.appliance.logging


def test_a_restart_of_the_host_leaves_it_unknown_so_it_is_started_again(bench: Cycle) -> None:
    start(bench)
    bench.appliance.restart()
    bench.settle(HOUR)
    assert start(bench)


def test_what_somebody_else_may_have_started_is_stopped(bench: Cycle) -> None:
    bench.run("Start-CcLogging")
    assert stop(bench) and not bench.appliance.logging


def test_the_cache_is_removed_once_also_after_it_has_stopped(bench: Cycle) -> None:
    start(bench)
    bench.lab.advance(5 * HOUR)
    assert stop(bench, remove_cache=True) and bench.ran("Stop-CcLogging")[0].parameters["RemoveCache"]
    assert not stop(bench, remove_cache=True)
    assert start(bench) and stop(bench) and stop(bench, remove_cache=True)


def test_the_cycle_of_an_export(bench: Cycle) -> None:
    bench.cycle("call_logging", "Search-CcLog", state="exported", **SEARCH)
    assert bench.text(FILE) == "simulated log from 2026-01-31 04:00:00 to 2026-01-31 05:00:00\r\n"
    bench.computer.files.remove(FILE)
    bench.cycle("call_logging", "Search-CcLog", state="exported", **SEARCH)


def test_a_file_of_another_search_is_not_overwritten(bench: Cycle) -> None:
    bench.must("call_logging", state="exported", **SEARCH)
    other = {**SEARCH, "end_time": "2026-01-31 06:00:00"}
    assert "is there already" in bench.refused("call_logging", state="exported", **other)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"end_time": "2026-01-31 04:00:00"}, "not later"),
        ({"start_time": "yesterday"}, "is not a time"),
        ({"path": None}, "path"),
        ({"task_password": None}, "task_password"),
    ],
)
def test_what_cannot_be_searched_is_refused(bench: Cycle, wrong: dict[str, Any], message: str) -> None:
    assert message in bench.refused("call_logging", state="exported", **{**SEARCH, **wrong})


def test_check_mode_hands_the_start_on(bench: Cycle) -> None:
    facts = bench.must("call_logging", state="started", check=True)["ansible_facts"]
    assert not bench.must("call_logging", state="started", check=True, facts=facts)["changed"]
    assert bench.must("call_logging", state="stopped", check=True, facts=facts)["changed"]


def test_a_damaged_record_is_not_guessed_at(bench: Cycle) -> None:
    start(bench)
    bench.computer.files.write_text(r"C:\Program Files\sfb.cloud_connector\records\call_logging.json", "[]")
    assert "cannot be judged" in bench.refused("call_logging", state="started")
