# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long upgrades took, and when a plan will be finished at that pace.

No source says how long an upgrade takes (cloud-connector.md 7), so it is measured: the report of a run writes down each whole
upgrade, the plan reads them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

NAME = "history.json"
"""The file on the controller, in the folder of the report."""

KEPT = 200
LAST = 10
"""So many upgrades are kept; the newest of them to the same release make the pace."""


@dataclass(frozen=True)
class Measure:
    """One appliance that was upgraded from its first step to its last in one run. `ended` is ISO 8601."""

    appliance: str
    target: str
    seconds: float
    ended: str


def parse(text: str) -> list[Measure]:
    """The measures of a history, oldest first.

    Raises:
        ValueError: the text is no history.
    """
    try:
        found = [Measure(**one) for one in json.loads(text)]
        if not all(0 < one.seconds < float("inf") for one in found):
            raise ValueError("a time is none")
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return found


def written(measures: Sequence[Measure]) -> str:
    """The text of a history: the newest ones."""
    return json.dumps([asdict(one) for one in measures[-KEPT:]], indent=2) + "\n"


def sentence(measures: Sequence[Measure], target: str, count: int, now: datetime) -> str:
    """When so many appliances, one after the other, will be at `target`, if they are begun at `now` (aware) and nothing stops."""
    same = [one for one in measures if one.target == target][-LAST:]
    if not same:
        return f"When this will be finished is not known: no whole upgrade to {target} has been recorded here yet."
    each = sum(one.seconds for one in same) / len(same)
    total = timedelta(seconds=each * count)
    end = (now + total).astimezone(UTC)
    return (
        f"At the pace recorded ({_span(timedelta(seconds=each))} an appliance, from the last {len(same)} to {target}) {count} "
        f"take {_span(total)}: begun now and without a stop, until {end:%Y-%m-%d %H:%M} UTC."
    )


def _span(span: timedelta) -> str:
    if span < timedelta(minutes=1):
        return f"{span.total_seconds():.0f} s"
    minutes = round(span.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"
