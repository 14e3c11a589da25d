"""When an update window is open (cloud-connector.md 2.3). The time zone is the host's, which is UTC here."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from lab.world.tenant import UpdateWindow

WEEKS = {"first": 0, "second": 1, "third": 2, "fourth": 3}
DAY = timedelta(days=1)


def any_open(names: Iterable[str], windows: Mapping[str, UpdateWindow], now: datetime) -> bool:
    """Whether one of the named windows is open; without any, an update may begin at any time (2.3)."""
    known = {name.casefold(): window for name, window in windows.items()}
    chosen = [known[name.casefold()] for name in names if name.casefold() in known]
    return not list(names) or any(is_open(window, now) for window in chosen)


def is_open(window: UpdateWindow, now: datetime) -> bool:
    """Whether `now` lies in a window that began on one of its days: today or, when it lasts so long, before."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - DAY * back for back in range(window.duration // DAY + 2)]
    begins = [day + window.start for day in days if _has_day(window, day)]
    return any(begin <= now < begin + window.duration for begin in begins)


def _has_day(window: UpdateWindow, day: datetime) -> bool:
    """Whether the window begins on that day."""
    if window.type == "Daily":
        return True
    if window.type == "Monthly" and window.day_of_month:
        return day.day == window.day_of_month
    named = f"{day:%A}".casefold() in {name.casefold() for name in window.days_of_week}
    return named and (window.type == "Weekly" or any(_is_week(name, day) for name in window.weeks_of_month))


def _is_week(name: str, day: datetime) -> bool:
    """Whether the day is the first (second, … last) of its weekday in the month."""
    if name.casefold() == "last":
        return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return (day.day - 1) // 7 == WEEKS.get(name.casefold())
