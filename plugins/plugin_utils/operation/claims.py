# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An act that runs in our own session, since it may ask for passwords, and that others find all the same.

A job carries no secret, so what asks cannot be one. Its claim is a file as that of a job, made by the request of the act right
before it. Beside it lies which process runs that request: its number, and its start, since Windows gives numbers to others again.
The same request removes both after the act. When controller or line are gone the cmdlet goes on; who finds the claim waits until
that process is no more, clears it away and reads what was done. Needs nothing but ordinary steps (bridge.md 15).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import contextlib
import enum
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..cce import paths, steps
from ..cce.answers import ABSENT, Answer
from ..cce.exceptions import AnswerLost, ConnectionLost, NoAnswer, NotReadError, WorkFailed
from ..cce.steps import Step
from .job import digest
from .jobs import BEGIN_SECONDS
from .long_work import LongWork

CLAIM, STILL_CLAIMED = "claim", "still_claimed"

NUMBER = re.compile(r'<I32 N="Id">(\d+)</I32>')
START = re.compile(r'<DT N="StartTime">([^<]+)</DT>')
"""In what Export-Clixml writes of a process; what is nested in it, such as its threads, comes later."""


class Phase(enum.Enum):
    """Where a claimed act is, as one look at the appliance shows it."""

    ABSENT = "over: its claim is removed"
    UNNAMED = "claimed, not begun yet"
    AT_WORK = "at work in another session"
    UNKNOWN = "not to be told, since its process cannot be read"
    GONE = "over without having removed its claim: it failed, the host restarted, or its process was killed"


@dataclass(frozen=True)
class ClaimLook:
    """One look at a claim. `claim` is the hash of its file, which tells one act from another."""

    phase: Phase
    claim: str = ""


@dataclass(frozen=True)
class Process:
    """A process of the appliance. `start`: None where Windows does not tell it."""

    number: int
    start: datetime | None


def claim_steps(name: str, claim: str, token: str, acts: Sequence[Step], fences: Sequence[Step] = ()) -> list[Step]:
    """The request of a claimed act: it stops at the claim where there is one, and before the act where its process is not named.

    That the claim is still ours is asked after the process was named: whoever finds a claim that names none takes it away after a
    minute. The fences are asked twice: what comes too late leaves no claim, and what another session did right before it is seen.
    """
    path, own = claim_path(name), rf"{paths.JOBS}\{name}.{token}{paths.PROCESS}"
    return [
        *fences,
        *steps.job_folder(),
        steps.claim(CLAIM, path, claim),
        steps.remove_fitting("remove_left", _all_processes(name)),
        *steps.own_process(),
        steps.write_process("name_process", "own_process", own),
        steps.file_matches("process_named", own, START.pattern),
        steps.file_unchanged(STILL_CLAIMED, path, [claim]),
        *({**fence, "name": f"{fence['name']}_still"} for fence in fences),
        *acts,
        steps.remove_file("remove_process", own),
        steps.remove_file("remove_claim", path),
    ]


def look_steps(name: str) -> list[Step]:
    """The order matters: a process that was named and is gone by the last step was at work after the claim was read."""
    return [
        steps.hash_of("claim", claim_path(name)),
        steps.file_texts("named", _all_processes(name)),
        steps.processes(),
    ]


def clear_steps(name: str, claim: str) -> list[Step]:
    """Takes the claim away, itself last, while it is the one of this hash; it stops where that fails."""
    path = claim_path(name)
    return [
        steps.file_hash("claim_unchanged", path, claim),
        steps.remove_fitting("remove_processes", _all_processes(name)),
        steps.remove_file("remove_claim", path),
        steps.file_gone("claim_gone", path),
    ]


def claim_path(name: str) -> str:
    """Where the claim of an act is, as that of a job of this name."""
    return rf"{paths.JOBS}\{name}{paths.CLAIM}"


def read_look(answer: Answer) -> ClaimLook:
    """What `look_steps` found. An act is over only where that is known: all its processes were named, and none of them runs."""
    if answer.results["claim"].is_absent():
        return ClaimLook(Phase.ABSENT)
    claim = ""
    try:
        claim = answer.text("claim", "Hash")
        named = [one for text in answer.output("named", absent=ABSENT) if (one := _named(str(text)))]
        running = _running(answer)
    except (NotReadError, KeyError, TypeError, ValueError):
        return ClaimLook(Phase.UNKNOWN, claim)
    if any(_is_running(one, running) for one in named):
        return ClaimLook(Phase.AT_WORK, claim)
    return ClaimLook(Phase.GONE if named else Phase.UNNAMED, claim)


def _all_processes(name: str) -> str:
    return rf"{paths.JOBS}\{name}.*{paths.PROCESS}"


def _named(text: str) -> Process | None:
    """The process that a file names; None where a power cut has left something else."""
    number, start = NUMBER.search(text), START.search(text)
    return Process(int(number[1]), datetime.fromisoformat(start[1])) if number and start else None


def _running(answer: Answer) -> Mapping[int, Process]:
    """All processes. Raises NotReadError, also where there is none: at least the one that answers is."""
    return {one.number: one for one in map(_process, answer.non_empty("processes"))}


def _process(found: Mapping[str, Any]) -> Process:
    start = found["StartTime"]
    return Process(int(found["Id"]), None if start is None else datetime.fromisoformat(str(start)))


def _is_running(named: Process, running: Mapping[int, Process]) -> bool:
    """Whether the very process runs; one of its number that does not tell its start may be it."""
    found = running.get(named.number)
    return found is not None and found.start in (None, named.start)


@dataclass
class ClaimRunner:
    """Runs the attached act of an operation under its claim, or waits for the one that another session is at.

    Attributes:
        work: the act, by the name of its claim.
    """

    work: LongWork

    def run(
        self,
        acts: Sequence[Step],
        doing: str,
        answers: Sequence[Mapping[str, str]] = (),
        *,
        fences: Sequence[Step] = (),
        is_done: Callable[[], bool] | None = None,
    ) -> Answer | None:
        """Claim and act, all in one request.

        Args:
            acts: what is to be done.
            doing: what it is for, in words that follow "could not".
            answers: to what it may ask.
            fences: stop it, before anything is claimed.
            is_done: reads whether the state shows the work as done; that of the job, if it is not given.

        Returns:
            The answer; None where it was lost, or another session was first, and the work is done.

        Raises:
            WorkFailed: a step failed; AnswerLost; Unfinished: the wait is over; ConnectionLost, NoAnswer.
        """
        token, done, host = uuid.uuid4().hex, is_done or self.work.is_done, self.work.host
        claim = self.work.claim_text(token)
        try:
            return host.run(claim_steps(self.work.name, claim, token, acts, fences), doing, answers)
        except WorkFailed as failed:
            if failed.details.get("step") == CLAIM:
                self._join(failed, doing, done)
                return None
            with contextlib.suppress(ConnectionLost, NoAnswer):
                self.work.exchange(clear_steps(self.work.name, digest(claim)))
            raise
        except (ConnectionLost, NoAnswer) as silence:
            if isinstance(silence, ConnectionLost) and not silence.sent:
                raise
            self._follow(silence, doing, done)
            return None

    def wait(self) -> Phase:
        """Wait until the act that another session is at is over, and clear its claim away where it has not done so itself.

        Returns:
            How it was found at last: ABSENT, GONE, or UNNAMED.

        Raises:
            Unfinished, ConnectionLost, NoAnswer.
        """
        clock = self.work.host.clock
        begun = clock.monotonic()
        report, seen = self.work.reporter(), (ClaimLook(Phase.ABSENT), begun)
        while True:
            look = self.work.patiently(self._look, begun)
            if look != seen[0]:
                seen = (look, clock.monotonic())
            waited = clock.monotonic() - begun
            if look.phase is Phase.ABSENT:
                return look.phase
            unbegun = look.phase is Phase.UNNAMED and clock.monotonic() - seen[1] > BEGIN_SECONDS
            if (unbegun or look.phase is Phase.GONE) and self._cleared(look):
                return look.phase
            if waited > self.work.limit:
                raise self.work.unfinished(look.phase.value, waited)
            report(look.phase.value, waited)
            clock.sleep(self.work.poll)

    def _look(self) -> ClaimLook:
        return read_look(self.work.exchange(look_steps(self.work.name)))

    def _cleared(self, look: ClaimLook) -> bool:
        """Whether the claim that was seen could be taken away; another one that was made meanwhile is not."""
        return not self.work.exchange(clear_steps(self.work.name, look.claim)).failed

    def _join(self, failed: WorkFailed, doing: str, is_done: Callable[[], bool]) -> None:
        """The claim could not be made: wait for whoever has it. Raises the failure where nobody has, and nothing is done."""
        joined = self._look().phase is not Phase.ABSENT
        if joined:
            self.work.host.tell(f"{self.work.name}: another session is at it, waiting for that one")
            self.wait()
        if is_done():
            return
        if not joined:
            raise failed
        raise AnswerLost(f"Could not {doing}: another session was at it, and the state does not show it as done.")

    def _follow(self, silence: ConnectionLost | NoAnswer, doing: str, is_done: Callable[[], bool]) -> None:
        """Nobody knows what became of the act: look for it over a new session, the old one left to whatever runs in it.

        Raises what was lost where the appliance does not answer, or nothing of the act is found there; AnswerLost where it has
        ended and not done its work.
        """
        self.work.host.abandon()
        try:
            found = self.work.patiently(self._look, self.work.host.clock.monotonic()).phase
        except (ConnectionLost, NoAnswer):
            raise silence from None
        if found is not Phase.ABSENT:
            self.work.host.tell(f"{self.work.name}: {silence}; looking whether it goes on there")
            self.wait()
        if is_done():
            return
        if found is Phase.ABSENT:
            raise silence
        raise AnswerLost(f"Could not {doing}: its answer was lost ({silence}), and the state does not show it as done.")
