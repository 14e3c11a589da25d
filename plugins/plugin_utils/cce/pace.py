# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long upgrades took, and what to expect of the next ones.

No source says how long an upgrade takes (cloud-connector.md 7), so it is measured: the report of a run writes down each whole
upgrade, step by step, the plan reads them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta

from .support import SUPPORTED

NAME = "history.json"
"""The file on the controller, in the folder of the report."""

KEPT = 200
LAST = 10
"""So many upgrades are kept; the newest of them to the same release make the pace."""

APPLIANCE_SECONDS = 4 * 3600.0
"""What an appliance is taken to need where nothing was measured or declared; one field report says more than three hours (7)."""

WAY_BACK_SECONDS = 2 * 3600.0
"""What a way back is taken to need: another drain and switch, for which a run waits as long."""


@dataclass(frozen=True)
class Measure:
    """One appliance that was upgraded from its first step to its last in one run. `ended` is ISO 8601.

    `steps`: the seconds of each step; earlier histories have none.
    """

    appliance: str
    target: str
    seconds: float
    ended: str
    steps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Pace:
    """What an appliance is expected to take, in seconds.

    Attributes:
        mean: a whole upgrade, on the average.
        most: a whole upgrade; of those measured nine of ten took no longer.
        steps: each step, as `most`; empty where no step was measured.
        measured: by how many upgrades it is known; 0: it was declared, or assumed.
    """

    mean: float
    most: float
    steps: Mapping[str, float] = field(default_factory=dict)
    measured: int = 0

    def expected(self, steps: Collection[str], whole: int) -> float:
        """What these steps may take: all `whole` of them, or any where no step was measured, as much as a whole upgrade.

        A step that is no part of any upgrade measured, such as one after its end, counts nothing.
        """
        if len(steps) == whole or not self.steps:
            return self.most
        return min(self.most, sum(self.steps.get(step, 0.0) for step in steps))


def expect(measures: Sequence[Measure], target: str, declared: float = APPLIANCE_SECONDS) -> Pace:
    """The pace by the newest upgrades to `target`; what was declared where there are none."""
    same = [one for one in measures if one.target == target][-LAST:]
    if not same:
        return Pace(declared, declared)
    with_steps = [one.steps for one in same if one.steps]
    names = dict.fromkeys(name for steps in with_steps for name in steps)
    steps = {name: _most([steps[name] for steps in with_steps if name in steps]) for name in names}
    seconds = [one.seconds for one in same]
    return Pace(sum(seconds) / len(seconds), _most(seconds), steps, len(same))


def _most(seconds: Sequence[float]) -> float:
    """What nine of ten did not exceed; of fewer than ten the most."""
    return sorted(seconds)[(9 * len(seconds) + 9) // 10 - 1]


def parse(text: str) -> list[Measure]:
    """The measures of a history, oldest first.

    Raises:
        ValueError: the text is no history.
    """
    try:
        found = [Measure(**one) for one in json.loads(text)]
        if not all(_is_time(seconds) for one in found for seconds in (one.seconds, *one.steps.values())):
            raise ValueError("a time is none")
    except (AttributeError, TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return found


def _is_time(seconds: float) -> bool:
    return 0 <= seconds < float("inf")


def written(measures: Sequence[Measure]) -> str:
    """The text of a history: the newest ones."""
    return json.dumps([asdict(one) for one in measures[-KEPT:]], indent=2) + "\n"


def sentence(pace: Pace, target: str, count: int, end: datetime, now: datetime, width: int = 1) -> str:
    """When so many appliances, in rows of `width` at most, will be at `target`: at `end`, if they are begun at `now` and
    nothing stops.

    Both times are aware.
    """
    each = span(timedelta(seconds=pace.mean))
    if pace.measured:
        known = f"At the pace recorded ({each} an appliance, from the last {pace.measured} to {target}) {count}"
    else:
        known = (
            f"When this will be finished is not known: no whole upgrade to {target} has been recorded here yet. At {each} an "
            f"appliance (cloud_connector_appliance_time) {count}"
        )
    abreast = f" at {width} sites at once" if width > 1 else ""
    until = f"{end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{known} take {span(end - now)}{abreast}: begun now and without a stop, until {until}."


def against_support(end: datetime, now: datetime, at_once: int, width: int | None, supported_until: date | None) -> str:
    """Whether that is soon enough, and what pace would be.

    Args:
        end: when the last appliance is done, if the first is begun at `now`; both aware.
        at_once: the sites at once that this is for.
        width: the fewest sites at once that end within `SUPPORTED`; None: no number does.
        supported_until: the day to come on which support of what runs ends; None where none is known.
    """
    late = (
        ""
        if supported_until is None or end.date() <= supported_until
        else (
            f" That is {(end.date() - supported_until).days} days after support of what runs ends ({supported_until})."
        )
    )
    if end - now <= SUPPORTED:
        return f"That is within the {SUPPORTED.days} days for which Microsoft supported a release after the next one came.{late}"
    pace = (
        "no number of sites at once is enough"
        if width is None
        else (f"{width} sites at once are needed (cloud_connector_sites_at_once is {at_once})")
    )
    return f"Microsoft supported a release for {SUPPORTED.days} days after the next one came: for that {pace}.{late}"


def span(found: timedelta) -> str:
    """A time as people say it."""
    if found < timedelta(minutes=1):
        return f"{found.total_seconds():.0f} s"
    if found >= timedelta(days=3):
        return f"{round(found.total_seconds() / 86400)} days"
    minutes = round(found.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"
