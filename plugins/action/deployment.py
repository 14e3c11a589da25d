# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deploys the VMs of a version beside the running ones."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._failures import StepsFailed
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    SITE,
    Change,
    Died,
    Operation,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import predict, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown, need


class ActionModule(Operation):
    """`Install-CcAppliance -Upgrade`: hours, with the old set still carrying the calls (cloud-connector.md 5.3, inferred)."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "version": {"type": "str", "required": True},
        "timeout": {"type": "int", "default": 28800},
    }

    @property
    def job_name(self) -> str:
        return f"install-{self.arguments['version']}"

    def decide(self, state: Appliance) -> list[Change]:
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

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
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
