"""A drain that does not end: what it says, that it goes on, and both choices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import HOST, NEIGHBOUR, Bench
from tests.operations import Overtaken

SWITCH = "Switch-CcVersion"
FORCE = {"site": "oslo", "by": "J. Doe", "reason": "CHG4711"}
LIMIT = {"drain_limit": 1200, "timeout": 20_000}


def live(bench: Bench, seconds: float) -> Any:
    """One inbound call on the appliance."""
    while True:
        offered = bench.lab.world.sites["oslo"].sources["inbound"].offer(seconds)
        if offered.appliance == HOST:
            return offered


def drained(seconds: float = 1e9, **more: Any) -> tuple[Bench, Any, dict[str, Any]]:
    """An appliance whose switch waits for one call, the call, and what the switch said when the limit was over."""
    bench = Bench("version", **more)
    call = live(bench, seconds)
    return bench, call, bench.do("version", **LIMIT)


def test_it_says_how_many_calls_since_when_and_the_choices_and_the_drain_goes_on() -> None:
    bench, call, result = drained()
    failure = result["failure"]
    assert failure["class"] == "drain-limit" and failure["retry"] is True and failure["live_calls"] == 1
    assert "cce-1 drains since 2026-" in result["msg"] and "1 calls are live (1 inbound, 0 outbound)" in result["msg"]
    assert "end these calls at the gateway" in result["msg"] and "cloud_connector_force_drain" in result["msg"]
    assert 1200 < failure["seconds"] < 1500
    assert bench.claims() == ["switch-2.1.claim"] and call.outcome == "running" and bench.appliance.draining


def test_the_limit_counts_from_the_beginning_of_the_drain_whoever_began_it() -> None:
    bench, _, first = drained()
    bench.lab.advance(3000)
    began = bench.lab.now()
    result = bench.do("version", **LIMIT)
    assert result["failure"]["class"] == "drain-limit" and result["failure"]["seconds"] > 4000
    assert bench.lab.now() - began < 300
    assert abs(int(result["failure"]["since"][-6:-4]) - int(first["failure"]["since"][-6:-4])) <= 59


def test_when_the_calls_were_ended_the_same_command_goes_on_and_cuts_none() -> None:
    bench, call, _ = drained(3000)
    bench.lab.advance(2500)
    result = bench.do("version", **LIMIT)
    assert "failed" not in result and "begun before" in result["changes"][0]
    assert bench.lab.snapshot(HOST)["running"] == "2.1" and call.outcome == "completed"
    assert bench.count("version") == 1 and bench.lab.record.calls(outcome="cut") == []


def test_a_drain_that_ends_in_time_is_none_of_it() -> None:
    bench, call, result = drained(900)
    assert "failed" not in result and call.outcome == "completed"


def test_what_follows_the_drain_may_last_longer() -> None:
    bench, call, result = drained(1100, switches={"switch_duration": 3000.0})
    assert "failed" not in result and bench.lab.snapshot(HOST)["running"] == "2.1"


def test_without_a_limit_the_wait_for_the_job_is_the_only_one() -> None:
    bench = Bench("version")
    live(bench, 1e9)
    assert bench.do("version", drain_limit=0, timeout=6000)["failure"]["class"] == "unfinished"


@pytest.mark.parametrize("limit", [600.0, None])
def test_force_by_a_named_person_ends_the_drain_and_begins_it_anew(limit: float | None) -> None:
    """Whether -Force ends a drain that lasts no source says: the lab's switch both ways."""
    bench, call, _ = drained(1e9) if limit is None else drained_before_the_product_fails(limit)
    result = bench.do("version", **LIMIT, force_drain=FORCE)
    runs = bench.lab.record.cmdlets(HOST, name=SWITCH)
    assert [run.parameters for run in runs] == [{}, {"Force": True}]
    said = " ".join(result["warnings"])
    assert "ended with 1 calls live, by the word of J. Doe (CHG4711)" in said and "cuts calls" in said
    if limit is None:
        assert result["failure"]["class"] == "drain-limit" and call.outcome == "running"
        again = bench.do("version", **LIMIT, force_drain=FORCE)
        assert again["failure"]["class"] == "drain-limit" and len(bench.lab.record.cmdlets(HOST, name=SWITCH)) == 2
    else:
        assert "failed" not in result and call.outcome == "cut" and bench.lab.snapshot(HOST)["running"] == "2.1"
    assert bench.lab.record.calls(outcome="cut") == ([] if limit is None else [call])


def drained_before_the_product_fails(limit: float) -> tuple[Bench, Any, dict[str, Any]]:
    """A drain of a product that fails it after a time, and a limit of ours that is over before."""
    bench = Bench("version", switches={"drain_limit": limit})
    call = live(bench, 1e9)
    return bench, call, bench.do("version", drain_limit=300, timeout=20_000)


def test_consent_for_another_site_changes_nothing() -> None:
    bench, call, _ = drained()
    result = bench.do("version", **LIMIT, force_drain={**FORCE, "site": "bergen"})
    assert result["failure"]["class"] == "drain-limit" and bench.count("version") == 1 and call.outcome == "running"


@pytest.mark.parametrize("change", [{"by": " "}, {"reason": "one\ntwo"}, {"by": "r" * 201}])
def test_consent_names_a_person_and_a_reason(change: dict[str, str]) -> None:
    bench = Bench("version")
    assert bench.do("version", force_drain=FORCE | change)["failure"]["class"] == "option"


def test_consent_without_a_drain_is_force_from_the_beginning() -> None:
    bench = Bench("version")
    result = bench.do("version", force_drain=FORCE)
    assert [run.parameters for run in bench.ran(SWITCH)] == [{"Force": True}]
    assert "by the word of J. Doe" in result["warnings"][0]


def test_a_drain_is_never_ended_once_its_last_call_has_ended() -> None:
    """The process might be at the exchange of the sets by then."""
    bench, call, _ = drained(3000)
    action = bench.prepare("version", **LIMIT, force_drain=FORCE)

    def call_ends(request: dict[str, Any]) -> None:
        if any(step["cmdlet"] == "Stop-ScheduledTask" for step in request["steps"]):
            bench.lab.advance(2500)

    action._connection = Overtaken(bench.lab.connection(HOST), call_ends)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert "failed" not in result and bench.count("version") == 1 and call.outcome == "completed"


def test_force_is_refused_while_the_others_cannot_carry_the_calls() -> None:
    bench, call, _ = drained()
    for machine in bench.lab.appliance(NEIGHBOUR).machines:
        machine.turn_off()
    result = bench.do("version", **LIMIT, force_drain=FORCE)
    assert "does not count" in result["msg"] and bench.count("version") == 1 and call.outcome == "running"
    assert bench.claims() == ["switch-2.1.claim"]
