"""The MSI: nothing is removed unless the rest can succeed, and what is removed comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.world.product import put_in_place, take_away
from tests.bench import DIRECTORY, HOST, OURS, Bench

RECORD = rf"{OURS}\saved\state.json"


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


def test_a_site_that_was_read_too_long_ago_is_read_again_where_that_can_be_done() -> None:
    bench = Bench()
    site = bench.site()
    for state in site["states"]:
        state["read_at"] -= 61
    assert "older than 60 seconds" in refused(bench, site=site)
    places = [{"name": name, **bench.reach(name)} for name in bench.hosts]
    assert "failed" not in bench.do("package", site={**site, "appliances": places})


def test_a_record_that_a_power_cut_left_empty_is_written_anew() -> None:
    bench = Bench()
    bench.computer.files.write_text(RECORD, "\0" * 40)
    assert "failed" not in bench.do("package")
    assert json.loads(bench.text(RECORD) or "")["scripts"] == "2.0.1"


def test_without_the_module_a_record_that_says_nothing_stops() -> None:
    bench = Bench()
    take_away(bench.appliance)
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
        ("/x", 1603, "uninstall on cce-1 failed", "See the Application event log"),
        ("/x", 1618, "uninstall on cce-1 found another installation running", "Wait until that one has ended"),
        ("/i", 1603, "install on cce-1 failed", "See the Application event log"),
        ("/i", 1605, "install on cce-1 says the product is not installed", "Compare Programs and Features"),
        ("/i", 3010, "install on cce-1 wants a restart of the host", "Decide when the host may restart"),
        ("/x", 9999, "uninstall on cce-1 failed", "Look the code up"),
    ],
)
def test_an_exit_code_is_a_sentence_and_the_rerun_finishes(action: str, code: int, meaning: str, remedy: str) -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point=action, action="exit_code", code=code)
    result = bench.do("package")
    assert result["failed"] and f"Windows Installer's {meaning} (exit code {code})." in result["msg"]
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
    take_away(bench.appliance)
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
    removed = next(i for i, run in enumerate(runs) if run.name == "Start-Process")
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
    bench.do("package")
    assert bench.text(RECORD) == first


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
    take_away(bench.appliance)
    put_in_place(bench.appliance, "2.1")
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
    "jobs": lambda bench: bench.computer.files.write_text(rf"{OURS}\jobs\install-2.1.claim", "x"),
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


def test_dotnet_has_to_be_there_before_2_1() -> None:
    bench = Bench()
    bench.computer.registry.set(r"HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full", {"Release": 378758})
    assert "dotnet" in refused(bench)


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
def test_a_network_logon_is_found_out_before_anything_is_begun(check: bool) -> None:
    bench = Bench()
    result = bench.do("package", method="ntlm", check=check)
    assert {"credential_cache", "site_share"} <= {one["id"] for one in result["failure"]["checks"]}
    assert "full logon" in result["msg"]
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
