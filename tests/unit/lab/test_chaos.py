"""How `python -m lab chaos` chooses fleets and troubles, and judges what came of them."""

from __future__ import annotations

import argparse
import random
from dataclasses import fields
from typing import Any

import pytest

from lab.commands import chaos
from lab.world import choices, judging
from lab.world.switches import Switches


class Judged:
    """What of a running lab is judged."""

    def __init__(self, running: str) -> None:
        self.state = {"running": running, "backup": "2.0.1", "in_service": True}

    def get(self, path: str) -> dict[str, Any]:
        return {"appliances": {"north-1": self.state}}


def broken(switches: dict[str, Any] | None = None, died: bool = False, **found: list[dict[str, Any]]) -> list[str]:
    """`found`: the entries of the record, by kind."""
    return judging.broken(lambda kind: found.get(kind, []), switches or {}, spare=("north",), died=died)


def outage(appliance: str, begin: str, end: str | None, site: str = "north") -> dict[str, Any]:
    return {"appliance": appliance, "site": site, "time": begin, "end": end}


def call(outcome: str, why: str = "", **more: Any) -> dict[str, Any]:
    known = {"site": "north", "appliance": "north-1", "direction": "inbound", "emergency": False}
    return {**known, "outcome": outcome, "why": why, **more}


def options(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    chaos.add_arguments(parser)
    return parser.parse_args(given)


# --- choosing -----------------------------------------------------------------------------------------------------------


def test_each_work_of_each_appliance_fails_before_and_after() -> None:
    told = [chaos.told(trouble) for (trouble,) in chaos.every()]
    assert len(set(told)) == len(chaos.APPLIANCES) * len(chaos.WORK) * 2


def test_the_same_seed_draws_the_same_fleet_and_troubles() -> None:
    first, second = (list(chaos.chosen(options("--rounds", "2", "--seed", seed))) for seed in ("7", "8"))
    assert first[1] == second[0] and first[0] != first[1]
    assert first[0].told().startswith("seed 7: ")


def test_fifty_fleets_are_drawn_unless_told_otherwise() -> None:
    rounds = list(chaos.chosen(options()))
    assert len(rounds) == 50 and all(set(one.switches) == set(choices.values()) for one in rounds)


def test_the_product_may_be_left_as_the_lab_has_it() -> None:
    assert [one.switches for one in chaos.chosen(options("--defaults", "--rounds", "2"))] == [{}, {}]
    assert next(chaos.chosen(options("--every"))).switches == {}


def test_every_switch_has_values_and_its_default_is_the_first() -> None:
    values = choices.values()
    assert set(values) == {one.name for one in fields(Switches)}
    assert all(len(some) > 1 and some[0] == getattr(Switches(), name) for name, some in values.items())
    assert set(choices.STOPPING) <= set(values)


def test_every_value_of_every_switch_is_drawn() -> None:
    found = [choices.drawn(random.Random(seed)) for seed in range(300)]
    for name, some in choices.values().items():
        assert {one[name] for one in found} == set(some), name


def test_what_is_told_of_a_fleet_is_what_differs() -> None:
    assert choices.told({"vm_access": False, "msi_seconds": 90.0}) == "vm_access=False"
    assert choices.told({}) == "every switch at its default"


# --- judging ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("running", "found"), [("2.1", []), ("2.0.1", ["north-1 runs 2.0.1, in service: True"])])
def test_an_appliance_left_behind_is_named(running: str, found: list[str]) -> None:
    assert chaos.left_behind(Judged(running)) == found  # type: ignore[arg-type]


def test_the_classes_of_a_run_that_stopped_are_found() -> None:
    output = 'fatal: [a]: FAILED! => {"failure": {"class": "vms-down"}}\n{"class": "capacity"} {"class": "vms-down"}'
    assert chaos.classes(output) == ["capacity", "vms-down"]


def test_a_switch_back_is_named() -> None:
    event = [{"appliance": "north-1", "text": "runs 2.0.1, backup 2.1"}]
    assert broken(event=event) == broken(event=event, died=True) == ["north-1 was switched back"]


def test_a_cut_call_is_named_unless_a_host_died_or_the_product_does_it() -> None:
    cut = [call("cut", "msiexec"), call("completed")]
    assert broken(call=cut) == ["north-1 cut a call: msiexec"]
    assert broken(call=cut, died=True) == broken({"msi_stops_calls": True}, call=cut) == []
    assert broken({"install_disturbs_calls": True}, call=cut) == ["north-1 cut a call: msiexec"]
    switch = [call("cut", "Switch-CcVersion")]
    assert broken({"automatic_recovery": True}, call=switch) == ["north-1 cut a call: Switch-CcVersion"]
    assert broken({"automatic_recovery": True, "recovery_minds_cmdlets": False}, call=switch) == []


@pytest.mark.parametrize("emergency", [True, False])
def test_a_refused_call_is_named_where_another_appliance_is_asked(emergency: bool) -> None:
    refused = [call("refused", "full", emergency=emergency)]
    assert broken(call=refused) == [f"north refused {'an emergency' if emergency else 'a'} call: full"]
    assert broken({"gateway_retry": False}, call=refused) == []
    assert broken({"tenant_retry": False}, call=refused) != []
    assert broken(call=[call("refused", "full", site="south")]) == []


def test_work_that_was_done_twice_is_named() -> None:
    twice = [{"appliance": "north-1", "name": "Switch-CcVersion", "outcome": one} for one in ("ok", "error", "ok")]
    assert broken(cmdlet=twice) == ["north-1: Switch-CcVersion succeeded 2 times"]
    assert broken(cmdlet=twice[:2]) == []


@pytest.mark.parametrize(("when", "again"), [("before", True), ("during drained", True), ("after", False)])
def test_work_that_a_fault_left_undone_may_be_done_again(when: str, again: bool) -> None:
    run = {"appliance": "north-1", "name": "Switch-CcVersion", "outcome": "ok"}
    fault = {"appliance": "north-1", "text": f"fault: half_done {when} Switch-CcVersion"}
    assert (broken(cmdlet=[run, run], event=[fault]) == []) is again


def test_two_outages_of_a_site_at_once_are_named() -> None:
    assert broken(outage=[outage("north-2", "2", "4"), outage("north-1", "1", "3")]) == [
        "north-2 went out while north-1 was"
    ]
    assert broken(outage=[outage("north-2", "3", None), outage("north-1", "1", "3")]) == []
    assert broken(outage=[outage("south-1", "2", "4", "south"), outage("north-1", "1", "3")]) == []
