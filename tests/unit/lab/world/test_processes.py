"""The PowerShell processes of a host: each has a number and a start, and goes on when its client is lost."""

from __future__ import annotations

from typing import Any

import pytest

from lab.inprocess import ConnectionLost, Lab

NUMBER = {"name": "number", "cmdlet": "Get-Variable", "parameters": {"Name": ["PID"], "ValueOnly": True}}
OWN = {
    "name": "own",
    "cmdlet": "Get-Process",
    "parameters": {"Id": {"$output": "number"}},
    "keep": ["Id", "StartTime", "ProcessName"],
}
ALL = {"name": "all", "cmdlet": "Get-Process", "parameters": {}, "keep": ["Id", "StartTime"]}
PATH = r"C:\Data\a.process"


def exchange(lab: Lab, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": list(steps), "answers": []}, **more)
    return {result["name"]: result for result in answer["results"]}


def numbers(lab: Lab) -> list[int]:
    return [one["Id"] for one in exchange(lab, ALL)["all"]["output"]]


def test_a_process_knows_its_number_and_its_start(lab: Lab) -> None:
    lab.advance(60)
    found = exchange(lab, NUMBER, OWN)
    assert found["own"]["output"] == [
        {"Id": found["number"]["output"][0], "StartTime": "2026-01-05T08:01:00.0000000Z", "ProcessName": "powershell"}
    ]


def test_a_process_that_has_ended_is_in_the_table_no_more(lab: Lab) -> None:
    first = exchange(lab, NUMBER)["number"]["output"][0]
    assert first not in numbers(lab)
    found = exchange(lab, {**OWN, "parameters": {"Id": [first]}})["own"]
    assert found["errors"][0]["id"] == "NoProcessFoundForGivenId,Microsoft.PowerShell.Commands.GetProcessCommand"


def test_those_of_the_system_do_not_tell_their_start(lab: Lab) -> None:
    found = {one["Id"]: one["StartTime"] for one in exchange(lab, ALL)["all"]["output"]}
    assert found[0] is None and found[4] is None and len(found) == 3


def test_a_name_that_is_not_there_is_an_error(lab: Lab) -> None:
    found = exchange(lab, {"name": "it", "cmdlet": "Get-Process", "parameters": {"Name": ["notepad"]}})["it"]
    assert found["errors"][0]["id"].startswith("NoProcessFoundForGivenName")


def test_a_command_whose_client_is_lost_goes_on(lab: Lab) -> None:
    with pytest.raises(ConnectionLost):
        exchange(lab, {"name": "it", "cmdlet": "Start-Sleep", "parameters": {"Seconds": 3600}}, timeout=300)
    assert len(numbers(lab)) == 4
    lab.advance(3600)
    assert len(numbers(lab)) == 3


def test_no_process_outlives_a_restart_of_its_host(lab: Lab) -> None:
    with pytest.raises(ConnectionLost):
        exchange(lab, {"name": "it", "cmdlet": "Start-Sleep", "parameters": {"Seconds": 3600}}, timeout=300)
    lab.appliance("cce-1").restart()
    assert lab.appliance("cce-1").computer.processes == {}
    lab.advance(600)
    assert len(numbers(lab)) == 3


def test_a_process_is_written_with_its_number_and_its_start(lab: Lab) -> None:
    lab.appliance("cce-1").computer.files.make_folder(r"C:\Data")
    parameters = {"LiteralPath": PATH, "InputObject": {"$output": "own"}, "Depth": 1, "Encoding": "UTF8"}
    found = exchange(lab, NUMBER, OWN, {"name": "write", "cmdlet": "Export-Clixml", "parameters": parameters})
    assert found["write"]["errors"] == []
    text = lab.appliance("cce-1").computer.files.read_text(PATH)
    assert f'<I32 N="Id">{found["number"]["output"][0]}</I32>' in text
    assert '<DT N="StartTime">2026-01-05T08:00:00+00:00</DT>' in text


@pytest.mark.parametrize(("pattern", "output"), [("^second$", [True]), ("first.second", []), ("third", [])])
def test_a_line_of_a_file_is_found(lab: Lab, pattern: str, output: list[bool]) -> None:
    lab.appliance("cce-1").computer.files.write_text(PATH, "first\r\nsecond\r\n")
    parameters = {"LiteralPath": [PATH], "Pattern": [pattern], "Quiet": True}
    assert exchange(lab, {"name": "it", "cmdlet": "Select-String", "parameters": parameters})["it"]["output"] == output


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Get-Variable", {"Name": ["HOME"], "ValueOnly": True}),
        ("Get-Variable", {"Name": ["PID"]}),
        ("Export-Clixml", {"LiteralPath": PATH, "InputObject": "a", "Depth": 1, "Encoding": "UTF8"}),
    ],
)
def test_what_is_not_simulated_is_said_aloud(lab: Lab, cmdlet: str, parameters: dict[str, Any]) -> None:
    found = exchange(lab, {"name": "it", "cmdlet": cmdlet, "parameters": parameters})["it"]
    assert found["errors"][0]["id"] == "NotSimulated"
