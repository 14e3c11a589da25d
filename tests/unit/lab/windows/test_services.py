"""Services by their cmdlets and through WMI."""

from __future__ import annotations

from typing import Any

import pytest

from lab.world.computer import Computer, Service

MISSING = (
    "NoServiceFoundForGivenName",
    "ObjectNotFound",
    "Microsoft.PowerShell.Commands.ServiceCommandException",
)


@pytest.fixture(autouse=True)
def spooler(computer: Computer) -> Service:
    """A service that runs, and one that does not."""
    computer.services.add(Service("W32Time", "Windows Time"))
    image = r"C:\Program Files\Some\Spool.Service.exe"
    return computer.services.add(Service("Spooler", "Print Spooler", "Running", account=r".\Svc", image=image))


def test_a_missing_name_is_an_error_and_the_others_are_given(console: Any) -> None:
    parameters = {"Name": ["SPOOLER", "None"]}
    result = console("Get-Service", ["Name", "Status"], **parameters)
    assert result["output"] == [{"Name": "Spooler", "Status": "Running"}]
    assert console.errors("Get-Service", **parameters) == [MISSING]
    assert result["errors"][0]["message"] == "Cannot find any service with service name 'None'."


def test_services_by_pattern_and_display_name(console: Any) -> None:
    assert console.output("Get-Service", ["Name"], Name="*") == [{"Name": "Spooler"}, {"Name": "W32Time"}]
    assert console.output("Get-Service", ["Name"], DisplayName="Windows T*") == [{"Name": "W32Time"}]
    assert console.errors("Get-Service", DisplayName="None")[0][0] == "NoServiceFoundForGivenDisplayName"


def test_stop_and_start_take_their_time(console: Any, computer: Computer, spooler: Service) -> None:
    seen: list[str] = []
    spooler.watchers.append(lambda service: seen.append(service.state))
    console.output("Stop-Service", Name="Spooler", Force=True)
    console.output("Start-Service", Name="Spooler")
    assert seen == ["StopPending", "Stopped", "StartPending", "Running"]
    assert computer.env.now == spooler.stop_seconds + spooler.start_seconds


def test_restart_gives_the_service(console: Any) -> None:
    assert console.output("Restart-Service", ["Status"], Name="Spooler", PassThru=True) == [{"Status": "Running"}]


@pytest.mark.parametrize("change", [{"broken": True}, {"start_mode": "Disabled"}])
def test_a_service_that_does_not_start(console: Any, computer: Computer, change: dict[str, Any]) -> None:
    service = computer.services["W32Time"]
    for name, value in change.items():
        setattr(service, name, value)
    assert console.errors("Start-Service", Name="W32Time")[0][:2] == ("CouldNotStartService", "OpenError")
    assert service.state == "Stopped"


def test_a_service_that_is_there_already(console: Any, computer: Computer) -> None:
    console.output("Start-Service", Name="Spooler")
    console.output("Stop-Service", Name="W32Time")
    assert computer.env.now == 0


def test_a_service_is_found_by_either_name(computer: Computer, spooler: Service) -> None:
    assert computer.services.find("spooler") is computer.services.find("PRINT spooler") is spooler
    assert computer.services.find("none") is None


def test_what_if_stops_nothing(console: Any, spooler: Service) -> None:
    console.output("Stop-Service", Name="Spooler", WhatIf=True)
    assert spooler.state == "Running"


def test_set_service(console: Any, spooler: Service) -> None:
    console.output("Set-Service", Name="Spooler", StartupType="Manual", Status="Stopped")
    assert (spooler.start_mode, spooler.state) == ("Manual", "Stopped")
    console.output("Set-Service", Name="Spooler", Status="Running")
    assert spooler.state == "Running"
    assert console.errors("Set-Service", Name="None", StartupType="Manual")[0][1] == "ObjectNotFound"


# --- WMI


def test_a_service_by_its_image(console: Any) -> None:
    condition = "PathName LIKE '%some\\\\spool.service.exe%'"
    found = console.output("Get-WmiObject", ["Name", "State", "StartName"], Class="Win32_Service", Filter=condition)
    assert found == [{"Name": "Spooler", "State": "Running", "StartName": r".\Svc"}]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Name='spooler'", ["Spooler"]),
        ("State <> 'Running'", ["W32Time"]),
        ("Started = TRUE", ["Spooler"]),
        ("Name LIKE 'W__Time' OR StartMode='Auto' AND State='Running'", ["Spooler", "W32Time"]),
        ("Name LIKE 'pool%'", []),
    ],
)
def test_filters(console: Any, condition: str, expected: list[str]) -> None:
    found = console.output("Get-WmiObject", ["Name"], Class="Win32_Service", Filter=condition)
    assert sorted(one["Name"] for one in found) == expected


def test_a_disk_by_its_letter(console: Any, computer: Computer) -> None:
    computer.disks["C:"].free = 5
    found = console.output("Get-WmiObject", ["FreeSpace"], Class="Win32_LogicalDisk", Filter="DeviceID='C:'")
    assert found == [{"FreeSpace": 5}]
    assert console.output("Get-WmiObject", Query="SELECT * FROM Win32_LogicalDisk WHERE FreeSpace > 5") == []


def test_times_of_wmi(console: Any) -> None:
    found = console.output("Get-WmiObject", ["LastBootUpTime"], Class="Win32_OperatingSystem")
    assert found == [{"LastBootUpTime": "20260105080000.000000+000"}]


@pytest.mark.parametrize(
    ("parameters", "category"),
    [
        ({"Class": "Win32_None"}, "InvalidType"),
        ({"Class": "Win32_Service", "Filter": "Name"}, "InvalidArgument"),
        ({"Class": "Win32_Service", "Filter": "None = 'a'"}, "InvalidArgument"),
        ({"Class": "Win32_Service", "Filter": "Name = 'a' Name = 'b'"}, "InvalidArgument"),
        ({"Class": "Win32_LogicalDisk", "Filter": "Size = 'a'"}, "InvalidArgument"),
    ],
)
def test_what_wmi_does_not_take(console: Any, parameters: dict[str, str], category: str) -> None:
    expected = ("GetWMIManagementException", category, "System.Management.ManagementException")
    assert console.errors("Get-WmiObject", **parameters) == [expected]
