"""What goes side by side, and when it is done."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import schedule, windows
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.schedule import Work
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.windows import Calendar
from hypothesis import given
from hypothesis import strategies as st

from .builders import NOW

HOUR = timedelta(hours=1)


def site(name: str, size: int) -> list[str]:
    return [f"{name}{number}" for number in range(1, size + 1)]


@pytest.mark.parametrize(
    ("sizes", "width", "rows"),
    [
        ([2, 2, 1], 1, ["a1", "a2", "b1", "b2", "c1"]),
        ([2, 2, 1], 2, ["a1", "a2", "b1 c1", "b2"]),
        ([1, 2, 2, 1], 2, ["a1", "b1 c1", "b2 c2", "d1"]),
        ([1, 1, 3, 1], 2, ["a1", "b1 c1", "c2 d1", "c3"]),
        ([1, 4, 1, 1, 1], 2, ["a1", "b1 c1", "b2 d1", "b3 e1", "b4"]),
        ([2, 1], 50, ["a1", "a2", "b1"]),
        ([3], 4, ["a1", "a2", "a3"]),
        ([], 4, []),
    ],
    ids=["one by one", "two", "pairs", "in turn", "large beside small", "more than sites", "one site", "nothing"],
)
def test_the_first_site_is_alone_then_so_many_sites_go_side_by_side(
    sizes: list[int], width: int, rows: list[str]
) -> None:
    sites = [site(name, size) for name, size in zip("abcde", sizes, strict=False)]
    assert [" ".join(row) for row in schedule.rows(sites, width)] == rows


@given(st.lists(st.integers(0, 16), max_size=12), st.integers(1, 20))
def test_whatever_the_sites_a_row_has_one_of_each_at_most_and_all_come_once_in_order(
    sizes: list[int], width: int
) -> None:
    sites = [[(number, place) for place in range(size)] for number, size in enumerate(sizes)]
    rows = schedule.rows(sites, width)
    assert sorted(one for row in rows for one in row) == sorted(one for members in sites for one in members)
    assert all(len({number for number, place in row}) == len(row) <= width for row in rows)
    for number, members in enumerate(sites):
        assert [one for row in rows for one in row if one[0] == number] == members
    order = list(dict.fromkeys(number for row in rows for number, place in row))
    assert order == sorted(order)
    # Never more sites between their first and their last than there may be at once.
    for at in range(len(rows)):
        begun, to_go = ({one for row in some for one in row} for some in (rows[: at + 1], rows[at:]))
        under_way = [
            number for number, members in enumerate(sites) if members and members[0] in begun and members[-1] in to_go
        ]
        assert len(under_way) <= width


def work(name: str, hours: float = 3, calendar: Calendar | None = None, needed: float | None = None) -> Work:
    return Work(name, calendar or Calendar(), hours * 3600, None if needed is None else HOUR * needed)


def test_a_row_takes_as_long_as_its_slowest_and_the_next_begins_then() -> None:
    found = schedule.schedule([[work("a1", 2)], [work("b1", 3), work("c1", 5)], [work("b2", 1)]], NOW)
    assert found.begins == {"a1": NOW, "b1": NOW + 2 * HOUR, "c1": NOW + 2 * HOUR, "b2": NOW + 7 * HOUR}
    assert (found.end, found.never) == (NOW + 8 * HOUR, [])


def night(begins: str, ends: str, zone: str = "Europe/Berlin") -> Calendar:
    return windows.parse([{"from": begins, "to": ends, "zone": zone}], [])


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def test_each_waits_for_its_window_and_one_past_its_switch_for_none() -> None:
    berlin, tokyo = night("22:00", "04:00"), night("22:00", "04:00", "Asia/Tokyo")
    rows = [[work("a1", 3, berlin, 5)], [work("a2", 3, berlin, 5), work("b1", 3, tokyo, 5)], [work("b2", 3, tokyo)]]
    found = schedule.schedule(rows, at("2026-01-31T12:00"))
    assert found.begins == {
        "a1": at("2026-01-31T21:00"),
        "a2": at("2026-02-01T21:00"),
        "b1": at("2026-02-01T13:00"),
        "b2": at("2026-02-02T00:00"),
    }
    assert found.end == at("2026-02-02T03:00")


def test_what_fits_into_no_window_is_named() -> None:
    found = schedule.schedule([[work("a1", 3, night("22:00", "04:00"), 8)], [work("b1")]], NOW)
    assert (found.never, found.begins["b1"]) == (["a1"], NOW + 3 * HOUR)


@pytest.mark.parametrize(
    ("limit", "width"), [(400, 1), (399, 2), (60, 7), (2, None)], ids=["as it is", "a little more", "60 days", "never"]
)
def test_the_pace_that_a_limit_needs(limit: int, width: int | None) -> None:
    """3,200 appliances at three hours are 400 days one by one."""
    sites = [[work(name, 3) for name in site(f"s{number}-", 16)] for number in range(200)]
    assert schedule.width_for(sites, NOW, timedelta(days=limit)) == width


def test_the_work_of_it_grows_with_the_fleet_and_not_faster() -> None:
    class Counted(Calendar):
        asked = 0

        def fit(self, now: datetime, needed: timedelta) -> datetime | None:
            Counted.asked += 1
            return now

    counts = []
    for sites in (25, 50, 100):
        Counted.asked = 0
        found = [[work(name, 3, Counted(), 5) for name in site(f"s{number}-", 16)] for number in range(sites)]
        schedule.schedule(schedule.rows(found, 8), NOW)
        counts.append(Counted.asked)
    assert counts == [400, 800, 1600]
