"""Whatever is cut, killed or begun twice: the same operation again finishes the work, and nothing is done twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from tests.bench import HOST, JOBS, OURS, WORK, Bench
from tests.operations import InProcessConnection, Overtaken, Tapped, starts_a_job

SLOW = 1500
"""Seconds between two looks, so that a run has few exchanges."""


class Abandoned(BaseException):
    """The controller is gone."""


class CutLine(InProcessConnection):
    """A connection that is lost at one exchange, before the appliance got it or after it has done it."""

    def __init__(self, appliance: Any, at: int, after: bool) -> None:
        super().__init__(appliance)
        self.exchanges, self.at, self.after = 0, at, after

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self.exchanges += 1
        if self.exchanges - 1 != self.at:
            return super().exec_command(cmd, in_data, sudoable)
        if self.after:
            super().exec_command(cmd, in_data, sudoable)
        self.connected = True
        raise ConnectionError("the line is cut")


def run_on(bench: Bench, module: str, line: Any, **options: Any) -> dict[str, Any]:
    """Runs a module over another connection; empty where the appliance counts as unreachable."""
    slow = {"poll_interval": SLOW} if module in JOBS else {}
    action = bench.prepare(module, **slow, **options)
    action._connection = line
    try:
        return dict(action.run(task_vars={"inventory_hostname": HOST}))
    except AnsibleConnectionFailure as lost:
        assert "outcome" in str(lost) and "Run the same command again" in str(lost)
        return {}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("module", WORK)
def test_a_line_cut_at_any_exchange_costs_a_rerun_at_most(module: str, after: bool) -> None:
    for at in range(100):
        bench = Bench(module)
        line = CutLine(bench.lab.connection(HOST), at, after)
        run_on(bench, module, line)
        result = bench.do(module)
        assert "failed" not in result, (at, result["msg"])
        assert bench.count(module) == 1, at
        assert bench.claims() == [] and list(bench.computer.tasks) == []
        if line.exchanges <= at:
            break
    assert 3 <= at < 100


@pytest.mark.parametrize("module", JOBS)
def test_a_controller_that_is_gone_is_followed_by_one_that_attaches(module: str) -> None:
    bench = Bench(module)
    abandon(bench, module)
    assert bench.claims() == [f"{JOBS[module]}.claim"]
    result = bench.do(module)
    assert result["changed"] is True and "begun before" in result["changes"][0]
    assert bench.count(module) == 1 and bench.claims() == []


def abandon(bench: Bench, module: str) -> None:
    """Begins a job and walks away at the first pause."""

    def gone(seconds: float) -> None:
        raise Abandoned

    action = bench.prepare(module)
    action.clock = replace(action.clock, sleep=gone)
    with pytest.raises(Abandoned):
        action.run(task_vars={"inventory_hostname": HOST})


@pytest.mark.parametrize("module", JOBS)
def test_what_a_finished_job_left_is_collected_once(module: str) -> None:
    bench = Bench(module)
    abandon(bench, module)
    bench.settle()
    assert "failed" not in bench.do(module)
    assert bench.do(module)["changed"] is False
    assert bench.count(module) == 1 and bench.claims() == []


@pytest.mark.parametrize("module", JOBS)
def test_check_mode_does_not_touch_a_job_that_was_begun(module: str) -> None:
    bench = Bench(module)
    abandon(bench, module)
    result = bench.do(module, check=True)
    # What the job itself does meanwhile is not of this run.
    assert result["changed"] is True and [run for run in bench.ran() if run.mutating and run.method != "batch"] == []
    predicted = result["ansible_facts"]["cloud_connector_predicted"]["parts"]["appliance"]
    assert predicted["jobs"] == []
    after = {"package": "scripts", "deployment": "backup", "version": "running"}.get(module)
    assert after is None or predicted[after] == "2.1"


@pytest.mark.parametrize("module", JOBS)
def test_a_wait_that_is_over_says_that_the_work_goes_on(module: str) -> None:
    bench = Bench(module, switches={"import_seconds": 60})
    result = bench.do(module, timeout=0, poll_interval=10)
    assert result["failed"] and f"{JOBS[module]} is running" in result["msg"]
    assert "it goes on by itself" in result["msg"] and "does not start a second one" in result["msg"]
    assert "failed" not in bench.do(module)
    assert bench.count(module) == 1


@pytest.mark.parametrize("module", JOBS)
def test_a_claim_that_another_run_has_just_made_is_joined(module: str) -> None:
    """Both have read the appliance before either of them has begun."""
    bench = Bench(module)
    late = bench.prepare(module, poll_interval=SLOW)

    def lose_the_race(request: dict[str, Any]) -> None:
        if starts_a_job(request):
            abandon(bench, module)

    late._connection = Overtaken(bench.lab.connection(HOST), lose_the_race)
    assert "failed" not in late.run(task_vars={"inventory_hostname": HOST})
    assert bench.count(module) == 1 and bench.claims() == []


def stale_claim(bench: Bench, module: str) -> None:
    """What a host leaves that died between the claim and the task."""
    bench.computer.files.write_text(rf"{OURS}\jobs\{JOBS[module]}.claim", json.dumps({"run": "of long ago"}))


@pytest.mark.parametrize("module", JOBS)
def test_a_claim_without_a_task_is_withdrawn_and_the_rerun_works(module: str) -> None:
    bench = Bench(module)
    stale_claim(bench, module)
    result = bench.do(module)
    assert result["failed"] and "not begun" in result["msg"] and "Run the same command again" in result["msg"]
    assert result["failure"]["class"] == "job-not-begun" and result["failure"]["retry"] is True
    assert bench.count(module) == 0 and bench.claims() == []
    assert "failed" not in bench.do(module)
    assert bench.count(module) == 1


@pytest.mark.parametrize("module", JOBS)
def test_a_claim_may_be_a_minute_old_before_it_counts_as_stale(module: str) -> None:
    bench = Bench(module)
    stale_claim(bench, module)
    bench.do(module, poll_interval=10)
    looks = bench.ran("Get-ScheduledTaskInfo")
    assert (looks[-1].time - looks[0].time).total_seconds() > 60


@pytest.mark.parametrize("module", JOBS)
def test_a_wrong_task_password_is_named_and_nothing_is_left(module: str) -> None:
    bench = Bench(module)
    result = bench.do(module, task_password="wrong-canary")
    assert "cloud_connector_deployment_password" in result["msg"] and "wrong-canary" not in json.dumps(result)
    assert bench.claims() == [] and list(bench.computer.tasks) == [] and bench.count(module) == 0
    assert "failed" not in bench.do(module)


@pytest.mark.parametrize("module", JOBS)
def test_a_task_that_is_there_without_its_claim_is_joined(module: str) -> None:
    """Somebody deleted the claim of a job that runs."""
    bench = Bench(module)
    abandon(bench, module)
    bench.computer.files.remove(rf"{OURS}\jobs\{JOBS[module]}.claim")
    bench.do(module)
    bench.settle()
    bench.do(module)
    assert bench.count(module) == 1 and bench.claims() == []


DEATHS = {"package": "", "configuration": "copy", "download": "bits", "deployment": "Mediation", "version": "off"}
"""A point in the middle of each cmdlet at which the host restarts."""


def die(bench: Bench, module: str) -> dict[str, Any]:
    """The result of a module under which the host restarts."""
    if module == "package":
        abandon(bench, module)
        bench.lab.advance(100)
        bench.appliance.restart()
        bench.settle(600)
        return dict(bench.do(module))
    bench.lab.fault(HOST, cmdlet=WORK[module], when="during", point=DEATHS[module], action="die_host")
    action = bench.prepare(module, poll_interval=600)
    return dict(action.run(task_vars={"inventory_hostname": HOST}))


@pytest.mark.parametrize("module", JOBS)
def test_a_restart_of_the_host_under_a_job_is_named(module: str) -> None:
    bench = Bench(module)
    result = die(bench, module)
    assert result["failed"], result
    assert "the host restarted, or the process was killed" in result["msg"], result["msg"]
    assert bench.claims() == [] and list(bench.computer.tasks) == []


@pytest.mark.parametrize("module", ["package", "configuration", "download"])
def test_after_a_restart_of_the_host_the_rerun_finishes(module: str) -> None:
    bench = Bench(module)
    die(bench, module)
    result = bench.do(module)
    assert "failed" not in result, result["msg"]
    assert bench.do(module)["changed"] is False


def test_a_deployment_after_a_restart_finishes_where_the_product_starts_anew() -> None:
    bench = Bench("deployment", switches={"install_over_unfinished": "replaced"})
    die(bench, "deployment")
    bench.appliance.management_switch = False
    assert "failed" not in bench.do("deployment")
    assert bench.lab.snapshot(HOST)["backup"] == "2.1" and bench.lab.snapshot(HOST)["running"] == "2.0.1"


def test_a_deployment_after_a_restart_names_what_is_left_where_the_product_refuses() -> None:
    bench = Bench("deployment")
    first = die(bench, "deployment")
    second = bench.do("deployment")
    for result in (first, second):
        assert "Uninstall-CcAppliance -Version 2.1, never without -Version" in result["msg"]
        assert "S1A1-AD-2.1" in result["msg"]
    assert bench.ran("Uninstall-CcAppliance") == []


@pytest.mark.parametrize("seconds", [0, 61])
def test_a_switch_after_a_restart_is_finished(seconds: float) -> None:
    """Both sets are off then: no call can be live, though nobody can be asked, which may take more than a minute."""
    bench = Bench("version")
    die(bench, "version")
    bench.settle(600)
    assert not bench.lab.snapshot(HOST)["in_service"]

    def silent_for_long(answer: dict[str, Any]) -> None:
        if any(one["name"] == "machines" for one in answer["results"]):
            bench.lab.advance(seconds)
            answer["results"][-1]["seconds"] += seconds

    action = bench.prepare("version")
    action._connection = Tapped(bench.lab.connection(HOST), after=silent_for_long)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert "failed" not in result, result["msg"]
    state = bench.lab.snapshot(HOST)
    assert (state["running"], state["backup"], state["in_service"]) == ("2.1", "2.0.1", True)
