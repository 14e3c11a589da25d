# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Removes what the collection itself left: on an appliance, for versions that are gone, and of a commissioning run that died."""

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
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.predictions import Parts
from ..plugin_utils.operation.site_option import SITE

_APPLIANCE_FIELDS = tuple(field.name for field in fields(Appliance))


@dataclass(frozen=True)
class Stock(Appliance):
    """An appliance, the files and folders of ours that nobody needs any more, and what a run that died has left.

    `probes` are in the site directory, of a commissioning run; `orphans` are files of jobs without a claim.
    """

    files: Reading[tuple[str, ...]]
    folders: Reading[tuple[str, ...]]
    probes: Reading[tuple[str, ...]]
    orphans: Reading[tuple[str, ...]]

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
            probes, orphans = attempt(leftovers.probes, appliance, place), attempt(leftovers.orphans, answer)
            return Stock(**known, files=files, folders=folders, probes=probes, orphans=orphans)

        return Survey([*leftovers.asked(place), *base.steps], parse)

    def missing(self, state: Stock) -> list[Change]:
        return [
            Change(f"remove {what}: {', '.join(gone)}", {name: gone}, {name: ()})
            for name, what, gone in (
                ("files", "files of versions that are gone", need(state.files)),
                ("folders", "what was saved of versions that are gone", need(state.folders)),
                ("probes", "what a commissioning run has left in the site directory", need(state.probes)),
                ("orphans", "what jobs have left that were taken away", need(state.orphans)),
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
        """Not where the versions are others by then, an exchange of the MSI has begun, or such a job is claimed again."""
        files, folders = need(state.files), need(state.folders)
        probes, orphans = need(state.probes), need(state.orphans)
        claims = dict.fromkeys(map(leftovers.claim_of, orphans))
        fences = [
            *same_versions(state, "scripts", "running", "backup"),
            steps.file_gone("no_exchange", paths.SAVED_STATE),
            *(steps.file_gone(f"no_claim_{number}", claim) for number, claim in enumerate(claims, 1)),
        ]
        removed = [steps.remove_files("files_removed", files)] if files else []
        removed += [steps.remove_folders("folders_removed", folders)] if folders else []
        removed += [steps.remove_file(f"probe_removed_{number}", path) for number, path in enumerate(probes)]
        removed += [steps.remove_files("orphans_removed", orphans)] if orphans else []
        self.host.run([*fences, *removed], "remove what is left of versions that are gone")
