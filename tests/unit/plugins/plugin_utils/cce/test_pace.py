from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import pace
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.pace import Measure

from .builders import NOW


def took(*hours: float, target: str = "2.1") -> list[Measure]:
    return [
        Measure(f"cce-{number}", target, 3600 * each, "2026-01-01T00:00:00+00:00") for number, each in enumerate(hours)
    ]


def said(measures: list[Measure], target: str, count: int, now: datetime) -> str:
    found = pace.expect(measures, target)
    return pace.sentence(found, target, count, now + timedelta(seconds=found.mean * count), now)


def test_the_end_follows_from_what_upgrades_took() -> None:
    assert said(took(3, 5), "2.1", 2, NOW) == (
        "At the pace recorded (4 h 00 min an appliance, from the last 2 to 2.1) 2 take 8 h 00 min: begun now and without a stop, "
        "until 2026-01-31 09:00 UTC."
    )


@pytest.mark.parametrize(
    ("hours", "words"),
    [(19 / 3600, "(19 s an"), (0.5, "(30 min an"), (25.5, "(25 h 30 min an"), (0.9999, "(1 h 00 min an")],
)
def test_a_span_is_said_in_the_units_of_people(hours: float, words: str) -> None:
    assert words in said(took(hours), "2.1", 1, NOW)


def test_only_the_last_upgrades_to_that_release_count() -> None:
    measures = [*took(90), *took(*[1] * pace.LAST), *took(50, target="2.0.1")]
    assert "(1 h 00 min an appliance" in said(measures, "2.1", 1, NOW)


@pytest.mark.parametrize("measures", [[], took(1, target="2.0.1")])
def test_without_a_record_it_is_said_that_it_is_an_assumption(measures: list[Measure]) -> None:
    assert said(measures, "2.1", 3, NOW) == (
        "When this will be finished is not known: no whole upgrade to 2.1 has been recorded here yet. At 4 h 00 min an appliance "
        "(cloud_connector_appliance_time) 3 take 12 h 00 min: begun now and without a stop, until 2026-01-31 13:00 UTC."
    )


def test_a_history_is_read_as_it_was_written_and_does_not_grow_for_ever() -> None:
    assert pace.parse(pace.written(took(1, 2))) == took(1, 2)
    assert pace.parse(pace.written(took(*[1] * (pace.KEPT + 5)))) == took(*[1] * (pace.KEPT + 5))[5:]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "7",
        "[7]",
        '[{"appliance": "a"}]',
        json.dumps([{**took(1)[0].__dict__, "seconds": -1}]),
        '[{"x": 1}]',
        json.dumps([{**took(1)[0].__dict__, "steps": 7}]),
    ],
)
def test_another_text_is_no_history(text: str) -> None:
    with pytest.raises(ValueError):
        pace.parse(text)


# --- what to expect -----------------------------------------------------------------------------------------------------


def with_steps(**hours: float) -> Measure:
    steps = {step: 3600 * each for step, each in hours.items()}
    return Measure("cce-1", "2.1", sum(steps.values()), "2026-01-01T00:00:00+00:00", steps)


def test_a_window_is_asked_for_what_nine_of_ten_did_not_exceed() -> None:
    found = pace.expect(took(*range(1, 11)), "2.1")
    assert (found.mean, found.most, found.measured) == (5.5 * 3600, 9 * 3600, 10)
    assert pace.expect(took(1, 3), "2.1").most == 3 * 3600


def test_what_is_left_takes_what_its_steps_took() -> None:
    found = pace.expect([with_steps(package=1, version=2), with_steps(package=1, version=4)], "2.1")
    assert found.expected(("version",), 2) == 4 * 3600
    assert found.expected(("package", "version"), 2) == 5 * 3600
    assert found.expected(("version", "call_proof"), 3) == 4 * 3600


def test_without_a_measure_what_was_declared_is_expected_of_each() -> None:
    found = pace.expect([], "2.1", 60)
    assert (found.mean, found.expected(("version",), 7), found.measured) == (60, 60, 0)


def test_steps_are_kept_and_histories_without_them_are_read() -> None:
    assert pace.parse(pace.written([with_steps(package=1)])) == [with_steps(package=1)]
    assert pace.parse('[{"appliance": "a", "target": "2.1", "seconds": 1, "ended": "x"}]')[0].steps == {}


@pytest.mark.parametrize(
    ("days", "width", "until", "words"),
    [
        (60, 1, None, "That is within the 60 days for which Microsoft supported a release after the next one came."),
        (400, 7, None, "for that 7 sites at once are needed (cloud_connector_sites_at_once is 1)."),
        (400, None, None, "no number of sites at once is enough."),
        (40, 1, date(2026, 2, 10), "That is 30 days after support of what runs ends (2026-02-10)."),
    ],
)
def test_the_end_is_held_against_the_60_days(days: int, width: int | None, until: date | None, words: str) -> None:
    assert words in pace.against_support(NOW + timedelta(days=days), NOW, 1, width, until)
