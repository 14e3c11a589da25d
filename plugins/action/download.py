# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fetches the bits of a version into the site directory."""

from __future__ import annotations

from collections.abc import Sequence

from ansible.utils.display import Display
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    SITE,
    Change,
    Operation,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need


class ActionModule(Operation):
    """`Start-CcDownload -DownloadBitsOnly`, which does nothing when the bits are there (cloud-connector.md 1.1)."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "version": {"type": "str", "required": True},
        "url_root": {"type": "str"},
        "timeout": {"type": "int", "default": 14400},
    }

    @property
    def job_name(self) -> str:
        return f"download-{self.arguments['version']}"

    def decide(self, state: Appliance) -> list[Change]:
        target, begun = self.target, self.begun(state)
        named = need(state.site_versions)
        there = target in (need(state.running), need(state.backup)) or target in named
        if there and not begun:
            return []
        if not begun:
            self.require_scripts(state)
        return [
            Change(
                f"wait for the download of {target} that was begun before"
                if begun
                else f"download the bits of {target} to the site directory",
                {"site_versions": named},
                {"site_versions": named if target in named else (*named, target)},
            )
        ]

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        fence = self.fence("RunningScripts", "scripts", state)
        self.run_job(state, [fence, steps.download(self.arguments["url_root"])], "download the bits")

    def _confirm(self, state: Appliance) -> None:
        """Whether the version file names a version is not documented; where it does not, the cmdlet's word has to do."""
        if state.site_versions == ():
            Display().warning(
                f"The version file in {self.arguments['site_directory']} names no version: that the bits of {self.target} "
                "are there is only what Start-CcDownload said. A later run asks it again."
            )
            return
        super()._confirm(state)
