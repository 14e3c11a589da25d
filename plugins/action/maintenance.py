# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings an appliance into maintenance mode and back into service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._bridge import Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._failures import StepsFailed
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    SITE,
    Change,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._slot import OutOfService, holds, is_release
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health, maintenance, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance, Calls
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.maintenance import Mode
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown, need
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.state import calls_steps, parse_calls

IDLE = "no_calls"


class ActionModule(OutOfService):
    """`Enter-CcUpdate` cuts running calls (cloud-connector.md 9.1 no. 1), so by default it runs on an idle appliance."""

    OPERATION = maintenance.OPERATION
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "state": {"type": "str", "choices": ["present", "absent"], "required": True},
        "on_active_calls": {"type": "str", "choices": ["wait", "fail", "cut"], "default": "wait"},
        "timeout": {"type": "int", "default": 3600},
    }

    _calls_cut: int | None = None

    @property
    def job_name(self) -> str:
        return "maintenance-enter" if self._present else "maintenance-exit"

    @property
    def _present(self) -> bool:
        return bool(self.arguments["state"] == "present")

    @property
    def _policy(self) -> str:
        return str(self.arguments["on_active_calls"])

    # --- deciding -----------------------------------------------------------------------------------------------------

    def decide(self, state: Appliance) -> list[Change]:
        return self._decide_enter(state) if self._present else self._decide_leave(state)

    def _decide_enter(self, state: Appliance) -> list[Change]:
        begun, there = self.begun(state), _is_in_maintenance(state)
        if there and not begun:
            self._warn_without_slot(state)
            return []
        if not begun:
            self.require_way_out(state)
            self._require_idle_if_told(state)
        what = "wait for Enter-CcUpdate, which was begun before" if begun else self._announcement(need(state.calls))
        return [Change(what, {"services": state.services}, {} if there else maintenance.entered(self.claim(state)))]

    def _announcement(self, calls: Calls) -> str:
        if not calls.total:
            return "enter maintenance mode"
        if self._policy == "cut":
            return f"enter maintenance mode, which CUTS {_counted(calls)}"
        return f"wait until {_counted(calls)} have ended, then enter maintenance mode"

    def _require_idle_if_told(self, state: Appliance) -> None:
        calls = need(state.calls)
        if calls.total and self._policy == "fail":
            raise Refused(
                f"{self._host} stays in service: {_counted(calls)} are live on it, which Enter-CcUpdate would cut.",
                "Run it again when no call is live, or use on_active_calls: wait.",
            )

    def _warn_without_slot(self, state: Appliance) -> None:
        if not holds(state):
            self.warn(
                f"{self._host} is in maintenance mode without holding the out-of-service slot: not this collection brought "
                "it there. Other appliances are kept in service by their capacity only."
            )

    def _decide_leave(self, state: Appliance) -> list[Change]:
        begun, mode = self.begun(state), maintenance.mode(state)
        if mode is Mode.PRODUCTION and not begun:
            return self.slot_changes(state)
        if not begun:
            self.require_idle_host(state)
            if mode is Mode.ILL:
                raise Refused(
                    f"{self._host} is {mode.value}.",
                    "This module only ends what Enter-CcUpdate began. Repair the services, or wait for auto recovery.",
                )
        what = "wait for Exit-CcUpdate, which was begun before" if begun else "leave maintenance mode"
        return [Change(what, {"services": state.services}, maintenance.left())]

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if is_release(changes):
            self.release(state)
        elif self._present:
            self._enter(state)
        else:
            self._leave(state)

    def _leave(self, state: Appliance) -> None:
        self.come_back(state, steps.exit_maintenance(), "leave maintenance mode")
        after = self.read()
        if maintenance.mode(after) is not Mode.PRODUCTION:
            raise Refused(
                f"Exit-CcUpdate has ended on {self._host} without an error, but it is not back in service: "
                f"{health.seen(health.blocking(health.own_health(after)))}.",
                "Look at the services of its VMs. When they run, the same command again gives the slot back.",
            )

    def _enter(self, state: Appliance) -> None:
        until = self.now() + self.arguments["timeout"]
        while not self._entered(self._idle(state, until)):
            state = self._later(until, "a call began each time just before Enter-CcUpdate", "a moment without calls")

    def _idle(self, state: Appliance, until: float) -> Appliance:
        """The appliance without a live call, and the site as it may be left; at once where calls are to be cut."""
        while not self.begun(state) and self._policy != "cut" and need(state.calls).total:
            counted = _counted(need(state.calls))
            state = self._later(until, f"{counted} are still live", counted)
        return state

    def _later(self, until: float, why: str, waited: str) -> Appliance:
        """The appliance after a pause; where it may be brought out of service now, the site still allows it."""
        self._pause(until, why)
        state = self.state = self.read()
        if self.begun(state):
            return state
        # Where the neighbours can be read again, that is done once the calls have ended, not at every look.
        if not (need(state.calls).total and self.arguments["site"]["appliances"]):
            self.require_way_out_still(state, waited)
        return state

    def _pause(self, until: float, why: str) -> None:
        if self.now() >= until:
            raise Refused(
                f"{self._host} stays in service: after {self.arguments['timeout']} seconds {why}.",
                "New calls keep coming as long as it is in service: choose a quieter time, or a longer timeout.",
            )
        self.hang_up()
        self.sleep(self.arguments["poll_interval"])

    def _entered(self, state: Appliance) -> bool:
        """Whether Enter-CcUpdate ran; not where a call had begun meanwhile."""
        fences: list[steps.Step] = []
        if not self.begun(state):
            fences = [
                *calls_steps(self.arguments["vms"]["mediation"]),
                steps.calls_known(IDLE, "mediation", none=self._policy != "cut"),
            ]
        try:
            answer = self.leave_service(state, fences, [steps.enter_maintenance()], "enter maintenance mode")
        except StepsFailed as failed:
            if failed.details.get("step") != IDLE:
                raise
            if self._policy == "wait":
                return False
            raise Refused(
                f"{self._host} stays in service: right before Enter-CcUpdate its counters "
                f"{'could not be read' if self._policy == 'cut' else 'were not zero any more'}.",
                "Nothing was changed. Run the same command again.",
            ) from failed
        self._count_lost(answer)
        return True

    def _count_lost(self, answer: Answer | None) -> None:
        """The counters were read in the request of Enter-CcUpdate itself, right before it."""
        calls = Unknown("no answer") if answer is None else parse_calls(answer.raw)
        if isinstance(calls, Unknown):
            return
        self._calls_cut = calls.total
        if calls.total:
            self.warn(f"Enter-CcUpdate has CUT {_counted(calls)} on {self._host}, as on_active_calls: cut says.")

    def extra(self, state: Appliance) -> dict[str, Any]:
        return {} if self._calls_cut is None else {"calls_cut": self._calls_cut}


def _is_in_maintenance(state: Appliance) -> bool:
    return maintenance.mode(state) is Mode.MAINTENANCE and maintenance.is_stopped(state)


def _counted(calls: Calls) -> str:
    return f"{calls.total} calls ({calls.inbound} inbound, {calls.outbound} outbound)"
