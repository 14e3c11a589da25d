# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Operations whose work no documented cmdlet shows: what was done is written down on the appliance.

The record is a small JSON file of ours, one a module. It says what was declared done (a generation, a hash, a time) and
never holds a secret. It is written after the work, so that a run that is cut between the two does the work again; a job
writes it itself, so that it says what that very job has done, whoever collects it.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Generic, Self, TypeVar

from ..cce import maintenance, paths, steps
from ..cce.answers import ABSENT, Answer, attempt
from ..cce.appliance import Appliance
from ..cce.codec import encode
from ..cce.exceptions import NotConfirmed, NotReadError, OptionError, Refused, WorkFailed
from ..cce.reading import Reading, need
from ..cce.state import Survey, appliance_survey
from ..cce.steps import Step
from ..cce.versions import key
from .appliance import ApplianceOperation
from .arguments import Arguments
from .changes import Change
from .host import Host
from .job import digest
from .predictions import Parts

A = TypeVar("A", bound=Arguments)

GENERATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A generation is also part of the name of a job, so of a file."""

RECORD_FENCE = "record_unchanged"
"""The step that stops a list where another run has written the record meanwhile."""

WRITTEN = "record_there"
"""The step that reads a record back."""

_APPLIANCE_FIELDS = tuple(field.name for field in fields(Appliance))


@dataclass(frozen=True)
class Recorded(Appliance):
    """An appliance, and what one module knows beside it.

    Attributes:
        record_name: the name of the record.
        record: what was written down before; empty when nothing was.
        record_text: its file word by word, what a fence expects; None: there is none.
        subject: the module's own readings, by name.
        predicted: entries of `record` and `subject` that are not read but predicted.
    """

    record_name: str
    record: Reading[Mapping[str, Any]]
    record_text: Reading[str | None]
    subject: Mapping[str, Any]
    predicted: Mapping[str, Any]

    def parts(self) -> Parts:
        """The appliance, and beside it what is predicted of the record."""
        appliance = Appliance(**{name: getattr(self, name) for name in _APPLIANCE_FIELDS})
        return {**appliance.parts(), self.record_name: encode(self.predicted)}

    def inherit(self, parts: Parts) -> Self:
        """The state as operations before this one would have left it."""
        return super().inherit(parts).with_changes(**parts.get(self.record_name, {}))

    def with_changes(self, **changes: Any) -> Self:
        """Names that are no readings of the appliance are entries of the subject, or the record."""
        own = {name: value for name, value in changes.items() if name in _APPLIANCE_FIELDS}
        more = {name: value for name, value in changes.items() if name not in own}
        subject = {name: value for name, value in more.items() if name != "record"}
        return replace(
            self,
            **own,
            record=more.get("record", self.record),
            subject={**self.subject, **subject},
            predicted={**self.predicted, **more},
        )


@dataclass(frozen=True)
class Record:
    """The record of one module on one appliance."""

    host: Host
    name: str

    def survey(
        self,
        base: Survey[Appliance],
        asked: Sequence[Step] = (),
        parse: Callable[[Answer], Mapping[str, Any]] = lambda answer: {},
    ) -> Survey[Recorded]:
        """The appliance, the record, and what else is asked; a step of a name is asked once."""
        wanted = [*base.steps, steps.file_text("record", paths.record(self.name)), *asked]

        def parse_all(answer: Answer) -> Recorded:
            found = base.parse(answer)
            return Recorded(
                **{name: getattr(found, name) for name in _APPLIANCE_FIELDS},
                record_name=self.name,
                record=attempt(_parse, answer),
                record_text=attempt(answer.file, "record"),
                subject=parse(answer),
                predicted={},
            )

        return Survey(list({step["name"]: step for step in wanted}.values()), parse_all)

    def fence(self, state: Recorded) -> Step:
        """Stops the list on the appliance when another run has written the record meanwhile. Raises NotReadError."""
        path, text = paths.record(self.name), need(state.record_text)
        if text is None:
            return steps.file_gone(RECORD_FENCE, path)
        return steps.file_unchanged(RECORD_FENCE, path, [text])

    def steps(self, state: Recorded, **entries: Any) -> list[Step]:
        """The steps that put entries into the record over those that were read. Raises NotReadError."""
        path = paths.record(self.name)
        return [
            steps.make_folder("record_folder", paths.RECORDS),
            steps.write_file("record_new", f"{path}.new", _text(state, entries)),
            steps.move_file("record_written", f"{path}.new", path),
        ]

    def write(
        self,
        state: Recorded,
        doing: str = "write down what was done",
        *,
        fences: Sequence[Step] = (),
        **entries: Any,
    ) -> Recorded:
        """Put entries into the record over those that were read, unless one of `fences` stops it.

        It is read back in the same request.

        Returns the state with the record as it is then; nothing else of it is read anew. Raises WorkFailed, NotConfirmed,
        NotReadError.
        """
        path = paths.record(self.name)
        there = steps.file_hash(WRITTEN, path, digest(_text(state, entries)))
        try:
            self.host.run([*fences, *steps.our_folder(), *self.steps(state, **entries), there], doing)
        except WorkFailed as failed:
            if not _was_not_written(failed):
                raise
            raise NotConfirmed(
                f"Could not {doing}: {path} on {self.host.name} was written without an error, and does not hold it.",
                "Look whether its disk is full, or a scanner keeps files there from being replaced, then run the same command "
                "again.",
                step=failed.details["step"],
            ) from failed
        return self.written(state, **entries)

    def written(self, state: Recorded, **entries: Any) -> Recorded:
        """The state with the entries in its record, which were written. Raises NotReadError."""
        return replace(state, record={**need(state.record), **entries}, record_text=_text(state, entries))

    def correct(self, before: Recorded, wrong: Recorded, **entries: Any) -> None:
        """Write down something else than was written.

        Args:
            before: the state before anything was.
            wrong: the state with what was written; where that is not there any more nothing is done.
            entries: what is to be in the record beside what was in it before.

        Raises:
            WorkFailed, NotReadError.
        """
        path = paths.record(self.name)
        gone = need(before.record_text) is None and not entries
        rewritten = [steps.remove_file("record_removed", path)] if gone else self.steps(before, **entries)
        self.host.run([self.fence(wrong), *rewritten], "correct what was written down")


def _was_not_written(failed: WorkFailed) -> bool:
    """Whether a step before it said nothing and did nothing: what it was to write is not there, or is not what was written."""
    step, missing = failed.details.get("step"), str(failed.details.get("id", "")).startswith(ABSENT)
    return step == WRITTEN or (step in ("record_new", "record_written") and missing)


def record_change(what: str, state: Recorded, **entries: Any) -> Change:
    """A change that is seen in the record only."""
    before = dict(need(state.record))
    return Change(what, {"record": before}, {"record": {**before, **entries}})


def record_entry(state: Recorded, name: str, *keys: str) -> Mapping[str, Any] | None:
    """An entry of the record that is an object with these keys; None where there is none. Raises NotReadError."""
    found = need(state.record).get(name)
    if found is None:
        return None
    if not isinstance(found, Mapping) or not all(key in found for key in keys):
        raise NotReadError(f"the record of this module on the appliance is not as expected: {name} is {found!r}"[:300])
    return found


class RecordedOperation(ApplianceOperation[A, Recorded], Generic[A]):
    """An operation with a record."""

    RECORD: ClassVar[str]
    """The name of the record, and of the return value that shows it."""

    record: Record

    def survey(self) -> Survey[Recorded]:
        """The whole appliance and the record; a module that asks more says `self.record.survey(…)` itself."""
        return self.record.survey(appliance_survey(self.arguments.place))

    def result(self, state: Recorded) -> dict[str, Any]:
        """The record and the module's own readings."""
        return {self.RECORD: encode({"record": state.record, **state.subject})}

    def run_and_record(
        self,
        state: Recorded,
        acts: Sequence[Step],
        doing: str,
        *,
        answers: Sequence[Mapping[str, str]] = (),
        fences: Sequence[Step] = (),
        is_done: Callable[[], bool] | None = None,
        **entries: Any,
    ) -> Answer | None:
        """Run steps under the claim of the operation and put entries into the record, all in one request.

        Not where another run has written the record meanwhile.

        Args:
            answers: for what the steps may ask.
            fences: stop it, beside that of the record.
            is_done: as `ClaimRunner.run` takes it.

        Returns:
            The answer; None where it was lost and the work is done.

        Raises:
            WorkFailed, NotReadError, ConnectionLost, NoAnswer.
        """
        acts, fences = [*acts, *self.record.steps(state, **entries)], [self.record.fence(state), *fences]
        return self.claims.run(acts, doing, answers, fences=fences, is_done=is_done)

    def run_recorded_job(
        self, state: Recorded, acts: Sequence[Step], doing: str, *, fences: Sequence[Step] = (), **entries: Any
    ) -> None:
        """Start the operation's job, which puts the entries into the record itself, and wait for it.

        Args:
            fences: stop the start where it comes too late, beside that of the record.

        Raises:
            WorkFailed, NotReadError.
        """
        job_steps = [*acts, *self.record.steps(state, **entries)]
        self.jobs.do(state, job_steps, doing, fences=[self.record.fence(state), *fences])

    def require_maintenance(self, state: Recorded, what: str) -> None:
        """Microsoft's procedure does this in maintenance mode (cloud-connector.md 6.3 T9, 6.4); what calls notice without it is
        not documented. Raises Refused, NotReadError."""
        mode = maintenance.mode(state)
        if mode is maintenance.Mode.STOPPED:
            mode = maintenance.mode(self.ask_tenant(state))
        if mode is not maintenance.Mode.MAINTENANCE:
            raise Refused(
                f"{self.host.name} is {mode.value}, and Microsoft's procedure to {what} enters maintenance mode first.",
                "Enter maintenance mode with the maintenance operation, then run the same command again.",
            )

    def _assemble(self, task_vars: Mapping[str, Any]) -> None:
        super()._assemble(task_vars)
        self.record = Record(self.host, self.RECORD)

    def _has_changed(self) -> bool:
        """What was done before a failure cannot be read back in full, so it counts as changed."""
        return self._acted is not None


def generation(given: Any) -> str:
    """The option `generation`. Raises OptionError when it is not fit for a name."""
    text = str(given)
    if not GENERATION.fullmatch(text):
        raise OptionError(
            f"{text!r} is no generation: write 1 to 64 letters, digits, dots, dashes or underscores.",
            "A date or the number of a change is a good one.",
        )
    return text


def has_it(state: Appliance, done_on: Any) -> bool:
    """Whether the running VMs have what was done when `done_on` was running: the same set, or one deployed later.

    After a rollback the older VMs run again, which were not touched. That later ones have it is inferred: a deployment
    takes the files and the tenant's records of its day. Raises NotReadError.
    """
    running = need(state.running)
    try:
        return running is not None and key(running) >= key(str(done_on))
    except ValueError as error:
        raise NotReadError(f"the record of this module on the appliance is not as expected: {error}") from error


def file_hash(answer: Answer, name: str) -> Reading[str]:
    """The hash a `hash_of` step gave."""
    return attempt(answer.text, name, "Hash")


def _text(state: Recorded, entries: Mapping[str, Any]) -> str:
    return json.dumps({**need(state.record), **entries})


def _parse(answer: Answer) -> Mapping[str, Any]:
    text = answer.file("record")
    record = {} if text is None else json.loads(text)
    if not isinstance(record, dict):
        raise NotReadError("the record of this module on the appliance is not a JSON object")
    return record
