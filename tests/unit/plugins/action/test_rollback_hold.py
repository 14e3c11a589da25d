"""A site on hold: made once, never written over, cleared by name, and nothing goes forward meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bench import HOST, NEIGHBOUR, SHARE, WORK, Bench
from tests.operations import Overtaken, operate, starts_a_job

HOLD = rf"{SHARE}\sfb.cloud_connector.hold"
WHO = {"by": "J. Doe", "reason": "CHG4711"}


class Held(Bench):
    """A bench with the hold of its site."""

    def options(self, module: str) -> dict[str, Any]:
        if module == "rollback_hold":
            return {**self.reach(HOST), "site": self.site(), **WHO}
        return super().options(module)

    def hold(self, **options: Any) -> Any:
        return self.do("rollback_hold", **{"version": "2.0.1", **options})

    def on_share(self) -> dict[str, Any] | None:
        files = self.lab.world.network.files
        return json.loads(files.read_text(HOLD)) if files.exists(HOLD) else None


def test_check_do_and_do_again() -> None:
    bench = Held("version")
    predicted = bench.hold(check=True)
    assert predicted["changed"] and bench.changes() == [] and bench.on_share() is None
    done = bench.hold()
    assert done["changed"] and done["changes"] == predicted["changes"] == ["put oslo on hold, which goes back to 2.0.1"]
    found = bench.on_share()
    assert found is not None and found | {"since": "", "token": ""} == {
        "site": "oslo",
        **WHO,
        "leaves": "2.1",
        "goes_to": "2.0.1",
        "since": "",
        "token": "",
    }
    assert done["diff"]["before"] == {"hold": None} and done["diff"]["after"]["hold"]["by"] == "J. Doe"
    again = bench.hold(by="M. Roe", reason="another")
    assert not again["changed"] and bench.changes() == [] and bench.on_share() == found


def test_one_for_another_release_is_not_written_over() -> None:
    bench = Held("version")
    bench.hold()
    found = bench.on_share()
    refused = bench.hold(version="2.0")
    assert refused["failure"]["class"] == "site-on-hold" and "by J. Doe" in refused["msg"]
    assert bench.changes() == [] and bench.on_share() == found


def test_whoever_comes_second_finds_it_made() -> None:
    bench = Held("version")
    action = bench.prepare("rollback_hold", version="2.0.1")

    def first(request: dict[str, Any]) -> None:
        if any(step["name"] == "hold_placed" for step in request["steps"]) and bench.on_share() is None:
            operate(bench.lab, NEIGHBOUR, "rollback_hold", **bench.options("rollback_hold"), version="2.0.1")

    action._connection = Overtaken(bench.lab.connection(HOST), first)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert "failed" not in result, result["msg"]


def test_it_is_cleared_by_name_and_leaves_a_record() -> None:
    bench = Held("version")
    bench.hold()
    found = bench.on_share()
    assert found is not None
    predicted = bench.hold(state="absent", version=None, by="M. Roe", reason="repaired", check=True)
    assert predicted["changes"] == ["clear the hold of oslo"] and bench.on_share() == found
    done = bench.hold(state="absent", version=None, by="M. Roe", reason="repaired")
    assert done["changed"] and bench.on_share() is None
    files = bench.lab.world.network.files
    cleared = json.loads(files.read_text(f"{HOLD}.{found['token']}.cleared"))
    assert (cleared["by"], cleared["reason"]) == ("M. Roe", "repaired")
    assert json.loads(files.read_text(f"{HOLD}.{found['token']}")) == found
    again = bench.hold(state="absent", version=None)
    assert not again["changed"] and bench.changes() == []


@pytest.mark.parametrize("options", [{"by": "J.\nDoe"}, {"reason": "r" * 201}, {"by": " "}, {"version": None}])
def test_a_name_and_a_reason_are_needed(options: dict[str, Any]) -> None:
    bench = Held("version")
    assert bench.hold(**options)["failure"]["class"] == "option" and bench.on_share() is None


# --- nothing goes forward -------------------------------------------------------------------------------------------------

FORWARD = ("package", "deployment", "version")


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("module", FORWARD)
def test_no_module_goes_forward_while_it_stands(module: str, check: bool) -> None:
    """A playbook of a stranger has nothing but the modules."""
    bench = Held(module)
    bench.hold()
    refused = bench.do(module, check=check)
    assert refused["failure"]["class"] == "site-on-hold" and bench.changes() == [] and bench.claims() == []
    assert "J. Doe" in refused["msg"] and "clear_hold" in refused["msg"]


@pytest.mark.parametrize("module", FORWARD)
def test_the_hold_of_another_appliance_of_the_site_counts(module: str) -> None:
    bench = Held(module)
    made = operate(bench.lab, NEIGHBOUR, "rollback_hold", **{**bench.options("rollback_hold"), "version": "2.0.1"})
    assert made["changed"] and bench.do(module)["failure"]["class"] == "site-on-hold"


@pytest.mark.parametrize("module", FORWARD)
def test_what_is_no_hold_counts_as_one(module: str) -> None:
    bench = Held(module)
    bench.lab.world.network.files.write_text(HOLD, "")
    refused = bench.do(module)
    assert refused["failed"] and bench.changes() == [] and "not a hold of this collection" in refused["msg"]


@pytest.mark.parametrize("module", FORWARD)
def test_one_that_is_made_between_the_reading_and_the_start_stops_it_on_the_appliance(module: str) -> None:
    bench = Held(module)
    action = bench.prepare(module)

    def meanwhile(request: dict[str, Any]) -> None:
        if starts_a_job(request) and bench.on_share() is None:
            operate(bench.lab, NEIGHBOUR, "rollback_hold", **{**bench.options("rollback_hold"), "version": "2.0.1"})

    action._connection = Overtaken(bench.lab.connection(HOST), meanwhile)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failure"]["class"] == "fence" and bench.count(module) == 0 and bench.claims() == []


@pytest.mark.parametrize("module", FORWARD)
def test_once_it_is_cleared_everything_goes_forward_again(module: str) -> None:
    bench = Held(module)
    bench.hold()
    bench.hold(state="absent", version=None)
    assert bench.do(module)["changed"] is True and bench.ran(WORK[module])
