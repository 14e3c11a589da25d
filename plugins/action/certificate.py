# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts an external certificate in place and imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    SITE,
    Change,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._recorded import (
    RecordedOperation,
    file_hash,
    has_it,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import ABSENT, Results, attempt
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need

EDGE = "EdgeServer"


class ActionModule(RecordedOperation):
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

    @property
    def job_name(self) -> str:
        """One import of one content."""
        return f"certificate-{self.arguments['target']}-{self.content[:16]}"

    @property
    def content(self) -> str:
        """The hash of what is wanted. Where it is declared, the file itself may be gone once it was imported."""
        declared = self.arguments["sha256"]
        return str(declared).upper() if declared is not None else str(need(self.subject["source"]))

    # --- reading ------------------------------------------------------------------------------------------------------

    def ask(self) -> list[steps.Step]:
        return [
            steps.hash_of("source", self.arguments["path"]),
            steps.certificate_path("certificate_path", self.arguments["target"]),
            steps.hash_of("in_place", steps.output_of("certificate_path")),
        ]

    def learn(self, results: Results) -> dict[str, Any]:
        return {
            "source": file_hash(results, "source"),
            "path": attempt(_path, results),
            "in_place": attempt(_in_place, results),
        }

    # --- deciding -----------------------------------------------------------------------------------------------------

    def decide(self, state: Appliance) -> list[Change]:
        changes = [*self._place(), *(self._import(state) if self.arguments["import"] else [])]
        if changes and not self.begun(state):
            self.require_idle_host(state)
            self._check_content()
            if self.arguments["import"]:
                self._check_import(state)
        return changes

    def _check_content(self) -> None:
        found = need(self.subject["source"])
        if found != self.content:
            raise Refused(
                f"{self.arguments['path']} on {self._host} has another SHA-256 than was declared: {found}.",
                "Check the file, or the option sha256; nothing was changed.",
            )

    def _place(self) -> list[Change]:
        if need(self.subject["in_place"]) == self.content:
            return []
        what = f"put {self.arguments['path']} in place for {self.arguments['target']}"
        return [Change(what, {"in_place": self.subject["in_place"]}, {"in_place": self.content})]

    def _import(self, state: Appliance) -> list[Change]:
        done = self.record.get(self.arguments["target"])
        if done is not None and done["sha256"] == self.content and has_it(state, done["running"]):
            return []
        return [self.record_change(f"import it to the VMs of {state.running}", **self._imported(state))]

    def _imported(self, state: Appliance) -> dict[str, Mapping[str, Any]]:
        return {self.arguments["target"]: {"sha256": self.content, "running": state.running}}

    def _check_import(self, state: Appliance) -> None:
        if need(state.running) is None:
            raise Refused(
                f"Nothing is deployed on {self._host}, so there is nothing to import a certificate to.",
                "Run this without import; a deployment takes the certificate that is in place.",
            )
        if self.arguments["target"] == EDGE and not need(state.credentials["ExternalCert"]):
            raise Refused(
                f"The password of the external certificate is not in the credential cache of {self._host}.",
                "Enter it with the credential operation, operation register_local; then run the same command again.",
            )
        self.require_maintenance(state, "replace an external certificate")

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        target, path = self.arguments["target"], self.arguments["path"]
        work = [
            steps.file_hash("content", path, self.content),
            steps.set_certificate(target, path, apply=self.arguments["import"]),
        ]
        if not self.arguments["import"]:
            self.run_steps(work, f"put the certificate of {target} in place")
            return
        self.run_job(state, work, f"import the certificate of {target}")
        self.write_record(**self._imported(state))


def _path(results: Results) -> str | None:
    found = results.output("certificate_path")
    return str(found[0]) if found else None


def _in_place(results: Results) -> str | None:
    """None: no certificate was set, or its file is gone."""
    if _path(results) is None:
        return None
    found = results.output("in_place", absent=ABSENT)
    return str(found[0]["Hash"]) if found else None
