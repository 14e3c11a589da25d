# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts CloudConnector.ini in place and imports it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    SITE,
    Change,
    Operation,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import ini, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need


class ActionModule(Operation):
    """Two copies matter: the one in the appliance directory and the one in force (cloud-connector.md 3.1)."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        "version": {"type": "str", "required": True},
        "content": {"type": "str", "required": True},
    }

    @property
    def _content(self) -> str:
        """Without a byte order mark: reading the file on the host takes it off, so it would never be seen to be in place."""
        return str(self.arguments["content"]).removeprefix("\ufeff")

    def decide(self, state: Appliance) -> list[Change]:
        self._check_content()
        content = self._content
        changes = []
        if need(state.ini_appliance) != content:
            changes.append(
                Change(
                    "write CloudConnector.ini to the appliance directory",
                    {"ini_appliance": state.ini_appliance},
                    {"ini_appliance": content},
                )
            )
        if need(state.ini_imported) != content:
            changes.append(
                Change(
                    "import CloudConnector.ini",
                    {"ini_imported": state.ini_imported},
                    {"ini_imported": content},
                )
            )
        if changes:
            self.require_scripts(state)
            self.require_idle_host(state)
        return changes

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        asked = [] if state.ini_appliance == self._content else self._write_steps(state)
        self.run_steps([*asked, steps.import_configuration()], "put CloudConnector.ini in force")

    def _write_steps(self, state: Appliance) -> list[steps.Step]:
        """Written beside it, then moved over it: nobody ever reads a half-written ini."""
        path = rf"{self.arguments['appliance_directory']}\CloudConnector.ini"
        written = [
            steps.write_file("write", f"{path}.new", self._content),
            steps.move_file("move", f"{path}.new", path),
        ]
        old = need(state.ini_appliance)
        if old is not None:
            written.insert(0, steps.copy_file("backup", path, f"{path}.before-{self.target}-{_mark(old)}"))
        return written

    def _check_content(self) -> None:
        problems = ini.problems(ini.parse(self._content), self.target)
        if problems:
            raise Refused(
                f"The CloudConnector.ini for {self._host} is not one of {self.target}: {' '.join(map(str, problems))}",
                "Correct the file that cloud_connector_ini names; nothing was changed.",
            )


def _mark(text: str) -> str:
    """Tells one ini from another, so that no backup is written over: the second change must not cost the first ini."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
