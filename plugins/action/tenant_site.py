# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets automatic update, update windows and Edge FQDN of a PSTN site in the tenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..plugin_utils.cce import tenant, tenant_steps
from ..plugin_utils.cce.exceptions import Refused
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.tenant import Site, Tenant
from ..plugin_utils.operation.changes import Change, merged
from ..plugin_utils.operation.tenant import TENANT, TenantArguments, TenantOperation, tenant_change

NAMES: dict[str, Any] = {"type": "list", "elements": "str"}
WINDOWS: dict[str, Any] = {
    "type": "dict",
    "options": {"add": NAMES, "remove": NAMES, "set": NAMES},
    "mutually_exclusive": [("set", "add"), ("set", "remove")],
}
PARAMETERS = {
    "auto_update": "EnableAutoUpdate",
    "edge_fqdn": "EdgeFQDN",
    "bits_windows": "BitsUpdateTimeWindow",
    "os_windows": "OsUpdateTimeWindow",
}
"""Field of a site -> parameter of Set-CsHybridPSTNSite."""
VALUES, LISTS = ("auto_update", "edge_fqdn"), ("bits_windows", "os_windows")


@dataclass(frozen=True, kw_only=True)
class SiteArguments(TenantArguments):
    """What the site has to be.

    Attributes:
        values: the fields of VALUES that were given.
        lists: the fields of LISTS that were given, each with its `add`, `remove` and `set`.
    """

    values: Mapping[str, Any]
    lists: Mapping[str, Mapping[str, Sequence[str] | None]]


class ActionModule(TenantOperation[SiteArguments]):
    """`Set-CsHybridPSTNSite`. To suspend automatic update for a time there is the module `automatic_update`."""

    ARGUMENTS = {
        **TENANT,
        "name": {"type": "str", "required": True},
        "auto_update": {"type": "bool"},
        "edge_fqdn": {"type": "str"},
        "bits_windows": WINDOWS,
        "os_windows": WINDOWS,
    }
    RECORD = "site"

    def validate(self, given: Mapping[str, Any]) -> SiteArguments:
        return SiteArguments(
            exchange_timeout=given["exchange_timeout"],
            name=given["name"],
            values={field: given[field] for field in VALUES if given[field] is not None},
            lists={field: given[field] for field in LISTS if given[field]},
        )

    # --- what is left to do -------------------------------------------------------------------------------------------

    def missing(self, state: Tenant) -> list[Change]:
        found = tenant.find(state.sites, self.arguments.name)
        if found is None:
            return [Change(f"find the site {self.arguments.name}")]
        name, site = found
        return _settings(state, name, site, self._wanted(site))

    def _wanted(self, site: Site) -> dict[str, Any]:
        """The fields that have to change, with what they have to be."""
        wanted = {field: value for field, value in self.arguments.values.items() if not _is(site, field, value)}
        for field, modifier in self.arguments.lists.items():
            present = need(getattr(site, field))
            after = tenant.modified(present, modifier)
            if not tenant.same_names(present, after):
                wanted[field] = after
        return wanted

    def guard(self, state: Tenant, changes: Sequence[Change]) -> None:
        if tenant.find(state.sites, self.arguments.name) is None:
            raise Refused(
                f"The tenant has no PSTN site {self.arguments.name}: it has {_listed(state.sites or ())}.",
                "Correct the name. Register-CcAppliance makes a site, this module does not.",
            )
        after = merged(changes)
        windows = [name for field in LISTS for name in after.get(field, ())]
        unknown = [name for name in windows if tenant.find(state.windows, name) is None]
        if unknown:
            raise Refused(
                f"The tenant has no update window {', '.join(unknown)}: it has {_listed(state.windows or ())}.",
                "Correct the name, or make the window with the module update_window.",
            )

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Tenant, changes: Sequence[Change]) -> None:
        name, site = tenant.get(state.sites, self.arguments.name)
        after = merged(changes)
        settings = {
            PARAMETERS[field]: _parameter(site, field, value) for field, value in after.items() if field in PARAMETERS
        }
        asked = [tenant_steps.auto_update_is("found", name, need(site.auto_update))] if "auto_update" in after else []
        self.run_in_tenant([*asked, tenant_steps.set_site(name, settings)], f"change the site {name}")

    def entry(self, state: Tenant) -> Mapping[str, Any] | None:
        found = tenant.find(state.sites, self.arguments.name)
        if found is None:
            return None
        name, site = found
        return {"name": name, **vars(site)}


def _settings(state: Tenant, name: str, site: Site, wanted: Mapping[str, Any]) -> list[Change]:
    """A change for each field; each has the site as it is after those before it."""
    changes = []
    for field, value in wanted.items():
        before, site = {field: getattr(site, field)}, replace(site, **{field: value})
        shown = _listed(value) if isinstance(value, tuple) else value
        what = f"set {field} of {name} to {shown}"
        if field == "auto_update":
            what = f"switch automatic update of {name} {_on(value)}"
        changes.append(tenant_change(what, before, {field: value}, sites={**(state.sites or {}), name: site}))
    return changes


def _is(site: Site, field: str, value: Any) -> bool:
    present = need(getattr(site, field))
    return str(present).lower() == str(value).lower()


def _parameter(site: Site, field: str, value: Any) -> Any:
    return tenant.list_modifier(need(getattr(site, field)), value) if isinstance(value, tuple) else value


def _on(value: bool) -> str:
    return "on" if value else "off"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
