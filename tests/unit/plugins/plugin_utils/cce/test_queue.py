from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import plan_page, windows
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.plan import Plan
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.planning import make_plan
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.queue import make_queue, summary
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.settings import Settings
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Consent, Site, Unreadable
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.turn import Turn
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.waivers import Waiver

from .builders import NOW, healthy, site

TARGET = Version("2.1")
DONE = healthy("2.1", backup="2.0.1")
CONSENT = Consent("2026-01-31T04:00:00Z", "mobile", "night shift")
AMSTERDAM = site(healthy(), name="amsterdam", host="ams", consent=CONSENT)
BERLIN = site(healthy(), healthy(number=2))


def queue(*sites: Site, limit: set[str] | None = None) -> tuple[Plan, list[Turn]]:
    plan = make_plan(TARGET, sites, limit, NOW)
    hosts = {host for one in sites for host in one.appliances} if limit is None else limit
    return plan, make_queue(plan, sites, hosts)


def versions(turn: Turn) -> dict[str, str]:
    return {expected.name: expected.version for expected in turn.site_appliances}


def test_one_turn_for_each_appliance_in_the_order_of_the_plan() -> None:
    _, turns = queue(AMSTERDAM, BERLIN)
    assert [(turn.number, turn.name, turn.last_of_site) for turn in turns] == [
        (1, "ams-1", True),
        (2, "ber-1", False),
        (3, "ber-2", True),
    ]
    assert all(turn.upgrade for turn in turns)
    assert turns[1].announcement.startswith(
        "2 of 3: site berlin, appliance ber-1 (1 of 2 in this site), from 2.0.1 to 2.1, begins with package"
    )


def test_a_turn_by_consent_says_so() -> None:
    _, (turn,) = queue(AMSTERDAM)
    assert turn.announcement.endswith("; it leaves service by the consent of its site")


def test_a_site_where_nothing_is_left_to_do_is_validated_once() -> None:
    _, turns = queue(site(DONE, DONE.with_changes(computer_name="other")), AMSTERDAM)
    first = turns[0]
    assert (first.name, first.upgrade, first.last_of_site) == ("ber-1", False, True)
    assert len(turns) == 2


def test_each_site_begins_with_its_first_turn() -> None:
    _, turns = queue(AMSTERDAM, BERLIN)
    assert [turn.first_of_site for turn in turns] == [True, True, False]


def test_the_first_site_is_watched_where_others_are_upgraded_after_it() -> None:
    done = site(DONE, DONE.with_changes(computer_name="other"), name="cairo", host="cai")
    assert [turn.watched for turn in queue(AMSTERDAM, BERLIN)[1]] == [True, False, False]
    assert [turn.watched for turn in queue(BERLIN, AMSTERDAM)[1]] == [False, True, False]
    assert [turn.watched for turn in queue(done, AMSTERDAM)[1]] == [True, False]
    assert [turn.watched for turn in queue(AMSTERDAM, done)[1]] == [False, False]
    assert [turn.watched for turn in queue(BERLIN)[1]] == [False, False]


def test_a_refused_plan_has_no_turn() -> None:
    plan, turns = queue(site(Unreadable("no"), healthy(number=2)), AMSTERDAM)
    assert plan.refusals and turns == []


def test_appliances_outside_the_run_are_held_to_what_they_run() -> None:
    _, (turn,) = queue(BERLIN, limit={"ber-1"})
    assert versions(turn) == {"ber-1": "2.1", "ber-2": "2.0.1"}
    assert turn.mixed
    _, (whole, *_) = queue(BERLIN)
    assert versions(whole) == {"ber-1": "2.1", "ber-2": "2.1"}
    assert not whole.mixed


def test_a_turn_is_json() -> None:
    _, (turn,) = queue(BERLIN, limit={"ber-1"})
    assert json.loads(json.dumps(turn.to_dict()))["mixed"] is True


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (None, "2. berlin, ber-1: from 2.0.1 to 2.1, begins with package"),
        ({"ber-1"}, "Left as it is: berlin, ber-2 (not in this run)."),
        ({"ber-1"}, "This run leaves out 2 of the 3 appliances of the inventory."),
        (None, "To be seen to by a person, ams-1, ber-1, ber-2: disk:"),
    ],
)
def test_the_plan_is_told_to_a_person(limit: set[str] | None, words: str) -> None:
    plan, _ = queue(AMSTERDAM, BERLIN, limit=limit)
    lines = summary(plan, 3)
    assert any(line.startswith(words) for line in lines)
    assert (lines[0], lines[-1]) == (plan.message, f"Hash of this plan: {plan.hash}")


# --- rows -----------------------------------------------------------------------------------------------------------------

CAIRO = site(healthy(), healthy(number=2), name="cairo", host="cai")


def abreast(width: int, *sites: Site, **more: Any) -> list[Turn]:
    plan = make_plan(TARGET, sites, None, NOW, settings=Settings(sites_at_once=width, **more))
    return make_queue(plan, sites, {host for one in sites for host in one.appliances})


def test_the_turns_of_a_row_know_each_other_and_where_it_begins() -> None:
    turns = abreast(2, AMSTERDAM, BERLIN, CAIRO)
    assert [(turn.number, turn.name, turn.row, turn.row_begins, turn.row_appliances) for turn in turns] == [
        (1, "ams-1", 1, 1, ("ams-1",)),
        (2, "ber-1", 2, 2, ("ber-1", "cai-1")),
        (3, "cai-1", 2, 2, ("ber-1", "cai-1")),
        (4, "ber-2", 3, 4, ("ber-2", "cai-2")),
        (5, "cai-2", 3, 4, ("ber-2", "cai-2")),
    ]
    assert [turn.first_site for turn in turns] == [True, False, False, False, False]
    assert turns[1].announcement.endswith("; beside it cai-1")
    assert not turns[0].announcement.endswith("beside it")


def test_a_run_of_one_site_has_no_first_one() -> None:
    assert not any(turn.first_site for turn in abreast(2, BERLIN))


def test_the_queue_follows_the_order_of_the_plan() -> None:
    assert [turn.name for turn in abreast(1, AMSTERDAM, BERLIN, canary="berlin")] == ["ber-1", "ber-2", "ams-1"]


def test_a_row_with_two_of_a_site_is_no_queue() -> None:
    plan, _ = queue(AMSTERDAM, BERLIN)
    with pytest.raises(ValueError, match="ber-1, ber-2"):
        make_queue(
            replace(plan, rows=(("ams-1",), ("ber-1", "ber-2"))), [AMSTERDAM, BERLIN], {"ams-1", "ber-1", "ber-2"}
        )


def test_only_one_whose_switch_was_begun_asks_for_no_window() -> None:
    switching = DONE.with_changes(jobs=("switch-2.1",))
    turns = abreast(1, site(switching, healthy(number=2)))
    assert [(turn.asks_for_window, turn.resumes) for turn in turns] == [(False, True), (True, False)]


def test_rows_waivers_and_windows_are_told_to_a_person() -> None:
    calendars = {"berlin": windows.parse([{"from": "22:00", "to": "06:00", "zone": "UTC"}], [])}
    given = (
        Waiver("disk", "Ann", "4711", "2026-03-31", site="berlin"),
        Waiver("disk", "Bob", "4712", "2026-01-01", site="cairo"),
    )
    settings = Settings(sites_at_once=2, calendars=calendars, waivers=given, way_back=0)
    lines = summary(make_plan(TARGET, [AMSTERDAM, BERLIN, CAIRO], None, NOW, settings=settings), 5)
    assert any(line.startswith("1. amsterdam, ams-1: from") for line in lines)
    assert any(
        line.startswith("2. Row 2: berlin, ber-1: ") and line.endswith("; begins 2026-01-31 22:00 UTC at the earliest")
        for line in lines
    )
    assert any(line.startswith("3. Row 2: cairo, cai-1: ") and "earliest" not in line for line in lines)
    assert any(line.startswith("Waived, ber-1, ber-2: disk: ") for line in lines)
    assert "The waiver of disk for site cairo has ended (2026-01-01, Bob): it counts no more." in lines


def test_the_page_has_a_row_for_each_appliance() -> None:
    plan, _ = queue(AMSTERDAM, BERLIN)
    page = plan_page.page(plan, NOW, summary(plan, 3))
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + 3
    assert rows[2].startswith("| 1 | amsterdam | ams-1 | 2.0.1 | 2.1 | all | 4 h 00 min | 2026-01-31 01:00 | ")
    assert (
        "disk MANUAL; memory MANUAL" in rows[2]
        and rows[2].endswith("| by consent |")
        and rows[3].endswith("| with a spare |")
    )


def test_the_page_of_a_refused_plan_says_why_in_plain_text() -> None:
    plan, _ = queue(site(Unreadable("<b>|no"), healthy(number=2)))
    page = plan_page.page(plan, NOW, [])
    assert "## Why nothing may begin" in page and "&lt;b>\\|no" in page
