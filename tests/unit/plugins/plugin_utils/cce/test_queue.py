from __future__ import annotations

import json

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.plan import Plan, make_plan
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.queue import Turn, make_queue, summary
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Consent, Site, Unreadable
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

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
