"""What is said while a job of hours runs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import progress
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.progress import Outlook


class Recorded:
    """An upgrade of which each step was recorded."""

    def __init__(self, target: str, **steps: float) -> None:
        self.target, self.steps = target, steps


HISTORY: Any = [
    Recorded("2.1", deployment=6000.0),
    Recorded("2.1", deployment=7800.0),
    Recorded("2.0.1", deployment=1.0),
]


@pytest.mark.parametrize(
    ("outlook", "waited", "said"),
    [
        (Outlook(), 600, ""),
        (Outlook(7800.0), 600, "; about 2 h 10 min is usual here"),
        (Outlook(7800.0), 9000, "; 20 min longer than is usual here (2 h 10 min)"),
        (Outlook(None, 3, 12), 600, "; 9 of 12 appliances are left after this one"),
        (Outlook(None, 12, 12), 600, "; it is the last appliance"),
        (Outlook(40.0, 1, 1), 6, "; about 40 s is usual here; it is the last appliance"),
        (Outlook(None, 13, 12), 6, ""),
    ],
)
def test_the_line(outlook: Outlook, waited: float, said: str) -> None:
    assert outlook.sentence(waited) == said


def test_what_is_usual_is_the_middle_of_the_last_ones_to_the_same_release() -> None:
    assert progress.outlook(HISTORY, "2.1", "deployment", None, None) == Outlook(6900.0)
    many: Any = [Recorded("2.1", deployment=1.0)] * 20 + [Recorded("2.1", deployment=500.0)] * 10
    assert progress.outlook(many, "2.1", "deployment", None, None).usual == 500.0
    assert progress.outlook(HISTORY, "2.1", "download", None, None) == Outlook()
    assert progress.outlook([], "2.1", "deployment", None, None) == Outlook()


@pytest.mark.parametrize(
    ("queue", "entry", "place"),
    [
        (["a", "b"], {"number": 2}, (2, 2)),
        (None, {"number": 2}, (0, 0)),
        ("ab", {"number": 2}, (0, 0)),
        (["a"], "{{ item }}", (0, 1)),
        (["a"], {"number": "{{ x }}"}, (0, 0)),
    ],
)
def test_what_is_left_of_the_run(queue: Any, entry: Any, place: tuple[int, int]) -> None:
    found = progress.outlook([], "2.1", "deployment", queue, entry)
    assert (found.number, found.total) == place


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "1 h 00 min"), (5400, "1 h 30 min")]
)
def test_a_time_as_people_say_it(seconds: float, said: str) -> None:
    assert progress.span(seconds) == said
