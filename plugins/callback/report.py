# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes down what a run does, as it does it."""

# ansible-test wants the documentation above all imports.
# ruff: noqa: E402

from __future__ import annotations

DOCUMENTATION = r"""
name: report
type: notification
short_description: Write a report of a run while it runs
version_added: 0.1.0
description:
  - Writes C(report.jsonl), one line for each event (the plan, begin and end of each step of each appliance, validated sites,
    troubles), and C(report.md), a page for people, which is made anew after each event.
  - Writes C(history.json), how long each whole upgrade of an appliance took. It is kept from run to run, and the module
    M(sfb.cloud_connector.plan) reads it to say when a plan will be finished.
  - A run that was killed has its report up to that moment. A step that was under way then is shown as begun.
  - What cannot be written does not disturb the run, and is said once.
options:
  directory:
    description:
      - The folder on the controller. Each run replaces the report of the one before.
      - The plan looks for the history in C(cloud_connector_run_directory), so use one folder for both.
    type: path
    default: .cloud_connector
    env:
      - name: SFB_CLOUD_CONNECTOR_REPORT_DIRECTORY
    ini:
      - section: callback_cloud_connector_report
        key: directory
requirements:
  - C(sfb.cloud_connector.report) in C(callbacks_enabled) of C(ansible.cfg), or in the variable C(ANSIBLE_CALLBACKS_ENABLED).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

from ..plugin_utils.cce import pace
from ..plugin_utils.cce.pace import Measure
from ..plugin_utils.cce.report import Report
from ..plugin_utils.cce.upgrade import NAMES
from ..plugin_utils.controller import files

COLLECTION = "sfb.cloud_connector."
VALIDATED = "cloud_connector_validated"


class CallbackModule(CallbackBase):
    """Turns what Ansible tells into events."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "sfb.cloud_connector.report"
    CALLBACK_NEEDS_ENABLED = True

    _report: Report | None = None

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._report = Report()
        self._directory = Path(self.get_option("directory"))  # type: ignore[no-untyped-call]
        self._quietly(lambda: files.replace(self._directory / "report.jsonl", ""))
        name = Path(playbook._file_name).stem
        self._happened("begin", playbook=name, check=bool(context.CLIARGS.get("check")))

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        step = _step(task)
        if step is not None and not task.loop:
            self._happened("step", appliance=host.name, step=step, state="begun")

    def v2_runner_on_ok(self, result: Any) -> None:
        step, values = _step(result.task), result.result
        if result.task.action.startswith(COLLECTION):
            self._controlled(result.host.name, values)
        if values.get("add_group") == VALIDATED:
            self._happened("validated", appliance=result.host.name)
        elif result.task.action == f"{COLLECTION}plan":
            self._planned(values)
        elif step is not None and "results" not in values:
            changes = [str(change) for change in values.get("changes", [])]
            self._happened("step", appliance=result.host.name, step=step, state=_state(step, values), changes=changes)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if result.task.action == f"{COLLECTION}plan":
            self._planned(result.result)
        self._troubled(result, "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._troubled(result, "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._happened("end", well=not (stats.failures or stats.dark))

    def _controlled(self, host: str, values: Mapping[str, Any]) -> None:
        """What a person said about the run, as it was taken up."""
        found = values.get("control")
        for text in found if isinstance(found, list) else []:
            self._happened("control", appliance=host, text=str(text), left_out=bool(values.get("left_out")))

    def _planned(self, values: Mapping[str, Any]) -> None:
        kept = {name: values.get(name, []) for name in ("hash", "queue", "skips", "summary", "problems")}
        self._happened("plan", target=str(values.get("target", "")), **kept)

    def _troubled(self, result: Any, state: str) -> None:
        step, host = _step(result.task), result.host.name
        if step is not None:
            self._happened("step", appliance=host, step=step, state=state)
        text = " ".join(_sentences(result.result))
        self._happened("trouble", appliance=host, task=result.task.get_name(), text=f"{state}: {text}")

    def _happened(self, event: str, **values: Any) -> None:
        report = self._report
        if report is None:
            return
        line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **values}
        report.apply(line)
        self._quietly(lambda: self._write(line, report.page()))
        measure = report.measure(line)
        if measure is not None:
            self._quietly(lambda: self._keep(measure))

    def _keep(self, measure: Measure) -> None:
        """The history with one more; one that cannot be read is begun anew."""
        path = self._directory / pace.NAME
        try:
            before = pace.parse(path.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            before = []
        files.replace(path, pace.written([*before, measure]))

    def _write(self, line: Mapping[str, Any], page: str) -> None:
        with (self._directory / "report.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(f"{json.dumps(line)}\n")
        files.replace(self._directory / "report.md", page)

    def _quietly(self, write: Any) -> None:
        try:
            write()
        except OSError as error:
            self._display.warning(f"There will be no report of this run: {error}")
            self._report = None


def _step(task: Any) -> str | None:
    name = str(task.action).removeprefix(COLLECTION)
    return name if name != task.action and name in NAMES else None


def _state(step: str, values: Mapping[str, Any]) -> str:
    if step == "health":
        return "passed"
    return "changed" if values.get("changed") else "nothing to do"


def _sentences(values: Mapping[str, Any]) -> Iterator[str]:
    """Of a loop the messages of what failed in it."""
    failed = [one for one in values.get("results", []) if one.get("failed") or one.get("unreachable")]
    yield from (str(one.get("msg", "no message")) for one in failed or [values])
