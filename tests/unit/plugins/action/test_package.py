"""The MSI: nothing is removed unless the rest can succeed, and what is removed comes back."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from lab.world.bits import write_version_file
from lab.world.product import (
    UNINSTALL_KEY,
    cache_key,
    cached_package,
    install_msi,
    package,
    product_code,
    uninstall_msi,
)
from tests.bench import DIRECTORY, HOST, JOB, NEIGHBOUR, ORDER, OURS, Bench
from tests.late import before_the_job
from tests.operations import Overtaken, Tapped, starts_a_job

RECORD = rf"{OURS}\saved\state.json"
FINISHED = rf"{OURS}\saved\state.last.json"


def installer(bench: Bench) -> list[str]:
    """What Windows Installer was asked for since the mark."""
    runs = bench.ran("Start-Process")
    return [run.parameters["ArgumentList"][0] for run in runs if "msiexec" in run.parameters["FilePath"]]


def refused(bench: Bench, **options: Any) -> str:
    """The message of a module that refuses, having removed nothing."""
    result = bench.do("package", **options)
    assert result["failed"] is True and result["changed"] is False
    assert installer(bench) == []
    assert bench.text(RECORD) is None
    return str(result["msg"])


def test_every_failure_begins_with_who_carries_the_calls() -> None:
    assert refused(Bench(), method="ntlm").startswith(
        "oslo: cce-2 carries the calls (500 of 500 needed); waiting is safe."
    )


def test_a_site_that_was_read_too_long_ago_is_read_again() -> None:
    """The appliance's own reading grows old while the neighbour is read."""
    bench = Bench()
    action = bench.prepare("package")
    slow = Tapped(bench.lab.connection(NEIGHBOUR), before=lambda request: bench.lab.sleep(61))
    action.connect = lambda name: slow
    assert "failed" not in action.run(task_vars={"inventory_hostname": HOST})
    assert installer(bench) == ["/x", "/i"]


def test_a_record_that_a_power_cut_left_empty_is_written_anew() -> None:
    bench = Bench()
    bench.computer.files.write_text(RECORD, "\0" * 40)
    assert "failed" not in bench.do("package")
    assert json.loads(bench.text(FINISHED) or "")["scripts"] == "2.0.1"


def test_without_the_module_a_record_that_says_nothing_stops() -> None:
    bench = Bench()
    uninstall_msi(bench.appliance)
    bench.computer.files.write_text(RECORD, "\0" * 40)
    assert rf"is not readable in {RECORD}" in bench.do("package")["msg"] and installer(bench) == []


def test_another_hash_than_declared_removes_nothing() -> None:
    bench = Bench()
    result = bench.do("package", sha256="0" * 64)
    assert "cloud_connector_package_sha256" in result["msg"] and "Nothing was uninstalled" in result["msg"]
    assert installer(bench) == [] and bench.lab.snapshot(HOST)["scripts"] == "2.0.1"
    assert "failed" not in bench.do("package")


def test_an_msi_that_cannot_be_fetched_removes_nothing() -> None:
    bench = Bench()
    result = bench.do("package", source="https://nowhere.lab/a.msi")
    assert "Could not install the MSI 2.1: Invoke-WebRequest said:" in result["msg"]
    assert installer(bench) == [] and bench.claims() == []


def test_an_msi_on_a_path_is_copied() -> None:
    bench = Bench()
    url, _ = bench.lab.package("2.1")
    data = bench.lab.world.network.urls[url].data
    bench.lab.world.network.files.write(r"\\files\oslo\new.msi", data)
    assert "failed" not in bench.do("package", source=r"\\files\oslo\new.msi")


@pytest.mark.parametrize(
    ("action", "code", "meaning", "remedy"),
    [
        ("/x", 1603, "Windows Installer failed.", "See the Application event log"),
        ("/x", 1618, "Windows Installer found another installation running.", "Wait until that one has ended"),
        ("/i", 1603, "Windows Installer failed.", "See the Application event log"),
        ("/i", 1605, "Windows Installer says the product is not installed.", "Compare Programs and Features"),
        ("/x", 9999, "Windows Installer failed with a code that this collection does not know.", "Look the code up"),
    ],
)
def test_an_exit_code_is_a_sentence_and_the_rerun_finishes(action: str, code: int, meaning: str, remedy: str) -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point=action, action="exit_code", code=code)
    result = bench.do("package")
    what = {"/x": "uninstall", "/i": "install"}[action]
    said = f"Windows Installer's {what} on cce-1 ended with exit code {code}. {meaning}"
    assert result["failed"] and said in result["msg"]
    assert result["failure"]["remedy"].startswith(remedy)
    assert "failed" not in bench.do("package")
    assert bench.lab.snapshot(HOST)["scripts"] == "2.1"


def test_a_failure_says_whether_something_has_changed() -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/i", action="exit_code", code=1603)
    assert bench.do("package")["changed"] is True
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/x", action="exit_code", code=1603)
    assert bench.do("package")["changed"] is False


def test_killed_between_removal_and_installation_the_rerun_only_installs() -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/i", action="hang")
    bench.do("package", timeout=600)
    bench.appliance.restart()
    bench.settle(600)
    assert bench.lab.snapshot(HOST)["scripts"] is None
    assert "the host restarted" in bench.do("package")["msg"]
    result = bench.do("package")
    assert "failed" not in result and "(removed before)" in result["changes"][0]
    assert installer(bench) == ["/i"]


def test_a_missing_module_without_our_record_is_refused() -> None:
    bench = Bench()
    uninstall_msi(bench.appliance)
    assert "this collection has no record of removing it" in refused(bench)


def test_a_missing_module_of_an_installed_program_is_refused() -> None:
    bench = Bench()
    bench.computer.modules = [one for one in bench.computer.modules if one.name != "CloudConnector"]
    bench.appliance.msi = None
    bench.computer.files.write_text(RECORD, '{"target": "2.1"}')
    result = bench.do("package")
    assert "is still installed" in result["msg"] and installer(bench) == []


@pytest.mark.parametrize("names", [[], ["Azure Cloud Connector", "Skype for Business Cloud Connector Edition"]])
def test_only_one_program_is_ever_removed(names: list[str]) -> None:
    bench = Bench()
    key = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
    for there in bench.computer.registry.find(rf"{key}\*"):
        bench.computer.registry.remove(there)
    for name in names:
        bench.computer.registry.set(rf"{key}\{name}", {"DisplayName": name, "DisplayVersion": "1.0"})
    assert "Compare Programs and Features" in refused(bench)


def test_the_record_is_written_before_anything_is_removed() -> None:
    bench = Bench()
    bench.do("package")
    runs = bench.ran()
    saved = next(i for i, run in enumerate(runs) if run.name == "Move-Item" and "state.json" in str(run.parameters))
    removed = next(i for i, run in enumerate(runs) if "msiexec" in str(run.parameters.get("FilePath")))
    assert saved < removed


def test_the_record_holds_what_was_there_and_a_rerun_leaves_it() -> None:
    bench = Bench()
    old = bench.text(rf"{DIRECTORY}\CloudConnector.ini")
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/i", action="exit_code", code=1603, times=2)
    bench.do("package")
    first = bench.text(RECORD) or ""
    assert {"scripts": "2.0.1", "running": "2.0.1", "backup": None}.items() <= json.loads(first).items()
    assert bench.text(rf"{OURS}\saved\2.0.1\CloudConnector.ini") == old
    bench.do("package")
    assert bench.text(RECORD) == first
    assert "failed" not in bench.do("package")
    assert (bench.text(RECORD), bench.text(FINISHED)) == (None, first)


@pytest.mark.parametrize("action", ["error", "half_done"])
def test_a_record_that_was_not_put_away_fails_and_the_rerun_puts_it_away(action: str) -> None:
    """It would open the gates for another replacement."""
    bench = Bench()

    def disturb(request: dict[str, Any]) -> None:
        if any(step["name"] == "finished" for step in request["steps"]):
            bench.lab.fault(HOST, cmdlet="Move-Item", action=action)

    made = bench.prepare("package")
    made._connection = Tapped(bench.lab.connection(HOST), before=disturb)
    failed = made.run(task_vars={"inventory_hostname": HOST})
    assert failed["failed"] and "finish the record of the MSI" in failed["msg"] and bench.text(RECORD)
    assert "failed" not in bench.do("package") and installer(bench) == []
    assert bench.text(RECORD) is None and bench.text(FINISHED)


def test_a_rerun_keeps_what_the_first_run_saved() -> None:
    bench = Bench()
    old = bench.text(rf"{DIRECTORY}\CloudConnector.ini")
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/x", action="exit_code", code=1603)
    bench.do("package")
    bench.computer.files.write_text(rf"{DIRECTORY}\CloudConnector.ini", bench.content)
    assert "failed" not in bench.do("package")
    assert bench.text(rf"{OURS}\saved\2.0.1\CloudConnector.ini") == old


def test_without_the_record_nothing_is_removed() -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="Move-Item", text="The disk is full.")
    result = bench.do("package")
    assert (
        "Could not save what is there before the MSI is removed" in result["msg"]
        and "The disk is full" in result["msg"]
    )
    assert installer(bench) == []


def test_a_downgrade_is_refused() -> None:
    bench = Bench()
    uninstall_msi(bench.appliance)
    install_msi(bench.appliance, "2.1")
    assert "an upgrade never goes back" in refused(bench, version="2.0.1")


@pytest.mark.parametrize("version", ["2", "two", "9.9", "1.4.2"])
def test_a_version_nobody_can_be_upgraded_to_is_refused(version: str) -> None:
    assert "cloud_connector_target_version" in refused(Bench(), version=version)


def no_share(bench: Bench) -> None:
    bench.lab.world.network.shares.clear()


def spoil_ini(bench: Bench) -> None:
    bench.computer.files.remove(rf"{DIRECTORY}\CloudConnector.ini")


SPOILED = {
    "deployment_account": spoil_ini,
    "credential_cache": lambda bench: bench.appliance.sealed.add("cceadmin"),
    "tenant_logon": lambda bench: setattr(bench.lab.world.tenant, "password", "changed"),
    "tenant_maintenance": lambda bench: setattr(bench.appliance.in_tenant, "maintenance_mode", True),
    "auto_update": lambda bench: setattr(bench.lab.world.tenant.sites["oslo"], "enable_auto_update", True),
    "registration": lambda bench: bench.lab.world.tenant.appliances.clear(),
    "management_switch": lambda bench: setattr(bench.appliance, "management_switch", True),
}
"""What can be wrong before an upgrade, by the gate that sees it."""


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
@pytest.mark.parametrize("gate", SPOILED)
def test_nothing_begins_unless_the_rest_can_succeed(gate: str, check: bool) -> None:
    bench = Bench()
    SPOILED[gate](bench)
    result = bench.do("package", check=check)
    assert result["failed"] and "cce-1 is not ready for 2.1" in result["msg"]
    stopping = {one["id"]: one for one in result["failure"]["checks"]}
    assert gate in stopping and gate in result["msg"] and stopping[gate]["remedy"]
    assert bench.changes() == [] and bench.lab.snapshot(HOST)["scripts"] == "2.0.1"


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
def test_nothing_begins_beside_a_job(check: bool) -> None:
    bench = Bench()
    bench.computer.files.write_text(rf"{OURS}\jobs\install-2.1.claim", "x")
    result = bench.do("package", check=check)
    assert result["failed"] and "On cce-1 install-2.1 is under way" in result["msg"]
    assert result["failure"]["class"] == "job-open" and result["failure"]["remedy"]
    assert bench.changes() == [] and bench.lab.snapshot(HOST)["scripts"] == "2.0.1"


def test_another_msi_than_was_read_stops_the_exchange_on_the_appliance() -> None:
    """Somebody was faster: the product code that was read is of what is gone by then."""
    bench = Bench()

    def exchange(request: dict[str, Any]) -> None:
        if starts_a_job(request):
            uninstall_msi(bench.appliance)
            install_msi(bench.appliance, "2.1")

    action = bench.prepare("package")
    action._connection = Overtaken(bench.lab.connection(HOST), exchange)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failure"]["class"] == "fence" and installer(bench) == [] and bench.claims() == []
    assert bench.do("package")["changed"] is False


def test_dotnet_has_to_be_there_before_2_1() -> None:
    bench = Bench()
    bench.computer.registry.set(r"HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full", {"Release": 378758})
    assert "dotnet" in refused(bench)


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
def test_a_network_logon_is_found_out_before_anything_is_begun(check: bool) -> None:
    bench = Bench()
    result = bench.do("package", method="ntlm", check=check)
    assert {"credential_cache", "site_share"} <= {one["id"] for one in result["failure"]["checks"]}
    assert "Log on as the deployment account with CredSSP" in result["msg"]
    assert bench.changes() == []


def test_a_site_without_a_spare_is_not_touched_without_consent() -> None:
    bench = Bench(lone=True)
    assert "cloud_connector_outage_consent" in refused(bench)
    bench.consent = {"until": "2099-01-01T00:00:00+00:00", "emergency_calls": "mobile phones", "reason": "CHG1"}
    assert "failed" not in bench.do("package")


def test_secrets_are_nowhere() -> None:
    bench = Bench()
    bench.computer.add_account("CceAdmin", "canary-of-the-task")
    result = bench.do("package", task_password="canary-of-the-task")
    assert "failed" not in result and "canary-of-the-task" not in json.dumps(result)
    assert "canary-of-the-task" not in str(bench.lab.record.since())
    assert [path for path, one in bench.computer.files.walk("C:\\") if b"canary-of" in getattr(one, "data", b"")] == []


def test_a_record_of_another_upgrade_does_not_explain_a_missing_module() -> None:
    bench = Bench()
    bench.computer.modules = [one for one in bench.computer.modules if one.name != "CloudConnector"]
    bench.computer.files.write_text(RECORD, '{"target": "2.0.1"}')
    result = bench.do("package")
    assert "is of an upgrade to 2.0.1, not to 2.1" in result["msg"] and installer(bench) == []


# --- the codes of the two halves, and the restart of the host --------------------------------------------------------------

REBOOT = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"
LOGS = rf"{OURS}\logs"


def wants_restart(bench: Bench, *actions: str, code: int = 3010) -> Bench:
    for action in actions:
        bench.lab.fault(HOST, cmdlet="msiexec.exe", point=action, action="exit_code", code=code)
    return bench


@pytest.mark.parametrize("code", [3010, 1641])
@pytest.mark.parametrize("actions", [("/x",), ("/i",), ("/x", "/i")])
def test_a_restart_that_is_wanted_stops_neither_half(actions: tuple[str, ...], code: int) -> None:
    bench = wants_restart(Bench(), *actions, code=code)
    result = bench.do("package", on_restart_required="go_on")
    assert "failed" not in result and result["restart_required"] is True
    assert installer(bench) == ["/x", "/i"] and bench.lab.snapshot(HOST)["scripts"] == "2.1"
    assert any("wants a restart of cce-1" in text for text in result["warnings"])
    assert (bench.text(RECORD) is None, bench.text(FINISHED) is None) == (True, False)
    again = bench.do("package", on_restart_required="go_on")
    assert again["changed"] is False and "failed" not in again


@pytest.mark.parametrize("sign", ["PendingFileRenameOperations", "RebootPending"])
@pytest.mark.parametrize("action", ["/x", "/i"])
def test_a_restart_stops_the_upgrade_with_the_new_msi_in_place(action: str, sign: str) -> None:
    bench = wants_restart(Bench(switches={"restart_sign": sign}), action)
    result = bench.do("package")
    assert result["failure"]["class"] == "msi-restart-needed" and result["changed"] is True
    assert "The MSI 2.1 is installed on cce-1, and Windows Installer wants a restart of the host" in result["msg"]
    assert "so the `maintenance` operation works" in result["failure"]["remedy"]
    assert "it goes on once the host has been restarted" in result["failure"]["remedy"]
    assert bench.lab.snapshot(HOST)["scripts"] == "2.1" and installer(bench) == ["/x", "/i"]


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
def test_it_goes_on_only_when_the_host_was_restarted(check: bool) -> None:
    bench = wants_restart(Bench(), "/i")
    bench.do("package")
    waiting = bench.do("package", check=check)
    assert waiting["failure"]["class"] == "msi-restart-needed" and waiting["changed"] is False
    assert "was not restarted since its MSI was replaced by 2.1" in waiting["msg"] and bench.changes() == []
    bench.appliance.restart()
    bench.settle(1000)
    result = bench.do("package")
    assert "failed" not in result and result["restart_required"] is False and installer(bench) == []
    assert bench.do("package")["changed"] is False


def test_the_host_is_restarted_in_maintenance_mode_and_the_upgrade_goes_on() -> None:
    bench = wants_restart(Bench(), "/x", "/i")
    assert bench.do("package")["failure"]["class"] == "msi-restart-needed"
    entered = bench.do("maintenance", state="present", **JOB, version=None)
    assert "failed" not in entered, entered["msg"]
    bench.appliance.restart()
    bench.settle(1000)
    left = bench.do("maintenance", state="absent", **JOB, version=None)
    assert "failed" not in left, left["msg"]
    for module in ORDER:
        result = bench.do(module)
        assert "failed" not in result, f"{module}: {result['msg']}"
    assert bench.lab.snapshot(HOST)["running"] == "2.1"


def test_it_may_be_declared_later_that_the_restart_can_wait() -> None:
    bench = wants_restart(Bench(), "/i")
    bench.do("package")
    result = bench.do("package", on_restart_required="go_on")
    assert "failed" not in result and result["restart_required"] is True and bench.text(RECORD) is None


def test_a_restart_that_windows_counts_as_pending_is_returned() -> None:
    bench = Bench("configuration")
    bench.computer.registry.set(REBOOT, {})
    assert bench.do("package")["restart_required"] is True
    assert Bench("configuration").do("package")["restart_required"] is False


def test_a_program_that_is_still_there_is_not_installed_over() -> None:
    """Windows Installer says that all is well, and it is not."""
    bench = Bench()
    key = rf"{UNINSTALL_KEY}\{product_code('2.0.1')}"
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/x", action="exit_code", code=3010)
    apply = bench.computer.executables["msiexec.exe"].__self__._apply  # type: ignore[attr-defined]

    def leave_it(action: str, target: str) -> None:
        there = bench.computer.registry.get(key)
        apply(action, target)
        bench.computer.registry.set(key, there or {})

    bench.computer.executables["msiexec.exe"].__self__._apply = leave_it  # type: ignore[attr-defined]
    result = bench.do("package")
    assert result["failure"]["class"] == "not-confirmed" and installer(bench) == ["/x"]
    assert "ended with exit code 3010. The program is installed all the same." in result["msg"]


@pytest.mark.parametrize(("action", "half"), [("/x", "uninstall"), ("/i", "install")])
def test_the_log_of_the_half_that_failed_is_named_and_there(action: str, half: str) -> None:
    bench = wants_restart(Bench(), action, code=1603)
    failure = bench.do("package")["failure"]
    log = rf"{LOGS}\msi-2.1-{half}.log"
    assert failure["class"] == "msi-failed" and log in failure["what"] and failure["log"] == log
    assert bench.text(log) == f"simulated log of msiexec {action}\r\n"


# --- the MSI that is replaced is saved before ------------------------------------------------------------------------------

SAVED = rf"{OURS}\saved\2.0.1\CloudConnector.msi"


def test_the_old_msi_is_saved_with_its_hash_and_stays_after_the_upgrade() -> None:
    bench = Bench()
    assert "failed" not in bench.do("package")
    digest = hashlib.sha256(package("2.0.1")).hexdigest().upper()
    assert json.loads(bench.text(FINISHED) or "")["package"] == {"path": SAVED, "sha256": digest}
    assert bench.computer.files.read(SAVED) == package("2.0.1")


def forget_package(bench: Bench) -> None:
    bench.computer.registry.remove(cache_key("2.0.1"))


def lose_package(bench: Bench) -> None:
    bench.computer.files.remove(cached_package("2.0.1"))


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
@pytest.mark.parametrize("spoil", [forget_package, lose_package])
def test_nothing_is_uninstalled_that_could_not_be_installed_again(spoil: Any, check: bool) -> None:
    bench = Bench()
    spoil(bench)
    result = bench.do("package", check=check)
    assert result["failure"]["class"] == "previous-msi-missing" and installer(bench) == []
    assert "cloud_connector_previous_source" in result["msg"] and "cloud_connector_require_previous" in result["msg"]
    assert bench.text(RECORD) is None


def test_a_way_back_may_be_given_up() -> None:
    bench = Bench()
    lose_package(bench)
    result = bench.do("package", require_previous=False)
    assert "failed" not in result and any("nobody can install that version again" in one for one in result["warnings"])
    assert json.loads(bench.text(FINISHED) or "")["package"] is None


def test_the_old_msi_may_be_elsewhere() -> None:
    bench = Bench()
    lose_package(bench)
    url, digest = bench.lab.package("2.0.1")
    assert "failed" not in bench.do("package", previous_source=url, previous_sha256=digest)
    assert bench.computer.files.read(SAVED) == package("2.0.1")


def test_another_old_msi_than_declared_removes_nothing() -> None:
    bench = Bench()
    url, _ = bench.lab.package("2.0.1")
    result = bench.do("package", previous_source=url, previous_sha256="0" * 64)
    assert "cloud_connector_previous_sha256" in result["msg"] and installer(bench) == []
    assert bench.text(RECORD) is None


def test_the_source_of_the_old_msi_needs_its_hash() -> None:
    result = Bench().do("package", previous_source="https://packages.lab/a.msi")
    assert result["failure"]["class"] == "option"


def test_a_saved_msi_that_was_spoiled_meanwhile_removes_nothing() -> None:
    bench = Bench()
    before_the_job(bench, lambda: bench.computer.files.write(SAVED, b"other"))
    result = bench.do("package")
    assert installer(bench) == [] and "Nothing was uninstalled" in result["msg"]


def test_a_saved_msi_is_not_overwritten_by_a_rerun() -> None:
    """The cache of Windows Installer is empty by then."""
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/i", action="exit_code", code=1603)
    bench.do("package")
    result = bench.do("package")
    assert "failed" not in result and bench.computer.files.read(SAVED) == package("2.0.1")


# --- the version file is asked before --------------------------------------------------------------------------------------


def name_version(bench: Bench, version: str) -> None:
    write_version_file(bench.lab.world.network.files, bench.appliance.site.directory, version)


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
def test_a_site_that_has_a_later_version_than_the_target_is_found_out_before(check: bool) -> None:
    bench = Bench(version="2.0", target="2.0.1")
    url, digest = bench.lab.package("2.0.1")
    asked = {"version": "2.0.1", "source": url, "sha256": digest, "content": None, "check": check}
    name_version(bench, "2.1")
    result = bench.do("package", **asked)
    assert result["failure"]["class"] == "other-bits-offered" and installer(bench) == []
    assert r"The version file in \\files\oslo names 2.1, which is later than 2.0.1" in result["msg"]
    assert "failed" not in bench.do("package", **asked, url_root="https://bits.lab")


@pytest.mark.parametrize("version", ["2.0", "2.0.1", "2.1"])
def test_a_version_file_that_may_be_older_than_the_site_stops_nothing(version: str) -> None:
    bench = Bench(version="2.0")
    name_version(bench, version)
    assert "failed" not in bench.do("package")


@pytest.mark.parametrize("action", ["/x", "/i"])
def test_an_exit_code_that_is_no_success_is_a_failure_whatever_was_done(action: str) -> None:
    bench = Bench()
    real = bench.computer.executables["msiexec.exe"]

    def told_otherwise(launch: Any) -> Any:
        code = yield from real(launch)
        return 1603 if launch.arguments.startswith(action) else code

    bench.computer.executables["msiexec.exe"] = told_otherwise
    result = bench.do("package")
    assert result["failure"]["class"] == "msi-failed" and bench.lab.snapshot(HOST)["scripts"] == "2.1"
    assert bench.text(RECORD) is not None
    result = bench.do("package")
    assert "failed" not in result and installer(bench) == [] and bench.text(RECORD) is None


def test_a_removal_for_good_tells_of_the_restart() -> None:
    bench = wants_restart(Bench("health"), "/x")
    bench.appliance.running = None
    for version in list(bench.appliance.sets):
        bench.appliance.drop_set(version)
    options = {"state": "absent", "source": None, "sha256": None}
    result = bench.do("package", **options)
    assert "failed" not in result, result["msg"]
    assert result["restart_required"] is True and any("wants a restart of cce-1" in one for one in result["warnings"])
    assert bench.do("package", **options)["changed"] is False


def test_a_removal_for_good_that_left_the_program_is_a_failure_of_its_class() -> None:
    bench = wants_restart(Bench("health"), "/x", code=1618)
    bench.appliance.running = None
    for version in list(bench.appliance.sets):
        bench.appliance.drop_set(version)
    failure = bench.do("package", state="absent", source=None, sha256=None)["failure"]
    assert failure["class"] == "msi-busy" and failure["log"] == rf"{LOGS}\msi-2.1-uninstall.log"


def test_the_msi_stays_where_the_ini_is_of_another_appliance() -> None:
    """Two addresses of the inventory are swapped: the host is not the one that the ini is of."""
    bench = Bench("package")
    result = bench.do("package", content=bench.lab.ini(NEIGHBOUR))
    assert result["failure"]["class"] == "wrong-host" and "is not the appliance" in result["msg"]
    assert bench.changes() == [] and bench.lab.snapshot(HOST)["scripts"] == "2.0.1"


# --- waivers --------------------------------------------------------------------------------------------------------------

RESTART_KEY = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"
WAIVER = {
    "check": "pending_restart",
    "owner": "Ann",
    "reason": "change 4711",
    "expires": "2999-03-31",
    "appliance": HOST,
}


def waiting(*waivers: dict[str, str]) -> tuple[Bench, dict[str, Any]]:
    """An appliance that waits for a restart, and its site with these waivers."""
    bench = Bench()
    bench.computer.registry.set(RESTART_KEY, {})
    return bench, {**bench.site(), "waivers": list(waivers)}


def test_a_gate_that_somebody_answers_for_stops_nothing() -> None:
    bench, site = waiting(WAIVER)
    assert bench.do("package", site=site)["changed"] is True
    assert installer(bench) == ["/x", "/i"]


@pytest.mark.parametrize(
    "waiver",
    [
        {**WAIVER, "expires": "2020-03-31"},
        {**WAIVER, "appliance": NEIGHBOUR},
        {**WAIVER, "check": "disk"},
    ],
    ids=["ended", "of another", "of another check"],
)
def test_any_other_waiver_does_not_help(waiver: dict[str, str]) -> None:
    bench, site = waiting(waiver)
    assert "pending_restart: waiting for a restart of the host: servicing" in refused(bench, site=site)


def test_a_check_that_may_not_be_waived_stops_in_spite_of_a_waiver() -> None:
    bench, site = waiting(WAIVER, {**WAIVER, "check": "stored_passwords"})
    bench.computer.policy.stores_passwords = False
    assert "stored_passwords" in refused(bench, site=site)


def test_a_waiver_without_an_end_is_refused_as_an_option() -> None:
    bench, site = waiting({**WAIVER, "expires": "some day"})
    result = bench.do("package", site=site)
    assert result["failure"]["class"] == "option" and "expires at 'some day'" in result["msg"]


def test_with_the_module_away_it_does_not_go_on_beside_an_update_of_the_product() -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/i", action="hang")
    bench.do("package", timeout=600)
    bench.appliance.restart()
    bench.settle(600)
    assert "the host restarted" in bench.do("package")["msg"] and bench.lab.snapshot(HOST)["scripts"] is None
    for machine in bench.appliance.running_set or ():
        machine.computer.windows_updates = 1
    bench.lab.update(HOST, "OsUpdate")
    bench.lab.advance(10)
    result = bench.do("package", update_wait=0)
    assert "cce-1 is not ready for 2.1: update_under_way" in result["msg"] and bench.changes() == []
