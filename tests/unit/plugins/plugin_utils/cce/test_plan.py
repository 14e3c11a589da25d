from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health, slot, windows
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance, Commissioned, Proof
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.intent import Approved
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.pace import Pace
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.plan import Plan
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.planning import make_plan
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.settings import Settings
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import (
    Consent,
    Observation,
    Policy,
    Site,
    Unreadable,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.steps_left import progress
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.upgrade import NAMES
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.waivers import Waiver

from .builders import NOW, OLD_BUILD, healthy, ini_text, machines

CONSENT = Consent("2026-01-31T04:00:00Z", "mobile", "night shift")
TARGET = Version("2.1")
UNREAD = Unknown("no answer")
SILENT = Unreadable("no answer")
DONE = healthy("2.1", backup="2.0.1")
DISMANTLED = healthy(
    module_present=False, scripts=None, running=UNREAD, backup=UNREAD, calls=UNREAD, saved={"scripts": "2.0.1"}
)
STAGED = healthy(scripts="2.1", backup="2.1", machines=machines("2.0.1") + machines("2.1", "Off"))


def berlin(*appliances: Observation, peak: int = 300) -> Site:
    """Each with a computer of its own."""
    named = {f"ber-{number}": numbered(found, number) for number, found in enumerate(appliances, 1)}
    return Site("berlin", Policy(peak), named)


def numbered(found: Observation, number: int) -> Observation:
    return found if isinstance(found, Unreadable) else found.with_changes(computer_name=f"cce-ber-{number}")


def amsterdam(appliance: Appliance | None = None, consent: Consent | None = CONSENT) -> Site:
    return Site("amsterdam", Policy(300, consent), {"ams-1": appliance or healthy()})


def plan(*sites: Site, limit: set[str] | None = None) -> Plan:
    return make_plan(TARGET, sites, limit, NOW)


def hosts(made: Plan) -> list[str]:
    return [entry.host for entry in made.entries]


def snapshot(target: str = "2.1", compared: str | None = None) -> dict[str, Any]:
    """A snapshot as a survey reads it."""
    return {"target": target, "running": "2.0.1", "taken": NOW.isoformat(), "compared": compared}


# --- where an appliance stands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("appliance", "steps", "resumes"),
    [
        (healthy(), NAMES, False),
        (healthy(jobs=("package-2.1",)), NAMES, True),
        (DISMANTLED, NAMES, True),
        (healthy(scripts="2.1"), NAMES[1:], True),
        (healthy(scripts="2.1", backup="2.0"), NAMES[1:], True),
        (healthy(scripts="2.1", jobs=("package-2.1",)), NAMES, True),
        (STAGED, ("version", "health", "call_proof"), True),
        (STAGED.with_changes(jobs=("install-2.1",)), ("deployment", "version", "health", "call_proof"), True),
        (DONE.with_changes(jobs=("switch-2.1",)), ("version", "health", "call_proof"), True),
        (DONE, (), False),
    ],
    ids=["new", "msi", "dismantled", "scripts", "old backup", "msi done", "staged", "install", "switching", "done"],
)
def test_steps_to_go(appliance: Appliance, steps: tuple[str, ...], resumes: bool) -> None:
    found = progress(appliance, TARGET)
    assert (found.refused, found.steps, found.resumes) == (False, steps, resumes)


@pytest.mark.parametrize(
    ("appliance", "reason"),
    [
        (SILENT, "could not be read (no answer)"),
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
def test_nobody_goes_on_here(appliance: Observation, reason: str) -> None:
    found = progress(appliance, TARGET)
    assert found.refused
    assert reason in found.reason


# --- the fleet --------------------------------------------------------------------------------------------------------


def test_order_is_that_of_the_inventory_one_last_in_each_site() -> None:
    made = plan(amsterdam(), berlin(healthy(), healthy()))
    assert not made.refusals
    assert hosts(made) == ["ams-1", "ber-1", "ber-2"]
    assert [entry.host for entry in made.entries if entry.last_of_site] == ["ams-1", "ber-2"]
    assert made.message == "3 to be upgraded to 2.1, one at a time: ams-1, ber-1, ber-2."


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        (snapshot(), ("health",)),
        (snapshot(compared=NOW.isoformat()), ()),
        (snapshot(target="2.0.1"), ()),
        (None, ()),
    ],
)
def test_one_that_was_not_compared_with_its_snapshot_is_not_done(found: Any, steps: tuple[str, ...]) -> None:
    """A run that stopped for a difference would else go on past it the next time."""
    assert progress(DONE.with_changes(snapshot=found), TARGET).steps == steps
    assert progress(healthy(snapshot=found), TARGET).steps == NAMES


def test_a_snapshot_that_cannot_be_read_is_no_passed_comparison() -> None:
    assert progress(DONE.with_changes(snapshot=UNREAD), TARGET).refused


def test_what_is_done_is_skipped_with_its_reason() -> None:
    made = plan(berlin(healthy(), DONE))
    assert hosts(made) == ["ber-1"]
    assert made.entries[0].last_of_site
    assert [(skip.host, skip.reason) for skip in made.skips] == [("ber-2", "at 2.1, healthy, its calls proven")]


UNPROVEN = DONE.with_changes(proof=None)


@pytest.mark.parametrize(
    "appliance",
    [UNPROVEN, DONE.with_changes(proof=Proof(Version("2.0.1"), "signoff", NOW, "Ann", "two calls"))],
    ids=["none", "of another version"],
)
def test_an_appliance_at_the_target_without_a_proof_has_that_step_to_go(appliance: Appliance) -> None:
    made = plan(amsterdam(appliance), berlin(DONE, DONE))
    (entry,) = made.entries
    assert (entry.host, entry.steps, entry.resumes, entry.consent) == ("ams-1", ("call_proof",), True, False)
    assert entry.reason == "at 2.1 and healthy, but no call was proven" and not made.empty


def test_one_without_a_proof_comes_before_those_that_were_not_begun() -> None:
    made = plan(berlin(healthy(), UNPROVEN))
    assert [(entry.host, entry.steps) for entry in made.entries] == [("ber-2", ("call_proof",)), ("ber-1", NAMES)]


def test_a_limit_does_not_lead_past_a_neighbour_without_a_proof() -> None:
    (refusal,) = plan(berlin(healthy(), UNPROVEN), limit={"ber-1"}).refusals
    assert refusal.host == "ber-2" and "runs 2.1, and no call was proven on it" in refusal.reason


def test_of_a_neighbour_at_another_version_no_proof_is_asked() -> None:
    assert plan(berlin(healthy(), healthy()), limit={"ber-1"}).refusals == ()


@pytest.mark.parametrize("limit", [None, {"ber-1"}])
def test_a_proof_that_cannot_be_read_refuses(limit: set[str] | None) -> None:
    (refusal,) = plan(berlin(healthy(), DONE.with_changes(proof=UNREAD)), limit=limit).refusals
    assert refusal.host == "ber-2"


def test_the_plan_of_an_upgraded_fleet_is_empty_and_says_so() -> None:
    made = plan(amsterdam(DONE), berlin(DONE, DONE))
    assert made.empty
    assert made.idle_sites == ("amsterdam", "berlin")
    assert made.message == "Every appliance of this run is at 2.1, healthy, its calls proven: there is nothing to do."


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
        (SILENT, "is not in this run, but of its site, and could not be read (no answer)"),
        (healthy(tenant_maintenance=True), "is not well: tenant_maintenance"),
        (STAGED, "is not well: scripts"),
    ],
)
def test_a_neighbour_outside_the_limit_must_be_well(neighbour: Observation, words: str) -> None:
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


def test_the_appliances_before_one_in_the_queue_count_as_well_again() -> None:
    """The first, between two versions, does not count at its own turn; at that of the second it is upgraded and well."""
    made = plan(berlin(STAGED, healthy(), peak=500))
    assert (made.refusals, hosts(made)) == ((), ["ber-1", "ber-2"])
    assert [entry.consent for entry in made.entries] == [False, False]


def test_two_between_two_versions_do_not_wait_for_each_other_for_ever() -> None:
    made = plan(berlin(STAGED, healthy(scripts="2.1"), peak=500))
    assert (made.refusals, hosts(made)) == ((), ["ber-1", "ber-2"])


def test_a_neighbour_between_two_versions_gives_no_room_for_an_exchange_of_the_msi() -> None:
    made = plan(berlin(healthy(scripts="2.1", jobs=("package-2.1",)), STAGED, peak=500))
    assert [refusal.host for refusal in made.refusals] == ["ber-1"]
    assert "ber-2 does not count (scripts:" in made.refusals[0].reason


def held_by(number: int) -> dict[str, Any]:
    return {"slot": slot.make(f"ber-{number}", f"cce-ber-{number}", "upgrade", NOW, "0" * 32)}


def test_the_one_that_holds_the_slot_comes_first() -> None:
    both = STAGED.with_changes(**held_by(2))
    made = plan(berlin(both, both, peak=500))
    assert (made.refusals, hosts(made)) == ((), ["ber-2", "ber-1"])


def test_once_the_holder_of_the_slot_is_done_the_others_have_it_in_their_turn() -> None:
    staged = STAGED.with_changes(**held_by(3))
    made = plan(berlin(staged, staged, staged, peak=1000))
    assert (made.refusals, hosts(made)) == ((), ["ber-3", "ber-1", "ber-2"])


def test_while_one_outside_the_queue_holds_the_slot_a_neighbour_between_versions_does_not_count() -> None:
    staged = STAGED.with_changes(**held_by(9))
    assert [refusal.host for refusal in plan(berlin(staged, staged, peak=500)).refusals] == ["ber-1"]


def test_one_computer_behind_two_names_refuses_the_run() -> None:
    twins = Site("berlin", Policy(300), {"ber-1": healthy(), "ber-2": healthy(), "ber-3": healthy(number=3)})
    assert [refusal.reason for refusal in plan(twins).refusals] == [
        "ber-2 answers as the same computer as ber-1: correct ansible_host of one of them."
    ]


INIS = {f"ber-{number}": ini_text(number=number) for number in (1, 2)}


def old_ini(site: str = "berlin", number: int = 1) -> str:
    return ini_text(site, number, build=OLD_BUILD)


def own(number: int, **changes: Any) -> Appliance:
    return healthy(number=number, **changes)


@pytest.mark.parametrize(
    ("first", "refused"),
    [
        (own(1), []),
        (own(1, ini_imported=old_ini(number=1).replace("ms-berlin-1", "MS-BERLIN-1")), []),
        (own(1, ini_imported=old_ini(number=2)), ["ber-1"]),
        (own(1, ini_imported=old_ini("hamburg", number=1)), ["ber-1"]),
        (own(1, ini_imported=old_ini(number=1), ini_appliance=old_ini(number=2)), []),
        (SILENT, ["ber-1"]),
    ],
    ids=["same", "case", "neighbour", "other site", "not in force", "unreadable"],
)
def test_an_appliance_whose_ini_in_force_is_of_another_one_is_refused(first: Observation, refused: list[str]) -> None:
    both = Site("berlin", Policy(300), {"ber-1": first, "ber-2": own(2)})
    made = make_plan(TARGET, [both], None, NOW, INIS)
    assert [refusal.host for refusal in made.refusals] == refused


def test_two_swapped_addresses_are_told_with_what_differs() -> None:
    swapped = Site("berlin", Policy(300), {"ber-1": own(2), "ber-2": own(1)})
    first, second = make_plan(TARGET, [swapped], None, NOW, INIS).refusals
    assert (first.host, second.host) == ("ber-1", "ber-2")
    assert first.reason == (
        "ber-1 is not the appliance that the ini of the inventory is of (mediation fqdn ms-berlin-1.cce.local in the new ini, "
        "ms-berlin-2.cce.local in force; mediation address 10.2.1.3 in the new ini, 10.2.2.3 in force): look at ansible_host "
        "first."
    )


def test_the_ini_of_one_outside_the_limit_is_not_compared() -> None:
    foreign = own(2, ini_imported=old_ini(number=3))
    both = Site("berlin", Policy(300), {"ber-1": own(1), "ber-2": foreign})
    assert not make_plan(TARGET, [both], {"ber-1"}, NOW, INIS).refusals


# --- changes of the ini -----------------------------------------------------------------------------------------------

GATEWAY = ("IP=10.2.99.1", "IP=10.2.99.7")


def with_new_ini(first: Appliance, text: str, accepted: tuple[str, ...] = ()) -> Plan:
    """The plan of a site whose first appliance has that ini in the inventory."""
    both = Site("berlin", Policy(300), {"ber-1": first, "ber-2": own(2)})
    return make_plan(TARGET, [both], None, NOW, {**INIS, "ber-1": text}, {"ber-1": accepted})


def test_a_change_of_the_ini_that_nobody_declared_refuses_the_plan_by_its_name() -> None:
    (refusal,) = with_new_ini(own(1), INIS["ber-1"].replace(*GATEWAY)).refusals
    assert refusal.host == "ber-1"
    assert "Gateway1/IP is '10.2.99.1' in force and '10.2.99.7' in the new ini" in refusal.reason
    assert "cloud_connector_accepted_ini_changes" in refusal.reason


@pytest.mark.parametrize("accepted", [("Gateway1/IP",), ("gateway1/ip", "Common/City")])
def test_a_declared_change_is_planned(accepted: tuple[str, ...]) -> None:
    made = with_new_ini(own(1), INIS["ber-1"].replace(*GATEWAY), accepted)
    assert not made.refusals and hosts(made) == ["ber-1", "ber-2"]
    said = "ini: Gateway1/IP is '10.2.99.1' in force and '10.2.99.7' in the new ini, as was declared."
    assert [said in entry.notes for entry in made.entries] == [True, False]


def test_a_declared_change_that_is_done_is_no_error() -> None:
    assert not with_new_ini(own(1), INIS["ber-1"], ("Gateway1/IP",)).refusals


def test_where_nothing_was_ever_imported_the_ini_of_the_appliance_directory_counts() -> None:
    first = own(1, ini_imported=None, ini_appliance=old_ini())
    assert "Gateway1/IP" in with_new_ini(first, INIS["ber-1"].replace(*GATEWAY)).refusals[0].reason


def test_an_ini_in_force_that_cannot_be_read_refuses_the_plan() -> None:
    (refusal,) = with_new_ini(own(1, ini_imported=UNREAD), INIS["ber-1"]).refusals
    assert refusal.reason == "ber-1 has an ini in force that could not be read (no answer)."


def test_an_appliance_that_is_left_as_it_is_gets_no_ini() -> None:
    done = healthy("2.1", backup="2.0.1", number=1)
    assert not with_new_ini(done, INIS["ber-1"].replace(*GATEWAY)).refusals
    assert not with_new_ini(done.with_changes(ini_imported=UNREAD), INIS["ber-1"]).refusals


def test_the_old_ini_with_the_new_keys_is_refused_by_its_build_number() -> None:
    (refusal,) = with_new_ini(own(1), old_ini()).refusals
    assert f"has an ini of that very build number in force, {OLD_BUILD}" in refusal.reason


def test_an_ini_that_is_in_force_already_has_its_own_build_number() -> None:
    begun = own(1, scripts="2.1", ini_imported=INIS["ber-1"])
    assert not with_new_ini(begun, INIS["ber-1"]).refusals


def test_the_age_of_a_reading_refuses_no_plan() -> None:
    """A fleet takes minutes to be read; whether an appliance may leave service is decided again right before."""
    old = healthy(read_at=NOW - timedelta(minutes=10))
    assert not plan(berlin(old, old)).refusals


def test_two_staged_ones_take_their_turns() -> None:
    assert hosts(plan(berlin(STAGED, healthy(), STAGED, peak=500))) == ["ber-1", "ber-3", "ber-2"]


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
    assert make_plan(TARGET, [berlin(healthy(), healthy())], None, NOW.replace(year=2027)).hash == before.hash


@pytest.mark.parametrize(
    "other",
    [
        make_plan(Version("2.0.1"), [berlin(healthy(), healthy())], None, NOW),
        make_plan(TARGET, [berlin(healthy(), healthy(), peak=301)], None, NOW),
        make_plan(TARGET, [berlin(healthy(), healthy(), healthy())], None, NOW),
        make_plan(TARGET, [berlin(healthy(), healthy())], {"ber-1"}, NOW),
        make_plan(TARGET, [Site("berlin", Policy(300), {"ber-2": healthy(), "ber-1": healthy()})], None, NOW),
        make_plan(TARGET, [Site("berlin", Policy(300, CONSENT), {"ber-1": healthy(), "ber-2": healthy()})], None, NOW),
    ],
    ids=["target", "peak", "hosts", "limit", "order", "consent"],
)
def test_another_intent_has_another_hash(other: Plan) -> None:
    assert other.hash != plan(berlin(healthy(), healthy())).hash


def test_the_plan_is_json() -> None:
    made: dict[str, Any] = json.loads(json.dumps(plan(amsterdam(), berlin(healthy(), DONE)).to_dict()))
    assert made["entries"][0]["steps"] == list(NAMES)
    assert made["order"].startswith("The canary first, then sites by their priority")
    assert made["empty"] is False


def test_the_first_reason_is_told_and_the_others_counted() -> None:
    one, three = plan(berlin(SILENT, healthy())), plan(berlin(SILENT, SILENT, SILENT))
    assert one.message.endswith("ber-1 could not be read (no answer).")
    assert three.message.endswith("There are 2 more reasons.")


def test_a_site_that_is_refused_is_not_idle() -> None:
    assert plan(berlin(SILENT, DONE)).idle_sites == ()
    assert plan(amsterdam(), berlin(DONE, DONE)).idle_sites == ("berlin",)


def test_an_entry_says_what_runs_and_what_is_open() -> None:
    (entry,) = plan(amsterdam(STAGED.with_changes(jobs=("install-2.1",)))).entries
    assert (entry.running, entry.notes) == ("2.0.1", ())
    assert entry.reason == "scripts 2.1, running 2.0.1, backup 2.1, open jobs install-2.1"
    assert progress(STAGED, TARGET).reason == "scripts 2.1, running 2.0.1, backup 2.1"


def test_of_a_dismantled_one_it_is_not_known_what_runs() -> None:
    (entry,) = plan(amsterdam(DISMANTLED)).entries
    assert entry.running is None


def test_automatic_update_that_is_on_is_told_and_one_that_could_not_be_read_refuses_the_plan() -> None:
    """It could begin an update of its own between two steps of ours (cloud-connector.md 5.4): the role suspends it first."""
    sites = [Site("berlin", Policy(100), {"b1": healthy(auto_update=True), "b2": healthy(number=2)})]
    plan = make_plan(TARGET, sites, None, NOW)
    assert plan.refusals == () and [len([n for n in one.notes if "suspends it" in n]) for one in plan.entries] == [1, 0]
    unread = [Site("berlin", Policy(100), {"b1": healthy(auto_update=Unknown("no")), "b2": healthy(number=2)})]
    refusals = make_plan(TARGET, unread, None, NOW).refusals
    assert [refusal.host for refusal in refusals] == ["b1"] and "auto_update" in refusals[0].reason


# --- order, rows, windows, waivers ----------------------------------------------------------------------------------------


def cairo(*appliances: Observation) -> Site:
    named = {f"cai-{place}": found for place, found in enumerate(appliances or (healthy(), healthy(number=2)), 1)}
    return Site("cairo", Policy(300), named)


FLEET = (amsterdam(), berlin(healthy(), healthy()), cairo())
NIGHT = [{"from": "22:00", "to": "04:00", "zone": "Europe/Berlin"}]


def planned(*sites: Site, limit: set[str] | None = None, **settings: Any) -> Plan:
    return make_plan(TARGET, sites or FLEET, limit, NOW, settings=Settings(**settings))


@pytest.mark.parametrize(
    ("settings", "order"),
    [
        ({}, ("amsterdam", "berlin", "cairo")),
        ({"canary": "berlin"}, ("berlin", "amsterdam", "cairo")),
        ({"priorities": {"cairo": 5}}, ("cairo", "amsterdam", "berlin")),
        ({"priorities": {"cairo": 5, "berlin": -1}}, ("berlin", "cairo", "amsterdam")),
        ({"priorities": {"cairo": 1, "berlin": 1}}, ("berlin", "cairo", "amsterdam")),
        ({"canary": "amsterdam", "priorities": {"cairo": 1, "amsterdam": 9}}, ("amsterdam", "cairo", "berlin")),
    ],
    ids=["inventory", "canary", "priority", "two", "the same", "canary first"],
)
def test_the_canary_comes_first_then_sites_by_priority_then_as_in_the_inventory(
    settings: dict[str, Any], order: tuple[str, ...]
) -> None:
    made = planned(**settings)
    assert made.sites == order
    assert tuple(dict.fromkeys(entry.site for entry in made.entries)) == order
    assert [entry.host for entry in made.entries if entry.last_of_site] == [
        made.entries_of(site)[-1].host for site in order
    ]


def test_with_several_sites_at_once_the_first_is_alone_and_one_of_each_goes_side_by_side() -> None:
    assert planned(sites_at_once=2).rows == (("ams-1",), ("ber-1", "cai-1"), ("ber-2", "cai-2"))
    assert planned().rows == (("ams-1",), ("ber-1",), ("ber-2",), ("cai-1",), ("cai-2",))
    assert planned(sites_at_once=2, canary="cairo").rows == (("cai-1",), ("cai-2",), ("ams-1", "ber-1"), ("ber-2",))
    assert "at 2 sites at once after the first site" in planned(sites_at_once=2).message


def test_an_idle_site_has_a_turn_in_the_rows_too() -> None:
    done = cairo(DONE, DONE.with_changes(computer_name="other"))
    assert planned(amsterdam(), berlin(healthy(), healthy()), done, sites_at_once=2).rows == (
        ("ams-1",), ("ber-1", "cai-1"), ("ber-2",),
    )  # fmt: skip


def test_a_plan_says_when_each_can_begin_and_when_it_is_done() -> None:
    made = planned(pace=Pace(3600, 7200))
    assert [entry.begins for entry in made.entries] == [f"2026-01-31T0{1 + hour}:00:00+00:00" for hour in range(5)]
    assert made.ends == NOW + timedelta(hours=5) and not any(entry.waits for entry in made.entries)
    assert made.width == 1


def test_each_waits_for_the_windows_of_its_site() -> None:
    calendars = {"berlin": windows.parse(NIGHT, [])}
    made = planned(pace=Pace(3600, 7200), way_back=3600, calendars=calendars)
    assert {entry.host: (entry.begins, entry.waits) for entry in made.entries if entry.site != "cairo"} == {
        "ams-1": ("2026-01-31T01:00:00+00:00", False),
        "ber-1": ("2026-01-31T21:00:00+00:00", True),
        "ber-2": ("2026-01-31T22:00:00+00:00", True),
    }


def test_what_fits_into_no_window_refuses_the_plan() -> None:
    made = planned(pace=Pace(5 * 3600, 5 * 3600), calendars={"berlin": windows.parse(NIGHT, [])}, way_back=7200.0 + 60)
    assert [refusal.host for refusal in made.refusals] == ["ber-1", "ber-2"]
    assert made.refusals[0].reason == (
        "ber-1 fits into no window of berlin: it may take 5 h 00 min, a way back 2 h 01 min more, and the longest window is 7 h "
        "00 min."
    )
    assert (made.rows, made.ends) == ((), None)


SWITCHING = DONE.with_changes(jobs=("switch-2.1",))


@pytest.mark.parametrize(
    ("appliance", "past"),
    [
        (healthy(), False),
        (STAGED, False),
        (DISMANTLED, False),
        (SWITCHING, True),
        (STAGED.with_changes(jobs=("switch-2.1",)), True),
    ],
    ids=["new", "staged", "dismantled", "switched", "switching"],
)
def test_one_whose_switch_was_begun_goes_on_outside_of_windows_and_others_wait(
    appliance: Appliance, past: bool
) -> None:
    noon = [{"from": "12:00", "to": "23:00", "zone": "UTC"}]
    (entry,) = planned(amsterdam(appliance), calendars={"amsterdam": windows.parse(noon, [])}).entries
    assert entry.past_switch is past
    assert entry.begins == (NOW.isoformat() if past else "2026-01-31T12:00:00+00:00")


def waiver(check: str = "pending_restart", **more: str) -> Waiver:
    return Waiver(
        **{"check": check, "owner": "Ann", "reason": "4711", "expires": "2026-03-31", "site": "amsterdam", **more}
    )


WAITING = healthy(pending_restart=("Windows Update",))


def test_a_waived_gate_is_planned_and_said() -> None:
    assert planned(amsterdam(WAITING)).refusals
    made = planned(amsterdam(WAITING), waivers=(waiver(), waiver("disk")))
    assert not made.refusals and made.warnings == ()
    (entry,) = made.entries
    assert [line.partition(":")[0] for line in entry.waived] == ["pending_restart", "disk"]
    assert [line.partition(":")[0] for line in entry.notes] == ["memory"]
    assert (entry.gates["pending_restart"], entry.gates["elevation"], entry.gates["memory"]) == (
        "WAIVED",
        "PASS",
        "MANUAL",
    )


FIRST = (
    "pending_restart: waiting for a restart of the host: Windows Update; it is restarted first, in maintenance mode "
    "(cloud_connector_on_restart_required)."
)


@pytest.mark.parametrize(
    ("appliance", "restarts", "refused", "said"),
    [
        (WAITING, False, True, ()),
        (WAITING, True, False, (FIRST,)),
        (healthy(), True, False, ()),
        (healthy(pending_restart=Unknown("no answer")), True, True, ()),
        (healthy(pending_restart=("Windows Update",), elevated=False), True, True, ()),
    ],
    ids=["refused", "restarted first", "waits for none", "unread", "another gate"],
)
def test_a_host_that_waits_for_a_restart_is_restarted_first_where_that_is_declared(
    appliance: Appliance, restarts: bool, refused: bool, said: tuple[str, ...]
) -> None:
    made = planned(amsterdam(appliance), restarts_first=restarts)
    assert bool(made.refusals) is refused
    assert tuple(note for entry in made.entries for note in entry.notes if note.startswith("pending")) == said


def test_a_waiver_that_has_ended_refuses_again_and_is_named() -> None:
    made = planned(amsterdam(WAITING), waivers=(waiver(expires="2026-01-30"),))
    assert [refusal.host for refusal in made.refusals] == ["ams-1"]
    assert "has ended (2026-01-30, Ann)" in made.warnings[0]


def test_a_waiver_that_nothing_needs_is_named_and_one_of_another_site_is_not() -> None:
    made = planned(amsterdam(), waivers=(waiver(), waiver(site="berlin")))
    assert made.warnings == ("The waiver of pending_restart for site amsterdam (Ann) is not needed: take it out.",)


@pytest.mark.parametrize(
    "settings",
    [
        {"canary": "berlin"},
        {"priorities": {"cairo": 1}},
        {"sites_at_once": 2},
        {"approved": Approved({"cloud_connector_waivers": [{"check": "disk"}]})},
        {"approved": Approved(sites={"berlin": {"cloud_connector_windows": NIGHT}})},
        {"approved": Approved(appliances={"ber-1": {"cloud_connector_ini": "x"}})},
    ],
    ids=["canary", "priority", "pace", "fleet", "site", "appliance"],
)
def test_what_was_approved_is_in_the_hash(settings: dict[str, Any]) -> None:
    assert planned(**settings).hash != planned().hash


def test_what_is_expected_and_what_is_waived_is_not_in_the_hash() -> None:
    assert planned(pace=Pace(1, 1), way_back=1).hash == planned().hash


def test_the_inventory_in_another_order_is_another_intent() -> None:
    assert planned(*reversed(FLEET)).hash != planned().hash
    assert planned(*reversed(FLEET), canary="amsterdam", priorities={"berlin": 1}).sites == planned().sites


# --- commissioning ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "age", "said"), [(None, 90, "never commissioned"), (10, 90, ""), (10, 9, "more than 9 days ago")]
)
def test_a_host_whose_commissioning_is_missing_or_old_is_named(days: int | None, age: int, said: str) -> None:
    done = None if days is None else Commissioned(NOW - timedelta(days=days), "0.1.0", {})
    found = {"ber-1": healthy("2.0.1", commissioned=done), "ber-2": healthy("2.0.1", 2)}
    sites = [Site("berlin", Policy(300), found)]
    entry, other = make_plan(TARGET, sites, None, NOW, settings=Settings(commissioning=age)).entries
    notes = [note for note in entry.notes if note.startswith("commissioning:")]
    assert len(notes) == bool(said) and all(said in note for note in notes)
    assert not [note for note in other.notes if note.startswith("commissioning:")]


def test_an_upgrade_that_was_begun_is_not_told_of_its_commissioning() -> None:
    begun = healthy("2.0.1", scripts=Version("2.1"), commissioned=None)
    made = make_plan(TARGET, [Site("berlin", Policy(300), {"ber-1": begun, "ber-2": healthy("2.0.1", 2)})], None, NOW)
    assert not [note for entry in made.entries for note in entry.notes if "commissioned" in note]


def test_the_health_of_an_appliance_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever needs it: its own progress, its turn, and those of its neighbours, also where they are between two versions."""
    own_health, asked = health.own_health, []

    def counted(found: Appliance) -> list[health.Check]:
        asked.append(found.computer_name)
        return own_health(found)

    monkeypatch.setattr(health, "own_health", counted)
    assert hosts(plan(berlin(STAGED, STAGED, healthy()))) == ["ber-1", "ber-2", "ber-3"]
    assert sorted(map(str, asked)) == ["cce-ber-1", "cce-ber-2", "cce-ber-3"]
