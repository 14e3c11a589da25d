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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from ._bridge import Answer, ConnectionLost, document, encode_command, find_answer
from .cce import steps
from .cce.steps import Step

FOLDER = rf"{steps.OUR_DATA}\jobs"
TASK_RUNNING = 267009
TASK_NEVER_RUN = 267011
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

    ABSENT = "absent"
    CLAIMED = "claimed, not begun yet"
    RUNNING = "running"
    ANSWERED = "answered"
    DEAD = "ended without an answer"


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
    """One poll. `answer` is there in phase ANSWERED only."""

    phase: Phase
    answer: Answer | None = None


class JobUnfinished(Exception):
    """The job outlived the wait: it goes on by itself and the same command finds it again."""


class JobDied(Exception):
    """The task ended and left no answer (host restarted, process killed)."""


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


def start_steps(job: Job, account: Account, claim: Mapping[str, str]) -> list[Step]:
    """Claims the job and starts it; the list stops at the claim when somebody has it already."""
    return [
        steps.make_folder("job_folder", FOLDER),
        steps.claim("claim", f"{job.path}.claim", json.dumps(dict(claim))),
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
        steps.file_exists("claim", f"{job.path}.claim"),
    ]


def clear_steps(job: Job) -> list[Step]:
    """Takes the job away, the claim last; the answer stays as evidence until the next job of this name."""
    return [
        steps.task_unregister("unregister_task", job.task),
        steps.remove_file("remove_request", f"{job.path}.request"),
        steps.read(
            "keep_answer",
            "Move-Item",
            {
                "LiteralPath": f"{job.path}.answer",
                "Destination": f"{job.path}.last",
                "Force": True,
            },
        ),
        steps.remove_file("remove_claim", f"{job.path}.claim"),
    ]


def read_look(answer: Answer) -> Look:
    """What `look_steps` found."""
    results = answer.results
    text = "".join(results["answer"].output)
    found = find_answer(text) if text else None
    if found is not None:
        return Look(Phase.ANSWERED, found)
    if results["claim"].output != [True]:
        return Look(Phase.ABSENT)
    return Look(_task_phase(results["task"].output, results["info"].output))


def _task_phase(task: Sequence[Mapping[str, Any]], info: Sequence[Mapping[str, Any]]) -> Phase:
    if not task or not info or info[0]["LastTaskResult"] == TASK_NEVER_RUN:
        return Phase.RUNNING if task and task[0]["State"] == "Running" else Phase.CLAIMED
    if task[0]["State"] in ("Running", "Queued") or info[0]["LastTaskResult"] == TASK_RUNNING:
        return Phase.RUNNING
    return Phase.DEAD


@dataclass
class Runner:
    """Starts or finds a job and waits for its answer. Times in seconds of the controller."""

    exchange: Callable[[Sequence[Step]], Answer]
    account: Account | None
    claim: Mapping[str, str]
    poll: float
    limit: float
    tell: Callable[[str], None] = lambda text: None
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def look(self, job: Job) -> Look:
        return read_look(self.exchange(look_steps(job)))

    def run(self, job: Job) -> Answer:
        """The answer of `job`, started now or long ago. Raises JobUnfinished, JobDied, JobNotStarted, ConnectionLost."""
        if self.look(job).phase is Phase.ABSENT:
            self._start(job)
        answer = self._wait(job)
        self.exchange(clear_steps(job))
        return answer

    def clear(self, job: Job) -> None:
        """Forget a job that is known to be over."""
        self.exchange(clear_steps(job))

    def _start(self, job: Job) -> None:
        if self.account is None:
            raise ValueError(f"{job.name} needs task_user and task_password")
        answer = self.exchange(start_steps(job, self.account, self.claim))
        if answer.failed and answer.stopped != ("claim", "error"):
            self.exchange(clear_steps(job))
            raise JobNotStarted(answer)
        self.tell(f"{job.name}: started")

    def _wait(self, job: Job) -> Answer:
        begun = self.now()
        tell = self._teller(job)
        while True:
            look = self._patient_look(job, begun)
            if look.phase is Phase.ANSWERED and look.answer is not None:
                return look.answer
            waited = self.now() - begun
            if look.phase in (Phase.DEAD, Phase.ABSENT) or (look.phase is Phase.CLAIMED and waited > BEGIN_SECONDS):
                self.clear(job)
                raise JobDied(f"{job.name} {look.phase.value}")
            if waited > self.limit:
                raise JobUnfinished(f"{job.name} is still running after {waited:.0f} seconds")
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

    def _patient_look(self, job: Job, begun: float) -> Look:
        """A look that survives a line lost for a while: it changes nothing, so it may be tried again."""
        for attempt in range(3):
            try:
                return self.look(job)
            except ConnectionLost:
                if attempt == 2 or self.now() - begun > self.limit:
                    raise
                self.sleep(self.poll)
        raise AssertionError("not reached")
