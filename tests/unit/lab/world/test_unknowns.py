"""What no source says, each way: files of a download, the name of the backup, what a new MSI keeps."""

from __future__ import annotations

import pytest

from lab.inprocess import ConnectionLost
from lab.world.bits import folder
from lab.world.computer import REBOOT_PENDING, SESSION_MANAGER
from lab.world.product import package, product_code

SHARE = r"\\files\oslo"
INI = r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CloudConnector.ini"


def version_file(lab):
    return lab.world.network.files.read_text(rf"{SHARE}\VersionInfo.txt").split()[-1]


def bits(lab):
    files = lab.world.network.files
    return [one.name for one in files.list(folder(SHARE, "2.1"))] if files.exists(folder(SHARE, "2.1")) else []


def download(lab, run, **fault):
    if fault:
        lab.fault("cce-1", cmdlet="Start-CcDownload", when="during", **fault)
    return run(lab, "Start-CcDownload", DownloadBitsOnly=True)


@pytest.mark.parametrize(("when", "named"), [("last", "Version=2.0.1"), ("first", "Version=2.1")])
@pytest.mark.parametrize(("come", "left"), [("at once", []), ("one by one", ["half.txt"])])
def test_a_download_that_is_cut(make, run, when, named, come, left):
    lab = make(switches={"version_file": when, "bits_come": come})
    assert download(lab, run, point="bits")["thrown"]
    assert (version_file(lab), bits(lab)) == (named, left)


@pytest.mark.parametrize("point", ["version file", "half", "bits"])
def test_each_point_of_a_download(make, run, point):
    lab = make(switches={"version_file": "first", "bits_come": "one by one"})
    assert download(lab, run, point=point)["thrown"]
    assert bits(lab) == ([] if point == "version file" else ["half.txt"])


def test_a_host_that_dies_in_a_download_leaves_half_of_the_bits(make, run):
    lab = make(switches={"bits_come": "one by one"})
    with pytest.raises(ConnectionLost):
        download(lab, run, point="half", action="die_host")
    assert bits(lab) == ["half.txt"]


def test_a_download_that_is_not_cut_ends_the_same_each_way(make, run):
    for switches in ({}, {"version_file": "first"}, {"bits_come": "one by one"}):
        lab = make(switches=switches)
        assert download(lab, run)["seconds"] == 1800
        assert (version_file(lab), bits(lab)) == ("Version=2.1", ["bits.txt"])


def test_bits_that_are_not_whole_are_completed_or_kept(make, run):
    for choice, left in (("resumed", ["bits.txt"]), ("taken for whole", ["half.txt"])):
        lab = make(switches={"bits_come": "one by one", "cut_download": choice})
        download(lab, run, point="half")
        assert download(lab, run)["errors"] == []
        assert bits(lab) == left


def test_bits_that_are_not_whole_cannot_be_deployed(make, upgrade, run):
    lab = make()
    upgrade(lab)
    lab.appliance("cce-1").drop_set("2.1")
    lab.world.network.files.remove(rf"{folder(SHARE, '2.1')}\bits.txt")
    assert "bits of version 2.1" in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]


def stage_until_install(lab, upgrade):
    """Everything done but Install-CcAppliance, whose set is removed again."""
    upgrade(lab)
    appliance = lab.appliance("cce-1")
    appliance.drop_set("2.1")
    appliance.backup = None
    appliance.write_versions()


@pytest.mark.parametrize(("when", "named"), [("complete", []), ("begun", ["2.1"])])
def test_a_deployment_that_dies_leaves_its_set_named_or_not(make, upgrade, run, when, named):
    lab = make(switches={"backup_named": when})
    stage_until_install(lab, upgrade)
    lab.fault("cce-1", cmdlet="Install-CcAppliance", when="during", point="CMS", action="die_host")
    with pytest.raises(ConnectionLost):
        run(lab, "Install-CcAppliance", Upgrade=True)
    lab.advance(3600)
    assert run(lab, "Get-CcVersion", VersionType="BackupBits")["output"] == named
    left = lab.snapshot("cce-1")["sets"]["2.1"]
    assert (left["complete"], len(left["machines"])) == (False, 2)


def test_a_switch_to_a_set_that_was_named_early_ends_out_of_service(make, upgrade, run):
    lab = make(switches={"backup_named": "begun"})
    stage_until_install(lab, upgrade)
    lab.fault("cce-1", cmdlet="Install-CcAppliance", when="during", point="CMS")
    run(lab, "Install-CcAppliance", Upgrade=True)
    assert run(lab, "Switch-CcVersion")["errors"] == []
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == ("2.1", False)


def test_a_first_deployment_is_no_backup(make, run):
    lab = make(switches={"backup_named": "begun"})
    run(lab, "Uninstall-CcAppliance", Confirm=False)
    assert run(lab, "Install-CcAppliance")["errors"] == []
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["backup"]) == ("2.0.1", None)


def test_a_set_named_early_is_forgotten_when_it_is_removed(make, upgrade, run):
    lab = make(switches={"backup_named": "begun"})
    stage_until_install(lab, upgrade)
    lab.fault("cce-1", cmdlet="Install-CcAppliance", when="during", point="CMS")
    run(lab, "Install-CcAppliance", Upgrade=True)
    run(lab, "Uninstall-CcAppliance", Version="2.1", Confirm=False)
    assert run(lab, "Get-CcVersion", VersionType="BackupBits")["output"] == []
    assert run(lab, "Install-CcAppliance", Upgrade=True)["errors"] == []
    assert lab.snapshot("cce-1")["sets"]["2.1"]["complete"]


def msiexec(lab, *arguments):
    """The exit code of one run of the installer."""
    lab.appliance("cce-1").computer.files.write(r"C:\new.msi", package("2.1"))
    given = {"FilePath": "msiexec.exe", "ArgumentList": [*arguments, "/qn"], "Wait": True, "PassThru": True}
    step = {"name": "it", "cmdlet": "Start-Process", "parameters": given, "keep": ["ExitCode"]}
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": [step], "answers": []})
    return answer["results"][0]["output"][0]["ExitCode"]


def exchange(lab):
    return [msiexec(lab, "/x", product_code("2.0.1")), msiexec(lab, "/i", r"C:\new.msi")]


@pytest.mark.parametrize(("keeps", "account"), [(False, r"NT AUTHORITY\NetworkService"), (True, r".\CceService")])
def test_a_new_msi_and_the_account_of_the_service(make, run, keeps, account):
    lab = make(switches={"msi_keeps_service_account": keeps})
    exchange(lab)
    state = lab.snapshot("cce-1")
    assert (state["management_service"]["account"], state["registered"]) == (account, False)
    lab.appliance("cce-1").computer.files.write_text(INI, lab.ini("cce-1"))
    assert "not registered" in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]


def test_an_account_that_is_not_there_cannot_be_kept(make):
    lab = make(switches={"msi_keeps_service_account": True})
    lab.appliance("cce-1").computer.services.pop("CCEManagementService")
    exchange(lab)
    assert lab.snapshot("cce-1")["management_service"]["account"] == r"NT AUTHORITY\NetworkService"


@pytest.mark.parametrize("keeps", [False, True])
def test_a_new_msi_and_the_registration(make, keeps):
    lab = make(switches={"msi_keeps_registration": keeps})
    exchange(lab)
    state = lab.snapshot("cce-1")
    assert (state["registered"], state["management_service"]["account"]) == (keeps, r"NT AUTHORITY\NetworkService")


def test_nothing_is_kept_of_an_appliance_that_was_not_registered(make, run):
    lab = make(switches={"msi_keeps_registration": True, "msi_keeps_service_account": True})
    run(lab, "Unregister-CcAppliance")
    exchange(lab)
    state = lab.snapshot("cce-1")
    assert (state["registered"], state["management_service"]["account"]) == (False, r"NT AUTHORITY\NetworkService")


@pytest.mark.parametrize("halves", [{"point": "/x"}, {"point": "/i"}, {"times": 2}])
@pytest.mark.parametrize("sign", ["PendingFileRenameOperations", "RebootPending"])
def test_either_half_of_the_exchange_may_ask_for_a_restart(make, halves, sign):
    lab = make(switches={"restart_sign": sign})
    lab.fault("cce-1", cmdlet="msiexec.exe", action="exit_code", code=3010, **halves)
    asked = exchange(lab)
    registry = lab.appliance("cce-1").computer.registry
    signs = {"PendingFileRenameOperations": bool(registry.get(SESSION_MANAGER))}
    signs["RebootPending"] = registry.get(REBOOT_PENDING) is not None
    assert asked == {"/x": [3010, 0], "/i": [0, 3010]}.get(halves.get("point"), [3010, 3010])
    assert signs == {name: name == sign for name in signs}
    assert lab.snapshot("cce-1")["scripts"] == "2.1"
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    assert (registry.get(SESSION_MANAGER), registry.get(REBOOT_PENDING)) == ({}, None)


@pytest.mark.parametrize(
    ("switch", "direction", "other"),
    [("gateway_retry", "inbound", "outbound"), ("tenant_retry", "outbound", "inbound")],
)
@pytest.mark.parametrize("retries", [True, False])
def test_gateway_and_tenant_try_again_or_not(make, switch, direction, other, retries):
    lab = make(switches={switch: retries})
    lab.appliance("cce-1").running_set.stop_services()
    sources = lab.world.sites["oslo"].sources
    sources[direction].change(calls_per_hour=0)
    outcomes = {one: {sources[one].offer(60).outcome for _ in range(20)} for one in (direction, other)}
    assert outcomes == {direction: {"running"} if retries else {"running", "refused"}, other: {"running"}}


TEXTS = {
    "short": ["2.1"],
    "three numbers": ["2.1.0"],
    "four numbers": ["2.1.0.0"],
    "sentence": ["The version of BackupBits is 2.1. (simulated)"],
    "object": [{"VersionType": "BackupBits", "Version": "2.1"}],
    "host": [],
}
NUMBERS = {"three numbers": ("2.1.0", "2.0.1"), "four numbers": ("2.1.0.0", "2.0.1.0")}


@pytest.mark.parametrize(("form", "shown"), TEXTS.items())
def test_the_form_of_a_version(make, upgrade, run, form, shown):
    lab = make(switches={"version_text": form, "running_version_stays": True})
    upgrade(lab)
    new, old = NUMBERS.get(form, ("2.1", "2.0.1"))
    assert run(lab, "Get-CcVersion", VersionType="BackupBits")["output"] == shown
    every = {"RunningScripts": new, "RunningBits": old, "BackupBits": new}
    assert run(lab, "Get-CcVersion", VersionType="All")["output"] == ([] if form == "host" else [every])
    running = run(lab, "Get-CcRunningVersion")["output"]
    assert running == run(lab, "Get-CcVersion", VersionType="RunningBits")["output"]
    names = {machine.name for machine in lab.appliance("cce-1").machines}
    assert names == {f"S1A1-{role}-{version}" for role in ("AD", "CMS", "MED", "EDGE") for version in (new, old)}


@pytest.mark.parametrize("form", TEXTS)
def test_a_set_is_removed_by_the_products_own_text_only(make, upgrade, run, form):
    lab = make(switches={"version_text": form})
    upgrade(lab)
    own = NUMBERS.get(form, ("2.1", ""))[0]
    for other in {"2.1", "2.1.0", "2.1.0.0"} - {own}:
        message = run(lab, "Uninstall-CcAppliance", Version=other, Confirm=False)["errors"][0]["message"]
        assert message == f"There is no instance of version {other}. (simulated)"
    assert run(lab, "Uninstall-CcAppliance", Version=own, Confirm=False)["errors"] == []
    assert set(lab.snapshot("cce-1")["sets"]) == {"2.0.1"}


def test_the_running_set_needs_no_version_in_any_form(make, run):
    for form in TEXTS:
        lab = make(switches={"version_text": form})
        assert run(lab, "Uninstall-CcAppliance", Confirm=False)["errors"] == []
        assert lab.snapshot("cce-1")["sets"] == {}
        assert "no instance of version None" in run(lab, "Uninstall-CcAppliance", Confirm=False)["errors"][0]["message"]
