# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The file on the controller in which a person says something about a run.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cce import control
from ..cce.control import Control, Word

HISTORY = "control.jsonl"
"""Beside the file: everything that was ever said with `playbooks/control.yml`, one line each."""


@dataclass(frozen=True)
class ControlFile:
    """The file on the controller."""

    path: Path

    def read(self) -> Control:
        """What is in force. No file says nothing; one that cannot be read holds the run."""
        try:
            # A pipe that nobody writes to would be waited for.
            with open(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return Control(problem="is no file")
                content = file.read(control.MOST_BYTES + 1)
        except FileNotFoundError:
            return Control()
        except OSError as error:
            return Control(problem=f"cannot be read ({error.strerror})")
        if len(content) > control.MOST_BYTES:
            return Control(problem=f"is longer than {control.MOST_BYTES} bytes")
        try:
            return control.parse(content.decode("utf-8"))
        except UnicodeDecodeError:
            return Control(problem="is no text")

    def went_on(self) -> Word | None:
        """Who said last that all goes on; None where the last that was said is something else, or it cannot be read."""
        try:
            with self.path.with_name(HISTORY).open("rb") as history:
                history.seek(max(0, history.seek(0, os.SEEK_END) - control.MOST_BYTES))
                lines = history.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return None
        return control.went_on(lines[-1]) if lines else None

    def update(self, change: Callable[[Control], Control], **said: str) -> Control:
        """Read, change and write, while nobody else does; returns what is in force then.

        Args:
            change: raises ValueError where it cannot be.
            said: what is added to the history; nothing where it is empty.

        Raises:
            OSError, ValueError.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            before = self.read()
            after = change(before)
            if before.problem and after != before:
                self.path.replace(self.path.with_name(f"{control.NAME}.not-understood"))
            if after != before:
                self._replace(control.written(after))
            if said:
                with self.path.with_name(HISTORY).open("a", encoding="utf-8") as history:
                    history.write(f"{json.dumps(said)}\n")
        return after

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.path.with_name("control.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _replace(self, text: str) -> None:
        """Whoever reads meanwhile sees the old or the new text."""
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self.path.parent, delete=False) as new:
            new.write(text)
        Path(new.name).replace(self.path)


def file_of(given: Mapping[str, Any]) -> ControlFile | None:
    """The file that the option `control` names."""
    return ControlFile(Path(given["control"])) if given.get("control") else None
