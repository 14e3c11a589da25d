# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said while a job of hours runs: how long it has run, how long it took before, and what is left of the run.

How long a step takes is known from earlier upgrades only, since no source says it (cloud-connector.md 7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from .pace import LAST, Measure


@dataclass(frozen=True)
class Outlook:
    """What is known beside the job itself.

    Attributes:
        usual: the seconds that the step took before, in the middle; None: no such step was recorded.
        number: the place of the appliance in the queue of the run, from 1; 0: there is no queue.
        total: how many there are in the queue.
    """

    usual: float | None = None
    number: int = 0
    total: int = 0

    def sentence(self, waited: float) -> str:
        """What is to be expected, as clauses that follow how long it has run; empty where nothing is known."""
        found = []
        if self.usual is not None:
            found.append(_against(waited, self.usual))
        if 0 < self.number <= self.total:
            left = self.total - self.number
            found.append(
                f"{left} of {self.total} appliances are left after this one" if left else "it is the last appliance"
            )
        return "".join(f"; {one}" for one in found)


def outlook(measures: Sequence[Measure], target: str, step: str, queue: Any, entry: Any) -> Outlook:
    """The outlook of a step.

    Args:
        measures: the recorded upgrades, oldest first.
        target: the version that is upgraded to.
        step: the module.
        queue: the names of the appliances of the run; anything else says nothing.
        entry: the turn of the appliance, which has its `number`; anything else says nothing.
    """
    taken = [one.steps[step] for one in measures if one.target == target and step in one.steps]
    number = entry.get("number", 0) if isinstance(entry, Mapping) else 0
    known = isinstance(queue, Sequence) and not isinstance(queue, str) and isinstance(number, int)
    usual = median(taken[-LAST:]) if taken else None
    return Outlook(usual, number, len(queue)) if known else Outlook(usual)


def _against(waited: float, usual: float) -> str:
    if waited <= usual:
        return f"about {span(usual)} is usual here"
    return f"{span(waited - usual)} longer than is usual here ({span(usual)})"


def span(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
