# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts CloudConnector.ini in place and imports it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import ini, ini_changes, paths, steps, upgrade
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.ini_document import Ini
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.steps import Step
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common, target
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.site_option import SITE

DOING = "put CloudConnector.ini in force"

CHECKED = "checked"
"""The state that is judged only, days before the upgrade."""


@dataclass(frozen=True, kw_only=True)
class ConfigurationArguments(Arguments):
    """`content`: the whole text of the ini, without a byte order mark. `accepted`: names of keys that may change.

    `only_checked`: nothing is put in force.
    """

    target: Version
    content: str
    accepted: tuple[str, ...]
    only_checked: bool


class ActionModule(ApplianceOperation[ConfigurationArguments, Appliance]):
    """Two copies matter: the one in the appliance directory and the one in force (cloud-connector.md 3.1)."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "state": {"type": "str", "choices": ["present", CHECKED], "default": "present"},
        "version": {"type": "str", "required": True},
        "content": {"type": "str", "required": True},
        "accept_changes": {"type": "list", "elements": "str", "default": []},
        "timeout": {"type": "int", "default": 3600},
    }

    def validate(self, given: Mapping[str, Any]) -> ConfigurationArguments:
        """Reading the file on the host takes a byte order mark off: with it, the ini would never be seen to be in place."""
        release, content = target(given), given["content"].removeprefix("\ufeff")
        problems = ini.problems(Ini.parse(content), release)
        if problems:
            raise OptionError(
                f"The CloudConnector.ini for {self.host.name} is not one of {release}: {' '.join(map(str, problems))}",
                "Correct the file that cloud_connector_ini names, then run the same command again.",
            )
        accepted = tuple(given["accept_changes"])
        for name in accepted:
            if not ini_changes.NAME.fullmatch(name):
                raise OptionError(
                    f"accept_changes has {name!r}", "Write each change as Section/Key, such as Gateway1/IP."
                )
        return ConfigurationArguments(
            **common(given, self.host.name),
            job="" if given["state"] == CHECKED else upgrade.job_name("configuration", release),
            target=release,
            content=content,
            accepted=accepted,
            only_checked=given["state"] == CHECKED,
            always_guarded=given["state"] == CHECKED,
        )

    def missing(self, state: Appliance) -> list[Change]:
        content = self.arguments.content
        if self.arguments.only_checked:
            return []
        changes = []
        if need(state.ini_appliance) != content:
            what = "write CloudConnector.ini to the appliance directory"
            changes.append(Change(what, {"ini_appliance": state.ini_appliance}, {"ini_appliance": content}))
        if need(state.ini_imported) != content:
            what = "import CloudConnector.ini"
            changes.append(Change(what, {"ini_imported": state.ini_imported}, {"ini_imported": content}))
        return changes

    def guard(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self.arguments.only_checked:
            in_force = ini_changes.effective(state)
        else:
            self.gates.require_scripts(state, self.arguments.target)
            in_force = need(state.ini_imported)
        self.gates.require_own_ini(self.arguments.content, in_force)
        self._require_declared(state)

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        state, left = self.after_job(state, [steps.import_configuration()], DOING)
        if left:
            written = [] if state.ini_appliance == self.arguments.content else self._write(state)
            fences = self._fences(state)
            self.jobs.do(state, [*fences, *written, steps.import_configuration()], DOING, fences=fences)

    def _require_declared(self, state: Appliance) -> None:
        """An upgrade carries values over; who changes one says so."""
        in_force = ini_changes.effective(state)
        if in_force is None:
            return
        found = ini.changes(Ini.parse(self.arguments.content), Ini.parse(in_force), self.arguments.target)
        left = ini_changes.undeclared(found, self.arguments.accepted)
        if left:
            raise Refused(f"{self.host.name} {ini_changes.refusal(left)}.")

    def _fences(self, state: Appliance) -> list[Step]:
        """What comes late, the start or the job, must not put an ini in force again that was corrected meanwhile."""
        in_force = need(state.ini_imported)
        if in_force is None:
            unchanged = steps.file_gone("ini_unchanged", paths.INI_IN_FORCE)
        else:
            unchanged = steps.file_unchanged("ini_unchanged", paths.INI_IN_FORCE, [in_force] if in_force else [])
        return [*same_versions(state, "scripts"), unchanged]

    def _write(self, state: Appliance) -> list[Step]:
        """Written beside it, then moved over it: nobody ever reads a half-written ini."""
        path = paths.appliance_ini(self.arguments.place.appliance_directory)
        written = [
            steps.write_file("write", f"{path}.new", self.arguments.content),
            steps.move_file("move", f"{path}.new", path),
        ]
        old = need(state.ini_appliance)
        if old is not None:
            written.insert(0, steps.copy_file("backup", path, f"{path}.before-{self.arguments.target}-{_mark(old)}"))
        return written


def _mark(text: str) -> str:
    """Tells one ini from another, so that no backup is written over: the second change must not cost the first ini."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
