# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets the directories of an appliance before it is deployed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import steps
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.site_option import SITE

LOCAL = re.compile(r"[A-Za-z]:\\[^<>:\"/|?*]*")
UNC = re.compile(r"\\\\[^\\<>:\"/|?*\s]+\\[^<>:\"/|?*]+")

DOING = "set the directories"
CMDLETS = {"appliance_directory": steps.set_appliance_directory, "site_directory": steps.set_site_directory}


@dataclass(frozen=True, kw_only=True)
class DirectoriesArguments(Arguments):
    """`redeploy_afterwards`: set them although something is deployed."""

    redeploy_afterwards: bool

    @property
    def wanted(self) -> Mapping[str, str]:
        """The directories by the names of their readings."""
        return {"appliance_directory": self.place.appliance_directory, "site_directory": self.place.site_directory}


class ActionModule(ApplianceOperation[DirectoriesArguments, Appliance]):
    """The two directories are those of the account that logs on: another account has others (cloud-connector.md 1.1)."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "redeploy_afterwards": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 600},
    }

    def validate(self, given: Mapping[str, Any]) -> DirectoriesArguments:
        problems = _path_problems(given["appliance_directory"], given["site_directory"])
        if problems:
            raise OptionError(f"{'; '.join(problems)}.")
        return DirectoriesArguments(
            **common(given, self.host.name), job="directories", redeploy_afterwards=given["redeploy_afterwards"]
        )

    def missing(self, state: Appliance) -> list[Change]:
        found = {name: need(getattr(state, name)) for name in CMDLETS}
        return [
            Change(f"set the {name.replace('_', ' ')} to {wanted}", {name: found[name]}, {name: wanted})
            for name, wanted in self.arguments.wanted.items()
            if not _same(found[name], wanted)
        ]

    def guard(self, state: Appliance, changes: Sequence[Change]) -> None:
        deployed = [version for version in (need(state.running), need(state.backup)) if version is not None]
        if deployed and not self.arguments.redeploy_afterwards:
            raise Refused(
                f"{' and '.join(deployed)} is deployed on {self.host.name}, and to {changes[0].what} "
                "Microsoft has the appliance uninstalled and deployed again.",
                "Say redeploy_afterwards if that is what you are about to do.",
            )

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        state, left = self.after_job(
            state, [CMDLETS[name](wanted) for name, wanted in self.arguments.wanted.items()], DOING
        )
        names = [name for change in left for name in change.after]
        if names:
            self._set(state, names)
        if "appliance_directory" in {name for change in changes for name in change.after}:
            self.host.warn("The appliance directory has moved: put the external certificates in place again.")

    def _set(self, state: Appliance, names: Sequence[str]) -> None:
        fences = same_versions(state, "running", "backup")
        cmdlets = [CMDLETS[name](self.arguments.wanted[name]) for name in names]
        self.jobs.do(state, [*fences, *cmdlets], DOING, fences=fences)


def _path_problems(appliance: str, site: str) -> list[str]:
    problems = []
    if not LOCAL.fullmatch(appliance) or " " in appliance:
        problems.append(
            f"appliance_directory {appliance!r} is not a local folder without spaces, such as C:\\Cce\\ApplianceRoot"
        )
    if not (LOCAL.fullmatch(site) or UNC.fullmatch(site)):
        problems.append(f"site_directory {site!r} is neither a local folder nor a share, such as \\\\files\\berlin")
    return problems


def _same(left: str, right: str) -> bool:
    return left.rstrip("\\").casefold() == right.rstrip("\\").casefold()
