"""Where a fleet stands, from states to rows, sentences and JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import (
    control,
    hold,
    lease,
    slot,
    status,
    support,
    suspended,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Proof
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.schema import faults
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Observation, Unreadable
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from tests.unit.plugins.plugin_utils.cce.builders import NOW, healthy, site

DATES = support.parse_dates({"2.1": "2026-01-20"})
NOTE = suspended.make("berlin", NOW - timedelta(hours=30), "awx-1")
CLAIM = slot.make("ber-1", "cce-ber-1", "package", NOW - timedelta(minutes=125), "0" * 32)
RUN = lease.make("run-1", "ann on awx-1", lease.Machine("b", "n", "1", "2"), NOW - timedelta(seconds=90), 600, "0" * 32)
HOLD = hold.make("berlin", "Ann", "no calls out", Version("2.1"), Version("2.0.1"), NOW - timedelta(hours=1), "0" * 32)
PROOF = Proof(Version("2.0.1"), "signoff", NOW - timedelta(hours=1), "Ann", "two calls")
STOPPED = {
    "cms": {"REPLICA": "Running", "MASTER": "Running"},
    "mediation": {"REPLICA": "Running", "RTCMEDSRV": "Stopped", "RTCSRV": "Running"},
    "edge": healthy().services["edge"],
}
ALL_STOPPED = {vm: dict.fromkeys(names, "Stopped") for vm, names in healthy().services.items()}  # type: ignore[union-attr,arg-type]


def stands(*found: Observation, name: str = "berlin") -> status.Fleet:
    return status.fleet([site(*found, name=name)], DATES, NOW)


def first(found: Observation) -> status.ApplianceStatus:
    return stands(found).sites[0].appliances[0]


def told(fleet: status.Fleet) -> str:
    return " ".join(" ".join(status.lines(fleet)).split())


def test_a_fleet_that_is_well_says_so_and_nothing_else() -> None:
    fleet = stands(healthy(), healthy(number=2))
    assert fleet.well and fleet.sites[0].versions == ("2.0.1",) and fleet.sites[0].calls == 10
    assert "! " not in told(fleet) and "Nothing is known to be wrong." in told(fleet)


CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"mode": "in service", "calls": 5, "running": "2.0.1", "backup": None}, ""),
    ({"calls": Unknown("no")}, {"calls": None}, "counters: could not be read"),
    ({"services": STOPPED}, {"mode": "ill"}, "RTCMEDSRV Stopped"),
    ({"services": ALL_STOPPED}, {"mode": "stopped"}, "cms_services"),
    ({"services": ALL_STOPPED, "tenant_maintenance": True}, {"mode": "maintenance"}, "MaintenanceMode is True"),
    (
        {
            "services": ALL_STOPPED,
            "slot": slot.make("ber-1", "cce-ber-1", "maintenance", NOW - timedelta(days=2, hours=3), "0" * 32),
        },
        {"mode": "maintenance"},
        "holds the out-of-service slot since 2026-01-28 22:00:00 UTC (2 d 3 h ago), for maintenance",
    ),
    (
        {"slot": slot.make("ber-1", "cce-ber-1", "maintenance", NOW, "0" * 32)},
        {"mode": "in service"},
        "has not left it; its MaintenanceMode in the tenant may be set for that. Run the command again",
    ),
    ({"services": {vm: Unknown("no") for vm in ALL_STOPPED}}, {"mode": "unknown"}, "could not be read"),
    ({"running": Unknown("why"), "scripts": Unknown("why")}, {"running": None, "scripts": None}, "running_version"),
    (
        {"scripts": Version("2.1"), "slot": CLAIM},
        {"unfinished": "The scripts are 2.1, and 2.0.1 runs: an upgrade has begun here and was not switched."},
        "for package: no other appliance of the site leaves service",
    ),
    (
        {"module_present": False, "scripts": None, "saved": {"target": "2.1"}},
        {"unfinished": "The MSI was removed and not replaced, and this collection has a record of it."},
        "Run the upgrade again.",
    ),
    ({"module_present": False, "scripts": None}, {}, "and no record says why"),
    (
        {"deployed_by": {"version": "2.1", "ini": "x", "ended": False}},
        {"unfinished": "The deployment of 2.1 has not come to its end."},
        "Run the upgrade again.",
    ),
    (
        {"jobs": ("install-2.1",), "jobs_since": {"install-2.1": NOW - timedelta(minutes=7)}},
        {"work": (status.Since("install-2.1", "2026-01-31T00:53:00+00:00", 420.0),)},
        "install-2.1 7 min",
    ),
    (
        {"jobs": ("switch-2.1",), "jobs_since": Unknown("no")},
        {"work": (status.Since("switch-2.1", None, None),)},
        "switch-2.1",
    ),
    ({"proof": None}, {"proof": None}, ""),
    ({"proof": PROOF}, {"proof": status.Since("signoff", "2026-01-31T00:00:00+00:00", 3600.0)}, " yes "),
    ({"proof": replace(PROOF, version=Version("2.1"))}, {"proof": None}, ""),
    ({"hold": HOLD}, {}, "It is on hold since 2026-01-31 00:00:00 UTC (Ann: no calls out)"),
    ({"suspended": NOTE}, {}, "Automatic update of berlin is suspended since 2026-01-29 19:00:00 UTC (by awx-1)"),
]


@pytest.mark.parametrize(("changes", "fields", "words"), CASES)
def test_what_an_appliance_shows(changes: dict[str, Any], fields: dict[str, Any], words: str) -> None:
    fleet = stands(healthy(**changes))
    one = fleet.sites[0].appliances[0]
    assert {name: getattr(one, name) for name in fields} == fields
    assert words in told(fleet)
    assert fleet.well is (not set(changes) - {"proof"})
    assert faults(status.SCHEMA, fleet.to_dict()) == []


def test_each_thing_that_is_wrong_has_a_remedy() -> None:
    for changes, _fields, _words in CASES:
        fleet = stands(healthy(**changes))
        troubles = [*fleet.sites[0].troubles, *fleet.sites[0].appliances[0].troubles]
        assert all(trouble.remedy for trouble in troubles), troubles
        assert bool(troubles) is bool(set(changes) - {"proof"})


def test_one_that_cannot_be_read_is_shown_in_its_place() -> None:
    fleet = stands(healthy(), Unreadable("connection refused"), healthy(number=3))
    rows = [line.split()[0] for line in status.lines(fleet)[2:5]]
    assert rows == ["ber-1", "ber-2", "ber-3"]
    assert "not reachable" in status.lines(fleet)[3] and "connection refused" in told(fleet)
    assert faults(status.SCHEMA, fleet.to_dict()) == []


def test_who_works_on_a_site_is_told_and_is_nothing_wrong() -> None:
    fleet = stands(healthy(lease=RUN), healthy(number=2, lease=RUN))
    assert fleet.sites[0].lease == status.Since("ann on awx-1", "2026-01-31T00:58:30+00:00", 90.0) and fleet.well
    assert "ann on awx-1 works on it since 2026-01-31T00:58:30+00:00 (1 min ago), or has ended" in told(fleet)
    assert faults(status.SCHEMA, fleet.to_dict()) == []


def test_a_site_of_two_versions_is_named() -> None:
    fleet = stands(healthy(), healthy("2.1", number=2))
    assert "MIXED VERSIONS" in told(fleet) and "Its appliances run different versions: 2.0.1, 2.1." in told(fleet)


def test_two_names_of_one_computer_are_named() -> None:
    assert "ber-2 answers as the same computer as ber-1" in told(stands(healthy(), healthy()))


def test_what_is_of_the_site_is_told_once() -> None:
    fleet = stands(healthy(suspended=NOTE, slot=CLAIM), healthy(number=2, suspended=NOTE, slot=CLAIM))
    assert told(fleet).count("is suspended since") == 1 and told(fleet).count("holds the out-of-service slot") == 1
    assert fleet.sites[0].slot == status.Since("ber-1 (package)", "2026-01-30T22:55:00+00:00", 7500.0)
    assert fleet.sites[0].suspended is not None and fleet.sites[0].suspended.seconds == 30 * 3600


@pytest.mark.parametrize(
    ("running", "today", "days"),
    [
        ("2.0.1", date(2018, 1, 4), 10),
        ("2.0.1", date(2018, 1, 15), -1),
        ("2.1", date(2018, 1, 15), None),
        ("2.1", date(2021, 8, 1), -1),
        ("2.0", date(2018, 1, 15), -1),
    ],
)
def test_the_days_of_support_that_are_left(running: str, today: date, days: int | None) -> None:
    dates = support.parse_dates({"2.1": "2017-11-15"})
    assert support.days_left(Version(running), dates, today) == days


@pytest.mark.parametrize(("days", "shown"), [(None, "-"), (-1, "ended"), (0, "0 days"), (12, "12 days")])
def test_support_in_a_cell(days: int | None, shown: str) -> None:
    assert status._support(days) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (3660, "1 h 01 min"), (86399, "23 h 59 min"), (90000, "1 d 1 h")],
)
def test_a_time_is_told_in_its_two_largest_units(seconds: float, shown: str) -> None:
    assert status.span(seconds) == shown


def test_every_line_fits_whatever_the_names_are() -> None:
    long = "appliance-with-a-name-of-a-very-long-kind-in-a-far-away-country"
    found = healthy(
        jobs=("install-2.1", "maintenance-enter"), jobs_since={}, slot=CLAIM, suspended=NOTE, services=STOPPED
    )
    fleet = status.fleet([site(found, Unreadable("x" * 400), host=long, name=long * 2)], DATES, NOW)
    assert max(map(len, status.lines(fleet))) <= status.COLUMNS
    assert faults(status.SCHEMA, fleet.to_dict()) == []


def test_the_schema_knows_each_field_and_nothing_else() -> None:
    described = stands(healthy(suspended=NOTE, slot=CLAIM)).to_dict()
    assert faults(status.SCHEMA, {**described, "more": 1}) != []
    assert faults(status.SCHEMA, {**described, "sites": [{**described["sites"][0], "calls": -1}]}) != []
    del described["sites"][0]["suspended"]
    assert faults(status.SCHEMA, described) != []


# --- what a person said -------------------------------------------------------------------------------------------------

ANN = {"by": "ann", "reason": "storm", "at": (NOW - timedelta(hours=3)).isoformat()}
WENT_ON = control.Word("bob", "it is over", (NOW - timedelta(minutes=5)).isoformat())


def controlled(said: dict[str, Any] | str, went_on: control.Word | None = None) -> status.Fleet:
    text = said if isinstance(said, str) else json.dumps(said)
    return status.fleet([site(healthy(), healthy(number=2))], DATES, NOW, control.parse(text), went_on)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"hold": ANN}, "* The run is held, by ann, since 2026-01-30T22:00:00+00:00 (3 h 00 min ago): storm."),
        ({"stop_after_appliance": ANN}, "* The run is to stop after this appliance, by ann, since"),
        ({"leave_out": {"ber-2": ANN}}, "* ber-2 is left out, by ann, since 2026-01-30T22:00:00+00:00"),
        ({"hold": {"by": "ann", "reason": "storm", "at": "this morning"}}, "* The run is held, by ann: storm."),
        ({"hold": {"by": "ann", "reason": "storm", "at": "2026-01-30T22:00:00"}}, "* The run is held, by ann: storm."),
        ("{", "* The run is held: the control file cannot be understood"),
    ],
)
def test_what_a_person_said_is_told_with_who_and_since_when(said: dict[str, Any] | str, sentence: str) -> None:
    fleet = controlled(said, WENT_ON if "leave_out" not in said else None)
    assert sentence in told(fleet) and len(fleet.control) == 1 and faults(status.SCHEMA, fleet.to_dict()) == []
    assert fleet.well


def test_the_row_of_an_appliance_that_is_left_out_says_so() -> None:
    rows = [line for line in status.lines(controlled({"leave_out": {"ber-2": ANN}})) if line.startswith("  ber-")]
    assert [row.endswith("left out") for row in rows] == [False, True]


def test_that_the_run_goes_on_is_told_where_nothing_holds_it() -> None:
    fleet = controlled({"leave_out": {"ber-2": ANN}}, WENT_ON)
    assert [one.action for one in fleet.control] == ["go_on", "leave_out"]
    assert "The run goes on, by bob, since 2026-01-31T00:55:00+00:00 (5 min ago): it is over." in told(fleet)
    assert fleet.to_dict()["control"][0]["seconds"] == 300.0


def test_a_stop_that_a_run_has_taken_up_is_over() -> None:
    assert controlled({"stop_after_appliance": {**ANN, "run": "run-1"}}).control == ()
