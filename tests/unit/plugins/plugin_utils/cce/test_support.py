from __future__ import annotations

from datetime import date, timedelta

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import support
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

CAME = date(2017, 11, 15)
DATES = support.parse_dates({"2.1": "2017-11-15"})
END = CAME + timedelta(days=60)


def told(release: str, today: date, dates: support.Dates = DATES) -> list[str]:
    return support.sentences({"cce-1": Version(release)}, dates, today)


def test_the_days_that_are_left_are_counted_from_the_next_release() -> None:
    service, release = told("2.0.1", END - timedelta(days=12))
    assert service == "Microsoft ends the service on 2021-07-31, in 1306 days."
    assert release == "Support of 2.0.1 (cce-1) ends on 2018-01-14, 12 days from now: 60 days after 2.1 came."


@pytest.mark.parametrize(
    ("days", "words"), [(0, "ends on 2018-01-14, 0 days from"), (1, "ended on 2018-01-14, 1 day ago")]
)
def test_the_last_day_is_supported_and_the_next_one_is_not(days: int, words: str) -> None:
    assert words in told("2.0.1", END + timedelta(days=days))[1]


def test_after_the_end_of_the_service_nothing_is_supported() -> None:
    assert told("2.1", date(2021, 8, 1)) == [
        "Microsoft ended the service on 2021-07-31, 1 day ago: no release is supported any more."
    ]
    assert "ended on 2018-01-14" in told("2.0.1", date(2026, 1, 31))[1]
    assert told("2.0.1", date(2021, 7, 31))[0] == "Microsoft ends the service on 2021-07-31, in 0 days."


def test_a_day_that_nobody_gave_is_unknown() -> None:
    (_, sentence) = told("2.0", CAME, {})
    assert "not known" in sentence and "2.0.1 came" in sentence and "cloud_connector_release_dates" in sentence
    assert len(told("2.0", date(2026, 1, 31), {})) == 1


def test_a_later_release_than_the_next_bounds_it() -> None:
    assert "ends at the latest on 2018-01-14" in told("2.0", CAME)[1]


def test_the_newest_release_has_no_end_of_its_own() -> None:
    assert told("2.1", CAME)[1] == "2.1 (cce-1) is the newest release that is known."


def test_each_release_is_said_once_in_order_with_a_few_of_its_appliances() -> None:
    running = {f"cce-{number}": Version("2.0.1") for number in range(7)} | {"cce-9": Version("1.4.2")}
    _, first, second = support.sentences(running, DATES, CAME)
    assert first.startswith("Support of 1.4.2 (cce-9) ended on 2017-09-17")
    assert "2.0.1 (cce-0, cce-1, cce-2, cce-3, 3 more)" in second


def test_a_given_day_wins_over_the_known_one() -> None:
    assert support.parse_dates({})["2.0"] == date(2017, 7, 19)
    assert support.parse_dates({"2.0": "2017-07-20"})["2.0"] == date(2017, 7, 20)


def test_nothing_is_said_of_nothing() -> None:
    assert support.sentences({}, DATES, CAME) == []
