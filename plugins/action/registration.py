# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registers the appliance with the tenant, or takes it out of it."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    PROMPTS,
    SITE,
    Change,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._slot import RELEASE, OutOfService, holds
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health, maintenance, slot, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need


class ActionModule(OutOfService):
    """Runs attached, because the cmdlet may ask for passwords (cloud-connector.md 1.3)."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "version": {"type": "str", "required": True},
        **PROMPTS,
    }

    def decide(self, state: Appliance) -> list[Change]:
        if need(state.registration) == "half":
            raise Refused(
                "The tenant knows one half of this appliance's identity with another other half, so it cannot be registered.",
                "Compare SiteName, ApplianceName and the Mediation Server's name and address in CloudConnector.ini with "
                "Get-CsHybridPSTNAppliance; correct the ini or unregister the old appliance.",
                **{"class": "T6-registration-conflict"},
            )
        return self._decide_present(state) if self._present else self._decide_absent(state)

    @property
    def _present(self) -> bool:
        return bool(self.arguments["state"] == "present")

    def _decide_present(self, state: Appliance) -> list[Change]:
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

    def _decide_absent(self, state: Appliance) -> list[Change]:
        if state.registration == "none":
            return self._release(state)
        self.require_scripts(state)
        self._check_absent(state)
        unregistered = {"registration": "none", "management_service": health.UNREGISTERED_SERVICE}
        before = {"registration": state.registration, "management_service": state.management_service}
        return [Change("unregister the appliance from the tenant", before, unregistered), *self._release(state)]

    def _check_absent(self, state: Appliance) -> None:
        """What becomes of its calls when the tenant forgets an appliance is not documented, so none may live on it."""
        self.require_idle_host(state)
        self.require_site()
        if not maintenance.is_silent(state):
            raise Refused(
                f"{self._host} stays registered: calls can live on it.",
                "Bring it into maintenance mode, or remove its deployment, before it is unregistered.",
            )
        self.require_spare(state, silent=True)

    def _release(self, state: Appliance) -> list[Change]:
        """An appliance without VMs that the tenant does not know belongs to the site no more, and holds nobody up."""
        if need(state.machines) or not holds(state):
            return []
        return [Change(RELEASE, {"slot": state.slot}, {"slot": None})]

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self._present:
            self.run_steps([steps.register()], "register the appliance", self.arguments["prompts"])
        else:
            self.run_steps(self._absent_steps(state), "unregister the appliance", self.arguments["prompts"])

    def _absent_steps(self, state: Appliance) -> list[steps.Step]:
        asked = []
        if state.registration != "none":
            asked = [self.fence("RunningScripts", "scripts", state), steps.unregister()]
        if state.slot is not None and self._release(state):
            asked += slot.end_steps(self.arguments["site_directory"], need(state.slot))
        return asked
