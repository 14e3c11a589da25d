"""What proves that calls are carried, by tables: the record, the counters and events, the sign-offs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import proof
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Calls, Event, Proof
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.proof import SignOff, Traffic, Watch
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Reading, Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from .builders import NOW, healthy

TARGET, OLD = Version("2.1"), Version("2.0.1")
MADE = Proof(TARGET, "signoff", NOW, "Ann", "two calls")
MINUTE = timedelta(minutes=1)

# --- the record -----------------------------------------------------------------------------------------------------------


def test_a_record_comes_back_as_it_was_written() -> None:
    assert proof.parse(json.dumps({"proof": proof.proof_entry(MADE)})) == MADE


@pytest.mark.parametrize("text", [None, "{}", '{"watch": {"version": "2.1", "since": "2026-01-31T04:00:00+00:00"}}'])
def test_a_watch_alone_is_no_proof(text: str | None) -> None:
    assert proof.parse(text) is None


def entry(**changes: Any) -> str:
    return json.dumps({"proof": {**proof.proof_entry(MADE), **changes}})


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "[]", "5", '{"proof": {}}', '{"proof": "yes"}', entry(at="soon"), entry(at="2026-01-31T04:00:00"),
     entry(way="luck"), entry(by=5), entry(version=None), "[" * 5000],
)  # fmt: skip
def test_a_record_that_is_not_ours_is_not_read(text: str) -> None:
    with pytest.raises(NotReadError, match="proof of calls"):
        proof.parse(text)


def test_a_proof_that_is_due_is_written_in_place_of_all_that_was_seen_before() -> None:
    written = proof.ended(NOW)[1]["parameters"]["Value"]
    assert (proof.due(written), proof.parse(written), proof.watched_since(json.loads(written), TARGET)) == (
        NOW,
        None,
        None,
    )


@pytest.mark.parametrize("text", [None, "{}", entry(), '{"due": null}'])
def test_nothing_is_due(text: str | None) -> None:
    assert proof.due(text) is None


@pytest.mark.parametrize("text", ["", "[]", '{"due": 5}', '{"due": "soon"}', '{"due": "2026-01-31T04:00:00"}'])
def test_what_is_due_since_no_time_is_not_read(text: str) -> None:
    with pytest.raises(NotReadError, match="proof of calls"):
        proof.due(text)


@pytest.mark.parametrize(
    ("found", "running", "counts"),
    [
        (MADE, TARGET, True),
        (None, TARGET, False),
        (Proof(OLD, "signoff", NOW, "Ann", ""), TARGET, False),
        (MADE, OLD, False),
        (MADE, None, False),
    ],
)
def test_a_proof_counts_for_the_version_that_runs(found: Proof | None, running: Version | None, counts: bool) -> None:
    assert proof.is_proven(healthy("2.1", proof=found, running=running), TARGET) is counts


@pytest.mark.parametrize("unread", ["proof", "running"])
def test_what_could_not_be_read_proves_nothing(unread: str) -> None:
    with pytest.raises(NotReadError, match="line cut"):
        proof.is_proven(healthy("2.1", **{"proof": MADE, unread: Unknown("line cut")}), TARGET)


def test_a_watch_is_of_one_version() -> None:
    record = {"watch": proof.watch_entry(TARGET, NOW)}
    assert (proof.watched_since(record, TARGET), proof.watched_since(record, OLD)) == (NOW, None)
    assert proof.watched_since({}, TARGET) is None


@pytest.mark.parametrize("watch", [5, {}, {"version": "2.1"}, {"version": "2.1", "since": "2026-01-31T04:00:00"}])
def test_a_watch_that_is_not_ours_is_not_read(watch: Any) -> None:
    with pytest.raises(NotReadError, match="watch"):
        proof.watched_since({"watch": watch}, TARGET)


# --- the counters ---------------------------------------------------------------------------------------------------------


def seen(inbound: int, outbound: int, failed: int = 0, started: int = 0, number: int = 25064) -> Traffic:
    """A reading; `failed` and `started`: the minute of the newest event, 0 for none."""
    failures = {number: NOW + failed * MINUTE} if failed else {}
    return Traffic(Calls(inbound, outbound), failures, {25002: NOW + started * MINUTE} if started else {})


def watched(*readings: Reading[Traffic], every: float = 15, lasting: float = 60) -> Watch:
    """The readings of an appliance, one after the other."""
    watch = Watch(lasting)
    for number, reading in enumerate(readings):
        watch = watch.after(reading, 100 + number * every)
    return watch


def both(*counts: int) -> list[Traffic]:
    return [seen(count, count) for count in counts]


@pytest.mark.parametrize(
    ("readings", "is_proof"),
    [
        ([], False),
        (both(0, 0, 0), False),
        (both(0, 1, 1, 1, 1, 1, 0), True),
        (both(1, 1, 1, 1, 1, 0), True),
        (both(0, 1, 1, 1, 1, 0), False),
        (both(0, 1, 1, 1, 1, 1), False),
        (both(0, 1, 0, 1, 0, 1, 0, 1, 0), False),
        (both(5, 6, 7, 6, 7, 6), True),
        (both(5, 6, 7, 8, 9, 9), False),
        ([seen(1, 0)] * 5 + [seen(0, 0)], False),
        ([seen(0, 1)] * 5 + [seen(0, 0)], False),
        ([seen(1, 0)] * 5 + [seen(0, 1)] * 5 + [seen(0, 0)], True),
    ],
    ids=[
        "nothing", "idle", "a call that lasted", "one that lived before", "too short", "still going on", "begun only",
        "traffic", "rising only", "inbound only", "outbound only", "one after the other",
    ],
)  # fmt: skip
def test_a_call_of_each_direction_has_to_last_and_to_end(readings: Sequence[Traffic], is_proof: bool) -> None:
    assert watched(*readings).is_proof is is_proof


LASTED = both(0, 1, 1, 1, 1, 1, 0)


@pytest.mark.parametrize(
    ("readings", "is_proof"),
    [
        ([seen(count, count, failed=1) for count in (0, 1, 1, 1, 1, 1, 0)], True),
        (LASTED[:-1] + [seen(0, 0, failed=1)], False),
        (LASTED[:3] + [seen(1, 1, failed=1)] + [seen(1, 1, failed=1)] * 4 + [seen(0, 0, failed=1)], True),
        ([seen(1, 1, failed=minute) for minute in range(1, 12)], False),
        ([seen(1, 1), *([seen(1, 1, failed=1)] * 4), seen(0, 0, failed=1)], False),
        (LASTED[:-1] + [seen(0, 0, started=1)], False),
        ([seen(count, count, started=1) for count in (0, 1, 1, 1, 1, 1, 0)], True),
        ([seen(7, 7, started=1)] * 6 + [seen(0, 0, started=2)], False),
        ([seen(1, 1, failed=1, number=25062), *LASTED[1:-1], seen(0, 0, failed=1)], False),
    ],
    ids=[
        "an event of before", "an event with the end", "anew after an event", "an event with each call",
        "too short after the event", "ended by a restart", "a start of before", "counters of a service that restarted",
        "an event of another number",
    ],
)  # fmt: skip
def test_events_of_failed_calls_and_of_the_service_begin_it_anew(readings: Sequence[Traffic], is_proof: bool) -> None:
    assert watched(*readings).is_proof is is_proof


def test_an_event_is_new_by_the_clock_of_whoever_logged_it() -> None:
    """The clock of a VM may be off by years: events are compared with each other."""
    past = Traffic(Calls(1, 1), {25064: datetime.fromisoformat("1999-01-01T00:00:00+00:00")}, {})
    newer = Traffic(Calls(0, 0), {25064: datetime.fromisoformat("1999-01-01T00:00:01+00:00")}, {})
    assert watched(*[past] * 6, Traffic(Calls(0, 0), past.failures, {})).is_proof
    assert not watched(*[past] * 6, newer).is_proof


UNREAD = Unknown("the mediation VM could not be asked")


@pytest.mark.parametrize(
    ("readings", "is_proof"),
    [
        ([UNREAD] * 9, False),
        (LASTED[:3] + [UNREAD] + LASTED[3:], False),
        ([*LASTED, UNREAD], False),
        ([*LASTED, UNREAD, seen(0, 0)], True),
        (LASTED[:-1] + [UNREAD, seen(0, 0)], False),
        ([*LASTED[:-1], UNREAD, seen(1, 1, started=1), *both(1, 0)], False),
    ],
    ids=["never read", "a gap", "not at the end", "read again", "a fall in the gap", "a restart in the gap"],
)
def test_what_cannot_be_read_is_no_evidence(readings: Sequence[Reading[Traffic]], is_proof: bool) -> None:
    assert watched(*readings).is_proof is is_proof


def test_what_was_seen_is_said() -> None:
    told = watched(*[seen(2, 0)] * 6, seen(1, 0, failed=3), UNREAD).told()
    assert "inbound at most 1 at once, 0 ended after lasting; outbound no call" in told
    assert "events of failed calls (25064)" in told and "could not be asked" in told and "7 readings in 90 s" in told
    assert "start or stop" in watched(seen(1, 1), seen(0, 0, started=1)).told()


def test_progress_stays_the_same_while_nothing_new_is_seen() -> None:
    assert watched(*both(0, 0)).progress() == watched(*both(0, 0, 0, 0)).progress()


def test_of_each_number_the_newest_event_counts() -> None:
    events = [Event(25064, NOW, ""), Event(25064, NOW + MINUTE, ""), Event(25062, NOW, "")]
    assert proof.newest(events) == {25064: NOW + MINUTE, 25062: NOW}


# --- sign-offs --------------------------------------------------------------------------------------------------------------

SINCE = NOW - 10 * MINUTE


def signed(minutes: float, **more: str) -> SignOff:
    """A sign-off so many minutes after the appliance was first seen."""
    return SignOff("Ann", SINCE + minutes * MINUTE, **(more or {"appliance": "cce-1"}))


@pytest.mark.parametrize(
    ("given", "serves", "words"),
    [
        ([], False, ""),
        ([signed(5)], True, ""),
        ([signed(10)], True, ""),
        ([signed(0)], False, "before cce-1 was first seen"),
        ([signed(-5)], False, "before cce-1 was first seen"),
        ([signed(11)], False, "yet to come"),
        ([signed(5, appliance="cce-2")], False, "names cce-2, not cce-1"),
        ([signed(5, site="oslo")], True, ""),
        ([signed(5, site="bergen")], False, "names site bergen, not cce-1"),
        ([signed(5, appliance="cce-2", site="oslo")], False, "names cce-2"),
        ([signed(-5), signed(5)], True, ""),
        ([signed(11), signed(5)], True, ""),
    ],
    ids=[
        "none", "after", "now", "at that moment", "before", "future", "another appliance", "the site", "another site",
        "another of the site", "an old and a new one", "a future and a good one",
    ],
)  # fmt: skip
def test_a_sign_off_names_the_appliance_or_its_site_and_a_time_after_the_switch(
    given: Sequence[SignOff], serves: bool, words: str
) -> None:
    found, why_not = proof.judged(given, "cce-1", "oslo", SINCE, NOW)
    assert (found is not None) is serves and words in why_not and (bool(why_not) is bool(words))


def test_where_the_site_is_not_known_a_sign_off_for_a_site_serves_nobody() -> None:
    assert proof.judged([SignOff("Ann", NOW, site="")], "cce-1", "", SINCE, NOW)[0] is None


WRITTEN = {"appliance": "cce-1", "by": "Ann", "at": "2026-01-31T04:00:00+01:00"}


def test_a_sign_off_is_read() -> None:
    (made,) = proof.sign_offs([{**WRITTEN, "reason": "by mobile", "site": None}])
    assert (made.by, made.appliance, made.at.isoformat()) == ("Ann", "cce-1", "2026-01-31T03:00:00+00:00")
    assert made.told() == "signed off for cce-1: by mobile"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"at": "2026-01-31T04:00:00"}, "no zone"),
        ({"at": "now"}, "is none"),
        ({"at": ""}, "is none"),
        ({"by": " "}, "names the person"),
        ({"site": "oslo"}, "one of the two"),
        ({"appliance": ""}, "one of the two"),
    ],
)
def test_a_sign_off_that_is_not_whole_is_refused(changes: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        proof.sign_offs([{**WRITTEN, **changes}])


def test_what_to_give_is_said_as_it_can_be_given() -> None:
    said = proof.how_to_sign_off("cce-1", SINCE)
    given = json.loads(said.partition("-e '")[2].partition("'")[0])["cloud_connector_signoffs"]
    assert proof.judged(proof.sign_offs(given), "cce-1", "", SINCE, NOW)[0] is not None
