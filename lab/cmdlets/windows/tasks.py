"""Cmdlets of the Task Scheduler, and the one script its tasks run here: the collection's job runner."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any

import simpy

from lab.cmdlets.windows import update_program
from lab.cmdlets.windows.common import computer_of as computer
from lab.cmdlets.windows.common import has_wildcard, like, simulated
from lab.powershell import answer as bridge
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import EnumValue, PSObject
from lab.powershell.session import Session
from lab.world.computer import Executable, Launch
from lab.world.files import Files
from lab.world.network import Logon
from lab.world.tasks import Task, TaskError

TASKS = Registry()

CIM_EXCEPTION = "Microsoft.Management.Infrastructure.CimException"
QUERY_EXCEPTION = "Microsoft.PowerShell.Cmdletization.Cim.CimJobException"
CIM_INSTANCE = "Microsoft.Management.Infrastructure.CimInstance"
STATES = {"Disabled": 1, "Ready": 3, "Running": 4}
BATCH_LOGON_PROBLEM = (
    "The task is registered, but may fail to start. Batch logon privilege needs to be enabled for the task principal."
)
"""The text of SCHED_S_BATCH_LOGON_PROBLEM (0x0004131C)."""
NEVER = datetime(1999, 11, 30, tzinfo=UTC)
"""What LastRunTime says of a task that has not run yet."""


def _task_object(task: Task) -> PSObject:
    path = f"\\{task.path.strip(chr(92))}\\".replace("\\\\", "\\")
    properties = {
        "TaskName": task.name,
        "TaskPath": path,
        "URI": path + task.name,
        "State": EnumValue(task.state, "Microsoft.PowerShell.Cmdletization.GeneratedTypes.ScheduledTask.StateEnum"),
    }
    return PSObject(properties, f'MSFT_ScheduledTask (TaskName = "{task.name}", TaskPath = "{path}")', CIM_INSTANCE)


def _refused(call: Invocation, error: TaskError) -> None:
    call.error(str(error), f"HRESULT 0x{error.hresult:08x}", error.category, CIM_EXCEPTION)


def _path(call: Invocation) -> str:
    given = call.get("TaskPath") or "\\"
    return given[0] if isinstance(given, list) else given


def _queried(call: Invocation) -> list[Task]:
    """The tasks a query names; an error for each name without a wildcard that fits none."""
    found: list[Task] = []
    for pattern in call.get("TaskName") or ["*"]:
        fitting = [task for task in computer(call).tasks if like(task.name, pattern) and _in_folder(call, task)]
        if not fitting and not has_wildcard(pattern):
            text = (
                f"No MSFT_ScheduledTask objects found with property 'TaskName' equal to '{pattern}'.  "
                "Verify the value of the property and retry."
            )
            call.error(text, "CmdletizationQuery_NotFound_TaskName", "ObjectNotFound", QUERY_EXCEPTION)
        found += fitting
    return found


def _in_folder(call: Invocation, task: Task) -> bool:
    return not call.get("TaskPath") or task.path.strip("\\").casefold() == _path(call).strip("\\").casefold()


@simulated(TASKS, "Register-ScheduledTask", "TaskName", "TaskPath", "Xml", "User", "Password", "Force")
def register_scheduled_task(call: Invocation) -> None:
    """Registers a task from its XML; without -User it belongs to whoever registers it, who has no password here."""
    user = call.get("User") or call.logon.user
    try:
        task = computer(call).tasks.register(
            call.get("TaskName"),
            call.get("Xml"),
            user,
            call.get("Password"),
            path=_path(call),
            replace=call.flag("Force"),
        )
    except TaskError as error:
        _refused(call, error)
    else:
        if computer(call).tasks.doubtful(task):
            call.warn(BATCH_LOGON_PROBLEM)
        call.write(_task_object(task))


@simulated(TASKS, "Get-ScheduledTask", "TaskName", "TaskPath")
def get_scheduled_task(call: Invocation) -> None:
    """The tasks with their state."""
    call.write(*map(_task_object, _queried(call)))


@simulated(TASKS, "Get-ScheduledTaskInfo", "TaskName", "TaskPath")
def get_scheduled_task_info(call: Invocation) -> None:
    """When a task ran last and how that ended: 267009 while it runs, 267011 before it ever ran."""
    try:
        task = computer(call).tasks.find(call.get("TaskName"), _path(call))
    except TaskError as error:
        _refused(call, error)
        return
    properties = {
        "TaskName": task.name,
        "TaskPath": task.path,
        "LastRunTime": task.last_run or NEVER,
        "LastTaskResult": task.last_result,
        "NextRunTime": None,
        "NumberOfMissedRuns": 0,
    }
    call.write(PSObject(properties, f'MSFT_TaskDynamicInfo (TaskName = "{task.name}")', CIM_INSTANCE))


@simulated(TASKS, "Start-ScheduledTask", "TaskName", "TaskPath")
def start_scheduled_task(call: Invocation) -> None:
    """Starts a task and answers at once; one that runs already is left alone."""
    try:
        tasks = computer(call).tasks
        tasks.start(tasks.find(call.get("TaskName"), _path(call)))
    except TaskError as error:
        _refused(call, error)


@simulated(TASKS, "Stop-ScheduledTask", "TaskName", "TaskPath")
def stop_scheduled_task(call: Invocation) -> None:
    """Ends the running program of a task."""
    try:
        tasks = computer(call).tasks
        tasks.stop(tasks.find(call.get("TaskName"), _path(call)))
    except TaskError as error:
        _refused(call, error)


@simulated(TASKS, "Unregister-ScheduledTask", "TaskName", "TaskPath", "PassThru")
def unregister_scheduled_task(call: Invocation) -> None:
    """Forgets tasks; a program that runs goes on (as `schtasks /delete` documents)."""
    for task in _queried(call):
        if call.should_process():
            computer(call).tasks.unregister(task)


# --- the job runner

MARK = "# sfb.cloud_connector job"
ENCODED = re.compile(r"-e(?:nc?|ncodedcommand)?\s+([A-Za-z0-9+/=]+)", re.I)
JOB = re.compile(r"^\$job = '((?:[^']|'')*)'", re.M)

OpenSession = Callable[[Logon], Session]
"""Opens a new PowerShell session on the computer, for a logon."""


def job_runner(open_session: OpenSession) -> Executable:
    """`powershell.exe` for a computer: runs the collection's job runner, and no other script."""

    def powershell(launch: Launch) -> Generator[simpy.Event, Any, int]:
        path = job_path(launch.arguments)
        if path is None:
            launch.computer.log("simulated", 1, "Error", "The lab runs no script but the job runner of the collection.")
            return 1
        files = launch.computer.files_for(launch.logon)
        text = yield from _answer(files, path, launch, open_session)
        return _publish(files, path, text)

    return powershell


def job_path(arguments: str) -> str | None:
    """The job a command line of PowerShell runs; None when it is not the job runner's."""
    encoded = ENCODED.search(arguments)
    script = base64.b64decode(encoded[1]).decode("utf-16-le") if encoded else ""
    job = JOB.search(script)
    return job[1].replace("''", "'") if job and script.startswith(MARK) else None


def _answer(files: Files, path: str, launch: Launch, open_session: OpenSession) -> Generator[simpy.Event, Any, str]:
    """What the request's program writes: the bridge, or that for Windows updates, which the lab knows by its protocol.

    Without a readable request the script's statements fail one by one and the text is empty.
    """
    try:
        document = json.loads(files.read_text(f"{path}.request"))
    except (OSError, ValueError):
        return ""
    if str(document.get("bridge", "")).startswith(update_program.MARK):
        answered = yield from update_program.run(launch.computer, launch.logon, document["request"])
    else:
        answered = yield from bridge.run_process(open_session(launch.logon), document["request"])
    return bridge.written(answered)


def _publish(files: Files, path: str, text: str) -> int:
    files.write(f"{path}.partial", text.encode())
    if files.exists(f"{path}.answer"):
        return 1
    files.move(f"{path}.partial", f"{path}.answer")
    return 0
