"""Each look at a site is held against the first one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import soak
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Calls, Event
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Observation, Unreadable
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.soak import Watch
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from .builders import NOW, healthy, machines

SILENT = Unreadable("no answer")
UNASKED = dict.fromkeys(
    ("tenant_logon", "registration", "auto_update", "tenant_maintenance", "update_action"),
    Unknown("the tenant was not asked"),
)


def well(**changes: Any) -> Observation:
    upgraded = {"backup": "2.0.1", "machines": machines("2.1") + machines("2.0.1", "Off")}
    return healthy("2.1", **{**upgraded, **UNASKED, **changes})


def looks(*found: Observation) -> list[list[str]]:
    """The faults of each look at one appliance."""
    watch = Watch()
    return [watch.faults({"ber-1": one}) for one in found]


def test_what_stays_as_it_is_has_no_fault() -> None:
    watch = Watch()
    for _again in range(3):
        assert watch.faults({"ber-1": well(), "ber-2": well(calls=Calls(0, 0))}) == [] and not watch.silent
    assert watch.looks == 3


@pytest.mark.parametrize(
    ("calls", "fault"),
    [
        ([(6, 4), (0, 0)], ["ber-1 had 10 calls, and has none any more"]),
        ([(6, 3), (0, 0)], []),
        ([(60, 40), (1, 0)], []),
        ([(0, 0), (0, 0)], []),
        ([(30, 0), (12, 0), (0, 0)], ["ber-1 had 30 calls, and has none any more"]),
    ],
)
def test_calls_that_are_gone_all_at_once(calls: list[tuple[int, int]], fault: list[str]) -> None:
    assert looks(*(well(calls=Calls(*pair)) for pair in calls))[-1] == fault


def test_who_is_silent_for_two_looks_is_forgiven() -> None:
    assert looks(well(), SILENT, SILENT, well(), SILENT, SILENT) == [[]] * 6
    assert looks(well(), SILENT, SILENT, SILENT)[-1] == ["ber-1 could not be read 3 times in a row (no answer)"]


def test_at_the_end_each_has_to_answer() -> None:
    watch = Watch()
    watch.faults({"ber-1": well(), "ber-2": SILENT})
    assert watch.silent


def test_an_event_from_before_is_no_fault_of_the_time() -> None:
    old, new = Event(25062, NOW - timedelta(minutes=5), ""), Event(14353, NOW + timedelta(minutes=5), "")
    found = looks(well(call_events=(old,)), well(call_events=(old,)), well(call_events=(new, old)))
    assert found == [[], [], ["ber-1 is not as it was when it was validated: events/14353 is added"]]


def test_counters_that_cannot_be_read_are_a_fault() -> None:
    assert looks(well(), well(calls=Unknown("no counters")))[-1][0].startswith("ber-1 is not well any more: counters")


def test_a_switch_back_by_hand_is_a_fault() -> None:
    back = well(running="2.0.1", scripts="2.0.1", machines=machines("2.0.1") + machines("2.1", "Off"))
    assert "versions/running changed from '2.1' to '2.0.1'" in looks(well(), back)[-1][0]


def test_a_note_comes_back() -> None:
    assert soak.parse(soak.note(Version("2.1"), NOW, NOW, "run")) == "2.1"
    with pytest.raises(NotReadError):
        soak.parse('{"target": null}')
