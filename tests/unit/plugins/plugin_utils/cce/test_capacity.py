from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import capacity, slot
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import SERVICES, Appliance, Calls
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.capacity import Carrier
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Consent, Observation, Site, Unreadable

from .builders import NOW, healthy, ini_text, machines, site

CONSENT = Consent("2026-01-31T04:00:00+01:00", "to the mobile network", "C. Arlier, ticket 7")
UNREAD = Unknown("no answer")
SILENT = Unreadable("no answer")


def well(number: int, hardware: str = "Normal", calls: int = 5, **changes: Any) -> Appliance:
    ini = ini_text(number=number, hardware=hardware)
    return healthy(number=number, **{"ini_imported": ini, "calls": Calls(calls, 0), **changes})


def ill(number: int, **changes: Any) -> Appliance:
    """Its VMs are off."""
    return well(number, machines=machines("2.0.1", "Off"), **changes)


def of(count: int, hardware: str = "Normal", **changes: Any) -> Site:
    """A site of so many that are well."""
    return site(*(well(number, hardware) for number in range(1, count + 1)), **changes)


def problem(found: Site, host: str = "ber-1", **options: Any) -> str | None:
    return capacity.problem(found, host, NOW, **options)


# --- room -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "hardware", "peak", "allowed"),
    [
        (1, "Normal", 1, False),
        (2, "Normal", 499, True),
        (2, "Normal", 500, True),
        (2, "Normal", 501, False),
        (3, "Normal", 999, True),
        (3, "Normal", 1000, True),
        (3, "Normal", 1001, False),
        (16, "Normal", 7500, True),
        (16, "Normal", 7501, False),
        (16, "Minimum", 749, True),
        (16, "Minimum", 750, True),
        (16, "Minimum", 751, False),
    ],
)
def test_the_others_must_have_room_for_the_peak(count: int, hardware: str, peak: int, allowed: bool) -> None:
    assert (problem(of(count, hardware, peak=peak)) is None) == allowed


@pytest.mark.parametrize(("live", "allowed"), [(495, True), (496, False)])
def test_live_calls_count_where_they_are_more_than_the_peak(live: int, allowed: bool) -> None:
    assert (problem(site(well(1, calls=live), well(2), peak=10)) is None) == allowed


@pytest.mark.parametrize("other", [ill(3), SILENT, well(3, jobs=("switch-2.1",))], ids=["ill", "unreadable", "job"])
@pytest.mark.parametrize(("peak", "allowed"), [(500, True), (501, False)])
def test_a_neighbour_that_is_ill_or_unreadable_counts_for_nothing(other: Observation, peak: int, allowed: bool) -> None:
    assert (problem(site(well(1), well(2), other, peak=peak)) is None) == allowed


def test_the_ill_one_may_leave() -> None:
    assert problem(site(ill(1), well(2), peak=500)) is None


@pytest.mark.parametrize("own", [well(1, calls=5).with_changes(calls=UNREAD), SILENT], ids=["counters", "all"])
def test_unread_live_calls_never_mean_none(own: Observation) -> None:
    refusal = problem(site(own, well(2), peak=10))
    assert refusal == "berlin: the live calls of ber-1 could not be read, and unread never means none."


def test_where_no_call_can_live_the_counters_need_not_be_readable() -> None:
    assert problem(site(well(1).with_changes(calls=UNREAD), well(2)), silent=True) is None


def test_a_dismantled_one_cannot_be_asked_and_may_go_on() -> None:
    dismantled = well(1).with_changes(module_present=False, scripts=None, running=UNREAD, calls=UNREAD)
    assert problem(site(dismantled, well(2), peak=500)) is None
    assert problem(site(dismantled, well(2), peak=501)) is not None


def test_a_stranger_may_not_leave() -> None:
    assert problem(of(3), "ber-9") == "berlin: nothing is known of ber-9."


def test_a_neighbour_needs_no_tenant_to_count() -> None:
    """What is read right before an appliance leaves service does not ask the tenant."""
    short = well(2).with_changes(
        registration=UNREAD, tenant_maintenance=UNREAD, certificates=UNREAD, tenant_logon=UNREAD
    )
    assert problem(site(well(1), short, peak=500)) is None


# --- consent ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consent", "words"),
    [
        (None, "write cloud_connector_outage_consent"),
        (CONSENT, None),
        (Consent("2026-01-31T01:00:00+00:00", "x", "y"), "ended at"),
        (Consent("2026-01-31T01:00:01+00:00", "x", "y"), None),
        (Consent("2026-01-31T04:00:00", "x", "y"), "time zone"),
        (Consent("tomorrow", "x", "y"), "write a time such as"),
        (Consent("2026-01-31T04:00:00Z", " ", "y"), "where emergency calls go"),
        (Consent("2026-01-31T04:00:00Z", "x", ""), "who consented"),
    ],
)
def test_a_site_without_a_spare_needs_consent(consent: Consent | None, words: str | None) -> None:
    refusal = problem(of(1, consent=consent))
    assert refusal is None if words is None else words in str(refusal)
    assert words is None or str(refusal).startswith("berlin: without ber-1 there is room for 0 of 300 calls")


def test_consent_does_not_cover_an_ill_neighbour() -> None:
    refusal = str(problem(site(well(1), ill(2), consent=CONSENT)))
    assert "because ber-2 does not count (machines: VMs of 2.0.1:" in refusal
    assert refusal.endswith("repair it first.")


def test_consent_is_used_only_where_there_is_no_room() -> None:
    assert capacity.needs_consent(of(1, peak=1, consent=CONSENT), "ber-1")
    assert not capacity.needs_consent(of(2, peak=500, consent=CONSENT), "ber-1")


# --- age, and wrong addresses -----------------------------------------------------------------------------------------


def aged(number: int, seconds: float, **changes: Any) -> Appliance:
    return well(number, read_at=NOW - timedelta(seconds=seconds), **changes)


@pytest.mark.parametrize(("age", "refused"), [(60.0, False), (60.5, True), (75.0, True), (-61.0, True)])
def test_an_old_reading_of_its_own_is_refused_with_its_age(age: float, refused: bool) -> None:
    refusal = problem(site(aged(1, age), well(2)))
    assert (refusal is not None) == refused
    told = f"berlin: the state of ber-1 is {age:.0f} seconds old, more than 60: read it again."
    assert refusal in (None, told)


def test_where_no_call_can_live_its_own_reading_may_be_old() -> None:
    assert problem(site(aged(1, 75), well(2)), silent=True) is None


@pytest.mark.parametrize(("peak", "allowed"), [(500, True), (501, False)])
def test_one_slow_neighbour_counts_for_nothing_and_stops_nobody_else(peak: int, allowed: bool) -> None:
    refusal = problem(site(well(1), well(2), aged(3, 75), peak=peak))
    assert (refusal is None) == allowed
    assert allowed or "ber-3 does not count (the state of ber-3 is 75 seconds old, more than 60)" in str(refusal)


def test_an_old_neighbour_does_not_count_for_a_switch_either() -> None:
    refusal = problem(site(mixed(1), mixed(2, read_at=NOW - timedelta(seconds=75))), for_switch=True)
    assert "ber-2 does not count (the state of ber-2 is 75 seconds old" in str(refusal)


def test_an_unreadable_neighbour_does_not_age() -> None:
    assert problem(site(well(1), well(2), SILENT)) is None


def test_one_computer_behind_two_names_is_no_spare_of_itself() -> None:
    twin = well(2).with_changes(computer_name="CCE-BER-1")
    refusal = problem(site(well(1), twin, well(3)))
    assert refusal == "berlin: ber-1 and ber-2 answer as the same computer: correct ansible_host of one of them."


# --- between two versions ---------------------------------------------------------------------------------------------


def mixed(number: int, **changes: Any) -> Appliance:
    """Its scripts are new and its VMs old, and it serves."""
    return well(number, scripts="2.1", backup="2.1", **changes)


def held_by(number: int) -> dict[str, Any]:
    return {"slot": slot.make(f"ber-{number}", f"cce-ber-{number}", "upgrade", NOW, "0" * 32)}


@pytest.mark.parametrize("held", [{"slot": None}, held_by(1)], ids=["free", "own"])
def test_two_between_two_versions_do_not_wait_for_each_other_for_ever(held: dict[str, Any]) -> None:
    both = site(mixed(1, **held), mixed(2, **held))
    assert problem(both, for_switch=True) is None
    assert "ber-2 does not count (scripts: the scripts are 2.1" in str(problem(both))


@pytest.mark.parametrize("held", [held_by(2), {"slot": UNREAD}], ids=["neighbour", "unread"])
def test_that_is_for_the_one_that_holds_the_slot(held: dict[str, Any]) -> None:
    assert problem(site(mixed(1, **held), mixed(2, **held)), for_switch=True) is not None


@pytest.mark.parametrize(
    "other",
    [
        mixed(2, machines=machines("2.0.1", "Off")),
        mixed(2, jobs=("switch-2.1",)),
        mixed(2).with_changes(calls=UNREAD),
        mixed(2, services=dict.fromkeys(("cms", "mediation", "edge"), UNREAD)),
    ],
    ids=["off", "job", "counters", "services"],
)
def test_for_a_switch_a_neighbour_counts_only_if_nothing_else_is_wrong_with_it(other: Appliance) -> None:
    assert problem(site(mixed(1), other), for_switch=True) is not None


def test_between_two_versions_it_serves_but_does_not_count() -> None:
    found = capacity.carrier("ber-1", healthy(scripts="2.1"))
    assert (found.serves, found.healthy) == (True, False)
    assert found.problem == "scripts: the scripts are 2.1, wanted 2.0.1"


# --- one appliance ----------------------------------------------------------------------------------------------------


def test_an_appliance_as_a_carrier() -> None:
    assert capacity.carrier("h1", well(1, "Minimum", calls=3)) == Carrier("h1", 50, True, "", 3)


@pytest.mark.parametrize("found", [Appliance.unread("no answer"), SILENT], ids=["state", "observation"])
def test_what_was_not_read_carries_nothing(found: Observation) -> None:
    carrier = capacity.carrier("h1", found)
    assert (carrier.capacity, carrier.calls, carrier.serves, carrier.healthy) == (0, None, UNREAD, False)


@pytest.mark.parametrize(
    ("found", "calls"),
    [
        (machines("2.0.1", "Off"), 0),
        (machines("2.0.1"), None),
        (tuple(machine for machine in machines("2.0.1", "Off") + machines("2.1")[:1]), None),
        (UNREAD, None),
    ],
)
def test_without_a_vm_that_is_on_and_connected_there_are_no_calls(found: Any, calls: int | None) -> None:
    assert capacity.carrier("h1", well(1).with_changes(calls=UNREAD, machines=found)).calls == calls


@pytest.mark.parametrize(
    ("changed", "calls"),
    [({}, 0), ({"RTCMEDSRV": "Running"}, None), ({"RTCMEDSRV": "StopPending"}, None)],
    ids=["stopped", "runs", "stops"],
)
def test_where_the_services_of_calls_are_stopped_there_are_no_calls(changed: dict[str, str], calls: int | None) -> None:
    stopped = {vm: dict.fromkeys(names, "Stopped") for vm, names in SERVICES.items()}
    stopped["mediation"] |= changed
    assert capacity.carrier("h1", well(1).with_changes(calls=UNREAD, services=stopped)).calls == calls


def test_services_that_were_not_read_are_not_stopped() -> None:
    services = dict.fromkeys(SERVICES, UNREAD)
    assert capacity.carrier("h1", well(1).with_changes(calls=UNREAD, services=services)).calls is None


# --- sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (site(ill(1), well(2), well(3)), "berlin: ber-2, ber-3 carry the calls (1000 of 300 needed); waiting is safe."),
        (site(ill(1), well(2), peak=500), "berlin: ber-2 carries the calls (500 of 500 needed); waiting is safe."),
        (
            site(ill(1), well(2), peak=501),
            "berlin: only ber-2 carries calls (500 of 501 needed), new ones may be refused; waiting is not safe.",
        ),
        (site(ill(1), peak=1), "berlin: no appliance carries calls; waiting is not safe."),
        (
            site(SILENT, peak=1, consent=CONSENT),
            "berlin: whether ber-1 can carry calls could not be read; waiting is not safe. "
            "Emergency calls go to: to the mobile network.",
        ),
    ],
)
def test_who_carries_the_calls(found: Site, sentence: str) -> None:
    assert capacity.calls_sentence(found, "ber-1", found.appliances["ber-1"]) == sentence


def test_the_sentence_tells_of_the_newest_state() -> None:
    both = of(2)
    assert capacity.calls_sentence(both, "ber-1", well(1)).startswith("berlin: ber-1, ber-2 carry the calls (1000")
    assert capacity.calls_sentence(both, "ber-1", ill(1)).startswith("berlin: ber-2 carries the calls (500")
    assert capacity.calls_sentence(both, "ber-1", None).startswith("berlin: ber-2 carries the calls (500")


def test_the_sentence_without_a_site_claims_nothing_of_it() -> None:
    assert capacity.calls_sentence(None, "h1", healthy()).startswith("h1 can carry calls; of its neighbours nothing")
    assert capacity.calls_sentence(None, "h1", None).startswith("h1 is not known to carry calls")
