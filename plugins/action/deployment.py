# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deploys the VMs of a version beside the running ones."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._jobs import Job
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    SITE,
    Change,
    Operation,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import predict, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need


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
        target = self.target
        if self.begun(state, self.job_name):
            return [Change(f"wait for the deployment of {target} that was begun before")]
        if target in (need(state.running), need(state.backup)):
            return []
        self.require_scripts(state)
        before = {"backup": state.backup, "machines": state.machines}
        return [Change(f"deploy the VMs of {target}", before, predict.deployed(state, target))]

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        fence = self.fence("RunningScripts", "scripts", state)
        self.run_job(Job(self.job_name, [fence, steps.install_upgrade()]), f"deploy {self.arguments['version']}")
