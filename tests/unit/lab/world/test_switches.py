"""Every switch is documented with its source, set in a test, and changes what it says."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from lab.world import switches as module
from lab.world.product import UNINSTALL_KEY, package, product_code
from lab.world.switches import Switches

NAMES = [field.name for field in dataclasses.fields(Switches)]
TESTS = Path(__file__).parents[1]
INI = r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CloudConnector.ini"
IMPORTED = r"C:\ProgramData\CloudConnector\CloudConnector.ini"


def docstrings():
    """Switch -> its docstring."""
    (found,) = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)]
    pairs = zip(found.body, found.body[1:], strict=False)
    return {
        one.target.id: after.value.value
        for one, after in pairs
        if isinstance(one, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_switch_says_what_it_is_and_where_that_is_from(name):
    text = docstrings()[name]
    assert re.search(r"cloud-connector\.md \d|\(\d+(\.\d+)?\b|(?i:no source)", text), text


@pytest.mark.parametrize("name", NAMES)
def test_a_switch_is_set_in_a_test(name):
    tests = "\n".join(path.read_text("utf-8") for path in TESTS.rglob("*.py"))
    assert re.search(rf"""["']{name}["']|\b{name}=""", tests)


# --- the appliance and its directories --------------------------------------------------------------------------------


@pytest.mark.parametrize(("own", "user"), [(True, "other"), (False, "cceadmin")])
def test_another_account_and_the_directories(make, own, user):
    lab = make(switches={"directories_per_user": own})
    lab.appliance("cce-1").computer.add_account("Other", "x")
    step = {"name": "it", "cmdlet": "Get-CcApplianceDirectory", "parameters": {}}
    answer = lab.connection("cce-1", user="Other").exchange({"protocol": 1, "steps": [step], "answers": []})
    assert answer["results"][0]["output"] == [rf"C:\Users\{user}\CloudConnector\ApplianceRoot"]


@pytest.mark.parametrize(("names", "found"), [("named", True), ("absent", False)])
def test_the_version_file_names_the_version_or_does_not(make, run, names, found):
    lab = make(switches={"version_info": names})
    for version, get in (("2.0.1", None), ("2.1", {"DownloadBitsOnly": True})):
        if get:
            run(lab, "Start-CcDownload", **get)
        text = lab.world.network.files.read_text(r"\\files\oslo\VersionInfo.txt")
        assert (version in text) == found


def test_names_that_nobody_knows(make, run):
    lab = make(switches={"product_name": "CCE", "service_name": "Cce", "vm_name": "{version} {server}"})
    appliance = lab.appliance("cce-1")
    assert appliance.computer.registry.get(rf"{UNINSTALL_KEY}\{product_code('2.0.1')}")["DisplayName"] == "CCE"
    assert appliance.computer.services.find("Cce").account == r".\CceService"
    assert lab.snapshot("cce-1")["management_service"]["state"] == "Running"
    assert "2.0.1 S1A1-AD" in lab.snapshot("cce-1")["sets"]["2.0.1"]["machines"]


# --- registration and download ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "refused"), [("accepted", False), ("refused", True)])
def test_an_appliance_that_is_registered_registers_again(make, run, choice, refused):
    errors = run(make(switches={"register_again": choice}), "Register-CcAppliance")["errors"]
    assert ["conflicts with existing" in error["message"] for error in errors] == [True] * refused


@pytest.mark.parametrize(("choice", "refused"), [("accepted", False), ("refused", True)])
def test_an_older_msi_registers_beside_newer_vms_or_not(make, run, choice, refused):
    lab = make(switches={"older_scripts": choice})
    appliance = lab.appliance("cce-1")
    appliance.sets["2.1"] = appliance.sets["2.0.1"]
    errors = run(lab, "Register-CcAppliance")["errors"]
    assert ["by a later version" in error["message"] for error in errors] == [True] * refused


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_registration_without_an_import(make, run, by_itself):
    lab = make(switches={"register_imports_ini": by_itself})
    files = lab.appliance("cce-1").computer.files
    files.remove(IMPORTED)
    errors = run(lab, "Register-CcAppliance")["errors"]
    assert (errors == []) == files.exists(IMPORTED) == by_itself
    assert by_itself or "Import-CcConfiguration" in errors[0]["message"]


@pytest.mark.parametrize(("skips", "seconds"), [(True, 0), (False, 1800)])
def test_bits_that_are_there_are_downloaded_again_or_not(make, run, skips, seconds):
    lab = make(switches={"download_skips_existing": skips})
    run(lab, "Start-CcDownload", DownloadBitsOnly=True)
    assert run(lab, "Start-CcDownload", DownloadBitsOnly=True)["seconds"] == seconds


# --- sets of VMs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "complete"), [("refused", False), ("replaced", True)])
def test_a_deployment_over_one_that_was_not_finished(make, upgrade, run, choice, complete):
    lab = make(switches={"install_over_unfinished": choice})
    upgrade(lab)
    lab.appliance("cce-1").sets["2.1"].complete = False
    assert (run(lab, "Install-CcAppliance", Upgrade=True)["errors"] == []) == complete
    assert lab.snapshot("cce-1")["sets"]["2.1"]["complete"] == complete


@pytest.mark.parametrize(("replaces", "left"), [(True, {"2.0.1", "2.1"}), (False, {"2.0", "2.0.1", "2.1"})])
def test_an_older_backup_goes_or_stays(make, upgrade, replaces, left):
    site = {"name": "oslo", "appliances": [{"name": "cce-1", "backup": "2.0"}]}
    lab = make(sites=[site], switches={"install_replaces_backup": replaces})
    upgrade(lab)
    assert set(lab.snapshot("cce-1")["sets"]) == left
    assert lab.snapshot("cce-1")["backup"] == "2.1"


@pytest.mark.parametrize("stays", [True, False])
def test_the_new_set_stays_on_or_not_and_can_be_switched_to(make, upgrade, run, stays):
    lab = make(switches={"new_set_stays_on": stays})
    upgrade(lab)
    assert {one["on"] for one in lab.snapshot("cce-1")["sets"]["2.1"]["machines"].values()} == {stays}
    assert run(lab, "Switch-CcVersion")["errors"] == []
    assert lab.snapshot("cce-1")["in_service"]


@pytest.mark.parametrize("enough", [True, False])
def test_memory_for_two_sets(make, upgrade, run, enough):
    lab = make(switches={"ram_for_two_sets": enough})
    assert (lab.appliance("cce-1").computer.memory.free > 16 * 1024**3) == enough
    if enough:
        upgrade(lab)
        return
    with pytest.raises(AssertionError, match="Not enough memory"):
        upgrade(lab)


@pytest.mark.parametrize(("still", "running"), [(True, "2.1"), (False, "2.0.1")])
def test_services_that_do_not_start_and_the_switch(make, upgrade, run, still, running):
    lab = make(switches={"failed_services_still_switch": still})
    upgrade(lab)
    lab.fault("cce-1", trouble="T4")
    assert run(lab, "Switch-CcVersion")["errors"] != []
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == (running, False)


@pytest.mark.parametrize("sets", [True, False])
def test_maintenance_mode_and_the_flag_of_the_tenant(make, run, sets):
    lab = make(switches={"enter_sets_tenant_flag": sets})
    run(lab, "Enter-CcUpdate")
    known = lab.appliance("cce-1").in_tenant
    assert (known.maintenance_mode, known.status) == (sets, "Maintenance" if sets else "Running")


# --- durations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "cmdlet", "parameters"),
    [
        ("import_seconds", "Import-CcConfiguration", {"Force": True}),
        ("register_seconds", "Register-CcAppliance", {}),
        ("download_seconds", "Start-CcDownload", {"DownloadBitsOnly": True}),
        ("uninstall_seconds", "Uninstall-CcAppliance", {"Version": "2.0.1", "Confirm": False}),
        ("services_seconds", "Enter-CcUpdate", {}),
        ("directory_seconds", "Set-CcApplianceDirectory", {"Path": r"C:\Cce"}),
        ("directory_seconds", "Set-CcSiteDirectory", {"Path": r"\\files\oslo"}),
    ],
)
def test_how_long_a_cmdlet_takes(make, run, switch, cmdlet, parameters):
    for seconds in (7.0, 70.0):
        assert run(make(switches={switch: seconds}), cmdlet, **parameters)["seconds"] == seconds


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Set-CcCredential", {"AccountType": "TenantAdmin"}),
        ("Restore-CcCredentials", {}),
        ("Register-CcAppliance", {"Local": True}),
    ],
)
def test_how_long_a_cmdlet_takes_after_its_questions(make, run, cmdlet, parameters):
    answers = [{"prompt": ".", "user": "cceadmin", "password": "x"}] * 9
    for seconds in (0.0, 70.0):
        lab = make(switches={"credential_seconds": seconds})
        lab.appliance("cce-1").msi = "2.1"
        assert run(lab, cmdlet, answers, **parameters)["seconds"] == seconds


@pytest.mark.parametrize("hours", [1.0, 5.0])
def test_how_long_a_deployment_takes(make, upgrade, hours):
    lab = make(switches={"install_hours": hours})
    upgrade(lab)
    (deployment,) = lab.record.cmdlets(name="Install-CcAppliance")
    assert deployment.seconds == pytest.approx(hours * 3600)


@pytest.mark.parametrize("seconds", [90.0, 600.0])
def test_how_long_a_switch_takes(make, upgrade, run, seconds):
    lab = make(switches={"switch_duration": seconds, "services_seconds": 10.0})
    upgrade(lab)
    assert run(lab, "Switch-CcVersion")["seconds"] == pytest.approx(seconds + 10)


@pytest.mark.parametrize("seconds", [30.0, 900.0])
def test_how_long_the_msi_takes(make, run, seconds):
    lab = make(switches={"msi_seconds": seconds})
    lab.appliance("cce-1").computer.files.write(r"C:\p.msi", package("2.0.1"))
    given = {"FilePath": "msiexec.exe", "ArgumentList": ["/i", r"C:\p.msi"], "Wait": True}
    assert run(lab, "Start-Process", **given)["seconds"] == seconds


@pytest.mark.parametrize("seconds", [60.0, 1200.0])
def test_how_long_a_restart_takes(make, seconds):
    lab = make(switches={"boot_seconds": seconds})
    computer = lab.appliance("cce-1").computer
    lab.appliance("cce-1").restart()
    lab.advance(seconds - 1)
    assert not computer.up
    lab.advance(2)
    assert computer.up
