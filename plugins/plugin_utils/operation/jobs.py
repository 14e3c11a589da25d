# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Long work that outlives us: a scheduled task whose name is the claim and whose answer is a file.

The controller starts a job or finds it, polls it, and may die and come back; "still running" is never "failed" and a job
is never started twice. Needs nothing but ordinary steps (bridge.md 14).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import enum
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from xml.sax.saxutils import escape

from ..bridge.exchange import document, encode_command, find_answer
from ..cce import paths, steps
from ..cce.answers import Answer, Result
from ..cce.exceptions import ConnectionLost, JobDied, NoAnswer, Unfinished, WorkFailed
from ..cce.failure_classes import FailureClass, recognise
from ..cce.progress import Outlook, span
from ..cce.steps import Step
from . import failures
from .arguments import Account
from .host import Host

T = TypeVar("T")

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

FAILED_POLLS = 2
"""Consecutive polls that may fail before the wait is given up: a lost line, or a host too short of memory for PowerShell."""

BEGIN_SECONDS = 60.0
"""A claim that has neither a task that ran nor an answer after this time is a job that was not begun."""

PROGRESS_SECONDS = 300.0
"""Least time between two progress messages that say the same."""

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


ENDS = {Phase.CLAIMED: FailureClass.JOB_NOT_BEGUN, Phase.ABSENT: FailureClass.JOB_COLLECTED}
"""The class of the failure, by how a job ended that left no answer; any other: the host restarted, or the process was killed."""


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
        steps.make_folder("our_folder", paths.OURS),
        steps.protect_folder("protect_folder", paths.OURS),
        steps.make_folder("job_folder", paths.JOBS),
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


@dataclass
class JobRunner:
    """Starts or finds the job of an operation and waits for its answer.

    Attributes:
        host: where it runs.
        name: the name of the job.
        account: who it runs as.
        poll: seconds between two looks.
        limit: seconds after which it is not waited for any more.
        run: names this run of ansible-playbook, in the claim.
        is_done: reads whether the state shows the work as done; asked where a job died without an answer.
        hint: what else to say where the job does not end in time.
        while_running: asked at each look at a job that is not over; what it raises ends the wait, not the job.
        outlook: what is known of its time, and of the rest of the run.
    """

    host: Host
    name: str
    account: Account
    poll: float
    limit: float
    run: str
    is_done: Callable[[], bool]
    hint: str = ""
    while_running: Callable[[], None] = lambda: None
    outlook: Outlook = field(default_factory=Outlook)

    def work(
        self,
        job_steps: Sequence[Step],
        doing: str,
        *,
        found: bool,
        fences: Sequence[Step] = (),
        keep: Callable[[Answer], Sequence[Step]] = lambda answer: (),
    ) -> Answer | None:
        """Start the job, or wait for the one that was found, and return its answer.

        Args:
            job_steps: what it runs; a job that was found runs what it was given when it was started.
            doing: what it is for, in words that follow "could not".
            found: whether it is on the appliance already.
            fences: stop the start on the appliance, before anything is claimed.
            keep: steps that write down what an answer says, run in the request that takes the job away: who is cut finds either
                the job or what was written down.

        Returns:
            The answer; None where the job left none and had done its work all the same.

        Raises:
            WorkFailed: it could not be started, or one of its steps failed; Unfinished: the wait is over; JobDied;
            ConnectionLost, NoAnswer.
        """
        job = self._job(job_steps)
        if not found:
            self._start(job, fences)
        answer = self._wait(job, doing, keep)
        if answer is None:
            return None
        self.host.take_warnings(job_steps, answer)
        if answer.failed:
            failed = failures.steps_failed(doing, job_steps, answer, attached=False)
            failed.outputs = {name: result.output for name, result in answer.results.items()}
            raise failed
        return answer

    def end(self, fences: Sequence[Step]) -> bool:
        """End the job that runs, and take it away.

        Args:
            fences: the list stops at them, on the appliance, right before the end.

        Returns:
            Whether it was ended; it goes on where a fence did not hold.

        Raises:
            ConnectionLost, NoAnswer.
        """
        job = Job(self.name, ())
        unchanged, *clear = clear_steps(job, self._look(job).claim)
        answer = self.exchange([unchanged, *fences, steps.task_stop("stop_task", job.task), *clear])
        return answer.stopped is None

    def asked(self) -> Sequence[Step]:
        """The steps that the job on the appliance was given, as they lie there; none where that cannot be read."""
        answer = self.exchange([steps.file_text("request", f"{Job(self.name, ()).path}.request")])
        text = "".join(str(part) for part in answer.results["request"].output)
        try:
            found = json.loads(text)["request"]["steps"]
        except (KeyError, TypeError, ValueError):
            return ()
        return [one for one in found if isinstance(one, dict)]

    def _job(self, job_steps: Sequence[Step]) -> Job:
        return Job(self.name, job_steps)

    def _start(self, job: Job, fences: Sequence[Step]) -> None:
        claim = json.dumps({"run": self.run, "host": self.host.name, "token": uuid.uuid4().hex})
        asked = start_steps(job, self.account, claim, fences)
        answer = self.exchange(asked)
        if not answer.failed:
            self.host.tell(f"{job.name}: started")
        elif self._is_taken(job, answer):
            self.host.tell(f"{job.name}: another run has started it, waiting for that one")
        else:
            self._withdraw(job, answer, claim)
            raise failures.steps_failed(f"start the job {job.name}", asked, answer)

    def _is_taken(self, job: Job, answer: Answer) -> bool:
        """Whether the start failed because the claim or the task is there already."""
        step = answer.stopped[0] if answer.stopped else ""
        if step == "claim":
            return self._look(job).phase is not Phase.ABSENT
        return step == "register_task" and TASK_EXISTS in answer.results[step].errors[0].id

    def _withdraw(self, job: Job, answer: Answer, claim: str) -> None:
        """Leave nothing behind; a claim that is not ours stays."""
        made = answer.results.get("claim")
        if made is not None and not made.errors:
            self.exchange(clear_steps(job, digest(claim)))

    def _wait(self, job: Job, doing: str, keep: Callable[[Answer], Sequence[Step]]) -> Answer | None:
        """The answer of the job; None where there will be none and the work is done."""
        clock = self.host.clock
        begun = clock.monotonic()
        report = self.reporter()
        while True:
            look = self.patiently(partial(self._look, job), begun)
            waited = clock.monotonic() - begun
            if look.answer is not None:
                self._collect(job, look, look.answer, keep)
                return look.answer
            if look.phase in (Phase.DEAD, Phase.ABSENT) or (look.phase is Phase.CLAIMED and waited > BEGIN_SECONDS):
                self.exchange(clear_steps(job, look.claim))
                self._require_done(job, look, doing)
                return None
            if waited > self.limit:
                raise self.unfinished(look.phase.value, waited)
            report(look.phase.value, waited)
            self.while_running()
            clock.sleep(self.poll)

    def _collect(self, job: Job, look: Look, answer: Answer, keep: Callable[[Answer], Sequence[Step]]) -> None:
        """Take the job away, what is to be kept of its answer written down before. Raises WorkFailed."""
        kept = [] if answer.failed else [*keep(answer)]
        asked = [*kept, *clear_steps(job, look.claim)]
        cleared = self.exchange(asked)
        if cleared.stopped and cleared.stopped[0] in {step["name"] for step in kept}:
            raise failures.steps_failed("write down what was done", asked, cleared)

    def _require_done(self, job: Job, look: Look, doing: str) -> None:
        """A job that left no answer may have done its work all the same: only the state can tell. Raises WorkFailed."""
        if self.is_done():
            return
        what = f"Could not {doing}: the job {job.name} is {look}."
        if look.result in NOT_LOGGED_ON:
            raise WorkFailed(what, failure=recognise("", str(look)) or FailureClass.LOGON_FAILURE)
        raise JobDied(what, failure=ENDS.get(look.phase))

    def unfinished(self, phase: str, waited: float) -> Unfinished:
        """The failure of a wait that is over, after so many seconds; `phase` follows the words "the job is"."""
        return Unfinished(
            f"{self.name} is {phase} after {waited:.0f} seconds of waiting; it goes on by itself on {self.host.name}.",
            f"Wait, then run the same command again: it finds the job and does not start a second one.{self.hint}",
        )

    def reporter(self) -> Callable[[str, float], None]:
        """Says where the job is when that changes, and every few minutes: given the phase and the seconds of waiting."""
        last = ("", 0.0)

        def report(phase: str, waited: float) -> None:
            nonlocal last
            if phase != last[0] or waited - last[1] >= PROGRESS_SECONDS:
                last = (phase, waited)
                self.host.tell(f"{self.name}: {phase}, waited {span(waited)}{self.outlook.sentence(waited)}")

        return report

    def _look(self, job: Job) -> Look:
        return read_look(self.exchange(look_steps(job)))

    def patiently(self, look: Callable[[], T], begun: float) -> T:
        """A look that fails for a while is no failure: it changes nothing, so it may be tried again.

        Args:
            look: one look at the appliance.
            begun: the clock's reading when the wait began.

        Raises:
            ConnectionLost, NoAnswer.
        """
        for _attempt in range(FAILED_POLLS):
            try:
                return look()
            except (ConnectionLost, NoAnswer):
                if self.host.clock.monotonic() - begun > self.limit:
                    raise
                self.host.clock.sleep(self.poll)
        return look()

    def exchange(self, asked: Sequence[Step]) -> Answer:
        """An exchange after which nobody knows when the next one comes. Raises ConnectionLost, NoAnswer."""
        try:
            return self.host.exchange(asked)
        finally:
            self.host.hang_up()
