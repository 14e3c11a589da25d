"""The switch: only with a spare or consent, only on fresh readings, only forwards, and only once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.bench import HOST, NEIGHBOUR, Bench
from tests.operations import Overtaken, Tapped, operate, starts_a_job

SWITCH = "Switch-CcVersion"
CONSENT = {"until": "2099-01-01T00:00:00+00:00", "emergency_calls": "mobile phones", "reason": "CHG1, J. Doe"}


def refused(bench: Bench, **options: Any) -> str:
    """The message of a module that refuses, having switched nothing; the same in check mode."""
    checked, done = bench.do("version", check=True, **options), bench.do("version", **options)
    assert checked["failed"] and done["failed"] and done["changed"] is False
    assert checked["failure"]["what"] == done["failure"]["what"]
    assert bench.count("version") == 0 and bench.claims() == []
    return str(done["msg"])


def listen(bench: Bench, action: Any, name: str, connection: Any) -> None:
    """Lets the action talk to an appliance over that connection."""
    if name == HOST:
        action._connection = connection
        return
    others = action.connect
    action.connect = lambda other: connection if other == name else others(other)


def slow_to_be_read(bench: Bench, seconds: float, *names: str) -> Any:
    """A switch for which what says who carries calls is so old each time when it arrives."""
    action = bench.prepare("version")

    def late(answer: dict[str, Any]) -> None:
        bench.lab.advance(seconds)
        answer["results"][-1]["seconds"] += seconds

    for name in names:
        listen(bench, action, name, Tapped(bench.lab.connection(name), after=late))
    return action


def run(action: Any) -> dict[str, Any]:
    return dict(action.run(task_vars={"inventory_hostname": HOST}))


@pytest.mark.parametrize("names", [(HOST,), (NEIGHBOUR,), (HOST, NEIGHBOUR)])
def test_readings_older_than_a_minute_do_not_count(names: tuple[str, ...]) -> None:
    bench = Bench("version")
    result = run(slow_to_be_read(bench, 61, *names))
    assert result["failed"] and bench.count("version") == 0 and bench.claims() == []
    assert re.search(r"(6[1-9]|1\d\d) seconds old (each time|when they came)", result["msg"]), result["msg"]


def test_a_neighbour_that_is_too_slow_is_named_in_check_mode_too() -> None:
    bench = Bench("version")
    action = slow_to_be_read(bench, 61, NEIGHBOUR)
    action._task.check_mode = True
    message = run(action)["msg"]
    assert "cce-2 does not count (could not be read: its readings were 6" in message and "when they came" in message


def test_readings_of_less_than_a_minute_count() -> None:
    bench = Bench("version")
    assert "failed" not in run(slow_to_be_read(bench, 25, HOST, NEIGHBOUR))


@pytest.mark.parametrize("check", [True, False])
def test_readings_that_are_too_old_are_read_again(check: bool) -> None:
    """The line to the neighbour is slow, by which the appliance's own reading grows too old."""
    bench = Bench("version")
    action = bench.prepare("version")
    action._task.check_mode = check
    listen(
        bench, action, NEIGHBOUR, Tapped(bench.lab.connection(NEIGHBOUR), before=lambda request: bench.lab.sleep(61))
    )
    bench.mark()
    assert run(action)["changed"] is True
    assert (len(bench.ran("Get-VM")) == 1) is check


def test_a_host_that_takes_a_minute_to_be_read_can_be_switched() -> None:
    bench = Bench("version")
    action = bench.prepare("version")
    listen(bench, action, HOST, Tapped(bench.lab.connection(HOST), before=lambda request: bench.lab.sleep(61)))
    assert run(action)["changed"] is True and bench.lab.snapshot(HOST)["running"] == "2.1"


def test_the_appliance_that_cannot_be_read_again_is_not_said_to_have_unknown_calls() -> None:
    """The true reason is that the line broke."""
    bench = Bench("version")
    action = bench.prepare("version")
    listen(
        bench, action, NEIGHBOUR, Tapped(bench.lab.connection(NEIGHBOUR), before=lambda request: bench.lab.sleep(61))
    )
    bench.lab.wire_faults[HOST] = ["none", "none", "lost_before"]  # type: ignore[list-item]
    message = run(action)["msg"]
    assert "grew old, and then cce-1 cannot be reached: the connection broke" in message and bench.claims() == []
    assert "unread never means none" not in message and message.startswith("oslo: cce-1, cce-2 carry the calls")


def test_a_neighbour_that_cannot_be_read_does_not_hide_what_was_read_of_the_appliance() -> None:
    bench = Bench("version")
    vanish(bench)
    result = bench.do("version")
    assert result["appliance"]["calls"] == {"inbound": 0, "outbound": 0}
    assert "Connection refused" in result["msg"] and "live calls of cce-1" not in result["msg"]
    assert result["msg"].startswith("oslo: cce-1 carries the calls")


def stop_service(bench: Bench) -> None:
    neighbour = bench.lab.appliance(NEIGHBOUR)
    next(one for one in neighbour.running_set or () if one.role == "Mediation").computer.services["RTCMEDSRV"].become(
        "Stopped"
    )


def turn_off(bench: Bench) -> None:
    for machine in bench.lab.appliance(NEIGHBOUR).machines:
        machine.turn_off()


def vanish(bench: Bench) -> None:
    bench.lab.appliance(NEIGHBOUR).unreachable = True


@pytest.mark.parametrize("ill", [stop_service, turn_off, vanish])
def test_an_ill_or_unreadable_neighbour_keeps_the_appliance_in_service(ill: Callable[[Bench], None]) -> None:
    bench = Bench("version")
    bench.consent = CONSENT
    ill(bench)
    message = refused(bench)
    assert NEIGHBOUR in message and "repair it first" in message
    assert message.startswith("oslo: cce-1 carries the calls (500 of 500 needed); waiting is safe.")


def test_the_peak_that_is_declared_is_what_has_to_be_carried() -> None:
    bench = Bench("version")
    site = {**bench.site(), "peak_calls": 501}
    assert "room for 500 of 501 calls" in refused(bench, site=site)


def test_a_neighbour_that_is_given_twice_carries_once() -> None:
    bench = Bench("version")
    site = bench.site()
    site = {**site, "peak_calls": 501, "appliances": [*site["appliances"], site["appliances"][1]]}
    assert "room for 500 of 501 calls" in refused(bench, site=site)


def test_a_site_without_a_spare_needs_consent() -> None:
    bench = Bench("version", lone=True)
    assert "cloud_connector_outage_consent" in refused(bench)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"until": "2020-01-01T00:00:00+00:00"}, "the consent ended"),
        ({"until": "2099-01-01T00:00:00"}, "write its time zone"),
        ({"until": "tonight"}, "write a time such as"),
        ({"emergency_calls": " "}, "where emergency calls go"),
    ],
)
def test_consent_has_to_hold(change: dict[str, str], words: str) -> None:
    bench = Bench("version", lone=True)
    bench.consent = CONSENT | change
    assert words in refused(bench)


def test_consent_is_honoured() -> None:
    bench = Bench("version", lone=True)
    bench.consent = CONSENT
    assert bench.do("version")["changed"] is True
    assert bench.lab.snapshot(HOST)["running"] == "2.1"


def test_nothing_is_switched_that_is_not_deployed() -> None:
    bench = Bench("deployment")
    assert "2.1 is not deployed on cce-1: its backup version is none." in refused(bench)


def test_scripts_of_another_version_do_not_switch() -> None:
    assert "Run the package operation first" in refused(Bench())


def test_automatic_update_has_to_be_off() -> None:
    bench = Bench("version")
    bench.lab.world.tenant.sites["oslo"].enable_auto_update = True
    assert "auto_update" in refused(bench)


def meddled(bench: Bench, change: Callable[[], None], **options: Any) -> dict[str, Any]:
    """The result of a switch whose appliance is changed between letting it through and starting it."""
    action = bench.prepare("version", **options)

    def first_start(request: dict[str, Any]) -> None:
        if starts_a_job(request):
            change()

    action._connection = Overtaken(bench.lab.connection(HOST), first_start)
    return run(action)


@pytest.mark.parametrize(
    ("which", "now", "name"), [("running", "2.0", "running"), ("backup", "2.0", "backup"), ("backup", None, "backup")]
)
def test_another_version_than_was_read_stops_the_switch_on_the_appliance(
    which: str, now: str | None, name: str
) -> None:
    bench = Bench("version")
    result = meddled(bench, lambda: setattr(bench.appliance, which, now))
    assert f"Get-CcVersion ({name}) on the appliance gave {now or 'nothing'}" in result["msg"], result["msg"]
    assert bench.count("version") == 0 and bench.claims() == []


def test_a_switch_that_somebody_else_has_made_is_not_made_back() -> None:
    bench = Bench("version")

    def switch() -> None:
        operate(bench.lab, HOST, "version", **bench.options("version"))

    meddled(bench, switch)
    assert bench.lab.snapshot(HOST)["running"] == "2.1" and bench.count("version") == 1


def test_switching_again_never_goes_back() -> None:
    bench = Bench("version")
    for _ in range(3):
        assert "failed" not in bench.do("version")
    assert bench.lab.snapshot(HOST)["running"] == "2.1" and bench.count("version") == 1


def test_a_switch_to_the_version_before_is_refused() -> None:
    bench = Bench("version")
    bench.do("version")
    assert "The scripts on cce-1 are 2.1, not 2.0.1." in bench.do("version", version="2.0.1")["msg"]
    assert bench.count("version") == 1


def test_services_that_do_not_start_are_told_and_nothing_is_switched_twice() -> None:
    bench = Bench("version")
    bench.lab.fault(HOST, trouble="T4")
    result = bench.do("version")
    assert result["failed"] and result["changed"] is True
    assert "cce-1 was switched to 2.1, but not without errors" in result["msg"] and "RTCMRAUTH" in result["msg"]
    again = bench.do("version")
    assert again["changed"] is False and "failed" not in again
    assert bench.count("version") == 1
    health = bench.do("health")
    assert health["failed"] and "edge_services" in health["msg"] and "RTCMRAUTH" in health["msg"]


def test_services_that_do_not_start_and_no_exchange_is_a_failure_that_can_be_run_again() -> None:
    bench = Bench("version", switches={"failed_services_still_switch": False})
    bench.lab.fault(HOST, trouble="T4")
    result = bench.do("version")
    assert "Could not switch to 2.1" in result["msg"] and "was switched" not in result["msg"]
    assert result["failure"]["class"] == "edge-authentication-service"


@pytest.mark.parametrize("point", ["drained", "disconnected", "off"])
def test_a_switch_that_stops_half_way_without_an_error_never_changed_nothing(point: str) -> None:
    bench = Bench("version")
    bench.lab.fault(HOST, cmdlet=SWITCH, when="during", point=point, action="half_done")
    result = bench.do("version")
    assert "othing was changed" not in result["msg"] and "changed nothing" not in result["msg"]
    assert "reported no error, but its state does not show it" in result["msg"]
    assert result["failure"]["class"] == "not-confirmed" and "stays as it is" not in result["msg"]


@pytest.mark.parametrize("first", ["2.1.0", "2.1"])
def test_one_version_is_one_job_however_it_is_written(first: str) -> None:
    bench = Bench("version")
    assert bench.do("version", version=first, timeout=0)["failure"]["class"] == "unfinished"
    assert bench.claims() == ["switch-2.1.claim"]
    result = bench.do("version", version={"2.1.0": "2.1", "2.1": "2.1.0.0"}[first])
    assert "failed" not in result and result["changes"] == ["wait for the job switch-2.1, which was begun before"]
    assert bench.count("version") == 1 and bench.claims() == []


def test_a_drain_that_takes_long_tells_the_calls_it_waits_for() -> None:
    bench = Bench("version")
    bench.lab.appliance(NEIGHBOUR).calls.taking = False
    bench.lab.world.sites["oslo"].sources["inbound"].offer(1e9, emergency=False)
    bench.lab.appliance(NEIGHBOUR).calls.taking = True
    result = bench.do("version", timeout=600)
    assert "switch-2.1 is running" in result["msg"] and "1 calls are live on it" in result["msg"]
    assert bench.lab.record.calls(outcome="cut") == []


def test_the_switch_runs_under_a_full_logon_with_both_fences_before_it() -> None:
    bench = Bench("version")
    bench.do("version")
    runs = [run for run in bench.ran() if run.method == "batch"]
    fences = {run.parameters["VersionType"] for run in runs if run.name == "Get-CcVersion"}
    assert fences == {"RunningBits", "BackupBits"}
    assert [run.parameters for run in runs if run.name == SWITCH] == [{}] and runs[-1].name == SWITCH


@pytest.mark.parametrize("force", [False, True])
def test_force_is_added_on_request_only_and_said_aloud(force: bool) -> None:
    bench = Bench("version")
    result = bench.do("version", force=force)
    (run,) = bench.ran(SWITCH)
    assert run.parameters == ({"Force": True} if force else {})
    assert ("cuts calls" in str(result.get("warnings", ""))) is force


def test_a_switch_that_leaves_the_old_vms_on_is_not_done() -> None:
    bench = Bench("version")
    old = bench.appliance.running_set
    assert old is not None
    for machine in old:
        machine.turn_off = lambda: None  # type: ignore[method-assign]
    result = bench.do("version")
    assert "was asked to turn off the VMs of the other version and reported no error" in result["msg"]
    assert result["failure"]["class"] == "not-confirmed" and result["changed"] is True
    again = bench.do("version")
    assert "but VMs of another version are on" in again["msg"] and bench.count("version") == 1


# --- where nobody takes the calls over


def lonely(*, lone: bool = True) -> Bench:
    """A bench whose site has consented to an outage."""
    bench = Bench("version", lone=lone)
    bench.consent = CONSENT
    return bench


def live(bench: Bench, seconds: float) -> Any:
    """One inbound call on the appliance."""
    while True:
        offered = bench.lab.world.sites["oslo"].sources["inbound"].offer(seconds)
        if offered.appliance == HOST:
            return offered


def began(bench: Bench) -> float:
    """When the switch began, in simulated seconds."""
    run = bench.lab.record.cmdlets(HOST, name=SWITCH)[0]
    return float((run.time - bench.lab.world.start).total_seconds())


def test_an_outage_begins_in_a_moment_without_calls() -> None:
    bench = lonely()
    offered, ends = live(bench, 500), bench.lab.now() + 500
    result = bench.do("version")
    assert result["changed"] is True and "warnings" not in result
    assert began(bench) >= ends and offered.outcome == "completed"


def test_an_outage_begins_at_once_where_it_shall_not_wait() -> None:
    bench = lonely()
    ends = (live(bench, 500), bench.lab.now() + 500)[1]
    assert bench.do("version", idle_wait=0)["changed"] is True
    assert began(bench) < ends


def test_the_wait_has_an_end_and_the_drain_loses_no_call() -> None:
    bench = lonely()
    offered = live(bench, 3000)
    result = bench.do("version", idle_wait=600)
    assert "no moment without calls in 600 seconds" in result["warnings"][0] and "1 calls live" in result["warnings"][0]
    assert began(bench) < 3000 and offered.outcome == "completed" and bench.lab.snapshot(HOST)["running"] == "2.1"


def test_where_the_others_carry_the_calls_nothing_is_waited_for() -> None:
    bench = Bench("version")
    ends = (live(bench, 500), bench.lab.now() + 500)[1]
    assert bench.do("version")["changed"] is True
    assert began(bench) < ends


def test_a_consent_that_ends_meanwhile_holds_no_more() -> None:
    bench = lonely()
    live(bench, 2000)
    bench.consent = CONSENT | {"until": (bench.lab.world.now() + timedelta(seconds=300)).isoformat()}
    result = bench.do("version")
    assert "the consent ended" in result["msg"] and bench.count("version") == 0 and bench.claims() == []


def test_what_the_tenant_says_is_read_again_after_the_wait_for_a_moment_without_calls() -> None:
    bench = lonely()
    live(bench, 1000)
    site = bench.lab.world.tenant.sites["oslo"]
    bench.lab.world.env.timeout(300).callbacks.append(lambda _: setattr(site, "enable_auto_update", True))
    result = bench.do("version")
    assert result["failure"]["class"] == "auto-update-on" and bench.count("version") == 0


def crowded(bench: Bench, **more: Any) -> dict[str, Any]:
    """The site of two as it cannot do without either."""
    return {**bench.site(), "peak_calls": 501, **more}


def test_neighbours_are_read_again_after_the_wait() -> None:
    bench = lonely(lone=False)
    live(bench, 500)
    assert bench.do("version", site=crowded(bench))["changed"] is True


def test_a_neighbour_that_falls_ill_meanwhile_keeps_it_in_service() -> None:
    bench = lonely(lone=False)
    live(bench, 500)
    action = bench.prepare("version", site=crowded(bench))
    action.clock = replace(action.clock, sleep=lambda seconds: (stop_service(bench), bench.lab.sleep(seconds)))
    result = run(action)
    assert f"{NEIGHBOUR} does not count" in result["msg"] and bench.count("version") == 0


# --- the set that is switched to ------------------------------------------------------------------------------------------


def new_set(bench: Bench) -> Any:
    return bench.appliance.sets["2.1"]


def test_a_set_of_one_vm_is_not_switched_to() -> None:
    bench = Bench("version")
    for role in ("AD", "CMS", "Edge"):
        del new_set(bench).machines[role]
    message = refused(bench)
    assert "new_set: 1 of 4" in message and bench.lab.record.outages() == []


def test_a_pending_restart_does_not_stop_it_half_way() -> None:
    bench = Bench("version")
    key = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"
    bench.computer.registry.set(key, {})
    assert bench.do("version")["changed"] is True and bench.lab.snapshot(HOST)["running"] == "2.1"


@pytest.mark.parametrize("action", ["Deploy", "BitsUpdate", "OsUpdate"])
def test_an_update_of_the_products_own_is_not_disturbed(action: str) -> None:
    bench = Bench("version")
    (record,) = [one for one in bench.lab.world.tenant.appliances.values() if one.name.lower() == HOST]
    record.action, record.action_status = action, "Started"
    message = refused(bench)
    assert f"update_under_way: the tenant says {action} Started" in message


def test_the_lock_file_of_an_update_stops_it() -> None:
    bench = Bench("version")
    bench.lab.world.network.files.write_text(r"\\files\oslo\CcLockFile", "simulated")
    assert "update_under_way: CcLockFile is in the site directory" in refused(bench)


@pytest.mark.parametrize(
    ("setting", "gate"),
    [
        ({"trusted_hosts": ""}, "trusted_hosts: not in TrustedHosts: cms"),
        ({"stores_passwords": False}, "stored_passwords: Windows may not store"),
    ],
)
def test_windows_that_stands_in_the_way_is_named(setting: dict[str, Any], gate: str) -> None:
    bench = Bench("version")
    for name, value in setting.items():
        setattr(bench.computer.policy, name, value)
    assert gate in refused(bench)


def test_a_logon_that_is_not_elevated_is_named() -> None:
    """The product's own cmdlets say it before any gate does."""
    bench = Bench("version")
    bench.computer.policy.elevated = False
    result = bench.do("version")
    assert result["failure"]["class"] == "not-elevated" and bench.count("version") == 0
    assert bench.info()["elevated"] is False
