# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets the directories of an appliance before it is deployed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    SITE,
    Change,
    Operation,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need

LOCAL = re.compile(r"[A-Za-z]:\\[^<>:\"/|?*]*")
UNC = re.compile(r"\\\\[^\\<>:\"/|?*\s]+\\[^<>:\"/|?*]+")

CMDLETS = {"appliance_directory": steps.set_appliance_directory, "site_directory": steps.set_site_directory}


class ActionModule(Operation):
    """The two directories are those of the account that logs on: another account has others (cloud-connector.md 1.1)."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        "redeploy_afterwards": {"type": "bool", "default": False},
    }

    def decide(self, state: Appliance) -> list[Change]:
        self._check_paths()
        changes = [
            Change(f"set the {_words(name)} to {self.arguments[name]}", {name: found}, {name: self.arguments[name]})
            for name in CMDLETS
            if not _same(found := need(getattr(state, name)), self.arguments[name])
        ]
        if changes and not self.arguments["redeploy_afterwards"]:
            self._check_not_deployed(state, changes)
        return changes

    def _check_paths(self) -> None:
        appliance, site = self.arguments["appliance_directory"], self.arguments["site_directory"]
        problems = []
        if not LOCAL.fullmatch(appliance) or " " in appliance:
            problems.append(
                f"appliance_directory {appliance!r} is not a local folder without spaces, such as C:\\Cce\\ApplianceRoot"
            )
        if not (LOCAL.fullmatch(site) or UNC.fullmatch(site)):
            problems.append(f"site_directory {site!r} is neither a local folder nor a share, such as \\\\files\\berlin")
        if problems:
            raise Refused(f"{'; '.join(problems)}.", "Correct the options; nothing was changed.")

    def _check_not_deployed(self, state: Appliance, changes: Sequence[Change]) -> None:
        deployed = [version for version in (need(state.running), need(state.backup)) if version is not None]
        if deployed:
            raise Refused(
                f"{' and '.join(deployed)} is deployed on {self._host}, and to {changes[0].what} "
                "Microsoft has the appliance uninstalled and deployed again.",
                "Nothing was changed. Say redeploy_afterwards if that is what you are about to do.",
            )

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        names = [name for change in changes for name in change.after]
        self.run_steps([CMDLETS[name](self.arguments[name]) for name in names], "set the directories")
        if "appliance_directory" in names:
            self.warn("The appliance directory has moved: put the external certificates in place again.")


def _same(left: str, right: str) -> bool:
    return left.rstrip("\\").casefold() == right.rstrip("\\").casefold()


def _words(name: str) -> str:
    return name.replace("_", " ")
