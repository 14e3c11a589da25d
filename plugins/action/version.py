# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a deployed version the running one."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._jobs import Job
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    REQUIRED_SITE,
    Change,
    Operation,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import predict, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need


class ActionModule(Operation):
    """`Switch-CcVersion`, the moment that calls notice. It is a toggle, so both versions are fenced on the appliance."""

    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        **JOB,
        "version": {"type": "str", "required": True},
        "timeout": {"type": "int", "default": 7200},
    }

    @property
    def job_name(self) -> str:
        return f"switch-{self.arguments['version']}"

    def decide(self, state: Appliance) -> list[Change]:
        target = self.target
        if self.begun(state, self.job_name):
            return [Change(f"wait for the switch to {target} that was begun before")]
        if need(state.running) == target:
            return []
        self.require_scripts(state)
        if need(state.backup) != target:
            raise Refused(
                f"{target} is not deployed on {self._host}: its backup version is {state.backup}.",
                "Run the deployment operation first.",
            )
        self.require_spare()
        return [
            Change(
                f"switch from {state.running} to {target}",
                {"running": state.running, "backup": state.backup, "machines": state.machines},
                predict.switched(state, target),
            )
        ]

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        fences = [self.fence("RunningBits", "running", state), self.fence("BackupBits", "backup", state)]
        self.run_job(Job(self.job_name, [*fences, steps.switch_version()]), f"switch to {self.arguments['version']}")
