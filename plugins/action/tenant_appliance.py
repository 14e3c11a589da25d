# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets the maintenance flag of an appliance in the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..plugin_utils.cce import tenant, tenant_steps
from ..plugin_utils.cce.answers import Answer
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.state import Survey
from ..plugin_utils.cce.tenant import Tenant
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.tenant import READING, TENANT, TenantArguments, TenantOperation, tenant_change


@dataclass(frozen=True, kw_only=True)
class FlagArguments(TenantArguments):
    """`name`: the Windows name of the host, by which the tenant knows the appliance."""

    site: str
    maintenance_mode: bool

    @property
    def subject(self) -> str:
        """The record, in words that follow "the tenant has no"."""
        return f"appliance {self.name} in the site {self.site}"

    @property
    def key(self) -> str:
        """What its record is kept by."""
        return f"{self.site}/{self.name}"


class ActionModule(TenantOperation[FlagArguments]):
    """`Set-CsHybridPSTNAppliance -MaintenanceMode` suspends automatic recovery and updates; it does not affect calls (2.2)."""

    ARGUMENTS = {
        **TENANT,
        "site": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "maintenance_mode": {"type": "bool", "required": True},
    }
    RECORD = "tenant_appliance"
    NOT_THERE = "Correct site and name (the name of the host), or register the appliance."

    def validate(self, given: Mapping[str, Any]) -> FlagArguments:
        return FlagArguments(**given)

    def survey(self) -> Survey[Tenant]:
        key = self.arguments.key

        def parse(answer: Answer) -> Tenant:
            member = tenant.parse_member(answer, key)
            return Tenant(appliances={key: member} if member else {})

        return Survey([tenant_steps.appliance_record(self.arguments.site, self.arguments.name)], parse, READING)

    def missing(self, state: Tenant) -> list[Change]:
        given = self.arguments
        what = f"switch the tenant's maintenance mode of {given.key} {'on' if given.maintenance_mode else 'off'}"
        member = state.appliances.get(given.key)
        if member is None:
            return [Change(what)]
        found = need(member.maintenance_mode)
        if found == given.maintenance_mode:
            return []
        after = {**state.appliances, given.key: replace(member, maintenance_mode=given.maintenance_mode)}
        before = {"maintenance_mode": found}
        return [tenant_change(what, before, {"maintenance_mode": given.maintenance_mode}, appliances=after)]

    def act(self, state: Tenant, changes: Sequence[Change]) -> None:
        given = self.arguments
        member = state.appliances[given.key]
        fence = tenant_steps.appliance_record(given.site, given.name, member)
        asked = tenant_steps.set_appliance(member.identity, given.maintenance_mode)
        self.run_in_tenant([fence, asked], changes[0].what)

    def entry(self, state: Tenant) -> Mapping[str, Any] | None:
        member = state.appliances.get(self.arguments.key)
        return None if member is None else {"site": self.arguments.site, "name": self.arguments.name, **vars(member)}
