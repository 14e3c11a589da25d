"""The queue of a run that installs Windows updates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import patch, slot
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Unreadable
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.turn import Turn
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

SITES = {"berlin": ["a", "b", "c"], "cairo": ["d"]}
TARGET = Version("2.1")


def appliance(name: str, **more: Any) -> Appliance:
    unread = Appliance.unread("not read")
    return replace(
        unread, computer_name=name, running=Version("2.0.1"), **{"slot": None, "jobs": (), "proof_due": None, **more}
    )


def held(name: str, operation: str) -> Any:
    return slot.make(name, name, operation, Appliance.unread("x").read_at.replace(year=2026), "0" * 32)


def queue(hosts: str = "abcd", **found: Any) -> list[Turn]:
    states = {name: appliance(name) for name in "abcd"} | found
    return patch.make_queue(SITES, list(hosts), states, TARGET)


def test_every_appliance_of_the_run_has_a_turn_site_by_site() -> None:
    turns = queue()
    assert [(turn.name, turn.last_of_site, turn.number) for turn in turns] == [
        ("a", False, 1),
        ("b", False, 2),
        ("c", True, 3),
        ("d", True, 4),
    ]
    assert "1 of 4: site berlin, appliance a (1 of 3 in this site)" in turns[0].announcement
    assert [one.version for one in turns[0].site_appliances] == ["2.0.1"] * 3
    assert [(turn.row_begins, turn.row_appliances) for turn in turns[:2]] == [(1, ("a",)), (2, ("b",))]
    assert {(turn.expected, turn.keeps_way_back, turn.compares, turn.puts_back) for turn in turns} == {
        (4 * 3600, False, False, True)
    }


@pytest.mark.parametrize(
    "left",
    [
        {"slot": held("b", "maintenance")},
        {"jobs": ("restart-edge",)},
    ],
)
def test_what_an_earlier_run_has_left_comes_first(left: dict[str, Any]) -> None:
    turns = queue(b=replace(appliance("b"), **left))
    assert [turn.name for turn in turns] == ["b", "a", "c", "d"]
    assert [(turn.resumes, turn.asks_for_window) for turn in turns[:2]] == [(True, False), (False, True)]
    assert "is ended first" in turns[0].announcement and "are searched" in turns[1].announcement


def test_one_whose_proof_is_due_comes_first_and_in_a_window() -> None:
    turns = queue(b=appliance("b", proof_due=Appliance.unread("x").read_at))
    assert [turn.name for turn in turns] == ["b", "a", "c", "d"]
    assert [(turn.resumes, turn.asks_for_window) for turn in turns[:2]] == [(True, True), (False, True)]


@pytest.mark.parametrize("other", [held("c", "maintenance"), held("b", "version")])
def test_a_slot_of_another_says_nothing_of_it(other: Any) -> None:
    assert [turn.name for turn in queue(b=replace(appliance("b"), slot=other))] == ["a", "b", "c", "d"]


def test_the_limit_leaves_out_turns_and_no_validation() -> None:
    (turn,) = queue("b", c=Unreadable("off"))
    assert (turn.name, turn.last_of_site) == ("b", True)
    assert [(one.name, one.version) for one in turn.site_appliances] == [("a", "2.0.1"), ("b", "2.0.1"), ("c", "2.1")]
