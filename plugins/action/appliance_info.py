# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the whole state of one appliance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import APPLIANCE, Change
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._reporting import REPORT, ReportingOperation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance


class ActionModule(ReportingOperation):
    """Changes nothing, so there is nothing to decide."""

    ARGUMENTS = {**APPLIANCE, **REPORT}

    def decide(self, state: Appliance) -> list[Change]:
        return []

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        """Nothing to do."""

    def reported(self, reason: str, result: Mapping[str, Any]) -> dict[str, Any]:
        return {"changed": False, "appliance": {"name": self._host, "unreadable": reason}}
