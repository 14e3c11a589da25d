"""What the modules have in common whose work is written down."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from tests.bench import HOST, JOB
from tests.cycle import CREDENTIALS, Cycle

LONG: dict[str, dict[str, Any]] = {
    "certificate": {**JOB, "path": r"C:\new.pfx"},
    "certification_authority": {**JOB, "operation": "renew_root", "generation": "1"},
    "topology": JOB,
    "credential": {"credentials": CREDENTIALS[:1], "generation": "1"},
    "call_logging": {
        **JOB,
        "state": "exported",
        "start_time": "2026-01-31 04:00:00",
        "end_time": "2026-01-31 05:00:00",
        "path": r"C:\calls.txt",
    },
}
JOBS = [module for module in LONG if module not in ("credential", "certificate")]


@pytest.fixture
def bench() -> Cycle:
    bench = Cycle()
    bench.computer.files.write_text(r"C:\new.pfx", "a certificate")
    return bench


@pytest.mark.parametrize("module", LONG)
def test_nothing_is_begun_beside_a_job_of_another_operation(bench: Cycle, module: str) -> None:
    bench.computer.files.write_text(r"C:\Program Files\sfb.cloud_connector\jobs\install-2.1.claim", "somebody")
    assert "install-2.1 is under way" in bench.refused(module, **LONG[module])


@pytest.mark.parametrize("module", LONG)
def test_a_record_that_cannot_be_understood_is_not_overwritten(bench: Cycle, module: str) -> None:
    path = rf"C:\Program Files\sfb.cloud_connector\records\{module}.json"
    bench.computer.files.write_text(path, "not json")
    bench.do(module, **LONG[module])
    assert bench.text(path) == "not json"


@pytest.mark.parametrize("module", JOBS)
def test_a_job_that_outlives_its_wait_is_found_again_and_written_down(bench: Cycle, module: str) -> None:
    result = bench.do(module, **{**LONG[module], "timeout": 1, "poll_interval": 1})
    assert result["failed"] and "it goes on by itself" in result["msg"]
    bench.settle()
    assert bench.must(module, **LONG[module])["changed"]
    assert not {"Register-ScheduledTask", "Start-ScheduledTask"} & set(bench.changes())
    assert not bench.must(module, **LONG[module])["changed"]


@pytest.mark.parametrize("module", LONG)
def test_a_line_that_is_lost_after_the_work_costs_a_rerun(bench: Cycle, module: str) -> None:
    """Each exchange in turn is done by the appliance and not heard of."""
    for at in range(1, 30):
        bench = Cycle()
        bench.computer.files.write_text(r"C:\new.pfx", "a certificate")
        if not lost_at(bench, module, at):
            return
        bench.must(module, **LONG[module])
        assert not bench.must(module, **LONG[module])["changed"]
    raise AssertionError("so many exchanges?")


def lost_at(bench: Cycle, module: str, at: int) -> bool:
    """Runs it, its exchange number `at` lost; whether there were so many."""
    action = bench.prepare(module, **LONG[module])
    line, count = action._connection.exec_command, 0

    def exec_command(*args: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        answer = line(*args, **more)
        if count == at:
            raise ConnectionError("lost")
        return answer

    action._connection.exec_command = exec_command
    with contextlib.suppress(AnsibleConnectionFailure):
        action.run(task_vars={"inventory_hostname": HOST})
    return count >= at
