# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings an appliance into maintenance mode and back into service."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import health, maintenance, slot, steps
from ..plugin_utils.cce.answers import Answer
from ..plugin_utils.cce.appliance import Appliance, Calls, Slot
from ..plugin_utils.cce.exceptions import NotConfirmed, NotReadError, Refused, WorkFailed
from ..plugin_utils.cce.maintenance import Mode
from ..plugin_utils.cce.reading import Reading, Unknown, need
from ..plugin_utils.cce.state import Survey, calls_survey
from ..plugin_utils.cce.steps import Step
from ..plugin_utils.operation import failures
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common
from ..plugin_utils.operation.changes import Change, is_release
from ..plugin_utils.operation.service import holds
from ..plugin_utils.operation.site_option import SITE

IDLE = "no_calls"
"""The fence of the job that stops it where a call is live, or the counters cannot be read."""


class OnCalls(enum.StrEnum):
    """What to do when calls are live on the appliance."""

    WAIT = "wait"
    FAIL = "fail"
    CUT = "cut"


@dataclass(frozen=True, kw_only=True)
class MaintenanceArguments(Arguments):
    """`present`: the appliance is to be in maintenance mode; otherwise it is to leave it. `adopt`: a person's flag may go."""

    present: bool
    on_calls: OnCalls
    adopt: bool


def _needs_tenant(arguments: MaintenanceArguments, state: Appliance) -> bool:
    """Before it enters: is a person's flag set, which Exit-CcUpdate may take back. Our own slot says that none was.

    Otherwise only where all is stopped and our own slot does not say why.
    """
    if arguments.present and not arguments.adopt:
        return not maintenance.noted(state)
    return maintenance.mode(state) is Mode.STOPPED


class ActionModule(ApplianceOperation[MaintenanceArguments, Appliance]):
    """`Enter-CcUpdate` cuts running calls (cloud-connector.md 9.1 no. 1), so by default it runs on an idle appliance."""

    SLOT = maintenance.OPERATION
    NEEDS_TENANT = staticmethod(_needs_tenant)
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "state": {"type": "str", "choices": ["present", "absent"], "required": True},
        "on_active_calls": {"type": "str", "choices": ["wait", "fail", "cut"], "default": "wait"},
        "adopt": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 3600},
    }

    _calls_cut: int | None = None

    def validate(self, given: Mapping[str, Any]) -> MaintenanceArguments:
        present = given["state"] == "present"
        return MaintenanceArguments(
            **common(given, self.host.name),
            job="maintenance-enter" if present else "maintenance-exit",
            # Whoever finds it in maintenance mode goes on to work there and leaves it: not where a person has begun it.
            always_guarded=present,
            present=present,
            on_calls=OnCalls(given["on_active_calls"]),
            adopt=given["adopt"],
        )

    def missing(self, state: Appliance) -> list[Change]:
        before = {"services": state.services}
        if self.arguments.present:
            if _is_in_maintenance(state):
                return []
            becomes = maintenance.entered(_predicted_claim(self.host.name, state))
            return [Change(self._announcement(state.calls), before, {"services": becomes["services"]}, becomes=becomes)]
        if maintenance.mode(state) is Mode.PRODUCTION:
            return self.service.release_change(state)
        becomes = maintenance.left()
        return [Change("leave maintenance mode", before, {"services": becomes["services"]}, becomes=becomes)]

    def guard(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self.arguments.present:
            self._require_no_flag(state)
            if changes:
                self.site.require_way_out(state)
                self._require_idle_if_told(need(state.calls))
        elif not is_release(changes):
            self._require_that_it_can_leave(state)

    def _require_that_it_can_leave(self, state: Appliance) -> None:
        """Exit-CcUpdate would start no services in VMs that are off, after a restart say. Raises Refused, NotReadError."""
        off = [one.name for one in need(state.machines) if one.version == state.running and not one.is_running]
        if off:
            raise Refused(
                f"{self.host.name} stays in maintenance mode: {', '.join(off)} do not run, so that Exit-CcUpdate would start "
                "no services there.",
                "After a restart of the host wait until they are up, or turn them on; then run the same command again.",
                retry=True,
            )
        if maintenance.mode(state) is Mode.ILL:
            raise Refused(
                f"{self.host.name} is {Mode.ILL.value}.",
                "This module only ends what Enter-CcUpdate began. Repair the services, or wait for auto recovery.",
            )

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if is_release(changes):
            self.service.release(state)
        elif self.arguments.present:
            self._enter(state, changes)
        else:
            self._leave(state)

    def result(self, state: Appliance) -> dict[str, Any]:
        if not self.arguments.present:
            self.service.warn_if_kept(state)
        elif _is_known_in_maintenance(state) and not holds(state):
            self.host.warn(
                f"{self.host.name} is in maintenance mode without holding the out-of-service slot: not this collection brought "
                "it there. Other appliances are kept in service by their capacity only."
            )
        return {} if self._calls_cut is None else {"calls_cut": self._calls_cut}

    # --- a person's flag ----------------------------------------------------------------------------------------------

    def _require_no_flag(self, state: Appliance) -> None:
        """Nobody has set MaintenanceMode in the tenant, or our slot was claimed when nobody had. Raises Refused.

        Exit-CcUpdate may take the flag back (cloud-connector.md 2.2), and nothing would tell that it had been a person's.
        """
        if self.arguments.adopt or maintenance.noted(state) or state.registration == "none":
            return
        stopping = health.blocking(health.chosen(("tenant_logon", "tenant_maintenance"), state))
        if not stopping:
            return
        refusal = failures.checks_failed(Refused, f"{self.host.name} is left as it is", stopping)
        refusal.remedy = (
            f"{stopping[0].remedy} Exit-CcUpdate may take MaintenanceMode back, also where a person has set it. Whoever knows "
            "that it may go gives adopt: true; then the tenant is not asked."
        )
        raise refusal

    # --- entering -----------------------------------------------------------------------------------------------------

    def _announcement(self, calls: Reading[Calls]) -> str:
        if isinstance(calls, Unknown) or not calls.total:
            return "enter maintenance mode"
        if self.arguments.on_calls is OnCalls.CUT:
            return f"enter maintenance mode, which CUTS {_counted(calls)}"
        return f"wait until {_counted(calls)} have ended, then enter maintenance mode"

    def _require_idle_if_told(self, calls: Calls) -> None:
        if calls.total and self.arguments.on_calls is OnCalls.FAIL:
            raise Refused(
                f"{self.host.name} stays in service: {_counted(calls)} are live on it, which Enter-CcUpdate would cut.",
                "Run it again when no call is live, or use on_active_calls: wait.",
                retry=True,
            )

    def _enter(self, state: Appliance, changes: Sequence[Change]) -> None:
        until = self.clock.monotonic() + self.arguments.timeout
        idle = self._idle(state, changes, until)
        while idle is not None and not self._entered(idle):
            self._pause(until, "a call began each time just before Enter-CcUpdate")
            idle = self._idle(self._again(changes), changes, until)

    def _idle(self, state: Appliance | None, changes: Sequence[Change], until: float) -> Appliance | None:
        """The appliance without a live call, and let through once more after the wait for that; at once where calls are cut.

        None: another run has brought it into maintenance mode meanwhile.
        """
        while state is not None and self._has_to_wait(state):
            self._wait_for_idle(need(state.calls), until)
            state = self._again(changes)
        return state

    def _has_to_wait(self, state: Appliance) -> bool:
        if self.job_found(state) or self.arguments.on_calls is OnCalls.CUT:
            return False
        return bool(need(state.calls).total)

    def _again(self, changes: Sequence[Change]) -> Appliance | None:
        """The appliance after a pause, its flag and its site read anew; None: there is nothing to do any more."""
        state = self._read_anew()
        if self.job_found(state):
            return state
        if self._needs_tenant(state):
            state = self.ask_tenant(state)
        if not self.missing(state):
            return None
        try:
            self.guard(state, changes)
        except Refused as refusal:
            refusal.what = f"After the wait for a moment without calls: {refusal.what}"
            raise
        return state

    def _wait_for_idle(self, calls: Reading[Calls], until: float) -> None:
        """Waits until no call is live, or the counters cannot be read any more. Raises Refused when the wait is over."""
        told: Reading[Calls] | None = None
        while isinstance(calls, Calls) and calls.total:
            if calls != told:
                self.host.tell(f"{_counted(calls)} are live; maintenance mode waits until they have ended")
            told = calls
            self._pause(until, f"{_counted(calls)} are still live")
            calls = self.host.read(self._calls_survey())

    def _pause(self, until: float, why: str) -> None:
        if self.clock.monotonic() >= until:
            raise Refused(
                f"{self.host.name} stays in service: after {self.arguments.timeout:.0f} seconds {why}.",
                "New calls keep coming as long as it is in service: choose a quieter time, or a longer timeout.",
                retry=True,
            )
        self.host.hang_up()
        self.clock.sleep(self.arguments.poll_interval)

    def _entered(self, state: Appliance) -> bool:
        """Whether Enter-CcUpdate ran; not where a call had begun meanwhile."""
        given, fences = self.arguments, list[Step]()
        if not self.job_found(state):
            none = given.on_calls is not OnCalls.CUT
            fences = [*self._calls_survey().steps, steps.calls_known(IDLE, "mediation", none=none)]
        try:
            answer = self.service.leave(state, fences, [steps.enter_maintenance()], "enter maintenance mode")
        except WorkFailed as failed:
            if failed.details.get("step") != IDLE:
                raise
            if given.on_calls is OnCalls.WAIT:
                return False
            reason = "could not be read" if given.on_calls is OnCalls.CUT else "were not zero any more"
            raise Refused(
                f"{self.host.name} stays in service: right before Enter-CcUpdate its counters {reason}.",
                "Run the same command again.",
                retry=True,
            ) from failed
        self._count_lost(answer)
        return True

    def _count_lost(self, answer: Answer | None) -> None:
        """The counters were read in the request of Enter-CcUpdate itself, right before it."""
        calls = Unknown("no answer") if answer is None else self._calls_survey().parse(answer)
        if isinstance(calls, Unknown):
            return
        self._calls_cut = calls.total
        if calls.total:
            self.host.warn(
                f"Enter-CcUpdate has CUT {_counted(calls)} on {self.host.name}, as on_active_calls: cut says."
            )

    def _calls_survey(self) -> Survey[Reading[Calls]]:
        return calls_survey(self.arguments.place.vms["mediation"])

    # --- leaving ------------------------------------------------------------------------------------------------------

    def _leave(self, state: Appliance) -> None:
        self.service.come_back(state, steps.exit_maintenance(), "leave maintenance mode")
        after = self._read()
        if maintenance.mode(after) is not Mode.PRODUCTION:
            raise NotConfirmed(
                f"Exit-CcUpdate has ended on {self.host.name} without an error, but it is not back in service: "
                f"{health.summary(health.blocking(health.carrying(after)))}.",
                "Look at the services of its VMs. When they run, the same command again gives the slot back.",
            )


def _is_in_maintenance(state: Appliance) -> bool:
    return maintenance.mode(state) is Mode.MAINTENANCE and maintenance.is_stopped(state)


def _is_known_in_maintenance(state: Appliance) -> bool:
    try:
        return _is_in_maintenance(state)
    except NotReadError:
        return False


def _predicted_claim(host: str, state: Appliance) -> Slot:
    """The claim that check mode hands on; a real one has a token that nobody can foresee."""
    return slot.make(host, need(state.computer_name), maintenance.OPERATION, state.read_at, "0" * 32)


def _counted(calls: Calls) -> str:
    return f"{calls.total} calls ({calls.inbound} inbound, {calls.outbound} outbound)"
