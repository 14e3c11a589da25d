"""When a site may be worked on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import windows
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.windows import Calendar
from hypothesis import given
from hypothesis import strategies as st

BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
HOUR = timedelta(hours=1)


def window(begins: str, ends: str, zone: str = BERLIN, days: list[str] | None = None) -> dict[str, Any]:
    return {"from": begins, "to": ends, "zone": zone, **({"days": days} if days else {})}


def freeze(begins: str, ends: str, **more: str) -> dict[str, str]:
    return {"from": begins, "to": ends, "reason": "end of the year", **more}


def calendar(*found: dict[str, Any], frozen: tuple[dict[str, str], ...] = ()) -> Calendar:
    return windows.parse(found, frozen)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fit(one: Calendar, now: str, hours: float) -> str | None:
    found = one.fit(at(now), HOUR * hours)
    return None if found is None else found.strftime("%Y-%m-%dT%H:%M")


NIGHT = calendar(window("22:00", "04:00"))
"""In winter 21:00 to 03:00 UTC."""


@pytest.mark.parametrize(
    ("now", "hours", "begins"),
    [
        ("2026-01-31T20:00", 6, "2026-01-31T21:00"),
        ("2026-01-31T21:00", 6, "2026-01-31T21:00"),
        ("2026-01-31T21:01", 6, "2026-02-01T21:00"),
        ("2026-02-01T00:00", 3, "2026-02-01T00:00"),
        ("2026-02-01T00:01", 3, "2026-02-01T21:00"),
        ("2026-02-01T02:59", 0, "2026-02-01T02:59"),
        ("2026-12-31T23:30", 3.5, "2026-12-31T23:30"),
        ("2026-12-31T23:31", 3.5, "2027-01-01T21:00"),
        ("2026-01-31T20:00", 6.1, "2026-10-24T20:00"),
        ("2026-01-31T20:00", 7.1, None),
    ],
    ids=[
        "before",
        "at once",
        "a minute late",
        "past midnight",
        "too late",
        "nothing",
        "new year",
        "late",
        "in autumn",
        "never",
    ],
)
def test_work_fits_into_a_night(now: str, hours: float, begins: str | None) -> None:
    assert fit(NIGHT, now, hours) == begins


@pytest.mark.parametrize(
    ("begins", "ends", "day", "hours"),
    [
        ("22:00", "04:00", "2026-03-28", 5),
        ("22:00", "04:00", "2026-10-24", 7),
        ("02:30", "04:00", "2026-03-29", 0.5),
        ("00:00", "02:30", "2026-03-29", 1.5),
        ("02:30", "04:00", "2026-10-25", 1.5),
        ("00:00", "02:30", "2026-10-25", 2.5),
        ("02:15", "02:45", "2026-03-29", 0),
    ],
    ids=["spring", "autumn", "begins in none", "ends in none", "begins twice", "ends twice", "none of it"],
)
def test_where_clocks_are_changed_a_window_is_the_shorter_that_could_be_meant(
    begins: str, ends: str, day: str, hours: float
) -> None:
    """In Berlin from 02:00 to 03:00 on 29 March 2026, and back on 25 October."""
    weekday = windows.DAYS[datetime.fromisoformat(day).weekday()]
    one = calendar(window(begins, ends, days=[weekday]))
    since = at(f"{day}T00:00") - 3 * HOUR
    openings = [(b, e) for b, e in one._openings(since) if since <= b < since + 30 * HOUR]
    assert sum((e - b for b, e in openings[:1]), timedelta(0)) == HOUR * hours


def test_days_are_those_on_which_a_window_begins() -> None:
    friday = calendar(window("22:00", "04:00", days=["fri"]))
    assert fit(friday, "2026-02-07T02:00", 1) == "2026-02-07T02:00"  # Saturday, 03:00 in Berlin
    assert fit(friday, "2026-02-07T03:00", 1) == "2026-02-13T21:00"


def test_windows_that_touch_are_one() -> None:
    both = calendar(window("22:00", "24:00", days=["fri"]), window("00:00", "06:00", days=["sat"]))
    assert fit(both, "2026-02-06T00:00", 8) == "2026-02-06T21:00"
    assert fit(calendar(window("00:00", "24:00")), "2026-02-06T12:34", 48) == "2026-02-06T12:34"


def test_each_window_is_in_the_time_of_its_zone() -> None:
    two = calendar(window("20:00", "23:00", NEW_YORK), window("02:00", "05:00", TOKYO))
    assert fit(two, "2026-01-31T00:00", 3) == "2026-01-31T01:00"
    assert fit(two, "2026-01-31T02:00", 3) == "2026-01-31T17:00"
    # New York changes its clocks three weeks before Berlin.
    assert fit(calendar(window("20:00", "23:00", NEW_YORK)), "2026-03-10T00:00", 3) == "2026-03-10T00:00"


def test_a_freeze_is_taken_out_of_the_windows_with_its_last_day() -> None:
    frozen = calendar(window("22:00", "04:00"), frozen=(freeze("2026-12-20", "2027-01-01"),))
    assert fit(frozen, "2026-12-19T20:00", 2) == "2026-12-19T21:00"
    assert fit(frozen, "2026-12-19T22:00", 2) == "2027-01-01T23:00"
    assert fit(frozen, "2026-12-20T12:00", 5) == "2027-01-02T21:00"


def test_a_freeze_alone_leaves_all_other_times() -> None:
    frozen = calendar(
        frozen=(freeze("2026-12-20", "2027-01-01", zone=BERLIN), freeze("2026-02-01T10:00Z", "2026-02-02T10:00Z"))
    )
    assert fit(frozen, "2026-01-31T12:00", 22) == "2026-01-31T12:00"
    assert fit(frozen, "2026-01-31T12:00", 23) == "2026-02-02T10:00"
    assert frozen.open_until(at("2026-01-31T12:00")) == at("2026-02-01T10:00")
    assert frozen.open_until(at("2026-02-01T12:00")) is None
    assert frozen.open_until(at("2027-06-01T12:00")) is None


def test_a_freeze_with_a_doubtful_end_is_the_longer() -> None:
    frozen = calendar(frozen=(freeze("2026-10-25T02:30", "2026-10-25T02:45", zone=BERLIN),))
    assert frozen.freezes[0].ends - frozen.freezes[0].begins == HOUR + timedelta(minutes=15)


def test_without_anything_all_times_are_open() -> None:
    assert fit(calendar(), "2026-01-31T12:00", 10_000) == "2026-01-31T12:00"
    assert calendar().is_open_always and not NIGHT.is_open_always
    assert calendar().open_until(at("2026-01-31T12:00")) is None


def test_it_is_known_until_when_it_is_open() -> None:
    assert NIGHT.open_until(at("2026-01-31T22:00")) == at("2026-02-01T03:00")
    assert NIGHT.open_until(at("2026-01-31T20:00")) is None
    assert NIGHT.longest(at("2026-01-31T22:00")) == 7 * HOUR  # the night of October


def test_a_year_of_freeze_is_looked_past() -> None:
    frozen = calendar(window("22:00", "04:00"), frozen=(freeze("2026-02-01", "2027-01-31"),))
    assert fit(frozen, "2026-02-02T12:00", 4) == "2027-01-31T23:00"
    ever = calendar(window("22:00", "04:00"), frozen=(freeze("2026-02-01", "2028-01-31"),))
    assert fit(ever, "2026-02-02T12:00", 1) is None


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (window("22:00", "22:00"), "for a whole day write 00:00 and 24:00"),
        (window("22:00", "25:00"), "'25:00' is no time of day"),
        (window("1320", "04:00"), "'1320' is no time of day"),
        (window("22:00", "04:00", "Europe/Berln"), "Europe/Berln is no time zone: did you mean Europe/Berlin?"),
        (window("22:00", "04:00", "CEST/nowhere at all"), "is no time zone"),
        (window("22:00", "04:00", "../../etc/passwd"), "is no time zone"),
        (window("22:00", "04:00", "Europe"), "is no time zone"),
        (window("22:00", "04:00", ""), "is no time zone"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused(one: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        calendar(one)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (freeze("autumn", "2026-12-20", zone=BERLIN), "'autumn' is no day"),
        (freeze("2026-12-20", "2026-12-19", zone=BERLIN), "ends before it begins"),
        (freeze("2026-12-20", "2026-12-20"), "needs its zone"),
        (freeze("2026-12-20", "2026-12-20", zone="Mars"), "is no time zone"),
    ],
)
def test_a_freeze_that_cannot_be_meant_is_refused(one: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        calendar(frozen=(one,))


def test_a_freeze_of_one_day_is_that_day_in_the_zone_of_the_windows() -> None:
    frozen = calendar(window("00:00", "24:00", TOKYO), frozen=(freeze("2026-05-01", "2026-05-01"),))
    assert (frozen.freezes[0].begins, frozen.freezes[0].ends) == (at("2026-04-30T15:00"), at("2026-05-01T15:00"))


def test_a_controller_without_data_of_zones_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "available_timezones", set)
    with pytest.raises(ValueError, match="install tzdata"):
        calendar(window("22:00", "04:00", "Nowhere/None"))


ZONES = st.sampled_from([BERLIN, NEW_YORK, TOKYO, "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
CLOCKS = st.integers(0, 23 * 60 + 59).map(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}")


@given(
    begins=CLOCKS,
    ends=CLOCKS,
    zone=ZONES,
    days=st.lists(st.sampled_from(windows.DAYS), min_size=1, unique=True),
    hour=st.integers(0, 24 * 730),
    hours=st.integers(0, 12),
)
def test_what_fits_lies_in_the_window_by_the_clock_on_the_wall(
    begins: str, ends: str, zone: str, days: list[str], hour: int, hours: int
) -> None:
    """From the first minute to the last, every minute of it is of a window, by an arithmetic of its own."""
    if begins == ends:
        return
    one, now = calendar(window(begins, ends, zone, days)), at("2026-01-01T00:00") + hour * HOUR
    found = one.fit(now, hours * HOUR)
    if found is None:
        return
    assert found >= now
    for minute in range(0, hours * 60, 10):
        assert inside(found + timedelta(minutes=minute), begins, ends, zone, days)


def inside(moment: datetime, begins: str, ends: str, zone: str, days: list[str]) -> bool:
    local = moment.astimezone(windows.ZoneInfo(zone))
    clock, today = local.strftime("%H:%M"), windows.DAYS[local.weekday()]
    yesterday = windows.DAYS[(local.weekday() - 1) % 7]
    if begins < ends:
        return today in days and begins <= clock < ends
    return (today in days and clock >= begins) or (yesterday in days and clock < ends)
