"""What nobody knows about the product, each choice of it run with the modules and judged by the record of the lab.

Every promise holds, or the run stops with a class of failure before calls notice. What a switch does in the whole upgrade of an
appliance is in one table; what shows elsewhere has its own test. Some switches are used where their module is tested.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.world.building import SERVICE_PASSWORD
from lab.world.switches import Switches
from tests.bench import HOST, NEIGHBOUR, ORDER, OURS, Bench
from tests.cycle import CREDENTIALS, Cycle
from tests.operations import InProcessConnection, Tapped, starts_a_job
from tests.racing import Race
from tests.random_fleet import RandomFleet

QUICK: Mapping[str, Any] = {"download_seconds": 60.0, "install_hours": 0.1}
TESTS = Path(__file__).resolve().parents[1]
DURATIONS = {
    "directory_seconds",
    "tenant_logon_seconds",
    "msi_seconds",
    "uninstall_seconds",
    "boot_seconds",
    "os_update_seconds",
}
"""How long something takes changes nothing but the times; tests/unit/plugins/action/test_random_switches.py draws these too."""


def test_no_switch_stays_untested() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in sorted(TESTS.rglob("test_*.py")))
    tests = re.sub(r"DURATIONS = \{.*?\}", "", tests, flags=re.DOTALL)
    names = {one.name for one in fields(Switches)}
    assert {name for name in names if not re.search(rf'\b{name}(=|": |",)', tests)} == DURATIONS


# --- the upgrade of one appliance ---------------------------------------------------------------------------------------

DONE: list[tuple[str, Any]] = [
    ("gateway_retry", True),
    ("gateway_retry", False),
    ("tenant_retry", False),
    ("msi_stops_calls", True),
    ("install_disturbs_calls", True),
    ("directories_per_user", False),
    ("version_info", "absent"),
    ("register_imports_ini", False),
    ("download_skips_existing", False),
    ("install_replaces_backup", False),
    ("new_set_stays_on", False),
    ("drain_limit", 7200.0),
    ("version_file", "first"),
    ("bits_come", "one by one"),
    ("version_text", "three numbers"),
    ("version_text", "four numbers"),
    ("version_text", "sentence"),
    ("version_text", "object"),
    ("running_version_stays", True),
    ("backup_named", "begun"),
    ("msi_keeps_service_account", True),
    ("msi_keeps_registration", True),
    ("tenant_session_limit", 1),
    ("tenant_session_limit", None),
    ("tenant_session_linger", 10.0),
    ("tenant_import_seconds", 300.0),
    ("vm_off_seconds", 180.0),
    ("automatic_update", True),
    ("automatic_recovery", True),
    ("share_latency", 5.0),
    ("product_name", "Microsoft Cloud Connector 2.x"),
    ("service_name", "Cloud Connector Management"),
    ("vm_name", "{version}_{server}"),
    ("vm_name", "{server} ({version})"),
]
"""With these the upgrade comes to its end."""

STOPS: list[tuple[str, Any, str, str]] = [
    ("vm_access", False, "package", "capacity"),
    ("version_text", "host", "package", "unread"),
    ("lock_file_stays", True, "package", "update-under-way"),
    ("register_again", "refused", "registration", "registration-conflict"),
    ("ram_for_two_sets", False, "deployment", "memory-short"),
    ("drain_limit", 5.0, "version", "not-switched"),
]
"""With these it stops at a module, with a class of failure."""


def fleet(**switches: Any) -> RandomFleet:
    return RandomFleet({**QUICK, **switches}, calls_per_hour=120.0)


def outages(made: RandomFleet) -> list[str]:
    return [one.why for one in made.lab.record.outages()]


@pytest.mark.parametrize(("name", "value"), DONE, ids=[f"{name}={value}" for name, value in DONE])
def test_the_upgrade_keeps_its_promises(name: str, value: Any) -> None:
    made = fleet(**{name: value})
    assert made.upgrade([HOST]) is None
    assert made.state(HOST) == ("2.1", True) and made.broken() == [] and made.out() == []
    assert [made.count(module) for module in ("package", "deployment", "version")] == [1, 1, 1]
    made.mark()
    assert made.upgrade([HOST]) is None and made.changes() == []


@pytest.mark.parametrize(
    ("name", "value", "module", "failure"), STOPS, ids=[f"{name}={value}" for name, value, _module, _failure in STOPS]
)
def test_or_it_stops_and_calls_have_noticed_nothing(name: str, value: Any, module: str, failure: str) -> None:
    made = fleet(**{name: value})
    for again in (False, True):
        stop = made.upgrade([HOST])
        assert stop is not None and (stop.module, stop.failure) == (module, failure), stop
        assert made.state(HOST) == ("2.0.1", True) and made.broken() == [] and made.out() == []
        assert not again or made.count("package") <= 1
    # A drain that is given up is the one thing that new calls have met, and the neighbour has taken them.
    assert set(outages(made)) <= ({"Switch-CcVersion"} if module == "version" else set())


def test_what_a_new_msi_does_to_the_calls_is_cut_short_by_the_switch() -> None:
    """Its services stay stopped, so that the counters cannot be read any more: that holds the new VMs off no longer."""
    made = fleet(msi_stops_calls=True)
    made.upgrade([HOST])
    (outage,) = made.lab.record.outages(HOST)
    assert "msiexec" in outage.why and outage.end is not None
    assert [call for call in made.lab.record.calls(outcome="cut") if "msiexec" not in call.why] == []
    assert made.lab.record.calls(outcome="refused") == [] and made.lab.record.shortages() == []


def test_where_the_running_set_is_started_again_under_the_switch_the_next_appliance_waits() -> None:
    made = fleet(automatic_recovery=True, recovery_minds_cmdlets=False)
    stop = made.upgrade()
    assert stop is not None and (stop.host, stop.module, stop.failure) == (HOST, "version", "not-confirmed")
    again = made.upgrade()
    assert again is not None and (again.host, again.failure) == (HOST, "two-sets-on")
    assert made.lab.record.cmdlets(NEIGHBOUR, mutating=True) == [] and made.broken() == []


# --- calls that one appliance is asked for only -------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [True, False])
@pytest.mark.parametrize(("switch", "direction"), [("gateway_retry", "inbound"), ("tenant_retry", "outbound")])
def test_who_is_refused_while_an_appliance_drains(switch: str, direction: str, retries: bool) -> None:
    """With retries nobody. Without, only new calls of that direction that asked the appliance that was draining."""
    made = RandomFleet({**QUICK, switch: retries, "switch_duration": 600.0}, calls_per_hour=600.0)
    assert made.upgrade([HOST]) is None
    refused = made.lab.record.calls(outcome="refused")
    assert made.lab.record.calls(outcome="cut") == [] and bool(refused) is not retries
    (outage,) = made.lab.record.outages(HOST)
    assert outage.end is not None
    for call in refused:
        assert (call.direction, call.tried) == (direction, [HOST]) and outage.time <= call.time <= outage.end


# --- who reads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", [True, False])
def test_a_logon_without_a_password_is_refused_though_it_may_read_the_cache(reads: bool) -> None:
    """Where it does, the site directory is still out of its reach."""
    bench = Bench(switches={"network_logon_reads_cache": reads})
    result = bench.do("package", method="ntlm")
    assert result["failed"] and bench.changes() == []
    assert result["failure"]["class"] == ("network-logon" if reads else "credential-cache")


@pytest.mark.parametrize("own", [True, False])
def test_another_account_is_found_out_before_anything_is_changed(own: bool) -> None:
    """By its cache, which has nothing, whichever directories it sees."""
    bench = Bench(switches={"directories_per_user": own})
    bench.computer.add_account("Other", "x")
    action = bench.prepare("package")
    action._connection = InProcessConnection(bench.lab.connection(HOST, user="Other"))
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failed"] and bench.changes() == []
    assert "credential_cache" in {check["id"] for check in result["failure"]["checks"]}


# --- registration -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("itself", [True, False])
def test_a_registration_without_an_imported_ini(itself: bool) -> None:
    bench = Bench("registration", switches={"register_imports_ini": itself})
    bench.computer.files.remove(r"C:\ProgramData\CloudConnector\CloudConnector.ini")
    result = bench.do("registration")
    assert result.get("failed", False) is not itself
    assert itself or "Import-CcConfiguration" in result["msg"]
    assert bench.lab.record.outages() == []


def forget(bench: Bench, kind: str) -> None:
    del bench.appliance.caches["cceadmin"][kind]


@pytest.mark.parametrize("style", ["account types", "other words", "credential"])
@pytest.mark.parametrize("twice", [False, True])
def test_a_question_is_answered_however_it_is_worded(style: str, twice: bool) -> None:
    """The line for the inventory, as the failure gives it, answers one question; asked twice, it takes two lines."""
    bench = Bench("registration", switches={"prompt_style": style, "confirm_twice": twice})
    forget(bench, "CABackupFile")
    prompts: list[dict[str, str]] = []
    for _ in range(2 if twice else 1):
        failure = bench.do("registration", prompts=prompts)["failure"]
        assert failure["class"] == "prompt" and "cloud_connector_prompts" in failure["remedy"]
        (line,) = yaml.safe_load(failure["remedy"][failure["remedy"].index("- {") :])
        prompts.append({"prompt": line["prompt"], "user": "x", "password": "a-secret"})
    result = bench.do("registration", prompts=prompts)
    assert "failed" not in result, result["msg"]
    assert bench.appliance.caches["cceadmin"]["CABackupFile"].password.value == "a-secret"
    assert bench.lab.record.outages() == []


@pytest.mark.parametrize("past", [False, True])
def test_a_question_past_the_bridge_is_named_as_one(past: bool) -> None:
    bench = Bench("registration", switches={"host_ui": past})
    forget(bench, "CABackupFile")
    result = bench.do("registration", prompts=[{"prompt": ".", "password": "a-secret"}])
    assert result.get("failed", False) is past
    assert not past or result["failure"]["class"] == "prompt-past-the-bridge"
    assert bench.lab.record.outages() == []


@pytest.mark.parametrize("style", ["account types", "other words", "credential"])
@pytest.mark.parametrize("twice", [False, True])
def test_the_credential_module_enters_a_password_or_says_what_was_asked(style: str, twice: bool) -> None:
    """What it cannot recognise it answers with nothing: the cache stays as it was."""
    bench = Cycle(switches={"prompt_style": style, "confirm_twice": twice})
    before = bench.appliance.caches["cceadmin"]["CABackupFile"].password.value
    result = bench.do("credential", operation="restore", credentials=CREDENTIALS, generation="1")
    after = bench.appliance.caches["cceadmin"].get("CABackupFile")
    if result.get("failed"):
        assert result["failure"]["class"] == "prompt" and bench.record("credential") is None, result["msg"]
        assert twice or style == "other words"
    else:
        assert after is not None and after.password.value == "backup-secret" != before
    assert bench.lab.record.outages() == []


@pytest.mark.parametrize("style", ["account types", "credential"])
def test_one_password_is_set_however_it_is_asked_for(style: str) -> None:
    bench = Cycle(switches={"prompt_style": style})
    given = {"account_type": "VmAdmin", "old_password": SERVICE_PASSWORD, "password": "vm-secret"}
    assert "failed" not in bench.do("credential", credentials=[given], generation="1")
    assert bench.appliance.caches["cceadmin"]["VmAdmin"].password.value == "vm-secret"


# --- the download -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skips", [True, False])
def test_bits_that_are_there_are_made_sure_of_once(skips: bool) -> None:
    bench = Bench("deployment", switches={"download_skips_existing": skips})
    assert "failed" not in bench.do("download") and len(bench.ran("Start-CcDownload")) <= 1
    assert bench.do("download")["changed"] is False and bench.ran("Start-CcDownload") == []
    assert "failed" not in bench.do("deployment")


@pytest.mark.parametrize("file", ["last", "first"])
@pytest.mark.parametrize("come", ["at once", "one by one"])
@pytest.mark.parametrize("then", ["resumed", "taken for whole"])
def test_a_download_that_was_cut(file: str, come: str, then: str) -> None:
    """The same command heals it, or the product takes half for whole and refuses to deploy that, beside the calls."""
    bench = Bench("download", switches={**QUICK, "version_file": file, "bits_come": come, "cut_download": then})
    point = "half" if come == "one by one" else "bits"
    bench.lab.fault(HOST, cmdlet="Start-CcDownload", when="during", point=point, action="error")
    assert bench.do("download")["failed"]
    again = bench.do("download")
    result = again if again.get("failed") else bench.do("deployment")
    half = (come, then) == ("one by one", "taken for whole")
    assert result.get("failed", False) is half, result
    assert not half or "The bits of version 2.1 are not in" in result["msg"] or again["failed"]
    assert bench.lab.record.outages() == [] and bench.lab.snapshot(HOST)["running"] == "2.0.1"


# --- the deployment -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["complete", "begun"])
def test_half_a_set_is_never_switched_to(named: str) -> None:
    bench = Bench("deployment", switches={**QUICK, "backup_named": named})
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", when="during", point="Mediation", action="die_host")
    assert bench.do("deployment")["failed"]
    bench.settle()
    result = bench.do("version")
    assert result["failed"] and result["failure"]["class"] and bench.ran("Switch-CcVersion") == []
    assert bench.lab.snapshot(HOST)["in_service"]


@pytest.mark.parametrize("again", ["nothing", "refused"])
def test_a_set_whose_end_nobody_saw_is_not_deployed_twice(again: str) -> None:
    bench = Bench("deployment", switches={**QUICK, "install_again": again})
    bench.do("deployment")
    bench.computer.files.remove(rf"{OURS}\deployed.json")
    bench.mark()
    result = bench.do("deployment")
    assert "failed" not in result and bench.ran("Install-CcAppliance") == [] and bench.do("version")["changed"]


@pytest.mark.parametrize("over", ["refused", "replaced"])
def test_what_is_in_the_way_of_a_deployment_is_named(over: str) -> None:
    bench = Bench("deployment", switches={**QUICK, "install_over_unfinished": over})
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", when="during", point="CMS", action="error")
    assert bench.do("deployment")["failed"]
    result = bench.do("deployment")
    assert result.get("failed", False) is (over == "refused")
    assert over == "replaced" or "Uninstall-CcAppliance -Version" in result["msg"]
    assert bench.lab.record.outages() == []


@pytest.mark.parametrize("replaces", [True, False])
def test_an_older_backup_is_in_nobody_s_way(replaces: bool) -> None:
    made = RandomFleet({**QUICK, "install_replaces_backup": replaces}, backup="2.0")
    assert made.upgrade([HOST]) is None and made.broken() == []
    assert set(made.lab.snapshot(HOST)["sets"]) == {"2.0.1", "2.1"} | (set() if replaces else {"2.0"})


# --- the switch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("without", ["refused", "nothing"])
def test_without_a_set_to_switch_to_nothing_is_drained(without: str) -> None:
    bench = Bench("deployment", switches={"switch_without_backup": without})
    result = bench.do("version")
    assert result["failed"] and "Run the deployment operation first" in result["msg"]
    assert bench.ran("Switch-CcVersion") == [] and bench.lab.record.outages() == []


@pytest.mark.parametrize("without", ["refused", "nothing"])
def test_a_set_that_goes_between_reading_and_switch_is_noticed(without: str) -> None:
    """The versions are fenced on the appliance; what the cmdlet would do without the set comes to nothing."""
    bench = Bench("deployment", switches={**QUICK, "switch_without_backup": without})
    bench.do("deployment")

    def gone(request: dict[str, Any]) -> None:
        if starts_a_job(request):
            bench.appliance.backup = None
            bench.appliance.write_versions()

    action = bench.prepare("version")
    action._connection = Tapped(bench.lab.connection(HOST), before=gone)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failed"] and bench.ran("Switch-CcVersion") == [] and bench.lab.record.outages() == []


@pytest.mark.parametrize(("limit", "force"), [(None, False), (7200.0, False), (60.0, False), (60.0, True)])
def test_a_drain_with_a_limit(limit: float | None, force: bool) -> None:
    """A call that lasts longer than the limit is cut where force says so, and only there."""
    bench = Bench("deployment", switches={**QUICK, "drain_limit": limit})
    bench.do("deployment")
    call = long_call(bench, HOST, 600)
    result = bench.do("version", force=force)
    gives_up = limit == 60.0 and not force
    assert result.get("failed", False) is gives_up and bench.lab.snapshot(HOST)["in_service"]
    if gives_up:
        assert result["failure"]["class"] == "not-switched" and result["failure"]["retry"]
    bench.settle()
    assert call.outcome == ("cut" if force else "completed")
    assert bench.lab.snapshot(HOST)["running"] == ("2.0.1" if gives_up else "2.1")


def long_call(bench: Bench | Race, host: str, seconds: float) -> Any:
    while (call := bench.lab.world.sites["oslo"].sources["inbound"].offer(seconds)).appliance != host:
        pass
    return call


@pytest.mark.parametrize("half", [True, False])
def test_services_that_do_not_start_stop_the_next_appliance(half: bool) -> None:
    made = fleet(failed_services_still_switch=half)
    made.lab.fault(HOST, trouble="T4")
    stop = made.upgrade()
    assert stop is not None and (stop.host, stop.module) == (HOST, "version"), stop
    assert made.lab.record.cmdlets(NEIGHBOUR, mutating=True) == [] and made.broken() == []


# --- Windows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["PendingFileRenameOperations", "RebootPending"])
def test_a_restart_that_is_wanted_stops_the_run_wherever_windows_notes_it(sign: str) -> None:
    made = fleet(restart_sign=sign)
    made.lab.fault(HOST, cmdlet="msiexec.exe", point="/i", action="exit_code", code=3010)
    stop = made.upgrade()
    assert stop is not None and stop.host == HOST and ORDER.index(stop.module) < ORDER.index("version"), stop
    assert "restart" in stop.message and outages(made) == [] and made.broken() == []


@pytest.mark.parametrize("seconds", [0.0, 20.0, 180.0])
def test_a_neighbour_whose_vm_is_off_is_waited_for_and_does_not_count(seconds: float) -> None:
    made = fleet(vm_off_seconds=seconds)
    made.lab.appliance(NEIGHBOUR).running_set.machines["Mediation"].turn_off()  # type: ignore[union-attr]
    stop = made.upgrade([HOST])
    assert stop is not None and (stop.module, stop.failure) == ("package", "capacity") and NEIGHBOUR in stop.message
    assert made.state(HOST) == ("2.0.1", True) and outages(made)[1:] == []


@pytest.mark.parametrize("ordered", [True, False])
def test_vms_that_start_in_order_after_a_restart_are_waited_for(ordered: bool) -> None:
    made = fleet(vms_start_in_order=ordered)
    made.lab.fault(HOST, cmdlet="Install-CcAppliance", when="during", point="CMS", action="die_host")
    for _ in range(4):
        stop = made.upgrade([HOST])
        if stop is None or stop.failure == "unknown":
            break
        made.settle(3600)
    assert made.lab.record.shortages() == [] and made.lab.record.outages(NEIGHBOUR) == []


# --- maintenance mode ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drains", [True, False])
def test_no_call_is_cut_whether_maintenance_drains_or_not(drains: bool) -> None:
    race = Race(2, {}, peak_calls=500, switches={"enter_drains": drains})
    call = long_call(race, HOST, 600)
    result = race.one(HOST, "maintenance", state="present")
    assert "failed" not in result and race.lab.snapshot(HOST)["maintenance"] and call.outcome == "completed"


@pytest.mark.parametrize("again", ["nothing", "refused"])
def test_maintenance_mode_that_a_person_entered_is_not_entered_again(again: str) -> None:
    race = Race(2, {}, peak_calls=500, switches={"enter_again": again})
    exchange(race, "Enter-CcUpdate")
    assert race.one(HOST, "maintenance", state="present")["failure"]["class"] == "tenant-maintenance"
    result = race.one(HOST, "maintenance", state="present", adopt=True)
    assert "failed" not in result and len(race.lab.record.cmdlets(name="Enter-CcUpdate")) == 1


@pytest.mark.parametrize("outside", ["nothing", "refused"])
def test_maintenance_mode_that_nobody_entered_is_not_left(outside: str) -> None:
    race = Race(2, {}, peak_calls=500, switches={"exit_outside": outside})
    result = race.one(HOST, "maintenance", state="absent")
    assert "failed" not in result and not result["changed"] and race.lab.record.cmdlets(name="Exit-CcUpdate") == []


@pytest.mark.parametrize("outside", ["nothing", "refused"])
def test_maintenance_mode_that_a_person_left_meanwhile_is_left_all_the_same(outside: str) -> None:
    """Exit-CcUpdate ran between reading and start: with or without its error the appliance serves, and the slot is given back."""
    race = Race(2, {}, peak_calls=500, switches={"exit_outside": outside})
    race.one(HOST, "maintenance", state="present")
    exchange(race, "Exit-CcUpdate")
    results = [race.one(HOST, "maintenance", state="absent") for _ in range(2)]
    assert "failed" not in results[-1] and race.lab.snapshot(HOST)["in_service"]
    assert race.one(NEIGHBOUR, "maintenance", state="present")["changed"]


def exchange(race: Race, cmdlet: str) -> None:
    """A person at the console of the host."""
    step = {"name": "it", "cmdlet": cmdlet, "parameters": {}}
    answer = race.lab.connection(HOST).exchange({"protocol": 1, "steps": [step], "answers": []})
    assert answer["results"][0]["errors"] == []


@pytest.mark.parametrize("flag", [True, False])
def test_a_neighbour_in_maintenance_mode_is_no_spare_whether_the_tenant_knows_or_not(flag: bool) -> None:
    race = Race(2, {}, peak_calls=500, switches={"enter_sets_tenant_flag": flag})
    exchange(race, "Enter-CcUpdate")
    result = race.one(NEIGHBOUR, "maintenance", state="present")
    assert result["failed"] and race.lab.snapshot(NEIGHBOUR)["in_service"]


# --- the management service ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("itself", [True, False])
def test_an_automatic_update_and_ours_never_meet(itself: bool) -> None:
    """Where the site updates itself, the run refuses while that is on, and does not begin under one that is under way."""
    made = fleet(automatic_update=itself)
    made.lab.world.tenant.sites["oslo"].enable_auto_update = True
    stop = made.upgrade([HOST])
    assert stop is not None and (stop.module, stop.failure) == ("package", "auto-update-on")
    made.lab.world.tenant.sites["oslo"].enable_auto_update = False
    assert made.upgrade([HOST]) is None and made.broken() == []
