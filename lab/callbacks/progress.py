"""What a person wants to see of a run, line by line, on a file descriptor beside ansible-playbook's own output."""

from __future__ import annotations

import os
import textwrap
import time
from collections import Counter
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: progress
type: notification
short_description: progress of an upgrade for the demo of the lab
description: Writes plan, steps and validation to the file descriptor in LAB_PROGRESS_FD. Part of the lab, not of the collection.
"""

OURS = "sfb.cloud_connector."
SAYING = frozenset({"ansible.builtin.debug", "ansible.builtin.assert"})
WIDTH = 112


class CallbackModule(CallbackBase):
    """One line for each operation, with how it ended and how long it took; and every message of the playbooks."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._out = int(os.environ["LAB_PROGRESS_FD"])
        self._play = ""
        self._open = False
        self._begun = 0.0
        self._ends: Counter[str] = Counter()

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._close()
        # With `serial: 1` the same play begins again for each appliance.
        self._write("\n" if play.get_name() == self._play else f"\n{play.get_name()}\n")
        self._play = play.get_name()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._close()
        if task.action.startswith(OURS):
            self._open, self._begun = True, time.monotonic()
            self._write(f"    {task.get_name().rpartition(' : ')[2]:<70} ")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._ends["changed" if result.is_changed() else "ok"] += 1
        if result.task.action in SAYING:
            self._say(result.result.get("msg"))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._trouble("FAILED", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._trouble("UNREACHABLE", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._close()

    def _trouble(self, kind: str, result: Any) -> None:
        self._ends[kind] += 1
        self._close()
        self._say([f"{kind}: {result.host.get_name()}", *_lines(result.result.get("msg"))])

    def _say(self, message: Any) -> None:
        for line in _lines(message):
            self._write(textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="      ") + "\n")

    def _close(self) -> None:
        if self._open:
            ends = ", ".join(f"{number} {end}" if number > 1 else end for end, number in self._ends.items())
            self._write(f"{ends:<10} {time.monotonic() - self._begun:5.1f} s\n")
        self._open = False
        self._ends.clear()

    def _write(self, text: str) -> None:
        os.write(self._out, text.encode())


def _lines(message: Any) -> list[str]:
    """A message is a text or a list of lines; the default one of assert says nothing."""
    found = message if isinstance(message, list) else str(message or "").splitlines()
    return [str(line) for line in found if line and line != "All assertions passed"]
