from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import capacity
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance, Calls
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.capacity import Carrier, Consent, Policy
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown

from .builders import NOW, healthy, ini_text

CONSENT = Consent("2026-01-31T04:00:00+01:00", "to the mobile network", "C. Arlier, ticket 7")
AT = NOW.timestamp()


def well(number: int, size: int = 500, calls: int | None = 5) -> Carrier:
    return Carrier(f"h{number}", size, True, "", calls)


def ill(number: int) -> Carrier:
    return Carrier(f"h{number}", 500, False, "machines: off", None)


def site(count: int, size: int = 500) -> list[Carrier]:
    return [well(number, size) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "size", "peak", "allowed"),
    [
        (1, 500, 1, False),
        (2, 500, 499, True),
        (2, 500, 500, True),
        (2, 500, 501, False),
        (3, 500, 999, True),
        (3, 500, 1000, True),
        (3, 500, 1001, False),
        (16, 500, 7500, True),
        (16, 500, 7501, False),
        (16, 50, 749, True),
        (16, 50, 750, True),
        (16, 50, 751, False),
    ],
)
def test_the_others_must_have_room_for_the_peak(count: int, size: int, peak: int, allowed: bool) -> None:
    problem = capacity.leave_problem("berlin", "h1", site(count, size), Policy(peak), NOW)
    assert (problem is None) == allowed


@pytest.mark.parametrize(("live", "allowed"), [(495, True), (496, False)])
def test_live_calls_count_where_they_are_more_than_the_peak(live: int, allowed: bool) -> None:
    problem = capacity.leave_problem("berlin", "h1", [well(1, calls=live), well(2)], Policy(10), NOW)
    assert (problem is None) == allowed


@pytest.mark.parametrize(("peak", "allowed"), [(500, True), (501, False)])
def test_an_ill_neighbour_counts_for_nothing(peak: int, allowed: bool) -> None:
    problem = capacity.leave_problem("berlin", "h1", [well(1), well(2), ill(3)], Policy(peak), NOW)
    assert (problem is None) == allowed


def test_the_ill_one_may_leave() -> None:
    carriers = [Carrier("h1", 500, False, "edge_services: RTCSRV Stopped", 0), well(2)]
    assert capacity.leave_problem("berlin", "h1", carriers, Policy(500), NOW) is None


def test_unread_live_calls_never_mean_none() -> None:
    problem = capacity.leave_problem("berlin", "h1", [well(1, calls=None), well(2)], Policy(10), NOW)
    assert problem == "berlin: the live calls of h1 could not be read, and unread never means none."


def test_a_dismantled_one_cannot_be_asked_and_may_go_on() -> None:
    dismantled = Carrier("h1", 500, Unknown("no module"), "no module", None, dismantled=True)
    assert capacity.leave_problem("berlin", "h1", [dismantled, well(2)], Policy(500), NOW) is None
    assert capacity.leave_problem("berlin", "h1", [dismantled, well(2)], Policy(501), NOW) is not None


def test_a_stranger_may_not_leave() -> None:
    assert capacity.leave_problem("berlin", "h9", site(3), Policy(1), NOW) == "berlin: nothing is known of h9."


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
    problem = capacity.leave_problem("amsterdam", "h1", site(1), Policy(300, consent), NOW)
    assert problem is None if words is None else words in str(problem)
    assert words is None or str(problem).startswith("amsterdam: without h1 there is room for 0 of 300 calls")


def test_consent_does_not_cover_an_ill_neighbour() -> None:
    problem = capacity.leave_problem("berlin", "h1", [well(1), ill(2)], Policy(300, CONSENT), NOW)
    assert problem is not None
    assert problem.endswith("because h2 does not count (machines: off): repair it first.")


def test_consent_is_used_only_where_there_is_no_room() -> None:
    assert capacity.uses_consent("h1", site(1), Policy(1, CONSENT))
    assert not capacity.uses_consent("h1", site(2), Policy(500, CONSENT))


# --- sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carriers", "policy", "sentence"),
    [
        (
            [well(2), well(3), ill(1)],
            Policy(300),
            "berlin: h2, h3 carry the calls (1000 of 300 needed); waiting is safe.",
        ),
        ([well(2)], Policy(500), "berlin: h2 carries the calls (500 of 500 needed); waiting is safe."),
        (
            [well(2), ill(1)],
            Policy(501),
            "berlin: only h2 carries calls (500 of 501 needed), new ones may be refused; waiting is not safe.",
        ),
        ([ill(1)], Policy(1), "berlin: no appliance carries calls; waiting is not safe."),
        (
            [capacity.unread("h1", "no answer")],
            Policy(1, CONSENT),
            "berlin: whether h1 can carry calls could not be read; waiting is not safe. "
            "Emergency calls go to: to the mobile network.",
        ),
    ],
)
def test_who_carries_the_calls(carriers: list[Carrier], policy: Policy, sentence: str) -> None:
    assert capacity.who_carries("berlin", carriers, policy) == sentence


def test_an_appliance_as_a_carrier() -> None:
    appliance = healthy(ini_imported=ini_text(hardware="Minimum"), calls=Calls(2, 1))
    assert capacity.carrier("h1", appliance) == Carrier("h1", 50, True, "", 3)


def test_between_two_versions_it_serves_but_does_not_count() -> None:
    found = capacity.carrier("h1", healthy(scripts="2.1"))
    assert (found.serves, found.healthy) == (True, False)
    assert found.problem == "scripts: the scripts are 2.1, wanted 2.0.1"


# --- the option `site` ------------------------------------------------------------------------------------------------


def described(name: str, age: float = 0.0, **changes: Any) -> dict[str, Any]:
    return {"name": name, "read_at": AT - age, **healthy(**changes).to_dict()}


def option(*states: dict[str, Any], peak: int = 300, consent: dict[str, str] | None = None) -> dict[str, Any]:
    return {"name": "berlin", "states": list(states), "peak_calls": peak, "outage_consent": consent}


def test_no_refusal_where_the_others_carry_the_calls() -> None:
    assert capacity.refusal("h1", option(described("h1"), described("h2")), AT) is None


@pytest.mark.parametrize(("age", "refused"), [(60.0, False), (60.5, True), (-61.0, True)])
def test_an_old_reading_is_refused(age: float, refused: bool) -> None:
    refusal = capacity.refusal("h1", option(described("h1"), described("h2", age)), AT)
    assert (refusal is not None) == refused
    assert refusal is None or "the state of h2 is older than 60 seconds" in refusal


def test_a_reading_without_its_time_is_old() -> None:
    state = described("h2")
    del state["read_at"]
    assert "older than" in str(capacity.refusal("h1", option(described("h1"), state), AT))


@pytest.mark.parametrize("state", [{"name": "h2", "unreadable": "no answer"}, {"name": "h2", "read_at": AT}])
def test_a_neighbour_that_was_not_read_counts_for_nothing(state: dict[str, Any]) -> None:
    refusal = capacity.refusal("h1", option(described("h1"), state), AT)
    assert "because h2 does not count (could not be read" in str(refusal)


def test_consent_comes_with_the_option() -> None:
    consent = {"until": "2026-01-31T02:00:00Z", "emergency_calls": "mobile", "reason": "night"}
    assert capacity.refusal("h1", option(described("h1"), consent=consent), AT) is None
    assert capacity.refusal("h1", option(described("h1")), AT) is not None


def test_the_sentence_tells_of_the_fresh_state() -> None:
    both = option(described("h1"), described("h2"))
    assert capacity.calls_sentence("h1", healthy(), both).startswith("berlin: h1, h2 carry the calls (1000 of 300")
    assert capacity.calls_sentence("h1", None, both).startswith("berlin: h2 carries the calls (500 of 300")


def test_the_sentence_without_a_site_claims_nothing_of_it() -> None:
    assert capacity.calls_sentence("h1", healthy(), None).startswith("h1 can carry calls; of its neighbours nothing")
    assert capacity.calls_sentence("h1", None, None).startswith("h1 is not known to carry calls")


def test_what_was_not_read_carries_nothing() -> None:
    found = capacity.carrier("h1", Appliance.unread("no answer"))
    assert (found.capacity, found.calls, found.serves, found.healthy) == (0, None, Unknown("no answer"), False)


def test_an_unreadable_neighbour_does_not_age() -> None:
    state = {"name": "h3", "unreadable": "no answer", "read_at": AT - 600}
    assert capacity.refusal("h1", option(described("h1"), described("h2"), state), AT) is None
