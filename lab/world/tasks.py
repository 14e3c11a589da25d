"""The Task Scheduler of a simulated computer: tasks registered from their XML, started on demand.

Triggers are read but never fire: the collection starts its tasks itself. Sources: [MS-TSCH] 2.5 (the XML),
"Task Scheduler Error and Success Constants" (result codes).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import simpy

from lab.world.activity import Activity
from lab.world.network import LocalLogon, Logon, account
from lab.world.policy import HostPolicy

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"

NEVER_RAN = 267011
RUNNING = 267009
TERMINATED = 267014
FILE_NOT_FOUND = 2147942402

BATCH_LOGON_MISSING = 0x80070569
"""LastTaskResult of a task whose account may not log on as a batch job (ERROR_LOGON_TYPE_NOT_GRANTED)."""

NO_STORED_PASSWORD = 0x80070520
BAD_PASSWORD = 0x8007052E
UNKNOWN_ACCOUNT = 0x80070534
EXISTS = 0x800700B7
NOT_FOUND = 0x80070002
DISABLED = 0x80041326
UNEXPECTED_NODE = 0x80041316
WRONG_NAMESPACE = 0x80041317
INVALID_VALUE = 0x80041318
MISSING_NODE = 0x80041319
MALFORMED = 0x8004131A

MESSAGES = {
    NO_STORED_PASSWORD: "A specified logon session does not exist. It may already have been terminated.",
    BAD_PASSWORD: "The user name or password is incorrect.",
    UNKNOWN_ACCOUNT: "No mapping between account names and security IDs was done.",
    EXISTS: "Cannot create a file when that file already exists.",
    NOT_FOUND: "The system cannot find the file specified.",
    DISABLED: "The task is disabled.",
    UNEXPECTED_NODE: "The task XML contains an unexpected node.",
    WRONG_NAMESPACE: "The task XML contains an element or attribute from an unexpected namespace.",
    INVALID_VALUE: "The task XML contains a value which is incorrectly formatted or out of range.",
    MISSING_NODE: "The task XML is missing a required element or attribute.",
    MALFORMED: "The task XML is malformed.",
}
CATEGORIES = {BAD_PASSWORD: "AuthenticationError", EXISTS: "ResourceExists", NOT_FOUND: "ObjectNotFound"}
"""Error categories as PowerShell shows them for these results; the others are NotSpecified."""

SYSTEM_ACCOUNTS = frozenset({"system", "localservice", "networkservice", "local service", "network service"})


class TaskError(Exception):
    """What the Task Scheduler refuses, by its HRESULT."""

    def __init__(self, hresult: int, detail: str = "") -> None:
        super().__init__("\r\n".join(filter(None, [MESSAGES[hresult], detail])))
        self.hresult = hresult
        self.category = CATEGORIES.get(hresult, "NotSpecified")


@dataclass(frozen=True)
class Action:
    """One program of a task."""

    command: str
    arguments: str = ""


@dataclass(frozen=True)
class Definition:
    """What the XML of a task says, with the defaults of its schema."""

    actions: tuple[Action, ...]
    run_level: str = "LeastPrivilege"
    logon_type: str = "Password"
    enabled: bool = True
    time_limit: timedelta | None = timedelta(hours=72)
    """None: no limit (`PT0S`). The schema's default is three days."""
    settings: dict[str, str] = field(default_factory=dict)
    """The Settings as they were written."""


@dataclass(eq=False)
class Task:
    """A registered task. `state`: Ready, Running or Disabled; `last_result`: exit code, or 267011, 267009, 267014."""

    name: str
    path: str
    definition: Definition
    logon: LocalLogon
    xml: str
    state: str = "Ready"
    last_run: datetime | None = None
    last_result: int = NEVER_RAN
    program: simpy.Process | None = None


class TaskHost(Protocol):
    """What the scheduler asks of its computer."""

    @property
    def env(self) -> simpy.Environment: ...

    @property
    def accounts(self) -> Mapping[str, str]: ...

    @property
    def policy(self) -> HostPolicy: ...

    def now(self) -> datetime: ...

    def accepts(self, user: str, password: str) -> bool: ...

    def launch(self, program: str, arguments: str, logon: Logon) -> simpy.Process: ...


class Scheduler:
    """The tasks of one computer."""

    def __init__(self, computer: TaskHost) -> None:
        self._computer = computer
        self._tasks: dict[str, Task] = {}

    def __iter__(self) -> Iterator[Task]:
        return iter(list(self._tasks.values()))

    def find(self, name: str, path: str = "\\") -> Task:
        """The task of that name. Raises TaskError (0x80070002)."""
        task = self._tasks.get(_key(path, name))
        if task is None:
            raise TaskError(NOT_FOUND)
        return task

    def register(
        self, name: str, xml: str, user: str, password: str | None, *, path: str = "\\", replace: bool = False
    ) -> Task:
        """Takes a task in. Raises TaskError: bad XML, unknown account, wrong password, a name that is taken."""
        definition = parse(xml)
        self._check_account(user, password)
        key = _key(path, name)
        if key in self._tasks and not replace:
            raise TaskError(EXISTS)
        state = "Ready" if definition.enabled else "Disabled"
        task = Task(name, path, definition, _logon(user, definition), xml, state)
        self._tasks[key] = task
        return task

    def unregister(self, task: Task) -> None:
        """Forgets the task; a program of it that runs goes on (as `schtasks /delete` documents)."""
        self._tasks.pop(_key(task.path, task.name), None)

    def start(self, task: Task) -> None:
        """Runs the task once; one that runs is left alone (policy IgnoreNew). Raises TaskError when disabled."""
        if task.state == "Disabled":
            raise TaskError(DISABLED)
        if task.state == "Ready" and self.doubtful(task):
            task.last_run, task.last_result = self._computer.now(), BATCH_LOGON_MISSING
        elif task.state == "Ready":
            task.state, task.last_run, task.last_result = "Running", self._computer.now(), RUNNING
            self._computer.env.process(self._run(task))

    def stop(self, task: Task) -> None:
        """Ends the task's program at once."""
        if task.program is not None and task.program.is_alive:
            task.program.interrupt(TERMINATED)

    def _check_account(self, user: str, password: str | None) -> None:
        if account(user) in SYSTEM_ACCOUNTS:
            return
        if account(user) not in self._computer.accounts:
            raise TaskError(UNKNOWN_ACCOUNT)
        if password is None or not self._computer.accepts(user, password):
            raise TaskError(BAD_PASSWORD)
        if not self._computer.policy.stores_passwords:
            raise TaskError(NO_STORED_PASSWORD)

    def doubtful(self, task: Task) -> bool:
        """Whether it was taken in, but cannot run: its account may not log on as a batch job."""
        return account(task.logon.user) not in SYSTEM_ACCOUNTS and not self._computer.policy.batch_logon

    def _run(self, task: Task) -> Activity:
        result = 0
        for action in task.definition.actions:
            result = yield from self._perform(task, action)
            if result == TERMINATED:
                break
        task.state, task.last_result, task.program = "Ready", result, None

    def _perform(self, task: Task, action: Action) -> Activity:
        try:
            task.program = self._computer.launch(action.command, action.arguments, task.logon)
        except FileNotFoundError:
            return FILE_NOT_FOUND
        yield from self._wait(task.program, task.definition.time_limit)
        return task.program.value

    def _wait(self, program: simpy.Process, limit: timedelta | None) -> Activity:
        if limit is None:
            yield program
            return
        yield program | self._computer.env.timeout(limit.total_seconds())
        if program.is_alive:
            program.interrupt(TERMINATED)
            yield program


def _key(path: str, name: str) -> str:
    return f"{path.strip(chr(92))}\\{name}".casefold()


def _logon(user: str, definition: Definition) -> LocalLogon:
    """With a password it reaches shares; S4U and SYSTEM do not."""
    return LocalLogon(user, delegates=account(user) not in SYSTEM_ACCOUNTS and definition.logon_type == "Password")


# --- the XML of a task ([MS-TSCH] 2.5)

BOOLEAN = r"true|false|1|0"
DURATION = r"P(?!$)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?"
ANYTHING = r"(?s).*"

SETTINGS = {
    "AllowStartOnDemand": BOOLEAN,
    "RestartOnFailure": ANYTHING,
    "MultipleInstancesPolicy": "Parallel|Queue|IgnoreNew|StopExisting",
    "DisallowStartIfOnBatteries": BOOLEAN,
    "StopIfGoingOnBatteries": BOOLEAN,
    "AllowHardTerminate": BOOLEAN,
    "StartWhenAvailable": BOOLEAN,
    "NetworkProfileName": ANYTHING,
    "RunOnlyIfNetworkAvailable": BOOLEAN,
    "NetworkSettings": ANYTHING,
    "WakeToRun": BOOLEAN,
    "Enabled": BOOLEAN,
    "Hidden": BOOLEAN,
    "DeleteExpiredTaskAfter": DURATION,
    "IdleSettings": ANYTHING,
    "ExecutionTimeLimit": DURATION,
    "Priority": r"\d|10",
    "RunOnlyIfIdle": BOOLEAN,
    "UseUnifiedSchedulingEngine": BOOLEAN,
    "DisallowStartOnRemoteAppSession": BOOLEAN,
    "MaintenanceSettings": ANYTHING,
    "Volatile": BOOLEAN,
}
PRINCIPAL = {
    "UserId": ANYTHING,
    "LogonType": "S4U|Password|InteractiveToken|InteractiveTokenOrPassword",
    "GroupId": ANYTHING,
    "DisplayName": ANYTHING,
    "RunLevel": "LeastPrivilege|HighestAvailable",
    "ProcessTokenSidType": ANYTHING,
    "RequiredPrivileges": ANYTHING,
}
EXEC = {"Command": r"(?s).+", "Arguments": ANYTHING, "WorkingDirectory": ANYTHING}
TASK = dict.fromkeys(("RegistrationInfo", "Triggers", "Principals", "Settings", "Data", "Actions"), ANYTHING)


def parse(xml: str) -> Definition:
    """Reads the XML of a task. Raises TaskError as Register-ScheduledTask does."""
    root = _root(xml)
    parts = _children(root, TASK)
    principal = _principal(parts.get("Principals"))
    settings = _texts(_children(parts.get("Settings"), SETTINGS))
    return Definition(
        _actions(parts.get("Actions")),
        principal.get("RunLevel", "LeastPrivilege"),
        principal.get("LogonType", "Password"),
        settings.get("Enabled", "true") in ("true", "1"),
        _duration(settings.get("ExecutionTimeLimit", "PT72H")),
        settings,
    )


def _root(xml: str) -> ElementTree.Element:
    declared = re.match(r"\s*<\?xml[^>]*encoding=[\"']([^\"']+)", xml)
    if declared and declared[1].upper() != "UTF-16":
        raise TaskError(MALFORMED, f"(1,{declared.end()})::ERROR: unable to switch the encoding")
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        line, column = error.position
        raise TaskError(MALFORMED, f"({line},{column + 1})::ERROR: incorrect document syntax") from error
    if root.tag != f"{NAMESPACE}Task":
        raise TaskError(WRONG_NAMESPACE, f"(1,2):{_bare(root)}:")
    return root


def _bare(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ElementTree.Element | None, allowed: dict[str, str]) -> dict[str, ElementTree.Element]:
    found: dict[str, ElementTree.Element] = {}
    for child in element if element is not None else ():
        name, text = _bare(child), (child.text or "").strip()
        if name not in allowed or not child.tag.startswith(NAMESPACE) or name in found:
            raise TaskError(UNEXPECTED_NODE, f"(1,2):{name}:")
        if not len(child) and not re.fullmatch(allowed[name], text):
            raise TaskError(INVALID_VALUE, f"(1,2):{name}:{text}")
        found[name] = child
    return found


def _texts(elements: dict[str, ElementTree.Element]) -> dict[str, str]:
    return {name: (element.text or "").strip() for name, element in elements.items()}


def _principal(element: ElementTree.Element | None) -> dict[str, str]:
    principal = _children(element, {"Principal": ANYTHING}).get("Principal")
    return _texts(_children(principal, PRINCIPAL))


def _actions(element: ElementTree.Element | None) -> tuple[Action, ...]:
    actions = tuple(_action(child) for child in (element if element is not None else ()))
    if not actions:
        raise TaskError(MISSING_NODE, "(1,2):Actions:")
    return actions


def _action(element: ElementTree.Element) -> Action:
    if _bare(element) != "Exec":
        raise TaskError(UNEXPECTED_NODE, f"(1,2):{_bare(element)}:")
    texts = _texts(_children(element, EXEC))
    if "Command" not in texts:
        raise TaskError(MISSING_NODE, "(1,2):Exec:")
    return Action(texts["Command"], texts.get("Arguments", ""))


def _duration(text: str) -> timedelta | None:
    """An ISO 8601 duration; a year is 365 days and a month 30, and zero is no limit at all."""
    date, _, time = text[1:].partition("T")
    days = sum(int(n) * {"Y": 365, "M": 30, "D": 1}[unit] for n, unit in re.findall(r"(\d+)([YMD])", date))
    seconds = sum(int(n) * {"H": 3600, "M": 60, "S": 1}[unit] for n, unit in re.findall(r"(\d+)([HMS])", time))
    return timedelta(days=days, seconds=seconds) or None
