# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rows and times: which appliances go side by side, when each may begin, and when the last one is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from .windows import Calendar

T = TypeVar("T")


def rows(sites: Sequence[Sequence[T]], width: int) -> list[list[T]]:
    """The rows in which the appliances of the sites are worked on: first the whole first site, alone, then so many sites at once.

    One appliance of a site is in a row at most, each site keeps its order, and a site is begun in the order of the sites, as
    soon as one before it is through.
    """
    waiting = [list(site) for site in sites if site]
    if not waiting:
        return []
    found = [[one] for one in waiting[0]]
    lanes: list[Iterator[T]] = []
    rest = iter(waiting[1:])
    while True:
        row, lanes = _row(lanes, rest, width)
        if not row:
            return found
        found.append(row)


def _row(lanes: Sequence[Iterator[T]], rest: Iterator[Sequence[T]], width: int) -> tuple[list[T], list[Iterator[T]]]:
    """The next one of each site under way; sites that are through make room for others."""
    taken = [(following, lane) for lane in lanes for following in _next(lane)]
    while len(taken) < width and (site := next(rest, None)) is not None:
        lane = iter(site)
        taken.append((next(lane), lane))
    return [one for one, lane in taken], [lane for one, lane in taken]


def _next(lane: Iterator[T]) -> list[T]:
    """The next of a lane, if there is one."""
    return [one for one in (next(lane, None),) if one is not None]


@dataclass(frozen=True)
class Work:
    """The work on one appliance.

    Attributes:
        seconds: what it is expected to take.
        needed: how long the window of its site has to be open from its begin on; None: it is not asked for.
    """

    name: str
    calendar: Calendar
    seconds: float
    needed: timedelta | None


@dataclass(frozen=True)
class Schedule:
    """When each appliance can begin at the earliest, None where that is never; `end`: when the last one is done."""

    begins: Mapping[str, datetime | None]
    end: datetime

    @property
    def never(self) -> list[str]:
        return [name for name, begin in self.begins.items() if begin is None]


def schedule(found: Sequence[Sequence[Work]], now: datetime) -> Schedule:
    """The times of rows that are begun at `now` (aware), each after the one before; a run that stops at a window is
    begun again at once.
    """
    begins: dict[str, datetime | None] = {}
    at = now
    for row in found:
        ends = at
        for work in row:
            begin = at if work.needed is None else work.calendar.fit(at, work.needed)
            begins[work.name] = begin
            ends = max(ends, (begin or at) + timedelta(seconds=work.seconds))
        at = ends
    return Schedule(begins, at)


def width_for(sites: Sequence[Sequence[Work]], now: datetime, limit: timedelta) -> int | None:
    """How many sites at once end within `limit`: the fewest; None where even all at once do not."""
    low, high = 1, max(1, len(sites))
    if schedule(rows(sites, high), now).end - now > limit:
        return None
    while low < high:
        middle = (low + high) // 2
        if schedule(rows(sites, middle), now).end - now > limit:
            low = middle + 1
        else:
            high = middle
    return low
