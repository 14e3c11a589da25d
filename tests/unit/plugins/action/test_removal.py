"""Taking away what carries no calls: a deployment by its version, and a registration. Never by mistake the running one."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from lab.world.configuration import parse
from tests.bench import HOST, Bench
from tests.late import held
from tests.operations import operate
from tests.racing import JOB, Race

UNINSTALL, UNREGISTER = "Uninstall-CcAppliance", "Unregister-CcAppliance"
SLOT = "sfb.cloud_connector.slot"


def race(number: int = 2, peak_calls: int = 500, **staged: Any) -> Race:
    """Appliances at 2.1 with 2.0.1 as their backup, unless told otherwise."""
    return Race(number, {"scripts": "2.1", "running": "2.1", "backup": "2.0.1", **staged}, peak_calls)


def remove(site: Race, version: str, /, **options: Any) -> dict[str, Any]:
    return site.one("cce-1", "deployment", state="absent", version=version, **options)


def unregister(site: Race, name: str = "cce-1", /, **options: Any) -> dict[str, Any]:
    given = {**site.reach(name), "site": site.site(), "state": "absent", "version": "2.1", **JOB, **options}
    return operate(site.lab, name, "registration", **given)


def ran(site: Race, cmdlet: str) -> list[Any]:
    return site.lab.record.cmdlets(name=cmdlet)


def sets(site: Race) -> list[str]:
    return sorted(site.lab.snapshot("cce-1")["sets"])


def empty(site: Race) -> None:
    """Nothing is deployed on cce-1 any more."""
    for version in sets(site):
        assert remove(site, version, remove_running=True)["changed"]


# --- deployment: absent --------------------------------------------------------------------------------------------------


def test_the_backup_is_removed_and_nothing_else() -> None:
    site = race()
    predicted = remove(site, "2.0.1", check=True)
    assert predicted["changed"] and ran(site, UNINSTALL) == []
    done = remove(site, "2.0.1")
    assert done["changes"] == predicted["changes"] == ["remove the VMs of 2.0.1"]
    assert (done["appliance"]["running"], done["appliance"]["backup"], sets(site)) == ("2.1", None, ["2.1"])
    left = [machine.name for machine in site.lab.appliance("cce-1").sets["2.1"]]
    assert [machine["name"] for machine in predicted["diff"]["after"]["machines"]] == left
    assert remove(site, "2.0.1")["changed"] is False
    assert len(ran(site, UNINSTALL)) == 1 and site.lab.record.outages() == [] and site.files() == []


def test_the_version_is_always_named_and_nobody_is_asked() -> None:
    site = race()
    remove(site, "2.0.1.0")
    assert [run.parameters for run in ran(site, UNINSTALL)] == [{"Version": "2.0.1", "Confirm": False}]


@pytest.mark.parametrize("given", ["2.0", "2.0.0"])
@pytest.mark.parametrize("spelt", ["2.0.0", "Version 2.0.0 (backup)"])
def test_the_product_is_given_its_own_spelling_of_the_version(given: str, spelt: str) -> None:
    """What it does with another one is not known."""
    site = race(backup=None)
    deployed_as(site, "2.0.0")
    site.lab.appliance("cce-1").backup = spelt
    remove(site, given)
    assert [run.parameters["Version"] for run in ran(site, UNINSTALL)] == ["2.0.0"] and sets(site) == ["2.1"]


@pytest.mark.parametrize("given", ["2.0", "2.0.0"])
def test_an_unfinished_set_is_removed_by_the_spelling_of_its_machines(given: str) -> None:
    site = race(backup=None)
    deployed_as(site, "2.0.0")
    remove(site, given)
    assert [run.parameters["Version"] for run in ran(site, UNINSTALL)] == ["2.0.0"] and sets(site) == ["2.1"]


def deployed_as(site: Race, spelt: str) -> None:
    """One VM of a set that the product knows by this name."""
    site.lab.appliance("cce-1").add_machine(spelt, "AD", parse(site.lab.ini("cce-1")))


def test_a_start_that_arrives_late_does_not_remove_what_runs_by_then() -> None:
    bench = Bench("version")
    late = held(bench, "deployment", "Register-ScheduledTask", state="absent")
    assert "failed" not in bench.do("version")
    late.deliver()
    bench.settle()
    assert bench.lab.snapshot(HOST)["running"] == "2.1" and bench.claims() == []
    assert bench.lab.record.cmdlets(HOST, name=UNINSTALL) == []


def test_a_start_that_arrives_late_does_not_remove_a_second_time() -> None:
    bench = Bench("version")
    late = held(bench, "deployment", "Register-ScheduledTask", state="absent")
    assert bench.do("deployment", state="absent")["changed"] is True
    late.deliver()
    bench.settle()
    assert len(bench.lab.record.cmdlets(HOST, name=UNINSTALL)) == 1 and bench.claims() == []


def test_one_version_is_one_removal_however_it_is_written() -> None:
    site = race()
    assert remove(site, "2.0.1.0", timeout=1)["failure"]["class"] == "unfinished"
    assert remove(site, "2.0.1")["changes"] == ["wait for the job uninstall-2.0.1, which was begun before"]
    assert len(ran(site, UNINSTALL)) == 1


def test_a_removal_that_did_nothing_does_not_say_that_nothing_was_changed() -> None:
    site = race()
    site.lab.fault("cce-1", cmdlet=UNINSTALL, action="half_done")
    result = remove(site, "2.0.1")
    assert result["failure"]["class"] == "not-confirmed" and "othing was changed" not in result["msg"]


@pytest.mark.parametrize("policy", [{}, {"remove_running": False}])
def test_the_running_version_is_not_removed_unless_somebody_says_so(policy: dict[str, Any]) -> None:
    site = race()
    result = remove(site, "2.1", **policy)
    assert "2.1 is the version that runs on cce-1" in result["msg"] and "remove_running: true" in result["msg"]
    assert ran(site, UNINSTALL) == []


def test_a_set_that_carries_calls_is_the_running_one_whatever_the_product_says() -> None:
    """T7: the record of the running version may be empty."""
    site = race()
    site.lab.appliance("cce-1").running = None
    assert "2.1 is the version that runs on cce-1" in remove(site, "2.1")["msg"]


def test_the_running_version_is_that_also_when_its_machines_are_off() -> None:
    site = race()
    for machine in site.lab.appliance("cce-1").sets["2.1"]:
        machine.turn_off()
    assert "2.1 is the version that runs on cce-1" in remove(site, "2.1")["msg"]


def test_a_switch_since_the_reading_stops_the_removal() -> None:
    site = race()

    exchanges = iter(range(1, 100))

    def switched() -> Any:
        if next(exchanges) == 2:
            appliance = site.lab.appliance("cce-1")
            appliance.running, appliance.backup = "2.0.1", "2.1"
        return nullcontext()

    result = site.over(switched, "cce-1", "deployment", state="absent", version="2.0.1")
    assert result["failed"] and result["failure"]["class"] == "fence"
    assert ran(site, UNINSTALL) == []


def test_the_running_version_needs_the_rest_of_the_site() -> None:
    site = race(peak_calls=600)
    assert "there is room for 500 of 600 calls" in remove(site, "2.1", remove_running=True)["msg"]
    assert "its site was not given" in remove(site, "2.1", remove_running=True, site=None)["msg"]
    assert ran(site, UNINSTALL) == []


def test_of_five_that_remove_the_running_version_at_once_one_does() -> None:
    site = race(5, peak_calls=2000)
    results = site.run("deployment", state="absent", version="2.1", remove_running=True)
    done = [name for name, result in results.items() if "failed" not in result]
    assert len(done) == 1 == len(ran(site, UNINSTALL)) and site.lab.record.shortages() == []


def test_the_slot_stays_with_an_appliance_whose_set_is_gone() -> None:
    site = race()
    removed = remove(site, "2.1", remove_running=True)
    assert removed["changed"] and "keeps the out-of-service slot" in removed["warnings"][0]
    assert "slot of oslo is held by cce-1" in site.one("cce-2", "maintenance", state="present")["msg"]


def test_calls_end_before_the_running_version_is_removed() -> None:
    site = race()
    offered = [site.lab.world.sites["oslo"].sources["inbound"].offer(900) for _ in range(10)]
    remove(site, "2.1", remove_running=True)
    assert {call.outcome for call in offered} <= {"completed", "rerouted"}


def test_another_job_has_to_be_over_first() -> None:
    site = race()
    path = r"C:\Program Files\sfb.cloud_connector\jobs\switch-2.1.claim"
    site.lab.appliance("cce-1").computer.files.write_text(path, "{}")
    assert "On cce-1 switch-2.1 is under way" in remove(site, "2.0.1")["msg"]
    assert ran(site, UNINSTALL) == []


def test_an_unfinished_deployment_is_removed() -> None:
    site = race(backup=None)
    appliance = site.lab.appliance("cce-1")
    appliance.add_machine("2.0.1", "AD", parse(site.lab.ini("cce-1")))
    assert remove(site, "2.0.1")["changed"] and sets(site) == ["2.1"]


def test_a_version_that_is_none_is_refused() -> None:
    assert "is not a version" in remove(race(), "latest")["msg"]


# --- registration: absent --------------------------------------------------------------------------------------------------


def test_an_appliance_without_machines_is_unregistered_and_gives_the_slot_back() -> None:
    site = race()
    empty(site)
    predicted = unregister(site, check=True)
    assert predicted["changed"] and ran(site, UNREGISTER) == []
    done = unregister(site)
    assert done["changes"] == predicted["changes"]
    assert site.lab.appliance("cce-1").in_tenant is None and SLOT not in site.files()
    assert done["appliance"]["management_service"]["account"] == r"NT AUTHORITY\NetworkService"
    again = unregister(site)
    assert again["changed"] is False and len(ran(site, UNREGISTER)) == 1


def test_an_appliance_in_maintenance_mode_is_unregistered_and_keeps_the_slot() -> None:
    site = race()
    site.one("cce-1", "maintenance", state="present")
    assert unregister(site)["changes"] == ["unregister the appliance from the tenant"]
    assert SLOT in site.files()


def test_an_appliance_on_which_calls_can_live_stays_registered() -> None:
    site = race()
    assert "stays registered: calls can live on it" in unregister(site)["msg"]
    assert ran(site, UNREGISTER) == []


def test_the_last_appliance_of_a_site_stays_registered_without_consent() -> None:
    site = race(1, peak_calls=100)
    consent = {"until": "2999-01-01T00:00:00+00:00", "emergency_calls": "112 by mobile", "reason": "Ann agreed"}
    for version in ("2.0.1", "2.1"):
        remove(site, version, remove_running=True, site={**site.site(), "outage_consent": consent})
    assert "without cce-1 there is room for 0 of 100 calls" in unregister(site)["msg"]
    assert "failed" not in unregister(site, site={**site.site(), "outage_consent": consent})


def test_unregistering_needs_the_state_of_the_site_and_scripts_of_that_version() -> None:
    site = race()
    empty(site)
    assert "its site was not given" in unregister(site, site=None)["msg"]
    assert "The scripts on cce-1 are 2.1, not 2.0.1" in unregister(site, version="2.0.1")["msg"]
    assert ran(site, UNREGISTER) == []


def test_it_stays_registered_while_a_job_is_under_way() -> None:
    site = race()
    empty(site)
    path = r"C:\Program Files\sfb.cloud_connector\jobs\install-2.1.claim"
    site.lab.appliance("cce-1").computer.files.write_text(path, "{}")
    assert "On cce-1 install-2.1 is under way" in unregister(site)["msg"]


def test_a_half_known_appliance_is_not_unregistered() -> None:
    site = race()
    site.lab.appliance("cce-1").in_tenant.mediation_fqdn = "other"  # type: ignore[union-attr]
    assert "one half of this appliance's identity" in unregister(site)["msg"]
    assert ran(site, UNREGISTER) == []


# --- package: absent -----------------------------------------------------------------------------------------------------


def uninstall(site: Race, /, **options: Any) -> dict[str, Any]:
    return site.one("cce-1", "package", **{"state": "absent", "version": "2.1", **options})


def installers(site: Race) -> list[Any]:
    return [run for run in ran(site, "Start-Process") if "msiexec.exe" in str(run.parameters)]


def test_the_msi_goes_last_of_all() -> None:
    site = race()
    kept = uninstall(site)
    assert "has VMs of 2.1, 2.0.1, which only the MSI's cmdlets can drain and remove" in kept["msg"]
    empty(site)
    predicted = uninstall(site, check=True)
    assert predicted["changed"] and site.lab.appliance("cce-1").msi == "2.1"
    done = uninstall(site)
    assert done["changes"] == predicted["changes"] == ["remove the MSI 2.1"]
    assert site.lab.appliance("cce-1").msi is None and done["appliance"]["scripts"] is None
    assert uninstall(site)["changed"] is False and len(installers(site)) == 1


def test_another_msi_than_was_named_stays() -> None:
    site = race()
    empty(site)
    assert "The scripts on cce-1 are 2.1, not 2.0.1." in uninstall(site, version="2.0.1")["msg"]
    assert installers(site) == []
