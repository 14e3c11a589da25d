from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health, troubles
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import (
    SERVICES,
    Appliance,
    Event,
    Service,
    Skew,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.health import Check
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown

from .builders import CORPNET, INTERNET, NOW, certificate, healthy, ini_text, machines

UPGRADED = machines("2.1") + machines("2.0.1", "Off")
UNREAD = Unknown("line cut")


def blocked(checks: list[Check]) -> list[str]:
    return [check.id for check in health.blocking(checks)]


def services(vm: str, **states: str) -> dict[str, Any]:
    return {**healthy().services, vm: {**dict.fromkeys(SERVICES[vm], "Running"), **states}}


def test_an_appliance_in_service_is_healthy() -> None:
    checks = health.health(healthy("2.1", backup="2.0.1", machines=UPGRADED), "2.1")
    assert health.healthy(checks)
    assert [check.id for check in checks if check.status != health.PASS] == ["test_calls"]


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("scripts", {"scripts": "2.0.1"}),
        ("scripts", {"scripts": None}),
        ("running_version", {"running": "2.0.1"}),
        ("machines", {"machines": machines("2.1")[1:]}),
        ("machines", {"machines": (*machines("2.1")[1:], replace(machines("2.1")[0], state="Saved"))}),
        ("networks", {"machines": (*machines("2.1")[:3], machines("2.1")[0])}),
        ("networks", {"switches": (), "ini_imported": ini_text().replace(CORPNET, "Another")}),
        ("cms_services", {"services": services("cms", MASTER="Stopped")}),
        ("mediation_services", {"services": services("mediation", RTCMEDSRV="StopPending")}),
        ("mediation_services", {"services": services("mediation", RTCSRV="Stopped")}),
        ("edge_services", {"services": services("edge", RTCMRAUTH="Stopped")}),
        ("edge_services", {"services": {**healthy().services, "edge": {}}}),
        ("other_sets", {"machines": machines("2.1") + machines("2.0.1")}),
        ("management_service", {"management_service": None}),
        ("management_service", {"management_service": Service("CCE", "Stopped", r".\CceService")}),
        ("management_service", {"management_service": Service("CCE", "Running", r"NT AUTHORITY\NetworkService")}),
        ("registration", {"registration": "half"}),
        ("tenant_maintenance", {"tenant_maintenance": True}),
        ("jobs", {"jobs": ("switch-2.1",)}),
        ("recovery", {"recovery_status": 3}),
        ("external_certificate", {"certificates": (certificate(days=0),)}),
        ("external_certificate", {"certificates": (certificate(days=-1), certificate(days=-300))}),
    ],
)
def test_one_thing_ill_is_one_check_failed(check: str, changes: dict[str, Any]) -> None:
    (failed,) = health.blocking(health.health(healthy("2.1", **changes), "2.1"))
    assert (failed.id, failed.status) == (check, health.FAIL)
    assert failed.remedy


@pytest.mark.parametrize(
    ("field", "checks"),
    [
        ("scripts", ["scripts"]),
        ("running", ["running_version"]),
        ("machines", ["machines", "networks", "other_sets"]),
        ("calls", ["counters"]),
        ("management_service", ["management_service"]),
        ("registration", ["registration"]),
        ("tenant_maintenance", ["tenant_maintenance"]),
        ("jobs", ["jobs"]),
        ("recovery_status", ["recovery"]),
        ("recovery_events", ["recovery"]),
        ("certificates", ["external_certificate", "internal_certificates"]),
        ("clock", ["recovery", "external_certificate", "internal_certificates"]),
    ],
)
def test_what_cannot_be_read_blocks(field: str, checks: list[str]) -> None:
    found = health.blocking(health.health(healthy("2.1").with_changes(**{field: UNREAD}), "2.1"))
    assert [check.id for check in found] == checks
    assert all((check.status, check.evidence) == (health.ERROR, "could not be read: line cut") for check in found)


@pytest.mark.parametrize("vm", SERVICES)
def test_a_vm_that_lets_nobody_in_blocks(vm: str) -> None:
    assert blocked(health.health(healthy(services={**healthy().services, vm: UNREAD}), "2.0.1")) == [f"{vm}_services"]


def test_without_rtcsrv_a_mediation_server_is_well() -> None:
    found = {"REPLICA": "Running", "RTCMEDSRV": "Running"}
    assert health.healthy(health.health(healthy(services={**healthy().services, "mediation": found}), "2.0.1"))


def test_unread_adapters_block_and_only_they() -> None:
    unread = tuple(replace(machine, switches=UNREAD) for machine in machines("2.1"))
    assert blocked(health.health(healthy("2.1", machines=unread), "2.1")) == ["networks"]


def test_own_health_asks_about_what_runs() -> None:
    assert health.healthy(health.own_health(healthy("2.0.1")))
    assert blocked(health.own_health(healthy("2.0.1", scripts="2.1"))) == ["scripts"]
    assert blocked(health.own_health(healthy(running=None))) == ["running_version"]
    assert blocked(health.own_health(Appliance.unread("no answer"))) == ["running_version"]


def test_calls_live_on_a_set_whatever_the_scripts_are() -> None:
    assert health.serves(healthy(scripts="2.1")) is True
    assert health.serves(healthy(services=services("edge", RTCSRV="Stopped"))) is False
    assert health.serves(healthy(running=None)) is False
    assert health.serves(healthy(running=UNREAD)) == UNREAD
    assert isinstance(health.serves(healthy(machines=UNREAD)), Unknown)


def test_registered_means_tenant_and_service() -> None:
    assert health.registered(healthy())
    assert health.registered(healthy(management_service=health.REGISTERED_SERVICE))
    assert not health.registered(healthy(registration="none"))
    assert not health.registered(healthy(management_service=None))


def test_a_check_is_an_object_in_json() -> None:
    (check,) = [check for check in health.health(healthy(), "2.0.1") if check.id == "counters"]
    evidence = "3 inbound and 2 outbound calls are live"
    assert check.to_dict() == {
        "id": "counters",
        "status": "PASS",
        "evidence": evidence,
        "remedy": "",
        "consequence": "calls",
        "trouble": "",
    }


def judged(check: str, **changes: Any) -> Check:
    (found,) = [made for made in health.health(healthy("2.1", **changes), "2.1") if made.id == check]
    return found


def test_services_that_are_stopped_and_manual_are_a_sign_of_recovery() -> None:
    modes = {**healthy().start_modes, "edge": {"RTCSRV": "Manual", "RTCMRAUTH": "Manual"}}
    assert judged("recovery", start_modes=modes).status == health.PASS
    found = judged("recovery", start_modes=modes, services=services("edge", RTCSRV="Stopped"))
    assert (found.status, found.evidence) == (health.FAIL, "set to start manually, and not running: edge RTCSRV")


@pytest.mark.parametrize(("minutes", "status"), [(59, health.MANUAL), (61, health.PASS)])
def test_a_person_looks_at_recovery_of_the_last_hour(minutes: int, status: str) -> None:
    event = Event(20006, NOW - timedelta(minutes=minutes), "Appliance cannot be recovered automatically")
    found = judged("recovery", recovery_events=(event,))
    assert found.status == status
    assert ("20006 at" in found.evidence) is (status == health.MANUAL)


@pytest.mark.parametrize(("days", "status"), [(1, health.MANUAL), (29, health.MANUAL), (31, health.PASS)])
def test_a_certificate_that_ends_soon_is_told(days: int, status: str) -> None:
    renewed = (certificate(days=days), certificate(days=-5))
    assert judged("external_certificate", certificates=renewed).status == status


def test_the_external_certificate_is_known_by_the_name_of_the_access_edge() -> None:
    found = judged("external_certificate", certificates=(certificate("sip.contoso.com", -1),))
    assert (found.status, found.evidence) == (
        health.MANUAL,
        "no certificate in the Edge VM has the name ap-berlin.contoso.com",
    )


@pytest.mark.parametrize("days", [-1, 29])
def test_internal_certificates_that_end_are_told_but_do_not_block(days: int) -> None:
    found = judged("internal_certificates", certificates=(certificate(), certificate("ed-1.cce.local", days)))
    assert (found.status, found.trouble) == (health.MANUAL, "T9-internal-certificates")
    assert found.evidence.startswith("expires: ed-1.cce.local at 2026-")


def test_vms_without_a_known_version_are_told_apart_from_nothing_deployed() -> None:
    found = judged("known_version", running=None)
    assert (found.status, found.trouble) == (health.FAIL, "T7-version-unknown")
    assert judged("known_version", running=None, machines=machines("2.1", "Off")).status == health.PASS
    assert judged("known_version", running=UNREAD).status == health.NOT_APPLICABLE


def test_what_could_not_be_read_is_named_after_its_own_trouble() -> None:
    sealed = Unknown("ConvertTo-SecureString : Key not valid for use in specified state.")
    found = judged("registration", registration=sealed)
    assert found.trouble == "T11-credential-cache"
    assert judged("registration", registration=UNREAD).trouble == ""
    assert judged("registration", registration="half").trouble == "T6-registration-conflict"
    assert judged("registration").trouble == ""


@pytest.mark.parametrize("rule", [*health.HEALTH, *health.GATES], ids=lambda rule: rule.id)
def test_the_trouble_of_a_rule_is_one_of_the_table(rule: health.Rule) -> None:
    assert rule.trouble == "" or troubles.find(rule.trouble) is not None


def test_a_failure_is_of_the_class_of_its_first_check() -> None:
    checks = health.gates(ready(dotnet_release=None, jobs=("install-2.1",)), "2.1")
    details = health.as_failure(health.blocking(checks))
    assert (details["class"], details["check"], details["retry"]) == ("T12-dotnet", "dotnet", False)
    details = health.as_failure(health.blocking(checks)[1:], checks)
    assert (details["class"], details["check"], len(details["checks"])) == ("check", "jobs", len(checks))  # type: ignore[arg-type]


# --- gates ------------------------------------------------------------------------------------------------------------


def ready(**changes: Any) -> Appliance:
    return healthy(auto_update=False).with_changes(**changes)


def test_an_appliance_is_ready_but_a_person_looks_at_disk_and_memory() -> None:
    checks = health.gates(ready(), "2.1")
    assert health.healthy(checks)
    assert [check.id for check in checks if check.status == health.MANUAL] == ["disk", "memory"]


@pytest.mark.parametrize(
    ("gate", "changes", "remedy"),
    [
        ("path", {"scripts": None}, "target_version"),
        ("path", {"running": "2.2"}, "target_version"),
        ("path", {"running": "1.3.8"}, "target_version"),
        ("deployment_account", {"ini_appliance": None}, "account that deployed"),
        ("credential_cache", {"credentials": {"TenantAdmin": False}}, "T11"),
        ("credential_cache", {"credentials": {"TenantAdmin": UNREAD}}, "T11"),
        ("site_share", {"site_files": UNREAD}, "CredSSP"),
        ("tenant_logon", {"tenant_logon": UNREAD}, "T10"),
        ("registration", {"registration": "half"}, "T6"),
        ("tenant_maintenance", {"tenant_maintenance": True}, "ask who"),
        ("auto_update", {"auto_update": True}, "EnableAutoUpdate"),
        ("dotnet", {"dotnet_release": 394253}, "T12"),
        ("dotnet", {"dotnet_release": None}, "T12"),
        ("management_switch", {"switches": ("SfB CCE Management Switch",)}, "T3"),
        ("management_switch", {"switches": ("cloud connector management switch",)}, "T3"),
        ("jobs", {"jobs": ("install-2.1",)}, "began the job"),
        ("clock", {"clock_skew": Skew(302.1, 2)}, "time source"),
        ("clock", {"clock_skew": Skew(-302.1, 2)}, "time source"),
        ("clock", {"clock_skew": UNREAD}, "time source"),
        ("pending_restart", {"pending_restart": ("servicing",)}, "T16"),
        ("pending_restart", {"pending_restart": ("windows_update", "file_renames")}, "T16"),
        ("pending_restart", {"pending_restart": UNREAD}, "T16"),
        ("recovery", {"recovery_status": 3}, "settled"),
        ("disk", {"disk": UNREAD}, "-Version"),
        ("memory", {"memory": UNREAD}, "four more VMs"),
    ],
)
def test_a_gate_is_shut(gate: str, changes: dict[str, Any], remedy: str) -> None:
    (check,) = health.blocking(health.gates(ready(**changes), "2.1"))
    assert check.id == gate
    assert remedy in check.remedy


def test_the_management_switch_may_have_another_name() -> None:
    text = ini_text().replace("SfB CCE Management Switch", "Mine")
    assert blocked(health.gates(ready(switches=("mine",), ini_imported=text), "2.1")) == ["management_switch"]


def test_a_clock_may_be_off_by_what_cannot_be_told() -> None:
    assert health.healthy(health.gates(ready(clock_skew=Skew(302, 2)), "2.1"))


def test_renamed_files_alone_are_left_to_a_person() -> None:
    checks = health.gates(ready(pending_restart=("file_renames",)), "2.1")
    assert health.healthy(checks)
    assert "pending_restart" in [check.id for check in checks if check.status == health.MANUAL]


def test_gates_do_not_look_into_the_vms() -> None:
    """After a restart of the host they may be off, and a switch is finished all the same."""
    unread = dict.fromkeys(SERVICES, UNREAD)
    changes = {"services": unread, "start_modes": unread, "certificates": UNREAD, "calls": UNREAD}
    assert health.healthy(health.gates(ready(**changes), "2.1"))


def test_dotnet_matters_from_2_1_on() -> None:
    (check,) = [check for check in health.gates(ready(dotnet_release=None), "2.0.1") if check.id == "dotnet"]
    assert check.status == health.NOT_APPLICABLE
    assert health.healthy(health.gates(ready(dotnet_release=394254), "2.1"))


# --- evidence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "changes", "evidence"),
    [
        ("scripts", {}, "the scripts are 2.1, wanted 2.1"),
        ("scripts", {"scripts": None}, "the scripts are not there, wanted 2.1"),
        ("running_version", {"running": None}, "nothing runs, wanted 2.1"),
        ("machines", {"machines": ()}, "VMs of 2.1: none"),
        ("machines", {"machines": machines("2.1", "Off")[:2]}, "VMs of 2.1: 2.1-AD Off, 2.1-CMS Off"),
        ("networks", {"machines": ()}, f"no VM is on '{CORPNET}'; no VM is on '{INTERNET}'"),
        (
            "networks",
            {"ini_imported": "", "ini_appliance": ""},
            "could not be read: [Network] of the ini does not name both",
        ),
        ("networks", {}, f"connected to {CORPNET}, {INTERNET}"),
        ("other_sets", {}, "the VMs of other versions are off"),
        ("other_sets", {"machines": machines("2.0.1")[:1]}, "2.0.1-AD Running"),
        ("cms_services", {}, "REPLICA, MASTER are running"),
        ("cms_services", {"services": services("cms", MASTER="Stopped")}, "MASTER Stopped"),
        ("jobs", {}, "no job of ours is open"),
        ("jobs", {"jobs": ("switch-2.1",)}, "switch-2.1"),
    ],
)
def test_evidence_of_health(check: str, changes: dict[str, Any], evidence: str) -> None:
    found = {made.id: made for made in health.health(healthy("2.1").with_changes(**changes), "2.1")}
    assert found[check].evidence.startswith(evidence)


@pytest.mark.parametrize(
    ("check", "changes", "evidence"),
    [
        ("path", {}, "from scripts 2.0.1, running 2.0.1 to 2.1"),
        ("path", {"scripts": None}, "the module is not there"),
        ("path", {"running": None}, "nothing is deployed"),
        ("path", {"running": "2.2"}, "It runs 2.2, which is later than 2.1"),
        ("deployment_account", {}, "CloudConnector.ini is in the"),
        ("deployment_account", {"ini_appliance": None}, "CloudConnector.ini is not in the"),
        ("credential_cache", {}, "all accounts are readable"),
        ("credential_cache", {"credentials": {"ExternalCert": False}}, "not cached: ExternalCert"),
        ("management_switch", {}, "no management switch is left over"),
        ("management_switch", {"switches": (CORPNET, "SfB CCE Management Switch")}, "SfB CCE Management Switch"),
        ("disk", {}, "200.0 of 500.0 GiB are free"),
    ],
)
def test_evidence_of_gates(check: str, changes: dict[str, Any], evidence: str) -> None:
    found = {made.id: made for made in health.gates(ready(**changes), "2.1")}
    assert found[check].evidence.startswith(evidence)


def test_own_health_says_why_it_knows_nothing() -> None:
    assert health.own_health(healthy(running=None))[0].evidence.endswith("nothing is deployed")
    assert health.own_health(healthy(running=UNREAD))[0].evidence.endswith("line cut")


def test_checks_of_one_cause_are_told_once_with_its_remedy() -> None:
    unread = [
        Check(
            name,
            health.ERROR,
            "could not be read: Key not valid for use in specified state.",
            "own remedy",
            health.CALLS,
        )
        for name in ("cms_services", "edge_services", "counters", "registration", "tenant_logon")
    ]
    text = health.told([*unread, Check("networks", health.FAIL, "CMS is not connected", "Connect it.", health.CALLS)])
    assert text.count("Key not valid") == 1 and "cms_services, edge_services, counters and 2 more" in text
    assert "CredSSP" in text and "own remedy" not in text
    assert text.endswith("networks: CMS is not connected. Connect it")
