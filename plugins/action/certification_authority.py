# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The internal certification authority: its backup, its root, and the certificates it gives the VMs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    SITE,
    Change,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._recorded import RecordedOperation, has_it
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps, versions
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Results, attempt
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need

BACKUP = r"CA\SfB CCE Root.p12"
ROOTS = "CCERootCertificates.p7b"
ROLES = ("Cms", "MS", "Edge")
SINCE, RENAMED = "1.4.2", "2.0"

DOING = {
    "backup": "back the certification authority up",
    "remove_backup": "remove the backup of the certification authority",
    "export_root": "export the root certificates",
    "renew_root": "renew the root certificate",
    "renew_servers": "renew the certificates of the servers",
    "remove_legacy": "remove the certificates that a renewal replaced",
    "reset": "reset the certification authority",
}
BY_FILE = ("backup", "remove_backup")
"""What a file in the site directory shows; of the others a generation has to say whether they are done."""

BY_ROLE = ("renew_servers", "remove_legacy")


class ActionModule(RecordedOperation):
    """One of the documented cmdlets (cloud-connector.md 1.2); in which order they belong, T9 of the documentation says."""

    RECORD = "certification_authority"
    RULES = {
        "required_if": [
            *(("operation", operation, ("generation",)) for operation in DOING if operation not in BY_FILE),
            ("operation", "export_root", ("path",)),
        ]
    }
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "operation": {"type": "str", "required": True, "choices": list(DOING)},
        "generation": {"type": "str"},
        "roles": {"type": "list", "elements": "str", "choices": list(ROLES), "default": list(ROLES)},
        "path": {"type": "str"},
        "timeout": {"type": "int", "default": 3600},
    }

    @property
    def operation(self) -> str:
        return str(self.arguments["operation"])

    @property
    def job_name(self) -> str:
        return f"authority-{self.operation}" + ("" if self.operation in BY_FILE else f"-{self.generation}")

    # --- reading ------------------------------------------------------------------------------------------------------

    def ask(self) -> list[steps.Step]:
        asked = [steps.file_exists("backup_file", rf"{self.arguments['site_directory']}\{BACKUP}")]
        if self.arguments["path"] is not None:
            asked.append(steps.file_exists("roots_file", rf"{self.arguments['path']}\{ROOTS}"))
        return asked

    def learn(self, results: Results) -> dict[str, Any]:
        return {name: attempt(_there, results, name) for name in ("backup_file", "roots_file")}

    # --- deciding -----------------------------------------------------------------------------------------------------

    def decide(self, state: Appliance) -> list[Change]:
        changes = self._file_changes() if self.operation in BY_FILE else self._declared_changes(state)
        if changes and not self.begun(state):
            self._check_start(state)
        return changes

    def _file_changes(self) -> list[Change]:
        wanted = self.operation == "backup"
        if need(self.subject["backup_file"]) == wanted:
            return []
        return [Change(DOING[self.operation], {"backup_file": not wanted}, {"backup_file": wanted})]

    def _declared_changes(self, state: Appliance) -> list[Change]:
        entries = {name: self._entry(state) for name in self._names if not self._is_done(state, name)}
        if not entries:
            return []
        return [self.record_change(f"{DOING[self.operation]} (generation {self.generation})", **entries)]

    @property
    def _names(self) -> list[str]:
        """What the record calls this operation; a renewal is written down for each role."""
        if self.operation in BY_ROLE:
            return [f"{self.operation} {role}" for role in self.arguments["roles"]]
        return [self.operation]

    def _entry(self, state: Appliance) -> dict[str, Any]:
        return {"generation": self.generation, "running": state.running}

    def _is_done(self, state: Appliance, name: str) -> bool:
        done = self.record.get(name)
        if done is None or done["generation"] != self.generation:
            return False
        if self.operation == "export_root":
            return bool(need(self.subject["roots_file"]))
        return has_it(state, done["running"])

    def _check_start(self, state: Appliance) -> None:
        self.require_idle_host(state)
        scripts = need(state.scripts)
        if scripts is None or versions.key(scripts) < versions.key(SINCE):
            raise Refused(
                f"These cmdlets came with {SINCE}, and the scripts on {self._host} are {scripts or 'missing'}.",
                "Upgrade the appliance first; nothing was changed.",
            )
        if need(state.running) is None:
            raise Refused(
                f"Nothing is deployed on {self._host}, so it has no certification authority.", "Deploy it first."
            )
        if self.operation == "reset":
            self.require_maintenance(state, DOING["reset"])

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        self.run_job(state, [self._cmdlet(state)], DOING[self.operation])
        if self.operation not in BY_FILE:
            self.write_record(**dict.fromkeys(self._names, self._entry(state)))

    def _cmdlet(self, state: Appliance) -> steps.Step:
        before_2 = versions.key(need(state.scripts) or "") < versions.key(RENAMED)
        roles = self.arguments["roles"]
        cmdlets: dict[str, Callable[[], steps.Step]] = {
            "backup": steps.backup_authority,
            "remove_backup": steps.remove_authority_backup,
            "export_root": lambda: steps.export_root(self.arguments["path"]),
            "renew_root": lambda: steps.renew_root(before_2=before_2),
            "renew_servers": lambda: steps.renew_servers(roles, before_2=before_2),
            "remove_legacy": lambda: steps.remove_legacy_certificates(roles),
            "reset": steps.reset_authority,
        }
        return cmdlets[self.operation]()


def _there(results: Results, name: str) -> bool:
    (found,) = results.some(name)
    return bool(found)
