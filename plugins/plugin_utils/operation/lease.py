# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes the lease of the site for this run, and gives it back (`cce/lease.py`).

While it is held a fence stands before each act (`lease_fence.py`); what another run has is waited for or taken over
(`other_run.py`).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from ..cce import lease
from ..cce.appliance import Appliance, Lease
from ..cce.exceptions import ConnectionLost, NoAnswer, OperationError, Refused, WorkFailed
from ..cce.failure_classes import FailureClass
from ..cce.reading import Unknown, need
from . import failures
from .host import Host
from .lease_fence import LeaseFence
from .lease_look import Seen, look
from .other_run import WATCH_SECONDS, OtherRun
from .owner import Owner
from .site_guard import SiteGuard

ROUNDS = 3
"""How often it is tried to take a lease that is free."""


class Taken(enum.Enum):
    """How a lease came to be this run's."""

    BEFORE = "by an operation before"
    NOW = "now"
    AFTER_A_WAIT = "after a wait for another run"


@dataclass
class SiteLease:
    """The lease of the site of one appliance.

    Attributes:
        guard: knows the site, and reads it.
        owner: this run.
        poll: seconds between two looks of the operation at what it waits for; signs of life ride on these.
        fence: stands before each request.
        other: the run that has the lease, if that is another one.
    """

    host: Host
    guard: SiteGuard
    owner: Owner
    poll: float
    fence: LeaseFence
    other: OtherRun

    _taken_here: bool = False
    """Whether this very operation took it."""
    _names: Collection[str] = ()
    """The names in the site directory when it was taken."""

    @classmethod
    def of(cls, host: Host, guard: SiteGuard, owner: Owner, poll: float) -> SiteLease:
        """The lease, with what it is made of."""
        return cls(host, guard, owner, poll, LeaseFence(host, guard), OtherRun(host, guard, owner, poll))

    # --- taking -------------------------------------------------------------------------------------------------------

    def adopt(self, own: Appliance) -> None:
        """Go on showing that the run is alive, where the lease is its own already."""
        if isinstance(own.lease, Lease) and self.owner.is_run_of(own.lease):
            self.fence.hold(own.lease)

    def warn_if_held(self, own: Appliance) -> None:
        """Say so in check mode, which takes nothing, where another run would have to be waited for."""
        if isinstance(own.lease, Lease) and not self.owner.is_run_of(own.lease):
            self.host.warn(f"The lease of {self.guard.site_name} is held by {lease.describe(own.lease)}.")

    def is_held_by_another(self, error: Exception) -> bool:
        """Whether `take` failed because another run has the lease."""
        return isinstance(error, Refused) and error.failure is FailureClass.LEASE_HELD

    def take(self, own: Appliance) -> Taken:
        """Take the lease, or find that it is this run's own.

        Waits for a run that gives no sign of life, saying so; takes it over where nothing is unfinished, or a person says so.

        Args:
            own: the appliance as it was read.

        Returns:
            How it was got: where that is not `BEFORE`, what was read may be old.

        Raises:
            Refused: another run has it, or nobody may have it; nothing was changed. NotReadError, ConnectionLost, NoAnswer.
        """
        seen = Seen(own.lease, need(own.site_files), None, None)
        taken, failed = Taken.NOW, None
        for _attempt in range(ROUNDS):
            if isinstance(seen.lease, Unknown):
                # Made by another run a moment ago, and not written to its end, or no lease at all.
                self.host.pause(min(self.poll, WATCH_SECONDS))
                seen = self._look()
            found = need(seen.lease)
            if found is not None and self.owner.is_run_of(found):
                self.fence.hold(found)
                return taken if failed or taken is Taken.AFTER_A_WAIT else Taken.BEFORE
            if found is not None and self.other.require_over(found, own):
                taken = Taken.AFTER_A_WAIT
                seen = self._look()
                if self.other.has_changed(seen, found):
                    continue
            failed = self._claim(found, seen)
            if failed is None:
                return taken
            seen = self._look()
            self.other.require_unchanged(seen, found)
        raise self._not_taken(failed)

    def _claim(self, found: Lease | None, seen: Seen) -> WorkFailed | None:
        """Why the lease was not to be had; None: it is held."""
        made = self._make(found)
        text = "" if isinstance(seen.log, Unknown) else seen.log or ""
        log = lease.logged(text, made, found) if self.other.take_over and found else ""
        asked = lease.claim_steps(self.guard.directory, made, uuid.uuid4().hex, found, seen.names, log)
        answer = self.host.send(asked)
        claimed = answer.results.get("lease_claimed")
        if claimed is None or claimed.errors:
            return failures.steps_failed("take the lease of the site", asked, answer)
        self.fence.hold(made)
        self._names, self._taken_here = seen.names, True
        if found is not None:
            self.host.tell(f"took the lease of {self.guard.site_name} over from {lease.describe(found)}")
        return None

    def _make(self, found: Lease | None) -> Lease:
        owner, take_over = self.owner, self.other.take_over if found is not None else None
        declared = self.guard.option.lease_seconds if self.guard.option else lease.SECONDS
        seconds, now, token = max(declared, 4 * self.poll), self.host.clock.now(), uuid.uuid4().hex
        return lease.make(owner.run, owner.who, owner.machine, now, seconds, token, found, take_over)

    def _not_taken(self, failed: WorkFailed | None) -> OperationError:
        if failed is None:
            return Refused(
                f"{self.host.name} stays as it is: others took the lease of {self.guard.site_name} each time.",
                retry=True,
            )
        return Refused(failed.what, failed.remedy, failure=failed.failure, retry=failed.retry, **failed.details)

    # --- giving back --------------------------------------------------------------------------------------------------

    def is_own(self, own: Appliance) -> bool:
        """Whether the lease that was read is this run's. Raises NotReadError."""
        found = need(own.lease)
        return found is not None and self.owner.is_run_of(found)

    def may_be_given_back(self, own: Appliance) -> bool:
        """Whether it is this run's, or that of one of this computer that has ended, the whole site being known.

        Raises NotReadError.
        """
        found = need(own.lease)
        if found is None:
            return False
        return self.owner.is_run_of(found) or (self.guard.option is not None and self.owner.knows_dead(found))

    def give_back(self, own: Appliance) -> None:
        """Give it back where it may be.

        Raises:
            Refused: the run that has ended left something unfinished; WorkFailed: that fails, and it is still held; NotReadError,
            ConnectionLost, NoAnswer.
        """
        found = need(own.lease)
        if found is None or not self.may_be_given_back(own):
            return
        if not self.owner.is_run_of(found):
            self.other.require_at_rest(found, own)
        asked = lease.end_steps(self.guard.directory, found, need(own.site_files))
        answer = self.host.send(asked)
        self.fence.drop()
        if answer.failed and self._look().lease == found:
            raise failures.steps_failed("give back the lease of the site", asked, answer)

    def give_back_if_alone(self) -> None:
        """Without the option `site` an operation holds the lease for itself only. What fails is a warning."""
        held = self.fence.held
        if held is None or not self._taken_here or self.guard.option is not None:
            return
        self.fence.drop()
        try:
            self.host.send(lease.end_steps(self.guard.directory, held, self._names))
        except (ConnectionLost, NoAnswer) as lost:
            self.host.warn(f"The lease of the site was not given back: {lost}.")

    def _look(self) -> Seen:
        return look(self.host, self.guard.directory)
