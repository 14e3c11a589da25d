"""`shutdown.exe`: restarts a computer after a while, or calls that off."""

from __future__ import annotations

import re
from collections.abc import Callable

import simpy

from lab.world.activity import Activity
from lab.world.computer import Computer, Executable, Launch

SCHEDULED = 1190
"""A restart is scheduled already (ERROR_SHUTDOWN_IS_SCHEDULED)."""
NONE_IN_PROGRESS = 1116
"""There is none to be called off (ERROR_NO_SHUTDOWN_IN_PROGRESS)."""


def shutdown_program(restart: Callable[[], object]) -> Executable:
    """The program for one computer, which `restart` restarts."""
    waiting: dict[Computer, simpy.Process] = {}

    def after(computer: Computer, seconds: float) -> Activity:
        yield computer.env.timeout(seconds)
        if computer.shutdown_hangs:
            return
        restart()

    def run(launch: Launch) -> Activity:
        yield launch.computer.env.timeout(0)
        pending = waiting.get(launch.computer)
        is_pending = pending is not None and pending.is_alive
        if re.search(r"/a\b", launch.arguments):
            if pending is None or not is_pending:
                return NONE_IN_PROGRESS
            pending.interrupt()
            return 0
        if not re.search(r"/r\b", launch.arguments):
            return 87
        if is_pending:
            return SCHEDULED
        seconds = re.search(r"/t (\d+)", launch.arguments)
        waiting[launch.computer] = launch.computer.run(after(launch.computer, float(seconds[1] if seconds else 30)))
        return 0

    return run
