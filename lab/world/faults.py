"""Faults that are applied inside the cmdlets of an appliance, by number of times, at named moments.

A fault names a cmdlet (`*` for any), the moment (`before`, `during`, `after`), for `during` optionally the point of the cmdlet's
work, and what happens. The documented troubles (cloud-connector.md 6.3) have names: see `troubles.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

When = Literal["before", "during", "after"]
Action = Literal["error", "warn", "hang", "die_host", "half_done", "services_fail", "exit_code"]


@dataclass
class Fault:
    """One fault that waits for its moment.

    error: the cmdlet throws `text`. warn: it writes `text` as a warning and goes on. hang: it never comes back. die_host: the
    host restarts under it. half_done: it comes back without an error, its work undone from there on. services_fail: the services
    of the new Edge do not start (Switch-CcVersion only). exit_code: Windows Installer ends with `code` and changes nothing (3010
    and 1641: it did its work).
    """

    cmdlet: str
    when: When = "before"
    action: Action = "error"
    text: str = "Simulated failure."
    times: int = 1
    point: str | None = None
    code: int = 1603

    def matches(self, cmdlet: str, when: When, point: str | None) -> bool:
        """Whether it is to be applied at this moment of this cmdlet."""
        named = self.cmdlet in ("*", cmdlet) and self.when == when
        return named and self.times > 0 and self.point in (None, point)


class Faults:
    """The faults that wait on one appliance."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, cmdlet: str, when: When, point: str | None = None) -> Fault | None:
        """The fault to apply now, if any; it is counted down."""
        for fault in self.waiting:
            if fault.matches(cmdlet, when, point):
                fault.times -= 1
                self.waiting = [other for other in self.waiting if other.times > 0]
                return fault
        return None

    def clear(self) -> None:
        """Removes all faults that wait."""
        self.waiting = []
