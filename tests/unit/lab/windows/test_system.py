"""Clock, registry, programs, power, event log, downloads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import simpy

from lab.world.activity import Activity
from lab.world.computer import Computer, Launch, Service, StoredCertificate

UNINSTALL = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
URL = "https://packages.lab/a.msi"
WEB = ("WebCmdletWebResponseException", "InvalidOperation", "System.Net.WebException")


# --- clock


def test_the_clock_of_a_computer_may_be_wrong(console: Any, computer: Computer) -> None:
    computer.clock_offset = timedelta(minutes=-5)
    console.output("Start-Sleep", Seconds=60)
    assert console.output("Get-Date") == ["2026-01-05T07:56:00.0000000Z"]


def test_a_clock_on_the_wall_is_shown_where_time_runs_faster(console: Any, computer: Computer) -> None:
    computer.wall = lambda: computer.start
    computer.clock_offset = timedelta(minutes=3)
    console.output("Start-Sleep", Seconds=60)
    assert console.output("Get-Date") == ["2026-01-05T08:03:00.0000000Z"]


@pytest.mark.parametrize(
    ("end", "text"),
    [
        ("2026-01-05T08:00:01.5Z", "00:00:01.5000000"),
        ("2026-01-07T09:00:00Z", "2.01:00:00"),
        ("2026-01-05T07:58:00Z", "-00:02:00"),
        ("2026-01-05T08:00:00Z", "00:00:00"),
        ("2026-01-05T10:00:00+02:00", "00:00:00"),
    ],
)
@pytest.mark.parametrize("start", [{"$output": "now"}, "2026-01-05T08:00:00Z"])
def test_a_time_span_between_two_moments(console: Any, start: Any, end: str, text: str) -> None:
    now = {"name": "now", "cmdlet": "Get-Date", "parameters": {}}
    span = {"name": "span", "cmdlet": "New-TimeSpan", "parameters": {"Start": start, "End": end}}
    assert console.steps([now, span])[1]["output"] == [text]


def test_a_time_span_ends_now_unless_told(console: Any) -> None:
    console.output("Start-Sleep", Seconds=60)
    assert console.output("New-TimeSpan", Start="2026-01-05T08:00:00Z") == ["00:01:00"]


@pytest.mark.parametrize(("end", "found"), [("2026-01-05T08:01:00Z", [True]), ("2026-01-05T07:59:00Z", [])])
def test_a_pattern_is_looked_for_in_the_text_of_an_object(console: Any, end: str, found: list[bool]) -> None:
    given = {"InputObject": {"$output": "span"}, "Pattern": r"^00:0[0-4]:", "Quiet": True}
    steps = [
        {"name": "span", "cmdlet": "New-TimeSpan", "parameters": {"Start": "2026-01-05T08:00:00Z", "End": end}},
        {"name": "short", "cmdlet": "Select-String", "parameters": given},
    ]
    assert console.steps(steps)[1]["output"] == found


def test_sleep_in_milliseconds(console: Any, computer: Computer) -> None:
    console.output("Start-Sleep", Milliseconds=1500)
    assert computer.env.now == 1.5


def test_write_output(console: Any) -> None:
    assert console.output("Write-Output", InputObject=["a", "b"]) == ["a", "b"]


# --- registry


@pytest.fixture
def programs(computer: Computer) -> None:
    """Two installed programs."""
    for key, name in (("{A}", "Alpha"), ("{B}", "Beta")):
        computer.registry.set(rf"{UNINSTALL}\{key}", {"DisplayName": name})


@pytest.mark.usefixtures("programs")
def test_keys_by_pattern(console: Any) -> None:
    absent = UNINSTALL.replace("SOFTWARE", r"SOFTWARE\WOW6432Node")
    found = console.output(
        "Get-ItemProperty", ["DisplayName", "PSChildName"], Path=[rf"{UNINSTALL.upper()}\*", rf"{absent}\*"]
    )
    assert found == [{"DisplayName": "Alpha", "PSChildName": "{A}"}, {"DisplayName": "Beta", "PSChildName": "{B}"}]


@pytest.mark.usefixtures("programs")
def test_one_key_and_one_value(console: Any) -> None:
    key = rf"{UNINSTALL}\{{A}}"
    assert console.output("Get-ItemProperty", ["DisplayName"], LiteralPath=key) == [{"DisplayName": "Alpha"}]
    assert console.errors("Get-ItemProperty", LiteralPath=key, Name="None")[0][1] == "InvalidArgument"


@pytest.mark.usefixtures("programs")
def test_a_key_is_there_or_not(console: Any, computer: Computer) -> None:
    assert console.output("Test-Path", Path=[UNINSTALL, rf"{UNINSTALL}\*", rf"{UNINSTALL}\{{C}}"]) == [
        True,
        True,
        False,
    ]
    computer.registry.remove(UNINSTALL)
    assert console.errors("Get-ItemProperty", LiteralPath=UNINSTALL)[0][0] == "PathNotFound"


def test_properties_of_a_file(console: Any) -> None:
    assert console.output("Get-ItemProperty", ["PSIsContainer"], Path=r"C:\Data") == [{"PSIsContainer": True}]
    assert console.errors("Get-ItemProperty", Path=r"C:\None")[0][0] == "PathNotFound"


# --- programs


@pytest.fixture
def launches(computer: Computer) -> list[Launch]:
    """What a program was started with; it runs for ten seconds and ends with 3010."""
    started: list[Launch] = []

    def program(launch: Launch) -> Activity:
        started.append(launch)
        yield computer.env.timeout(10)
        return 3010

    computer.executables["msiexec.exe"] = program
    return started


def test_a_program_that_is_waited_for(console: Any, computer: Computer, launches: list[Launch]) -> None:
    arguments = {"FilePath": "msiexec.exe", "ArgumentList": ["/i", r"C:\a.msi", "/qn"]}
    assert console.output("Start-Process", ["ExitCode"], **arguments, Wait=True, PassThru=True) == [{"ExitCode": 3010}]
    assert (launches[0].arguments, launches[0].logon, computer.env.now) == (r"/i C:\a.msi /qn", console.logon, 10)


def test_a_program_in_the_background(console: Any, computer: Computer, launches: list[Launch]) -> None:
    process = console.output("Start-Process", ["ExitCode", "HasExited"], FilePath="msiexec", PassThru=True)
    assert process == [{"ExitCode": None, "HasExited": False}]
    assert console.output("Start-Process", FilePath=r"C:\Windows\System32\msiexec.exe") == []
    computer.env.run(20)
    assert len(launches) == 2


def test_a_missing_program(console: Any) -> None:
    result = console("Start-Process", FilePath="none.exe")
    assert result["errors"][0]["id"] == "InvalidOperationException,Microsoft.PowerShell.Commands.StartProcessCommand"


# --- power


def test_a_reboot_starts_what_starts_by_itself(computer: Computer) -> None:
    computer.services.add(Service("A", state="Running"))
    seen: list[bool] = []
    computer.watchers.append(lambda host: seen.append(host.up))
    computer.env.run(computer.reboot())
    assert seen == [False, True] and computer.services["A"].state == "Running"
    assert computer.boot_time > computer.start


def test_power_cut_during_the_boot_ends_the_boot(computer: Computer) -> None:
    computer.reboot()
    computer.env.run(60)
    computer.power_off()
    computer.env.run(1000)
    assert not computer.up


def test_what_runs_on_a_computer_ends_with_it(computer: Computer) -> None:
    def forever() -> Activity:
        yield computer.env.event()

    process = computer.run(forever())
    computer.env.run(1)
    computer.power_off()
    computer.env.run(2)
    assert not process.is_alive and process.value == 0x40010004


def test_a_program_may_cut_its_own_power(computer: Computer) -> None:
    def suicide() -> Activity:
        computer.power_off()
        yield computer.env.event()

    process = computer.run(suicide())
    assert computer.env.run(process) == 0x40010004


# --- event log


def test_events_by_number(console: Any, computer: Computer) -> None:
    for number in (304, 1, 20006):
        computer.log("CCE", number, "Error", f"message {number}")
    asked = {"FilterHashtable": {"LogName": "Application", "Id": [304, 20006]}}
    assert console.output("Get-WinEvent", ["Id"], MaxEvents=5, **asked) == [{"Id": 20006}, {"Id": 304}]
    assert console.output("Get-WinEvent", ["Id"], MaxEvents=1, **asked) == [{"Id": 20006}]


@pytest.mark.parametrize(("log", "id"), [("None", "NoMatchingLogsFound"), ("System", "NoMatchingEventsFound")])
def test_no_log_and_no_event(console: Any, log: str, id: str) -> None:
    assert console.errors("Get-WinEvent", FilterHashtable={"LogName": log, "Id": [1]})[0][0] == id


def test_a_filter_that_is_not_simulated_is_refused(console: Any) -> None:
    assert console.errors("Get-WinEvent", FilterHashtable={"LogName": "System"})[0][0] == "NotSimulated"


# --- certificates


def test_the_store_of_the_computer(console: Any, computer: Computer) -> None:
    computer.certificates.append(StoredCertificate("CN=a", "CN=root", computer.start, computer.start))
    found = console.output("Get-ChildItem", ["Subject", "NotAfter"], LiteralPath=r"Cert:\LocalMachine\My")
    assert found == [{"Subject": "CN=a", "NotAfter": "2026-01-05T08:00:00.0000000Z"}]


# --- downloads


def test_a_download_takes_its_time(console: Any, computer: Computer) -> None:
    computer.network.add_url(URL, b"package", seconds=30)
    console.output("Invoke-WebRequest", Uri=URL, OutFile=r"C:\Data\a.msi", UseBasicParsing=True, TimeoutSec=10)
    assert computer.files.read(r"C:\Data\a.msi") == b"package" and computer.env.now == 30


def test_a_download_by_its_size(console: Any, computer: Computer) -> None:
    computer.network.rate = 2
    computer.network.add_url(URL, b"1234")
    assert console.output("Invoke-WebRequest", ["StatusCode", "Content"], Uri=URL) == [
        {"StatusCode": 200, "Content": "1234"}
    ]
    assert computer.env.now == 2


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://packages.lab/none", "The remote server returned an error: (404) Not Found."),
        ("https://elsewhere.lab/a", "The remote name could not be resolved: 'elsewhere.lab'"),
        ("https://down.lab/a", "Unable to connect to the remote server"),
    ],
)
def test_a_download_that_fails(console: Any, computer: Computer, url: str, message: str) -> None:
    computer.network.add_url(URL, b"package")
    computer.network.down.add("down.lab")
    result = console("Invoke-WebRequest", Uri=url, OutFile=r"C:\Data\a.msi")
    assert result["errors"][0]["message"] == message and not computer.files.exists(r"C:\Data\a.msi")
    assert console.errors("Invoke-WebRequest", Uri=url) == [WEB]


@pytest.mark.parametrize(
    ("path", "id"),
    [(r"C:\None\a", "System.IO.DirectoryNotFoundException"), (r"C:\Data", "System.UnauthorizedAccessException")],
)
def test_a_download_with_no_place_to_go(console: Any, computer: Computer, path: str, id: str) -> None:
    computer.network.add_url(URL, b"package")
    assert console.errors("Invoke-WebRequest", Uri=URL, OutFile=path)[0][0] == id


def test_the_environment_is_the_worlds() -> None:
    env = simpy.Environment()
    one, two = Computer(env, "one"), Computer(env, "two")
    env.run(60)
    assert one.now() == two.now() == one.start + timedelta(minutes=1)
