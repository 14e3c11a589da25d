# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Time, in one place: what is handed to everything that reads a clock or waits.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _sleep(seconds: float) -> None:
    """Waits; not where ansible-playbook was killed, which ends none of the processes that run its tasks.

    Nobody takes what such a task returns, and it must not go on, hours later, beside the run that comes next. As a killed one
    it ends without a word.
    """
    time.sleep(seconds)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)


@dataclass(frozen=True)
class Clock:
    """The controller's time.

    Attributes:
        now: the time of day, aware.
        monotonic: seconds for measuring waits, from any beginning.
        sleep: waits that many seconds; a task whose run was killed ends there.
    """

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = _sleep
