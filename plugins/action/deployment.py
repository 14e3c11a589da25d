# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deploys the VMs of a version beside the running ones, or removes those of a version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import health, hold, paths, predict, steps, upgrade, versions
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import NotReadError, Refused, Unfinished, WorkFailed
from ..plugin_utils.cce.failure_classes import FAILURES, FailureClass
from ..plugin_utils.cce.reading import Unknown, need
from ..plugin_utils.cce.steps import Step
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common, target, version
from ..plugin_utils.operation.changes import Change, is_release
from ..plugin_utils.operation.site_option import SITE


@dataclass(frozen=True, kw_only=True)
class DeploymentArguments(Arguments):
    """`spelling`: the version as it was given, for a product that was never seen to spell it."""

    version: Version
    spelling: str
    present: bool
    remove_running: bool


class ActionModule(ApplianceOperation[DeploymentArguments, Appliance]):
    """`Install-CcAppliance -Upgrade`: hours, with the old set still carrying the calls (cloud-connector.md 5.3, inferred).

    And `Uninstall-CcAppliance`, always with the version: without it the product removes the running set.
    """

    SLOT = "removal of the running deployment"
    JOB_HINT = (
        f" A deployment that never ends may be a VM without an IP address ({FailureClass.NEW_VM_NETWORK} in "
        "docs/troubles.md)."
    )
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "version": {"type": "str", "required": True},
        "remove_running": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 28800},
    }

    def validate(self, given: Mapping[str, Any]) -> DeploymentArguments:
        """A version to remove may be older than any that can be deployed."""
        present = given["state"] == "present"
        wanted = target(given) if present else version(given)
        return DeploymentArguments(
            **common(given, self.host.name),
            job=upgrade.job_name("deployment", wanted) if present else f"uninstall-{wanted}",
            version=wanted,
            spelling=given["version"].strip(),
            present=present,
            remove_running=given["remove_running"],
        )

    def missing(self, state: Appliance) -> list[Change]:
        wanted = self.arguments.version
        named = wanted in (need(state.running), need(state.backup))
        if self.arguments.present:
            before = {"backup": state.backup, "machines": state.machines}
            deployment = Change(f"deploy the VMs of {wanted}", before, predict.deployed(state, wanted))
            return [] if state.running == wanted or (named and _is_whole(state, wanted)) else [deployment]
        if not named and not state.machines_of(wanted):
            return self.service.release_change(state)
        carries = " that run, so that the appliance carries no calls any more" if _is_in_use(state, wanted) else ""
        before = {"running": state.running, "backup": state.backup, "machines": state.machines}
        return [Change(f"remove the VMs of {wanted}{carries}", before, predict.removed(state, wanted))]

    def guard(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self.arguments.present:
            self.gates.require_no_hold(state)
            need(state.hold)
            self.gates.require_scripts(state, self.arguments.version)
            self._require_ini(state)
        elif not is_release(changes) and _is_in_use(state, self.arguments.version):
            self._require_wanted(state)
            self.site.require_way_out(state)

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self.arguments.present:
            self._deploy(state)
        elif is_release(changes):
            self.service.release(state)
        else:
            self._remove(state)

    def result(self, state: Appliance) -> dict[str, Any]:
        if not self.arguments.present:
            self.service.warn_if_kept(state)
        return {}

    # --- guarding -----------------------------------------------------------------------------------------------------

    def _require_ini(self, state: Appliance) -> None:
        """The VMs are made of it, and it is written down which one it was."""
        if not need(state.ini_imported):
            raise Refused(
                f"No CloudConnector.ini is in force on {self.host.name}.", "Run the configuration operation first."
            )

    def _require_wanted(self, state: Appliance) -> None:
        if not self.arguments.remove_running:
            raise Refused(
                f"{self.arguments.version} is the version that runs on {self.host.name}: without it the appliance carries no "
                "calls.",
                "To take the appliance out of service for good, say remove_running: true.",
            )

    # --- deploying ----------------------------------------------------------------------------------------------------

    def _deploy(self, state: Appliance) -> None:
        release = self.arguments.version
        in_force = state.ini_imported if isinstance(state.ini_imported, str) else ""
        fences = [
            *hold.none_there(self.arguments.place.site_directory),
            *same_versions(state, "scripts"),
            *self._fences(state),
            steps.file_unchanged("ini_unchanged", paths.INI_IN_FORCE, [in_force]),
        ]
        acts = [*_record(release, in_force, ended=False), steps.install_upgrade(), *_record(release, in_force)]
        try:
            self.jobs.do(state, [*fences, *acts], f"deploy {release}", fences=fences)
        except Unfinished:
            raise
        except WorkFailed as failed:
            self._add_left_over(failed)
            raise

    def _fences(self, state: Appliance) -> list[Step]:
        """The sets that were read: of a start that arrives late one of them is another by then.

        They stand before the start and in the job: the one that is stopped leaves no claim, and the other may begin later.
        """
        return same_versions(state, "running", "backup")

    def _add_left_over(self, failed: WorkFailed) -> None:
        """What the product does with an unfinished set is not documented, so a person has to know of it."""
        state, release = self._after_failure(), self.arguments.version
        if state is None or isinstance(state.machines, Unknown) or release == state.running:
            return
        names = ", ".join(machine.name for machine in state.machines_of(release))
        if not names:
            return
        failed.what += f" The VMs {names} are left of it, unfinished."
        failed.remedy = (
            "Where they are in the way of the next try, remove them with Uninstall-CcAppliance -Version "
            f"{self._spelling(state)}, never without -Version: that would remove the running set. "
            f"{failed.remedy or FAILURES[failed.failure].remedy}"
        )

    # --- removing -----------------------------------------------------------------------------------------------------

    def _remove(self, state: Appliance) -> None:
        """The versions are a fence in any case: a switch since the reading would make another set the running one.

        They would let a start through that arrives when the set was removed and deployed again, so it also has to come in time.
        """
        wanted = self.arguments.version
        fences, doing = self._fences(state), f"remove {wanted}"
        acts = [steps.uninstall(self._spelling(state)), *_forget(state, wanted)]
        if self.job_found(state) or not _is_in_use(state, wanted):
            self.jobs.do(state, [*fences, *acts], doing, fences=fences, in_time=True)
        else:
            self.service.leave(state, fences, acts, doing)

    def _spelling(self, state: Appliance) -> str:
        """The version in the product's own spelling, which may be 2.0.0 for 2.0; as it was given where that was not read."""
        texts = [text for texts in state.raw_versions.values() for text in texts]
        if not isinstance(state.machines, Unknown):
            texts += [machine.name for machine in state.machines_of(self.arguments.version)]
        found = (versions.spelling(str(text), self.arguments.version) for text in texts)
        return next(filter(None, found), self.arguments.spelling)


def _is_in_use(state: Appliance, wanted: Version) -> bool:
    """Whether calls may live on that set: it is said to run, or its VMs are on and connected whatever is said (T7)."""
    connected = any(machine.is_running and need(machine.switches) for machine in state.machines_of(wanted))
    return connected or state.running == wanted


def _is_whole(state: Appliance, wanted: Version) -> bool:
    """The product may name a set before it is finished (cloud-connector.md 9.2). Raises NotReadError."""
    check = health.set_complete(state, wanted)
    if check.status == health.ERROR:
        raise NotReadError(check.evidence)
    return not check.blocks


def _record(release: Version, in_force: str, *, ended: bool = True) -> list[Step]:
    """Writes down which ini the VMs were made of: `version` switches to no set that was made of another one.

    With `ended` false, that their deployment begins: a host that dies under it leaves this record.
    """
    record: dict[str, Any] = {"version": release, "ini": hashlib.sha256(in_force.encode()).hexdigest()}
    if not ended:
        record["ended"] = ended
    prefix = "deployed" if ended else "begun"
    return [
        steps.write_file(f"{prefix}_new", f"{paths.DEPLOYED}.new", json.dumps(record)),
        steps.move_file(prefix, f"{paths.DEPLOYED}.new", paths.DEPLOYED),
    ]


def _forget(state: Appliance, wanted: Version) -> list[Step]:
    """The record of a set that is gone says nothing of one that is deployed by hand."""
    by = state.deployed_by
    recorded = isinstance(by, Mapping) and by.get("version") == wanted
    return [steps.remove_file("forget_deployed", paths.DEPLOYED)] if recorded else []
