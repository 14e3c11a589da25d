# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of the modules whose work no documented cmdlet shows: what was done is written down on the appliance.

The record is a small JSON file of ours, one a module. It says what was declared done (a generation, a hash, a time) and
never holds a secret. It is written after the work, so that a run that is cut between the two does the work again.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar

from . import _bridge
from ._operation import Change, Operation, Refused, run_id
from .cce import maintenance, steps
from .cce.answers import Results, attempt
from .cce.appliance import Appliance
from .cce.codec import encode
from .cce.reading import NotReadError, Reading, need
from .cce.steps import Step
from .cce.versions import key

RECORDS = rf"{steps.OUR_DATA}\records"

PREDICTED_SUBJECTS = "cloud_connector_predicted_subjects"
"""The fact by which check mode hands on what these modules would have made, beside the state of the appliance."""

GENERATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A generation is also part of the name of a job, so of a file."""


class RecordedOperation(Operation):
    """`subject` is what the module is about, beside the appliance's state: named readings, of which `record` is one.

    A change names fields of the appliance, or names of the subject.
    """

    RECORD: ClassVar[str] = ""
    """The name of the record, and of the return value that shows the subject."""

    subject: dict[str, Any]

    # --- what a module implements ---------------------------------------------------------------------------------

    def ask(self) -> list[Step]:
        """More questions; `results` answers them."""
        return []

    def learn(self, results: Results) -> dict[str, Any]:
        """What the answers to `ask` say, by name."""
        return {}

    # --- the record -------------------------------------------------------------------------------------------------

    @property
    def record(self) -> Mapping[str, Any]:
        """What was written down before; empty when nothing was. Raises NotReadError."""
        found: Mapping[str, Any] = need(self.subject["record"])
        return found

    def write_record(self, **entries: Any) -> None:
        """Put entries into the record over those that are there."""
        path = rf"{RECORDS}\{self.RECORD}"
        self.run_steps(
            [
                steps.make_folder("folder", RECORDS),
                steps.write_file("record_new", f"{path}.new", json.dumps({**self.record, **entries})),
                steps.move_file("record", f"{path}.new", f"{path}.json"),
            ],
            "write down what was done",
        )
        self.subject["record"] = {**self.record, **entries}

    def record_change(self, what: str, **entries: Any) -> Change:
        """A change that is seen in the record only."""
        return Change(what, {"record": dict(self.record)}, {"record": {**self.record, **entries}})

    @property
    def generation(self) -> str:
        """The option `generation`. Raises Refused when it is not fit for a name."""
        given = str(self.arguments["generation"])
        if not GENERATION.fullmatch(given):
            raise Refused(
                f"{given!r} is no generation: write 1 to 64 letters, digits, dots, dashes or underscores.",
                "A date or the number of a change is a good one. Nothing was changed.",
            )
        return given

    # --- what decisions share ----------------------------------------------------------------------------------------

    def require_maintenance(self, state: Appliance, what: str) -> None:
        """Microsoft's procedure does this in maintenance mode (cloud-connector.md 6.3 T9, 6.4); what calls notice without it is
        not documented."""
        mode = maintenance.mode(state)
        if mode is not maintenance.Mode.MAINTENANCE:
            raise Refused(
                f"{self._host} is {mode.value}, and Microsoft's procedure to {what} enters maintenance mode first.",
                "Enter maintenance mode with the maintenance operation, then run the same command again.",
            )

    # --- the four moves ---------------------------------------------------------------------------------------------

    def questions(self) -> list[Step]:
        """Those of every operation, the record, and the module's own; a name is asked once."""
        asked = [*super().questions(), steps.file_text("record", rf"{RECORDS}\{self.RECORD}.json"), *self.ask()]
        return list({step["name"]: step for step in asked}.values())

    def understand(self, answer: _bridge.Answer) -> Appliance:
        results = Results(answer.raw)
        self.subject = {"record": attempt(_parse_record, results), **self.learn(results)}
        return super().understand(answer)

    def extra(self, state: Appliance) -> dict[str, Any]:
        return {self.RECORD: encode(self.subject)}

    def _has_changed(self) -> bool:
        """What was done before a failure cannot be read back in full, so it counts as changed."""
        return self._begun is not None

    # --- check mode ---------------------------------------------------------------------------------------------------

    def _handed(self) -> Mapping[str, Any]:
        """What the operations before this one would have made, by record."""
        fact = self._facts.get(PREDICTED_SUBJECTS) if self._task.check_mode else None
        if not fact or (fact["run"], fact["appliance"]) != (run_id(), self._host):
            return {}
        handed: Mapping[str, Any] = fact["subjects"]
        return handed

    def _predict(self, state: Appliance) -> Appliance:
        self.subject |= self._handed().get(self.RECORD, {})
        return super()._predict(state)

    def _predicted(self, state: Appliance, changes: Sequence[Change]) -> Appliance:
        own = {field.name for field in fields(Appliance)}
        for change in changes:
            self.subject |= {name: value for name, value in change.after.items() if name not in own}
        kept = [
            replace(change, after={name: value for name, value in change.after.items() if name in own})
            for change in changes
        ]
        return super()._predicted(state, kept)

    def _report(self, state: Appliance, changes: Sequence[Change]) -> dict[str, Any]:
        report = super()._report(state, changes)
        if self._task.check_mode:
            made = {name: value for change in changes for name, value in change.after.items() if name in self.subject}
            subjects = {**self._handed(), self.RECORD: {**self._handed().get(self.RECORD, {}), **made}}
            fact = {"run": run_id(), "appliance": self._host, "subjects": subjects}
            report["ansible_facts"][PREDICTED_SUBJECTS] = fact
        return report


def _parse_record(results: Results) -> Mapping[str, Any]:
    text = results.file("record")
    record = {} if text is None else json.loads(text)
    if not isinstance(record, dict):
        raise NotReadError("the record of this module on the appliance is not a JSON object")
    return record


def has_it(state: Appliance, done_on: str) -> bool:
    """Whether the running VMs have what was done when `done_on` was running: the same set, or one deployed later.

    After a rollback the older VMs run again, which were not touched. That later ones have it is inferred: a deployment
    takes the files and the tenant's records of its day.
    """
    running = need(state.running)
    return running is not None and key(running) >= key(done_on)


def file_hash(results: Results, name: str) -> Reading[str]:
    """The hash a `hash_of` step gave."""
    return attempt(results.text, name, "Hash")
