# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a site may be worked on: its windows, less the days on which nobody may.

A window is written in the local time of its zone. Where clocks are changed, a time may come twice or not at all: then a
window is the shorter, and a freeze the longer, of what could be meant. A window that ends at or before the time at which it
begins ends on the next day; `days` are those on which it begins.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = timedelta(days=400)
"""So far ahead a window is looked for: a year, and the longest freeze in it."""

_BLOCK, _AHEAD = 28, 70
"""Days: openings are worked out for so many, and so many more at a time, since one may go past the end."""

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_DAY = timedelta(days=1)

Opening: TypeAlias = tuple[datetime, datetime]
"""From when, until when; in UTC."""


@dataclass(frozen=True)
class Window:
    """`days`: 0 is Monday; `begins` and `ends`: minutes from midnight of such a day, `ends` the greater."""

    days: tuple[int, ...]
    begins: int
    ends: int
    zone: str


@dataclass(frozen=True)
class Freeze:
    """From when until when (UTC) nothing may be begun, and nothing be under way."""

    begins: datetime
    ends: datetime
    reason: str


@dataclass(frozen=True)
class Calendar:
    """When a site may be worked on. Without windows that is always, but for the freezes."""

    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    @property
    def is_open_always(self) -> bool:
        return not (self.windows or self.freezes)

    def fit(self, now: datetime, needed: timedelta) -> datetime | None:
        """The first moment from `now` (aware) on from which work may go on for as long as is needed; None within `HORIZON`."""
        now = now.astimezone(UTC)
        if self.is_open_always:
            return now
        for begins, ends in self._openings(now):
            start = max(begins, now)
            if ends - start >= needed:
                return start if start - now <= HORIZON else None
        return None

    def open_until(self, now: datetime) -> datetime | None:
        """Until when work may go on that goes on at `now` (aware); None where it may not, or where nothing ends it."""
        now = now.astimezone(UTC)
        begins, ends = next(((begins, ends) for begins, ends in self._openings(now) if ends > now), (None, None))
        return ends if begins is not None and begins <= now and ends != _NEVER else None

    def longest(self, now: datetime) -> timedelta:
        """The longest time of work from `now` (aware) on; nothing is 0."""
        found = [ends - max(begins, now) for begins, ends in self._openings(now.astimezone(UTC)) if ends > now]
        return max(found, default=timedelta(0))

    def _openings(self, now: datetime) -> Iterator[Opening]:
        """From one that `now` may lie in, in order; some come twice. As far as `HORIZON`, at least."""
        if not self.windows:
            yield from _without([(_EVER, _NEVER)], self.freezes)
            return
        first = (now.toordinal() - 2) // _BLOCK
        for number in range(first, first + HORIZON.days // _BLOCK + 2):
            yield from _block(self, number)


ALWAYS = Calendar()
"""Of a site without windows and freezes."""

_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def _block(calendar: Calendar, number: int) -> tuple[Opening, ...]:
    days = [date.fromordinal(number * _BLOCK + day) for day in range(_AHEAD)]
    found = (_opening(window, day) for window in calendar.windows for day in days if day.weekday() in window.days)
    return tuple(_without(_merged(sorted(one for one in found if one[0] < one[1])), calendar.freezes))


def _opening(window: Window, day: date) -> Opening:
    """Where the clocks make a time doubtful, the shorter reading."""
    zone = ZoneInfo(window.zone)
    return max(_readings(day, window.begins, zone)), min(_readings(day, window.ends, zone))


def _readings(day: date, minutes: int, zone: ZoneInfo) -> list[datetime]:
    """What the local time may mean, in UTC: mostly twice the same."""
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def _merged(openings: Iterable[Opening]) -> Iterator[Opening]:
    """Those that touch or overlap as one; they come in order."""
    last: Opening | None = None
    for begins, ends in openings:
        if last is not None and begins <= last[1]:
            last = (last[0], max(last[1], ends))
            continue
        if last is not None:
            yield last
        last = (begins, ends)
    if last is not None:
        yield last


def _without(openings: Iterable[Opening], freezes: Sequence[Freeze]) -> Iterator[Opening]:
    """What the freezes leave of them."""
    for begins, ends in openings:
        for freeze in sorted(freezes, key=lambda one: one.begins):
            if freeze.ends <= begins or freeze.begins >= ends:
                continue
            if freeze.begins > begins:
                yield begins, freeze.begins
            begins = freeze.ends
        if begins < ends:
            yield begins, ends


# --- as the inventory has them ----------------------------------------------------------------------------------------


def parse(windows: Sequence[Mapping[str, Any]], freeze: Sequence[Mapping[str, Any]]) -> Calendar:
    """The calendar of `cloud_connector_windows` and `cloud_connector_freeze`, both as the schema has them.

    Raises:
        ValueError: something cannot be meant; the text is a clause.
    """
    found = tuple(_window(one) for one in windows)
    zone = found[0].zone if found else None
    return Calendar(found, tuple(_freeze(one, zone) for one in freeze))


def _window(given: Mapping[str, Any]) -> Window:
    begins, ends = _minutes(str(given["from"])), _minutes(str(given["to"]))
    if begins == ends:
        raise ValueError(
            f"a window from {given['from']} to {given['to']} is none: for a whole day write 00:00 and 24:00"
        )
    days = tuple(sorted({DAYS.index(str(day)) for day in given.get("days") or DAYS}))
    _zone(str(given["zone"]))
    return Window(days, begins, ends if ends > begins else ends + 24 * 60, str(given["zone"]))


def _minutes(text: str) -> int:
    if not _CLOCK.fullmatch(text):
        raise ValueError(f"{text!r} is no time of day such as '22:00'")
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _freeze(given: Mapping[str, Any], default: str | None) -> Freeze:
    zone = given.get("zone") or default
    begins, ends = (_moments(str(given[name]), zone, last=name == "to") for name in ("from", "to"))
    if min(begins) >= max(ends):
        raise ValueError(f"a freeze from {given['from']} to {given['to']} ends before it begins")
    return Freeze(min(begins), max(ends), str(given["reason"]))


def _moments(text: str, zone: str | None, *, last: bool) -> list[datetime]:
    """What the text may mean, in UTC; a day without a time is there as a whole."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no day such as '2026-12-20', and no time such as '2026-12-20T18:00'") from error
    if found.tzinfo is not None:
        return [found.astimezone(UTC)]
    if zone is None:
        raise ValueError(f"the freeze at {text} needs its zone, such as Europe/Berlin")
    whole = last and len(text) <= len("2026-12-20")
    return _readings(found.date() + (_DAY if whole else timedelta(0)), found.hour * 60 + found.minute, _zone(zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(_zone_problem(name)) from error


def _zone_problem(name: str) -> str:
    known = available_timezones()
    if not known:
        return "the controller has no data of time zones: install tzdata there (requirements.txt)"
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is no time zone{f': did you mean {near[0]}?' if near else ' such as Europe/Berlin'}"
