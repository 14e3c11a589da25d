"""The commissioning of a host: each try, what is written down, and that nothing else is changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import commissioning
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Commissioned
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown

from tests.bench import HOST, JOB, NEIGHBOUR, SHARE
from tests.cycle import Cycle

PROBE = rf"{SHARE}\sfb.cloud_connector.probe.{HOST}"
OURS = {
    "New-Item",
    "Start-Process",
    "Export-Clixml",
    "Remove-Item",
    "Move-Item",
    "Register-ScheduledTask",
    "Start-ScheduledTask",
    "Unregister-ScheduledTask",
}
"""The cmdlets by which files and tasks of ours come and go."""
TRIED = {
    "site_share_write",
    "one_site_share",
    "batch_logon",
    "job_elevation",
    "job_site_share",
    "job_credential_cache",
    "vm_cms",
    "vm_mediation",
    "vm_edge",
    "vm_ad",
    "gateways",
}


class Host(Cycle):
    """The appliance, to be commissioned."""

    def commission(self, **options: Any) -> Any:
        return self.do("commissioning", **{"site": self.site(), **JOB, **options})

    def checks(self, **options: Any) -> dict[str, dict[str, str]]:
        """The checks of a commissioning, by their names, whatever it came to."""
        result = self.commission(**options)
        found = result["failure"]["checks"] if "failed" in result else result["commissioning"]["record"]["checks"]
        return {check["id"]: check for check in found}

    def written(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.record("commissioning") or "{}")
        return found


def test_all_is_tried_and_written_down() -> None:
    host = Host()
    result = host.commission()
    assert "failed" not in result, result["msg"]
    assert result["changed"] is True and result["commissioning"]["record"] == host.written()
    kept = host.written()["commissioning"]
    assert set(kept["results"]) == TRIED | set(commissioning.READ)
    assert set(kept["results"].values()) <= {"PASS", "MANUAL"}, kept["results"]
    assert kept["collection"] == commissioning.COLLECTION and datetime.fromisoformat(kept["at"]).tzinfo
    assert host.info()["commissioned"] == kept


def test_nothing_else_is_changed() -> None:
    """By the record: files and a task of ours, which are gone in the end, and no cmdlet of the product."""
    host = Host()
    before = host.lab.snapshot(HOST)
    host.commission()
    assert set(host.changes()) <= OURS
    assert not [run for run in host.ran() if run.mutating and "Cc" in run.name]
    assert host.lab.snapshot(HOST) == before and host.lab.record.cmdlets(NEIGHBOUR, mutating=True) == []
    assert not host.lab.world.network.files.exists(PROBE)
    assert host.claims() == [] and list(host.computer.tasks) == []


def test_check_mode_tries_nothing() -> None:
    host = Host()
    result = host.commission(check=True)
    assert result["changed"] is True and host.changes() == [] and host.record("commissioning") is None
    host.commission()
    result = host.commission(check=True)
    assert result["changed"] is False and host.changes() == []


def test_a_second_run_tries_anew_and_reports_no_change() -> None:
    host = Host()
    host.commission()
    first = host.written()["commissioning"]["at"]
    host.settle(3600)
    result = host.commission()
    assert result["changed"] is False and result["changes"] == []
    assert host.written()["commissioning"]["at"] > first and host.ran("Register-ScheduledTask")


def test_what_has_another_result_is_a_change() -> None:
    host = Host()
    host.commission()
    host.computer.set_policy(stores_passwords=False)
    assert host.commission()["failed"]
    assert host.written()["commissioning"]["results"]["stored_passwords"] == "FAIL"
    host.computer.set_policy(stores_passwords=True)
    assert host.commission()["changed"] is True
    assert host.commission()["changed"] is False


def test_an_old_commissioning_is_renewed_as_a_change() -> None:
    host = Host()
    host.commission()
    host.lab.advance(91 * 86400)
    assert host.commission(check=True)["changed"] is True
    assert host.commission()["changed"] is True
    assert host.commission(age=1)["changed"] is False


# --- what is found ----------------------------------------------------------------------------------------------------


def test_a_job_that_never_begins() -> None:
    host = Host()
    checks = host.checks(task_password="wrong")
    assert (checks["batch_logon"]["status"], checks["batch_logon"]["failure"]) == ("FAIL", "logon-failure")
    assert checks["job_site_share"]["status"] == "N/A" and checks["one_site_share"]["status"] == "PASS"
    assert host.written()["commissioning"]["results"]["batch_logon"] == "FAIL"
    assert host.claims() == [] and not host.lab.world.network.files.exists(PROBE)


def test_an_account_without_the_right_of_a_batch_logon() -> None:
    host = Host()
    host.computer.set_policy(batch_logon=False)
    checks = host.checks()
    assert (checks["batch_logon"]["status"], checks["batch_logon"]["failure"]) == ("FAIL", "batch-logon")
    assert checks["batch_logon"]["remedy"]


def test_windows_that_keeps_no_passwords() -> None:
    host = Host()
    host.computer.set_policy(stores_passwords=False)
    checks = host.checks()
    assert checks["stored_passwords"]["status"] == "FAIL"
    assert (checks["batch_logon"]["status"], checks["batch_logon"]["failure"]) == ("FAIL", "password-not-stored")


def test_another_folder_under_the_name_of_the_share() -> None:
    """The neighbour's share is another one: what is written here is not seen there."""
    host = Host()
    other = r"\\elsewhere\oslo"
    host.lab.world.network.add_share(other)
    site = host.site()
    site["appliances"][1]["site_directory"] = other
    checks = host.checks(site=site)
    assert (checks["one_site_share"]["status"], checks["one_site_share"]["failure"]) == ("FAIL", "site-directory")
    assert NEIGHBOUR in checks["one_site_share"]["evidence"]


def test_an_old_probe_in_another_folder_is_not_the_same_folder() -> None:
    host = Host()
    other = r"\\elsewhere\oslo"
    host.lab.world.network.add_share(other)
    host.lab.world.network.files.write_text(rf"{other}\sfb.cloud_connector.probe.{HOST}", "0" * 32)
    site = host.site()
    site["appliances"][1]["site_directory"] = other
    assert host.checks(site=site)["one_site_share"]["status"] == "FAIL"


def test_a_neighbour_that_cannot_be_asked() -> None:
    host = Host()
    host.lab.fault(NEIGHBOUR, wire="refused", times=9)
    checks = host.checks()
    assert checks["one_site_share"]["status"] == "ERROR" and NEIGHBOUR in checks["one_site_share"]["evidence"]


def test_a_lone_appliance_needs_no_other_eyes() -> None:
    host = Host(lone=True)
    checks = host.checks()
    assert checks["one_site_share"]["status"] == "N/A"


def test_a_logon_that_reaches_no_share_is_refused_before_anything_is_tried() -> None:
    host = Host()
    result = host.commission(method="ntlm")
    assert result["failed"] and host.changes() == [] and result["failure"]["class"] == "network-logon"
    assert {check["id"] for check in result["failure"]["checks"]} == set(commissioning.READ)


def test_a_logon_without_the_full_token_is_refused() -> None:
    host = Host()
    host.computer.set_policy(elevated=False)
    result = host.commission()
    assert result["failed"] and result["failure"]["class"] == "not-elevated" and host.record("commissioning") is None


def test_vms_that_let_nobody_in() -> None:
    host = Host(switches={"vm_access": False})
    checks = host.checks()
    assert {checks[f"vm_{vm}"]["status"] for vm in ("cms", "mediation", "edge")} == {"ERROR"}
    assert checks["vm_ad"]["status"] == "MANUAL" and checks["gateways"]["status"] == "ERROR"


def test_a_gateway_that_does_not_answer() -> None:
    host = Host()
    host.lab.world.network.listening.discard(("10.0.1.202", 5068))
    check = host.checks()["gateways"]
    assert (check["status"], check["failure"]) == ("FAIL", "gateway-unreachable")
    assert "Gateway2 10.0.1.202 port 5068 (TCP)" in check["evidence"] and "Gateway1" not in check["evidence"]


def test_without_addresses_of_vms_nothing_is_claimed_of_gateways() -> None:
    host = Host()
    check = host.checks(vms=None)["gateways"]
    assert check["status"] == "ERROR" and "option vms" in check["evidence"]


def test_the_job_of_a_run_that_died_is_collected() -> None:
    host = Host()
    host.lab.fault(HOST, cmdlet="Start-ScheduledTask", when="after", action="die_host")
    with pytest.raises(AnsibleConnectionFailure):
        host.commission()
    assert host.claims() == ["commissioning.claim"]
    host.settle(3600)
    assert "failed" not in host.commission() and len(host.ran("Register-ScheduledTask")) == 0
    assert host.claims() == [] and not host.lab.world.network.files.exists(PROBE)


def test_no_password_is_left_anywhere() -> None:
    host = Host()
    host.commission()
    assert JOB["task_password"] not in host.files()


# --- the record -------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def found(days: float = 0, **results: str) -> Commissioned:
    return Commissioned(NOW - timedelta(days=days), "0.1.0", results)


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (None, "never commissioned"),
        (Unknown("torn"), "torn"),
        (found(91), "on 2025-11-01, more than 90 days ago"),
        (found(90), ""),
        (found(1, gateways="FAIL", vm_cms="ERROR", vm_ad="MANUAL"), "failed then: gateways, vm_cms"),
        (found(1, gateways="PASS", vm_ad="MANUAL"), ""),
    ],
)
def test_what_a_plan_warns_of(reading: Any, said: str) -> None:
    text = commissioning.note(reading, NOW, 90)
    assert said in text and bool(text) is bool(said)
    assert not text or "playbook commission" in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "{}",
        '{"commissioning": null}',
        '{"commissioning": {"at": "2026-01-01T00:00:00", "collection": "1", "results": {}}}',
    ],
)
def test_a_record_that_is_not_ours_is_unknown(text: str) -> None:
    with pytest.raises(NotReadError):
        commissioning.parse(text)


def test_a_torn_record_is_written_anew() -> None:
    host = Host()
    host.commission()
    host.computer.files.write_text(
        r"C:\Program Files\sfb.cloud_connector\records\commissioning.json", '{"commissioning": 1}'
    )
    assert "unknown" in host.info()["commissioned"]
    assert host.commission()["changed"] is True and "unknown" not in host.info()["commissioned"]


def test_the_version_of_the_collection_is_that_of_galaxy_yml() -> None:
    galaxy = yaml.safe_load((Path(__file__).parents[4] / "galaxy.yml").read_text("utf-8"))
    assert galaxy["version"] == commissioning.COLLECTION
