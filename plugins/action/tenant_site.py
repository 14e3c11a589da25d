# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets automatic update, update windows and Edge FQDN of a PSTN site in the tenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._tenant import (
    TENANT,
    Change,
    Refused,
    Tenant,
    TenantOperation,
    merged,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps, tenant, tenant_steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant import Site

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
NOTHING_CHANGED = "Nothing was changed."


class ActionModule(TenantOperation):
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

    def asks(self) -> list[steps.Step]:
        directory = self.arguments["site_directory"]
        note = [steps.file_text("note", tenant.note_path(directory))] if directory else []
        return [*super().asks(), *note]

    def understand(self, answer: Mapping[str, Any]) -> Tenant:
        found, name = super().understand(answer), self.arguments["name"]
        if not self.arguments["site_directory"]:
            return found
        return found.with_changes(notes={name: tenant.parse_note(answer, name)})

    # --- deciding -----------------------------------------------------------------------------------------------------

    def decide(self, state: Tenant) -> list[Change]:
        name, site = self._site(state)
        note = state.notes.get(self.arguments["name"])
        if self.arguments["restore"]:
            return self._restoring(name, site, note)
        changes = [self._change(name, site, field, value) for field, value in self._wanted(site, state).items()]
        if note is None and self.arguments["remember"] and any("auto_update" in change.after for change in changes):
            changes.insert(0, self._remembering(name, site))
        return changes

    def _site(self, state: Tenant) -> tuple[str, Site]:
        found = tenant.find(state.sites, self.arguments["name"])
        if found is None:
            raise Refused(
                f"The tenant has no PSTN site {self.arguments['name']}: it has {_told(state.sites or ())}.",
                f"Correct the name. Register-CcAppliance makes a site, this module does not. {NOTHING_CHANGED}",
            )
        return found

    def _wanted(self, site: Site, state: Tenant) -> dict[str, Any]:
        """The fields that have to change, with what they have to be."""
        given = {field: self.arguments[field] for field in ("auto_update", "edge_fqdn")}
        wanted = {field: value for field, value in given.items() if value is not None and not _is(site, field, value)}
        for field in ("bits_windows", "os_windows"):
            present, modifier = getattr(site, field), self.arguments[field]
            if modifier and not tenant.same_names(need(present), tenant.modified(present, modifier)):
                wanted[field] = self._known(tenant.modified(present, modifier), state)
        return wanted

    def _known(self, windows: Sequence[str], state: Tenant) -> tuple[str, ...]:
        missing = [name for name in windows if tenant.find(state.windows, name) is None]
        if missing:
            raise Refused(
                f"The tenant has no update window {', '.join(missing)}: it has {_told(state.windows or ())}.",
                f"Correct the name, or make the window with the module update_window. {NOTHING_CHANGED}",
            )
        return tuple(windows)

    def _change(self, name: str, site: Site, field: str, value: Any) -> Change:
        words = {"auto_update": f"switch automatic update of {name} {'on' if value else 'off'}"}
        what = words.get(field, f"set {field} of {name} to {_told(value) if isinstance(value, tuple) else value}")
        return Change(what, {field: getattr(site, field)}, {field: value})

    def _remembering(self, name: str, site: Site) -> Change:
        found = need(site.auto_update)
        what = f"write down in the site directory that automatic update of {name} was {'on' if found else 'off'}"
        return Change(what, {"remembered": None}, {"remembered": found})

    def _restoring(self, name: str, site: Site, note: bool | None) -> list[Change]:
        """First the setting, then the note: whatever happens between, the next run finds the note."""
        if note is None:
            return []
        changes = [] if _is(site, "auto_update", note) else [self._change(name, site, "auto_update", note)]
        forget = f"remove the note in the site directory that automatic update of {name} was {'on' if note else 'off'}"
        return [*changes, Change(forget, {"remembered": note}, {"remembered": None})]

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Tenant, changes: Sequence[Change]) -> None:
        name, site = self._site(state)
        after = merged(changes)
        asked = self._note_steps(name, site) if after.get("remembered") is not None else []
        settings = {
            PARAMETERS[field]: _said(site, field, value) for field, value in after.items() if field in PARAMETERS
        }
        asked += [tenant_steps.set_site(name, settings)] if settings else []
        asked += self._forget_steps(name, state) if self.arguments["restore"] else []
        self.run_in_tenant(asked, f"change the site {name}")

    def _note_steps(self, name: str, site: Site) -> list[steps.Step]:
        """Complete at once and never over another note; nothing is set unless it is there and still true."""
        found = need(site.auto_update)
        path, text = tenant.note_path(self.arguments["site_directory"]), tenant.note_text(name, found)
        return [
            tenant_steps.auto_update_is("found", name, found),
            steps.write_file("write_note", f"{path}.new", text),
            steps.place_file("place_note", f"{path}.new", path),
            steps.file_unchanged("note_is", path, expect=[text]),
        ]

    def _forget_steps(self, name: str, state: Tenant) -> list[steps.Step]:
        """The note goes only where the setting is back, as the tenant itself says."""
        note = state.notes[self.arguments["name"]]
        return [
            tenant_steps.auto_update_is("restored", name, bool(note)),
            steps.remove_file("forget", tenant.note_path(self.arguments["site_directory"])),
        ]

    # --- telling ------------------------------------------------------------------------------------------------------

    def seen(self, state: Tenant) -> Mapping[str, Any] | None:
        found = tenant.find(state.sites, self.arguments["name"])
        if found is None:
            return None
        name, site = found
        return {"name": name, **vars(site), "remembered": state.notes.get(self.arguments["name"])}

    def _predicted(self, state: Tenant, changes: Sequence[Change]) -> Tenant:
        name, site = self._site(state)
        after = merged(changes)
        notes = {self.arguments["name"]: after.pop("remembered")} if "remembered" in after else {}
        sites = {**(state.sites or {}), name: replace(site, **after)}
        return state.with_changes(sites=sites, notes={**state.notes, **notes})


def _is(site: Site, field: str, value: Any) -> bool:
    present = need(getattr(site, field))
    return str(present).lower() == str(value).lower()


def _said(site: Site, field: str, value: Any) -> Any:
    return tenant.list_modifier(need(getattr(site, field)), value) if isinstance(value, tuple) else value


def _told(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
