"""Scheduled tasks and the jobs of the collection, with the very steps and XML that the collection sends."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation import job as jobs
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.arguments import Account

from lab.cmdlets.windows.tasks import job_path
from lab.world.activity import Activity
from lab.world.computer import Computer, Launch

from .conftest import NETWORK

TASK = "sfb.cloud_connector-wait"
ACCOUNT = Account("CceAdmin", "right")
JOB = jobs.Job("wait", [steps.step("sleep", "Start-Sleep", {"Seconds": 7200}), steps.clock()])


def xml(settings: str = "", principal: str = "", actions: str | None = None) -> str:
    """A small task that starts `tool.exe`."""
    namespace = "http://schemas.microsoft.com/windows/2004/02/mit/task"
    exec_action = "<Exec><Command>tool.exe</Command><Arguments>/a</Arguments></Exec>"
    return (
        f'<Task version="1.2" xmlns="{namespace}"><Principals><Principal id="Author">{principal}</Principal></Principals>'
        f"<Settings>{settings}</Settings><Actions>{exec_action if actions is None else actions}</Actions></Task>"
    )


def register(console: Any, text: str, **parameters: Any) -> Any:
    given = {"TaskName": "t", "Xml": text, "User": "CceAdmin", "Password": "right", **parameters}
    return console.errors("Register-ScheduledTask", **given)


def info(console: Any, name: str = "t") -> Any:
    (state,) = console.output("Get-ScheduledTask", ["State"], TaskName=name)
    (last,) = console.output("Get-ScheduledTaskInfo", ["LastTaskResult"], TaskName=name)
    return state["State"], last["LastTaskResult"]


@pytest.fixture
def launches(computer: Computer) -> list[Launch]:
    """Starts of `tool.exe`, which runs for an hour and ends with 5."""
    started: list[Launch] = []

    def tool(launch: Launch) -> Activity:
        started.append(launch)
        yield computer.env.timeout(3600)
        return 5

    computer.executables["tool.exe"] = tool
    return started


# --- jobs of the collection


def answer_of(console: Any) -> Any:
    (text,) = console.output("Get-Content", LiteralPath=rf"{JOB.path}.answer", Raw=True, Encoding="UTF8")
    return json.loads(text.rpartition("#cc-bridge# ")[2])


def test_a_job_runs_to_its_answer(console: Any, computer: Computer) -> None:
    results = console.steps(jobs.start_steps(JOB, ACCOUNT, "first"))
    assert {result["name"] for result in results if result["errors"]} == {"remove_answer", "remove_partial"}
    computer.env.run(60)
    assert info(console, TASK) == ("Running", 267009)
    assert console.output("Test-Path", LiteralPath=rf"{JOB.path}.answer") == [False]
    computer.env.run(7300)
    assert info(console, TASK) == ("Ready", 0)
    assert [result["name"] for result in answer_of(console)["results"]] == ["sleep", "clock"]


def test_a_job_is_begun_once(console: Any, computer: Computer) -> None:
    console.steps(jobs.start_steps(JOB, ACCOUNT, "first"))
    results = console.steps(jobs.start_steps(JOB, ACCOUNT, "second"))
    assert results[-1]["name"] == "claim" and results[-1]["errors"][0]["id"].startswith("NewItemIOError")


def test_a_job_reaches_the_share_that_a_network_logon_does_not(computer: Computer, at: Any) -> None:
    computer.network.add_share(r"\\files\berlin", frozenset({"CceAdmin"}))
    job = jobs.Job("wait", [steps.claim("lease", r"\\files\berlin\lease", "me")])
    at(computer, NETWORK).steps(jobs.start_steps(job, ACCOUNT, "first"))
    computer.env.run(1)
    assert computer.network.files.exists(r"\\files\berlin\lease")


def test_a_reboot_leaves_a_job_without_an_answer(console: Any, computer: Computer) -> None:
    console.steps(jobs.start_steps(JOB, ACCOUNT, "first"))
    computer.env.run(60)
    computer.reboot()
    computer.env.run(10_000)
    assert info(console, TASK) == ("Ready", 0x40010004)
    assert not computer.files.exists(rf"{JOB.path}.answer")


def test_a_job_without_its_request_answers_nothing(console: Any, computer: Computer) -> None:
    console.steps(jobs.start_steps(JOB, ACCOUNT, "first")[:-1])
    console.output("Remove-Item", LiteralPath=rf"{JOB.path}.request")
    console.output("Start-ScheduledTask", TaskName=TASK)
    computer.env.run(1)
    assert computer.files.read(rf"{JOB.path}.answer") == b""


def test_an_old_answer_is_not_replaced(console: Any, computer: Computer) -> None:
    console.steps(jobs.start_steps(JOB, ACCOUNT, "first"))
    computer.files.write_text(rf"{JOB.path}.answer", "old")
    computer.env.run(7300)
    assert info(console, TASK) == ("Ready", 1)
    assert computer.files.read_text(rf"{JOB.path}.answer") == "old"


def test_an_answer_of_before_goes_when_the_job_begins(console: Any, computer: Computer) -> None:
    computer.files.write_text(rf"{JOB.path}.answer", "of before")
    console.steps(jobs.start_steps(JOB, ACCOUNT, "first"))
    assert not computer.files.exists(rf"{JOB.path}.answer")


def test_no_other_script_is_run(console: Any, computer: Computer) -> None:
    script = base64.b64encode("Get-Date".encode("utf-16-le")).decode()
    console.output("Start-Process", FilePath="powershell.exe", ArgumentList=["-EncodedCommand", script])
    computer.env.run(1)
    assert computer.events["Application"][0].kind == "Error"


def test_a_quote_in_the_path_of_a_job() -> None:
    script = "# sfb.cloud_connector job\n$job = 'C:\\it''s'\n"
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    assert job_path(f"-NoProfile -EncodedCommand {encoded}") == r"C:\it's"


# --- registering


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"Password": "wrong"}, ("HRESULT 0x8007052e", "AuthenticationError")),
        ({"User": "Nobody"}, ("HRESULT 0x80070534", "NotSpecified")),
        ({"Xml": "<Task"}, ("HRESULT 0x8004131a", "NotSpecified")),
        ({"Xml": '<?xml version="1.0" encoding="UTF-8"?><Task/>'}, ("HRESULT 0x8004131a", "NotSpecified")),
        ({"Xml": "<Task/>"}, ("HRESULT 0x80041317", "NotSpecified")),
        ({"Xml": xml("<Typo>true</Typo>")}, ("HRESULT 0x80041316", "NotSpecified")),
        ({"Xml": xml("<Hidden>yes</Hidden>")}, ("HRESULT 0x80041318", "NotSpecified")),
        ({"Xml": xml("<ExecutionTimeLimit>2h</ExecutionTimeLimit>")}, ("HRESULT 0x80041318", "NotSpecified")),
        ({"Xml": xml(actions="")}, ("HRESULT 0x80041319", "NotSpecified")),
        ({"Xml": xml(actions="<Exec/>")}, ("HRESULT 0x80041319", "NotSpecified")),
        ({"Xml": xml(actions="<SendEmail/>")}, ("HRESULT 0x80041316", "NotSpecified")),
    ],
)
def test_what_the_scheduler_refuses(console: Any, parameters: dict[str, str], expected: tuple[str, str]) -> None:
    errors = register(console, xml(), **parameters)
    assert errors == [(*expected, "Microsoft.Management.Infrastructure.CimException")]
    assert console.errors("Get-ScheduledTask", TaskName="t")[0][0] == "CmdletizationQuery_NotFound_TaskName"


def test_a_name_is_taken_once(console: Any) -> None:
    assert register(console, xml()) == []
    assert register(console, xml())[0][:2] == ("HRESULT 0x800700b7", "ResourceExists")
    assert register(console, xml(), Force=True) == []


def test_the_name_of_the_account_may_have_its_computer(console: Any) -> None:
    assert register(console, xml(), User=r"HOST1\cceadmin") == []


@pytest.mark.parametrize("cmdlet", ["Get-ScheduledTaskInfo", "Start-ScheduledTask", "Stop-ScheduledTask"])
def test_a_missing_task(console: Any, cmdlet: str) -> None:
    assert console.errors(cmdlet, TaskName="t")[0][:2] == ("HRESULT 0x80070002", "ObjectNotFound")


# --- running


def test_a_task_runs_once_at_a_time(console: Any, computer: Computer, launches: list[Launch]) -> None:
    register(console, xml(principal="<RunLevel>HighestAvailable</RunLevel>"))
    assert info(console) == ("Ready", 267011)
    console.output("Start-ScheduledTask", TaskName="t")
    console.output("Start-ScheduledTask", TaskName="t")
    computer.env.run(10)
    assert [(launch.arguments, launch.logon.delegates) for launch in launches] == [("/a", True)]
    computer.env.run(4000)
    assert info(console) == ("Ready", 5)


@pytest.mark.usefixtures("launches")
def test_stopping_a_task(console: Any, computer: Computer) -> None:
    register(console, xml())
    console.output("Start-ScheduledTask", TaskName="t")
    computer.env.run(10)
    console.output("Stop-ScheduledTask", TaskName="t")
    computer.env.run(11)
    assert info(console) == ("Ready", 267014)


@pytest.mark.usefixtures("launches")
def test_the_time_limit_ends_a_task(console: Any, computer: Computer) -> None:
    register(console, xml("<ExecutionTimeLimit>PT30M</ExecutionTimeLimit>"))
    console.output("Start-ScheduledTask", TaskName="t")
    computer.env.run(1801)
    assert info(console) == ("Ready", 267014)


def test_the_schemas_own_limit_is_three_days(console: Any, computer: Computer) -> None:
    register(console, xml())
    limit = computer.tasks.find("t").definition.time_limit
    assert limit is not None and limit.days == 3


def test_unregistering_lets_a_program_go_on(console: Any, computer: Computer, launches: list[Launch]) -> None:
    register(console, xml())
    console.output("Start-ScheduledTask", TaskName="t")
    computer.env.run(10)
    task = computer.tasks.find("t")
    console.output("Unregister-ScheduledTask", TaskName="t", Confirm=False)
    computer.env.run(4000)
    assert task.last_result == 5 and list(computer.tasks) == []


def test_a_task_without_its_program(console: Any, computer: Computer) -> None:
    register(console, xml())
    console.output("Start-ScheduledTask", TaskName="t")
    computer.env.run(1)
    assert info(console) == ("Ready", 0x80070002)


def test_a_disabled_task_does_not_start(console: Any) -> None:
    register(console, xml("<Enabled>false</Enabled>"))
    assert info(console)[0] == "Disabled"
    assert console.errors("Start-ScheduledTask", TaskName="t")[0][0] == "HRESULT 0x80041326"


@pytest.mark.parametrize(
    ("user", "principal", "expected"),
    [("CceAdmin", "", True), ("CceAdmin", "<LogonType>S4U</LogonType>", False), ("SYSTEM", "", False)],
)
def test_only_a_password_reaches_the_network(
    console: Any, computer: Computer, user: str, principal: str, expected: bool
) -> None:
    assert register(console, xml(principal=principal), User=user) == []
    assert computer.tasks.find("t").logon.delegates is expected
