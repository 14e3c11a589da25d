from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.capacity import Consent, Policy
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.plan import STEPS, Plan, Site, make_plan, standing
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown

from .builders import NOW, healthy, machines

CONSENT = Consent("2026-01-31T04:00:00Z", "mobile", "night shift")
UNREAD = Unknown("no answer")
DONE = healthy("2.1", backup="2.0.1")
DISMANTLED = healthy(
    module_present=False, scripts=None, running=UNREAD, backup=UNREAD, calls=UNREAD, saved={"scripts": "2.0.1"}
)
STAGED = healthy(scripts="2.1", backup="2.1", machines=machines("2.0.1") + machines("2.1", "Off"))


def berlin(*appliances: Appliance | Unknown, peak: int = 300) -> Site:
    named = {f"ber-{number}": appliance for number, appliance in enumerate(appliances, 1)}
    return Site("berlin", Policy(peak), named)


def amsterdam(appliance: Appliance | None = None, consent: Consent | None = CONSENT) -> Site:
    return Site("amsterdam", Policy(300, consent), {"ams-1": appliance or healthy()})


def plan(*sites: Site, limit: set[str] | None = None) -> Plan:
    return make_plan("2.1", sites, limit, NOW)


def hosts(made: Plan) -> list[str]:
    return [entry.host for entry in made.entries]


# --- where an appliance stands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("appliance", "steps", "resumes"),
    [
        (healthy(), STEPS, False),
        (healthy(jobs=("package-2.1",)), STEPS, True),
        (DISMANTLED, STEPS, True),
        (healthy(scripts="2.1"), STEPS[1:], True),
        (healthy(scripts="2.1", backup="2.0"), STEPS[1:], True),
        (healthy(scripts="2.1", jobs=("package-2.1",)), STEPS, True),
        (STAGED, ("version", "health"), True),
        (STAGED.with_changes(jobs=("install-2.1",)), ("deployment", "version", "health"), True),
        (DONE.with_changes(jobs=("switch-2.1",)), ("version", "health"), True),
        (DONE, (), False),
    ],
    ids=["new", "msi", "dismantled", "scripts", "old backup", "msi done", "staged", "install", "switching", "done"],
)
def test_steps_to_go(appliance: Appliance, steps: tuple[str, ...], resumes: bool) -> None:
    found = standing(appliance, "2.1")
    assert (found.refused, found.steps, found.resumes) == (False, steps, resumes)


@pytest.mark.parametrize(
    ("appliance", "reason"),
    [
        (UNREAD, "could not be read (no answer)"),
        (healthy(jobs=UNREAD), "could not be read (no answer)"),
        (healthy(scripts=UNREAD), "could not be read (no answer)"),
        (healthy(running=UNREAD), "could not be read (no answer)"),
        (healthy(backup=UNREAD), "could not be read (no answer)"),
        (healthy(module_present=UNREAD), "could not be read (no answer)"),
        (DISMANTLED.with_changes(saved=None), "no record of ours"),
        (DISMANTLED.with_changes(saved=UNREAD), "could not be read"),
        (healthy(running=None), "nothing to upgrade"),
        (healthy("2.2"), "never goes back"),
        (healthy(scripts="2.2"), "never goes back"),
        (healthy("1.3.8"), "none of the known releases"),
        (healthy("2.0", scripts="2.0.1"), "has scripts 2.0.1, but 2.0 runs"),
        (healthy("2.1", scripts="2.0.1"), "has scripts 2.0.1, but 2.1 runs"),
        (healthy(jobs=("install-2.0",)), "does not lead to 2.1 (install-2.0)"),
        (healthy(jobs=("cleanup-2.1",)), "does not lead to 2.1 (cleanup-2.1)"),
        (DONE.with_changes(registration="half"), "runs 2.1, but is not well: registration"),
        (DONE.with_changes(calls=UNREAD), "runs 2.1, but is not well: counters"),
        (healthy(management_service=None), "runs 2.0.1, but is not well: management_service"),
        (healthy(tenant_logon=UNREAD), "runs 2.0.1, but is not well: tenant_logon"),
        (healthy(dotnet_release=379893), "dotnet"),
    ],
)
def test_nobody_goes_on_here(appliance: Appliance | Unknown, reason: str) -> None:
    found = standing(appliance, "2.1")
    assert found.refused
    assert reason in found.reason


# --- the fleet --------------------------------------------------------------------------------------------------------


def test_order_is_that_of_the_inventory_one_last_in_each_site() -> None:
    made = plan(amsterdam(), berlin(healthy(), healthy()))
    assert not made.refusals
    assert hosts(made) == ["ams-1", "ber-1", "ber-2"]
    assert [entry.host for entry in made.entries if entry.last_of_site] == ["ams-1", "ber-2"]
    assert made.message == "3 to be upgraded to 2.1, one at a time: ams-1, ber-1, ber-2."


def test_what_is_done_is_skipped_with_its_reason() -> None:
    made = plan(berlin(healthy(), DONE))
    assert hosts(made) == ["ber-1"]
    assert made.entries[0].last_of_site
    assert [(skip.host, skip.reason) for skip in made.skips] == [("ber-2", "at 2.1 and healthy")]


def test_the_plan_of_an_upgraded_fleet_is_empty_and_says_so() -> None:
    made = plan(amsterdam(DONE), berlin(DONE, DONE))
    assert made.empty
    assert made.idle_sites == ("amsterdam", "berlin")
    assert made.message == "Every appliance of this run is at 2.1 and healthy: there is nothing to do."


def test_what_was_begun_comes_first_in_its_site() -> None:
    assert hosts(plan(berlin(healthy(), STAGED, healthy(), peak=500))) == ["ber-2", "ber-1", "ber-3"]


@pytest.mark.parametrize("appliance", [DISMANTLED, STAGED, healthy(scripts="2.1")])
def test_a_single_appliance_between_versions_goes_on(appliance: Appliance) -> None:
    (entry,) = plan(amsterdam(appliance)).entries
    assert entry.resumes
    assert entry.consent


def test_an_ill_one_at_the_target_refuses_the_run() -> None:
    made = plan(amsterdam(), berlin(DONE.with_changes(jobs=()).with_changes(registration="none"), healthy()))
    (refusal,) = made.refusals
    assert (refusal.host, refusal.site) == ("ber-1", "berlin")
    assert made.message.startswith("The plan is refused and nothing may begin. ber-1 runs 2.1, but is not well")
    assert not made.empty


@pytest.mark.parametrize(
    ("neighbour", "words"),
    [
        (UNREAD, "is not in this run, but of its site, and could not be read (no answer)"),
        (healthy(tenant_maintenance=True), "is not well: tenant_maintenance"),
        (STAGED, "is not well: scripts"),
    ],
)
def test_a_neighbour_outside_the_limit_must_be_well(neighbour: Appliance | Unknown, words: str) -> None:
    (refusal,) = plan(berlin(healthy(), neighbour), limit={"ber-1"}).refusals
    assert refusal.host == "ber-2"
    assert words in refusal.reason


def test_a_limit_leaves_the_others_alone() -> None:
    made = plan(amsterdam(), berlin(healthy(), healthy()), limit={"ber-2"})
    assert hosts(made) == ["ber-2"]
    assert [(skip.host, skip.reason) for skip in made.skips] == [("ber-1", "not in this run")]


@pytest.mark.parametrize(("limit", "words"), [(set(), "No appliance"), ({"ber-1", "web"}, "web is no appliance")])
def test_a_limit_that_means_nothing_is_refused(limit: set[str], words: str) -> None:
    assert any(words in refusal.reason for refusal in plan(berlin(healthy(), healthy()), limit=limit).refusals)


@pytest.mark.parametrize(
    ("site", "refused"),
    [
        (amsterdam(consent=None), True),
        (amsterdam(), False),
        (berlin(healthy(), healthy(), peak=500), False),
        (berlin(healthy(), healthy(), peak=501), True),
        (berlin(healthy(), healthy(), healthy(), peak=1000), False),
        (berlin(healthy(), healthy(), healthy(), peak=1001), True),
        (berlin(*[healthy()] * 16, peak=7500), False),
        (berlin(*[healthy()] * 16, peak=7501), True),
    ],
)
def test_a_site_without_room_is_refused(site: Site, refused: bool) -> None:
    assert bool(plan(site).refusals) == refused


def test_two_staged_ones_take_their_turns() -> None:
    assert hosts(plan(berlin(STAGED, healthy(), STAGED, peak=500))) == ["ber-1", "ber-3", "ber-2"]


def test_staged_ones_do_not_count_as_spare() -> None:
    (refusal, *_) = plan(berlin(STAGED, STAGED, peak=500)).refusals
    assert "ber-2 does not count" in refusal.reason


def test_a_switched_one_no_longer_leaves_service() -> None:
    switched = DONE.with_changes(jobs=("switch-2.1",))
    assert not plan(amsterdam(switched, consent=None)).refusals


def test_a_switch_that_runs_is_waited_for_though_its_calls_cannot_be_read() -> None:
    switching = STAGED.with_changes(jobs=("switch-2.1",), calls=UNREAD)
    assert hosts(plan(amsterdam(switching, consent=None))) == ["ams-1"]


def test_a_person_is_told_of_disk_and_memory() -> None:
    (entry,) = plan(amsterdam()).entries
    assert [note.partition(":")[0] for note in entry.notes] == ["disk", "memory"]


# --- the hash ---------------------------------------------------------------------------------------------------------


def test_the_hash_stays_while_the_run_makes_progress() -> None:
    before = plan(berlin(healthy(), healthy()))
    assert plan(berlin(DONE, STAGED)).hash == before.hash
    assert make_plan("2.1", [berlin(healthy(), healthy())], None, NOW.replace(year=2027)).hash == before.hash


@pytest.mark.parametrize(
    "other",
    [
        make_plan("2.0.1", [berlin(healthy(), healthy())], None, NOW),
        make_plan("2.1", [berlin(healthy(), healthy(), peak=301)], None, NOW),
        make_plan("2.1", [berlin(healthy(), healthy(), healthy())], None, NOW),
        make_plan("2.1", [berlin(healthy(), healthy())], {"ber-1"}, NOW),
        make_plan("2.1", [Site("berlin", Policy(300), {"ber-2": healthy(), "ber-1": healthy()})], None, NOW),
        make_plan("2.1", [Site("berlin", Policy(300, CONSENT), {"ber-1": healthy(), "ber-2": healthy()})], None, NOW),
    ],
    ids=["target", "peak", "hosts", "limit", "order", "consent"],
)
def test_another_intent_has_another_hash(other: Plan) -> None:
    assert other.hash != plan(berlin(healthy(), healthy())).hash


def test_the_plan_is_json() -> None:
    made: dict[str, Any] = json.loads(json.dumps(plan(amsterdam(), berlin(healthy(), DONE)).to_dict()))
    assert made["entries"][0]["steps"] == list(STEPS)
    assert made["order"].startswith("Sites and appliances in the order of the inventory")
    assert made["empty"] is False


def test_the_first_reason_is_told_and_the_others_counted() -> None:
    one, three = plan(berlin(UNREAD, healthy())), plan(berlin(UNREAD, UNREAD, UNREAD))
    assert one.message.endswith("ber-1 could not be read (no answer).")
    assert three.message.endswith("There are 2 more reasons.")


def test_a_site_that_is_refused_is_not_idle() -> None:
    assert plan(berlin(UNREAD, DONE)).idle_sites == ()
    assert plan(amsterdam(), berlin(DONE, DONE)).idle_sites == ("berlin",)


def test_an_entry_says_what_runs_and_what_is_open() -> None:
    (entry,) = plan(amsterdam(STAGED.with_changes(jobs=("install-2.1",)))).entries
    assert (entry.running, entry.notes) == ("2.0.1", ())
    assert entry.reason == "scripts 2.1, running 2.0.1, backup 2.1, open jobs install-2.1"
    assert standing(STAGED, "2.1").reason == "scripts 2.1, running 2.0.1, backup 2.1"


def test_of_a_dismantled_one_it_is_not_known_what_runs() -> None:
    (entry,) = plan(amsterdam(DISMANTLED)).entries
    assert entry.running is None


def test_automatic_update_that_is_on_refuses_the_plan() -> None:
    """It could begin an update of its own between two steps of ours (cloud-connector.md 5.4)."""
    sites = [Site("berlin", Policy(100), {"b1": healthy(auto_update=True), "b2": healthy()})]
    refusals = make_plan("2.1", sites, None, NOW).refusals
    assert [refusal.host for refusal in refusals] == ["b1"]
    assert "auto_update" in refusals[0].reason
