"""Who answers for what, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health, waivers
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.health import Check
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.waivers import Waiver

from .builders import NOW, healthy

SITE_OF = {"ber-1": "berlin", "ber-2": "berlin", "ams-1": "amsterdam"}


def waiver(check: str = "pending_restart", **more: Any) -> dict[str, Any]:
    given = {"check": check, "owner": "Ann", "reason": "change 4711", "expires": "2026-03-31", "site": "berlin"}
    return {**given, **more}


def one(**more: Any) -> Waiver:
    return waivers.parse([waiver(**more)])[0]


def gates(**changes: Any) -> list[Check]:
    return health.gates(healthy(**changes), "2.1")  # type: ignore[arg-type]


def status(checks: list[Check], name: str) -> str:
    return next(check.status for check in checks if check.id == name)


WAITING = {"pending_restart": ("Windows Update",)}


def test_a_waived_check_does_not_stop_and_says_who_answers_for_it() -> None:
    checks = waivers.applied(gates(**WAITING), [one()], NOW)
    (found,) = [check for check in checks if check.id == "pending_restart"]
    assert (found.status, found.blocks, found.remedy) == ("WAIVED", False, "")
    assert found.evidence.endswith("Windows Update; waived until 2026-03-31 by Ann: change 4711")
    assert health.blocking(checks) == []


def test_what_a_person_has_to_judge_may_be_waived_too() -> None:
    assert status(waivers.applied(gates(), [one(check="disk")], NOW), "disk") == "WAIVED"


@pytest.mark.parametrize("expires", ["2026-01-30", "2026-01-31T01:00:00+00:00", "2026-01-31T02:00:00+01:00"])
def test_a_waiver_that_has_ended_counts_no_more(expires: str) -> None:
    assert status(waivers.applied(gates(**WAITING), [one(expires=expires)], NOW), "pending_restart") == "FAIL"


@pytest.mark.parametrize("expires", ["2026-01-31", "2026-01-31T01:00:01+00:00"])
def test_its_last_day_counts_as_a_whole(expires: str) -> None:
    assert status(waivers.applied(gates(**WAITING), [one(expires=expires)], NOW), "pending_restart") == "WAIVED"


def test_what_could_not_be_read_is_never_waived() -> None:
    unread = gates(pending_restart=Unknown("no answer"))
    assert status(waivers.applied(unread, [one()], NOW), "pending_restart") == "ERROR"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"auto_update": True}, "auto_update"),
        ({"registration": "half"}, "registration"),
        ({"elevated": False}, "elevation"),
        ({"tenant_maintenance": True}, "tenant_maintenance"),
        ({"jobs": ("install-2.0",)}, "jobs"),
        ({"ini_appliance": None}, "deployment_account"),
    ],
)
def test_calls_capacity_and_identity_are_never_waived(changes: dict[str, Any], check: str) -> None:
    assert status(waivers.applied(gates(**changes), [one(check=check)], NOW), check) == "FAIL"


def test_nothing_that_is_about_who_carries_calls_may_be_waived() -> None:
    """Capacity, healthy neighbours and validation rest on those."""
    judged = {rule.id for rule in (*health.HEALTH, *health.SERVING, *health.SET)}
    assert not judged & set(waivers.WAIVABLE)
    assert set(waivers.WAIVABLE) <= {rule.id for rule in health.GATES}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (waiver("pendig_restart"), "names no check"),
        (waiver("counters"), "never waived"),
        (waiver("jobs"), "never waived"),
        (waiver(site=None), "must name an appliance or a site"),
        (waiver(appliance="ber-1"), "and not both"),
        (waiver(site="hamburg"), "names no site of the inventory"),
        (waiver(site=None, appliance="web-1"), "names no appliance of the inventory"),
        (waiver(expires="2026-02-30"), "expires at '2026-02-30'"),
        (waiver(expires="2026-02-01T10:00"), "a time with its zone"),
    ],
)
def test_a_waiver_that_means_nothing_is_named(given: dict[str, Any], words: str) -> None:
    (problem,) = waivers.problems([given], SITE_OF)
    assert words in problem


def test_a_waiver_is_of_an_appliance_or_of_a_site() -> None:
    found = waivers.parse([waiver(), waiver(site=None, appliance="ber-2"), waiver(site="amsterdam")])
    assert list(waivers.problems([waiver(), waiver(site=None, appliance="ber-2")], SITE_OF)) == []
    assert waivers.of(found, "ber-1", "berlin") == found[:1]
    assert waivers.of(found, "ber-2", "berlin") == found[:2]


def test_one_that_has_ended_and_one_that_nothing_needs_are_named() -> None:
    given = (one(), one(check="disk"), one(check="memory", expires="2026-01-01"), one(site="amsterdam"))
    said = list(waivers.unused(given, [given[0]], {"ber-1": "berlin"}, NOW))
    assert said == [
        "The waiver of disk for site berlin (Ann) is not needed: take it out.",
        "The waiver of memory for site berlin has ended (2026-01-01, Ann): it counts no more.",
    ]
    assert list(waivers.unused(given, [], {"ber-1": "berlin"}, NOW - timedelta(days=60)))
