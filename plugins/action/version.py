# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a deployed version the running one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..plugin_utils.cce import health, hold, paths, predict, proof, rollback, site_file, steps, upgrade
from ..plugin_utils.cce.appliance import Appliance, Calls
from ..plugin_utils.cce.exceptions import OptionError, Refused, Unfinished, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.reading import Reading, Unknown, need
from ..plugin_utils.cce.state import calls_survey
from ..plugin_utils.cce.steps import Step
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, UPDATE_WAIT, Arguments, common, target, version
from ..plugin_utils.operation.changes import Change, is_release
from ..plugin_utils.operation.drain import Drain, Force
from ..plugin_utils.operation.options import BY_NAME
from ..plugin_utils.operation.site_option import REQUIRED_SITE


@dataclass(frozen=True, kw_only=True)
class SwitchArguments(Arguments):
    """Seconds: `idle_wait`, to wait for a moment without calls, where nobody takes new ones meanwhile; `drain_limit`, 0: none.

    `rollback`: the target is the release before, which is gone back to. `force_drain`: consent to cut, of another site too.
    """

    target: Version
    rollback: bool
    force: bool
    idle_wait: float
    drain_limit: float
    force_drain: Force | None

    @property
    def forced_by(self) -> Force | None:
        """The consent to cut the last calls of this site, where there is one."""
        given, site = self.force_drain, self.site
        return given if given and site and given.site == site.name else None


class ActionModule(ApplianceOperation[SwitchArguments, Appliance]):
    """`Switch-CcVersion`, the moment that calls notice. It is a toggle, so both versions are fenced on the appliance.

    Forward and back are two operations with targets of their own: forward never leads to an older release, back only to one that
    is older than the running one and its backup, and either does nothing where its target runs. So neither undoes itself when it
    is run again.
    """

    SLOT = "version"
    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        **JOB,
        **UPDATE_WAIT,
        "version": {"type": "str", "required": True},
        "rollback": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 7200},
        "idle_wait": {"type": "int", "default": 1800},
        "drain_limit": {"type": "int", "default": 3600},
        "force_drain": {"type": "dict", "options": {"site": {"type": "str", "required": True}, **BY_NAME}},
    }

    def validate(self, given: Mapping[str, Any]) -> SwitchArguments:
        back = given["rollback"]
        release = version(given) if back else target(given)
        return SwitchArguments(
            **common(given, self.host.name),
            job=rollback.switch_job(release) if back else upgrade.job_name("version", release),
            gated=True,
            target=release,
            rollback=back,
            force=given["force"],
            idle_wait=given["idle_wait"],
            drain_limit=given["drain_limit"],
            force_drain=_force(given["force_drain"]),
        )

    @cached_property
    def _drain(self) -> Drain:
        return Drain(self.host, self.jobs, self.SLOT, self.arguments.drain_limit, self._after_failure)

    def missing(self, state: Appliance) -> list[Change]:
        """The switch is done when the VMs of the version before are off, too: both sets have the same addresses."""
        release, back = self.arguments.target, self.arguments.rollback
        if need(state.running) == release:
            still_on = _sets_connected(state, release) if back else _sets_still_on(state, release)
            return [*still_on, *self.service.release_change(state)]
        before = {"running": state.running, "backup": state.backup, "machines": state.machines}
        what = f"switch {'back ' if back else ''}from {state.running} to {release}"
        return [Change(what, before, predict.switched(state, release))]

    def guard(self, state: Appliance, changes: Sequence[Change]) -> None:
        release = self.arguments.target
        if is_release(changes):
            return
        if state.running == release:
            raise Refused(
                f"{self.host.name} runs {release}, but VMs of another version are on: {changes[0].before['machines']}.",
                failure=FailureClass.TWO_SETS_ON,
            )
        if self.arguments.rollback:
            self._require_way_back(state)
        else:
            self._require_way_forward(state)
        self.site.require_way_out(state, for_switch=True, broken=self.arguments.rollback)

    def _require_way_forward(self, state: Appliance) -> None:
        release = self.arguments.target
        self.gates.require_no_hold(state)
        self.gates.require_scripts(state, release)
        if need(state.backup) != release:
            raise Refused(
                f"{release} is not deployed on {self.host.name}: its backup version is {state.backup or 'none'}.",
                "Run the deployment operation first.",
            )
        _require_same_ini(self.host.name, state, release)
        self.gates.require(state, release, health.switch_gates)
        need(state.hold)

    def _require_way_back(self, state: Appliance) -> None:
        """The site is on hold for it, and the old set is whole. Raises Refused, NotReadError."""
        release = self.arguments.target
        if problem := rollback.hold_problem(state, release) or rollback.switch_problem(state, release):
            raise Refused(
                f"{self.host.name} does not go back to {release}: {problem}", failure=FailureClass.NO_WAY_BACK
            )
        self.gates.require(state, release, health.rollback_gates)

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if is_release(changes):
            self.service.release(state)
            return
        if self.job_found(state):
            state = self._end_drain(state)
        if not self.job_found(state):
            state = self._idle(state, changes)
        self._warn_of_force(state)
        self._switch(state)
        self.service.hand_back()

    def result(self, state: Appliance) -> dict[str, Any]:
        self.service.warn_if_kept(state)
        return {}

    # --- force ------------------------------------------------------------------------------------------------------------

    def _end_drain(self, state: Appliance) -> Appliance:
        """The state, without the job of a drain that a named person had cut; that job is waited for in any other case."""
        consent = self.arguments.forced_by
        if consent is None or not self._drain.has_live_calls(state) or self._drain.is_forced():
            return state
        calls = need(state.calls)
        without = state.with_changes(jobs=tuple(job for job in need(state.jobs) if job != self.arguments.job))
        without = self.ask_tenant(without)
        self.guard(without, self.missing(without))
        if not self._drain.end(self._fences(state), self.arguments.place.vms["mediation"]):
            self.host.tell("the drain goes on: its last call ended, or it was not to be told that one is live")
            return self._read()
        self.host.warn(
            f"The drain of {self.host.name} was ended with {calls.total} calls live, by the word of {consent.by} "
            f"({consent.reason}), and is begun anew with -Force."
        )
        return self._read()

    def _warn_of_force(self, state: Appliance) -> None:
        consent = self.arguments.forced_by
        if consent and not self.job_found(state):
            self.host.warn(
                f"Switch-CcVersion -Force stops the services of {self.host.name} forcibly if its drain fails, which cuts "
                f"calls, by the word of {consent.by} ({consent.reason}). That it ends a drain that lasts is not documented."
            )
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

    # --- the switch -------------------------------------------------------------------------------------------------------

    def _fences(self, state: Appliance) -> list[Step]:
        return same_versions(state, "running", "backup")

    def _switch(self, state: Appliance) -> None:
        given, found = self.arguments, self.job_found(state)
        fences: list[Step] = []
        if not found:
            held = hold.fences(given.place.site_directory, need(state.hold), forward=not given.rollback)
            fences = [*held, *self._fences(state)]
        switch = [*_END_PROOF, steps.switch_version(given.force or given.forced_by is not None)]
        self._drain.watch(state, found=found)
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
            failed.remedy = rollback.with_way_back(failed.remedy, failed.failure, after)
        elif failed.failure is FailureClass.UNKNOWN and after.running == before and health.serves(after) is True:
            failed.failure = FailureClass.NOT_SWITCHED

    def _live_calls(self) -> str:
        """A drain has no documented end, so a person has to know what it waits for."""
        state = self._after_failure()
        if state is None or isinstance(state.calls, Unknown):
            return "How many calls are live on it could not be read."
        return f"{state.calls.total} calls are live on it; while it drains it takes no new ones."


_END_PROOF = (
    steps.remove_file("end_proof", paths.record(proof.NAME)),
    steps.file_gone("proof_ended", paths.record(proof.NAME)),
)
"""That calls were carried is proven of a set in production, and not of the same one when it comes back later."""


def _force(given: Mapping[str, str] | None) -> Force | None:
    """The option `force_drain`. Raises OptionError."""
    if given is None:
        return None
    if not all(hold.is_part(given[name]) for name in ("site", "by", "reason")):
        raise OptionError(
            f"force_drain needs site, by and reason, each one line of at most {site_file.MOST_CHARACTERS} characters."
        )
    return Force(given["site"], given["by"].strip(), given["reason"].strip())


def _sets_still_on(state: Appliance, release: Version) -> list[Change]:
    on = [check for check in health.blocking(health.health(state, release)) if check.id == "other_sets"]
    return [Change("turn off the VMs of the other version", {"machines": on[0].evidence})] if on else []


def _sets_connected(state: Appliance, release: Version) -> list[Change]:
    """A set that was deployed and never switched to may be on, but is in no network."""
    names = ", ".join(rollback.connected(state, release))
    return [Change("turn off the VMs of the other version", {"machines": names})] if names else []


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
