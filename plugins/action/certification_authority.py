# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The internal certification authority: its backup, its root, and the certificates it gives the VMs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import steps
from ..plugin_utils.cce.answers import Answer, attempt
from ..plugin_utils.cce.exceptions import Refused
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.cce.versions import Version, key
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.record import (
    Recorded,
    RecordedOperation,
    generation,
    has_it,
    record_change,
    record_entry,
)
from ..plugin_utils.operation.site_option import SITE

BACKUP = r"CA\SfB CCE Root.p12"
ROOTS = "CCERootCertificates.p7b"
ROLES = ("Cms", "MS", "Edge")
SINCE, RENAMED = Version("1.4.2"), Version("2.0")

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


@dataclass(frozen=True, kw_only=True)
class AuthorityArguments(Arguments):
    """`generation` is empty for what a file shows; `path`: the folder of an export, None without one."""

    operation: str
    generation: str
    roles: tuple[str, ...]
    path: str | None


class ActionModule(RecordedOperation[AuthorityArguments]):
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

    def validate(self, given: Mapping[str, Any]) -> AuthorityArguments:
        operation = given["operation"]
        declared = "" if operation in BY_FILE else generation(given["generation"])
        return AuthorityArguments(
            **common(given, self.host.name),
            job="-".join(filter(None, ("authority", operation, declared))),
            operation=operation,
            generation=declared,
            roles=tuple(given["roles"]),
            path=given["path"],
        )

    def survey(self) -> Survey[Recorded]:
        given = self.arguments
        asked = [steps.file_exists("backup_file", self._backup)]
        if given.path is not None:
            asked.append(steps.file_exists("roots_file", rf"{given.path}\{ROOTS}"))
        return self.record.survey(appliance_survey(given.place), asked, _subject)

    def missing(self, state: Recorded) -> list[Change]:
        given = self.arguments
        if given.operation in BY_FILE:
            return self._file_changes(state)
        entries = {name: self._entry(state) for name in self._names if not self._is_recorded(state, name)}
        if not entries:
            return []
        return [record_change(f"{DOING[given.operation]} (generation {given.generation})", state, **entries)]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        scripts = need(state.scripts)
        if scripts is None or key(scripts) < key(SINCE):
            raise Refused(
                f"These cmdlets came with {SINCE}, and the scripts on {self.host.name} are {scripts or 'missing'}.",
                "Upgrade the appliance first.",
                failure=FailureClass.MODULE_MISSING if scripts is None else None,
            )
        if need(state.running) is None:
            raise Refused(
                f"Nothing is deployed on {self.host.name}, so it has no certification authority.",
                "Deploy it first.",
                failure=FailureClass.NOTHING_DEPLOYED,
            )
        if self.arguments.operation == "reset":
            self.require_maintenance(state, DOING["reset"])

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        given = self.arguments
        fences, doing = same_versions(state, "running"), DOING[given.operation]
        if self.job_found(state):
            self.jobs.do(state, [self._cmdlet(state)], doing)
        elif given.operation in BY_FILE:
            if given.operation == "backup":
                fences.append(steps.file_gone("no_backup", self._backup))
            self.jobs.do(state, [self._cmdlet(state)], doing, fences=fences)
        else:
            entries = dict.fromkeys(self._names, self._entry(state))
            self.run_recorded_job(state, [self._cmdlet(state)], doing, fences=fences, **entries)

    # --- what is wanted -----------------------------------------------------------------------------------------------

    @property
    def _backup(self) -> str:
        return rf"{self.arguments.place.site_directory}\{BACKUP}"

    def _file_changes(self, state: Recorded) -> list[Change]:
        operation = self.arguments.operation
        wanted = operation == "backup"
        if need(state.subject["backup_file"]) == wanted:
            return []
        return [Change(DOING[operation], {"backup_file": not wanted}, {"backup_file": wanted})]

    @property
    def _names(self) -> list[str]:
        """What the record calls this operation; a renewal is written down for each role."""
        operation = self.arguments.operation
        return [f"{operation} {role}" for role in self.arguments.roles] if operation in BY_ROLE else [operation]

    def _entry(self, state: Recorded) -> dict[str, Any]:
        return {"generation": self.arguments.generation, "running": state.running}

    def _is_recorded(self, state: Recorded, name: str) -> bool:
        done = record_entry(state, name, "generation", "running")
        if done is None or done["generation"] != self.arguments.generation:
            return False
        if self.arguments.operation == "export_root":
            return bool(need(state.subject["roots_file"]))
        return has_it(state, done["running"])

    # --- acting -------------------------------------------------------------------------------------------------------

    def _cmdlet(self, state: Recorded) -> steps.Step:
        given = self.arguments
        before_2 = isinstance(state.scripts, str) and key(state.scripts) < key(RENAMED)
        cmdlets: dict[str, Callable[[], steps.Step]] = {
            "backup": steps.backup_authority,
            "remove_backup": steps.remove_authority_backup,
            "export_root": lambda: steps.export_root(given.path or ""),
            "renew_root": lambda: steps.renew_root(before_2=before_2),
            "renew_servers": lambda: steps.renew_servers(given.roles, before_2=before_2),
            "remove_legacy": lambda: steps.remove_legacy_certificates(given.roles),
            "reset": steps.reset_authority,
        }
        return cmdlets[given.operation]()


def _subject(answer: Answer) -> dict[str, Any]:
    return {name: attempt(_is_there, answer, name) for name in ("backup_file", "roots_file")}


def _is_there(answer: Answer, name: str) -> bool:
    (found,) = answer.non_empty(name)
    return bool(found)
