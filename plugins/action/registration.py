# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registers the appliance with the tenant."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    SITE,
    Change,
    Operation,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need


class ActionModule(Operation):
    """Runs attached, because the cmdlet may ask for passwords (cloud-connector.md 1.3)."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        "version": {"type": "str", "required": True},
        "prompts": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "no_log": False,
            "options": {
                "prompt": {"type": "str", "required": True},
                "user": {"type": "str", "default": ""},
                "password": {"type": "str", "required": True, "no_log": True},
            },
        },
    }

    def decide(self, state: Appliance) -> list[Change]:
        if need(state.registration) == "half":
            raise Refused(
                "The tenant knows one half of this appliance's identity with another other half, so it cannot be registered.",
                "Compare SiteName, ApplianceName and the Mediation Server's name and address in CloudConnector.ini with "
                "Get-CsHybridPSTNAppliance; correct the ini or unregister the old appliance.",
            )
        if health.registered(state):
            return []
        self.require_scripts(state)
        return [
            Change(
                "register the appliance with the tenant",
                {"registration": state.registration, "management_service": state.management_service},
                {"registration": "full", "management_service": health.REGISTERED_SERVICE},
            )
        ]

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        self.run_steps([steps.register()], "register the appliance", self.arguments["prompts"])
