"""What the modules have in common whose work is written down."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from lab.cmdlets.cloudconnector.certificates import certificate
from lab.world.building import SERVICE_PASSWORD
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


@pytest.mark.parametrize("module", LONG)
def test_check_mode_hands_on_what_would_be_written_down(bench: Cycle, module: str) -> None:
    """One fact carries the appliance and all records, so that tasks of several modules can follow each other."""
    facts: dict[str, Any] = {}
    for other in ("call_logging", "credential"):
        facts |= bench.must(other, check=True, facts=facts, **LONG[other])["ansible_facts"]
    facts |= bench.must(module, check=True, facts=facts, **LONG[module])["ansible_facts"]
    assert list(facts) == ["cloud_connector_predicted"]
    for one in {module, "call_logging", "credential"}:
        assert not bench.must(one, check=True, facts=facts, **LONG[one])["changed"], one
    assert bench.changes() == [] and bench.our_files("records") == []


@pytest.mark.parametrize("module", [module for module in LONG if module != "certificate"])
def test_a_start_that_arrives_late_does_nothing_twice(bench: Cycle, module: str) -> None:
    """The bytes of a run that was given up come when the same command has done the work again."""
    deliver = held_start(bench, module, **LONG[module])
    assert bench.must(module, **LONG[module])["changed"]
    assert deliver() == []
    assert bench.claims() == [] and not bench.must(module, **LONG[module])["changed"]


@pytest.mark.parametrize("module", ["certificate", "certification_authority", "topology", "directories"])
def test_a_start_that_arrives_after_other_vms_run_does_nothing(bench: Cycle, module: str) -> None:
    bench.run("Enter-CcUpdate")
    bench.computer.files.write(r"C:\new.pfx", certificate("new", SERVICE_PASSWORD))
    moved = {"site_directory": r"\\files\bergen", "redeploy_afterwards": True}
    bench.lab.world.network.add_share(moved["site_directory"])
    options = {**LONG, "certificate": {**LONG["certificate"], "import": True}, "directories": moved}[module]
    deliver = held_start(bench, module, **options)
    bench.appliance.running = "2.0.1"
    assert deliver() == [] and bench.claims() == []


def held_start(bench: Cycle, module: str, **options: Any) -> Callable[[], list[str]]:
    """Runs it up to the request that would do the work, which is lost on its way. Gives what delivers it after all.

    That returns the work that was done then.
    """
    action = bench.prepare(module, **options)
    line, held, point = action._connection.exec_command, list[Any](), POINTS[module]

    def exec_command(cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> Any:
        if f"\\\\{point}" in (in_data or b"").decode():
            held.append((cmd, in_data))
            raise ConnectionError("lost")
        return line(cmd, in_data, sudoable)

    def deliver() -> list[str]:
        bench.mark()
        line(*held[0])
        bench.settle(600)
        return [run.name for run in bench.ran(point)]

    action._connection.exec_command = exec_command
    with pytest.raises(AnsibleConnectionFailure):
        action.run(task_vars={"inventory_hostname": HOST})
    return deliver


POINTS = {
    "certificate": "Set-CcExternalCertificateFilePath",
    "certification_authority": "Update-CcCACertificate",
    "topology": "Publish-CcAppliance",
    "credential": "Set-CcCredential",
    "call_logging": "Search-CcLog",
    "directories": "Set-CcSiteDirectory",
}
"""The cmdlets that are the point of the modules."""


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
