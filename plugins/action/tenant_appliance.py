# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets the maintenance flag of an appliance in the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._tenant import (
    TENANT,
    Change,
    Refused,
    Tenant,
    TenantOperation,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps, tenant, tenant_steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant import Member


class ActionModule(TenantOperation):
    """`Set-CsHybridPSTNAppliance -MaintenanceMode`: the management service keeps its hands off, calls go on (2.2)."""

    ARGUMENTS = {
        **TENANT,
        "site": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "maintenance_mode": {"type": "bool", "required": True},
    }
    RECORD = "tenant_appliance"

    @property
    def _key(self) -> str:
        return f"{self.arguments['site']}/{self.arguments['name']}"

    def asks(self) -> list[steps.Step]:
        return [tenant_steps.appliance_record(self.arguments["site"], self.arguments["name"])]

    def understand(self, answer: Mapping[str, Any]) -> Tenant:
        member = tenant.parse_member(answer, self._key)
        return Tenant(appliances={self._key: member} if member else {})

    def decide(self, state: Tenant) -> list[Change]:
        wanted = self.arguments["maintenance_mode"]
        found = need(self._member(state).maintenance_mode)
        if found == wanted:
            return []
        what = f"switch the tenant's maintenance mode of {self._key} {'on' if wanted else 'off'}"
        return [Change(what, {"maintenance_mode": found}, {"maintenance_mode": wanted})]

    def _member(self, state: Tenant) -> Member:
        member = state.appliances.get(self._key)
        if member is None:
            raise Refused(
                f"The tenant has no appliance {self.arguments['name']} in the site {self.arguments['site']}.",
                "Correct site and name (the name of the host), or register the appliance. Nothing was changed.",
            )
        return member

    def act(self, state: Tenant, changes: Sequence[Change]) -> None:
        asked = tenant_steps.set_appliance(self._member(state).identity, self.arguments["maintenance_mode"])
        self.run_in_tenant([asked], changes[0].what)

    def seen(self, state: Tenant) -> Mapping[str, Any] | None:
        member = state.appliances.get(self._key)
        if member is None:
            return None
        return {"site": self.arguments["site"], "name": self.arguments["name"], **vars(member)}

    def _predicted(self, state: Tenant, changes: Sequence[Change]) -> Tenant:
        member = replace(self._member(state), maintenance_mode=self.arguments["maintenance_mode"])
        return state.with_changes(appliances={**state.appliances, self._key: member})
