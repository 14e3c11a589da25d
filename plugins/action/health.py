# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says whether an appliance is at a version and well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    SITE,
    Change,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._reporting import REPORT, ReportingOperation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance


class ActionModule(ReportingOperation):
    """Every check is read; what could not be read blocks like what is wrong."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **REPORT,
        "version": {"type": "str", "required": True},
        "wait": {"type": "int", "default": 0},
        "poll_interval": {"type": "int", "default": 15},
    }

    def decide(self, state: Appliance) -> list[Change]:
        checks = health.health(state, self.target)
        blocking = health.blocking(checks)
        if blocking:
            raise Refused(
                f"{self._host} is not healthy at {self.target}: {health.seen(blocking)}.",
                blocking[0].remedy,
                **health.as_failure(blocking, checks),
            )
        return []

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        """Nothing to do."""

    def extra(self, state: Appliance) -> dict[str, Any]:
        return {"checks": [check.to_dict() for check in health.health(state, self.target)]}

    def read(self) -> Appliance:
        """Services need a while after a switch: read again until all is well or the wait is over."""
        until = self.now() + self.arguments["wait"]
        while True:
            state = super().read()
            well = not health.blocking(health.health(state, self.target))
            if well or self._task.check_mode or self.now() >= until:
                return state
            self.hang_up()
            self.sleep(self.arguments["poll_interval"])

    def reported(self, reason: str, result: Mapping[str, Any]) -> dict[str, Any]:
        found = {"appliance": result["appliance"]} if "appliance" in result else {}
        return {"changed": False, "problem": reason, **found}
