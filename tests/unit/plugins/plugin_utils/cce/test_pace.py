from __future__ import annotations

import json

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import pace
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.pace import Measure

from .builders import NOW


def took(*hours: float, target: str = "2.1") -> list[Measure]:
    return [
        Measure(f"cce-{number}", target, 3600 * each, "2026-01-01T00:00:00+00:00") for number, each in enumerate(hours)
    ]


def test_the_end_follows_from_what_upgrades_took() -> None:
    assert pace.sentence(took(3, 5), "2.1", 2, NOW) == (
        "At the pace recorded (4 h 00 min an appliance, from the last 2 to 2.1) 2 take 8 h 00 min: begun now and without a stop, "
        "until 2026-01-31 09:00 UTC."
    )


@pytest.mark.parametrize(
    ("hours", "words"),
    [(19 / 3600, "(19 s an"), (0.5, "(30 min an"), (25.5, "(25 h 30 min an"), (0.9999, "(1 h 00 min an")],
)
def test_a_span_is_said_in_the_units_of_people(hours: float, words: str) -> None:
    assert words in pace.sentence(took(hours), "2.1", 1, NOW)


def test_only_the_last_upgrades_to_that_release_count() -> None:
    measures = [*took(90), *took(*[1] * pace.LAST), *took(50, target="2.0.1")]
    assert "(1 h 00 min an appliance" in pace.sentence(measures, "2.1", 1, NOW)


@pytest.mark.parametrize("measures", [[], took(1, target="2.0.1")])
def test_without_a_record_there_is_no_date(measures: list[Measure]) -> None:
    sentence = pace.sentence(measures, "2.1", 3, NOW)
    assert "not known" in sentence and "2026" not in sentence


def test_a_history_is_read_as_it_was_written_and_does_not_grow_for_ever() -> None:
    assert pace.parse(pace.written(took(1, 2))) == took(1, 2)
    assert pace.parse(pace.written(took(*[1] * (pace.KEPT + 5)))) == took(*[1] * (pace.KEPT + 5))[5:]


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "[7]", '[{"appliance": "a"}]', json.dumps([{**took(1)[0].__dict__, "seconds": -1}]), '[{"x": 1}]'],
)
def test_another_text_is_no_history(text: str) -> None:
    with pytest.raises(ValueError):
        pace.parse(text)
