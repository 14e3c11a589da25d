"""The report of a run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.report import Report

PLAN = {
    "queue": [{"name": "cce-ams-1", "site": "amsterdam"}, {"name": "cce-ber-1", "site": "berlin"}],
    "summary": ["2 to be upgraded"],
    "problems": [],
}


@pytest.fixture
def report() -> Report:
    begun = Report()
    tell(begun, "begin", playbook="upgrade_fleet", check=False)
    tell(begun, "plan", **PLAN)
    return begun


def tell(report: Report, event: str, **values: Any) -> None:
    report.apply({"event": event, "time": "2026-01-01T00:00:00+00:00", **values})


def row(report: Report, name: str) -> list[str]:
    (line,) = [line for line in report.page().splitlines() if line.startswith(f"| {name} ")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_run_that_was_killed_shows_the_step_it_was_in(report: Report) -> None:
    tell(report, "step", appliance="cce-ams-1", step="package", state="changed")
    tell(report, "step", appliance="cce-ams-1", step="configuration", state="begun")
    assert row(report, "cce-ams-1")[:5] == ["cce-ams-1", "amsterdam", "changed", "begun", ""]
    assert "in progress" in report.page().splitlines()[0]


def test_a_validated_site_is_told_at_its_last_appliance(report: Report) -> None:
    tell(report, "validated", appliance="cce-ber-1")
    assert row(report, "cce-ber-1")[-1] == "yes"
    assert row(report, "cce-ams-1")[-1] == ""


@pytest.mark.parametrize(("well", "words"), [(True, "ended well"), (False, "ended with a failure")])
def test_the_end_is_told(report: Report, well: bool, words: str) -> None:
    tell(report, "end", well=well)
    assert words in report.page().splitlines()[0]


def test_troubles_and_refusals_come_first(report: Report) -> None:
    tell(report, "plan", **{**PLAN, "problems": ["cce-ber-1 is ill"]})
    tell(report, "trouble", appliance="cce-ams-1", text="failed: no more")
    lines = report.page().splitlines()
    assert lines.index("- cce-ber-1 is ill") < lines.index("- cce-ams-1: failed: no more")
    assert lines.index("- cce-ams-1: failed: no more") < lines.index("## Appliances, in the order of the plan")


def test_check_mode_is_told() -> None:
    report = Report()
    tell(report, "begin", playbook="upgrade_fleet", check=True)
    assert "check mode" in report.page()


def test_text_of_an_appliance_stays_text(report: Report) -> None:
    tell(report, "trouble", appliance="cce-ams-1", text="<script>|\n# not a heading")
    assert r"&lt;script>\| \# not a heading" in report.page()


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\ud800"])
def test_what_a_terminal_would_obey_is_replaced(report: Report, sign: str) -> None:
    tell(report, "trouble", appliance="cce-ams-1", text=f"a{sign}b")
    assert "cce-ams-1: a\ufffdb" in report.page()
    report.page().encode()


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2028"])
def test_a_text_of_an_appliance_makes_no_line_of_its_own(report: Report, end: str) -> None:
    tell(report, "trouble", appliance="cce-ams-1", text=f"a{end}- forged")
    assert "- cce-ams-1: a - forged" in report.page().split("\n")


# --- how long it took ---------------------------------------------------------------------------------------------------

WHOLE = [("package", "begun", 0), ("package", "changed", 5), ("version", "changed", 50), ("health", "passed", 59)]


def measured(steps: list[tuple[str, str, int]], check: bool = False, target: str = "2.1") -> float | None:
    """The seconds that the last of the steps ends, each given with its minute."""
    report = Report()
    tell(report, "begin", playbook="upgrade_fleet", check=check)
    tell(report, "plan", **PLAN, target=target)
    found = None
    for step, state, minute in steps:
        time = f"2026-01-01T00:{minute:02}:00+00:00"
        event = {"event": "step", "time": time, "appliance": "cce-ams-1", "step": step, "state": state}
        report.apply(event)
        found = report.measure(event)
    return found and found.seconds


def test_a_whole_upgrade_is_measured_from_the_msi_to_health() -> None:
    assert measured(WHOLE) == 59 * 60
    assert measured(WHOLE[:-1]) is None


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_part_of_an_upgrade_is_not_measured(missing: int) -> None:
    assert measured([step for place, step in enumerate(WHOLE) if place != missing]) is None


def test_neither_a_prediction_nor_an_unknown_target_is_measured() -> None:
    assert measured(WHOLE, check=True) is None
    assert measured(WHOLE, target="") is None


def test_a_step_that_had_nothing_to_do_is_no_upgrade() -> None:
    assert (
        measured([(step, state.replace("changed", "nothing to do"), minute) for step, state, minute in WHOLE]) is None
    )


def test_the_steps_of_a_whole_upgrade_are_measured_too() -> None:
    report = Report()
    tell(report, "plan", **PLAN, target="2.1")
    found = None
    for step, state, minute in [*WHOLE[:2], ("version", "begun", 20), WHOLE[2], ("health", "begun", 50), WHOLE[3]]:
        time = f"2026-01-01T00:{minute:02}:00+00:00"
        event = {"event": "step", "time": time, "appliance": "cce-ams-1", "step": step, "state": state}
        report.apply(event)
        found = report.measure(event)
    assert found is not None and found.steps == {"package": 300.0, "version": 1800.0, "health": 540.0}


def test_rows_are_shown_where_appliances_go_side_by_side(report: Report) -> None:
    assert "row" not in report.page()
    beside = [{**turn, "row": 2} for turn in PLAN["queue"]]  # type: ignore[attr-defined]
    tell(report, "plan", **{**PLAN, "queue": beside})
    assert row(report, "cce-ams-1")[-1] == row(report, "cce-ber-1")[-1] == "2"
