"""The out-of-service slot: whoever acts, and however many at once, one appliance of a site is out of service at a time."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import slot
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import marker_path

from tests.bench import SHARE
from tests.late import before_the_job
from tests.operations import Tapped
from tests.racing import Race

SWITCHABLE = {"scripts": "2.1", "backup": "2.1"}
SLOT = r"\\files\oslo\sfb.cloud_connector.slot"


def claimed(race: Race, name: str, operation: str = "version", token: str = "0123abcd" * 4) -> str:
    """Leaves a claim of an appliance, as a run that was killed would; returns its text."""
    computer = race.lab.appliance(name).computer.name
    moment = race.lab.world.now()
    text = slot.make(name, computer, operation, moment, token).text
    race.lab.world.network.files.write_text(SLOT, text)
    return text


def holder(race: Race) -> str | None:
    files = race.lab.world.network.files
    return str(json.loads(files.read_text(SLOT))["appliance"]) if files.exists(SLOT) else None


def entered(race: Race) -> list[str]:
    return [run.appliance for run in race.lab.record.cmdlets(name="Enter-CcUpdate")]


# --- many at once --------------------------------------------------------------------------------------------------------


def assert_one_of_five(race: Race, results: dict[str, dict[str, Any]], cmdlet: str) -> None:
    done = [name for name, result in results.items() if "failed" not in result]
    assert [run.appliance for run in race.lab.record.cmdlets(name=cmdlet)] == done and len(done) == 1
    refused = [result["msg"] for result in results.values() if "failed" in result]
    reasons = (
        f"slot of oslo is held by {done[0]} since 20",
        f"because {done[0]} does not count",
        "it was read before it took the slot",
    )
    assert all(any(reason in text for reason in reasons) for text in refused), refused
    assert {outage.appliance for outage in race.lab.record.outages()} == set(done)


def test_of_five_appliances_that_switch_at_once_one_does() -> None:
    race = Race(5, SWITCHABLE, peak_calls=0)
    assert_one_of_five(race, race.run("version", version="2.1"), "Switch-CcVersion")


def test_of_five_appliances_that_enter_maintenance_at_once_one_does() -> None:
    """Each of them had read four healthy neighbours, and two may not be missing."""
    race = Race(5, {}, peak_calls=2000)
    assert_one_of_five(race, race.run("maintenance", state="present"), "Enter-CcUpdate")
    assert race.lab.record.shortages() == []


def test_of_five_that_take_over_a_slot_that_is_over_one_does() -> None:
    race = Race(5, {}, peak_calls=2000)
    claimed(race, "cce-3")
    assert_one_of_five(race, race.run("maintenance", state="present"), "Enter-CcUpdate")
    assert race.lab.record.shortages() == []


def test_of_three_that_replace_their_msi_at_once_one_does_and_holds_the_slot() -> None:
    """Two with scripts of another version than their VMs would each keep the other from ever being finished (T8)."""
    race = Race(3, {}, peak_calls=500)
    source, sha256 = race.lab.package("2.1")
    results = race.run("package", version="2.1", source=source, sha256=sha256)
    (done,) = [name for name, result in results.items() if "failed" not in result]
    assert holder(race) == done
    installers = [
        run for run in race.lab.record.cmdlets(name="Start-Process") if "msiexec" in run.parameters["FilePath"]
    ]
    assert {run.appliance for run in installers} == {done}
    again = race.run("package", version="2.1", source=source, sha256=sha256)
    assert [name for name, result in again.items() if "failed" not in result] == [done]


def test_the_slot_of_an_upgrade_is_not_given_back_half_way() -> None:
    """It serves, but with scripts of another version than its VMs."""
    race = Race(2, {}, peak_calls=500)
    source, sha256 = race.lab.package("2.1")
    assert race.one("cce-1", "package", version="2.1", source=source, sha256=sha256)["changed"]
    result = race.one("cce-1", "maintenance", state="absent")
    assert result["changed"] is False and holder(race) == "cce-1"
    assert "keeps the out-of-service slot" in result["warnings"][0]


def test_the_next_one_may_when_the_one_before_is_back() -> None:
    race = Race(2, {}, peak_calls=500)
    for name in race.names:
        assert race.one(name, "maintenance", state="present")["changed"]
        assert race.one(name, "maintenance", state="absent")["changed"]
    assert entered(race) == race.names and holder(race) is None
    assert race.lab.record.shortages() == []


def test_a_claim_is_ended_once_so_a_late_one_never_ends_a_later_claim() -> None:
    """Two have read the same claim that is over; the slower one acts when the faster one holds the slot."""
    race = Race(2, {}, peak_calls=0)
    over = slot.parse(claimed(race, "cce-1"))
    connection = race.lab.connection("cce-2")
    fast, slow = (
        slot.make(name, name, "test", race.lab.world.now(), token * 32)
        for name, token in (("fast", "f"), ("slow", "5"))
    )
    steps = [slot.claim_steps(r"\\files\oslo", claim, over) for claim in (fast, slow)]
    # The slow one's fence has been passed already: only what comes after it is run.
    for asked in (steps[0], steps[1][1:]):
        answer = connection.exchange({"protocol": 1, "steps": asked, "answers": []})
    assert answer["stopped"] == {"name": "slot_ended", "reason": "error"}
    assert holder(race) == "fast"


# --- who may have it -----------------------------------------------------------------------------------------------------


def test_a_holder_that_is_not_back_keeps_the_others_out() -> None:
    race = Race(3, {}, peak_calls=0)
    claimed(race, "cce-1")
    race.lab.appliance("cce-1").running_set.stop_services()  # type: ignore[union-attr]
    result = race.one("cce-2", "maintenance", state="present")
    assert "slot of oslo is held by cce-1 since" in result["msg"] and "it is not back in service" in result["msg"]
    assert (entered(race), holder(race)) == ([], "cce-1")


@pytest.mark.parametrize("again", [False, True], ids=["ended", "claimed_again"])
def test_a_holder_of_another_claim_than_was_read_keeps_the_others_out(again: bool) -> None:
    """It has ended the claim that the appliance saw, and may be about to leave by a new one."""
    race = Race(3, {}, peak_calls=0)
    claimed(race, "cce-1")

    def claim_anew(request: dict[str, Any]) -> None:
        race.lab.world.network.files.remove(SLOT)
        if again:
            claimed(race, "cce-1", token="f" * 32)

    action = race.prepare("cce-2", "maintenance", state="present")
    others = action.connect
    line = Tapped(race.lab.connection("cce-1"), before=claim_anew)
    action.connect = lambda name: line if name == "cce-1" else others(name)
    result = action.run(task_vars={"inventory_hostname": "cce-2"})
    assert "it was read before it took the slot" in result["msg"] and entered(race) == []


def test_a_holder_that_is_read_too_slowly_keeps_the_others_out() -> None:
    race = Race(3, {}, peak_calls=0)
    claimed(race, "cce-1")

    def late(answer: dict[str, Any]) -> None:
        race.lab.advance(61)
        answer["results"][-1]["seconds"] += 61

    action = race.prepare("cce-2", "maintenance", state="present")
    others = action.connect
    line = Tapped(race.lab.connection("cce-1"), after=late)
    action.connect = lambda name: line if name == "cce-1" else others(name)
    result = action.run(task_vars={"inventory_hostname": "cce-2"})
    assert "it could not be read: its readings were 6" in result["msg"] and entered(race) == []


def test_a_marker_that_another_run_writes_while_the_site_is_read_is_no_other_folder() -> None:
    """The reading of the appliance itself grows old over that, and is made again with those of the others."""
    race = Race(2, {}, peak_calls=0)
    marker = marker_path(SHARE)

    def late(request: dict[str, Any]) -> None:
        if not race.lab.world.network.files.exists(marker):
            race.lab.advance(61)
            race.lab.world.network.files.write_text(marker, "0123abcd" * 4)

    action = race.prepare("cce-1", "maintenance", state="present")
    line = Tapped(race.lab.connection("cce-2"), before=late)
    action.connect = lambda name: line
    result = action.run(task_vars={"inventory_hostname": "cce-1"})
    assert "failed" not in result, result["msg"]
    assert entered(race) == ["cce-1"]


def test_a_clock_that_is_set_back_meanwhile_makes_all_be_read_again() -> None:
    race = Race(2, {}, peak_calls=0)
    action = race.prepare("cce-1", "maintenance", state="present")
    now, ahead = action.clock.now, iter([timedelta(seconds=600)] * 2)
    action.clock = replace(action.clock, now=lambda: now() + next(ahead, timedelta()))
    mark = len(race.lab.record.entries)
    assert "failed" not in action.run(task_vars={"inventory_hostname": "cce-1"})
    reads = race.lab.record.cmdlets("cce-1", name="Get-VM", since=mark)
    assert len(reads) >= 3


def test_a_holder_with_an_unfinished_job_keeps_the_others_out() -> None:
    race = Race(3, {}, peak_calls=0)
    claimed(race, "cce-1")
    jobs = r"C:\Program Files\sfb.cloud_connector\jobs"
    race.lab.appliance("cce-1").computer.files.write_text(rf"{jobs}\switch-2.1.claim", "{}")
    assert "it is not back in service (jobs: switch-2.1" in race.one("cce-2", "maintenance", state="present")["msg"]


def test_a_holder_that_nobody_told_of_keeps_the_others_out() -> None:
    race = Race(3, {}, peak_calls=0)
    claimed(race, "cce-1")
    untold = {**race.site(), "appliances": race.site()["appliances"][1:]}
    race.lab.appliance("cce-1").unreachable = True
    for given, reason in (
        (race.site(), "it could not be read: cce-1 cannot be reached"),
        (untold, "it is none of the appliances that were read"),
    ):
        assert reason in race.one("cce-2", "maintenance", state="present", site=given)["msg"]
    assert entered(race) == []


def test_a_holder_that_is_gone_for_good_is_told_with_the_file_and_what_to_see_to() -> None:
    race = Race(4, {}, peak_calls=500)
    claimed(race, "cce-1")
    race.lab.appliance("cce-1").computer.power_off()
    race.names = race.names[1:]
    for name in race.names:
        message = race.one(name, "maintenance", state="present")["msg"]
        assert rf"see that it carries no calls, then delete {SLOT}." in message
    race.lab.world.network.files.remove(SLOT)
    assert "failed" not in race.one("cce-2", "maintenance", state="present")


def test_a_run_that_was_killed_is_gone_on_with_on_the_same_appliance() -> None:
    race = Race(2, SWITCHABLE, peak_calls=0)
    claimed(race, "cce-1")
    assert "failed" not in race.one("cce-1", "version", version="2.1")
    assert holder(race) is None and race.lab.snapshot("cce-1")["running"] == "2.1"


def test_a_host_that_dies_when_the_work_is_done_costs_nothing() -> None:
    race = Race(2, SWITCHABLE, peak_calls=0)
    race.lab.fault("cce-1", cmdlet="Switch-CcVersion", when="after", action="die_host")
    with pytest.raises(AnsibleConnectionFailure):
        race.one("cce-1", "version", version="2.1")
    race.lab.advance(1000)
    assert "failed" not in race.one("cce-1", "version", version="2.1")
    assert holder(race) is None and len(race.lab.record.cmdlets(name="Switch-CcVersion")) == 1


def test_check_mode_claims_nothing() -> None:
    race = Race(2, SWITCHABLE, peak_calls=0)
    assert race.one("cce-1", "version", version="2.1", check=True)["changed"]
    assert race.files() == []


# --- what cannot be read or written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", '{"appliance": "cce-1"}', "[]"])
def test_a_slot_that_is_not_understood_is_held_by_somebody(text: str) -> None:
    race = Race(2, {}, peak_calls=0)
    race.lab.world.network.files.write_text(SLOT, text)
    assert "is not a claim of this collection" in race.one("cce-1", "maintenance", state="present")["msg"]
    assert entered(race) == []


def test_a_network_logon_that_cannot_see_the_slot_gets_none() -> None:
    race = Race(2, {}, peak_calls=0)
    result = race.one("cce-1", "maintenance", state="present", method="ntlm")
    assert result["failed"] and result["appliance"]["slot"] == {"unknown": "Access is denied"}
    assert entered(race) == []


def test_a_share_that_does_not_answer_is_no_free_slot() -> None:
    race = Race(2, {}, peak_calls=0)
    site = race.site()
    race.lab.world.network.shares[r"\\files\oslo"].online = False
    result = race.one("cce-1", "maintenance", state="present", site=site)
    assert result["failed"] and "unknown" in result["appliance"]["slot"]
    assert entered(race) == []


@pytest.mark.parametrize("back_at", [5, 99])
def test_a_site_directory_that_is_gone_before_the_act_keeps_the_appliance_in_service(back_at: int) -> None:
    """It goes away between the reading and the act, and comes back when the failure is looked into, or does not."""
    race = Race(2, {}, peak_calls=0)
    share, exchanges = race.lab.world.network.shares[r"\\files\oslo"], iter(range(1, 100))

    def before_each() -> Any:
        share.online = (number := next(exchanges)) < 5 or number > back_at
        return nullcontext()

    result = race.over(before_each, "cce-1", "maintenance", state="present")
    assert "Could not reach the lease of the site" in result["msg"] and "run the same command again" in result["msg"]
    assert result["failure"]["class"] == "share-unreachable" and entered(race) == []


def test_a_site_directory_that_cannot_be_written_keeps_the_appliance_in_service() -> None:
    race = Race(2, {}, peak_calls=0)
    bench: Any = SimpleNamespace(computer=race.lab.appliance("cce-1").computer)
    before_the_job(bench, lambda: race.lab.fault("cce-1", cmdlet="New-Item", text="Access is denied."))
    result = race.one("cce-1", "maintenance", state="present")
    assert "the slot could not be claimed" in result["msg"] and "write access to the site directory" in result["msg"]
    assert entered(race) == []


def test_another_directory_than_the_product_has_is_refused() -> None:
    """There the neighbours would not look for the slot."""
    race = Race(2, {}, peak_calls=0)
    race.lab.world.network.add_share(r"\\files\other")
    result = race.one("cce-1", "maintenance", state="present", site_directory=r"\\files\other")
    assert r"The site directory of cce-1 is \\files\oslo for the product" in result["msg"]


# --- giving it back ----------------------------------------------------------------------------------------------------------


def test_a_switch_after_which_the_services_do_not_run_keeps_the_slot_and_says_so() -> None:
    race = Race(2, SWITCHABLE, peak_calls=0)
    race.lab.fault("cce-1", trouble="T4")
    failed = race.one("cce-1", "version", version="2.1")
    assert failed["failed"] and "cce-1 keeps the out-of-service slot" in failed["warnings"][0]
    again = race.one("cce-1", "version", version="2.1")
    assert again["changed"] is False and "cce-1 keeps the out-of-service slot" in again["warnings"][0]
    assert holder(race) == "cce-1"


def test_the_same_command_gives_the_slot_back_when_the_services_run() -> None:
    race = Race(2, SWITCHABLE, peak_calls=0)
    race.lab.fault("cce-1", trouble="T4")
    race.one("cce-1", "version", version="2.1")
    race.lab.appliance("cce-1").repair()
    again = race.one("cce-1", "version", version="2.1")
    assert again["changes"] == ["release the out-of-service slot of the site"] and "warnings" not in again
    assert holder(race) is None and len(race.lab.record.cmdlets(name="Switch-CcVersion")) == 1


def test_a_slot_is_not_given_back_under_a_job_that_is_open() -> None:
    race = Race(2, {"scripts": "2.1", "running": "2.1"}, peak_calls=0)
    claimed(race, "cce-1", "maintenance")
    jobs = r"C:\Program Files\sfb.cloud_connector\jobs"
    race.lab.appliance("cce-1").computer.files.write_text(rf"{jobs}\maintenance-enter.claim", "{}")
    assert race.one("cce-1", "version", version="2.1")["changed"] is False
    assert holder(race) == "cce-1"


def test_services_that_need_a_while_are_waited_for() -> None:
    race = Race(2, SWITCHABLE, peak_calls=0)
    race.lab.world.env.process(slow_start(race))
    result = race.one("cce-1", "version", version="2.1")
    assert "warnings" not in result and holder(race) is None


def slow_start(race: Race) -> Any:
    """After the switch one of the services stops, and comes back by itself."""
    env, appliance = race.lab.world.env, race.lab.appliance("cce-1")
    while appliance.running != "2.1":
        yield env.timeout(5)
    service = appliance.sets["2.1"].machines["Edge"].computer.services["RTCSRV"]
    service.become("Stopped")
    yield env.timeout(200)
    service.become("Running")
