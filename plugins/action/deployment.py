# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deploys the VMs of a version beside the running ones, or removes those of a version."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._failures import StepsFailed
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    SITE,
    Change,
    Died,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._slot import OutOfService, is_release
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import predict, steps, versions
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown, need


class ActionModule(OutOfService):
    """`Install-CcAppliance -Upgrade`: hours, with the old set still carrying the calls (cloud-connector.md 5.3, inferred).

    And `Uninstall-CcAppliance`, always with the version: without it the product removes the running set.
    """

    OPERATION = "removal of the running deployment"

    ENDLESS = " A deployment that never ends may be a VM without an IP address (T1 in docs/troubles.md)."

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "version": {"type": "str", "required": True},
        "remove_running": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 28800},
    }

    @property
    def job_name(self) -> str:
        return f"install-{self.arguments['version']}" if self._present else f"uninstall-{self._version}"

    @property
    def _present(self) -> bool:
        return bool(self.arguments["state"] == "present")

    @property
    def _version(self) -> str:
        """The version to remove, which may be older than any that can be deployed. Raises Refused."""
        try:
            return versions.normal(self.arguments["version"])
        except ValueError as error:
            raise Refused(f"{error}.", "Correct the option version; nothing was changed.") from error

    def decide(self, state: Appliance) -> list[Change]:
        return self._decide_present(state) if self._present else self._decide_absent(state)

    def _decide_present(self, state: Appliance) -> list[Change]:
        target, begun = self.target, self.begun(state)
        there = target in (need(state.running), need(state.backup))
        if there and not begun:
            return []
        if not begun:
            self.require_scripts(state)
        return [
            Change(
                f"wait for the deployment of {target} that was begun before"
                if begun
                else f"deploy the VMs of {target}",
                {"backup": state.backup, "machines": state.machines},
                {} if there else predict.deployed(state, target),
            )
        ]

    def _decide_absent(self, state: Appliance) -> list[Change]:
        version, begun = self._version, self.begun(state)
        there = version in (need(state.running), need(state.backup)) or bool(state.machines_of(version))
        if not there and not begun:
            return self.slot_changes(state)
        if not begun:
            self._check_removal(state, version)
        carries = " that run, so that the appliance carries no calls any more" if _is_in_use(state, version) else ""
        return [
            Change(
                f"wait for the removal of {version} that was begun before"
                if begun
                else f"remove the VMs of {version}{carries}",
                {"running": state.running, "backup": state.backup, "machines": state.machines},
                predict.removed(state, version),
            )
        ]

    def _check_removal(self, state: Appliance, version: str) -> None:
        self.require_idle_host(state)
        if not _is_in_use(state, version):
            return
        if not self.arguments["remove_running"]:
            raise Refused(
                f"{version} is the version that runs on {self._host}: without it the appliance carries no calls.",
                "Nothing was removed. To take the appliance out of service for good, say remove_running: true.",
            )
        self.require_way_out(state)

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self._present:
            self._deploy(state)
        elif is_release(changes):
            self.release(state)
        else:
            self._remove(state)

    def _remove(self, state: Appliance) -> None:
        """The running version is a fence in any case: a switch since the reading would make another set the running one."""
        fence, doing = self.fence("RunningBits", "running", state), f"remove {self._version}"
        act = steps.uninstall(self._version)
        if self.begun(state) or not _is_in_use(state, self._version):
            self.run_job(state, [fence, act], doing)
        else:
            self.leave_service(state, [fence], [act], doing)

    def _deploy(self, state: Appliance) -> None:
        fence = self.fence("RunningScripts", "scripts", state)
        try:
            self.run_job(state, [fence, steps.install_upgrade()], f"deploy {self.target}")
        except (StepsFailed, Died) as failed:
            what, remedy = self._left_over()
            raise Refused(f"{failed.what}{what}", f"{remedy}{failed.remedy}", **failed.details) from failed

    def _left_over(self) -> tuple[str, str]:
        """What the product does with an unfinished set is not documented, so a person has to know of it."""
        state = self.fresh_state()
        if state is None or isinstance(state.machines, Unknown) or self.target in (state.running, state.backup):
            return "", ""
        names = ", ".join(machine.name for machine in state.machines_of(self.target))
        if not names:
            return "", ""
        return f" The VMs {names} are left of it, unfinished.", (
            f"Where they are in the way of the next try, remove them with Uninstall-CcAppliance -Version {self.target}, "
            "never without -Version: that would remove the running set. "
        )


def _is_in_use(state: Appliance, version: str) -> bool:
    """Whether calls may live on that set: it is said to run, or its VMs are on and connected whatever is said (T7)."""
    connected = any(machine.is_running and need(machine.switches) for machine in state.machines_of(version))
    return connected or state.running == version
