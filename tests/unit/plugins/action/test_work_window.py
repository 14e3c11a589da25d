"""The module `work_window`: a clean stop before what does not fit, by the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.action.work_window import ActionModule
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock import Clock

from tests.fleet import think

NIGHT = [{"from": "22:00", "to": "04:00", "zone": "Europe/Berlin"}]
HOUR = 3600


def ask(monkeypatch: pytest.MonkeyPatch, now: str, check: bool = False, **more: Any) -> dict[str, Any]:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    monkeypatch.setattr(ActionModule, "clock", Clock(now=lambda: at))
    given = {"site": "berlin", "windows": NIGHT, "expected": 3 * HOUR, "way_back": 2 * HOUR, **more}
    return think("work_window", {"inventory_hostname": "cce-ber-2"}, check=check, **given)


@pytest.mark.parametrize(
    ("now", "fits", "begins"),
    [
        ("2026-01-31T20:59", False, "2026-01-31T21:00:00+00:00"),
        ("2026-01-31T21:00", True, "2026-01-31T21:00:00+00:00"),
        ("2026-01-31T22:00", True, "2026-01-31T22:00:00+00:00"),
        ("2026-01-31T22:01", False, "2026-02-01T21:00:00+00:00"),
        ("2026-03-28T21:01", False, "2026-03-29T20:00:00+00:00"),
        ("2026-10-24T22:00", True, "2026-10-24T22:00:00+00:00"),
    ],
    ids=["early", "opens", "last moment", "late", "the short night of spring", "the long night of autumn"],
)
def test_what_fits_goes_on_and_what_does_not_is_a_clean_stop(
    monkeypatch: pytest.MonkeyPatch, now: str, fits: bool, begins: str
) -> None:
    found = ask(monkeypatch, now)
    assert (not found.get("failed"), found["fits"], found["begins"]) == (fits, fits, begins)
    assert fits or (found["failure"]["class"], found["failure"]["retry"]) == ("window-closed", True)


def test_the_stop_says_how_long_the_window_is_open_and_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, "2026-01-31T23:30")["msg"] == (
        "cce-ber-2 stays as it is, and nothing after its row is begun: what is left of its work may take 3 h 00 min, a way back "
        "2 h 00 min more, and the window of berlin is open until 2026-02-01 03:00 UTC. Run the same command again: the work fits "
        "from 2026-02-01 21:00 UTC on. What is done is skipped."
    )
    assert "the window of berlin is closed now" in ask(monkeypatch, "2026-01-31T12:00")["msg"]


def test_one_between_two_versions_is_said_to_have_no_high_availability(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "without high availability until then" in ask(monkeypatch, "2026-01-31T12:00", begun=True)["msg"]
    assert "high availability" not in ask(monkeypatch, "2026-01-31T12:00")["msg"]


def test_what_never_fits_says_so_and_a_retry_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask(monkeypatch, "2026-01-31T12:00", expected=9 * HOUR)
    assert "It fits into no window of berlin within 400 days" in found["msg"]
    assert (found["failure"]["retry"], found["begins"]) == (False, None)


def test_check_mode_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask(monkeypatch, "2026-01-31T12:00", check=True)
    assert (found.get("failed"), found["fits"], found["changed"]) == (None, False, False)


def test_without_windows_all_times_fit_but_for_a_freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, "2026-01-31T12:00", windows=[])["open_until"] is None
    frozen = [{"from": "2026-01-31", "to": "2026-01-31", "zone": "UTC", "reason": "x"}]
    assert ask(monkeypatch, "2026-01-31T12:00", windows=[], freeze=frozen)["begins"] == "2026-02-01T00:00:00+00:00"


CONSENT = {"by": "J. Doe", "reason": "CHG4711"}
FROZEN = [{"from": "2026-01-31", "to": "2026-01-31", "zone": "UTC", "reason": "audit"}]


@pytest.mark.parametrize(
    ("now", "more", "why"),
    [
        ("2026-01-31T12:00", {}, "the window of berlin is closed now"),
        ("2026-01-31T23:30", {}, "the window of berlin is open until 2026-02-01 03:00 UTC, which is too short"),
        ("2026-01-31T12:00", {"windows": [], "freeze": FROZEN}, "berlin is frozen now (audit)"),
    ],
    ids=["closed", "too short", "frozen"],
)
def test_in_the_name_of_a_person_it_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, now: str, more: dict[str, Any], why: str
) -> None:
    found = ask(monkeypatch, now, consent=CONSENT, **more)
    assert (found.get("failed"), found["fits"]) == (None, False)
    assert found["warnings"] == [f"cce-ber-2 is begun though {why}: J. Doe answers for that (CHG4711)."]


def test_what_fits_needs_nobody_to_answer_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "warnings" not in ask(monkeypatch, "2026-01-31T21:00", consent=CONSENT)


def test_numbers_may_be_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, "2026-01-31T22:00", expected="10800", way_back="7200.0")["fits"]


@pytest.mark.parametrize("wrong", [[{"from": "22:00"}], [{"from": "22:00", "to": "23:00", "zone": "Nowhere"}]])
def test_windows_that_cannot_be_used_are_refused(monkeypatch: pytest.MonkeyPatch, wrong: list[dict[str, str]]) -> None:
    assert ask(monkeypatch, "2026-01-31T22:00", windows=wrong)["failure"]["class"] == "option"
