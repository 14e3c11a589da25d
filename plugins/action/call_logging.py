# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starts and stops call logging, and writes what was logged to a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..plugin_utils.cce import steps
from ..plugin_utils.cce.answers import Answer, attempt
from ..plugin_utils.cce.exceptions import NotReadError, OptionError, Refused
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.operation.arguments import APPLIANCE, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.record import Recorded, RecordedOperation, record_change, record_entry
from ..plugin_utils.operation.site_option import SITE

HOURS = 4
"""After this time logging stops by itself (documented)."""

REQUIRED_FOR_EXPORT = ("start_time", "end_time", "path", "task_user", "task_password")
TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Export:
    """A search of the log: the times are without a zone, as at the console of the host."""

    start: datetime
    end: datetime
    path: str

    def entry(self, *, done: bool) -> dict[str, Any]:
        """What is written down of it."""
        return {"from": self.start.strftime(TIME), "to": self.end.strftime(TIME), "done": done}


@dataclass(frozen=True, kw_only=True)
class LoggingArguments(Arguments):
    """`started`: calls are to be logged; `export` is what is to be written to a file, None where nothing is."""

    started: bool
    remove_cache: bool
    export: Export | None


class ActionModule(RecordedOperation[LoggingArguments]):
    """How to read whether calls are logged now is not documented: what was begun, and when, is written down."""

    RECORD = "call_logging"
    RULES = {"required_if": [("state", "exported", REQUIRED_FOR_EXPORT)]}
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        "state": {"type": "str", "required": True, "choices": ["started", "stopped", "exported"]},
        "remove_cache": {"type": "bool", "default": False},
        "start_time": {"type": "str"},
        "end_time": {"type": "str"},
        "path": {"type": "str"},
        "task_user": {"type": "str"},
        "task_password": {"type": "str", "no_log": True},
        "poll_interval": {"type": "int", "default": 15},
        "timeout": {"type": "int", "default": 3600},
    }

    def validate(self, given: Mapping[str, Any]) -> LoggingArguments:
        export = _export(given) if given["state"] == "exported" else None
        return LoggingArguments(
            **common(given, self.host.name),
            job="call-logging" if export is None else _job_name(export),
            attached=export is None,
            started=given["state"] == "started",
            remove_cache=given["remove_cache"],
            export=export,
        )

    def survey(self) -> Survey[Recorded]:
        export, base = self.arguments.export, appliance_survey(self.arguments.place)
        if export is None:
            return self.record.survey(base)
        return self.record.survey(base, [steps.file_exists("file", export.path)], _subject)

    def missing(self, state: Recorded) -> list[Change]:
        given = self.arguments
        if given.export is not None:
            return self._to_export(state, given.export)
        return self._to_start(state) if given.started else self._to_stop(state)

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        export = self.arguments.export
        if export is None or not need(state.subject["file"]):
            return
        found = _export_entry(state, export)
        if found is None or found["done"]:
            raise Refused(
                f"{export.path} is there already on {self.host.name}, and not from this search.",
                "Whether the product would overwrite it is not documented: name another file.",
            )

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        given = self.arguments
        if given.export is not None:
            self._search(state, given.export)
        elif given.started:
            self.run_and_record(state, [steps.start_logging()], "start call logging", **changes[0].after["record"])
        else:
            cmdlet = steps.stop_logging(remove_cache=given.remove_cache)
            self.run_and_record(state, [cmdlet], "stop call logging", **changes[0].after["record"])

    # --- starting and stopping ----------------------------------------------------------------------------------------

    def _to_start(self, state: Recorded) -> list[Change]:
        now = need(state.clock)
        if _is_logging(state):
            return []
        return [record_change("start call logging", state, started=now.isoformat(), cache=True)]

    def _to_stop(self, state: Recorded) -> list[Change]:
        """Without a record somebody else may have begun it: then it is stopped, too."""
        record, remove = need(state.record), self.arguments.remove_cache
        cached = remove and record.get("cache", True)
        if "started" in record and not cached and not _is_logging(state):
            return []
        removed = {"cache": False} if remove else {}
        return [record_change("stop call logging", state, started=None, **removed)]

    # --- exporting ----------------------------------------------------------------------------------------------------

    def _to_export(self, state: Recorded, export: Export) -> list[Change]:
        there = need(state.subject["file"])
        if there and _export_entry(state, export) == export.entry(done=True):
            return []
        record = need(state.record)
        return [
            Change(
                f"write the calls logged from {export.start} to {export.end} to {export.path}",
                {"file": there, "record": dict(record)},
                {"file": True, "record": {**record, "exports": _exports(state, export, done=True)}},
            )
        ]

    def _search(self, state: Recorded, export: Export) -> None:
        """That the file is ours is written down before it is made, so that a run that was cut can make it anew."""
        search = steps.search_log(export.start.isoformat(), export.end.isoformat(), export.path)
        doing = "search the call log"
        if self.job_found(state):
            self.jobs.do(state, [search], doing)
            return
        leftover = [steps.remove_file("leftover", export.path)] if need(state.subject["file"]) else []
        state = self.record.write(state, exports=_exports(state, export, done=False))
        self.run_recorded_job(state, [*leftover, search], doing, exports=_exports(state, export, done=True))


def _export(given: Mapping[str, Any]) -> Export:
    start, end = (_time(name, given[name]) for name in ("start_time", "end_time"))
    if start >= end:
        raise OptionError("end_time is not later than start_time.")
    return Export(start, end, given["path"])


def _time(name: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, TIME)
    except ValueError as error:
        raise OptionError(
            f"{name} {text!r} is not a time such as 2026-01-31 04:00:00.",
            "Write it as at the console of the host, in its time zone.",
        ) from error


def _job_name(export: Export) -> str:
    """One search to one file."""
    wanted = "|".join((export.start.strftime(TIME), export.end.strftime(TIME), export.path))
    return f"search-log-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"


def _subject(answer: Answer) -> dict[str, Any]:
    return {"file": attempt(_is_there, answer)}


def _is_there(answer: Answer) -> bool:
    (found,) = answer.non_empty("file")
    return bool(found)


def _is_logging(state: Recorded) -> bool:
    """Whether logging that we began goes on: not stopped, not four hours old, and no restart of the host since.

    What a restart does to it is not documented. Raises NotReadError.
    """
    text = need(state.record).get("started")
    if not text:
        return False
    try:
        started = datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError) as error:
        raise NotReadError(f"the record of this module on the appliance is not as expected: {error}") from error
    return need(state.boot_time) <= started and need(state.clock) < started + timedelta(hours=HOURS)


def _exports(state: Recorded, export: Export, *, done: bool) -> dict[str, Any]:
    return {**(record_entry(state, "exports") or {}), export.path: export.entry(done=done)}


def _export_entry(state: Recorded, export: Export) -> Mapping[str, Any] | None:
    """What was written down of the file; None where it is not ours. Raises NotReadError."""
    found = (record_entry(state, "exports") or {}).get(export.path)
    if found is not None and not (isinstance(found, Mapping) and "done" in found):
        raise NotReadError(f"the record of this module on the appliance is not as expected: {export.path} is {found!r}")
    return found
