"""Who goes back, in which order, by which steps, and why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import rollback
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance, Proof
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.failure_classes import FailureClass
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Site, Unreadable
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from .builders import NOW, healthy, machines, site

OLD, NEW = Version("2.0.1"), Version("2.1")
PACKAGE = {"path": "C:\\old.msi", "sha256": "A" * 64}
SAVED = {"target": "2.1", "scripts": "2.0.1", "package": PACKAGE, "inis": {"ini_imported": "b" * 64}}
ALL = ("version", "package", "registration", "health", "call_proof")


def upgraded(**changes: Any) -> Appliance:
    """An appliance at 2.1 with the set of 2.0.1 off beside it."""
    both = (*machines("2.1"), *(replace(one, state="Off", switches=()) for one in machines("2.0.1")))
    known: dict[str, Any] = {
        "proof": None,
        "scripts": NEW,
        "running": NEW,
        "backup": OLD,
        "machines": both,
        "saved_last": SAVED,
    }
    return healthy(**{**known, **changes})


def old(**changes: Any) -> Appliance:
    """One that was never upgraded."""
    return healthy(**{"scripts": OLD, "running": OLD, "machines": machines("2.0.1"), **changes})


def plan(*appliances: Any, hosts: tuple[str, ...] | None = None, **more: Any) -> rollback.Plan:
    found = dict(zip(("one", "two", "three"), appliances, strict=False))
    names = {
        host: replace(one, computer_name=host) if isinstance(one, Appliance) else one for host, one in found.items()
    }
    whole: Site = replace(site(**more), appliances=names)
    return rollback.make_plan(whole, hosts or tuple(names), OLD, NOW)


def test_all_of_a_site_go_back_in_the_order_of_the_inventory() -> None:
    found = plan(upgraded(), upgraded())
    assert [turn.name for turn in found.turns] == ["one", "two"] and found.refusals == ()
    assert {turn.steps for turn in found.turns} == {ALL} and [turn.last_of_site for turn in found.turns] == [
        False,
        True,
    ]
    assert "Microsoft documents the switch back" in found.summary[-1]
    assert found.turns[0].to_dict()["site_appliances"] == [{"name": name, "version": OLD} for name in ("one", "two")]


def test_a_turn_is_that_of_any_rolling_play() -> None:
    """Without what only an upgrade has: a way back, snapshots, automatic update to be put back beside the hold."""
    first, second = (one.to_dict() for one in plan(upgraded(), upgraded()).turns)
    assert (first["number"], first["row_begins"], first["row_appliances"]) == (1, 1, ["one"])
    assert (second["number"], second["row_begins"], second["row_appliances"]) == (2, 2, ["two"])
    assert second["announcement"].startswith(f"2 of 2: site berlin, appliance two, {', '.join(ALL)} (scripts 2.1,")
    assert second["upgrade"] and not any(
        second[name] for name in ("keeps_way_back", "compares", "puts_back", "watched")
    )


def test_who_answers_for_it_does_so_in_every_turn_and_the_time_is_that_of_a_way_back() -> None:
    whole: Site = replace(site(), appliances={"one": upgraded(computer_name="one"), "two": upgraded()})
    terms = rollback.Terms(3600, {"by": "J. Doe", "reason": "CHG4711"})
    (turn,) = rollback.make_plan(whole, ("one",), OLD, NOW, terms=terms).turns
    assert (turn.expected, turn.window_consent, turn.asks_for_window) == (3600, terms.window_consent, True)
    assert plan(upgraded(), upgraded()).turns[0].window_consent is None


@pytest.mark.parametrize(
    "begun",
    [upgraded(running=OLD, backup=NEW, machines=machines("2.0.1")), upgraded(jobs=("switch-back-2.0.1",))],
    ids=["switched", "being switched"],
)
def test_what_takes_no_call_away_any_more_asks_for_no_window(begun: Appliance) -> None:
    turn = plan(begun, upgraded()).turns[0]
    assert (turn.name, turn.resumes, turn.asks_for_window) == ("one", True, False)


def test_who_was_never_upgraded_is_left_and_held_to_its_version() -> None:
    found = plan(old(), upgraded())
    assert [turn.name for turn in found.turns] == ["two"] and found.skips == {"one": "at 2.0.1"}


def test_nothing_to_do_is_no_refusal() -> None:
    found = plan(old(), old())
    assert found.turns == () and found.refusals == () and "there is nothing to do" in found.summary[0]


def test_who_was_taken_back_before_is_looked_at_again() -> None:
    """Its ini or its registration may not be back yet, which no reading of a survey tells."""
    back = {"target": "2.0.1", "scripts": "2.1", "back": {**PACKAGE, "inis": {}}}
    found = plan(old(saved_last=back), old())
    assert [(turn.name, turn.steps) for turn in found.turns] == [("one", ALL[1:])]


def test_who_was_begun_comes_first() -> None:
    begun = upgraded(running=OLD, backup=NEW, machines=machines("2.0.1"))
    found = plan(upgraded(), begun)
    assert [(turn.name, turn.steps) for turn in found.turns] == [("two", ALL[1:]), ("one", ALL)]


def test_who_does_not_serve_comes_before_who_does() -> None:
    down = upgraded(services={**upgraded().services, "edge": {"RTCSRV": "Stopped"}})
    assert [turn.name for turn in plan(upgraded(), down).turns] == ["two", "one"]


def test_a_set_that_was_never_switched_to_is_removed() -> None:
    both = (*machines("2.0.1"), *(replace(one, switches=()) for one in machines("2.1")))
    found = plan(old(scripts=NEW, machines=both, backup=NEW, saved_last=SAVED), old())
    (turn,) = found.turns
    assert turn.steps == ("deployment", *ALL[1:]) and turn.removes == NEW


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backup": None}, "its backup version is none"),
        ({"backup": Version("2.0")}, "its backup version is 2.0"),
        ({"scripts": OLD}, "its scripts are 2.0.1 and 2.1 runs"),
        ({"saved_last": None}, "has no MSI of 2.0.1 saved"),
        ({"saved_last": {**SAVED, "package": None}}, "has no MSI of 2.0.1 saved"),
        ({"jobs": ("install-2.1",)}, "has a job open that does not lead back to 2.0.1 (install-2.1)"),
        ({"running": None}, "runs no version"),
        ({"running": Unknown("silence")}, "could not be read (silence)"),
        ({"machines": machines("2.1")}, "new_set: 0 of 4"),
        ({"recovery_status": 3}, "recovery: AutoMaintenanceStatus is 3"),
    ],
)
def test_what_is_not_safe_is_refused_before_anything_is_begun(changes: dict[str, Any], words: str) -> None:
    found = plan(upgraded(**changes), upgraded())
    assert found.turns == () and words in " ".join(found.refusals)


def test_one_that_could_not_be_read_is_a_reason() -> None:
    assert plan(Unreadable("no line"), upgraded()).refusals == ("one could not be read (no line).",)


def test_too_few_neighbours_are_a_reason() -> None:
    found = plan(upgraded(), upgraded(machines=()), hosts=("one",))
    assert "two does not count" in " ".join(found.refusals)


def test_the_msi_may_come_from_elsewhere() -> None:
    whole: Site = replace(site(), appliances={"one": upgraded(saved_last=None, computer_name="one"), "two": upgraded()})
    assert rollback.make_plan(whole, ("one",), OLD, NOW, ("one",)).refusals == ()


def test_what_was_saved_is_found_before_and_after_the_way_back() -> None:
    back = {"target": "2.0.1", "scripts": "2.1", "package": None, "back": {**PACKAGE, "inis": SAVED["inis"]}}
    for state in (upgraded(), upgraded(saved=SAVED, saved_last=None), upgraded(saved_last=back)):
        assert rollback.saved_package(state, OLD) is not None
        assert rollback.saved_inis(state, OLD) == SAVED["inis"]
    assert rollback.saved_package(upgraded(), Version("2.0")) is None and rollback.saved_inis(old(), OLD) == {}


def test_the_way_back_is_named_where_there_is_one() -> None:
    assert rollback.way_back(upgraded()) == OLD
    said = rollback.with_way_back("Repair it.", FailureClass.SERVICES_DOWN, upgraded())
    assert said == "Repair it. Where that cannot be repaired soon, the playbook rollback takes it back to 2.0.1."


@pytest.mark.parametrize(
    "changes",
    [
        {"backup": None},
        {"saved_last": None},
        {"saved_last": {**SAVED, "target": "2.0.1"}},
        {"proof": Proof(NEW, "signoff", NOW, "Ann", "made both")},
        {"backup": Version("2.2")},
        {"scripts": OLD},
        {"machines": machines("2.1")},
        {"running": Unknown("x")},
    ],
)
def test_no_way_back_is_named_where_there_is_none(changes: dict[str, Any]) -> None:
    assert rollback.with_way_back("Repair it.", FailureClass.SERVICES_DOWN, upgraded(**changes)) == "Repair it."
