# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Long work that outlives us: starts a job (`job.py`) or finds it, and waits for its answer.

The controller starts a job or finds it, polls it, and may die and come back; "still running" is never "failed" and a job
is never started twice.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ..cce import steps
from ..cce.answers import Answer
from ..cce.appliance import Appliance
from ..cce.exceptions import JobDied, WorkFailed
from ..cce.failure_classes import FailureClass, recognise
from ..cce.reading import need
from ..cce.steps import Step
from . import failures
from .arguments import Account
from .job import NOT_LOGGED_ON, TASK_EXISTS, Job, Look, Phase, clear_steps, digest, look_steps, read_look, start_steps
from .long_work import LongWork
from .site_guard import fresh_until

BEGIN_SECONDS = 60.0
"""A claim that has neither a task that ran nor an answer after this time is a job that was not begun."""

START_SECONDS = 30.0
"""How much later than the start of a job its steps may begin."""

ENDS = {Phase.CLAIMED: FailureClass.JOB_NOT_BEGUN, Phase.ABSENT: FailureClass.JOB_COLLECTED}
"""The class of the failure, by how a job ended that left no answer; any other: the host restarted, or the process was killed."""


@dataclass(kw_only=True)
class JobRunner(LongWork):
    """Starts or finds the job of an operation and waits for its answer.

    Attributes:
        account: who it runs as.
        while_running: asked at each look at a job that is not over; what it raises ends the wait, not the job.
        program: the text of its request where another program than the bridge runs.
        task_limit: seconds after which Windows ends it; 0: never.
    """

    account: Account
    while_running: Callable[[], None] = lambda: None
    program: str | None = None
    task_limit: int = 0

    def is_found(self, state: Appliance) -> bool:
        """Whether the job is on the appliance, running or with an answer nobody has fetched yet. Raises NotReadError."""
        return bool(self.name) and self.name in need(state.jobs)

    def do(
        self,
        state: Appliance,
        job_steps: Sequence[Step],
        doing: str,
        *,
        fences: Sequence[Step] = (),
        in_time: bool = False,
        keep: Callable[[Answer], Sequence[Step]] = lambda answer: (),
    ) -> Answer | None:
        """Run the job, or wait for the one that was found.

        Args:
            state: the appliance as it was read.
            in_time: start and job are stopped where they come later than that state may be acted on, for work that its own
                fences would let through a second time.
            job_steps, doing, fences, keep: as `work` takes them.

        Returns:
            Its answer; None where it left none and had done its work all the same.

        Raises:
            WorkFailed, NotReadError, ConnectionLost, NoAnswer.
        """
        found = self.is_found(state)
        deadline = fresh_until(state, state.read_at) if in_time and not found else None
        return self.work(job_steps, doing, found=found, fences=fences, deadline=deadline, keep=keep)

    def work(
        self,
        job_steps: Sequence[Step],
        doing: str,
        *,
        found: bool,
        fences: Sequence[Step] = (),
        deadline: datetime | None = None,
        keep: Callable[[Answer], Sequence[Step]] = lambda answer: (),
    ) -> Answer | None:
        """Start the job, or wait for the one that was found, and return its answer.

        Args:
            job_steps: what it runs; a job that was found runs what it was given when it was started.
            doing: what it is for, in words that follow "could not".
            found: whether it is on the appliance already.
            fences: stop the start on the appliance, before anything is claimed.
            deadline: a start that comes later is stopped there, and so are steps that begin much later than that.
            keep: steps that write down what an answer says, run in the request that takes the job away: who is cut finds either
                the job or what was written down.

        Returns:
            The answer; None where the job left none and had done its work all the same.

        Raises:
            WorkFailed: it could not be started, or one of its steps failed; Unfinished: the wait is over; JobDied;
            ConnectionLost, NoAnswer.
        """
        if not found and deadline is not None:
            fences = [*steps.not_after(deadline), *fences]
            job_steps = [*steps.not_after(deadline + timedelta(seconds=START_SECONDS)), *job_steps]
        job = Job(self.name, job_steps, self.program, self.task_limit)
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

    def _start(self, job: Job, fences: Sequence[Step]) -> None:
        claim = self.claim_text(uuid.uuid4().hex)
        asked = start_steps(job, self.account, claim, fences)
        answer = self.exchange(asked)
        if not answer.failed:
            self.host.tell(f"{job.name}: started")
        elif self._is_taken(job, answer):
            self.host.tell(f"{job.name}: another run has started it, waiting for that one")
        elif self._has_begun(job, answer):
            self.host.tell(f"{job.name}: started, though Windows said that it could not be")
        else:
            self._withdraw(job, answer, claim)
            raise failures.steps_failed(f"start the job {job.name}", asked, answer)

    def _is_taken(self, job: Job, answer: Answer) -> bool:
        """Whether the start failed because the claim or the task is there already."""
        step = answer.stopped[0] if answer.stopped else ""
        if step == "claim":
            return self._look(job).phase is not Phase.ABSENT
        return step == "register_task" and TASK_EXISTS in answer.results[step].errors[0].id

    def _has_begun(self, job: Job, answer: Answer) -> bool:
        """Whether the job runs, or has run, all the same: its claim stays, and whoever comes next finds it."""
        if answer.stopped is None or answer.stopped[0] != "start_task":
            return False
        return self._look(job).phase not in (Phase.CLAIMED, Phase.ABSENT)

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

    def _look(self, job: Job) -> Look:
        return read_look(self.exchange(look_steps(job)))
