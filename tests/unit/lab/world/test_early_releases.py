"""Appliances of 1.4.1 and 1.4.2: what they have, and the way from there."""

from __future__ import annotations

import pytest

from lab.inprocess import Lab
from lab.world.credentials import NEW_TYPES, OLD_TYPES
from lab.world.product import install_msi, uninstall_msi

INI = r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CloudConnector.ini"
IMPORTED = r"C:\ProgramData\CloudConnector\CloudConnector.ini"
EARLY = ("1.4.1", "1.4.2")
NEW_ANSWERS = [{"prompt": kind, "user": "", "password": "x"} for kind in ("CceService", "CABackupFile")]


def early(version="1.4.2", target="2.1", **switches):
    calls = {"inbound": {"calls_per_hour": 0}, "outbound": {"calls_per_hour": 0}}
    site = {"name": "oslo", "appliances": ["cce-1"], "calls": calls}
    return Lab.from_description({"sites": [site], "version": version, "target": target, "switches": switches})


def exchange_msi(lab, version):
    uninstall_msi(lab.appliance("cce-1"))
    install_msi(lab.appliance("cce-1"), version)


@pytest.mark.parametrize("version", EARLY)
def test_such_an_appliance_is_in_service(version):
    state = early(version).snapshot("cce-1")
    assert (state["scripts"], state["running"], state["in_service"]) == (version, version, True)


@pytest.mark.parametrize(
    ("cmdlet", "releases"),
    [
        ("Get-CcRunningVersion", ("1.4.1", "1.4.2")),
        ("Renew-CcCACertificate", ("1.4.2",)),
        ("Backup-CcCertificationAuthority", ("1.4.2", "2.0", "2.1")),
        ("Update-CcCACertificate", ("2.0", "2.1")),
        ("Import-CcConfiguration", ("2.0", "2.1")),
        ("Restore-CcCredentials", ("2.1",)),
    ],
)
def test_a_release_has_its_own_cmdlets(run, cmdlet, releases):
    for version in (*EARLY, "2.0", "2.1"):
        errors = run(early(version), cmdlet)["errors"]
        missing = any("is not recognized" in error["message"] for error in errors)
        assert missing == (version not in releases), version


@pytest.mark.parametrize(("stays", "there"), [(False, False), (True, True)])
def test_the_running_version_may_stay_in_later_releases(make, run, stays, there):
    lab = make(switches={"running_version_stays": stays})
    assert run(lab, "Get-CcRunningVersion")["output"] == (["2.0.1"] if there else [])


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "since"),
    [
        ("Get-CcVersion", {"VersionType": "RunningBits"}, "2.0"),
        ("Start-CcDownload", {"DownloadBitsOnly": True}, "2.0"),
        ("Get-CcCredential", {"DisplayPassword": True}, "2.0"),
        ("Get-CcExternalCertificateFilePath", {"Target": "EdgeServer"}, "1.4.2"),
        ("Set-CcExternalCertificateFilePath", {"Target": "EdgeServer", "Path": r"C:\none.pfx"}, "1.4.2"),
    ],
)
def test_a_release_has_its_own_parameters(run, cmdlet, parameters, since):
    for version in (*EARLY, "2.0"):
        errors = run(early(version), cmdlet, **parameters)["errors"]
        name = next(iter(parameters))
        text = f"A parameter cannot be found that matches parameter name '{name}'."
        assert (text in [error["message"] for error in errors]) == (version < since), version


@pytest.mark.parametrize("version", EARLY)
def test_the_versions_of_an_early_release(run, version):
    lab = early(version)
    assert run(lab, "Get-CcVersion")["output"] == [version]
    assert run(lab, "Get-CcRunningVersion")["output"] == [version]
    lab.fault("cce-1", trouble="T7")
    assert run(lab, "Get-CcRunningVersion")["output"] == []


def test_scripts_and_running_version_may_differ(run):
    lab = early()
    lab.appliance("cce-1").msi = "1.4.1"
    assert run(lab, "Get-CcVersion")["output"] == ["1.4.1"]
    assert run(lab, "Get-CcRunningVersion")["output"] == ["1.4.2"]


def test_the_cache_holds_the_account_types_of_the_release(run):
    assert set(early().appliance("cce-1").caches["cceadmin"]) == set(OLD_TYPES)
    assert set(early("2.0").appliance("cce-1").caches["cceadmin"]) == set(NEW_TYPES)
    assert run(early(), "Get-CcCredential", AccountType="CceService")["output"] == []


@pytest.mark.parametrize(("kind", "since"), [("TenantAdmin", "1.4.1"), ("VmAdmin", "2.0"), ("OMSWorkspace", "2.1")])
def test_each_release_sets_its_own_account_types(run, kind, since):
    for version in ("1.4.1", "2.0", "2.1"):
        errors = run(early(version), "Set-CcCredential", AccountType=kind)["errors"]
        assert ("is not an account type" in errors[0]["message"]) == (version < since), version


@pytest.mark.parametrize("copied", [True, False])
def test_the_ini_before_there_was_an_import(run, copied):
    lab = early(early_ini_copied=copied)
    files = lab.appliance("cce-1").computer.files
    assert files.exists(IMPORTED) == copied
    assert "SiteName=oslo" in lab.ini("cce-1")
    lab.fault("cce-1", trouble="T13")
    assert "State" not in files.read_text(INI)
    files.write_text(INI, files.read_text(INI).replace("SiteName=oslo", "SiteName=bergen"))
    assert "conflicts with existing" in run(lab, "Register-CcAppliance")["errors"][0]["message"]


@pytest.mark.parametrize("version", EARLY)
@pytest.mark.parametrize("target", ["2.0.1", "2.1"])
@pytest.mark.parametrize("copied", [True, False])
def test_the_manual_upgrade(run, version, target, copied):
    lab = early(version, target, early_ini_copied=copied)
    living = lab.world.sites["oslo"].sources["inbound"].offer(11_000, emergency=False)
    exchange_msi(lab, target)
    lab.appliance("cce-1").computer.files.write_text(INI, lab.ini("cce-1"))
    assert run(lab, "Import-CcConfiguration", Force=True)["errors"] == []
    asked = run(lab, "Register-CcAppliance", NEW_ANSWERS)["prompts"]
    assert ["CceService" in asked[0]["text"], "CABackupFile" in asked[1]["text"], len(asked)] == [True, True, 2]
    for cmdlet, parameters in (("Start-CcDownload", {}), ("Install-CcAppliance", {"Upgrade": True})):
        assert run(lab, cmdlet, **parameters)["errors"] == []
    assert (living.outcome, lab.snapshot("cce-1")["running"]) == ("running", version)
    assert run(lab, "Switch-CcVersion")["errors"] == []
    state = lab.snapshot("cce-1")
    assert (state["running"], state["backup"], state["in_service"]) == (target, version, True)
    assert (living.outcome, len(lab.record.outages())) == ("completed", 1)


def test_the_new_release_asks_for_what_the_old_cache_lacks_before_it_deploys(run):
    lab = early()
    exchange_msi(lab, "2.1")
    lab.appliance("cce-1").computer.files.write_text(INI, lab.ini("cce-1"))
    asked = run(lab, "Register-CcAppliance")["prompts"]
    assert [prompt["answered"] for prompt in asked] == [False]
    assert not lab.snapshot("cce-1")["registered"]


def test_an_appliance_may_begin_halfway_from_there():
    site = {"name": "oslo", "appliances": [{"name": "a", "scripts": "2.1", "running": "1.4.2", "backup": "2.1"}]}
    lab = Lab.from_description({"sites": [site]})
    assert set(lab.appliance("a").caches["cceadmin"]) == {*OLD_TYPES, *NEW_TYPES}
    assert lab.snapshot("a")["in_service"]
