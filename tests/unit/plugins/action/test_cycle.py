"""Each module: check mode changes nothing, doing does it, doing it again does nothing. Judged by what the lab recorded."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import HOST, NEIGHBOUR, ORDER, OURS, WORK, Bench


def reached(bench: Bench, module: str) -> bool:
    """Whether the lab's own state is what the module is for."""
    state, content = bench.lab.snapshot(HOST), bench.content
    imported = bench.text(r"C:\ProgramData\CloudConnector\CloudConnector.ini")
    return {
        "package": state["scripts"] == "2.1",
        "configuration": imported == content,
        "registration": state["management_service"] == {"state": "Running", "account": r".\CceService"},
        "download": bench.lab.world.network.files.exists(r"\\files\oslo\SfBBits\2.1"),
        "deployment": state["backup"] == "2.1" and state["sets"]["2.1"]["complete"],
        "version": (state["running"], state["backup"], state["in_service"]) == ("2.1", "2.0.1", True),
    }[module]


@pytest.mark.parametrize("module", WORK)
def test_check_mode_predicts_and_changes_nothing(module: str) -> None:
    bench = Bench(module)
    result = bench.do(module, check=True)
    assert result["changed"] is True, result
    assert bench.changes() == []
    assert not reached(bench, module)


@pytest.mark.parametrize("module", WORK)
def test_doing_does_it_and_says_what(module: str) -> None:
    bench = Bench(module)
    result = bench.do(module)
    assert result["changed"] is True and "failed" not in result, result
    assert reached(bench, module)
    assert result["diff"]["before"] != result["diff"]["after"]
    assert WORK[module] in bench.changes()


@pytest.mark.parametrize("module", WORK)
def test_what_was_announced_is_what_came(module: str) -> None:
    bench = Bench(module)
    announced = bench.do(module, check=True)
    done = bench.do(module)
    assert announced["changes"] == done["changes"]
    assert announced["diff"]["after"].keys() == done["diff"]["after"].keys()


@pytest.mark.parametrize("module", WORK)
def test_doing_it_again_does_nothing(module: str) -> None:
    bench = Bench(module)
    bench.do(module)
    result = bench.do(module)
    assert result["changed"] is False and result["changes"] == [] and "diff" not in result
    assert bench.changes() == []
    assert bench.claims() == []


@pytest.mark.parametrize("module", ["appliance_info", "health"])
def test_looking_changes_nothing(module: str) -> None:
    bench = Bench("health")
    bench.mark()
    result = bench.do("health") if module == "health" else {"changed": False, **bench.info()}
    assert result["changed"] is False
    assert bench.changes() == []


CHANGED = [module != "health" for module in ORDER]


def upgrade(bench: Bench, *, check: bool) -> list[Any]:
    """All modules one after the other, the facts of each handed on."""
    facts: dict[str, Any] = {}
    results = []
    for module in ORDER:
        results.append(bench.do(module, check=check, facts=facts))
        facts |= results[-1].get("ansible_facts", {})
    return results


def test_check_mode_of_a_whole_upgrade_works_on_a_fresh_appliance() -> None:
    bench = Bench()
    results = upgrade(bench, check=True)
    assert [result.get("msg") for result in results] == [None] * len(ORDER)
    assert [result["changed"] for result in results] == CHANGED
    assert results[-1]["appliance"]["running"] == "2.1"
    assert [run.name for run in bench.lab.record.cmdlets(mutating=True)] == []


def test_a_whole_upgrade_leaves_the_appliance_healthy_and_the_neighbour_alone() -> None:
    bench = Bench()
    assert [result["changed"] for result in upgrade(bench, check=False)] == CHANGED
    assert bench.lab.snapshot(HOST)["running"] == "2.1" and bench.lab.snapshot(HOST)["in_service"]
    assert bench.lab.record.cmdlets(NEIGHBOUR, mutating=True) == []
    assert bench.lab.record.shortages() == []
    (outage,) = bench.lab.record.outages()
    assert (outage.appliance, outage.why) == (HOST, "Switch-CcVersion")


def test_nothing_but_records_stays_behind() -> None:
    """No answer of a job, and no record that would let a later run take the removal of the MSI for its own."""
    bench = Bench()
    upgrade(bench, check=False)
    assert bench.our_files("jobs") == [] and list(bench.computer.tasks) == []
    assert bench.text(rf"{OURS}\saved\state.json") is None and bench.text(rf"{OURS}\saved\state.last.json")


@pytest.mark.parametrize("version_info", ["named", "absent"])
@pytest.mark.parametrize("install_disturbs_calls", [False, True])
def test_a_whole_upgrade_works_whatever_the_product_does(version_info: str, install_disturbs_calls: bool) -> None:
    switches = {"version_info": version_info, "install_disturbs_calls": install_disturbs_calls}
    bench = Bench(switches=switches)
    assert not [result["msg"] for result in upgrade(bench, check=False) if "failed" in result]
    assert bench.lab.snapshot(HOST)["running"] == "2.1"
