# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A job as it lies on the appliance: a scheduled task, the files beside it, the steps that make it and look at it.

Its name is the claim, and its answer is a file. Needs nothing but ordinary steps (bridge.md 14).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from ..bridge.exchange import document, encode_command, find_answer
from ..cce import paths, steps
from ..cce.answers import Answer, Result
from ..cce.steps import Step
from .arguments import Account

TASK_RUNNING = 267009
TASK_NEVER_RUN = 267011
TASK_NOT_FOUND = ("CmdletizationQuery_NotFound",)
"""How the id of Get-ScheduledTask's error begins where there is no task of that name."""
TASK_EXISTS = "0x800700b7"
"""What Register-ScheduledTask's error is called when there is a task of that name (ERROR_ALREADY_EXISTS)."""

NOT_LOGGED_ON = {
    0x8007052E: "user or password is wrong",
    0x80070533: "the account is disabled",
    0x80070569: "the account has no right to log on as a batch job",
    0x80070775: "the account is locked out",
}
"""Results of a task that did not begin, since Windows did not log its account on."""

SYSTEM = Account("SYSTEM", "")
"""Runs a job that needs neither the credential cache nor a share; it has no password."""
SYSTEM_SID = "S-1-5-18"

POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
"""By its full path, so that no other program of that name is run with the task's privileges."""

# Reads the request beside it, runs the same bridge, writes the answer under a name nobody reads, then renames it.
JOB_RUNNER = """# sfb.cloud_connector job
$job = '{path}'
$doc = ConvertFrom-Json ([IO.File]::ReadAllText("$job.request"))
$answer = & ([ScriptBlock]::Create($doc.bridge)) $doc.request
[IO.File]::WriteAllText("$job.partial", [string]::Join("`n", @($answer)))
[IO.File]::Move("$job.partial", "$job.answer")
"""

# The schema's own defaults are traps: it would stop on battery (a UPS), after three days, and run below normal priority.
TASK_XML = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>{description}</Description></RegistrationInfo>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>{logon}<RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>false</StartWhenAvailable>
    <ExecutionTimeLimit>PT{limit}S</ExecutionTimeLimit>
    <Priority>5</Priority>
  </Settings>
  <Actions Context="Author"><Exec><Command>{command}</Command><Arguments>{arguments}</Arguments></Exec></Actions>
</Task>
"""


class Phase(enum.Enum):
    """Where a job is, as one look at the appliance shows it."""

    ABSENT = "gone: another run has fetched its answer"
    CLAIMED = "claimed, not begun yet"
    RUNNING = "running"
    UNKNOWN = "not to be told, since its task or its answer cannot be read"
    ANSWERED = "answered"
    DEAD = "over without an answer: the host restarted, or the process was killed"


@dataclass(frozen=True)
class Job:
    """`name` is the claim: one install to 2.1 is `install-2.1`, whoever starts it. No step of a job may carry a secret.

    Attributes:
        steps: what the bridge runs.
        document: the text of its request where another program than the bridge runs; None: the bridge with the steps.
        limit: seconds after which Windows ends it; 0: never.
    """

    name: str
    steps: Sequence[Step]
    document: str | None = None
    limit: int = 0

    @property
    def path(self) -> str:
        return rf"{paths.JOBS}\{self.name}"

    @property
    def request(self) -> str:
        """The text of its request."""
        return document(steps.request(self.steps)) if self.document is None else self.document

    @property
    def task(self) -> str:
        return f"sfb.cloud_connector-{self.name}"


@dataclass(frozen=True)
class Look:
    """One poll. `claim` is the hash of the claim, which tells one start from another; `answer` is there once ANSWERED.

    `result` is what the task ended with, where it has.
    """

    phase: Phase
    claim: str = ""
    answer: Answer | None = None
    result: int | None = None

    def __str__(self) -> str:
        if not self.result:
            return self.phase.value
        reason = NOT_LOGGED_ON.get(self.result)
        if reason is not None:
            return f"not begun: {reason} (the task ended with 0x{self.result:08X})"
        return f"{self.phase.value} (its task ended with 0x{self.result:08X})"


def task_xml(job: Job, user: str) -> str:
    """The task of `job`: no trigger, highest privileges, normal priority, no time limit but its own."""
    is_system = user == SYSTEM.user
    script = encode_command(JOB_RUNNER.format(path=job.path))
    return TASK_XML.format(
        description=escape(f"sfb.cloud_connector: {job.name}"),
        user=SYSTEM_SID if is_system else escape(user),
        logon="" if is_system else "<LogonType>Password</LogonType>",
        limit=job.limit,
        command=POWERSHELL,
        arguments=escape(script.removeprefix("PowerShell ")),
    )


def start_steps(job: Job, account: Account, claim: str, fences: Sequence[Step] = ()) -> list[Step]:
    """Claims the job and starts it, unless one of `fences` stops the list. It stops at the claim where the job is there."""
    return [
        *fences,
        *steps.job_folder(),
        steps.claim("claim", f"{job.path}{paths.CLAIM}", claim),
        steps.remove_file("remove_answer", f"{job.path}.answer"),
        steps.file_gone("no_old_answer", f"{job.path}.answer"),
        steps.remove_file("remove_partial", f"{job.path}.partial"),
        steps.write_file("request", f"{job.path}.request", job.request),
        steps.task_register("register_task", job.task, task_xml(job, account.user), account.user, account.password),
        steps.task_start("start_task", job.task),
    ]


def look_steps(job: Job) -> list[Step]:
    """The order matters: a task that has ended wrote its answer before, so the answer is read after the task."""
    return [
        steps.task_state("task", job.task),
        steps.task_info("info", job.task),
        steps.file_text("answer", f"{job.path}.answer"),
        steps.hash_of("claim", f"{job.path}{paths.CLAIM}"),
    ]


def digest(claim: str) -> str:
    """The hash of the file that has this text."""
    return hashlib.sha256(claim.encode()).hexdigest().upper()


def clear_steps(job: Job, claim: str) -> list[Step]:
    """Takes the job away, its claim last. The answer goes, too: what a product says may hold a password.

    Only while the claim is the one of this hash: a job that another run has started meanwhile is not touched. After a power cut,
    which may leave a file of null characters, it would not be known by its text.
    """
    return [
        steps.file_hash("claim_unchanged", f"{job.path}{paths.CLAIM}", claim),
        steps.task_unregister("unregister_task", job.task),
        steps.remove_file("remove_request", f"{job.path}.request"),
        steps.remove_file("remove_collected", f"{job.path}.answer"),
        steps.remove_file("remove_claim", f"{job.path}{paths.CLAIM}"),
    ]


def read_look(answer: Answer) -> Look:
    """What `look_steps` found. An answer without a claim is left over from an earlier job and is ignored."""
    results = answer.results
    if results["claim"].is_absent():
        return Look(Phase.ABSENT)
    found_claim = results["claim"].output
    claim = str(found_claim[0]["Hash"]) if found_claim else ""
    text = "".join(results["answer"].output)
    found = find_answer(text) if text else None
    if found is not None:
        return Look(Phase.ANSWERED, claim, found)
    if results["answer"].errors and not results["answer"].is_absent():
        return Look(Phase.UNKNOWN, claim)
    info = results["info"].output
    phase = _task_phase(results["task"], info)
    return Look(phase, claim, result=info[0]["LastTaskResult"] if phase is Phase.DEAD else None)


def _task_phase(task: Result, info: Sequence[Mapping[str, Any]]) -> Phase:
    """A result that says "running" of a task that does not run was left by a power cut.

    A job is given up only for what is known: WMI fails now and then on a host that is short of memory.
    """
    if task.is_absent(TASK_NOT_FOUND):
        return Phase.CLAIMED
    state = task.output[0]["State"] if task.output else None
    if state in ("Running", "Queued"):
        return Phase.RUNNING
    if state not in ("Ready", "Disabled") or not info:
        return Phase.UNKNOWN
    return Phase.CLAIMED if info[0]["LastTaskResult"] in (TASK_NEVER_RUN, TASK_RUNNING) else Phase.DEAD
