"""The fleet of the demo: predicted, upgraded, and upgraded again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lab.world.demo import DEMO
from tests.integration.harness import Run, Stage

APPLIANCES = {site["name"]: site["appliances"] for site in DEMO["sites"]}
ORDER = [name for names in APPLIANCES.values() for name in names]
SPARE = [site for site, names in APPLIANCES.items() if len(names) > 1]
STEPS = 8
UPDATED = "berlin"
"""The one site whose automatic update is on."""
FLEET = {**DEMO, "sites": [{**site, "auto_update": site["name"] == UPDATED} for site in DEMO["sites"]]}


@dataclass
class Story:
    """Three runs of the same command; how many mutating cmdlets there were after each; the state after the second."""

    stage: Stage
    check: Run
    upgrade: Run
    again: Run
    mutating: list[int]
    upgraded: dict[str, Any]
    summary: dict[str, Any]
    open_shells: int


@pytest.fixture(scope="module")
def story(open_stage: Callable[..., Stage]) -> Story:
    stage = open_stage(FLEET, speed=2000)
    counts = []
    check = stage.play("--check", "--diff")
    counts.append(len(stage.mutating()))
    upgrade = stage.play("-vvvv")
    counts.append(len(stage.mutating()))
    upgraded, summary = stage.lab.get("/state")["appliances"], stage.lab.get("/summary")["sites"]
    open_shells = stage.lab.get("/wire")["total"]["open_shells"]
    again = stage.play()
    counts.append(len(stage.mutating()))
    return Story(stage, check, upgrade, again, counts, upgraded, summary, open_shells)


def test_check_mode_changes_nothing(story: Story) -> None:
    assert (story.check.code, story.mutating[0]) == (0, 0), story.check.output


@pytest.mark.parametrize(
    "line",
    [
        '+    "scripts": "2.1"',
        '+        "State=",',
        '+        "account": ".\\\\CceService",',
        '+    "backup": "2.1",',
        '+    "running": "2.1"',
    ],
    ids=["package", "configuration", "registration", "deployment", "version"],
)
def test_check_mode_shows_each_step_of_each_appliance(story: Story, line: str) -> None:
    # The new ini is shown twice: in the appliance directory and as it is imported.
    times = 2 if "State" in line else 1
    assert [shown.rstrip() for shown in story.check.output.splitlines()].count(line) == times * len(ORDER)


def test_all_appliances_end_at_the_target(story: Story) -> None:
    assert story.upgrade.code == 0, story.upgrade.output
    for name, state in story.upgraded.items():
        found = {key: state[key] for key in ("scripts", "running", "backup", "registered", "in_service", "maintenance")}
        assert found == {
            "scripts": "2.1", "running": "2.1", "backup": "2.0.1", "registered": True, "in_service": True, "maintenance": False,
        }, name  # fmt: skip


def test_old_machines_are_off_and_new_ones_on(story: Story) -> None:
    for state in story.upgraded.values():
        power = {
            version: {machine["on"] for machine in one["machines"].values()} for version, one in state["sets"].items()
        }
        assert power == {"2.0.1": {False}, "2.1": {True}}


def test_each_appliance_is_switched_once_in_the_planned_order(story: Story) -> None:
    assert [run["appliance"] for run in story.stage.cmdlets(name="Switch-CcVersion")] == ORDER


def test_appliances_are_upgraded_one_after_the_other(story: Story) -> None:
    changed = [run["appliance"] for run in story.stage.mutating()]
    assert [name for at, name in enumerate(changed) if at == 0 or changed[at - 1] != name] == ORDER


def test_never_two_appliances_of_a_site_are_out_at_once(story: Story) -> None:
    outages = sorted(story.stage.lab.entries("outage"), key=lambda outage: str(outage["time"]))
    assert {outage["appliance"] for outage in outages} == set(ORDER)
    for site in APPLIANCES:
        spans = [(outage["time"], outage["end"]) for outage in outages if outage["site"] == site]
        assert all(end <= begin for (_, end), (begin, _) in zip(spans, spans[1:], strict=False))


def test_a_site_is_read_whole_after_its_last_switch_and_before_the_next_site_begins(story: Story) -> None:
    runs = story.stage.cmdlets()
    for site, following in zip(SITES, SITES[1:], strict=False):
        last = max(at for at, run in enumerate(runs) if run["name"] == "Switch-CcVersion" and run["appliance"] in site)
        begins = min(at for at, run in enumerate(runs) if run["mutating"] and run["appliance"] in following)
        between = runs[last + 1 : begins]
        assert {run["appliance"] for run in between if run["name"] == "Get-Service"} >= set(site)


SITES = list(APPLIANCES.values())


@pytest.mark.parametrize("site", SPARE)
def test_no_call_is_lost_in_a_site_with_a_spare(story: Story, site: str) -> None:
    calls, emergency = story.summary[site]["calls"], story.summary[site]["emergency_calls"]
    assert calls["completed"] > 0 and calls["rerouted"] > 0 and emergency
    assert not {"cut", "refused"} & (set(calls) | set(emergency))
    assert story.summary[site]["shortages"] == 0


def test_an_outage_that_was_consented_to_drains_too(story: Story) -> None:
    assert "cut" not in story.summary["amsterdam"]["calls"]


def test_the_same_command_again_changes_nothing(story: Story) -> None:
    assert (story.again.code, story.mutating[2]) == (0, story.mutating[1]), story.again.output
    assert story.again.says("at 2.1, healthy, its calls proven")
    assert "changed: [" not in story.again.output


def test_the_fleet_takes_few_sessions_to_the_tenant_two_at_once_at_most_and_leaves_none_open(story: Story) -> None:
    sessions = story.stage.lab.entries("tenant_session")
    assert sessions and max(session["at_once"] for session in sessions) <= 2
    assert {(session["outcome"], session["left"]) for session in sessions} == {("removed", None)}
    # Of each appliance five in its upgrade and one in check mode; of each site one for the plan and one for the validation, in
    # each of the three runs; before the one outage a second look, after the wait for a moment without calls; two to switch
    # automatic update off and on again.
    logons = len(story.stage.cmdlets(name="New-CsOnlineSession"))
    assert logons <= (5 + 1) * len(ORDER) + 2 * 3 * len(SITES) + 1 + 2


def test_automatic_update_is_off_during_the_upgrade_of_its_site_and_on_again_after_its_validation(story: Story) -> None:
    runs = story.stage.cmdlets()
    switched = [at for at, run in enumerate(runs) if run["name"] == "Set-CsHybridPSTNSite"]
    values = [runs[at]["parameters"]["EnableAutoUpdate"] for at in switched]
    assert values == [False, True] and {runs[at]["parameters"]["Identity"] for at in switched} == {UPDATED}
    work = [at for at, run in enumerate(runs) if run["mutating"] and run["appliance"] in APPLIANCES[UPDATED]]
    lasting = [at for at in work if runs[at]["name"] in ("Start-Process", "Install-CcAppliance", "Switch-CcVersion")]
    assert switched[0] < lasting[0] and lasting[-1] < switched[1]


def test_no_shell_is_left_open(story: Story) -> None:
    assert story.open_shells == 0
