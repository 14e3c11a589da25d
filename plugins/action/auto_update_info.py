# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says whether the product's own update would run on an appliance within a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import auto_update, steps, tenant_steps
from ..plugin_utils.cce.answers import ABSENT, Answer, attempt
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.auto_update import YES, Around
from ..plugin_utils.cce.codec import encode
from ..plugin_utils.cce.exceptions import OperationError
from ..plugin_utils.cce.health import Check
from ..plugin_utils.cce.reading import Unknown
from ..plugin_utils.cce.state import Survey
from ..plugin_utils.cce.tenant import Tenant, parse_sites, parse_windows
from ..plugin_utils.cce.tenant_records import TenantRecords
from ..plugin_utils.operation import failures
from ..plugin_utils.operation.appliance_reading import ApplianceReading
from ..plugin_utils.operation.arguments import APPLIANCE, REPORT, Arguments, common

NOT_ASKED = Unknown("it was not asked")


@dataclass(frozen=True, kw_only=True)
class AutoUpdateArguments(Arguments):
    """`require_ready`: fail where an update would not run."""

    require_ready: bool


class ActionModule(ApplianceReading[AutoUpdateArguments, Appliance]):
    """What the update depends on is read in three exchanges: the appliance, the tenant's appliances, its sites and windows."""

    NEEDS_TENANT = staticmethod(lambda arguments, state: True)
    ARGUMENTS = {**APPLIANCE, **REPORT, "require_ready": {"type": "bool", "default": False}}

    _around: Around | None = None
    """What was read beside the appliance; None: nothing was yet."""

    def validate(self, given: Mapping[str, Any]) -> AutoUpdateArguments:
        return AutoUpdateArguments(**common(given, self.host.name), require_ready=given["require_ready"])

    def take_records(self, state: Appliance, records: TenantRecords) -> Appliance:
        """What else an update depends on is read beside the tenant's records."""
        if self._around is not None:
            return state
        asked = [
            steps.user_registry_policy(),
            *tenant_steps.in_session([tenant_steps.site_records(), tenant_steps.update_windows()]),
        ]
        # The first step that fails of those that log on stops the list: what comes after it is unknown then.
        self._around = self.host.read(Survey(asked, _around))
        return state

    def problem(self, state: Appliance) -> OperationError | None:
        if self._around is None or not self.arguments.require_ready:
            return None
        checks = self._checks(state)
        if auto_update.would_run(checks) == YES:
            return None
        stopping = [check for check in checks if check.blocks]
        what = f"Microsoft's own update would not run on {self.host.name}"
        return failures.checks_failed(OperationError, what, stopping, checks)

    def result(self, state: Appliance) -> dict[str, Any]:
        checks, around = self._checks(state), self._around or Around(NOT_ASKED, NOT_ASKED)
        return {
            "auto_update": {
                "would_run": auto_update.would_run(checks),
                "running": auto_update.running(state),
                "answer": auto_update.told(self.host.name, state, checks),
                "openings": encode(auto_update.shown(state, around)),
                "zone_minutes": encode(state.zone_minutes),
            },
            "checks": [check.to_dict() for check in checks],
        }

    def _checks(self, state: Appliance) -> list[Check]:
        return auto_update.checks(state, self._around or Around(NOT_ASKED, NOT_ASKED))


def _around(answer: Answer) -> Around:
    return Around(
        attempt(_tenant, answer),
        attempt(_keeps_registry, answer),
    )


def _tenant(answer: Answer) -> Tenant:
    answer.non_empty(steps.TENANT_SESSION)
    found = answer.nested(tenant_steps.INSIDE)
    return Tenant(parse_sites(found), parse_windows(found))


def _keeps_registry(answer: Answer) -> bool:
    """Neither the key nor the value is there as Windows is delivered."""
    found = answer.objects("user_registry", absent=(*ABSENT, "PropertyNotFound"))
    return any(one["DisableForceUnload"] == 1 for one in found)
