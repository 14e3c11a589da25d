from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import health, state
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import (
    SERVICES,
    Appliance,
    Event,
    Proof,
    Service,
    Skew,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.failure_classes import FAILURES, FailureClass
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.health import Check
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from .builders import CORPNET, INTERNET, NOW, certificate, healthy, ini_text, machines

UPGRADED = machines("2.1") + machines("2.0.1", "Off")
UNREAD = Unknown("line cut")
VERSION, OLD = Version("2.1"), Version("2.0.1")
PROOF_OF_OLD = Proof(OLD, "signoff", NOW, "Ann", "two calls")


def blocked(checks: list[Check]) -> list[str]:
    return [check.id for check in health.blocking(checks)]


def services(vm: str, **states: str) -> dict[str, Any]:
    return {**healthy().services, vm: {**dict.fromkeys(SERVICES[vm], "Running"), **states}}


def test_an_appliance_in_service_is_healthy() -> None:
    checks = health.health(healthy("2.1", backup="2.0.1", machines=UPGRADED), VERSION)
    assert health.healthy(checks)
    assert [check.id for check in checks if check.status != health.PASS] == []


@pytest.mark.parametrize(
    ("found", "evidence"),
    [(None, "no call was proven at 2.1"), (PROOF_OF_OLD, "no call was proven at 2.1"), (Unknown("cut"), "cut")],
)
def test_calls_that_nobody_proved_are_for_a_person(found: Any, evidence: str) -> None:
    (check,) = [one for one in health.health(healthy("2.1", proof=found), VERSION) if one.id == "test_calls"]
    assert (check.status, check.blocks) == (health.MANUAL, False) and evidence in check.evidence
    assert check.failure == FailureClass.CALLS_NOT_PROVEN


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
        ("firewall_rules", {"firewall_rules": {"mediation CS RTCMEDSRV": False, "edge CS RTCSRV": True}}),
        ("external_certificate", {"certificates": (certificate(days=0),)}),
        ("external_certificate", {"certificates": (certificate(days=-1), certificate(days=-300))}),
    ],
)
def test_one_thing_ill_is_one_check_failed(check: str, changes: dict[str, Any]) -> None:
    (failed,) = health.blocking(health.health(healthy("2.1", **changes), VERSION))
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
        ("clock", ["recovery", "external_certificate", "internal_certificates", "call_events"]),
        ("firewall_rules", ["firewall_rules"]),
        ("call_events", ["call_events"]),
    ],
)
def test_what_cannot_be_read_blocks(field: str, checks: list[str]) -> None:
    found = health.blocking(health.health(healthy("2.1").with_changes(**{field: UNREAD}), VERSION))
    assert [check.id for check in found] == checks
    assert all((check.status, check.evidence) == (health.ERROR, "could not be read: line cut") for check in found)
    named = {"counters": FailureClass.CALL_COUNTERS}
    assert all(check.failure is named.get(check.id, FailureClass.UNREAD) for check in found)


@pytest.mark.parametrize("vm", SERVICES)
def test_a_vm_that_lets_nobody_in_blocks(vm: str) -> None:
    assert blocked(health.health(healthy(services={**healthy().services, vm: UNREAD}), OLD)) == [f"{vm}_services"]


def test_without_rtcsrv_a_mediation_server_is_well() -> None:
    found = {"REPLICA": "Running", "RTCMEDSRV": "Running"}
    assert health.healthy(health.health(healthy(services={**healthy().services, "mediation": found}), OLD))


@pytest.mark.parametrize(
    ("found", "evidence"),
    [
        ({"MEDSVC": "Running"}, ""),
        ({"MEDSVC": "Stopped"}, "RTCMEDSRV Stopped"),
        ({"RTCMEDSRV": "Stopped", "MEDSVC": "Running"}, ""),
        ({}, "RTCMEDSRV not there"),
    ],
)
def test_the_mediation_service_counts_by_either_name(found: dict[str, str], evidence: str) -> None:
    mediation = {"REPLICA": "Running", "RTCSRV": "Running", **found}
    appliance = healthy("2.1", services={**healthy().services, "mediation": mediation})
    stopping = health.blocking(health.health(appliance, VERSION))
    assert [check.evidence for check in stopping] == ([evidence] if evidence else [])


@pytest.mark.parametrize(
    ("states", "failure"),
    [
        ({"RTCMRAUTH": "Stopped"}, FailureClass.EDGE_AUTHENTICATION_SERVICE),
        ({"RTCMRAUTH": "Stopped", "RTCSRV": "Stopped"}, FailureClass.EDGE_AUTHENTICATION_SERVICE),
        ({"RTCSRV": "Stopped"}, FailureClass.SERVICES_DOWN),
        (dict.fromkeys(SERVICES["edge"], "Stopped"), FailureClass.SERVICES_DOWN),
    ],
)
def test_an_edge_without_its_authentication_service_has_an_untrusted_chain(
    states: dict[str, str], failure: FailureClass
) -> None:
    (check,) = health.blocking(health.health(healthy("2.1", services=services("edge", **states)), VERSION))
    assert check.failure is failure


def test_unread_adapters_block_and_only_they() -> None:
    unread = tuple(replace(machine, switches=UNREAD) for machine in machines("2.1"))
    assert blocked(health.health(healthy("2.1", machines=unread), VERSION)) == ["networks"]


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
    (check,) = [check for check in health.health(healthy(), OLD) if check.id == "counters"]
    evidence = "3 inbound and 2 outbound calls are live"
    assert check.to_dict() == {
        "id": "counters",
        "status": "PASS",
        "evidence": evidence,
        "remedy": "",
        "consequence": "calls",
        "failure": "",
    }


def test_what_a_check_found_is_a_plain_text_in_json() -> None:
    found = judged("jobs", jobs=("switch-2.1",)).to_dict()
    assert found["failure"] == "job-open" and type(found["failure"]) is str
    assert found["remedy"] == FAILURES[FailureClass.JOB_OPEN].remedy


def judged(check: str, **changes: Any) -> Check:
    (found,) = [made for made in health.health(healthy("2.1", **changes), VERSION) if made.id == check]
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
    assert (found.status, found.failure) == (health.MANUAL, FailureClass.INTERNAL_CERTIFICATES)
    assert found.evidence.startswith("expires: ed-1.cce.local at 2026-")


def test_vms_without_a_known_version_are_told_apart_from_nothing_deployed() -> None:
    found = judged("known_version", running=None)
    assert (found.status, found.failure) == (health.FAIL, FailureClass.VERSION_UNKNOWN)
    assert judged("known_version", running=None, machines=machines("2.1", "Off")).status == health.PASS
    assert judged("known_version", running=UNREAD).status == health.NOT_APPLICABLE


def test_what_could_not_be_read_is_named_after_its_own_trouble() -> None:
    sealed = Unknown("ConvertTo-SecureString : Key not valid for use in specified state.")
    found = judged("registration", registration=sealed)
    assert found.failure is FailureClass.CREDENTIAL_CACHE
    assert judged("registration", registration=UNREAD).failure is FailureClass.UNREAD
    assert judged("registration", registration="half").failure is FailureClass.REGISTRATION_CONFLICT
    assert judged("registration", registration="none").failure is FailureClass.NOT_REGISTERED
    assert judged("registration").failure is None


@pytest.mark.parametrize("rule", [*health.HEALTH, *health.GATES], ids=lambda rule: rule.id)
def test_what_a_rule_finds_has_a_name_of_its_own(rule: health.Rule) -> None:
    assert rule.failure not in (FailureClass.CHECK, FailureClass.UNREAD, FailureClass.UNKNOWN)


def test_the_rules_are_in_order() -> None:
    """The first that blocks gives a failure its class, so what explains others stands before them."""
    assert [rule.id for rule in health.SERVING] == [
        "machines",
        "networks",
        "cms_services",
        "mediation_services",
        "edge_services",
    ]
    assert [rule.id for rule in health.HEALTH][:3] == ["scripts", "known_version", "running_version"]
    gates = [rule.id for rule in health.GATES]
    assert gates[:6] == [
        "known_version",
        "path",
        "elevation",
        "deployment_account",
        "credential_cache",
        "site_share",
    ]
    assert gates[-4:] == ["management_switch", "jobs", "disk", "memory"]


def test_a_failure_is_of_the_class_of_its_first_check() -> None:
    checks = health.gates(ready(dotnet_release=None, jobs=("install-2.1",)), VERSION)
    details = health.as_failure(health.blocking(checks))
    assert (details["failure"], details["check"], details["retry"]) == (FailureClass.DOTNET, "dotnet", False)
    details = health.as_failure(health.blocking(checks)[1:], checks)
    assert (details["failure"], details["check"]) == (FailureClass.JOB_OPEN, "jobs")
    assert [check["id"] for check in details["checks"]] == [check.id for check in checks]


def test_a_failure_can_be_tried_again_only_where_every_check_can() -> None:
    away = Unknown("The network path was not found.")
    again = health.blocking(health.gates(ready(site_files=away), VERSION))
    assert health.as_failure(again)["retry"] is True
    mixed = health.blocking(health.gates(ready(site_files=away, jobs=("install-2.1",)), VERSION))
    assert health.as_failure(mixed)["retry"] is False


# --- a neighbour ------------------------------------------------------------------------------------------------------


def test_a_neighbour_needs_no_tenant_to_carry_calls() -> None:
    off = healthy(registration=UNREAD, tenant_maintenance=UNREAD, tenant_logon=UNREAD, auto_update=UNREAD)
    assert blocked(health.own_health(off)) == ["registration", "tenant_maintenance"]
    assert blocked(health.carrying(off)) == []


def test_a_neighbour_needs_no_certificates_to_be_read() -> None:
    assert blocked(health.carrying(healthy(certificates=UNREAD))) == []


def test_the_short_reading_is_enough_to_judge_a_neighbour() -> None:
    left_out = {row.field for row in state.READINGS if row.subset not in state.SERVICE_SUBSET}
    short = healthy().with_changes(**dict.fromkeys(left_out, UNREAD))
    assert blocked(health.carrying(short)) == []


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("registration", {"registration": "half"}),
        ("tenant_maintenance", {"tenant_maintenance": True}),
        ("external_certificate", {"certificates": (certificate(days=-1),)}),
        ("jobs", {"jobs": ("switch-2.0.1",)}),
        ("jobs", {"jobs": UNREAD}),
        ("counters", {"calls": UNREAD}),
        ("management_service", {"management_service": UNREAD}),
        ("recovery", {"recovery_status": UNREAD}),
        ("edge_services", {"services": {**healthy().services, "edge": UNREAD}}),
        ("running_version", {"running": UNREAD}),
        ("running_version", {"running": None}),
    ],
)
def test_a_neighbour_that_is_read_and_bad_carries_no_calls(check: str, changes: dict[str, Any]) -> None:
    assert blocked(health.carrying(healthy(**changes))) == [check]


# --- gates ------------------------------------------------------------------------------------------------------------


def ready(**changes: Any) -> Appliance:
    return healthy(auto_update=False).with_changes(**changes)


def test_an_appliance_is_ready_but_a_person_looks_at_disk_and_memory() -> None:
    checks = health.gates(ready(), VERSION)
    assert health.healthy(checks)
    manual = [check for check in checks if check.status == health.MANUAL]
    assert [check.id for check in manual] == ["disk", "memory"]
    assert all("four more VMs" in check.remedy and "-Version <old>" in check.remedy for check in manual)


@pytest.mark.parametrize(
    ("gate", "changes", "remedy"),
    [
        ("path", {"scripts": None}, "install the MSI"),
        ("path", {"running": None, "machines": ()}, "Find out what runs"),
        ("path", {"running": "2.2"}, "target_version"),
        ("path", {"running": "1.3.8"}, "target_version"),
        ("deployment_account", {"ini_appliance": None}, "account that deployed"),
        ("credential_cache", {"credentials": {"TenantAdmin": False}}, "credential` operation"),
        ("credential_cache", {"credentials": {"TenantAdmin": UNREAD}}, "same passwords"),
        ("site_share", {"site_files": UNREAD}, "credssp"),
        ("tenant_logon", {"tenant_logon": UNREAD}, "without multi-factor"),
        ("registration", {"registration": "half"}, "unregister the old"),
        ("registration", {"registration": "none"}, "`registration` operation"),
        ("tenant_maintenance", {"tenant_maintenance": True}, "ask who"),
        ("auto_update", {"auto_update": True}, "somebody has switched it on"),
        ("elevation", {"elevated": False}, "LocalAccountTokenFilterPolicy"),
        ("elevation", {"elevated": UNREAD}, "counts as bad"),
        ("trusted_hosts", {"trusted_hosts": ""}, "TrustedHosts"),
        ("trusted_hosts", {"trusted_hosts": UNREAD}, "counts as bad"),
        ("stored_passwords", {"stores_passwords": False}, "Do not allow storage of passwords"),
        ("stored_passwords", {"stores_passwords": UNREAD}, "counts as bad"),
        ("strong_crypto", {"strong_crypto": UNREAD}, "counts as bad"),
        ("update_under_way", {"update_action": "BitsUpdate Started"}, "Finished or Error"),
        ("update_under_way", {"update_action": "OsUpdate Started", "update_lock": UNREAD}, "Finished or Error"),
        ("update_under_way", {"update_action": UNREAD}, "counts as bad"),
        ("update_under_way", {"update_lock": NOW - timedelta(hours=23)}, "CcLockFile"),
        ("update_under_way", {"update_lock": UNREAD}, "counts as bad"),
        ("dotnet", {"dotnet_release": 394253}, "Install it"),
        ("dotnet", {"dotnet_release": None}, "Install it"),
        ("management_switch", {"switches": ("SfB CCE Management Switch",)}, "Hyper-V Manager"),
        ("management_switch", {"switches": ("cloud connector management switch",)}, "Hyper-V Manager"),
        ("jobs", {"jobs": ("install-2.1",)}, "began the job"),
        ("clock", {"clock_skew": Skew(302.1, 2)}, "time source"),
        ("clock", {"clock_skew": Skew(-302.1, 2)}, "time source"),
        ("clock", {"clock_skew": UNREAD}, "counts as bad"),
        ("pending_restart", {"pending_restart": ("servicing",)}, "`maintenance` operation"),
        ("pending_restart", {"pending_restart": ("windows_update", "file_renames")}, "`maintenance` operation"),
        ("pending_restart", {"pending_restart": UNREAD}, "counts as bad"),
        ("recovery", {"recovery_status": 3}, "settled"),
        ("disk", {"disk": UNREAD}, "counts as bad"),
        ("memory", {"memory": UNREAD}, "counts as bad"),
    ],
)
def test_a_gate_is_shut(gate: str, changes: dict[str, Any], remedy: str) -> None:
    (check,) = health.blocking(health.gates(ready(**changes), VERSION))
    assert check.id == gate
    assert remedy in check.remedy


def test_the_management_switch_may_have_another_name() -> None:
    text = ini_text().replace("SfB CCE Management Switch", "Mine")
    assert blocked(health.gates(ready(switches=("mine",), ini_imported=text), VERSION)) == ["management_switch"]


def test_a_clock_may_be_off_by_what_cannot_be_told() -> None:
    assert health.healthy(health.gates(ready(clock_skew=Skew(302, 2)), VERSION))


def test_renamed_files_alone_are_left_to_a_person() -> None:
    checks = health.gates(ready(pending_restart=("file_renames",)), VERSION)
    assert health.healthy(checks)
    assert "pending_restart" in [check.id for check in checks if check.status == health.MANUAL]


def test_gates_do_not_look_into_the_vms() -> None:
    """After a restart of the host they may be off, and a switch is finished all the same."""
    unread = dict.fromkeys(SERVICES, UNREAD)
    changes = {"services": unread, "start_modes": unread, "certificates": UNREAD, "calls": UNREAD}
    assert health.healthy(health.gates(ready(**changes), VERSION))


def test_dotnet_matters_from_2_1_on() -> None:
    (check,) = [check for check in health.gates(ready(dotnet_release=None), OLD) if check.id == "dotnet"]
    assert check.status == health.NOT_APPLICABLE
    assert health.healthy(health.gates(ready(dotnet_release=394254), VERSION))


# --- right before the switch --------------------------------------------------------------------------------------------


def deployed(**changes: Any) -> Appliance:
    """An appliance with the new set beside the running one, as a deployment leaves it."""
    both = machines("2.0.1") + machines("2.1", "Off")
    return ready(**{"scripts": "2.1", "backup": "2.1", "machines": both, **changes})


def renamed(place: int, name: str) -> tuple[Any, ...]:
    new = list(machines("2.1", "Off"))
    new[place] = replace(new[place], name=name)
    return machines("2.0.1") + tuple(new)


def stated(state: str) -> tuple[Any, ...]:
    new = machines("2.1", "Off")
    return machines("2.0.1") + (replace(new[0], state=state), *new[1:])


def test_a_whole_set_may_be_switched_to() -> None:
    assert health.healthy(health.switch_gates(deployed(), VERSION))
    assert health.healthy(health.switch_gates(deployed(machines=machines("2.0.1") + machines("2.1")), VERSION))
    assert health.set_complete(deployed(), VERSION).status == health.PASS


@pytest.mark.parametrize(
    ("gate", "changes", "evidence"),
    [
        ("backup_version", {"backup": None}, "the backup version is none"),
        ("backup_version", {"backup": UNREAD}, "line cut"),
        ("new_set", {"machines": machines("2.0.1") + machines("2.1", "Off")[:3]}, "3 of 4"),
        ("new_set", {"machines": machines("2.0.1")}, "VMs of 2.1: none"),
        ("new_set", {"machines": renamed(0, "2.1-CMS-2")}, "CMS twice"),
        (
            "new_set",
            {"machines": renamed(1, "ms-berlin-1-2.1")[:7] + renamed(3, "2.1-MediationServer-b")[7:]},
            "Mediation twice",
        ),
        *(
            ("new_set", {"machines": stated(state)}, "cannot be started")
            for state in ("Saved", "Paused", "Starting", "Critical")
        ),
        ("new_set", {"deployed_by": {"version": "2.1", "ini": "AB", "ended": False}}, "did not end"),
        ("new_set", {"deployed_by": UNREAD}, "line cut"),
        ("management_switch", {"switches": ("SfB CCE Management Switch",)}, "SfB CCE Management Switch"),
    ],
)
def test_a_set_that_is_not_whole_is_not_switched_to(gate: str, changes: dict[str, Any], evidence: str) -> None:
    (check,) = health.blocking(health.switch_gates(deployed(**changes), VERSION))
    assert check.id == gate and evidence in check.evidence and check.remedy
    complete = health.set_complete(deployed(**changes), VERSION)
    assert complete.blocks and evidence in complete.evidence and complete.failure is check.failure


def test_names_that_tell_no_role_are_not_held_against_a_set() -> None:
    new = [replace(one, name=f"VM {place} of 2.1") for place, one in enumerate(machines("2.1", "Off"))]
    assert health.set_complete(deployed(machines=machines("2.0.1") + tuple(new)), VERSION).status == health.PASS


def test_a_deployment_of_another_version_that_did_not_end_is_no_matter() -> None:
    record = {"version": "2.0.1", "ini": "AB", "ended": False}
    assert not health.set_complete(deployed(deployed_by=record), VERSION).blocks


@pytest.mark.parametrize("waiting", [("servicing",), ("windows_update", "file_renames"), ("file_renames",)])
def test_a_restart_that_is_pending_does_not_stop_the_switch(waiting: tuple[str, ...]) -> None:
    checks = health.switch_gates(deployed(pending_restart=waiting), VERSION)
    assert health.healthy(checks)
    (check,) = [check for check in checks if check.id == "pending_restart"]
    assert check.status == health.MANUAL and "before anything is installed" not in check.remedy
    assert "`maintenance` operation" in check.remedy


@pytest.mark.parametrize("rule", health.GATES, ids=lambda rule: rule.id)
def test_the_gates_are_asked_again_before_the_switch(rule: health.Rule) -> None:
    only_before_the_first_step = {"disk", "memory", "strong_crypto"}
    assert (rule.id in [one.id for one in health.SWITCH]) is (rule.id not in only_before_the_first_step)


# --- an update of the product's own -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, health.PASS),
        ({"update_action": "BitsUpdate Error"}, health.PASS),
        ({"update_action": None}, health.MANUAL),
        ({"update_lock": NOW - timedelta(hours=25)}, health.MANUAL),
        ({"update_lock": NOW}, health.FAIL),
        ({"update_action": "Deploy Started"}, health.FAIL),
    ],
)
def test_an_update_under_way_is_known_by_the_tenant_and_by_the_lock_file(changes: dict[str, Any], status: str) -> None:
    check = health.update_under_way(ready(**changes))
    assert (check.id, check.status) == ("update_under_way", status)
    assert check.failure is (None if status == health.PASS else FailureClass.UPDATE_UNDER_WAY)


# --- signs of calls -------------------------------------------------------------------------------------------------------


def test_a_rule_that_is_not_found_and_events_of_calls_are_left_to_a_person() -> None:
    found = judged("firewall_rules", firewall_rules={"mediation CS RTCMEDSRV": None, "edge CS RTCSRV": True})
    assert (found.status, found.evidence) == (health.MANUAL, "not found: mediation CS RTCMEDSRV")
    events = (Event(25062, NOW - timedelta(minutes=5), "a gateway"), Event(25064, NOW - timedelta(hours=2), "old"))
    found = judged("call_events", call_events=events)
    assert found.status == health.MANUAL and "25062 at" in found.evidence and "25064" not in found.evidence


def test_an_event_of_recovery_without_a_text_is_told_as_such() -> None:
    found = judged("recovery", recovery_events=(Event(304, NOW, ""),))
    assert found.status == health.MANUAL and found.evidence.endswith("(its text could not be read)")


def test_an_https_source_is_a_persons_matter_where_only_old_tls_is_offered() -> None:
    (check,) = [one for one in health.gates(ready(strong_crypto=False), VERSION) if one.id == "strong_crypto"]
    assert (check.status, check.failure) == (health.MANUAL, FailureClass.SECURE_CHANNEL)


@pytest.mark.parametrize("trusted", ["*", "10.2.1.2,10.2.1.3 , 10.2.1.4", "CCE, 10.2.1.*"])
def test_the_vms_are_trusted_by_address_or_pattern(trusted: str) -> None:
    assert health.healthy(health.gates(ready(trusted_hosts=trusted), VERSION))


def test_a_vm_that_is_not_trusted_is_named() -> None:
    (check,) = health.blocking(health.gates(ready(trusted_hosts="10.2.1.2, 10.2.1.3"), VERSION))
    assert (check.evidence, check.failure) == ("not in TrustedHosts: edge 10.2.1.4", FailureClass.VM_NOT_TRUSTED)


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
    found = {made.id: made for made in health.health(healthy("2.1").with_changes(**changes), VERSION)}
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
    found = {made.id: made for made in health.gates(ready(**changes), VERSION)}
    assert found[check].evidence.startswith(evidence)


def test_own_health_says_why_it_knows_nothing() -> None:
    assert health.own_health(healthy(running=None))[0].evidence.endswith("nothing is deployed")
    assert health.own_health(healthy(running=UNREAD))[0].evidence.endswith("line cut")


def test_checks_of_one_cause_are_told_once_with_what_it_means_and_its_remedy() -> None:
    sealed = Unknown("Key not valid for use in specified state.")
    vms = dict.fromkeys(SERVICES, sealed)
    found = health.blocking(health.health(healthy("2.1", services=vms, calls=sealed, registration=sealed), VERSION))
    apart = Check("networks", health.FAIL, "CMS is not connected.", health.CALLS, FailureClass.VMS_DISCONNECTED)
    text = health.summary_with_remedies([*found, apart])
    assert text.count("Key not valid") == 1 and "cms_services, mediation_services, edge_services and 2 more: " in text
    row, other = FAILURES[FailureClass.CREDENTIAL_CACHE], FAILURES[FailureClass.VMS_DISCONNECTED]
    assert f"{row.meaning} {row.remedy}".rstrip(".") in text
    assert text.endswith(f"; networks: CMS is not connected. {other.remedy}".rstrip("."))


def test_a_summary_names_every_check_but_no_remedy() -> None:
    unread = healthy("2.1").with_changes(machines=UNREAD, jobs=("switch-2.1",))
    assert health.summary(health.blocking(health.health(unread, VERSION))) == (
        "machines, networks, other_sets: could not be read: line cut; jobs: switch-2.1"
    )


def test_the_summary_of_what_is_unread_says_that_it_counts_as_bad() -> None:
    text = health.summary_with_remedies(health.blocking(health.health(healthy("2.1", jobs=UNREAD), VERSION)))
    assert text == f"jobs: could not be read: line cut. {FAILURES[FailureClass.UNREAD].remedy}".rstrip(".")
