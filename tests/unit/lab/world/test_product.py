"""The MSI, versions of the scripts, .NET and the management service."""

from __future__ import annotations

import pytest

from lab.inprocess import ConnectionLost
from lab.world.computer import SESSION_MANAGER
from lab.world.product import package, product_code

FILE = r"C:\package.msi"


def exit_code(lab, *arguments):
    lab.appliance("cce-1").computer.files.write(FILE, package("2.1"))
    step = {
        "name": "it",
        "cmdlet": "Start-Process",
        "parameters": {"FilePath": "msiexec.exe", "ArgumentList": list(arguments), "Wait": True, "PassThru": True},
        "keep": ["ExitCode"],
    }
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": [step], "answers": []})
    return answer["results"][0]["output"][0]["ExitCode"]


def test_removal_takes_the_module_and_leaves_the_machines(lab, run):
    assert exit_code(lab, "/x", product_code("2.0.1"), "/qn") == 0
    assert "is not recognized" in run(lab, "Get-CcVersion")["errors"][0]["message"]
    assert lab.snapshot("cce-1")["management_service"] is None
    assert lab.snapshot("cce-1")["in_service"]


def test_installation_brings_the_service_as_network_service(lab, run):
    exit_code(lab, "/x", product_code("2.0.1"), "/qn")
    assert exit_code(lab, "/i", FILE, "/qn") == 0
    assert run(lab, "Get-CcVersion")["output"] == ["2.1"]
    assert lab.snapshot("cce-1")["management_service"]["account"] == r"NT AUTHORITY\NetworkService"


def test_exit_codes_of_windows_installer(lab, run):
    assert exit_code(lab, "/x", product_code("2.1"), "/qn") == 1605
    assert exit_code(lab, "/i", r"C:\none.msi", "/qn") == 1620
    assert exit_code(lab, "/i", FILE, "/qn") == 1638


def test_an_injected_exit_code_changes_nothing_unless_it_asks_for_a_restart(lab, run):
    lab.fault("cce-1", cmdlet="msiexec.exe", action="exit_code", code=1603)
    lab.fault("cce-1", cmdlet="msiexec.exe", action="exit_code", code=3010)
    assert exit_code(lab, "/x", product_code("2.0.1"), "/qn") == 1603
    assert lab.snapshot("cce-1")["scripts"] == "2.0.1"
    assert exit_code(lab, "/x", product_code("2.0.1"), "/qn") == 3010
    assert lab.snapshot("cce-1")["scripts"] is None
    assert lab.appliance("cce-1").computer.registry.get(SESSION_MANAGER) != {}
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    assert lab.appliance("cce-1").computer.registry.get(SESSION_MANAGER) == {}


def test_a_host_that_dies_under_the_installer_frees_it_again(lab):
    lab.fault("cce-1", cmdlet="msiexec.exe", point="/x", action="die_host")
    with pytest.raises(ConnectionLost):
        exit_code(lab, "/x", product_code("2.0.1"), "/qn")
    lab.advance(3600)
    assert lab.snapshot("cce-1")["scripts"] == "2.0.1"
    assert exit_code(lab, "/x", product_code("2.0.1"), "/qn") == 0


def test_an_msi_that_stops_calls(make, run):
    lab = make(switches={"msi_stops_calls": True})
    exit_code(lab, "/x", product_code("2.0.1"), "/qn")
    assert lab.record.outages()[0].why == "msiexec"


def test_a_loaded_module_stays_stale(lab):
    steps = [
        {"name": "before", "cmdlet": "Get-CcVersion", "parameters": {}},
        {
            "name": "rm",
            "cmdlet": "Start-Process",
            "parameters": {
                "FilePath": "msiexec.exe",
                "ArgumentList": ["/x", product_code("2.0.1")],
                "Wait": True,
                "PassThru": True,
            },
        },
        {"name": "after", "cmdlet": "Get-CcVersion", "parameters": {}},
    ]
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": steps, "answers": []})
    assert answer["results"][2]["output"] == ["2.0.1"]


def test_cmdlets_of_later_releases_are_not_there(lab, run):
    assert "is not recognized" in run(lab, "Restore-CcCredentials")["errors"][0]["message"]
    lab.appliance("cce-1").msi = "2.1"
    assert "is not recognized" not in run(lab, "Restore-CcCredentials")["errors"][0]["message"]


def test_release_2_1_needs_dotnet(lab, run):
    appliance = lab.appliance("cce-1")
    appliance.msi = "2.1"
    appliance.computer.registry.set(r"HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full", {"Release": 378389})
    assert "The property 'Common' cannot be found" in run(lab, "Get-CcVersion")["errors"][0]["message"]
