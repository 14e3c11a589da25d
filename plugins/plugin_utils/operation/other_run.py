# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The other run that has the lease of a site: waited for, refused, or found to be over.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..cce import lease
from ..cce.appliance import Appliance, Lease
from ..cce.exceptions import Refused
from ..cce.failure_classes import FailureClass
from ..cce.lease import TakeOver
from ..cce.reading import need
from ..cce.site import Policy, Site, site_directory_problem
from .host import Host
from .lease_fence import BEATS
from .lease_look import Seen, look
from .owner import Owner
from .site_guard import SiteGuard

WATCH_SECONDS = 10.0
"""Between two looks for a sign of life of another run."""


@dataclass(frozen=True)
class OtherRun:
    """Whoever has the lease of the site of one appliance, and is not this run.

    Attributes:
        guard: knows the site, and reads it.
        owner: this run.
        poll: seconds between two looks of the operation at what it waits for.
    """

    host: Host
    guard: SiteGuard
    owner: Owner
    poll: float

    def require_over(self, found: Lease, own: Appliance) -> bool:
        """The lease may be taken over: a person says so, or its run is gone and nothing of it is unfinished.

        Args:
            found: the lease of the other run.
            own: the appliance as it was read.

        Returns:
            Whether it may be another lease by now, since it was waited for or is taken without a look at its run.

        Raises:
            Refused, NotReadError, ConnectionLost, NoAnswer.
        """
        if found.after == self.owner.run:
            raise self._held_by(found, "which took it over from this run")
        if self.take_over is not None:
            return True
        is_dead = self.owner.knows_dead(found)
        if is_dead or self._is_silent(found):
            self.require_at_rest(found, own)
        return not is_dead

    def _is_silent(self, found: Lease) -> bool:
        """Whether its run gave no sign of life for the time of its lease. False: the lease is over. Raises Refused: it did."""
        clock, pause = self.host.clock, min(self.poll, WATCH_SECONDS, found.seconds / BEATS)
        begun, first = clock.monotonic(), look(self.host, self.guard.directory, found)
        self.host.tell(
            f"waits for the lease of {self.guard.site_name}, which is held by {lease.describe(found)}: it is taken over "
            f"unless that run gives a sign of life within {found.seconds} s"
        )
        seen = first
        while not self.has_changed(seen, found):
            if need(seen.beat) not in (None, need(first.beat)):
                raise self._held_by(found, "which has just given a sign of life")
            if clock.monotonic() - begun >= found.seconds:
                return True
            self.host.pause(pause)
            seen = look(self.host, self.guard.directory, found)
        return False

    @property
    def take_over(self) -> TakeOver | None:
        """Who says that the lease is taken over by name, and why; None: nobody."""
        return self.guard.option.take_over if self.guard.option else None

    def has_changed(self, seen: Seen, found: Lease) -> bool:
        """Whether it is another lease by now, or none. Raises Refused where it is that of another run."""
        if need(seen.lease) == found:
            return False
        self.require_unchanged(seen, found)
        return True

    def require_unchanged(self, seen: Seen, found: Lease | None) -> None:
        """A lease that was made since the one before was seen is that of a run that is alive, or of this one."""
        now = seen.lease
        if isinstance(now, Lease) and now != found and not self.owner.is_run_of(now):
            raise self._held_by(now, "which has just taken it")

    def require_at_rest(self, found: Lease, own: Appliance) -> None:
        """Nothing of the run that is gone is unfinished on the other appliances. Raises Refused, NotReadError."""
        problem = self._unfinished(own)
        if problem:
            raise Refused(
                f"{self.host.name} stays as it is: the lease of {self.guard.site_name} was held by {lease.describe(found)}, "
                f"which gives no sign of life any more, but {problem}.",
                "Run the command of that run again, or that operation on that appliance: it finds what is unfinished there. "
                f"{self._by_name}",
                failure=FailureClass.LEASE_HELD,
            )

    def _unfinished(self, own: Appliance) -> str | None:
        if self.guard.option is not None:
            return lease.unfinished(self.host.name, self.guard.observe(own), own)
        if site_directory_problem(self.guard.directory, 2) is None:
            return (
                "nobody can see what is unfinished there, since the option site with all its appliances was not given"
            )
        return lease.unfinished(self.host.name, Site("the site", Policy(0), {self.host.name: own}), own)

    def _held_by(self, found: Lease, why: str) -> Refused:
        return Refused(
            f"{self.host.name} stays as it is: the lease of {self.guard.site_name} is held by {lease.describe(found)}, {why}.",
            f"Wait until that run has ended, or end it, then run the same command again. {self._by_name}",
            failure=FailureClass.LEASE_HELD,
            holder={"who": found.who, "run": found.run, "since": found.since},
        )

    @property
    def _by_name(self) -> str:
        return (
            "A person who knows that it is dead takes the site over with cloud_connector_take_over: "
            f"{{site: {self.guard.site_name}, by: <name>, reason: <why>}}."
        )
