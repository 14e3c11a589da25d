"""Sessions to the tenant are few: how many each operation opens, that none stays open, and what waits when there is none.

Judged by the lab's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.action.site_info import ActionModule
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation import tenant_logon, update_wait
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock import Clock

from lab.inprocess import Lab
from lab.world import logons
from tests.bench import HOST, NEIGHBOUR, ORDER, SHARE, Bench
from tests.operations import InProcessConnection
from tests.racing import Race
from tests.tenant import TenantBench

LOGON = "New-CsOnlineSession"
MOST = 4
"""Logons for the upgrade of one appliance: before the MSI, for the registration, before the switch, and when all is well."""

BY_MODULE = {"package": 1, "registration": 1, "version": 1, "health": 1}


def logged_on(lab: Lab) -> int:
    """How often the collection, not the product, has logged on."""
    return len(lab.record.cmdlets(name=LOGON))


def open_sessions(lab: Lab) -> int:
    """Sessions that a process left behind, or that are still there."""
    return lab.record.tenant_sessions().left_open + len(lab.world.tenant.sessions)


# --- how many ---------------------------------------------------------------------------------------------------------


def test_the_upgrade_of_an_appliance_takes_four_sessions_one_after_the_other_and_leaves_none_open() -> None:
    bench = Bench()
    used = {}
    for module in ORDER:
        before = logged_on(bench.lab)
        result = bench.do(module)
        assert "failed" not in result, result["msg"]
        used[module] = logged_on(bench.lab) - before
    assert {module: number for module, number in used.items() if number} == BY_MODULE
    assert logged_on(bench.lab) <= MOST
    assert open_sessions(bench.lab) == 0 and bench.lab.record.tenant_sessions().most_at_once == 1
    assert {run.appliance for run in bench.lab.record.cmdlets(name=LOGON)} == {HOST}


def test_only_what_is_read_is_imported() -> None:
    bench = Bench("version")
    bench.do("version")
    (run,) = bench.ran("Import-PSSession")
    assert set(run.parameters["CommandName"]) == {"Get-CsHybridPSTNAppliance", "Get-CsHybridPSTNSite"}


def test_where_nothing_is_to_be_done_only_registration_and_health_log_on() -> None:
    """What is registered is a record of the tenant; so is a part of what is well."""
    bench = Bench()
    for module in ORDER:
        bench.do(module)
    before = logged_on(bench.lab)
    for module in ORDER:
        assert bench.do(module)["changed"] is False
    assert logged_on(bench.lab) - before == 2


def test_check_mode_of_a_whole_upgrade_asks_the_tenant_once_until_all_is_predicted() -> None:
    bench, facts = Bench(), {}
    for module in ORDER:
        result = bench.do(module, check=True, facts=facts)
        assert "failed" not in result, result["msg"]
        facts |= result.get("ansible_facts", {})
    assert logged_on(bench.lab) == 1 and open_sessions(bench.lab) == 0


def test_the_summary_keeps_what_was_read_of_the_tenant_and_says_what_was_not() -> None:
    bench = Bench("version")
    assert bench.do("version")["appliance"]["registration"] == "full"
    assert bench.do("version")["appliance"]["registration"] == {"unknown": "the tenant was not asked"}


def test_a_wait_for_health_logs_on_once_when_all_that_is_local_is_well() -> None:
    bench = Bench("health")
    service = next(one for one in bench.appliance.running_set or () if one.role == "Mediation").computer.services
    service["RTCMEDSRV"].become("Stopped")
    bench.lab.world.env.timeout(500).callbacks.append(lambda _: service["RTCMEDSRV"].become("Running"))
    result = bench.do("health", wait=900, poll_interval=60)
    assert "failed" not in result and logged_on(bench.lab) == 1


def test_one_that_never_gets_well_does_not_log_on_and_says_what_was_not_asked() -> None:
    bench = Bench("health")
    services = next(one for one in bench.appliance.running_set or () if one.role == "Mediation").computer.services
    services["RTCMEDSRV"].become("Stopped")
    result = bench.do("health", wait=300, poll_interval=60)
    assert result["failed"] and logged_on(bench.lab) == 0
    assert "RTCMEDSRV" in result["failure"]["what"] and "tenant" not in result["failure"]["what"]
    (check,) = [one for one in result["failure"]["checks"] if one["id"] == "registration"]
    assert (check["status"], check["evidence"]) == ("ERROR", "could not be read: the tenant was not asked")


def test_what_is_wrong_in_the_tenant_is_still_found_by_health() -> None:
    bench = Bench("health")
    bench.lab.world.tenant.appliances.clear()
    result = bench.do("health")
    assert result["failed"] and result["failure"]["class"] == "not-registered"


# --- also where something fails -----------------------------------------------------------------------------------------

FAULTS = [
    *(
        (module, {"cmdlet": name, "text": "no (simulated)"})
        for module in BY_MODULE
        for name in (LOGON, "Import-PSSession")
    ),
    *((module, {"cmdlet": "Get-CsHybridPSTNAppliance", "text": "no (simulated)"}) for module in BY_MODULE),
    *((module, {"cmdlet": "Get-CsHybridPSTNSite", "text": "no (simulated)"}) for module in BY_MODULE),
    ("package", {"cmdlet": "Start-Process", "action": "error", "text": "no (simulated)"}),
    ("configuration", {"cmdlet": "Import-CcConfiguration", "text": "no (simulated)"}),
    ("registration", {"cmdlet": "Register-CcAppliance", "text": "no (simulated)"}),
    ("registration", {"cmdlet": "Register-CcAppliance", "action": "half_done"}),
    ("download", {"cmdlet": "Start-CcDownload", "text": "no (simulated)"}),
    ("deployment", {"cmdlet": "Install-CcAppliance", "text": "no (simulated)"}),
    ("deployment", {"cmdlet": "Install-CcAppliance", "when": "during", "point": "CMS", "action": "die_host"}),
    ("version", {"cmdlet": "Switch-CcVersion", "text": "no (simulated)"}),
    ("version", {"cmdlet": "Switch-CcVersion", "action": "half_done"}),
]


@pytest.mark.parametrize(("module", "fault"), FAULTS, ids=lambda one: one if isinstance(one, str) else one["cmdlet"])
def test_a_step_that_fails_leaves_no_session_open_and_opens_no_more(module: str, fault: Mapping[str, Any]) -> None:
    bench = Bench(module)
    bench.lab.fault(HOST, **fault)
    result = bench.do(module)
    assert result.get("failed"), result
    assert logged_on(bench.lab) <= BY_MODULE.get(module, 0)
    assert open_sessions(bench.lab) == 0


def test_a_registration_that_failed_is_not_said_to_be_what_it_was() -> None:
    bench = Bench("registration")
    bench.lab.world.tenant.appliances.clear()
    bench.lab.fault(HOST, cmdlet="Register-CcAppliance", when="after", text="no (simulated)")
    result = bench.do("registration")
    assert result["failed"] and result["appliance"]["registration"] == {"unknown": "the tenant was not asked"}
    assert result["changed"] is True and logged_on(bench.lab) == 1


def test_a_new_registration_is_confirmed_by_the_tenant() -> None:
    bench = Bench("registration")
    bench.lab.world.tenant.appliances.clear()
    result = bench.do("registration")
    assert "failed" not in result and result["appliance"]["registration"] == "full"
    assert logged_on(bench.lab) == 2 and open_sessions(bench.lab) == 0


# --- where no session is to be had ------------------------------------------------------------------------------------------


def occupy(lab: Lab, *, linger: bool = True) -> None:
    """Somebody has three sessions open, and their processes are gone: they expire after a quarter of an hour."""
    world = lab.world
    for _ in range(3):
        session = logons.log_on(world, NEIGHBOUR, world.tenant.administrator, world.tenant.password)
        if linger:
            logons.leave(world, session)


def test_a_logon_is_tried_again_until_the_tenant_has_given_up_what_was_left_open(capsys: Any) -> None:
    bench = Bench("version")
    occupy(bench.lab)
    result = bench.do("version")
    assert "failed" not in result, result["msg"]
    assert bench.lab.now() >= 900 and 1 < logged_on(bench.lab) <= tenant_logon.TRIES
    assert "as many sessions to the tenant are open as it allows" in capsys.readouterr().out


def test_the_tries_have_an_end_and_nothing_is_changed() -> None:
    bench = Bench("version")
    occupy(bench.lab, linger=False)
    result = bench.do("version")
    assert result["failed"] and bench.ran("Switch-CcVersion") == []
    assert result["failure"]["class"] == "tenant-sessions-full"
    assert logged_on(bench.lab) == tenant_logon.TRIES
    assert (tenant_logon.TRIES - 1) * tenant_logon.PAUSE_SECONDS > 900


def test_another_refusal_of_the_tenant_is_not_tried_again() -> None:
    bench = Bench("version")
    bench.lab.world.tenant.password = "changed"
    assert bench.do("version")["failed"] and logged_on(bench.lab) == 1


def test_an_operation_on_the_tenants_records_waits_for_a_session_too() -> None:
    bench = TenantBench()
    occupy(bench.lab)
    action = bench.prepare("tenant_appliance", site="oslo", name=HOST, maintenance_mode=True)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert "failed" not in result and result["changed"], result
    assert bench.lab.now() >= 900 and not bench.lab.world.tenant.sessions


# --- a site -------------------------------------------------------------------------------------------------------------


def read_site(bench: Bench | Race, *, check: bool = False, **more: Any) -> dict[str, Any]:
    """What site_info returns for the site of the bench."""
    names = bench.names if isinstance(bench, Race) else bench.hosts
    places = [{"name": name, **bench.reach(name)} for name in names]
    task = SimpleNamespace(
        args={"appliances": places, **more}, check_mode=check, diff=False, async_val=0, environment=None
    )
    made = ActionModule(task, SimpleNamespace(become=None, _shell=SimpleNamespace(tmpdir=None)), None, None, None, None)
    made._load_name = "site_info"
    made.connect = lambda task_vars, host: InProcessConnection(bench.lab.connection(host))
    made.clock = Clock(bench.lab.world.now, bench.lab.now, bench.lab.sleep)
    return dict(made.run(task_vars={"inventory_hostname": HOST, "hostvars": {}}))


def test_a_site_takes_one_session_and_every_appliance_knows_what_is_its_own() -> None:
    bench = Bench()
    next(
        one for one in bench.lab.world.tenant.appliances.values() if one.name.lower() == NEIGHBOUR
    ).maintenance_mode = True
    own, other = read_site(bench)["states"]
    assert logged_on(bench.lab) == 1 and open_sessions(bench.lab) == 0
    assert (own["registration"], other["registration"]) == ("full", "full")
    assert (own["tenant_maintenance"], other["tenant_maintenance"]) == (False, True)
    assert (own["tenant_logon"], other["tenant_logon"]) == (HOST, HOST)


def test_where_one_cannot_log_on_the_next_one_is_tried_once() -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet=LOGON, text="no (simulated)")
    result = read_site(bench)
    assert {state["tenant_logon"] for state in result["states"]} == {NEIGHBOUR}
    assert result["tenant"]["logon"] == NEIGHBOUR


def test_the_reasons_of_both_are_told_and_a_third_is_not_tried() -> None:
    site = Race(3, {}, 500)
    site.lab.world.tenant.reachable = False
    found = read_site(site)["states"][0]["tenant_logon"]["unknown"]
    assert "cce-1: " in found and "cce-2: " in found and logged_on(site.lab) == 2


def test_one_that_cannot_be_read_is_not_logged_on_through() -> None:
    bench = Bench()
    bench.lab.appliance(HOST).unreachable = True
    assert read_site(bench)["tenant"]["logon"] == NEIGHBOUR and logged_on(bench.lab) == 1


def test_the_tenant_alone_reads_no_appliance_and_without_it_nobody_logs_on() -> None:
    bench = Bench()
    result = read_site(bench, gather_subset=["!min", "tenant"])
    assert result["states"] == [] and result["tenant"]["logon"] == HOST
    assert [run.name for run in bench.lab.record.cmdlets(name="Get-VM")] == []
    without = read_site(bench, gather_subset=["all", "!tenant"])
    assert "tenant" not in without and logged_on(bench.lab) == 1


def test_a_whole_site_is_judged_by_one_logon() -> None:
    bench = Bench("health", lone=True)
    tenant = read_site(bench, gather_subset=["!min", "tenant"])["tenant"]
    assert "failed" not in bench.do("health", tenant=tenant) and logged_on(bench.lab) == 1
    empty = {**tenant, "appliances": []}
    assert bench.do("health", tenant=empty)["failure"]["class"] == "not-registered"
    assert "no records of a tenant" in bench.do("health", tenant={"a": 1})["msg"] and logged_on(bench.lab) == 1


# --- maintenance needs the tenant for a flag only --------------------------------------------------------------------


def test_maintenance_mode_is_entered_and_left_while_the_tenant_is_away_and_an_upgrade_is_not_begun() -> None:
    bench = Bench(switches={"enter_sets_tenant_flag": False})
    bench.lab.world.tenant.reachable = False
    options = {"version": None, "task_user": "CceAdmin", "task_password": "Lab-Passw0rd!"}
    for state, adopt in (("present", True), ("absent", False)):
        result = bench.do("maintenance", state=state, adopt=adopt, **options)
        assert "failed" not in result and result["changed"], result
        assert bench.lab.snapshot(HOST)["maintenance"] is (state == "present")
    assert logged_on(bench.lab) == 0
    refused = bench.do("package")
    assert refused["failure"]["class"] == "tenant-logon" and "Nothing was changed." in refused["msg"]
    assert bench.changes() == []


def test_a_neighbour_whose_tenant_cannot_be_read_still_carries() -> None:
    bench = Bench()
    bench.lab.world.tenant.password = "changed"
    options = {"version": None, "task_user": "CceAdmin", "task_password": "Lab-Passw0rd!"}
    assert "failed" not in bench.do("maintenance", state="present", adopt=True, **options)


# --- an automatic update under way -----------------------------------------------------------------------------------------


def begun(bench: Bench, action: str = "OsUpdate") -> Any:
    """The product updates itself; of Windows, four VMs and the host have an update each."""
    bench.lab.world.tenant.sites["oslo"].enable_auto_update = False
    for machine in bench.appliance.running_set or ():
        machine.computer.windows_updates = 1
    process = bench.lab.update(HOST, action)
    bench.lab.advance(10)
    return process


WORK = {"package": "Start-Process", "version": "Switch-CcVersion"}


def work(bench: Bench, module: str) -> list[Any]:
    """What the module was to do, in whatever process of ours."""
    runs = bench.lab.record.cmdlets(HOST, name=WORK[module])
    return [run for run in runs if run.method != "service"]


@pytest.mark.parametrize("module", WORK)
def test_nothing_begins_until_the_update_is_over(module: str, capsys: Any) -> None:
    bench = Bench(module)
    process = begun(bench)
    over: list[Any] = []
    process.callbacks.append(lambda _: over.append(bench.lab.world.now()))
    result = bench.do(module, update_wait=30_000)
    assert "failed" not in result and result["changed"], result["msg"]
    assert over and all(run.time >= over[0] for run in work(bench, module)) and work(bench, module)
    assert "waits for the end of an automatic update" in capsys.readouterr().out
    assert open_sessions(bench.lab) == 0


@pytest.mark.parametrize("module", WORK)
def test_the_wait_has_a_bound_and_then_nothing_is_changed(module: str) -> None:
    bench = Bench(module)
    begun(bench)
    before, began = len(bench.lab.record.cmdlets(HOST, mutating=True)), bench.lab.now()
    result = bench.do(module, update_wait=600)
    assert (
        result["failed"]
        and result["failure"]["class"] == "update-under-way"
        and "Nothing was changed." in result["msg"]
    )
    assert 600 <= bench.lab.now() - began <= 1200
    done = [run for run in bench.lab.record.cmdlets(HOST, mutating=True)[before:] if run.method != "service"]
    assert [run.name for run in done if "sfb.cloud_connector.lease" not in str(run.parameters)] == []
    assert logged_on(bench.lab) <= 2 and open_sessions(bench.lab) == 0


def test_while_the_lock_file_is_there_the_tenant_is_not_asked_again() -> None:
    bench = Bench("version")
    bench.lab.world.network.files.write_text(rf"{SHARE}\CcLockFile", "simulated")
    bench.lab.world.env.timeout(3000).callbacks.append(
        lambda _: bench.lab.world.network.files.remove(rf"{SHARE}\CcLockFile")
    )
    assert "failed" not in bench.do("version", update_wait=7200)
    assert logged_on(bench.lab) == 2


def test_what_only_the_tenant_tells_is_asked_every_five_minutes() -> None:
    bench = Bench("version")
    record = next(one for one in bench.lab.world.tenant.appliances.values() if one.name.lower() == HOST)
    record.action, record.action_status = "BitsUpdate", "Started"
    result = bench.do("version", update_wait=1500, poll_interval=60)
    assert result["failure"]["class"] == "update-under-way"
    assert logged_on(bench.lab) <= 2 + 1500 / update_wait.TENANT_SECONDS


def test_an_upgrade_that_the_update_has_done_meanwhile_is_not_done_again() -> None:
    bench = Bench()
    begun(bench, "BitsUpdate")
    result = bench.do("package", update_wait=100_000)
    assert "failed" not in result and result["changed"] is False, result
    assert work(bench, "package") == [] and bench.lab.snapshot(HOST)["running"] == "2.1"


def test_without_a_wait_it_is_refused_at_once() -> None:
    bench = Bench("version")
    begun(bench)
    began = bench.lab.now()
    assert bench.do("version", update_wait=0)["failure"]["class"] == "update-under-way"
    assert bench.lab.now() - began < 120
