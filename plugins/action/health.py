# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says whether an appliance is at a version and well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import health
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import OperationError
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation import failures
from ..plugin_utils.operation.appliance import ApplianceReading
from ..plugin_utils.operation.arguments import (
    APPLIANCE,
    REPORT,
    SITE,
    TENANT_RECORDS,
    Arguments,
    common,
    target,
    tenant_records,
)


@dataclass(frozen=True, kw_only=True)
class HealthArguments(Arguments):
    """`timeout` is the option `wait`: services need a while after a switch."""

    target: Version


class ActionModule(ApplianceReading[HealthArguments, Appliance]):
    """Every check is read; what could not be read blocks like what is wrong."""

    NEEDS_TENANT = staticmethod(lambda arguments, state: True)
    """Once, when all that is local is well."""
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **REPORT,
        **TENANT_RECORDS,
        "version": {"type": "str", "required": True},
        "wait": {"type": "int", "default": 0},
        "poll_interval": {"type": "int", "default": 15},
    }

    def validate(self, given: Mapping[str, Any]) -> HealthArguments:
        known = common({**given, "timeout": given["wait"]}, self.host.name)
        return HealthArguments(**known, records=tenant_records(given["tenant"]), target=target(given))

    def problem(self, state: Appliance) -> OperationError | None:
        checks = health.health(state, self.arguments.target)
        stopping = health.blocking(health.asked(checks))
        if not stopping:
            return None
        what = f"{self.host.name} is not healthy at {self.arguments.target}"
        return failures.checks_failed(OperationError, what, stopping, checks)

    def result(self, state: Appliance) -> dict[str, Any]:
        return {"checks": [check.to_dict() for check in health.health(state, self.arguments.target)]}
