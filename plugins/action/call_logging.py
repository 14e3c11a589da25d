# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starts and stops call logging, and writes what was logged to a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import APPLIANCE, SITE, Change, Refused
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._recorded import RecordedOperation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Results, attempt
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need

HOURS = 4
"""After this time logging stops by itself (documented)."""

EXPORT = ("start_time", "end_time", "path", "task_user", "task_password")
TIME = "%Y-%m-%d %H:%M:%S"


class ActionModule(RecordedOperation):
    """How to read whether calls are logged now is not documented: what was begun, and when, is written down."""

    RECORD = "call_logging"
    RULES = {"required_if": [("state", "exported", EXPORT)]}
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

    @property
    def job_name(self) -> str:
        """One search to one file; empty where nothing is searched."""
        if self.arguments["state"] != "exported":
            return ""
        wanted = "|".join(str(self.arguments[name]) for name in ("start_time", "end_time", "path"))
        return f"search-log-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"

    def ask(self) -> list[steps.Step]:
        path = self.arguments["path"]
        return [] if path is None else [steps.file_exists("file", path)]

    def learn(self, results: Results) -> dict[str, Any]:
        return {"file": attempt(results.some, "file")}

    # --- deciding -----------------------------------------------------------------------------------------------------

    def decide(self, state: Appliance) -> list[Change]:
        decide = {"started": self._start, "stopped": self._stop, "exported": self._export}
        return decide[self.arguments["state"]](state)

    def _start(self, state: Appliance) -> list[Change]:
        now = need(state.clock)
        if self._runs(state):
            return []
        return [self.record_change("start call logging", started=now.isoformat(), cache=True)]

    def _runs(self, state: Appliance) -> bool:
        """Whether logging that we began goes on: not stopped, not four hours old, and no restart of the host since.

        What a restart does to it is not documented.
        """
        started = self._began
        if started is None:
            return False
        return need(state.boot_time) <= started and need(state.clock) < started + timedelta(hours=HOURS)

    @property
    def _began(self) -> datetime | None:
        text = self.record.get("started")
        return datetime.fromisoformat(text).astimezone(UTC) if text else None

    def _stop(self, state: Appliance) -> list[Change]:
        """Without a record somebody else may have begun it: then it is stopped, too."""
        known = "started" in self.record
        cached = self.arguments["remove_cache"] and self.record.get("cache", True)
        if known and not cached and not self._runs(state):
            return []
        removed = {"cache": False} if self.arguments["remove_cache"] else {}
        return [self.record_change("stop call logging", started=None, **removed)]

    def _export(self, state: Appliance) -> list[Change]:
        start, end = (self._time(name) for name in ("start_time", "end_time"))
        if start >= end:
            raise Refused("end_time is not later than start_time.", "Correct them; nothing was searched.")
        begun = self.begun(state)
        if self._there and self._export_record == self._entry(done=True) and not begun:
            return []
        if not begun:
            self.require_idle_host(state)
            self._check_file()
        what = f"write the calls logged from {start} to {end} to {self.arguments['path']}"
        before = {"file": [self._there], "record": dict(self.record)}
        return [Change(what, before, {"file": [True], "record": {**self.record, **self._exports(done=True)}})]

    @property
    def _there(self) -> bool:
        (there,) = need(self.subject["file"])
        return bool(there)

    @property
    def _export_record(self) -> Any:
        """What was written down of the file; None where it is not ours."""
        return self.record.get("exports", {}).get(self.arguments["path"])

    def _entry(self, *, done: bool) -> dict[str, Any]:
        return {"from": self.arguments["start_time"], "to": self.arguments["end_time"], "done": done}

    def _exports(self, *, done: bool) -> dict[str, Any]:
        return {"exports": {**self.record.get("exports", {}), self.arguments["path"]: self._entry(done=done)}}

    def _check_file(self) -> None:
        """A file that a search of ours left half done may be removed, another one not."""
        found = self._export_record
        if self._there and (found is None or found["done"]):
            raise Refused(
                f"{self.arguments['path']} is there already on {self._host}, and not from this search.",
                "Whether the product would overwrite it is not documented: name another file.",
            )

    def _time(self, name: str) -> datetime:
        try:
            return datetime.strptime(self.arguments[name], TIME)
        except ValueError as error:
            raise Refused(
                f"{name} {self.arguments[name]!r} is not a time such as 2026-01-31 04:00:00.",
                "Write it as at the console of the host, in its time zone.",
            ) from error

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self.arguments["state"] == "exported":
            self._search(state)
        elif self.arguments["state"] == "started":
            self.run_steps([steps.start_logging()], "start call logging")
        else:
            self.run_steps([steps.stop_logging(remove_cache=self.arguments["remove_cache"])], "stop call logging")
        self.write_record(**changes[0].after["record"])

    def _search(self, state: Appliance) -> None:
        """That the file is ours is written down before it is made, so that a run that was cut can make it anew."""
        path = self.arguments["path"]
        start, end = (self._time(name).isoformat() for name in ("start_time", "end_time"))
        if not self.begun(state):
            self.write_record(**self._exports(done=False))
        leftover = [steps.remove_file("leftover", path)] if self._there else []
        self.run_job(state, [*leftover, steps.search_log(start, end, path)], "search the call log")
