# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets automatic update, update windows and Edge FQDN of a PSTN site in the tenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..plugin_utils.cce import steps, tenant, tenant_steps
from ..plugin_utils.cce.exceptions import Refused
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.steps import Step
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
    remember: bool
    restore: bool


class ActionModule(TenantOperation[SiteArguments]):
    """`Set-CsHybridPSTNSite`. What automatic update was before it is suspended can be kept on the site."""

    ARGUMENTS = {
        **TENANT,
        "name": {"type": "str", "required": True},
        "auto_update": {"type": "bool"},
        "edge_fqdn": {"type": "str"},
        "bits_windows": WINDOWS,
        "os_windows": WINDOWS,
        "site_directory": {"type": "str"},
        "remember": {"type": "bool", "default": False},
        "restore": {"type": "bool", "default": False},
    }
    RECORD = "site"
    RULES = {
        "required_if": [("remember", True, ("site_directory", "auto_update")), ("restore", True, ("site_directory",))],
        "mutually_exclusive": [("restore", "auto_update"), ("restore", "remember")],
    }

    def validate(self, given: Mapping[str, Any]) -> SiteArguments:
        directory = given["site_directory"]
        return SiteArguments(
            exchange_timeout=given["exchange_timeout"],
            name=given["name"],
            values={field: given[field] for field in VALUES if given[field] is not None},
            lists={field: given[field] for field in LISTS if given[field]},
            note=tenant.note_path(directory) if directory else "",
            remember=given["remember"],
            restore=given["restore"],
        )

    # --- what is left to do -------------------------------------------------------------------------------------------

    def missing(self, state: Tenant) -> list[Change]:
        found = tenant.find(state.sites, self.arguments.name)
        if found is None:
            return [Change(f"find the site {self.arguments.name}")]
        name, site = found
        note = state.notes.get(self.arguments.name)
        if self.arguments.restore:
            return [] if note is None else self._restoring(state, name, site, note)
        changes = _settings(state, name, site, self._wanted(site))
        if note is None and self.arguments.remember and "auto_update" in merged(changes):
            was = need(site.auto_update)
            what = f"write down in the site directory that automatic update of {name} was {_on(was)}"
            changes.insert(0, self._note_change(what, state, None, was))
        return changes

    def _wanted(self, site: Site) -> dict[str, Any]:
        """The fields that have to change, with what they have to be."""
        wanted = {field: value for field, value in self.arguments.values.items() if not _is(site, field, value)}
        for field, modifier in self.arguments.lists.items():
            present = need(getattr(site, field))
            after = tenant.modified(present, modifier)
            if not tenant.same_names(present, after):
                wanted[field] = after
        return wanted

    def _restoring(self, state: Tenant, name: str, site: Site, note: bool) -> list[Change]:
        """First the setting, then the note: whatever happens between, the next run finds the note."""
        setting = {} if _is(site, "auto_update", note) else {"auto_update": note}
        forget = f"remove the note in the site directory that automatic update of {name} was {_on(note)}"
        return [*_settings(state, name, site, setting), self._note_change(forget, state, note, None)]

    def _note_change(self, what: str, state: Tenant, before: bool | None, after: bool | None) -> Change:
        notes = {**state.notes, self.arguments.name: after}
        return tenant_change(what, {"remembered": before}, {"remembered": after}, notes=notes)

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
        asked += self._note_steps(name, site) if after.get("remembered") is not None else []
        asked += [tenant_steps.set_site(name, settings)] if settings else []
        asked += self._forget_steps(name, state) if self.arguments.restore else []
        self.run_in_tenant(asked, f"change the site {name}")

    def _note_steps(self, name: str, site: Site) -> list[Step]:
        """Complete at once and never over another note; nothing is set unless it is there and still true."""
        path, text = self.arguments.note, tenant.note_text(name, need(site.auto_update))
        return [
            steps.write_file("write_note", f"{path}.new", text),
            steps.place_file("place_note", f"{path}.new", path),
            steps.file_unchanged("note_is", path, expect=[text]),
        ]

    def _forget_steps(self, name: str, state: Tenant) -> list[Step]:
        """The note goes only where the setting is back, as the tenant itself says."""
        note = state.notes[self.arguments.name]
        return [
            tenant_steps.auto_update_is("restored", name, bool(note)),
            steps.remove_file("forget", self.arguments.note),
        ]

    def entry(self, state: Tenant) -> Mapping[str, Any] | None:
        found = tenant.find(state.sites, self.arguments.name)
        if found is None:
            return None
        name, site = found
        return {"name": name, **vars(site), "remembered": state.notes.get(self.arguments.name)}


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
