# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands before each request of a run that has the lease of the site: a fence, and a sign of life (`cce/lease.py`).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from ..cce import lease
from ..cce.answers import Answer, attempt
from ..cce.appliance import Lease
from ..cce.exceptions import LeaseLost, WorkFailed
from ..cce.failure_classes import FailureClass
from ..cce.reading import Reading, Unknown
from ..cce.steps import Step
from . import failures
from .host import Host
from .lease_look import look
from .site_guard import SiteGuard

BEATS = 6.0
"""How many signs of life fit into the time of a lease, at least."""


@dataclass
class LeaseFence:
    """The fence of one operation on one appliance; `Host` asks for it."""

    host: Host
    guard: SiteGuard

    held: Lease | None = None
    """The lease, once it is this run's."""
    _alive: bool = True
    """False: another run seems to have taken over, so no sign of life is sent any more."""
    _beaten: float = 0.0
    """When the last sign of life was sent, by the monotonic clock."""

    def hold(self, held: Lease) -> None:
        """From now on requests go behind the fence of this lease."""
        if self.held != held:
            self.held, self._alive, self._beaten = held, True, self.host.clock.monotonic()

    def drop(self) -> None:
        """The lease is given back: nothing is done any more."""
        self.held = None

    @property
    def sign_seconds(self) -> float:
        """How often a run that waits for something else has to show that it is alive."""
        return (self.held.seconds if self.held else lease.SECONDS) / BEATS

    def before(self, *, acting: bool) -> list[Step]:
        """The fence and a sign of life, before every act and now and then before a reading."""
        held = self.held
        if held is None:
            if acting:
                raise ValueError("an act without the lease of the site")
            return []
        now = self.host.clock.monotonic()
        if not acting and (not self._alive or now - self._beaten < held.seconds / BEATS):
            return []
        self._beaten = now
        return [lease.fence(self.guard.directory, held), lease.beat(self.guard.directory, held, uuid.uuid4().hex)]

    def judge(self, answer: Answer) -> None:
        """An act was stopped before it began. Raises LeaseLost: by another run; WorkFailed: the file cannot be read.

        A file that is not found proves nothing as long as the folder cannot be listed.
        """
        result, own = answer.results[lease.FENCE], self._own
        failed = failures.steps_failed("reach the lease of the site", [lease.fence(self.guard.directory, own)], answer)
        now: Reading[Lease | None] = attempt(lease.parse, "".join(map(str, result.output)))
        if result.errors:
            now = look(self.host, self.guard.directory).lease if result.is_absent() else Unknown(failed.what)
            if now == own or isinstance(now, Unknown):
                known = failed.failure is not FailureClass.UNKNOWN
                raise failed if known else WorkFailed(failed.what, failure=FailureClass.SHARE_UNREACHABLE)
        raise LeaseLost(f"{self.host.name} refused the next step of this run: {self._who_has_it(now)}.")

    def rest(self, answer: Answer) -> None:
        """A reading was stopped: it goes on without a sign of life."""
        result = answer.results[lease.FENCE]
        self._alive = bool(result.errors) and not result.is_absent()

    def _who_has_it(self, now: Reading[Lease | None]) -> str:
        taken = f"the lease of {self.guard.site_name} was taken from it (run {self._own.run}, since {self._own.since})"
        if now is None:
            return f"{taken}, and nobody has it now"
        return f"{taken}; " + (now.reason if isinstance(now, Unknown) else f"now it is held by {lease.describe(now)}")

    @property
    def _own(self) -> Lease:
        if self.held is None:
            raise ValueError("the lease of the site is not held")
        return self.held
