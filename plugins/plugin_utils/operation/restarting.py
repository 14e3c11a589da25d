# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restarts the Windows of a host or a VM and waits until it is back, each wait with a bound and a sentence of its own.

A restart is noted in a claim before it is asked for, with the time at which Windows had been started. So the next run finds it
and only waits: Windows was restarted when that time is another one, whatever answers meanwhile.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ..cce import guests, proof, steps
from ..cce.answers import Answer
from ..cce.exceptions import ConnectionLost, NoAnswer, NotReadError, WorkFailed
from ..cce.failure_classes import FailureClass
from ..cce.guests import HOST, Begun, WithWindows
from ..cce.reading import need
from ..cce.site import Place
from ..cce.steps import Step
from . import failures
from .host import Host

DELAY_SECONDS = 10
"""From the order to the restart, so that the order is answered."""

BEGIN_SECONDS = 600.0
"""A Windows that was not started anew and still answers after this time does not go down any more: the order is called off."""

UNDER_WAY = (0, 1115, 1190)
"""Exit codes of shutdown.exe with which a restart comes: it was ordered, is in progress, or was scheduled before."""

COMMENT = "sfb.cloud_connector: updates of Windows"


@dataclass(frozen=True)
class Bounds:
    """Seconds: for Windows to come back, for each VM to answer, for the services of each."""

    boot: float
    machine: float
    services: float


@dataclass(frozen=True)
class Restart:
    """The restart of one computer of an appliance.

    Attributes:
        poll: seconds between two looks.
    """

    host: Host
    place: Place
    target: str
    poll: float
    bounds: Bounds

    def begin(self, state: WithWindows, before: Sequence[Step] = ()) -> Begun:
        """Note the restart and ask for it, in one request; `before` are steps that may stop it.

        What waits for the restart makes another Windows of it: the proof of calls ends in the same request.

        Raises:
            WorkFailed, NotReadError, ConnectionLost, NoAnswer.
        """
        now = self.host.clock.now()
        note = guests.begun(need(state.boot), now, uuid.uuid4().hex)
        ended = proof.ended(now) if need(state.waiting) else []
        order = [
            steps.boot("boot_unchanged", need(state.boot_text)),
            steps.restart("restart", DELAY_SECONDS, COMMENT),
        ]
        claim = steps.claim("restart_claim", guests.claim_path(self.target), note.text)
        asked = [*before, *steps.job_folder(), *ended, claim, *self._there(order)]
        try:
            answer = self.host.exchange(asked)
        except ConnectionLost as lost:
            # Windows may be gone before its answer is through: whether it restarts is then told by the time of its start.
            if not lost.sent:
                raise
            self.host.tell(f"restart of {self.name}: ordered, and the line was lost ({lost})")
            return note
        if answer.failed and answer.stopped != ("boot_unchanged", "expect"):
            raise failures.steps_failed(f"begin the restart of {self.name}", asked, answer)
        problem = self._problem(answer)
        if problem:
            self._withdraw(note)
            raise WorkFailed(
                f"Could not restart {self.name}: {problem}.", failure=FailureClass.RESTART_NOT_BEGUN, target=self.target
            )
        self.host.tell(f"restart of {self.name}: ordered")
        return note

    def finish(self, note: Begun) -> None:
        """Wait for the restart that was begun, and for all that comes after it; then put the note away.

        Raises:
            WorkFailed: one of the waits is over.
        """
        self._until(self._boot_lacking(note), self.bounds.boot, "come back after its restart")
        for vm in self._after():
            up, run = partial(self._vm_lacking, vm), partial(self._services_lacking, vm)
            self._until(up, self.bounds.machine, f"have {guests.name(vm)} up again")
            self._until(run, self.bounds.services, f"have the services of {guests.name(vm)}")
        self.host.run(
            [
                steps.file_unchanged("restart_unchanged", guests.claim_path(self.target), [note.text]),
                steps.remove_file("restart_over", guests.claim_path(self.target)),
            ],
            f"note that the restart of {self.name} is over",
        )

    @property
    def name(self) -> str:
        """The computer, for people."""
        return self.host.name if self.target == HOST else f"{guests.name(self.target)} of {self.host.name}"

    # --- the order ------------------------------------------------------------------------------------------------------

    def _there(self, order: Sequence[Step]) -> list[Step]:
        if self.target == HOST:
            return list(order)
        credential = steps.credential(guests.ACCOUNTS[self.target], guests.CREDENTIAL)
        return [credential, steps.inside(guests.STEP, self.place.vms[self.target], guests.CREDENTIAL, order)]

    def _problem(self, answer: Answer) -> str:
        """Why the restart does not come; empty where it does, or where the VM was gone before its answer was through."""
        try:
            there = answer if self.target == HOST else answer.inside(guests.STEP)
        except NotReadError:
            return ""
        if there.stopped and there.stopped[0] == "boot_unchanged":
            return "Windows was started anew since it was read"
        try:
            exit_code = there.number("restart", "ExitCode")
        except NotReadError as error:
            return str(error)
        return "" if exit_code in UNDER_WAY else f"shutdown.exe ended with {exit_code}"

    def _withdraw(self, note: Begun) -> None:
        """Only where the note is there and ours; a restart that is still scheduled is called off before it goes."""
        path = guests.claim_path(self.target)
        unchanged = steps.file_unchanged("restart_unchanged", path, [note.text])
        asked = [unchanged, *self._there([steps.abort_restart("abort")]), steps.remove_file("restart_over", path)]
        self.host.exchange(asked)

    # --- the waits ------------------------------------------------------------------------------------------------------

    def _after(self) -> tuple[str, ...]:
        """The VMs that are waited for, in the order in which they need each other."""
        known = [vm for vm in guests.ORDER if vm in self.place.vms]
        return tuple(known) if self.target == HOST else (self.target,)

    def _until(self, lacking: Callable[[], str | None], seconds: float, goal: str) -> None:
        clock = self.host.clock
        until, told = clock.monotonic() + seconds, ""
        while (reason := self._look(lacking)) is not None:
            if clock.monotonic() >= until:
                raise WorkFailed(
                    f"{self.name} did not {goal} within {seconds:.0f} seconds: {reason}.",
                    failure=FailureClass.RESTART_NOT_ENDED,
                    target=self.target,
                    waited_for=goal,
                )
            if reason != told:
                self.host.tell(f"restart of {self.name}: {reason}")
                told = reason
            self.host.pause(self.poll)

    def _look(self, lacking: Callable[[], str | None]) -> str | None:
        try:
            return lacking()
        except (ConnectionLost, NoAnswer, NotReadError) as silence:
            return f"it does not answer ({silence})"

    def _boot_lacking(self, note: Begun) -> Callable[[], str | None]:
        survey = guests.boot_survey(self.place, self.target)

        def look() -> str | None:
            if guests.was_restarted(note.boot, self.host.read(survey)):
                return None
            self._give_up_if_late(note)
            return "it has not gone down yet"

        return look

    def _give_up_if_late(self, note: Begun) -> None:
        waited = (self.host.clock.now() - note.at).total_seconds()
        if waited <= BEGIN_SECONDS:
            return
        self._withdraw(note)
        raise WorkFailed(
            f"{self.name} was asked to restart {waited:.0f} seconds ago and did not go down; that was called off.",
            failure=FailureClass.RESTART_NOT_BEGUN,
            target=self.target,
        )

    def _vm_lacking(self, vm: str) -> str | None:
        """Windows of the VM answers; a VM that is off says so by Hyper-V."""
        off = self.host.read(guests.machines_survey()) if self.target == HOST else ()
        try:
            started: datetime = self.host.read(guests.boot_survey(self.place, vm))
        except NotReadError as error:
            hint = f"; off are {', '.join(off)}" if off else ""
            return f"{guests.name(vm)} does not answer yet ({error}{hint})"
        return None if started else f"{guests.name(vm)} does not say when it was started"

    def _services_lacking(self, vm: str) -> str | None:
        late = self.host.read(guests.services_survey(self.place, vm))
        return f"{', '.join(late)} of {guests.name(vm)} do not run yet" if late else None
