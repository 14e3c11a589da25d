# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Work on an appliance that outlives us, and what every wait for it has: looks that may fail, messages, an end.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..cce.answers import Answer
from ..cce.exceptions import ConnectionLost, NoAnswer, Unfinished
from ..cce.progress import Outlook, span
from ..cce.steps import Step
from .host import Host

T = TypeVar("T")

FAILED_POLLS = 2
"""Consecutive polls that may fail before the wait is given up: a lost line, or a host too short of memory for PowerShell."""

PROGRESS_SECONDS = 300.0
"""Least time between two progress messages that say the same."""


@dataclass(kw_only=True)
class LongWork:
    """The work of an operation that goes on by itself, be it a job or an act under a claim.

    Attributes:
        host: where it goes on.
        name: the name of the job, or of the claim.
        poll: seconds between two looks.
        limit: seconds after which it is not waited for any more.
        run: names this run of ansible-playbook, in the claim.
        is_done: reads whether the state shows the work as done; asked where it left no answer.
        hint: what else to say where it does not end in time.
        outlook: what is known of its time, and of the rest of the run.
    """

    host: Host
    name: str
    poll: float
    limit: float
    run: str
    is_done: Callable[[], bool]
    hint: str = ""
    outlook: Outlook = field(default_factory=Outlook)

    def claim_text(self, token: str) -> str:
        """The text of a claim of it; `token` tells it from every other."""
        return json.dumps({"run": self.run, "host": self.host.name, "token": token})

    def unfinished(self, phase: str, waited: float) -> Unfinished:
        """The failure of a wait that is over, after so many seconds; `phase` follows the words "the job is"."""
        return Unfinished(
            f"{self.name} is {phase} after {waited:.0f} seconds of waiting; it goes on by itself on {self.host.name}.",
            f"Wait, then run the same command again: it finds the job and does not start a second one.{self.hint}",
        )

    def reporter(self) -> Callable[[str, float], None]:
        """Says where the job is when that changes, and every few minutes: given the phase and the seconds of waiting."""
        last = ("", 0.0)

        def report(phase: str, waited: float) -> None:
            nonlocal last
            if phase != last[0] or waited - last[1] >= PROGRESS_SECONDS:
                last = (phase, waited)
                self.host.tell(f"{self.name}: {phase}, waited {span(waited)}{self.outlook.sentence(waited)}")

        return report

    def patiently(self, look: Callable[[], T], begun: float) -> T:
        """A look that fails for a while is no failure: it changes nothing, so it may be tried again.

        Args:
            look: one look at the appliance.
            begun: the clock's reading when the wait began.

        Raises:
            ConnectionLost, NoAnswer.
        """
        for _attempt in range(FAILED_POLLS):
            try:
                return look()
            except (ConnectionLost, NoAnswer):
                if self.host.clock.monotonic() - begun > self.limit:
                    raise
                self.host.clock.sleep(self.poll)
        return look()

    def exchange(self, asked: Sequence[Step]) -> Answer:
        """An exchange after which nobody knows when the next one comes. Raises ConnectionLost, NoAnswer."""
        try:
            return self.host.exchange(asked)
        finally:
            self.host.hang_up()
