"""The hold of a site: its text, the steps that make and end it, and what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import hold
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from .builders import NOW, healthy

SHARE = r"\\files\berlin"
TOKEN = "a" * 32
MADE = hold.make("berlin", "J. Doe", "CHG4711, no calls", Version("2.1"), Version("2.0.1"), NOW, TOKEN)
PARTS = json.loads(MADE.text)


def test_a_hold_comes_back_from_its_text() -> None:
    assert hold.parse(MADE.text) == MADE


@pytest.mark.parametrize(
    "change",
    [
        {"token": r"x\..\StartUp.hta"},
        {"token": "A" * 32},
        {"token": f"{TOKEN}\n"},
        {"by": ""},
        {"by": " "},
        {"by": "J\x1b[2J"},
        {"by": None},
        {"reason": "r" * 201},
        {"reason": "one\nforged: line"},
        {"leaves": "two"},
        {"goes_to": 2.0},
        {"goes_to": ""},
        {"since": ["now"]},
        {"site": {}},
    ],
    ids=repr,
)
def test_a_part_that_is_not_as_we_write_it_is_no_hold(change: dict[str, Any]) -> None:
    with pytest.raises(NotReadError, match="is not a hold of this collection"):
        hold.parse(json.dumps(PARTS | change))


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "5", "[" * 100_000, json.dumps({"token": TOKEN})])
def test_what_is_no_hold_keeps_the_site_where_it_is_and_says_what_to_do(text: str) -> None:
    with pytest.raises(NotReadError, match="no appliance of the site goes forward.*before you delete that file"):
        hold.parse(text)


def test_the_versions_of_a_hold_are_normal_ones() -> None:
    found = hold.parse(json.dumps(PARTS | {"leaves": "2.1.0", "goes_to": "2.0.1.0"}))
    assert (found.leaves, found.goes_to) == ("2.1", "2.0.1")


def test_it_is_made_by_a_claim_that_never_writes_over_another() -> None:
    (made,) = hold.place_steps(SHARE, MADE)
    assert made["cmdlet"].endswith("New-Item") and "Force" not in made["parameters"]
    assert made["parameters"]["Path"] == rf"{SHARE}\sfb.cloud_connector.hold"


def test_it_is_cleared_only_while_it_is_this_very_one_and_leaves_a_record() -> None:
    unchanged, cleared, ended = hold.clear_steps(SHARE, MADE, "M. Roe", "repaired", NOW)
    assert unchanged["expect"] == [MADE.text]
    assert json.loads(cleared["parameters"]["Value"]) | {"at": ""} == {
        "by": "M. Roe",
        "reason": "repaired",
        "at": "",
        "hold": TOKEN,
    }
    assert "Force" not in ended["parameters"] and ended["parameters"]["Destination"].endswith(f".hold.{TOKEN}")


def test_the_fences_ask_on_the_appliance_itself() -> None:
    (gone,), (stands,) = hold.none_there(SHARE), hold.still_there(SHARE, MADE)
    assert gone["expect"] == [False] and stands["expect"] == [MADE.text]


def test_it_says_who_and_why() -> None:
    said = hold.problem(healthy(hold=MADE))
    assert said is not None
    assert "berlin is on hold since" in said and "by J. Doe: it goes back from 2.1 to 2.0.1 (CHG4711, no calls)" in said
    assert hold.problem(healthy()) is None


def test_what_could_not_be_read_is_no_leave_to_go_on() -> None:
    with pytest.raises(NotReadError, match="denied"):
        hold.problem(healthy(hold=Unknown("denied")))
