"""Maintenance mode: no call is cut that nobody gave up, and nothing is taken for maintenance that may be a fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from tests.racing import Race

CLAIM = r"C:\Program Files\sfb.cloud_connector\jobs\install-2.1.claim"
MARKER = "sfb.cloud_connector.site"


def race(number: int = 2, *, peak_calls: int = 500, **switches: Any) -> Race:
    """A site that an operation has marked before."""
    made = Race(number, {}, peak_calls=peak_calls, switches=switches)
    made.lab.world.network.files.write_text(rf"\\files\oslo\{MARKER}", "a mark")
    return made


def slot_files(race: Race) -> list[str]:
    return [name for name in race.files() if name != MARKER]


def call(race: Race, name: str, seconds: float) -> Any:
    """One inbound call that the appliance takes."""
    source = race.lab.world.sites["oslo"].sources["inbound"]
    while True:
        offered = source.offer(seconds)
        if offered.appliance == name:
            return offered


def enter(race: Race, name: str = "cce-1", **options: Any) -> dict[str, Any]:
    return race.one(name, "maintenance", state="present", **options)


def leave(race: Race, name: str = "cce-1", **options: Any) -> dict[str, Any]:
    return race.one(name, "maintenance", state="absent", **options)


def ran(race: Race, cmdlet: str) -> int:
    return len(race.lab.record.cmdlets(name=cmdlet))


def state(race: Race) -> tuple[bool, bool]:
    """Whether cce-1 is in maintenance mode, and whether it is in service."""
    found = race.lab.snapshot("cce-1")
    return found["maintenance"], found["in_service"]


# --- the cycle ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", [True, False], ids=["tenant_knows", "tenant_does_not"])
def test_enter_and_leave(flag: bool) -> None:
    site = race(enter_sets_tenant_flag=flag)
    for act, cmdlet, reached in ((enter, "Enter-CcUpdate", (True, False)), (leave, "Exit-CcUpdate", (False, True))):
        predicted = act(site, check=True)
        assert predicted["changed"] and ran(site, cmdlet) == 0
        done = act(site)
        assert done["changes"] == predicted["changes"] and done["diff"]["before"] != done["diff"]["after"]
        assert state(site) == reached and ran(site, cmdlet) == 1
        again = act(site)
        assert (again["changed"], again["changes"], ran(site, cmdlet)) == (False, [], 1)


def test_check_mode_follows_itself() -> None:
    site, facts = race(), {}
    for act, changed in ((enter, True), (enter, False), (leave, True), (leave, False)):
        result = act(site, check=True, facts=facts)
        assert result["changed"] is changed, result
        facts |= result["ansible_facts"]
    assert slot_files(site) == []


def test_check_mode_goes_on_from_a_job_that_was_begun() -> None:
    """All that the job would leave is handed on, also what the diff does not show: the slot."""
    site = race(enter_sets_tenant_flag=False)
    site.lab.appliance("cce-1").computer.files.write_text(CLAIM.replace("install-2.1", "maintenance-enter"), "{}")
    first = enter(site, check=True)
    assert first["changes"] == ["wait for the job maintenance-enter, which was begun before"]
    assert enter(site, check=True, facts=first["ansible_facts"])["changes"] == []


def test_it_survives_a_restart_of_the_host() -> None:
    site = race()
    enter(site)
    site.lab.appliance("cce-1").restart()
    site.lab.advance(1000)
    assert enter(site)["changed"] is False
    assert leave(site)["changed"] and state(site) == (False, True)


@pytest.mark.parametrize("act", [enter, leave])
def test_a_controller_that_is_gone_is_followed_by_one_that_attaches(act: Any) -> None:
    site = race()
    if act is leave:
        enter(site)

    with pytest.raises(AssertionError):
        abandon(site, "present" if act is enter else "absent")
    result = act(site)
    assert "begun before" in result["changes"][0], result
    assert ran(site, "Enter-CcUpdate" if act is enter else "Exit-CcUpdate") == 1


def test_its_job_is_found_also_while_the_services_cannot_be_read() -> None:
    site = race()
    with pytest.raises(AssertionError):
        abandon(site, "present")
    object.__setattr__(site.lab.world.switches, "vm_access", False)
    assert enter(site, check=True)["changes"] == ["wait for the job maintenance-enter, which was begun before"]


def abandon(site: Race, wanted: str) -> None:
    """Begins and walks away at the first pause."""

    def leave_it(seconds: float) -> None:
        raise AssertionError("the controller is gone")

    site.lab.sleep = leave_it  # type: ignore[method-assign]
    try:
        site.one("cce-1", "maintenance", state=wanted)
    finally:
        del site.lab.sleep  # type: ignore[attr-defined]


# --- live calls ------------------------------------------------------------------------------------------------------------


def test_it_waits_until_no_call_is_live() -> None:
    site = race()
    offered = call(site, "cce-1", 500)
    assert "wait until 1 calls (1 inbound, 0 outbound) have ended" in enter(site, check=True)["changes"][0]
    assert enter(site)["calls_cut"] == 0
    assert offered.outcome in ("completed", "rerouted") and state(site) == (True, False)


def test_a_wait_has_an_end_and_tells_the_counts() -> None:
    site = race()
    call(site, "cce-1", 5000)
    result = enter(site, timeout=600)
    assert "after 600 seconds 1 calls (1 inbound, 0 outbound) are still live" in result["msg"]
    assert ran(site, "Enter-CcUpdate") == 0 and result["changed"] is False and slot_files(site) == []


def while_it_waits(monkeypatch: pytest.MonkeyPatch, site: Race, happens: Callable[[], Any]) -> None:
    """Lets something happen at each pause."""
    monkeypatch.setattr(site.lab, "sleep", lambda seconds: (happens(), site.lab.advance(seconds)))


def test_neighbours_that_can_be_read_again_are_read_once_the_calls_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    site = race()
    call(site, "cce-1", 500)
    looks: list[int] = []
    while_it_waits(monkeypatch, site, lambda: looks.append(len(site.lab.record.cmdlets("cce-2"))))
    assert enter(site)["calls_cut"] == 0 and state(site) == (True, False)
    waited = [count for count in looks if count == looks[0]]
    assert len(waited) > 3 and len(site.lab.record.cmdlets("cce-2")) > looks[0]


def test_a_neighbour_that_falls_ill_meanwhile_keeps_it_in_service(monkeypatch: pytest.MonkeyPatch) -> None:
    site = race()
    call(site, "cce-1", 500)
    while_it_waits(monkeypatch, site, lambda: setattr(site.lab.appliance("cce-2"), "unreachable", True))
    result = enter(site)
    assert "After the wait for a moment without calls" in result["msg"] and "cce-2 does not count" in result["msg"]
    assert (ran(site, "Enter-CcUpdate"), result["changed"], slot_files(site)) == (0, False, [])


def test_a_neighbour_that_takes_the_slot_meanwhile_keeps_it_in_service(monkeypatch: pytest.MonkeyPatch) -> None:
    site = race(3)
    call(site, "cce-1", 500)
    taken: list[dict[str, Any]] = []

    def take() -> None:
        if not taken:
            taken.append({})
            taken.append(enter(site, "cce-2"))

    while_it_waits(monkeypatch, site, take)
    result = enter(site)
    assert result["failure"]["class"] == "slot-held" and "held by cce-2" in result["msg"]
    assert ran(site, "Enter-CcUpdate") == 1 and state(site) == (False, True)


def test_another_run_that_enters_meanwhile_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    site = race()
    call(site, "cce-1", 5000)
    other: list[dict[str, Any]] = []

    def cut() -> None:
        if not other:
            other.append({})
            other.append(enter(site, on_active_calls="cut"))

    while_it_waits(monkeypatch, site, cut)
    result = enter(site)
    assert "failed" not in result and "failed" not in other[1], result
    assert ran(site, "Enter-CcUpdate") == 1 and state(site) == (True, False)


def test_it_fails_at_once_where_it_shall_not_wait() -> None:
    site = race()
    call(site, "cce-1", 500)
    result = enter(site, on_active_calls="fail")
    assert "1 calls (1 inbound, 0 outbound) are live on it, which Enter-CcUpdate would cut" in result["msg"]
    assert ran(site, "Enter-CcUpdate") == 0 and "failed" not in enter(site, on_active_calls="wait")


def test_cutting_is_said_aloud_and_counted() -> None:
    site = race()
    offered = [call(site, "cce-1", 5000) for _ in range(3)]
    assert "which CUTS 3 calls (3 inbound, 0 outbound)" in enter(site, check=True, on_active_calls="cut")["changes"][0]
    result = enter(site, on_active_calls="cut")
    assert result["calls_cut"] == 3 and "CUT 3 calls (3 inbound, 0 outbound) on cce-1" in result["warnings"][0]
    assert {one.outcome for one in offered} == {"cut"}


@pytest.mark.parametrize("policy", ["wait", "fail", "cut"])
def test_counters_that_cannot_be_read_never_mean_zero(policy: str) -> None:
    site = race(vm_access=False)
    result = enter(site, on_active_calls=policy)
    assert result["failed"] and ran(site, "Enter-CcUpdate") == 0


def late_call(site: Race, **options: Any) -> tuple[dict[str, Any], Any]:
    """A call of 500 seconds begins after the counters were read as zero, before the job is started."""
    exchanges, offered = iter(range(1, 1000)), []

    def before_each() -> Any:
        if next(exchanges) == 2:
            offered.append(call(site, "cce-1", 500))
        return nullcontext()

    return site.over(before_each, "cce-1", "maintenance", state="present", **options), offered[0]


def test_a_call_that_begins_after_the_counters_were_read_is_waited_for() -> None:
    """The job reads them again on the appliance itself, right before the act."""
    site = race()
    result, offered = late_call(site)
    assert "failed" not in result and offered.outcome != "cut" and ran(site, "Enter-CcUpdate") == 1


def test_a_call_that_begins_after_the_counters_were_read_is_a_failure_where_it_shall_not_wait() -> None:
    site = race()
    result, offered = late_call(site, on_active_calls="fail")
    assert "right before Enter-CcUpdate its counters were not zero any more" in result["msg"]
    assert offered.outcome == "running" and ran(site, "Enter-CcUpdate") == 0 and slot_files(site) == []


def test_a_call_that_begins_after_the_counters_were_read_is_counted_where_it_is_cut() -> None:
    result, offered = late_call(race(), on_active_calls="cut")
    assert (result["calls_cut"], offered.outcome) == (1, "cut")


def test_counters_that_fail_right_before_the_act_stop_it_also_where_calls_may_be_cut() -> None:
    site = race()
    exchanges = iter(range(1, 1000))

    def before_each() -> Any:
        if next(exchanges) == 3:
            object.__setattr__(site.lab.world.switches, "vm_access", False)
        return nullcontext()

    result = site.over(before_each, "cce-1", "maintenance", state="present", on_active_calls="cut")
    assert "its counters could not be read" in result["msg"] and ran(site, "Enter-CcUpdate") == 0


# --- the rest of the site ----------------------------------------------------------------------------------------------------


def test_the_others_have_to_carry_the_calls() -> None:
    site = race(peak_calls=600)
    assert "there is room for 500 of 600 calls" in enter(site)["msg"]
    assert ran(site, "Enter-CcUpdate") == 0


def test_consent_is_enough_where_there_is_no_spare() -> None:
    site = Race(1, {}, peak_calls=100)
    consent = {"until": "2999-01-01T00:00:00+00:00", "emergency_calls": "112 by mobile", "reason": "Ann agreed"}
    assert enter(site)["failed"]
    assert "failed" not in enter(site, site={**site.site(), "outage_consent": consent})


def test_it_needs_the_state_of_the_site() -> None:
    site = race()
    assert "its site was not given" in enter(site, site=None)["msg"]


@pytest.mark.parametrize("flag", [True, False], ids=["tenant_knows", "tenant_does_not"])
def test_it_needs_no_tenant_where_a_persons_flag_may_go(flag: bool) -> None:
    """Enter-CcUpdate is local, and a hotfix may be urgent in an outage of the tenant."""
    site = race(enter_sets_tenant_flag=flag)
    site.lab.world.tenant.reachable = False
    assert enter(site)["failure"]["class"] == "tenant-logon" and ran(site, "Enter-CcUpdate") == 0
    for act, options, reached in ((enter, {"adopt": True}, (True, False)), (leave, {}, (False, True))):
        assert "failed" not in act(site, **options) and state(site) == reached
        assert act(site, **options)["changed"] is False
    assert "sfb.cloud_connector.slot" not in slot_files(site)


def test_another_job_has_to_be_over_first() -> None:
    site = race()
    site.lab.appliance("cce-1").computer.files.write_text(CLAIM, "{}")
    assert "On cce-1 install-2.1 is under way" in enter(site)["msg"]
    assert ran(site, "Enter-CcUpdate") == 0


def test_another_job_has_to_be_over_before_it_comes_back() -> None:
    site = race()
    enter(site)
    site.lab.appliance("cce-1").computer.files.write_text(CLAIM, "{}")
    assert "On cce-1 install-2.1 is under way" in leave(site)["msg"]
    assert ran(site, "Exit-CcUpdate") == 0


# --- what it is taken for ------------------------------------------------------------------------------------------------------


def stop(race: Race, *names: str) -> None:
    """Services of cce-1 stop; all of them where none is named."""
    for service in race.lab.appliance("cce-1").running_set.services:  # type: ignore[union-attr]
        if not names or service.name in names:
            service.become("Stopped")


def test_services_that_stopped_by_themselves_are_no_maintenance() -> None:
    site = race()
    stop(site)
    assert "cce-1 cannot be judged" in enter(site)["msg"]
    assert ran(site, "Enter-CcUpdate") == 0


def test_leaving_starts_services_that_are_stopped_for_whatever_reason() -> None:
    site = race(exit_outside="nothing")
    enter(site)
    site.lab.world.network.files.remove(r"\\files\oslo\sfb.cloud_connector.slot")
    site.lab.appliance("cce-1").in_tenant.maintenance_mode = False  # type: ignore[union-attr]
    assert leave(site)["changed"] and state(site) == (False, True)


def test_it_is_not_left_while_the_vms_are_off_after_a_restart_of_the_host() -> None:
    bench = race()
    enter(bench)
    host = bench.lab.appliance("cce-1")
    host.restart()
    bench.lab.advance(host.computer.boot_seconds + 5)
    refused = leave(bench)
    assert "do not run" in refused["msg"] and refused["failure"]["retry"] and ran(bench, "Exit-CcUpdate") == 0
    bench.lab.advance(600)
    assert "failed" not in leave(bench) and ran(bench, "Exit-CcUpdate") == 1


def test_an_ill_appliance_is_not_repaired_by_leaving() -> None:
    site = race()
    stop(site, "RTCMRAUTH")
    assert "some of its services do not run" in leave(site)["msg"]
    assert ran(site, "Exit-CcUpdate") == 0


def test_maintenance_that_somebody_else_began_is_known_by_the_tenant_and_told() -> None:
    site = race()
    enter(site)
    site.lab.world.network.files.remove(r"\\files\oslo\sfb.cloud_connector.slot")
    assert enter(site)["failure"]["class"] == "tenant-maintenance"
    result = enter(site, adopt=True)
    assert result["changed"] is False and "without holding the out-of-service slot" in result["warnings"][0]


def test_half_of_an_entry_is_none() -> None:
    site = race()
    enter(site)
    site.lab.appliance("cce-1").running_set.machines["Mediation"].computer.services["RTCMEDSRV"].become("Running")  # type: ignore[union-attr]
    assert enter(site, check=True)["changes"] == ["enter maintenance mode"]


# --- what goes wrong ------------------------------------------------------------------------------------------------------------


def test_a_service_that_does_not_start_keeps_the_slot_until_it_runs() -> None:
    site = race()
    enter(site)
    service = site.lab.appliance("cce-1").running_set.machines["Edge"].computer.services["RTCMRAUTH"]  # type: ignore[union-attr]
    service.broken = True
    result = leave(site)
    assert (
        "Service RTCMRAUTH failed to start" in result["msg"]
        and "keeps the out-of-service slot" in result["warnings"][0]
    )
    assert "not back in service: edge_services: RTCMRAUTH Stopped" in leave(site)["msg"]
    service.become("Running")
    assert leave(site)["changes"] == ["release the out-of-service slot of the site"]


def test_an_exit_that_did_nothing_is_noticed() -> None:
    site = race()
    enter(site)
    site.lab.fault("cce-1", cmdlet="Exit-CcUpdate", action="half_done")
    result = leave(site)
    assert "Exit-CcUpdate has ended on cce-1 without an error, but it is not back in service" in result["msg"]
    assert "failed" not in leave(site)


def test_a_known_trouble_is_named_and_the_same_command_goes_on() -> None:
    site = race()
    site.lab.fault("cce-1", cmdlet="Enter-CcUpdate", text="The term 'Stop-CsWindowsService' is not recognized")
    failed = enter(site)
    assert failed["failure"]["class"] == "module-cache" and "keeps the out-of-service slot" in failed["warnings"][0]
    assert enter(site)["changed"] and state(site) == (True, False)


def test_a_failed_entry_can_be_given_up() -> None:
    site = race()
    site.lab.fault("cce-1", cmdlet="Enter-CcUpdate", text="The term 'Stop-CsWindowsService' is not recognized")
    enter(site)
    assert leave(site)["changes"] == ["release the out-of-service slot of the site"]
    assert ran(site, "Exit-CcUpdate") == 0 and "failed" not in enter(site, "cce-2")


def test_no_secret_is_in_the_slot() -> None:
    site = race()
    enter(site)
    text = site.lab.world.network.files.read_text(r"\\files\oslo\sfb.cloud_connector.slot")
    assert set(json.loads(text)) == {"appliance", "computer", "operation", "since", "token"}
