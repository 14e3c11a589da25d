# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Operations that take an appliance out of service hold the site's one slot while they do (`cce/slot.py`).

It is claimed in the same request as the act, so that no playbook, whatever its forks, takes out two appliances of a site.
It is given back when the appliance was read to serve again, and kept as long as it was not.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from ._bridge import Answer
from ._failures import StepsFailed
from ._operation import Change, Died, Operation, Refused
from .cce import health, slot
from .cce.appliance import Appliance, Slot
from .cce.reading import NotReadError, Unknown, need
from .cce.steps import Step

SERVE_SECONDS = 300.0
"""How long the services may take to start after an act that brings the appliance back."""

RELEASE = "release the out-of-service slot of the site"


class OutOfService(Operation):
    """An operation that takes its appliance out of service, or brings it back."""

    OPERATION: ClassVar[str]
    """What the slot says it is held for."""

    # --- deciding -----------------------------------------------------------------------------------------------------

    def require_way_out(self, state: Appliance) -> None:
        """The appliance may leave service: nothing else is under way on it, the slot is to be had, the others carry on."""
        self.require_idle_host(state)
        self.require_site()
        if need(state.module_present):
            self._require_same_directory(state)
        self.freshen_site(state)
        problem = slot.problem(state, self.arguments["site"])
        if problem:
            raise Refused(
                f"{self._host} stays in service: {problem}",
                "Wait until that operation has ended and read the site again. Where nothing is under way any more, run the "
                "same operation there once more: it goes on, or gives the slot back. Nothing was changed here.",
            )
        self.require_spare(state)

    def require_way_out_still(self, state: Appliance, waited: str) -> None:
        """The same after a wait, over which what is known of the neighbours has grown old."""
        self.require_site()
        self.refresh_site(state)
        try:
            self.require_way_out(state)
        except Refused as refused:
            hint = "" if self.arguments["site"]["appliances"] else " With site.appliances the others are read again."
            raise Refused(f"While it was waited for {waited}: {refused.what}", refused.remedy + hint) from refused

    def require_site(self) -> None:
        """Where the option `site` is needed in one state of the module only."""
        if self.arguments["site"] is None:
            raise Refused(
                f"{self._host} stays as it is: what is known of its site was not given.",
                "Give the option site with the states of all its appliances, read right before.",
            )

    def _require_same_directory(self, state: Appliance) -> None:
        """In another folder than the product's own the slot would be where the neighbours do not look."""
        theirs, ours = need(state.site_directory), self.arguments["site_directory"]
        if theirs.rstrip("\\").lower() != ours.rstrip("\\").lower():
            raise Refused(
                f"The site directory of {self._host} is {theirs} for the product, and {ours} was given.",
                "Correct cloud_connector_site_directory, or log on as the deployment account; nothing was changed.",
            )

    def slot_changes(self, state: Appliance) -> list[Change]:
        """When all else is done: the slot is given back if the appliance serves; else it is kept, and said so."""
        if not holds(state):
            return []
        if not slot.may_be_released(state):
            self.warn(self._kept(state))
            return []
        return [Change(RELEASE, {"slot": state.slot}, {"slot": None})]

    def undone(self, state: Appliance) -> list[Change]:
        return [change for change in super().undone(state) if change.what != RELEASE]

    # --- acting -------------------------------------------------------------------------------------------------------

    def leave_service(
        self, state: Appliance, fences: Sequence[Step], acts: Sequence[Step], doing: str
    ) -> Answer | None:
        """Runs `acts` as a job: the fences first, then the slot is claimed, then and only then the acts."""
        try:
            return self.run_job(state, [*fences, *self._claim_steps(state), *acts], doing)
        except (StepsFailed, Died) as failed:
            after = self.fresh_state()
            if failed.details.get("step") in slot.STEPS:
                raise self._slot_lost(failed, after) from failed
            self._warn_kept(after)
            raise

    def come_back(self, state: Appliance, act: Step, doing: str) -> None:
        """Runs `act` as a job, which brings the appliance back into service, and gives the slot back when it has."""
        try:
            self.run_job(state, [act], doing)
        except (StepsFailed, Died):
            self._warn_kept(self.fresh_state())
            raise
        self.hand_back()

    def _claim_steps(self, state: Appliance) -> list[Step]:
        return slot.claim_steps(self.arguments["site_directory"], self.claim(state), need(state.slot))

    def claim(self, state: Appliance) -> Slot:
        """A new claim of this appliance for this operation."""
        name, computer = str(self._host), need(state.computer_name)
        return slot.make(name, computer, self.OPERATION, datetime.now(UTC), uuid.uuid4().hex)

    def _slot_lost(self, failed: StepsFailed | Died, after: Appliance | None) -> Refused:
        """Somebody else has the slot, or nobody can have it."""
        remedy = "Nothing was changed here. Read the site again, then run the same command again."
        if after is None or isinstance(after.slot, Unknown):
            return Refused(
                f"{self._host} stays in service: the slot could not be claimed. {failed.what}",
                failed.remedy,
                **failed.details,
            )
        if after.slot is None or holds(after):
            return Refused(
                f"{self._host} stays in service: the slot could not be claimed: {failed.what}",
                "Give the deployment account write access to the site directory; where it has that, another appliance has "
                f"had the slot for a moment. {remedy}",
                **failed.details,
            )
        return Refused(
            f"{self._host} stays in service: {slot.held(after.slot, self.arguments['site']['name'])}.",
            remedy,
            **failed.details,
        )

    def hand_back(self) -> None:
        """After an act that ends with the appliance in service: waits until it is, then gives the slot back."""
        state = self._served()
        if not holds(state):
            return
        if not slot.may_be_released(state):
            self.warn(self._kept(state))
            return
        try:
            self.release(state)
        except StepsFailed as failed:
            self.warn(f"{self._host} serves again, but its slot was not released: {failed.what}")

    def release(self, state: Appliance) -> None:
        """Gives the slot back. Raises StepsFailed, also where somebody has taken it over meanwhile."""
        found = need(state.slot)
        if found is not None:
            self.run_steps(slot.end_steps(self.arguments["site_directory"], found), RELEASE)

    def _served(self) -> Appliance:
        """The appliance, read until it serves or the wait is over."""
        until = self.now() + SERVE_SECONDS
        while True:
            state = self.state = self.read()
            if health.serves(state) is True or self.now() >= until:
                return state
            self.hang_up()
            self.sleep(self.arguments["poll_interval"])

    # --- telling ------------------------------------------------------------------------------------------------------

    def _warn_kept(self, state: Appliance | None) -> None:
        if state is not None and holds(state):
            self.warn(self._kept(state))

    def _kept(self, state: Appliance) -> str:
        serves = health.serves(state)
        reason = f": {serves.reason}" if isinstance(serves, Unknown) else ""
        return (
            f"{self._host} keeps the out-of-service slot, because it is not known to serve with scripts and VMs of one "
            f"version{reason}. No other appliance of its site can be taken out of service; the same command again gives the "
            "slot back when it does."
        )


def is_release(changes: Sequence[Change]) -> bool:
    """Whether all there is to do is to give the slot back."""
    return [change.what for change in changes] == [RELEASE]


def holds(state: Appliance) -> bool:
    """Whether the appliance is known to hold the slot."""
    try:
        return slot.is_own(state)
    except NotReadError:
        return False
