"""What an upgrade may change of an appliance, and that every other difference is named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import snapshot
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import (
    ACCOUNTS,
    SERVICES,
    Appliance,
    Certificate,
    Event,
    Machine,
    Service,
    Space,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant_records import TenantRecords
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from .builders import NOW, certificate, healthy, ini_text, machines

OLD, TARGET = Version("2.0.1"), Version("2.1")
LATER = NOW + timedelta(hours=3)
UNREAD = Unknown("line cut")

BEFORE = healthy(backup=Version("2.0"), machines=machines("2.0.1") + machines("2.0", "Off"))
NEW_VMS = (certificate(), certificate("ed-berlin-1.cce.local", 700))
UPGRADED: dict[str, Any] = {
    "clock": LATER,
    "backup": OLD,
    "machines": machines("2.1") + machines("2.0.1", "Off"),
    "certificates": NEW_VMS,
}
AFTER = healthy("2.1", **UPGRADED)

RECORD = {
    "Identity": "1",
    "Name": "cce-ber-1",
    "SiteName": "berlin",
    "MediationServerFqdn": "ms-berlin-1.cce.local",
    "MediationServerIPAddress": "10.2.1.3",
    "MaintenanceMode": False,
}
SITE = {"Identity": "berlin", "EdgeFQDN": "ap-berlin.contoso.com", "EnableAutoUpdate": False}
RECORDS = TenantRecords("cce-ber-1", (SITE,), (RECORD,))

TAKEN = snapshot.take(BEFORE, TARGET, RECORDS)


def differences(
    after: Appliance, records: TenantRecords | None = RECORDS, *, accepted: tuple[str, ...] = ()
) -> list[str]:
    """What stops."""
    found = snapshot.compare(TAKEN, after, records, accepted)
    return [str(one) for one in snapshot.stopping(found)]


def services(vm: str, **states: str) -> dict[str, Any]:
    return {**healthy().services, vm: {**dict.fromkeys(SERVICES[vm], "Running"), **states}}


def test_what_an_upgrade_changes_passes_and_says_how_it_is_known() -> None:
    found = snapshot.compare(TAKEN, AFTER, RECORDS)
    assert not snapshot.stopping(found)
    assert {one.name: one.source for one in found} == {
        "versions/scripts": "documented",
        "versions/running": "documented",
        "versions/backup": "documented",
        **{f"machines/2.0: {role}": "inferred" for role in ("AD", "CMS", "Mediation", "Edge")},
        **{f"machines/2.0.1: {role}": "documented" for role in ("AD", "CMS", "Mediation", "Edge")},
        "certificates/ed-berlin-1.cce.local expires": "inferred",
        "certificates/ed-berlin-1.cce.local thumbprint": "inferred",
    }


def test_an_appliance_that_was_not_touched_has_no_difference() -> None:
    assert snapshot.compare(TAKEN, BEFORE, RECORDS) == []


def edge_of(version: str, **changes: Any) -> tuple[Machine, ...]:
    *others, edge = machines(version)
    return (*others, replace(edge, **changes))


OLD_SET = machines("2.0.1", "Off")
RULES = healthy().firewall_rules
NAME = "ap-berlin.contoso.com"

MUTATIONS: dict[str, dict[str, Any]] = {
    "versions/running changed from '2.0.1' to '2.0'": {"running": Version("2.0")},
    "versions/scripts changed from '2.0.1' to '2.0'": {"scripts": Version("2.0")},
    "versions/backup changed from '2.0' to '1.4.2'": {"backup": Version("1.4.2")},
    "programs/installed changed from 1 to 2": {"programs": healthy().programs * 2},  # type: ignore[operator]
    r"directories/site changed from '\\\\files\\berlin' to '\\\\files\\rome'": {"site_directory": r"\\files\rome"},
    "management_service/account changed from 'CceService' to 'NetworkService'": {
        "management_service": Service("CceService", "Running", r"NT AUTHORITY\NetworkService")
    },
    "management_service/state changed from 'Running' to 'Stopped'": {
        "management_service": Service("CceService", "Stopped", r".\CceService")
    },
    "machines/in production: Edge is missing ('Running, on SfB CCE Corpnet Switch, SfB CCE Internet Switch')": {
        "machines": machines("2.1")[:3] + OLD_SET
    },
    "machines/in production: Edge changed from 'Running, on SfB CCE Corpnet Switch, SfB CCE Internet Switch' to "
    "'Running, on SfB CCE Corpnet Switch'": {
        "machines": edge_of("2.1", switches=("SfB CCE Corpnet Switch",)) + OLD_SET
    },
    "machines/2.0.1: Edge is added ('Running, on SfB CCE Corpnet Switch, SfB CCE Internet Switch')": {
        "machines": machines("2.1") + edge_of("2.0.1")[3:] + OLD_SET[:3]
    },
    "machines/monitoring is added ('Off, not connected')": {
        "machines": (*machines("2.1"), *OLD_SET, Machine("monitoring", "Off", None, ()))
    },
    "switches/SfB CCE Internet Switch is missing": {"switches": ("SfB CCE Corpnet Switch",)},
    "switches/SfB CCE Management Switch is added": {
        "switches": ("SfB CCE Corpnet Switch", "SfB CCE Internet Switch", "SfB CCE Management Switch")
    },
    "services/edge RTCMRAUTH changed from 'Running' to 'Stopped'": {"services": services("edge", RTCMRAUTH="Stopped")},
    "start_modes/edge RTCSRV changed from 'Auto' to 'Manual'": {
        "start_modes": {
            **healthy().start_modes,
            "edge": {**dict.fromkeys(SERVICES["edge"], "Auto"), "RTCSRV": "Manual"},
        }
    },
    f"certificates/{NAME} issuer changed from 'CN=issuer' to 'CN=another'": {
        "certificates": (replace(certificate(), issuer="CN=another"), NEW_VMS[1])
    },
    "certificate_files/EdgeServer changed from 'C:\\\\CloudConnector\\\\edge.pfx' to nothing": {
        "certificate_files": {"EdgeServer": None, "MediationServer": None}
    },
    "firewall_rules/edge CS RTCSRV changed from true to false": {"firewall_rules": {**RULES, "edge CS RTCSRV": False}},  # type: ignore[dict-item]
    "firewall_rules/edge CS RTCSRV changed from true to nothing": {
        "firewall_rules": {**RULES, "edge CS RTCSRV": None}  # type: ignore[dict-item]
    },
    "events/25062 is added": {"call_events": (Event(25062, LATER, "no gateway"),)},
    "events/304 is added": {"recovery_events": (Event(304, LATER, "recovery"),)},
    "counters could not be read: line cut": {"calls": UNREAD},
    "ini/Gateway1/IP changed from '10.2.99.1' to '10.2.99.7'": {
        "ini_imported": ini_text().replace("10.2.99.1", "10.2.99.7")
    },
    "registration/match changed from 'full' to 'half'": {"registration": "half"},
    "registration/maintenance mode changed from false to true": {"tenant_maintenance": True},
    "registration/automatic update changed from false to true": {"auto_update": True},
    "credentials/ExternalCert changed from true to false": {
        "credentials": {**dict.fromkeys(ACCOUNTS, True), "ExternalCert": False}
    },
    "host/memory changed from 68719476736 to 34359738368": {"memory": Space(0, 32 * 2**30)},
    "host/.NET changed from 394271 to 378675": {"dotnet_release": 378675},
    "host/strong crypto changed from true to false": {"strong_crypto": False},
    "trusted_hosts/10.2.* is missing": {"trusted_hosts": "fileserver"},
    "recovery/AutoMaintenanceStatus changed from nothing to 3": {"recovery_status": 3},
    "site/marker changed from 'the marker of the site' to 'another'": {"site_marker": "another"},
}


@pytest.mark.parametrize("named", MUTATIONS)
def test_one_property_that_is_not_as_before_is_named_and_stops(named: str) -> None:
    after = healthy("2.1", **{**UPGRADED, **MUTATIONS[named]})
    assert named in differences(after)


def test_every_area_has_a_mutation() -> None:
    named = {name.partition("/")[0].split(" ")[0] for name in MUTATIONS}
    assert named | {"tenant_record"} == set(snapshot.areas(BEFORE, RECORDS))


def test_the_tenants_record_is_compared_by_value() -> None:
    other = TenantRecords(
        "cce-ber-1", (SITE,), ({**RECORD, "MediationServerIPAddress": "10.2.1.9"}, RECORD | {"Name": "x"})
    )
    assert differences(AFTER, other) == ["tenant_record/MediationServerIPAddress changed from '10.2.1.3' to '10.2.1.9'"]
    twice = TenantRecords("cce-ber-1", (SITE,), (RECORD, {**RECORD, "Identity": "2"}))
    assert differences(AFTER, twice) == [
        "tenant_record/records of the appliance changed from 1 to 2",
        "tenant_record/Identity changed from '1' to '2'",
    ]


def test_without_a_logon_what_the_tenant_shows_is_not_compared() -> None:
    not_asked = AFTER.with_changes(
        **dict.fromkeys(("registration", "auto_update", "tenant_maintenance"), Unknown("the tenant was not asked"))
    )
    assert differences(not_asked, None) == []


def test_a_tenant_that_did_not_answer_is_a_difference() -> None:
    records = TenantRecords.unread("no logon")
    assert differences(records.applied(AFTER), records) == [
        "registration could not be read: no logon",
        "tenant_record could not be read: no logon",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"call_events": (Event(25062, NOW - timedelta(hours=1), "before the upgrade"),)},
        {"trusted_hosts": "10.2.*, fileserver, 10.9.9.9"},
        {"dotnet_release": 461808},
        {"services": {**healthy().services, "mediation": {"REPLICA": "Running", "MEDSVC": "Running"}}},
        {"recovery_status": 0},
        {"registration": "full", "boot_time": LATER},
    ],
)
def test_what_does_not_stop(changes: dict[str, Any]) -> None:
    assert differences(healthy("2.1", **{**UPGRADED, **changes})) == []


def test_an_event_that_came_before_too_does_not_stop() -> None:
    """A gateway that was down before is no work of the upgrade."""
    before = snapshot.take(BEFORE.with_changes(call_events=(Event(25062, NOW, "down"),)), TARGET)
    after = AFTER.with_changes(call_events=(Event(25062, LATER, "down"), Event(14353, LATER, "new")))
    assert [one.name for one in snapshot.stopping(snapshot.compare(before, after))] == ["events/14353"]


def test_what_was_ill_before_and_is_well_now_does_not_stop() -> None:
    ill = BEFORE.with_changes(
        services=services("edge", RTCMRAUTH="Stopped"),
        start_modes={**healthy().start_modes, "cms": {"REPLICA": "Manual", "MASTER": "Manual"}},
        firewall_rules={**RULES, "edge CS RTCSRV": False},  # type: ignore[dict-item]
        credentials={**dict.fromkeys(ACCOUNTS, True), "CceService": False},
        strong_crypto=False,
        site_marker=None,
    )
    found = snapshot.compare(snapshot.take(ill, TARGET), AFTER)
    assert not snapshot.stopping(found)


def test_a_neighbour_that_is_not_upgraded_may_not_change_like_one_that_is() -> None:
    """The set in production went off, and nothing took its place."""
    off = BEFORE.with_changes(machines=machines("2.0.1", "Off") + machines("2.0", "Off"))
    assert len(differences(off)) == 4
    renewed = BEFORE.with_changes(certificates=NEW_VMS)
    assert differences(renewed) == [
        "certificates/ed-berlin-1.cce.local expires changed from "
        f"{(NOW + timedelta(days=300)).isoformat()!r} to {(NOW + timedelta(days=700)).isoformat()!r}",
        "certificates/ed-berlin-1.cce.local thumbprint changed from 'ed-berlin-1.cce.local-300' to 'ed-berlin-1.cce.local-700'",
    ]


def test_a_certificate_that_ends_earlier_stops() -> None:
    sooner = AFTER.with_changes(certificates=(certificate(days=20), NEW_VMS[1]))
    assert len(differences(sooner)) == 2


def test_a_name_of_a_certificate_that_is_gone_stops() -> None:
    gone = AFTER.with_changes(certificates=(certificate(),))
    assert len(differences(gone)) == 3
    other = AFTER.with_changes(certificates=(*NEW_VMS, Certificate("CN=new", "CN=issuer", LATER, "1")))
    assert [one.split(" ")[0] for one in differences(other)] == ["certificates/new"] * 3


def test_what_was_accepted_does_not_stop() -> None:
    ini = ini_text().replace("10.2.99.1", "10.2.99.7")
    changed = AFTER.with_changes(ini_imported=ini, switches=(), call_events=(Event(25062, LATER, ""),))
    assert len(differences(changed)) == 4
    assert differences(changed, accepted=("INI/gateway1/ip", "switches/*", "events/25062 ")) == []


def test_a_release_brings_keys_of_its_own() -> None:
    """Those of the new template with their defaults are no difference, as for the ini that is imported."""
    lines = [line for line in ini_text().splitlines(keepends=True) if not line.startswith(("State=", "OMSEnabled="))]
    before = snapshot.take(BEFORE.with_changes(ini_imported="".join(lines)), TARGET)
    assert not snapshot.stopping(snapshot.compare(before, AFTER))


def test_an_area_that_was_unread_before_is_not_compared() -> None:
    before = snapshot.take(BEFORE.with_changes(certificates=UNREAD), TARGET)
    assert not snapshot.stopping(snapshot.compare(before, AFTER.with_changes(certificates=())))


def test_an_appliance_of_an_early_release_loses_its_old_accounts() -> None:
    early = Version("1.4.2")
    before = BEFORE.with_changes(
        running=early, scripts=early, backup=UNREAD, credentials={"VmAdmin": True, "TenantAdmin": True},
        machines=machines("1.4.2"),
    )  # fmt: skip
    after = AFTER.with_changes(backup=early, machines=machines("2.1") + machines("1.4.2", "Off"))
    assert not snapshot.stopping(snapshot.compare(snapshot.take(before, TARGET), after))


def test_a_record_comes_back_as_it_was_written() -> None:
    assert snapshot.parse(json.dumps(TAKEN.to_dict())) == TAKEN
    done = replace(TAKEN, compared=LATER)
    assert snapshot.parse(json.dumps(done.to_dict())) == done and not done.is_open
    partly = replace(TAKEN, found={**TAKEN.found, "ini": UNREAD})
    assert snapshot.parse(json.dumps(partly.to_dict())) == partly
    assert snapshot.parse(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"target": "2.1"',
        json.dumps({**TAKEN.to_dict(), "taken": "yesterday"}),
        json.dumps({**TAKEN.to_dict(), "taken": "2026-01-31T01:00:00"}),
        json.dumps({**TAKEN.to_dict(), "target": "the newest"}),
        json.dumps({**TAKEN.to_dict(), "areas": []}),
        json.dumps({**TAKEN.to_dict(), "areas": {"ini": "x"}}),
        json.dumps({**TAKEN.to_dict(), "areas": {"ini": {"x": {}}}}),
        "[" * 100_000,
    ],
)
def test_a_record_that_somebody_wrote_to_is_not_read(text: str) -> None:
    with pytest.raises(NotReadError):
        snapshot.parse(text)


def test_a_snapshot_holds_of_the_ini_what_microsofts_templates_have() -> None:
    """Somebody may have written a password beside it."""
    ini = ini_text().replace("[Network]", "[Mine]\r\nPassword=Passw0rd!\r\n[Network]\r\nSecret=Passw0rd!")
    taken = snapshot.take(BEFORE.with_changes(ini_imported=ini + "[Gateway1]\r\nPassword=Passw0rd!\r\n"), TARGET)
    assert "Passw0rd!" not in json.dumps(taken.to_dict()) and "Gateway1/IP" in json.dumps(taken.to_dict())


def test_the_clocks_of_the_controller_mean_nothing() -> None:
    """Events and snapshot are by the host's own clock, a day behind say."""
    day = timedelta(days=1)
    before = snapshot.take(BEFORE.with_changes(clock=NOW - day), TARGET)
    after = AFTER.with_changes(clock=LATER - day, call_events=(Event(25062, NOW - day + timedelta(minutes=1), ""),))
    assert [one.name for one in snapshot.stopping(snapshot.compare(before, after))] == ["events/25062"]
