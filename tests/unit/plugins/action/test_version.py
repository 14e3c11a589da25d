"""The switch: only with a spare or consent, only on fresh readings, only forwards, and only once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.bench import HOST, NEIGHBOUR, Bench
from tests.operations import operate

SWITCH = "Switch-CcVersion"
CONSENT = {"until": "2099-01-01T00:00:00+00:00", "emergency_calls": "mobile phones", "reason": "CHG1, J. Doe"}


def refused(bench: Bench, **options: Any) -> str:
    """The message of a module that refuses, having switched nothing; the same in check mode."""
    checked, done = bench.do("version", check=True, **options), bench.do("version", **options)
    assert checked["failed"] and done["failed"] and done["changed"] is False
    assert checked["failure"]["what"] == done["failure"]["what"]
    assert bench.count("version") == 0 and bench.claims() == []
    return str(done["msg"])


def aged(bench: Bench, seconds: float, *names: str) -> dict[str, Any]:
    """The site as it was read some time ago."""
    site = bench.site()
    for state in site["states"]:
        state["read_at"] -= seconds if state["name"] in names else 0
    return site


@pytest.mark.parametrize("names", [(HOST,), (NEIGHBOUR,), (HOST, NEIGHBOUR)])
def test_readings_older_than_a_minute_do_not_count(names: tuple[str, ...]) -> None:
    bench = Bench("version")
    assert "older than 60 seconds" in refused(bench, site=aged(bench, 61, *names))


def test_readings_of_less_than_a_minute_count() -> None:
    bench = Bench("version")
    assert "failed" not in bench.do("version", site=aged(bench, 50, HOST, NEIGHBOUR))


def test_readings_without_a_time_do_not_count() -> None:
    bench = Bench("version")
    site = bench.site()
    del site["states"][1]["read_at"]
    assert "older than 60 seconds" in refused(bench, site=site)


@pytest.fixture
def one_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[Bench], None]:
    """Lets the controller's clock go with the lab's, so that readings grow old in simulated time."""

    def follow(bench: Bench) -> None:
        monkeypatch.setattr("time.time", lambda: 1e9 + bench.lab.now())

    return follow


def places(bench: Bench) -> list[dict[str, Any]]:
    """Where the appliances of the site are."""
    return [{"name": name, **bench.reach(name)} for name in bench.hosts]


@pytest.mark.parametrize("check", [True, False])
def test_readings_that_are_too_old_are_read_again_where_the_site_can_be_read(check: bool) -> None:
    bench = Bench("version")
    site = {**aged(bench, 61, HOST, NEIGHBOUR), "appliances": places(bench)}
    assert bench.do("version", site=site, check=check)["changed"] is True


def test_a_host_that_takes_a_minute_to_be_read_can_be_switched(one_clock: Callable[[Bench], None]) -> None:
    """All of a site are read at once: one after the other, the first would be too old when the last is read."""
    bench = Bench("version")
    one_clock(bench)
    action = bench.prepare("version", site={**bench.site(), "appliances": places(bench)})
    exchange = action.exchange
    action.exchange = lambda asked, answers=(): (bench.lab.sleep(61), exchange(asked, answers))[1]
    assert action.run(task_vars={"inventory_hostname": HOST})["changed"] is True


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
    site = {**site, "peak_calls": 501, "states": [*site["states"], site["states"][1]]}
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
    """The result of a switch whose appliance is changed between reading it and acting on it."""
    action = bench.prepare("version", **options)
    reading = action.read

    def read_then_change() -> Any:
        state = reading()
        action.read = reading
        change()
        return state

    action.read = read_then_change
    return dict(action.run(task_vars={"inventory_hostname": HOST}))


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
    assert result["failure"]["class"].startswith("T4")


def test_a_drain_that_takes_long_tells_the_calls_it_waits_for() -> None:
    bench = Bench("version")
    bench.lab.appliance(NEIGHBOUR).line.taking = False
    bench.lab.world.sites["oslo"].sources["inbound"].offer(1e9, emergency=False)
    bench.lab.appliance(NEIGHBOUR).line.taking = True
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
    assert "but VMs of another version are on" in result["msg"] and bench.count("version") == 1


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


def test_an_outage_begins_in_a_moment_without_calls(one_clock: Callable[[Bench], None]) -> None:
    bench = lonely()
    one_clock(bench)
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


def test_a_consent_that_ends_meanwhile_holds_no_more(one_clock: Callable[[Bench], None]) -> None:
    bench = lonely()
    one_clock(bench)
    live(bench, 2000)
    bench.consent = CONSENT | {"until": datetime.fromtimestamp(1e9 + bench.lab.now() + 300, UTC).isoformat()}
    result = bench.do("version")
    assert "the consent ended" in result["msg"] and bench.count("version") == 0 and bench.claims() == []


def crowded(bench: Bench, **more: Any) -> dict[str, Any]:
    """The site of two as it cannot do without either."""
    return {**bench.site(), "peak_calls": 501, **more}


def test_neighbours_are_read_again_after_the_wait(one_clock: Callable[[Bench], None]) -> None:
    bench = lonely(lone=False)
    one_clock(bench)
    live(bench, 500)
    assert bench.do("version", site=crowded(bench, appliances=places(bench)))["changed"] is True


def test_without_knowing_where_they_are_their_states_are_too_old(one_clock: Callable[[Bench], None]) -> None:
    bench = lonely(lone=False)
    one_clock(bench)
    live(bench, 500)
    result = bench.do("version", site=crowded(bench))
    assert f"the state of {NEIGHBOUR} is older than 60 seconds" in result["msg"] and bench.count("version") == 0


def test_a_neighbour_that_falls_ill_meanwhile_keeps_it_in_service() -> None:
    bench = lonely(lone=False)
    live(bench, 500)
    action = bench.prepare("version", site=crowded(bench, appliances=places(bench)))
    action.sleep = lambda seconds: (stop_service(bench), bench.lab.sleep(seconds))
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert f"{NEIGHBOUR} does not count" in result["msg"] and bench.count("version") == 0
