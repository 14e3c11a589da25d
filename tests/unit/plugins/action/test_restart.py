"""Restarts: refused while calls can live, noted before they are ordered, judged by the time of the start, never done twice."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import paths, proof

from lab.world.power import shutdown_program
from tests.bench import JOB, Bench
from tests.operations import operate
from tests.windows import TARGETS, Windows

ACTIONS = "ansible_collections.sfb.cloud_connector.plugins.action"


def waiting(target: str, *, maintenance: bool = True, **more: Any) -> Windows:
    """An appliance on which a computer waits for a restart."""
    bench = Windows(**more)
    if maintenance:
        bench.enter()
    bench.at(target).want_restart()
    return bench


# --- the cycle ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_check_do_do_again(target: str) -> None:
    bench = waiting(target)
    began = bench.at(target).boot_time
    predicted = bench.must("restart", target=target, check=True)
    assert predicted["changed"] and bench.restarts() == []
    done = bench.must("restart", target=target)
    assert done["changes"] == predicted["changes"] and bench.at(target).boot_time > began
    assert done["restart"]["pending_restart"] == [] and done["diff"]["before"] != done["diff"]["after"]
    again = bench.must("restart", target=target)
    assert not again["changed"] and len(bench.restarts()) == 1 and bench.leftovers() == []
    assert bench.lab.snapshot("cce-1")["maintenance"] and bench.info("cce-2")["calls"]["inbound"] == 0


def test_always_restarts_each_time() -> None:
    bench = Windows()
    bench.enter()
    for _number in range(2):
        assert bench.must("restart", target="edge", condition="always")["changed"]
    assert bench.restarts() == ["Edge", "Edge"]


@pytest.mark.parametrize("target", ["host", "cms"])
@pytest.mark.parametrize("windows_waits", [True, False])
def test_a_restart_that_windows_waits_for_ends_the_proof_of_calls(target: str, windows_waits: bool) -> None:
    bench = Windows()
    bench.must("call_proof", version="2.1", way="command", command={"argv": ["true"]})
    bench.enter()
    if windows_waits:
        bench.at(target).want_restart()
    bench.must("restart", target=target, condition="always")
    info = bench.info()
    assert (info["proof"] is None, info["proof_due"] is not None) == (windows_waits, windows_waits)


# --- what is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_calls_can_live_on_it(target: str) -> None:
    bench = waiting(target, maintenance=False)
    refused = bench.do("restart", target=target)
    assert refused["failure"]["class"] == "in-service" and "in_service_consent" in refused["msg"]
    assert bench.restarts() == [] and bench.leftovers() == []


def test_somebody_agreed_by_name_and_the_slot_is_held_meanwhile() -> None:
    bench = waiting("host", maintenance=False)
    held = []
    restart = bench.appliance.restart

    def restarted() -> None:
        held.append(bench.lab.world.network.files.exists(r"\\files\oslo\sfb.cloud_connector.slot"))
        restart()

    bench.appliance.restart = restarted  # type: ignore[method-assign]
    bench.computer.executables["shutdown.exe"] = shutdown_program(restarted)
    result = bench.must("restart", target="host", in_service_consent={"by": "J. Doe", "reason": "no time"})
    assert held == [True] and "J. Doe" in result["warnings"][0]
    assert bench.info()["slot"] is None and bench.lab.snapshot("cce-1")["in_service"]


def test_consent_does_not_cover_for_a_neighbour() -> None:
    bench = waiting("host", maintenance=False)
    bench.lab.appliance("cce-2").computer.power_off()
    refused = bench.do("restart", target="host", in_service_consent={"by": "J. Doe", "reason": "no time"})
    assert refused["failure"]["class"] == "capacity" and bench.restarts() == []


def test_an_appliance_whose_services_are_stopped_may_be_restarted() -> None:
    bench = waiting("host", maintenance=False)
    assert bench.appliance.running_set is not None
    bench.appliance.running_set.stop_services()
    assert bench.must("restart", target="host")["changed"]


# --- the waits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switches", [{"vms_start_in_order": True}, {"boot_services_seconds": 300.0}])
def test_vms_and_services_are_waited_for(switches: dict[str, Any]) -> None:
    bench = waiting("host", switches=switches, maintenance=False)
    bench.must("restart", target="host", in_service_consent={"by": "J. Doe", "reason": "no time"})
    assert bench.lab.snapshot("cce-1")["in_service"]


def test_the_vms_are_waited_for_in_the_order_they_need_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    bench = waiting("host", switches={"vms_start_in_order": True})
    bench.must("restart", target="host")
    lines = capsys.readouterr().out.splitlines()
    told = [vm for line in lines for vm in ("AD", "CMS", "Mediation", "Edge") if f"the {vm} VM does not answer" in line]
    assert list(dict.fromkeys(told)) == ["AD", "CMS", "Mediation", "Edge"]


@pytest.mark.parametrize(
    ("off", "message"),
    [
        ("ad", "did not have the AD VM up again within 1200 seconds"),
        ("edge", "did not have the Edge VM up again within 1200 seconds"),
    ],
)
def test_a_vm_that_does_not_come_back_is_named(off: str, message: str) -> None:
    bench = waiting("host")
    machine = bench.vm(off)
    turn_on = machine.turn_on
    machine.turn_on = lambda *given: None  # type: ignore[method-assign]
    failed = bench.do("restart", target="host")
    assert (
        failed["failure"]["class"] == "restart-not-ended" and message in failed["msg"] and machine.name in failed["msg"]
    )
    turn_on()
    assert "begun before" in bench.must("restart", target="host")["changes"][0]
    assert bench.restarts() == ["host"] and bench.leftovers() == []


def test_a_service_that_does_not_start_is_named() -> None:
    bench = waiting("mediation", maintenance=False)
    consent = {"by": "J. Doe", "reason": "no time"}
    service = bench.at("mediation").services["RTCMEDSRV"]
    service.broken = True
    failed = bench.do("restart", target="mediation", in_service_consent=consent)
    assert "RTCMEDSRV of the Mediation VM do not run yet" in failed["msg"] and "within 900 seconds" in failed["msg"]
    service.broken = False
    service.become("Running")
    bench.must("restart", target="mediation", in_service_consent=consent)
    assert bench.restarts() == ["Mediation"] and bench.info()["slot"] is None


def test_a_host_that_does_not_come_back_is_named_and_found_by_the_next_run() -> None:
    bench = waiting("host")
    bench.computer.boot_seconds = 10_000
    failed = bench.do("restart", target="host", boot_timeout=600)
    assert "did not come back after its restart within 600 seconds" in failed["msg"]
    bench.lab.advance(10_000)
    assert "begun before" in bench.must("restart", target="host")["changes"][0] and bench.restarts() == ["host"]


@pytest.mark.parametrize("target", ["host", "cms"])
def test_one_that_does_not_go_down_is_called_off(target: str) -> None:
    bench = waiting(target)
    bench.at(target).shutdown_hangs = True
    failed = bench.do("restart", target=target)
    assert failed["failure"]["class"] == "restart-not-begun" and bench.leftovers() == []
    bench.at(target).shutdown_hangs = False
    bench.must("restart", target=target)
    assert len(bench.restarts()) == 1


def test_a_vm_that_is_not_reached_is_not_restarted() -> None:
    bench = waiting("cms")
    object.__setattr__(bench.lab.world.switches, "vm_access", False)
    assert bench.do("restart", target="cms")["failed"] and bench.restarts() == []


# --- what is lost -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["host", "mediation"])
def test_killed_at_every_exchange_and_run_again(target: str) -> None:
    for after in range(30):
        bench = waiting(target)
        ended = bench.abandoned(after, "restart", target=target, poll_interval=300) < 0
        bench.lab.advance(300)
        assert bench.computer.files.exists(paths.record(proof.NAME)) or not bench.restarts(), after
        bench.must("restart", target=target)
        assert (len(bench.restarts()), bench.leftovers()) == (1, []), after
        if ended:
            break
    assert ended and after > 3


@pytest.mark.parametrize("delay", [5, 60])
def test_the_host_goes_down_while_a_vm_restarts(delay: int) -> None:
    bench = waiting("mediation")
    bench.abandoned(2, "restart", target="mediation")
    bench.lab.advance(delay)
    bench.appliance.restart()
    bench.lab.advance(800)
    bench.must("restart", target="mediation")
    assert bench.restarts().count("Mediation") <= 1 and bench.leftovers() == []
    assert bench.vm("mediation").on


def test_a_restart_by_somebody_else_after_the_reading_stops_ours() -> None:
    bench = waiting("host")
    action = bench.prepare("restart", target="host", condition="always")
    guard = action.guard

    def meanwhile(state: Any, changes: Any) -> None:
        guard(state, changes)
        bench.appliance.restart()
        bench.lab.advance(1000)

    action.guard = meanwhile
    failed = action.run(task_vars={"inventory_hostname": "cce-1"})
    assert failed["failed"] and "started anew" in failed["msg"]
    assert bench.restarts() == ["host"] and bench.leftovers() == []


def test_others_do_not_begin_beside_it() -> None:
    bench = waiting("mediation")
    bench.abandoned(2, "restart", target="mediation")
    bench.lab.advance(60)
    assert bench.do("windows_update", target="mediation")["failure"]["class"] == "job-open"
    assert bench.do("maintenance", state="absent")["failure"]["class"] == "job-open"


@pytest.mark.parametrize("sign", ["PendingFileRenameOperations", "RebootPending"])
def test_what_windows_installer_asks_for_fits_into_an_upgrade(sign: str) -> None:
    """The tasks of `roles/appliance_upgrade/tasks/restart.yml`, between the MSI and the rest."""
    bench = Bench(switches={"restart_sign": sign})
    bench.lab.fault("cce-1", cmdlet="msiexec.exe", point="/i", action="exit_code", code=3010)
    assert bench.do("package", on_restart_required="go_on")["restart_required"]
    maintenance = {**bench.options("package"), **JOB}
    steps = [
        ("maintenance", {"state": "present"}),
        ("restart", {"target": "host"}),
        ("maintenance", {"state": "absent"}),
    ]
    for module, more in steps:
        known = importlib.import_module(f"{ACTIONS}.{module}").ActionModule.ARGUMENTS
        given = {name: value for name, value in {**maintenance, **more}.items() if name in known}
        result = operate(bench.lab, "cce-1", module, **given)
        assert result.get("changed") and "failed" not in result, result
    assert bench.info()["pending_restart"] == []
    for module in ("configuration", "registration", "download", "deployment", "version", "health"):
        result = bench.do(module)
        assert "failed" not in result, result["msg"]
    assert bench.lab.snapshot("cce-1")["running"] == "2.1" and bench.info()["slot"] is None
