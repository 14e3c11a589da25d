# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes an appliance out of service and brings it back, holding the site's one out-of-service slot meanwhile (`cce/slot.py`).

The slot is claimed in the same request as the act, so that no playbook, whatever its forks, takes out two appliances of a site.
It is given back when the appliance was read to serve again, and kept as long as it was not.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..cce import health, slot, steps
from ..cce.answers import Answer
from ..cce.appliance import Appliance, Slot
from ..cce.exceptions import NotReadError, WorkFailed
from ..cce.failure_classes import FailureClass
from ..cce.reading import Unknown, need
from ..cce.site import marker_path
from ..cce.steps import Step
from .changes import Change, Kind
from .host import Host
from .jobs import JobRunner
from .site_guard import SiteGuard

SERVE_SECONDS = 300.0
"""How long the services may take to start after an act that brings the appliance back."""


@dataclass
class Service:
    """The service of one appliance.

    Attributes:
        guard: guards the site.
        jobs: runs the act; its name tells whether the act is under way already.
        operation: what the slot says it is held for.
        reread: reads the appliance anew.
        after_failure: the same after a failure; None where it cannot be read.
    """

    host: Host
    guard: SiteGuard
    jobs: JobRunner
    operation: str
    reread: Callable[[], Appliance]
    after_failure: Callable[[], Appliance | None]

    # --- leaving ------------------------------------------------------------------------------------------------------

    def leave(self, state: Appliance, fences: Sequence[Step], acts: Sequence[Step], doing: str) -> Answer | None:
        """Run `acts` as a job: the fences first, then the slot is claimed, then and only then the acts.

        A job of that name that is under way is waited for instead.

        Args:
            state: the appliance, as it was let through by the guard.
            fences: steps that stop the job where the appliance is no longer as it was read.
            acts: what takes it out of service.
            doing: what they are for, in words that follow "could not".

        Returns:
            The answer of the job; None where it left none and had done its work all the same.

        Raises:
            Refused, NotReadError: meanwhile it must not begin any more; WorkFailed; ConnectionLost, NoAnswer.
        """
        found = self.jobs.is_found(state)
        job_steps, deadline = [*fences, *acts], None
        if not found:
            state = self._ready_to_leave(state)
            deadline = self.guard.deadline(state)
            job_steps = [*fences, *self._claim_steps(state), *acts]
        try:
            return self.jobs.work(job_steps, doing, found=found, deadline=deadline)
        except WorkFailed as failed:
            after = self.after_failure()
            if failed.details.get("step") in slot.STEPS:
                raise self._slot_lost(failed, after) from failed
            self._warn_kept(after)
            raise

    def _ready_to_leave(self, state: Appliance) -> Appliance:
        """The state to act on: what was judged still holds, and the site directory is the one that all others see."""
        if state.site_marker is None and not self.guard.is_alone:
            self._place_marker()
        elif not self.guard.is_stale():
            return state
        state = self.reread()
        if not self.jobs.is_found(state):
            self.guard.require_way_out_again(state)
        return state

    def _place_marker(self) -> None:
        """Written once for a site, by whoever is first; one that is there by now stays."""
        path = marker_path(self.guard.directory)
        self.host.exchange([steps.claim("site_marker", path, uuid.uuid4().hex)])

    def _claim_steps(self, state: Appliance) -> list[Step]:
        claim = self.claim(state)
        return slot.claim_steps(self.guard.directory, claim, need(state.slot), slot.leftovers(state))

    def claim(self, state: Appliance) -> Slot:
        """A new claim of this appliance for this operation."""
        computer = need(state.computer_name)
        return slot.make(self.host.name, computer, self.operation, self.host.clock.now(), uuid.uuid4().hex)

    def _slot_lost(self, failed: WorkFailed, after: Appliance | None) -> WorkFailed:
        """Somebody else has the slot, or nobody can have it."""
        stays = f"{self.host.name} stays in service"
        if after is None or isinstance(after.slot, Unknown):
            what = f"{stays}: the slot could not be claimed. {failed.what}"
            return WorkFailed(what, failed.remedy, failure=failed.failure, retry=failed.retry, **failed.details)
        if after.slot is None or holds(after):
            return WorkFailed(
                f"{stays}: the slot could not be claimed: {failed.what}",
                "Give the deployment account write access to the site directory; where it has that, another appliance has "
                "had the slot for a moment: run the same command again.",
                failure=failed.failure,
                retry=failed.retry,
                **failed.details,
            )
        held = slot.held(after.slot, self.guard.site_name, self.guard.directory)
        return WorkFailed(f"{stays}: {held}", failure=FailureClass.SLOT_HELD, **failed.details)

    # --- coming back --------------------------------------------------------------------------------------------------

    def come_back(self, state: Appliance, act: Step, doing: str) -> None:
        """Run `act` as a job, which brings the appliance back into service, and give the slot back when it has."""
        try:
            self.jobs.do(state, [act], doing)
        except WorkFailed:
            self._warn_kept(self.after_failure())
            raise
        self.hand_back()

    def hand_back(self) -> None:
        """After an act that ends with the appliance in service: wait until it is, then give the slot back."""
        state = self._served()
        if not holds(state):
            return
        if not slot.may_be_released(state):
            self._warn_kept(state)
            return
        try:
            self.release(state)
        except WorkFailed as failed:
            self.host.warn(f"{self.host.name} serves again, but its slot was not released: {failed.what}")

    def release_change(self, state: Appliance) -> list[Change]:
        """What is left to do when all else is done: give the slot back, if the appliance serves."""
        if not (holds(state) and slot.may_be_released(state)):
            return []
        return [
            Change("release the out-of-service slot of the site", {"slot": state.slot}, {"slot": None}, Kind.RELEASE)
        ]

    def release(self, state: Appliance) -> None:
        """Give the slot back. Raises WorkFailed where that fails and the claim is still there."""
        found = need(state.slot)
        if found is None:
            return
        try:
            ended = slot.end_steps(self.guard.directory, found, slot.leftovers(state))
            self.host.run(ended, "release the out-of-service slot")
        except WorkFailed:
            # Another run may have given it back meanwhile, which is as good.
            after = self.after_failure()
            if after is None or isinstance(after.slot, Unknown) or (after.slot and after.slot.token == found.token):
                raise

    def warn_if_kept(self, state: Appliance) -> None:
        """Say so where the appliance holds the slot and cannot give it back."""
        if holds(state) and not slot.may_be_released(state):
            self._warn_kept(state)

    def _served(self) -> Appliance:
        """The appliance, read until it serves or the wait is over."""
        clock = self.host.clock
        until = clock.monotonic() + SERVE_SECONDS
        while True:
            state = self.reread()
            if health.serves(state) is True or clock.monotonic() >= until:
                return state
            self.host.pause(self.jobs.poll)

    def _warn_kept(self, state: Appliance | None) -> None:
        if state is None or not holds(state):
            return
        serves = health.serves(state)
        reason = f": {serves.reason}" if isinstance(serves, Unknown) else ""
        self.host.warn(
            f"{self.host.name} keeps the out-of-service slot, because it is not known to serve with scripts and VMs of one "
            f"version{reason}. No other appliance of its site can be taken out of service; the same command again gives the "
            "slot back when it does."
        )


def holds(state: Appliance) -> bool:
    """Whether the appliance is known to hold the slot."""
    try:
        return slot.is_own(state)
    except NotReadError:
        return False
