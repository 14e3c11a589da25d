"""The way back: to the backup version only, never forward, with the fences of any switch; and the MSI and ini of before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.world.appliance import PROGRAM_DATA
from tests.bench import DIRECTORY, HOST, NEIGHBOUR, ORDER, OURS, SHARE, Bench
from tests.operations import Overtaken, operate, starts_a_job
from tests.saved import old_ini, save_before
from tests.unit.plugins.action.test_interrupted import CutLine, run_on

SWITCH = "Switch-CcVersion"
CONSENT = {"until": "2099-01-01T00:00:00+00:00", "emergency_calls": "mobile phones", "reason": "CHG1, J. Doe"}
WHO = {"by": "J. Doe", "reason": "CHG4711"}
IN_FORCE = rf"{PROGRAM_DATA}\CloudConnector.ini"
BACK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("rollback_hold", {}),
    ("version", {"rollback": True}),
    ("package", {"state": "previous", "source": None, "sha256": None}),
    ("registration", {}),
    ("health", {}),
    ("call_proof", {}),
)
"""The modules of a rollback, as the role calls them."""


class Back(Bench):
    """An appliance that was upgraded and is taken back: by default described as it is then, else upgraded by the modules."""

    def __init__(self, upgraded_until: str = "", *, described: str = "health", **more: Any) -> None:
        if upgraded_until:
            super().__init__(**more)
        else:
            super().__init__(described, backup="2.0.1" if described == "health" else None, **more)
            save_before(self.computer, self.content)
        if more.get("lone"):
            self.consent = CONSENT
        for module in ORDER[: ORDER.index(upgraded_until)] if upgraded_until else ():
            done = self.do(module)
            assert "failed" not in done, done["msg"]

    def options(self, module: str) -> dict[str, Any]:
        if module == "rollback_hold":
            return {**self.reach(HOST), "site": self.site(), "version": "2.0.1", **WHO}
        return super().options(module)

    def hold(self) -> None:
        assert "failed" not in self.do("rollback_hold")

    def switch_back(self, **options: Any) -> Any:
        return self.do("version", **{"version": "2.0.1", "rollback": True, **options})

    def scripts_back(self, **options: Any) -> Any:
        return self.do("package", **{**dict(BACK[2][1]), "version": "2.0.1", **options})

    def go_back(self, *, check: bool = False) -> list[Any]:
        facts: dict[str, Any] = {}
        results = []
        for module, options in BACK:
            results.append(self.do(module, check=check, facts=facts, **{**options, "version": "2.0.1"}))
            facts |= results[-1].get("ansible_facts", {})
        return results

    @property
    def state(self) -> tuple[Any, ...]:
        found = self.lab.snapshot(HOST)
        return found["scripts"], found["running"], found["backup"], found["in_service"]

    def switches(self) -> int:
        return len(self.lab.record.cmdlets(HOST, name=SWITCH))


def failures(results: list[Any]) -> list[str]:
    return [result["msg"] for result in results if "failed" in result]


def test_what_the_modules_upgraded_goes_back_and_forward_again_once_the_hold_is_cleared() -> None:
    bench = Back("health")
    before = Bench().text(IN_FORCE)
    assert failures(bench.go_back()) == [] and bench.text(IN_FORCE) == before
    assert bench.do("package")["failure"]["class"] == "site-on-hold"
    assert "failed" not in bench.do("rollback_hold", state="absent")
    results = [bench.do(module) for module in ORDER]
    assert failures(results) == []
    assert bench.state == ("2.1", "2.1", "2.0.1", True) and bench.lab.record.calls(outcome="cut") == []
    assert len(bench.lab.record.cmdlets(HOST, name="Register-CcAppliance")) == 3


def test_a_whole_rollback_ends_at_the_old_version_with_scripts_and_vms_of_one_and_no_call_cut() -> None:
    bench = Back()
    results = bench.go_back()
    assert failures(results) == []
    assert bench.state == ("2.0.1", "2.0.1", "2.1", True)
    assert bench.lab.record.calls(outcome="cut") == [] and bench.lab.record.shortages() == []
    assert (
        bench.info()["slot"] is None
        and bench.claims() == []
        and bench.lab.record.cmdlets(NEIGHBOUR, mutating=True) == []
    )


def test_the_second_rollback_does_nothing_and_never_goes_forward() -> None:
    bench = Back()
    bench.go_back()
    switches, since = bench.switches(), len(bench.lab.record.entries)
    results = bench.go_back()
    assert failures(results) == [] and not any(result["changed"] for result in results)
    assert [run.name for run in bench.lab.record.cmdlets(HOST, since=since) if run.mutating] == []
    assert bench.switches() == switches == 1 and bench.state[1] == "2.0.1"


def test_check_mode_predicts_the_rollback_and_changes_nothing() -> None:
    bench = Back()
    since = len(bench.lab.record.entries)
    predicted = bench.go_back(check=True)
    assert failures(predicted) == []
    assert [run.name for run in bench.lab.record.cmdlets(HOST, since=since) if run.mutating] == []
    done = bench.go_back()
    assert [one["changes"] for one in predicted] == [one["changes"] for one in done]
    assert done[1]["diff"]["after"]["running"] == "2.0.1" and done[1]["changes"] == ["switch back from 2.1 to 2.0.1"]


def test_both_inis_come_back_as_they_were() -> None:
    bench = Back()
    bench.go_back()
    both = bench.text(IN_FORCE), bench.text(rf"{DIRECTORY}\CloudConnector.ini")
    assert both == (old_ini(bench.content), old_ini(bench.content)) and bench.ran("Import-CcConfiguration") == []
    assert len(bench.lab.record.cmdlets(HOST, name="Import-CcConfiguration")) == 1


# --- refusals, with nothing done ------------------------------------------------------------------------------------------


def refused(bench: Back, **options: Any) -> str:
    """The message of a switch back that refuses, having done nothing; the same in check mode."""
    switches = bench.switches()
    checked = bench.switch_back(check=True, **options)
    done = bench.switch_back(**options)
    assert checked["failed"] and done["failed"] and done["changed"] is False, done
    assert checked["failure"]["what"] == done["failure"]["what"]
    assert bench.switches() == switches and bench.changes() == [] and bench.claims() == []
    return str(done["msg"])


def held(**more: Any) -> Back:
    bench = Back(**more)
    bench.hold()
    return bench


def test_it_needs_the_hold() -> None:
    assert "its site is not on hold" in refused(Back())


def test_it_needs_the_hold_for_that_release() -> None:
    bench = Back()
    assert "failed" not in bench.do("rollback_hold", version="2.0")
    assert "is about going back to 2.0." in refused(bench)


def test_a_newer_version_is_no_target() -> None:
    """Twice the same toggle would lead forward again: the running version has to be the later one."""
    bench = held()
    bench.appliance.running, bench.appliance.backup = "2.0", "2.0.1"
    assert "2.0 runs, and a rollback leads to an older release only." in refused(bench)


@pytest.mark.parametrize("backup", [None, "2.0"])
def test_the_backup_has_to_be_that_version(backup: str | None) -> None:
    bench = held()
    bench.appliance.backup = backup
    assert f"its backup version is {backup or 'none'}" in refused(bench)


def test_the_old_set_has_to_be_whole() -> None:
    bench = held()
    del bench.appliance.sets["2.0.1"].machines["Edge"]
    assert "new_set: 3 of 4" in refused(bench)


def test_other_scripts_than_those_of_the_running_version_do_not_switch_back() -> None:
    bench = held()
    bench.appliance.msi = "2.0.1"
    assert "Microsoft describes the way back with the scripts of the release that is left" in refused(bench)


def test_automatic_update_has_to_be_off_and_none_under_way() -> None:
    bench = held()
    bench.lab.world.tenant.sites["oslo"].enable_auto_update = True
    assert "auto_update" in refused(bench)
    bench.lab.world.tenant.sites["oslo"].enable_auto_update = False
    bench.lab.world.network.files.write_text(rf"{SHARE}\CcLockFile", "simulated")
    assert "update_under_way" in refused(bench, update_wait=0)


def test_too_few_neighbours_keep_it_where_it_is() -> None:
    bench = held()
    for machine in bench.lab.appliance(NEIGHBOUR).machines:
        machine.turn_off()
    assert "cce-2 does not count" in refused(bench)


def test_a_site_without_a_spare_needs_consent() -> None:
    bench = held(lone=True)
    bench.consent = None
    assert "cloud_connector_outage_consent" in refused(bench)
    bench.consent = CONSENT
    assert "failed" not in bench.switch_back()


def test_an_open_job_keeps_it_where_it_is() -> None:
    bench = held()
    bench.computer.files.write_text(rf"{OURS}\jobs\install-2.1.claim", "{}")
    switches = bench.switches()
    assert bench.switch_back()["failure"]["class"] == "job-open" and bench.switches() == switches


def test_a_hold_that_is_cleared_meanwhile_stops_it_on_the_appliance() -> None:
    bench = held()
    switches = bench.switches()
    action = bench.prepare("version", version="2.0.1", rollback=True)

    def clear(request: dict[str, Any]) -> None:
        if starts_a_job(request):
            operate(bench.lab, NEIGHBOUR, "rollback_hold", **{**bench.options("rollback_hold"), "state": "absent"})

    action._connection = Overtaken(bench.lab.connection(HOST), clear)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failed"] and bench.switches() == switches and bench.state[1] == "2.1"


def test_old_scripts_are_never_put_beside_new_vms() -> None:
    bench = held()
    result = bench.scripts_back()
    assert "cce-1 runs 2.1: scripts of 2.0.1 beside newer VMs" in result["msg"] and bench.changes() == []


def test_without_the_saved_msi_the_scripts_stay_and_it_says_so() -> None:
    bench = held()
    bench.switch_back()
    bench.computer.files.remove(rf"{OURS}\saved\state.last.json")
    result = bench.scripts_back()
    assert result["failure"]["class"] == "previous-msi-missing" and bench.changes() == []
    url, sha256 = bench.lab.package("2.0.1")
    assert "failed" not in bench.scripts_back(source=url, sha256=sha256)
    assert bench.state == ("2.0.1", "2.0.1", "2.1", True)


def test_another_saved_msi_than_was_recorded_is_not_installed() -> None:
    bench = held()
    bench.switch_back()
    bench.computer.files.write(rf"{OURS}\saved\2.0.1\CloudConnector.msi", b"forged")
    result = bench.scripts_back()
    assert "another SHA-256" in result["msg"] and bench.state[0] == "2.1"


# --- where an upgrade failed ----------------------------------------------------------------------------------------------


def services_down(bench: Back, *roles: str) -> None:
    for machine in bench.appliance.running_set or ():
        if machine.role in roles:
            for service in machine.computer.services.values():
                service.become("Stopped")
    bench.appliance.recompute_service()


def all_off(bench: Back) -> None:
    for machine in bench.appliance.running_set or ():
        machine.turn_off()
    bench.appliance.recompute_service()


ILLS: dict[str, Callable[[Back], None]] = {
    "nothing": lambda bench: None,
    "edge services": lambda bench: services_down(bench, "Edge"),
    "mediation services": lambda bench: services_down(bench, "Mediation"),
    "VMs off": all_off,
}


def test_health_names_the_way_back_where_an_upgrade_led_to_what_is_ill() -> None:
    bench = Back()
    services_down(bench, "Edge")
    assert "the playbook rollback takes it back to 2.0.1" in bench.do("health")["msg"]
    bench.hold()
    bench.go_back()
    services_down(bench, "Edge")
    result = bench.do("health", version="2.0.1")
    assert result["failed"] and "playbook rollback" not in result["msg"]


def test_a_switch_with_errors_names_the_way_back() -> None:
    bench = Back("version")
    bench.lab.fault(HOST, trouble="T4")
    assert "the playbook rollback takes it back to 2.0.1" in bench.do("version")["msg"]


@pytest.mark.parametrize("ill", ILLS)
@pytest.mark.parametrize("lone", [False, True])
def test_an_appliance_that_is_ill_after_the_switch_goes_back_and_serves(ill: str, lone: bool) -> None:
    bench = Back(lone=lone)
    ILLS[ill](bench)
    results = bench.go_back()
    assert failures(results) == []
    assert bench.state == ("2.0.1", "2.0.1", "2.1", True) and bench.lab.record.calls(outcome="cut") == []


@pytest.mark.parametrize("point", ["drained", "disconnected", "off", "connected", "services"])
def test_a_switch_that_stopped_half_way_is_taken_back_or_refused_with_nothing_done(point: str) -> None:
    bench = Back("version")
    bench.lab.fault(HOST, cmdlet=SWITCH, when="during", point=point, action="half_done")
    assert bench.do("version")["failed"]
    bench.hold()
    before = bench.switches(), bench.state[:3]
    result = bench.switch_back()
    if "failed" in result:
        assert (bench.switches(), bench.state[:3]) == before and bench.changes() == [], result["msg"]
    else:
        assert bench.state[1] == "2.0.1"


@pytest.mark.parametrize("until", ["configuration", "registration", "download", "deployment", "version"])
def test_an_upgrade_that_was_not_switched_is_given_up_with_msi_and_ini_back(until: str) -> None:
    """The new VMs are removed first, by the scripts that made them."""
    bench = Back(until)
    before = Bench().text(IN_FORCE)
    bench.hold()
    if until == "version":
        assert "failed" not in bench.do("deployment", state="absent", version="2.1")
    results = bench.go_back()
    assert failures(results) == []
    assert bench.state == ("2.0.1", "2.0.1", None, True) and bench.switches() == 0
    assert bench.text(IN_FORCE) == before and bench.info()["slot"] is None
    assert bench.lab.record.outages() == []


def test_an_msi_that_was_removed_and_not_replaced_is_put_back() -> None:
    bench = Back("package")
    bench.lab.fault(HOST, cmdlet="msiexec.exe", when="before", point="/i", action="die_host")
    assert bench.do("package")["failed"] and bench.state[0] is None
    bench.settle()
    bench.hold()
    assert bench.scripts_back()["changed"] is True
    assert "failed" not in bench.do("registration", version="2.0.1")
    assert "failed" not in bench.do("health", version="2.0.1")
    assert bench.state == ("2.0.1", "2.0.1", None, True) and bench.our_files("jobs") == []


@pytest.mark.parametrize(("register_again", "kept"), [("accepted", False), ("accepted", True), ("refused", True)])
def test_it_works_whatever_is_kept_of_the_registration(register_again: str, kept: bool) -> None:
    switches = {"register_again": register_again, "msi_keeps_service_account": kept, "msi_keeps_registration": kept}
    bench = Back(switches=switches)
    results = bench.go_back()
    assert failures(results) == [] and bench.state == ("2.0.1", "2.0.1", "2.1", True)


def test_old_scripts_that_refuse_what_the_newer_ones_left_stop_it_with_the_old_vms_in_service() -> None:
    """No source says that an older MSI may be installed again: then it stops behind the calls, and stays on hold."""
    bench = Back(switches={"older_scripts": "refused"})
    results = bench.go_back()
    assert "by a later version" in results[3]["msg"] and results[3]["msg"].startswith(
        "oslo: cce-1, cce-2 carry the calls"
    )
    assert bench.state == ("2.0.1", "2.0.1", "2.1", True) and bench.lab.record.calls(outcome="cut") == []
    assert bench.do("health", version="2.0.1")["failed"] and bench.info()["hold"]["goes_to"] == "2.0.1"


# --- cut at every exchange ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["rollback_hold", "version", "package"])
def test_a_rollback_that_is_cut_after_any_exchange_is_finished_by_the_same_command(module: str) -> None:
    reached = {
        "rollback_hold": ("2.1", "2.1", "2.0.1", True),
        "version": ("2.1", "2.0.1", "2.1", True),
        "package": ("2.0.1", "2.0.1", "2.1", True),
    }
    at = [name for name, options in BACK].index(module)
    for cut in range(60):
        # With scripts of 2.1 and VMs of 2.0.1 it is described as it is when it was switched back.
        bench = Back(described="version" if module == "package" else "health")
        if at:
            bench.hold()
        line = CutLine(bench.lab.connection(HOST), cut, after=True)
        run_on(bench, module, line, **{**BACK[at][1], "version": "2.0.1"})
        result = bench.do(module, **{**BACK[at][1], "version": "2.0.1"})
        assert "failed" not in result, (cut, result["msg"])
        assert bench.state == reached[module] and bench.switches() == (module == "version"), cut
        assert bench.lab.record.calls(outcome="cut") == [] and bench.claims() == []
        if line.exchanges <= cut:
            break
    assert 2 <= cut < 60
