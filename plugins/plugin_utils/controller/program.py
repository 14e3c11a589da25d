# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs that are run on the controller: without a shell, for so many seconds at most, however much they say.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT = 8192
"""How many bytes of the end of what a program says are kept."""

GRACE_SECONDS = 2.0
"""What a program that is ended gets to clean up."""


@dataclass(frozen=True)
class Ended:
    """A program that has ended, or was ended.

    Attributes:
        code: its exit code, negative for a signal; None where it was ended because its time was over.
        output: the end of what it said on standard output and error, whole lines; not masked.
    """

    code: int | None
    output: str


def run(argv: Sequence[str], seconds: float, env: Mapping[str, str], folder: Path) -> Ended:
    """Run a program to its end, or end it and what it has begun.

    Args:
        argv: the program and its arguments, each handed on as it is.
        seconds: the most that it may take.
        env: variables beside those of this process.
        folder: where it runs.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **env},
        cwd=folder,
        start_new_session=True,
    )
    try:
        said, in_time = _listen(process, time.monotonic() + seconds)
        code = process.poll() if in_time else None
    finally:
        _end(process)
    return Ended(code, _whole_lines(said).decode("utf-8", "replace"))


def _whole_lines(said: bytes) -> bytes:
    """Without a line whose beginning is not there any more: half of a secret cannot be found and masked."""
    return said if len(said) < KEPT else said.partition(b"\n")[2]


def beginning(path: Path) -> str:
    """The first whole lines of a file that a program wrote, not masked; nothing where there is none."""
    try:
        with path.open("rb") as file:
            found = file.read(KEPT)
    except OSError:
        return ""
    return (found if len(found) < KEPT else found.rpartition(b"\n")[0]).decode("utf-8", "replace")


def _listen(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bool]:
    """The end of what it says until it has ended, and whether that was in time.

    What it leaves running in the background may keep the line open: its own end counts.
    """
    said = b""
    if process.stdout is None:
        return said, True
    line = process.stdout.fileno()
    os.set_blocking(line, False)
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ)
        is_open, in_time = True, True
        while process.poll() is None and (in_time := time.monotonic() < until):
            if not is_open:
                time.sleep(0.02)
            elif selector.select(0.05):
                said, is_open = _heard(line, said)
                if not is_open:
                    selector.unregister(line)
        while is_open and in_time and time.monotonic() < until and selector.select(0):
            said, is_open = _heard(line, said)
    return said, in_time


def _heard(line: int, said: bytes) -> tuple[bytes, bool]:
    """What was said with what comes now, and whether more may come."""
    try:
        more = os.read(line, 65536)
    except BlockingIOError:
        return said, True
    return (said + more)[-KEPT:], bool(more)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the program, where it still runs, and all that it has left in its group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    if process.stdout is not None:
        process.stdout.close()
