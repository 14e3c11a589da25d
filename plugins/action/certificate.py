# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts an external certificate in place and imports it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import steps
from ..plugin_utils.cce.answers import ABSENT, Answer, attempt
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.record import Recorded, RecordedOperation, file_hash, has_it, record_change, record_entry
from ..plugin_utils.operation.site_option import SITE

EDGE = "EdgeServer"
SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, kw_only=True)
class CertificateArguments(Arguments):
    """`sha256` is in upper case, None where it was not declared; `apply`: to the deployed VMs, too."""

    target: str
    path: str
    sha256: str | None
    apply: bool


class ActionModule(RecordedOperation[CertificateArguments]):
    """The content of the file decides: no documented cmdlet tells what the VMs use, so an import is written down."""

    RECORD = "certificate"
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "target": {"type": "str", "choices": [EDGE, "MediationServer"], "default": EDGE},
        "path": {"type": "str", "required": True},
        "sha256": {"type": "str"},
        "import": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 3600},
    }

    def validate(self, given: Mapping[str, Any]) -> CertificateArguments:
        declared = given["sha256"]
        if declared is not None and not SHA256.fullmatch(declared):
            raise OptionError(f"sha256 {declared!r} is no SHA-256: write its 64 hexadecimal digits.")
        return CertificateArguments(
            **common(given, self.host.name),
            job=f"certificate-{given['target']}" if given["import"] else f"certificate-file-{given['target']}",
            target=given["target"],
            path=given["path"],
            sha256=None if declared is None else declared.upper(),
            apply=given["import"],
        )

    def survey(self) -> Survey[Recorded]:
        given = self.arguments
        asked = [
            steps.hash_of("source", given.path),
            steps.certificate_path("certificate_path", given.target),
            steps.hash_of("in_place", steps.output_of("certificate_path")),
        ]
        return self.record.survey(appliance_survey(given.place), asked, _subject)

    def missing(self, state: Recorded) -> list[Change]:
        return [*self._to_place(state), *(self._to_import(state) if self.arguments.apply else [])]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        given, found = self.arguments, need(state.subject["source"])
        if found != self._content(state):
            raise Refused(
                f"{given.path} on {self.host.name} has another SHA-256 than was declared: {found}.",
                "Check the file, or the option sha256.",
            )
        if given.apply:
            self._require_importable(state)

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        given = self.arguments
        if not given.apply:
            doing = f"put the certificate of {given.target} in place"
            state, left = self.after_job(state, self._work(""), doing)
            if left:
                work = self._work(self._content(state))
                self.jobs.do(state, work, doing, fences=work[:-1])
            return
        doing = f"import the certificate of {given.target}"
        if self.job_found(state):
            self.jobs.do(state, self._work(""), doing)
        else:
            work, fences = self._work(self._content(state)), same_versions(state, "running")
            self.run_recorded_job(state, work, doing, fences=fences, **self._imported(state))

    # --- what is wanted -----------------------------------------------------------------------------------------------

    def _content(self, state: Recorded) -> str:
        """The hash of what is wanted. Where it is declared, the file itself may be gone once it was imported."""
        return self.arguments.sha256 or need(state.subject["source"])

    def _to_place(self, state: Recorded) -> list[Change]:
        given, found, content = self.arguments, state.subject["in_place"], self._content(state)
        if need(found) == content:
            return []
        return [Change(f"put {given.path} in place for {given.target}", {"in_place": found}, {"in_place": content})]

    def _to_import(self, state: Recorded) -> list[Change]:
        done = record_entry(state, self.arguments.target, "sha256", "running")
        if done is not None and done["sha256"] == self._content(state) and has_it(state, done["running"]):
            return []
        return [record_change(f"import it to the VMs of {state.running}", state, **self._imported(state))]

    def _imported(self, state: Recorded) -> dict[str, Mapping[str, Any]]:
        return {self.arguments.target: {"sha256": self._content(state), "running": state.running}}

    # --- guarding and acting ------------------------------------------------------------------------------------------

    def _require_importable(self, state: Recorded) -> None:
        if need(state.running) is None:
            raise Refused(
                f"Nothing is deployed on {self.host.name}, so there is nothing to import a certificate to.",
                "Run this without import; a deployment takes the certificate that is in place.",
                failure=FailureClass.NOTHING_DEPLOYED,
            )
        if self.arguments.target == EDGE and not need(state.credentials["ExternalCert"]):
            raise Refused(
                f"The password of the external certificate is not in the credential cache of {self.host.name}.",
                "Enter it with the credential operation, operation register_local; then run the same command again.",
                failure=FailureClass.CREDENTIAL_NOT_CACHED,
            )
        self.require_maintenance(state, "replace an external certificate")

    def _work(self, content: str) -> list[steps.Step]:
        given = self.arguments
        return [
            steps.file_hash("content", given.path, content),
            steps.set_certificate(given.target, given.path, apply=given.apply),
        ]


def _subject(answer: Answer) -> dict[str, Any]:
    return {
        "source": file_hash(answer, "source"),
        "path": attempt(_path, answer),
        "in_place": attempt(_in_place, answer),
    }


def _path(answer: Answer) -> str | None:
    found = answer.output("certificate_path")
    return str(found[0]) if found else None


def _in_place(answer: Answer) -> str | None:
    """None: no certificate was set, or its file is gone."""
    if _path(answer) is None:
        return None
    found = answer.output("in_place", absent=ABSENT)
    return str(found[0]["Hash"]) if found else None
