# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Holds the lease of the site for this run (`cce/lease.py`): takes it, gives signs of life, refuses, takes over, gives back.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from ..cce import lease, steps
from ..cce.answers import Answer, attempt
from ..cce.appliance import Appliance, Lease
from ..cce.exceptions import ConnectionLost, LeaseLost, NoAnswer, OperationError, Refused, WorkFailed
from ..cce.failure_classes import FailureClass
from ..cce.lease import TakeOver
from ..cce.reading import Reading, Unknown, need
from ..cce.site import Policy, Site, site_directory_problem
from ..cce.steps import Step
from . import failures
from .host import Host
from .owner import Owner
from .site_guard import SiteGuard

ROUNDS = 3
"""How often it is tried to take a lease that is free."""

BEATS = 6.0
"""How many signs of life fit into the time of a lease, at least."""

WATCH_SECONDS = 10.0
"""Between two looks for a sign of life of another run."""

TAKE = "take the lease of the site"


class Taken(enum.Enum):
    """How a lease came to be this run's."""

    BEFORE = "by an operation before"
    NOW = "now"
    AFTER_A_WAIT = "after a wait for another run"


@dataclass(frozen=True)
class Seen:
    """What one look at the site directory shows. `beat` is the sign of life of the lease that was asked about."""

    lease: Reading[Lease | None]
    names: Collection[str]
    log: Reading[str | None]
    beat: Reading[str | None]


@dataclass
class SiteLease:
    """The lease of the site of one appliance.

    Attributes:
        guard: knows the site, and reads it.
        owner: this run.
        poll: seconds between two looks of the operation at what it waits for; signs of life ride on these.
    """

    host: Host
    guard: SiteGuard
    owner: Owner
    poll: float

    _held: Lease | None = None
    _alive: bool = True
    """False: another run seems to have taken over, so no sign of life is sent any more."""
    _taken_here: bool = False
    """Whether this very operation took it."""
    _names: Collection[str] = ()
    """The names in the site directory when it was taken."""
    _beaten: float = 0.0
    """When the last sign of life was sent, by the monotonic clock."""

    # --- what the host asks -------------------------------------------------------------------------------------------

    def before(self, *, acting: bool) -> list[Step]:
        """The fence and a sign of life, before every act and now and then before a reading."""
        held = self._held
        if held is None:
            if acting:
                raise ValueError("an act without the lease of the site")
            return []
        now = self.host.clock.monotonic()
        if not acting and (not self._alive or now - self._beaten < held.seconds / BEATS):
            return []
        self._beaten = now
        return [lease.fence(self._folder, held), lease.beat(self._folder, held, uuid.uuid4().hex)]

    def judge(self, answer: Answer) -> None:
        """An act was stopped before it began. Raises LeaseLost: by another run; WorkFailed: the file cannot be read.

        A file that is not found proves nothing as long as the folder cannot be listed.
        """
        result, own = answer.results[lease.FENCE], self._own
        failed = failures.steps_failed("reach the lease of the site", [lease.fence(self._folder, own)], answer)
        now: Reading[Lease | None] = attempt(lease.parse, "".join(map(str, result.output)))
        if result.errors:
            now = self._look().lease if result.is_absent() else Unknown(failed.what)
            if now == own or isinstance(now, Unknown):
                known = failed.failure is not FailureClass.UNKNOWN
                raise failed if known else WorkFailed(failed.what, failure=FailureClass.SHARE_UNREACHABLE)
        raise LeaseLost(f"{self.host.name} refused the next step of this run: {self._who_has_it(now)}.")

    def rest(self, answer: Answer) -> None:
        """A reading was stopped: it goes on without a sign of life."""
        result = answer.results[lease.FENCE]
        self._alive = bool(result.errors) and not result.is_absent()

    def _who_has_it(self, now: Reading[Lease | None]) -> str:
        taken = f"the lease of {self._site_name} was taken from it (run {self._own.run}, since {self._own.since})"
        if now is None:
            return f"{taken}, and nobody has it now"
        return f"{taken}; " + (now.reason if isinstance(now, Unknown) else f"now it is held by {lease.describe(now)}")

    # --- taking -------------------------------------------------------------------------------------------------------

    def adopt(self, own: Appliance) -> None:
        """Go on showing that the run is alive, where the lease is its own already."""
        if isinstance(own.lease, Lease) and self.owner.is_run_of(own.lease):
            self._hold(own.lease)

    def warn_if_held(self, own: Appliance) -> None:
        """Say so in check mode, which takes nothing, where another run would have to be waited for."""
        if isinstance(own.lease, Lease) and not self.owner.is_run_of(own.lease):
            self.host.warn(f"The lease of {self._site_name} is held by {lease.describe(own.lease)}.")

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
                self._hold(found)
                return taken if failed or taken is Taken.AFTER_A_WAIT else Taken.BEFORE
            if found is not None and self._require_over(found, own):
                taken = Taken.AFTER_A_WAIT
                seen = self._look()
                if self._has_changed(seen, found):
                    continue
            failed = self._claim(found, seen)
            if failed is None:
                return taken
            seen = self._look()
            self._require_unchanged(seen, found)
        raise self._not_taken(failed)

    def _claim(self, found: Lease | None, seen: Seen) -> WorkFailed | None:
        """Why the lease was not to be had; None: it is held."""
        take_over = self._take_over if found is not None else None
        made = self._make(found, take_over)
        text = "" if isinstance(seen.log, Unknown) else seen.log or ""
        log = lease.logged(text, made, found) if take_over and found else ""
        asked = lease.claim_steps(self._folder, made, uuid.uuid4().hex, found, seen.names, log)
        answer = self.host.send(asked)
        claimed = answer.results.get("lease_claimed")
        if claimed is None or claimed.errors:
            return failures.steps_failed(TAKE, asked, answer)
        self._hold(made)
        self._names, self._taken_here = seen.names, True
        if found is not None:
            self.host.tell(f"took the lease of {self._site_name} over from {lease.describe(found)}")
        return None

    def _make(self, found: Lease | None, take_over: TakeOver | None) -> Lease:
        owner, seconds = self.owner, max(self._seconds, 4 * self.poll)
        now, token = self.host.clock.now(), uuid.uuid4().hex
        return lease.make(owner.run, owner.who, owner.machine, now, seconds, token, found, take_over)

    def _hold(self, held: Lease) -> None:
        if self._held != held:
            self._held, self._alive, self._beaten = held, True, self.host.clock.monotonic()

    # --- waiting and refusing -----------------------------------------------------------------------------------------

    def _require_over(self, found: Lease, own: Appliance) -> bool:
        """The lease of another run may be taken over. Returns whether it was waited for; raises Refused, NotReadError."""
        if found.after == self.owner.run:
            raise self._held_by(found, "which took it over from this run")
        if self._take_over is not None:
            return True
        waited = False
        if not self.owner.knows_dead(found):
            waited = True
            if not self._is_silent(found):
                return waited
        self._require_at_rest(found, own)
        return waited

    def _is_silent(self, found: Lease) -> bool:
        """Whether the owner gave no sign of life for the time of its lease. False: the lease is over. Raises Refused: it did."""
        clock, pause = self.host.clock, min(self.poll, WATCH_SECONDS, found.seconds / BEATS)
        begun, first = clock.monotonic(), self._look(found)
        self.host.tell(
            f"waits for the lease of {self._site_name}, which is held by {lease.describe(found)}: it is taken over unless that "
            f"run gives a sign of life within {found.seconds} s"
        )
        seen = first
        while not self._has_changed(seen, found):
            if need(seen.beat) not in (None, need(first.beat)):
                raise self._held_by(found, "which has just given a sign of life")
            if clock.monotonic() - begun >= found.seconds:
                return True
            self.host.pause(pause)
            seen = self._look(found)
        return False

    def _has_changed(self, seen: Seen, found: Lease) -> bool:
        """Whether it is another lease by now, or none. Raises Refused where it is that of another run."""
        if need(seen.lease) == found:
            return False
        self._require_unchanged(seen, found)
        return True

    def _require_unchanged(self, seen: Seen, found: Lease | None) -> None:
        """A lease that was made since the one before was seen is that of a run that is alive, or of this one."""
        now = seen.lease
        if isinstance(now, Lease) and now != found and not self.owner.is_run_of(now):
            raise self._held_by(now, "which has just taken it")

    def _require_at_rest(self, found: Lease, own: Appliance) -> None:
        """Nothing of the run that is gone is unfinished on the other appliances. Raises Refused, NotReadError."""
        problem = self._unfinished(own)
        if problem:
            raise Refused(
                f"{self.host.name} stays as it is: the lease of {self._site_name} was held by {lease.describe(found)}, which "
                f"gives no sign of life any more, but {problem}.",
                "Run the command of that run again, or that operation on that appliance: it finds what is unfinished there. "
                f"{self._by_name}",
                failure=FailureClass.LEASE_HELD,
            )

    def _unfinished(self, own: Appliance) -> str | None:
        if self.guard.option is not None:
            return lease.unfinished(self.host.name, self.guard.observe(own), own)
        if site_directory_problem(self._folder, 2) is None:
            return (
                "nobody can see what is unfinished there, since the option site with all its appliances was not given"
            )
        return lease.unfinished(self.host.name, Site("the site", Policy(0), {self.host.name: own}), own)

    def _held_by(self, found: Lease, why: str) -> Refused:
        return Refused(
            f"{self.host.name} stays as it is: the lease of {self._site_name} is held by {lease.describe(found)}, {why}.",
            f"Wait until that run has ended, or end it, then run the same command again. {self._by_name}",
            failure=FailureClass.LEASE_HELD,
            holder={"who": found.who, "run": found.run, "since": found.since},
        )

    def _not_taken(self, failed: WorkFailed | None) -> OperationError:
        if failed is None:
            return Refused(
                f"{self.host.name} stays as it is: others took the lease of {self._site_name} each time.", retry=True
            )
        return Refused(failed.what, failed.remedy, failure=failed.failure, retry=failed.retry, **failed.details)

    @property
    def _by_name(self) -> str:
        return (
            "A person who knows that it is dead takes the site over with cloud_connector_take_over: "
            f"{{site: {self._site_name}, by: <name>, reason: <why>}}."
        )

    # --- giving back --------------------------------------------------------------------------------------------------

    def is_own(self, own: Appliance) -> bool:
        """Whether the lease that was read is this run's. Raises NotReadError."""
        found = need(own.lease)
        return found is not None and self.owner.is_run_of(found)

    def is_of_ended(self, own: Appliance) -> bool:
        """Whether it is that of a run of this computer that has ended, and the whole site is known. Raises NotReadError."""
        found = need(own.lease)
        return found is not None and self.guard.option is not None and self.owner.knows_dead(found)

    def require_at_rest(self, own: Appliance) -> None:
        """The run that has ended left nothing unfinished. Raises Refused, NotReadError."""
        found = need(own.lease)
        if found is not None and not self.owner.is_run_of(found):
            self._require_at_rest(found, own)

    def release(self, own: Appliance) -> None:
        """Give it back where it is this run's own, or that of one that has ended.

        Raises WorkFailed where that fails and it is still held.
        """
        found = need(own.lease)
        if found is None or not (self.is_own(own) or self.is_of_ended(own)):
            return
        asked = lease.end_steps(self._folder, found, need(own.site_files))
        answer = self.host.send(asked)
        self._held = None
        if answer.failed and self._look().lease == found:
            raise failures.steps_failed("give back the lease of the site", asked, answer)

    def release_if_alone(self) -> None:
        """Without the option `site` an operation holds the lease for itself only. What fails is a warning."""
        if self._held is None or not self._taken_here or self.guard.option is not None:
            return
        held, self._held = self._held, None
        try:
            self.host.send(lease.end_steps(self._folder, held, self._names))
        except (ConnectionLost, NoAnswer) as lost:
            self.host.warn(f"The lease of the site was not given back: {lost}.")

    # --- looking ------------------------------------------------------------------------------------------------------

    def _look(self, watched: Lease | None = None) -> Seen:
        """Raises ConnectionLost, NoAnswer."""
        folder = self._folder
        asked = [
            steps.file_text("lease", lease.path(folder)),
            lease.log_text("log", folder),
            steps.folder("names", folder),
        ]
        if watched is not None:
            asked.append(steps.file_text("beat", lease.beat_path(folder, watched)))
        return _seen(self.host.send(asked))

    # --- what it is told ----------------------------------------------------------------------------------------------

    @property
    def _folder(self) -> str:
        return self.guard.place.site_directory

    @property
    def _own(self) -> Lease:
        if self._held is None:
            raise ValueError("the lease of the site is not held")
        return self._held

    @property
    def _site_name(self) -> str:
        return self.guard.option.name if self.guard.option else "the site"

    @property
    def _seconds(self) -> float:
        return self.guard.option.lease_seconds if self.guard.option else lease.SECONDS

    @property
    def _take_over(self) -> TakeOver | None:
        return self.guard.option.take_over if self.guard.option else None


def _seen(answer: Answer) -> Seen:
    def found(answer: Answer) -> Lease | None:
        # A file that is not found proves nothing while the folder cannot be listed.
        answer.names("names")
        text = answer.file("lease")
        return None if text is None else lease.parse(text)

    names = attempt(answer.names, "names")
    beat = attempt(answer.file, "beat") if "beat" in answer.results else None
    return Seen(attempt(found, answer), () if isinstance(names, Unknown) else names, attempt(answer.file, "log"), beat)
