# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the whole state of one appliance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import APPLIANCE, Change, Operation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance


class ActionModule(Operation):
    """Changes nothing, so there is nothing to decide."""

    ARGUMENTS = {**APPLIANCE, "report_unreadable": {"type": "bool", "default": False}}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            result = super().run(tmp, task_vars)
            reason = result["msg"] if result.get("failed") else None
        except AnsibleConnectionFailure as lost:
            if not self.arguments["report_unreadable"]:
                raise
            result, reason = {}, str(lost.__cause__ or lost)
        if reason is None or not getattr(self, "arguments", {}).get("report_unreadable"):
            return result
        return {"changed": False, "appliance": {"name": self._host, "unreadable": reason}}

    def decide(self, state: Appliance) -> list[Change]:
        return []

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        """Nothing to do."""
