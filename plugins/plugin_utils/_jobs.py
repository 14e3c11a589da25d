# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Long work that outlives us: a scheduled task whose name is the claim and whose answer is a file.

The controller starts a job or finds it, polls it, and may die and come back; "still running" is never "failed" and a job
is never started twice. Needs nothing but ordinary steps (bridge/README.md, "Jobs need no more than steps").

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import enum
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from ._bridge import Answer, ConnectionLost, NoAnswer, Result, document, encode_command, find_answer
from .cce import steps
from .cce.answers import ABSENT
from .cce.steps import Step

FOLDER = rf"{steps.OUR_DATA}\jobs"
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

PATIENCE = 2
"""How often a look that fails is forgiven: a lost line, or a host too short of memory for one more PowerShell."""

BEGIN_SECONDS = 60.0
"""A claim that has neither a task that ran nor an answer after this time is a job that was not begun."""

TELL_SECONDS = 300.0
"""A person who watches wants a sign of life, not a line for each poll."""

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
      <UserId>{user}</UserId><LogonType>Password</LogonType><RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>false</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
  </Settings>
  <Actions Context="Author"><Exec><Command>powershell.exe</Command><Arguments>{arguments}</Arguments></Exec></Actions>
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
class Account:
    """Who the task runs as: a full logon, so that it reaches the site share and the credential cache."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Job:
    """`name` is the claim: one install to 2.1 is `install-2.1`, whoever starts it. No step of a job may carry a secret."""

    name: str
    steps: Sequence[Step]

    @property
    def path(self) -> str:
        return rf"{FOLDER}\{self.name}"

    @property
    def task(self) -> str:
        return f"sfb.cloud_connector-{self.name}"


@dataclass(frozen=True)
class Look:
    """One poll. `claim` is the text of the claim, which tells one start from another; `answer` is there once ANSWERED.

    `result` is what the task ended with, where it has.
    """

    phase: Phase
    claim: Sequence[str] = ()
    answer: Answer | None = None
    result: int | None = None

    def __str__(self) -> str:
        if not self.result:
            return self.phase.value
        reason = NOT_LOGGED_ON.get(self.result)
        if reason is not None:
            return f"not begun: {reason} (the task ended with 0x{self.result:08X})"
        return f"{self.phase.value} (its task ended with 0x{self.result:08X})"


class JobUnfinished(Exception):
    """The job outlived the wait: it goes on by itself and the same command finds it again."""


class JobDied(Exception):
    """There is no answer and there will be none: the text says why. What was done, only the state of the appliance tells."""

    def __init__(self, job: Job, look: Look) -> None:
        super().__init__(f"{job.name} is {look}")
        self.not_logged_on = look.result in NOT_LOGGED_ON


class JobNotStarted(Exception):
    """The appliance refused the task; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("the scheduled task could not be started")
        self.answer = answer


def task_xml(job: Job, user: str) -> str:
    """The task of `job`: no trigger, no time limit, highest privileges, normal priority."""
    command = encode_command(JOB_RUNNER.format(path=job.path))
    return TASK_XML.format(
        description=escape(f"sfb.cloud_connector: {job.name}"),
        user=escape(user),
        arguments=escape(command.removeprefix("PowerShell ")),
    )


def start_steps(job: Job, account: Account, claim: str) -> list[Step]:
    """Claims the job and starts it; the list stops at the claim when somebody has it already."""
    return [
        steps.make_folder("job_folder", FOLDER),
        steps.claim("claim", f"{job.path}.claim", claim),
        steps.remove_file("remove_answer", f"{job.path}.answer"),
        steps.file_gone("no_old_answer", f"{job.path}.answer"),
        steps.remove_file("remove_partial", f"{job.path}.partial"),
        steps.write_file("request", f"{job.path}.request", document(steps.request(job.steps))),
        steps.task_register("register_task", job.task, task_xml(job, account.user), account.user, account.password),
        steps.task_start("start_task", job.task),
    ]


def look_steps(job: Job) -> list[Step]:
    """The order matters: a task that has ended wrote its answer before, so the answer is read after the task."""
    return [
        steps.task_state("task", job.task),
        steps.task_info("info", job.task),
        steps.file_text("answer", f"{job.path}.answer"),
        steps.file_text("claim", f"{job.path}.claim"),
    ]


def clear_steps(job: Job, claim: Sequence[str]) -> list[Step]:
    """Takes the job away, its claim last; the answer stays as evidence until the next job of this name.

    Only while the claim is the one that was seen: a job that another run has started meanwhile is not touched.
    """
    return [
        steps.file_unchanged("claim_unchanged", f"{job.path}.claim", claim),
        steps.task_unregister("unregister_task", job.task),
        steps.remove_file("remove_request", f"{job.path}.request"),
        steps.keep_file("keep_answer", f"{job.path}.answer", f"{job.path}.last"),
        steps.remove_file("remove_claim", f"{job.path}.claim"),
    ]


def read_look(answer: Answer) -> Look:
    """What `look_steps` found. An answer without a claim is a stray of long ago."""
    results = answer.results
    if _is_absent(results["claim"], ABSENT):
        return Look(Phase.ABSENT)
    claim = tuple(results["claim"].output)
    text = "".join(results["answer"].output)
    found = find_answer(text) if text else None
    if found is not None:
        return Look(Phase.ANSWERED, claim, found)
    if results["answer"].errors and not _is_absent(results["answer"], ABSENT):
        return Look(Phase.UNKNOWN, claim)
    info = results["info"].output
    phase = _task_phase(results["task"], info)
    return Look(phase, claim, result=info[0]["LastTaskResult"] if phase is Phase.DEAD else None)


def _is_absent(result: Result, ids: tuple[str, ...]) -> bool:
    """Whether the step says that there is none; any other error says nothing of what there is."""
    return any(error.id.startswith(ids) for error in result.errors)


def _task_phase(task: Result, info: Sequence[Mapping[str, Any]]) -> Phase:
    """A result that says "running" of a task that does not run was left by a power cut.

    A job is given up only for what is known: WMI fails now and then on a host that is short of memory.
    """
    if _is_absent(task, TASK_NOT_FOUND):
        return Phase.CLAIMED
    state = task.output[0]["State"] if task.output else None
    if state in ("Running", "Queued"):
        return Phase.RUNNING
    if state not in ("Ready", "Disabled") or not info:
        return Phase.UNKNOWN
    return Phase.CLAIMED if info[0]["LastTaskResult"] in (TASK_NEVER_RUN, TASK_RUNNING) else Phase.DEAD


@dataclass
class Runner:
    """Starts or finds a job and waits for its answer. Times in seconds of the controller."""

    exchange: Callable[[Sequence[Step]], Answer]
    account: Account
    claim: Mapping[str, str]
    poll: float
    limit: float
    tell: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def run(self, job: Job, *, begun: bool) -> Answer:
        """The answer of `job`; unless it was `begun` before it is started now, by us or by a run that is faster.

        Raises JobUnfinished, JobDied, JobNotStarted, ConnectionLost.
        """
        if not begun:
            self._start(job)
        claim, answer = self._wait(job)
        self._clear(job, claim)
        return answer

    def _clear(self, job: Job, claim: Sequence[str]) -> None:
        self.exchange(clear_steps(job, claim))

    def _start(self, job: Job) -> None:
        claim = json.dumps({**self.claim, "token": uuid.uuid4().hex})
        answer = self.exchange(start_steps(job, self.account, claim))
        if not answer.failed:
            self.tell(f"{job.name}: started")
        elif self._taken(job, answer):
            self.tell(f"{job.name}: another run has started it, waiting for that one")
        else:
            self._withdraw(job, answer, claim)
            raise JobNotStarted(answer)

    def _taken(self, job: Job, answer: Answer) -> bool:
        """Whether the start failed because the claim or the task is there already."""
        step = answer.stopped[0] if answer.stopped else ""
        if step == "claim":
            return self._look(job).phase is not Phase.ABSENT
        return step == "register_task" and TASK_EXISTS in answer.results[step].errors[0].id

    def _withdraw(self, job: Job, answer: Answer, claim: str) -> None:
        """Leave nothing behind; a claim that is not ours stays."""
        made = answer.results.get("claim")
        if made is not None and not made.errors:
            self._clear(job, [claim])

    def _wait(self, job: Job) -> tuple[Sequence[str], Answer]:
        """The claim of the job that answered, and its answer."""
        begun = self.now()
        tell = self._teller(job)
        while True:
            look = self._patient_look(job, begun)
            waited = self.now() - begun
            if look.answer is not None:
                return look.claim, look.answer
            if look.phase in (Phase.DEAD, Phase.ABSENT) or (look.phase is Phase.CLAIMED and waited > BEGIN_SECONDS):
                self._clear(job, look.claim)
                raise JobDied(job, look)
            if waited > self.limit:
                raise JobUnfinished(f"{job.name} is {look.phase.value} after {waited:.0f} seconds of waiting")
            tell(look.phase, waited)
            self.sleep(self.poll)

    def _teller(self, job: Job) -> Callable[[Phase, float], None]:
        """Says where the job is when that changes, and every few minutes."""
        last: tuple[Phase | None, float] = (None, 0.0)

        def tell(phase: Phase, waited: float) -> None:
            nonlocal last
            if phase is not last[0] or waited - last[1] >= TELL_SECONDS:
                last = (phase, waited)
                self.tell(f"{job.name}: {phase.value}, waited {waited:.0f} s")

        return tell

    def _look(self, job: Job) -> Look:
        return read_look(self.exchange(look_steps(job)))

    def _patient_look(self, job: Job, begun: float) -> Look:
        """A look that fails for a while is no failure: it changes nothing, so it may be tried again."""
        for _attempt in range(PATIENCE):
            try:
                return self._look(job)
            except (ConnectionLost, NoAnswer):
                if self.now() - begun > self.limit:
                    raise
                self.sleep(self.poll)
        return self._look(job)
