# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a deployed version the running one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import health, predict, steps, upgrade
from ..plugin_utils.cce.appliance import Appliance, Calls
from ..plugin_utils.cce.exceptions import Refused, Unfinished, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.reading import Reading, Unknown, need
from ..plugin_utils.cce.state import calls_survey
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, REQUIRED_SITE, UPDATE_WAIT, Arguments, common, target
from ..plugin_utils.operation.changes import Change, is_release


@dataclass(frozen=True, kw_only=True)
class SwitchArguments(Arguments):
    """`idle_wait`: seconds to wait for a moment without calls, where nobody takes new ones meanwhile."""

    target: Version
    force: bool
    idle_wait: float


class ActionModule(ApplianceOperation[SwitchArguments, Appliance]):
    """`Switch-CcVersion`, the moment that calls notice. It is a toggle, so both versions are fenced on the appliance."""

    SLOT = "version"
    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        **JOB,
        **UPDATE_WAIT,
        "version": {"type": "str", "required": True},
        "force": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 7200},
        "idle_wait": {"type": "int", "default": 1800},
    }

    def validate(self, given: Mapping[str, Any]) -> SwitchArguments:
        release = target(given)
        return SwitchArguments(
            **common(given, self.host.name),
            job=upgrade.job_name("version", release),
            gated=True,
            target=release,
            force=given["force"],
            idle_wait=given["idle_wait"],
        )

    def missing(self, state: Appliance) -> list[Change]:
        """The switch is done when the VMs of the version before are off, too: both sets have the same addresses."""
        release = self.arguments.target
        if need(state.running) == release:
            return [*_sets_still_on(state, release), *self.service.release_change(state)]
        before = {"running": state.running, "backup": state.backup, "machines": state.machines}
        return [Change(f"switch from {state.running} to {release}", before, predict.switched(state, release))]

    def guard(self, state: Appliance, changes: Sequence[Change]) -> None:
        release = self.arguments.target
        if is_release(changes):
            return
        if state.running == release:
            raise Refused(
                f"{self.host.name} runs {release}, but VMs of another version are on: {changes[0].before['machines']}.",
                failure=FailureClass.TWO_SETS_ON,
            )
        self.require_scripts(state, release)
        if need(state.backup) != release:
            raise Refused(
                f"{release} is not deployed on {self.host.name}: its backup version is {state.backup or 'none'}.",
                "Run the deployment operation first.",
            )
        _require_same_ini(self.host.name, state, release)
        self.require_gates(state, release, health.switch_gates)
        self.site.require_way_out(state, for_switch=True)

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if is_release(changes):
            self.service.release(state)
            return
        self._warn_of_force(state)
        self._switch(state if self.job_found(state) else self._idle(state, changes))
        self.service.hand_back()

    def result(self, state: Appliance) -> dict[str, Any]:
        self.service.warn_if_kept(state)
        return {}

    def _warn_of_force(self, state: Appliance) -> None:
        if self.arguments.force:
            self.host.warn(
                f"The switch of {self.host.name} was begun before; force was not added to it, since what it does to a drain that "
                "is under way is not documented."
                if self.job_found(state)
                else f"Switch-CcVersion -Force stops the services of {self.host.name} forcibly if its drain fails, "
                "which cuts calls."
            )

    def _idle(self, state: Appliance, changes: Sequence[Change]) -> Appliance:
        """The appliance in a moment without calls, if there is one in time, where nobody would take over its new calls.

        A drain refuses them as long as the running ones last, so that it is short if it begins without any.
        """
        wait = self.arguments.idle_wait
        alone = self.site.needs_consent()
        if not alone or wait <= 0 or isinstance(state.calls, Unknown) or not state.calls.total:
            return state
        left = self._wait_for_idle(state.calls)
        state = self._read()
        if not self.job_found(state):
            state = self.ask_tenant(state)
            self.guard(state, changes)
        if left.total:
            self.host.warn(
                f"{self.host.name} had no moment without calls in {wait:.0f} seconds. The drain began with "
                f"{left.total} calls live; until they ended nobody took new ones."
            )
        return state

    def _wait_for_idle(self, calls: Calls) -> Calls:
        """The live calls when there are none, or when the wait is over."""
        until = self.clock.monotonic() + self.arguments.idle_wait
        while calls.total and self.clock.monotonic() < until:
            self.host.tell(f"{calls.total} calls are live; the switch waits for a moment without any")
            self.host.hang_up()
            self.clock.sleep(self.arguments.poll_interval)
            calls = need(self.host.read(calls_survey(self.arguments.place.vms["mediation"])))
        return calls

    def _switch(self, state: Appliance) -> None:
        fences = [self.fence("RunningBits", "running", state), self.fence("BackupBits", "backup", state)]
        switch = [steps.switch_version(self.arguments.force)]
        try:
            self.service.leave(state, fences, switch, f"switch to {self.arguments.target}")
        except Unfinished as waiting:
            raise Unfinished(f"{waiting.what} {self._live_calls()}", waiting.remedy) from waiting
        except WorkFailed as failed:
            self._explain(failed, state.running)
            raise

    def _explain(self, failed: WorkFailed, before: Reading[Version | None]) -> None:
        """Adds what the state says of a switch that failed. What the error of a drain that is given up says is not documented."""
        after = self._after_failure()
        if after is None:
            return
        if after.running == self.arguments.target:
            failed.what = f"{self.host.name} was switched to {after.running}, but not without errors. {failed.what}"
        elif failed.failure is FailureClass.UNKNOWN and after.running == before and health.serves(after) is True:
            failed.failure = FailureClass.NOT_SWITCHED

    def _live_calls(self) -> str:
        """A drain has no documented end, so a person has to know what it waits for."""
        state = self._after_failure()
        if state is None or isinstance(state.calls, Unknown):
            return "How many calls are live on it could not be read."
        return f"{state.calls.total} calls are live on it; while it drains it takes no new ones."


def _sets_still_on(state: Appliance, release: Version) -> list[Change]:
    on = [check for check in health.blocking(health.health(state, release)) if check.id == "other_sets"]
    return [Change("turn off the VMs of the other version", {"machines": on[0].evidence})] if on else []


def _require_same_ini(name: str, state: Appliance, release: Version) -> None:
    """What is switched to has to be what the ini in force describes: capacity and gateways are taken from it."""
    by = need(state.deployed_by)
    in_force = need(state.ini_imported)
    if by is None or by.get("version") != release or in_force is None:
        return
    if by.get("ini") != hashlib.sha256(in_force.encode()).hexdigest():
        raise Refused(
            f"{release} was deployed on {name} with another CloudConnector.ini than the one in force.",
            f"Put that ini back, or remove {release} with the deployment operation (state: absent) and deploy it again.",
        )
