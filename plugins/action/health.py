# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says whether an appliance is at a version and well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import health, rollback
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import OperationError
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation import failures
from ..plugin_utils.operation.appliance_reading import ApplianceReading
from ..plugin_utils.operation.arguments import (
    APPLIANCE,
    REPORT,
    TENANT_RECORDS,
    Arguments,
    common,
    tenant_records,
    version,
)
from ..plugin_utils.operation.site_option import SITE


@dataclass(frozen=True, kw_only=True)
class HealthArguments(Arguments):
    """`timeout` is the option `wait`: services need a while after a switch."""

    target: Version
    require_proof: bool


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
        "require_proof": {"type": "bool", "default": False},
        "wait": {"type": "int", "default": 0},
        "poll_interval": {"type": "int", "default": 15},
    }

    def validate(self, given: Mapping[str, Any]) -> HealthArguments:
        known = common({**given, "timeout": given["wait"]}, self.host.name)
        return HealthArguments(
            **known,
            records=tenant_records(given["tenant"]),
            target=version(given),
            require_proof=given["require_proof"],
        )

    def problem(self, state: Appliance) -> OperationError | None:
        checks = self._checks(state)
        stopping = health.blocking(health.asked(checks))
        if not stopping:
            return None
        what = f"{self.host.name} is not healthy at {self.arguments.target}"
        failed = failures.checks_failed(OperationError, what, stopping, checks)
        if state.running == self.arguments.target and any(check.consequence == health.CALLS for check in stopping):
            failed.remedy = rollback.with_way_back(failed.remedy, failed.failure, state)
        return failed

    def result(self, state: Appliance) -> dict[str, Any]:
        return {"checks": [check.to_dict() for check in self._checks(state)]}

    def _checks(self, state: Appliance) -> list[health.Check]:
        checks = health.health(state, self.arguments.target)
        return health.with_proof(checks) if self.arguments.require_proof else checks
