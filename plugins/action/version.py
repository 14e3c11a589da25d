# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a deployed version the running one."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._failures import StepsFailed
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    REQUIRED_SITE,
    Change,
    Refused,
    Unfinished,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._slot import OutOfService, is_release
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import capacity, health, predict, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance, Calls
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown, need
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.state import calls_steps, parse_calls


class ActionModule(OutOfService):
    """`Switch-CcVersion`, the moment that calls notice. It is a toggle, so both versions are fenced on the appliance."""

    OPERATION = "version"
    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        **JOB,
        "version": {"type": "str", "required": True},
        "force": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 7200},
        "idle_wait": {"type": "int", "default": 1800},
    }

    @property
    def job_name(self) -> str:
        return f"switch-{self.arguments['version']}"

    def decide(self, state: Appliance) -> list[Change]:
        target, begun = self.target, self.begun(state)
        there = need(state.running) == target
        if there and not begun:
            return self.slot_changes(state)
        if not begun:
            self._check_start(state, target)
        return [
            Change(
                f"wait for the switch to {target} that was begun before"
                if begun
                else f"switch from {state.running} to {target}",
                {"running": state.running, "backup": state.backup, "machines": state.machines},
                {} if there else predict.switched(state, target),
            )
        ]

    def _check_start(self, state: Appliance, target: str) -> None:
        self.require_scripts(state)
        if need(state.backup) != target:
            raise Refused(
                f"{target} is not deployed on {self._host}: its backup version is {state.backup or 'none'}.",
                "Run the deployment operation first.",
            )
        self.require_gates(state)
        self.require_way_out(state)

    def undone(self, state: Appliance) -> list[Change]:
        """The switch is done when the VMs of the version before are off, too: both sets have the same addresses."""
        left = super().undone(state)
        on = [check for check in health.blocking(health.health(state, self.target)) if check.id == "other_sets"]
        if on and not left:
            raise Refused(
                f"{self._host} runs {self.target}, but VMs of another version are on: {on[0].evidence}.", on[0].remedy
            )
        return left

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if is_release(changes):
            self.release(state)
        else:
            self._warn_of_force(state)
            self._switch(state if self.begun(state) else self._idle(state))
            self.hand_back()

    def _warn_of_force(self, state: Appliance) -> None:
        if self.arguments["force"]:
            self.warn(
                f"The switch of {self._host} was begun before; force was not added to it, since what it does to a drain that is "
                "under way is not documented."
                if self.begun(state)
                else f"Switch-CcVersion -Force stops the services of {self._host} forcibly if its drain fails, which cuts calls."
            )

    def _idle(self, state: Appliance) -> Appliance:
        """The appliance in a moment without calls, if there is one in time, where nobody would take over its new calls.

        A drain refuses them as long as the running ones last, so that it is short if it begins without any.
        """
        alone = capacity.needs_consent(str(self._host), self.arguments["site"])
        if not alone or self.arguments["idle_wait"] <= 0 or isinstance(state.calls, Unknown) or not state.calls.total:
            return state
        left = self._wait_for_idle(state.calls)
        state = self.state = self.read()
        if not self.begun(state):
            self.refresh_site(state)
            self._check_start(state, self.target)
        if left.total:
            self.warn(
                f"{self._host} had no moment without calls in {self.arguments['idle_wait']} seconds. The drain began with "
                f"{left.total} calls live; until they ended nobody took new ones."
            )
        return state

    def _wait_for_idle(self, calls: Calls) -> Calls:
        """The live calls when there are none, or when the wait is over."""
        until = self.now() + self.arguments["idle_wait"]
        while calls.total and self.now() < until:
            self.tell(f"{calls.total} calls are live; the switch waits for a moment without any")
            self.hang_up()
            self.sleep(self.arguments["poll_interval"])
            calls = need(parse_calls(self.exchange(calls_steps(self.arguments["vms"]["mediation"])).raw))
        return calls

    def _switch(self, state: Appliance) -> None:
        fences = [self.fence("RunningBits", "running", state), self.fence("BackupBits", "backup", state)]
        try:
            self.leave_service(
                state, fences, [steps.switch_version(self.arguments["force"])], f"switch to {self.target}"
            )
        except Unfinished as waiting:
            raise Refused(f"{waiting.what} {self._live_calls()}", waiting.remedy, **waiting.details) from waiting
        except StepsFailed as failed:
            if self._is_switched():
                raise Refused(
                    f"{self._host} was switched to {self.target}, but not without errors. {failed.what}",
                    failed.remedy,
                    **failed.details,
                ) from failed
            raise

    def _live_calls(self) -> str:
        """A drain has no documented end, so a person has to know what it waits for."""
        state = self.fresh_state()
        if state is None or isinstance(state.calls, Unknown):
            return "How many calls are live on it could not be read."
        return f"{state.calls.total} calls are live on it; while it drains it takes no new ones."

    def _is_switched(self) -> bool:
        state = self.fresh_state()
        return state is not None and state.running == self.target
