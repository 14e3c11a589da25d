# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Removes what the collection itself left on an appliance for versions that are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ..plugin_utils.cce import leftovers, paths, steps
from ..plugin_utils.cce.answers import Answer, attempt
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import Refused
from ..plugin_utils.cce.reading import Reading, need
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, SITE, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.predictions import Parts

_APPLIANCE_FIELDS = tuple(field.name for field in fields(Appliance))


@dataclass(frozen=True)
class Stock(Appliance):
    """An appliance, and the files and folders of ours that nobody needs any more."""

    files: Reading[tuple[str, ...]]
    folders: Reading[tuple[str, ...]]

    def parts(self) -> Parts:
        """The appliance only: whoever comes next looks for himself."""
        return {"appliance": Appliance(**{name: getattr(self, name) for name in _APPLIANCE_FIELDS}).to_dict()}


class ActionModule(ApplianceOperation[Arguments, Stock]):
    """It touches nothing of the product: its VMs are removed by the deployment module, by their version."""

    ARGUMENTS = {**APPLIANCE, **SITE}

    def validate(self, given: Mapping[str, Any]) -> Arguments:
        return Arguments(**common(given, self.host.name))

    def survey(self) -> Survey[Stock]:
        """The appliance and our folders on it."""
        place = self.arguments.place
        base = appliance_survey(place)

        def parse(answer: Answer) -> Stock:
            appliance = base.parse(answer)
            gone = attempt(lambda: leftovers.unwanted(leftovers.found(answer, place), appliance))
            files, folders = gone if isinstance(gone, tuple) else (gone, gone)
            known = {name: getattr(appliance, name) for name in _APPLIANCE_FIELDS}
            return Stock(**known, files=files, folders=folders)

        return Survey([*leftovers.asked(place), *base.steps], parse)

    def missing(self, state: Stock) -> list[Change]:
        return [
            Change(f"remove {what}: {', '.join(gone)}", {name: gone}, {name: ()})
            for name, what, gone in (
                ("files", "files of versions that are gone", need(state.files)),
                ("folders", "what was saved of versions that are gone", need(state.folders)),
            )
            if gone
        ]

    def guard(self, state: Stock, changes: Sequence[Change]) -> None:
        if need(state.saved) is not None:
            raise Refused(
                f"The MSI is being exchanged on {self.host.name}, and what was saved for that may be needed.",
                "Finish that upgrade, then run the same command again.",
            )

    def act(self, state: Stock, changes: Sequence[Change]) -> None:
        """Not where the versions are others by then, or an exchange of the MSI has begun."""
        files, folders = need(state.files), need(state.folders)
        fences = [
            self.fence("RunningScripts", "scripts", state),
            self.fence("RunningBits", "running", state),
            self.fence("BackupBits", "backup", state),
            steps.file_gone("no_exchange", paths.SAVED_STATE),
        ]
        removed = [steps.remove_files("files_removed", files)] if files else []
        removed += [steps.remove_folders("folders_removed", folders)] if folders else []
        self.host.run([*fences, *removed], "remove what is left of versions that are gone")
