"""When the update windows of a tenant are open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lab.world.tenant import UpdateWindow
from lab.world.update_windows import any_open, is_open

HOUR = timedelta(hours=1)


def at(day: int, hour: int, month: int = 1) -> datetime:
    """A time of 2026; the fifth of January is a Monday."""
    return datetime(2026, month, day, hour, 30, tzinfo=UTC)


NIGHT = UpdateWindow("Daily", 22 * HOUR, 6 * HOUR)
WEEKLY = UpdateWindow("Weekly", 1 * HOUR, 2 * HOUR, days_of_week=("Monday", "sunday"))
FIFTEENTH = UpdateWindow("Monthly", timedelta(0), timedelta(days=1), day_of_month=15)
FIRST_AND_LAST = UpdateWindow("Monthly", 1 * HOUR, HOUR, days_of_week=("Monday",), weeks_of_month=("First", "Last"))
LONG = UpdateWindow("Weekly", timedelta(0), timedelta(days=3), days_of_week=("Monday",))


@pytest.mark.parametrize(
    ("window", "time", "expected"),
    [
        (NIGHT, at(5, 21), False),
        (NIGHT, at(5, 22), True),
        (NIGHT, at(6, 3), True),
        (NIGHT, at(6, 4), False),
        (WEEKLY, at(5, 1), True),
        (WEEKLY, at(5, 3), False),
        (WEEKLY, at(6, 1), False),
        (WEEKLY, at(11, 1), True),
        (FIFTEENTH, at(15, 23), True),
        (FIFTEENTH, at(16, 0), False),
        (FIRST_AND_LAST, at(5, 1), True),
        (FIRST_AND_LAST, at(12, 1), False),
        (FIRST_AND_LAST, at(26, 1), True),
        (FIRST_AND_LAST, at(6, 1), False),
        (FIRST_AND_LAST, at(23, 1, month=2), True),
        (LONG, at(7, 23), True),
        (LONG, at(8, 0), False),
    ],
)
def test_a_window_is_open(window, time, expected):
    assert is_open(window, time) == expected


def test_one_of_several_is_enough_and_without_any_it_is_always_open():
    windows = {"Night": NIGHT, "Weekly": WEEKLY}
    assert any_open(["night", "weekly"], windows, at(5, 23))
    assert not any_open(["night", "weekly"], windows, at(5, 12))
    assert any_open([], windows, at(5, 12))


def test_a_window_that_is_not_there_is_never_open():
    assert not any_open(["gone"], {"Night": NIGHT}, at(5, 23))
