# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fetches the bits of a version into the site directory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import paths, steps, upgrade, versions
from ..plugin_utils.cce.answers import ABSENT, Answer, attempt
from ..plugin_utils.cce.exceptions import NotConfirmed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.reading import Unknown, need
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.cce.steps import Step
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common, target
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.record import Recorded, RecordedOperation, record_entry
from ..plugin_utils.operation.site_option import SITE


@dataclass(frozen=True, kw_only=True)
class DownloadArguments(Arguments):
    """`url_root`: a private download site; None is that of Microsoft."""

    target: Version
    url_root: str | None


class ActionModule(RecordedOperation[DownloadArguments]):
    """`Start-CcDownload -DownloadBitsOnly`, which does nothing when the bits are there (cloud-connector.md 1.1).

    A version file proves no bits: the product's own update downloads it first (5.4), and a download may be cut. So the cmdlet is
    run until it has said once that all is there, and what was there then is written down.
    """

    RECORD = "download"
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "version": {"type": "str", "required": True},
        "url_root": {"type": "str"},
        "timeout": {"type": "int", "default": 14400},
    }

    def validate(self, given: Mapping[str, Any]) -> DownloadArguments:
        release = target(given)
        return DownloadArguments(
            **common(given, self.host.name),
            job=upgrade.job_name("download", release),
            target=release,
            url_root=given["url_root"],
        )

    def survey(self) -> Survey[Recorded]:
        place = self.arguments.place
        asked = [steps.folder_tree("bits", paths.bits(place.site_directory))]
        return self.record.survey(appliance_survey(place), asked, lambda answer: {"bits": attempt(_found, answer)})

    def missing(self, state: Recorded) -> list[Change]:
        release, found = self.arguments.target, need(state.subject["bits"])
        if release in (need(state.running), need(state.backup)):
            return []
        done = record_entry(state, "bits", "version", "listing")
        if done is not None and (done["version"], done["listing"]) == (release, found["listing"]):
            return []
        before = dict(need(state.record))
        after = {**before, "bits": _entry(release, found)}
        what = f"download the bits of {release} to the site directory"
        return [Change(what, {"record": before}, {"record": after}, proof=_bits)]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        self.gates.require_scripts(state, self.arguments.target)

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        place = self.arguments.place
        fences = same_versions(state, "scripts")
        job = [
            *fences,
            steps.download(self.arguments.url_root),
            steps.folder_tree("bits", paths.bits(place.site_directory)),
            steps.version_files(place.site_directory),
        ]
        answer = self.jobs.do(
            state, job, "download the bits", fences=fences, keep=lambda answer: self._kept(state, answer)
        )
        if answer is not None:
            self._require_target(answer)

    def _kept(self, state: Recorded, answer: Answer) -> list[Step]:
        """The record of the bits that are there, where they are not known to be others."""
        release, found, named = self.arguments.target, attempt(_found, answer), attempt(_named, answer)
        if isinstance(found, Unknown) or isinstance(named, Unknown) or (named and release not in named):
            return []
        return self.record.steps(state, bits=_entry(release, found))

    def _require_target(self, answer: Answer) -> None:
        """The site may have had another version; the cmdlet does not take one. Raises NotConfirmed, NotReadError."""
        release, folder = self.arguments.target, self.arguments.place.site_directory
        named = _named(answer)
        if not named:
            self.host.warn(
                f"The version file in {folder} names no version: that these are the bits of {release} is only what "
                "Start-CcDownload said."
            )
        elif release not in named:
            raise NotConfirmed(
                f"{self.host.name} was asked to download the bits of {release} and reported no error, but the version file in "
                f"{folder} names {', '.join(named)}.",
                failure=FailureClass.OTHER_BITS_OFFERED,
            )


def _named(answer: Answer) -> tuple[Version, ...]:
    """The versions that the version file names."""
    return versions.find_all("\n".join(str(line) for line in answer.output("version_files", absent=ABSENT)))


def _found(answer: Answer) -> dict[str, Any]:
    """The files of the bits: how many, how many bytes, and a hash of their names and lengths; none where there is no folder.

    Raises NotReadError where it cannot be listed.
    """
    objects = answer.objects("bits", absent=ABSENT)
    files = sorted((str(one["FullName"]), int(one["Length"])) for one in objects if one["Length"] is not None)
    digest = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    return {"files": len(files), "bytes": sum(length for dummy, length in files), "listing": digest}


def _bits(state: Recorded) -> Any:
    """What of a state shows that a download has changed anything."""
    return state.subject["bits"]


def _entry(release: Version, found: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": release, **found}
