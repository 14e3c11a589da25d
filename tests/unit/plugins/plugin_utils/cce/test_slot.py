from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import slot
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance, Slot
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Unreadable

from .builders import NOW, healthy, machines, site

SHARE = r"\\files\berlin"
FIRST, SECOND, THIRD = "a" * 32, "b" * 32, "c" * 32
CLAIM = slot.make("ber-2", "cce-ber-2", "maintenance", NOW, FIRST)
PARTS = json.loads(CLAIM.text)


def own(**changes: Any) -> Appliance:
    return healthy(**{"slot": CLAIM, **changes})


# --- the text of a claim ----------------------------------------------------------------------------------------------


def test_a_claim_comes_back_from_its_text() -> None:
    assert slot.parse(CLAIM.text) == CLAIM


@pytest.mark.parametrize(
    "change",
    [
        {"token": r"x\..\StartUp.hta"},
        {"token": "A" * 32},
        {"token": "a" * 31},
        {"token": "a" * 33},
        {"token": f"{FIRST}\n"},
        {"token": None},
        {"appliance": "cce\x1b[2J"},
        {"since": "now\nforged: line"},
        {"operation": "\u202e"},
        {"computer": "c" * 201},
        {"computer": 5},
    ],
    ids=repr,
)
def test_a_part_that_is_not_as_we_write_it_is_no_claim(change: dict[str, Any]) -> None:
    with pytest.raises(NotReadError, match="is not a claim of this collection"):
        slot.parse(json.dumps(PARTS | change))


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "5", "[" * 100_000, json.dumps({"token": FIRST})])
def test_what_is_no_claim_says_what_to_do(text: str) -> None:
    with pytest.raises(NotReadError, match="see that no appliance of the site is out of service, and delete that file"):
        slot.parse(text)


def test_a_part_may_have_200_characters() -> None:
    assert slot.parse(json.dumps(PARTS | {"appliance": "é" * 200})).appliance == "é" * 200


# --- the steps --------------------------------------------------------------------------------------------------------


def names(*tokens: str) -> tuple[str, ...]:
    return tuple(f"{slot.NAME}.{token}" for token in tokens)


def test_a_free_slot_is_claimed_by_one_step() -> None:
    assert [step["name"] for step in slot.claim_steps(SHARE, CLAIM, None, names(SECOND))] == ["slot_claimed"]


def test_a_claim_is_ended_before_the_next_one_and_its_own_record_stays() -> None:
    made = slot.claim_steps(SHARE, CLAIM, CLAIM, names(SECOND, THIRD))
    unchanged, ended, removed, claimed = made
    assert [step["name"] for step in made] == ["slot_unchanged", "slot_ended", "slot_records", "slot_claimed"]
    assert unchanged["expect"] == [CLAIM.text]
    assert ended["parameters"]["Destination"] == rf"{SHARE}\{slot.NAME}.{FIRST}"
    assert "Force" not in ended["parameters"] and "Force" not in claimed["parameters"]
    assert removed["parameters"]["LiteralPath"] == [rf"{SHARE}\{name}" for name in names(SECOND, THIRD)]
    assert removed["on_error"] == "continue"


def test_without_records_nothing_is_removed() -> None:
    assert [step["name"] for step in slot.end_steps(SHARE, CLAIM)] == ["slot_unchanged", "slot_ended"]


def test_the_record_of_the_claim_that_stands_or_was_just_ended_is_not_left_over() -> None:
    found = own(site_files=("Bits", *names(SECOND, FIRST, THIRD), slot.NAME))
    assert slot.leftovers(found) == names(SECOND, THIRD)


STRANGE = [f"{slot.NAME}.keep", f"{slot.NAME}.{'A' * 32}", rf"{slot.NAME}.{SECOND}\x", f"x{slot.NAME}.{SECOND}"]


@pytest.mark.parametrize("name", STRANGE)
def test_a_file_that_is_no_record_of_ours_is_not_left_over(name: str) -> None:
    assert slot.leftovers(own(site_files=(name,))) == ()


@pytest.mark.parametrize(
    "changes", [{"slot": None}, {"slot": Unknown("no")}, {"site_files": Unknown("no")}], ids=["free", "slot", "files"]
)
def test_where_the_newest_record_is_not_known_none_is_left_over(changes: dict[str, Any]) -> None:
    assert slot.leftovers(own(**{"site_files": names(SECOND), **changes})) == ()


# --- who may have it --------------------------------------------------------------------------------------------------

HOLDER = healthy(number=2, slot=CLAIM)
OTHERS_CLAIM = slot.make("ber-2", "cce-ber-2", "maintenance", NOW, SECOND)


def problem(holder: Any, **changes: Any) -> str | None:
    found = own(**changes)
    return slot.problem(found, site(found, holder))


def test_a_free_slot_and_ones_own_are_to_be_had() -> None:
    mine = slot.make("ber-1", "CCE-BER-1", "upgrade", NOW, SECOND)
    assert problem(HOLDER, slot=None) is None
    assert problem(HOLDER.with_changes(slot=mine), slot=mine) is None


def test_a_claim_whose_holder_was_read_healthy_while_it_stood_is_over() -> None:
    assert problem(HOLDER) is None


@pytest.mark.parametrize(
    ("holder", "reason"),
    [
        (HOLDER.with_changes(slot=OTHERS_CLAIM), "it was read before it took the slot"),
        (HOLDER.with_changes(slot=None), "it was read before it took the slot"),
        (HOLDER.with_changes(slot=Unknown("no")), "it was read before it took the slot"),
        (HOLDER.with_changes(jobs=("package-2.1",)), "it is not back in service (jobs: package-2.1)"),
        (HOLDER.with_changes(scripts="2.1"), "it is not back in service (scripts: the scripts are 2.1"),
        (HOLDER.with_changes(machines=machines("2.0.1", "Off")), "it is not back in service (machines:"),
        (Unreadable("no answer"), "it could not be read: no answer"),
        (healthy(number=3), "it is none of the appliances that were read"),
    ],
)
def test_a_holder_that_is_not_known_to_be_back_keeps_the_slot(holder: Any, reason: str) -> None:
    held = "the out-of-service slot of berlin is held by ber-2 since 2026-01-31 01:00:00 UTC (maintenance), and "
    assert str(problem(holder)).startswith(held + reason)


def test_a_holder_is_found_by_its_computer_whatever_its_name() -> None:
    renamed = slot.make("old-name", "CCE-BER-2", "maintenance", NOW, FIRST)
    assert problem(HOLDER.with_changes(slot=renamed), slot=renamed) is None


def test_who_holds_it_must_be_known() -> None:
    with pytest.raises(NotReadError, match="Access is denied"):
        problem(HOLDER, slot=Unknown("Access is denied"))


@pytest.mark.parametrize(
    ("directory", "file"),
    [(SHARE, rf"delete {SHARE}\{slot.NAME}."), (Unknown("no"), "delete that file in the site directory.")],
)
def test_the_way_out_of_a_claim_for_good_is_said_with_its_file(directory: Any, file: str) -> None:
    told = slot.held(CLAIM, "berlin", directory)
    assert told.endswith(f"Where that host will never come back: see that it carries no calls, then {file}")
    assert problem(Unreadable("burnt down"), site_directory=directory) is not None
    assert str(problem(Unreadable("burnt down"), site_directory=directory)).endswith(file)


@pytest.mark.parametrize("marker", ["another", None])
def test_a_neighbour_that_sees_another_folder_does_not_see_the_slot(marker: str | None) -> None:
    found = own(slot=None)
    told = str(slot.problem(found, site(found, healthy(number=2, site_marker=marker), healthy(number=3))))
    assert told.startswith("the site directory of ber-2 is another folder, where its slot is not seen")


def test_the_markers_older_reading_of_the_same_appliance_says_nothing() -> None:
    found = own(slot=None)
    assert slot.problem(found, site(found.with_changes(site_marker=None), healthy(number=2))) is None


@pytest.mark.parametrize("other", [healthy(number=2, site_marker=Unknown("no")), Unreadable("no")])
def test_a_neighbour_that_could_not_be_read_sees_no_other_folder(other: Any) -> None:
    found = own(slot=None)
    assert slot.problem(found, site(found, other)) is None


def test_an_unread_marker_of_its_own_is_no_slot() -> None:
    with pytest.raises(NotReadError, match="no share"):
        slot.problem(own(slot=None, site_marker=Unknown("no share")), site(HOLDER))


# --- giving it back ---------------------------------------------------------------------------------------------------


def holding(**changes: Any) -> Appliance:
    mine: Slot = slot.make("ber-1", "cce-ber-1", "upgrade", NOW, FIRST)
    return healthy(**{"slot": mine, **changes})


@pytest.mark.parametrize(
    ("appliance", "released"),
    [
        (holding(), True),
        (holding(slot=None), False),
        (holding(slot=CLAIM), False),
        (holding(jobs=("package-2.1",)), False),
        (holding(jobs=Unknown("no")), False),
        (holding(scripts="2.1"), False),
        (holding(machines=machines("2.0.1", "Off")), False),
    ],
)
def test_the_slot_is_given_back_by_the_one_that_serves_at_one_version(appliance: Appliance, released: bool) -> None:
    assert slot.may_be_released(appliance) == released
