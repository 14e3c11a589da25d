"""Faults inside cmdlets and on the connection, and the record of it."""

from __future__ import annotations

import io
import json

import pytest

from lab.inprocess import ConnectionLost, Lab
from lab.world.appliance import MODULE_INI
from lab.world.demo import DEMO
from lab.world.description import describe
from lab.world.fleet import build


def test_an_error_before_and_after(lab, run):
    lab.fault("cce-1", cmdlet="Get-CcVersion", text="Boom.")
    lab.fault("cce-1", cmdlet="Switch-CcVersion", when="after")
    result = run(lab, "Get-CcVersion")
    assert (result["thrown"], result["errors"][0]["message"], result["output"]) == (True, "Boom.", [])
    assert run(lab, "Get-CcVersion")["output"] == ["2.0.1"]


def test_half_done_comes_back_without_an_error(lab, upgrade, run):
    upgrade(lab)
    lab.fault("cce-1", cmdlet="Switch-CcVersion", when="during", point="off", action="half_done")
    assert run(lab, "Switch-CcVersion")["errors"] == []
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == ("2.0.1", False)


def test_a_cmdlet_that_hangs_is_lost_after_the_timeout_and_runs_on(lab):
    lab.fault("cce-1", cmdlet="Get-CcVersion", action="hang")
    step = {"name": "it", "cmdlet": "Get-CcVersion", "parameters": {}}
    with pytest.raises(ConnectionLost):
        lab.connection("cce-1").exchange({"protocol": 1, "steps": [step], "answers": []}, timeout=60)
    assert lab.record.cmdlets(name="Get-CcVersion")[0].outcome == "running"


def test_a_host_that_dies_kills_the_cmdlet(lab, run):
    lab.fault("cce-1", cmdlet="Get-CcVersion", action="die_host")
    with pytest.raises(ConnectionLost):
        run(lab, "Get-CcVersion")
    assert lab.record.cmdlets(name="Get-CcVersion")[0].outcome == "killed"
    lab.advance(3600)
    assert run(lab, "Get-CcVersion")["output"] == ["2.0.1"]


def test_a_connection_lost_before_did_nothing_and_lost_after_did_it(lab, run):
    lab.fault("cce-1", wire="lost_before")
    lab.fault("cce-1", wire="lost_after")
    for expected in (0, 1):
        with pytest.raises(ConnectionLost):
            run(lab, "Enter-CcUpdate")
        assert len(lab.record.cmdlets(name="Enter-CcUpdate")) == expected


def test_an_unreachable_appliance_carries_calls(lab, run):
    lab.appliance("cce-1").unreachable = True
    with pytest.raises(ConnectionLost):
        run(lab, "Get-CcVersion")
    assert lab.snapshot("cce-1")["in_service"]


def test_passwords_are_masked_in_the_record(lab, run):
    run(lab, "Register-ScheduledTask", TaskName="t", Xml="<no/>", User="CceAdmin", Password="secret")
    assert lab.record.cmdlets(name="Register-ScheduledTask")[0].parameters["Password"] == "********"


def test_reading_is_not_mutating(lab, run):
    run(lab, "Get-CcVersion")
    run(lab, "Enter-CcUpdate")
    assert [one.name for one in lab.record.cmdlets(mutating=True)] == ["Enter-CcUpdate"]
    assert [one.name for one in lab.record.cmdlets(appliance="cce-1", mutating=False)] == ["Get-CcVersion"]


def test_every_line_of_the_file_says_simulated():
    file = io.StringIO()
    world = build(describe(DEMO), file)
    world.env.run(until=3600)
    world.record.close()
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert lines[0]["kind"] == "header"
    assert all(line["simulated"] for line in lines)
    assert len([line for line in lines if line["kind"] == "call"]) == len(world.record.calls())


def test_the_record_answers_from_a_position_on(lab, run):
    run(lab, "Get-CcVersion")
    run(lab, "Get-CcVersion")
    later = lab.record.since(position=1, kind="cmdlet")
    assert [(one["position"], one["name"]) for one in later] == [(1, "Get-CcVersion")]


def test_the_demo_fleet_begins_healthy():
    lab = Lab.from_description()
    lab.advance(600)
    assert all(lab.snapshot(name)["in_service"] for name in lab.world.appliances)
    assert (lab.record.shortages(), lab.record.outages()) == ([], [])


@pytest.mark.parametrize("bad", [{"site": []}, {"sites": [{"nam": "x"}]}, {"switches": {"no": 1}, "sites": []}])
def test_a_description_that_is_not_understood_is_refused(bad):
    with pytest.raises(ValueError, match="unknown|no such|missing"):
        Lab.from_description(bad)


def test_an_appliance_may_begin_halfway():
    site = {"name": "oslo", "appliances": [{"name": "a", "scripts": "2.1", "running": "2.0.1", "backup": "2.1"}]}
    state = Lab.from_description({"sites": [site]}).snapshot("a")
    assert (state["scripts"], state["running"], state["backup"]) == ("2.1", "2.0.1", "2.1")
    assert state["in_service"]


@pytest.mark.parametrize(
    ("trouble", "cmdlet", "text"),
    [
        ("T6", "Register-CcAppliance", "Cannot register appliance because"),
        ("T10", "Register-CcAppliance", "Logon failed for the user"),
        ("T11", "Get-CcCredential", "Key not valid for use in specified state."),
        ("T18", "Enter-CcUpdate", "The term 'Stop-CsWindowsService' is not recognized"),
        ("T19", "Get-CcVersion", "The term 'Get-CcVersion' is not recognized"),
        ("T20", "Get-VM", "The term 'Get-VM' is not recognized"),
    ],
)
def test_documented_troubles_say_what_is_documented(lab, run, trouble, cmdlet, text):
    lab.fault("cce-1", trouble=trouble)
    assert text in run(lab, cmdlet)["errors"][0]["message"]


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        ("T2", "join"),
        ("T3", "Remove-VMSwitch"),
        ("T12", "'Common'"),
        ("T13", 'Cannot set "State"'),
        ("T14", "0xc1550115"),
    ],
)
def test_troubles_of_an_installation(lab, upgrade, run, trouble, text):
    upgrade(lab)
    lab.appliance("cce-1").drop_set("2.1")
    lab.fault("cce-1", trouble=trouble)
    assert text in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]


def test_forgotten_versions_come_back_with_a_registration(lab, run):
    lab.fault("cce-1", trouble="T7")
    assert run(lab, "Get-CcVersion", VersionType="RunningBits")["output"] == []
    lab.appliance("cce-1").computer.files.remove(MODULE_INI)
    assert run(lab, "Get-CcVersion", VersionType="RunningBits")["output"] == []
    run(lab, "Register-CcAppliance")
    assert run(lab, "Get-CcVersion", VersionType="RunningBits")["output"] == ["2.0.1"]


def test_a_warning_does_not_end_an_installation(lab, upgrade, run):
    upgrade(lab)
    lab.appliance("cce-1").drop_set("2.1")
    lab.fault("cce-1", trouble="T21")
    result = run(lab, "Install-CcAppliance", Upgrade=True)
    assert result["errors"] == [] and "Windows automatic updating is not enabled" in result["warnings"][0]
    assert lab.snapshot("cce-1")["sets"]["2.1"]["complete"]


def test_the_base_machine_that_could_not_be_updated_tells_its_password(lab, run):
    lab.fault("cce-1", trouble="T25")
    assert "(Password: " in run(lab, "Convert-CcIsoToVhdx", IsoFilePath=r"C:\\w.iso")["errors"][0]["message"]


def edge(lab):
    return lab.appliance("cce-1").sets["2.0.1"].machines["Edge"].computer


def test_renewed_certificates_stand_beside_the_old_until_those_are_removed(lab, run):
    before = list(edge(lab).certificates)
    lab.advance(3600)
    run(lab, "Update-CcServerCertificate")
    renewed = edge(lab).certificates
    assert len(renewed) == 3 and renewed[:2] == before and renewed[2].expires > before[1].expires
    run(lab, "Remove-CcLegacyServerCertificate")
    assert [one.subject for one in edge(lab).certificates] == [before[0].subject, before[1].subject]
    assert before[1] not in edge(lab).certificates


def test_a_certificate_that_is_imported_lasts_longer(lab, run):
    lab.fault("cce-1", trouble="external certificate")
    lab.appliance("cce-1").computer.files.write_text(r"C:\new.pfx", "any")
    run(lab, "Set-CcExternalCertificateFilePath", Target="EdgeServer", Path=r"C:\new.pfx", Import=True)
    external = [one for one in edge(lab).certificates if "Public CA" in one.issuer]
    assert [one.expires > lab.world.now() for one in external] == [False, True]


def test_services_that_do_not_start_leave_signs_until_calls_live_again(lab, upgrade, run):
    upgrade(lab)
    lab.fault("cce-1", trouble="T4")
    run(lab, "Switch-CcVersion")
    appliance = lab.appliance("cce-1")
    assert [event.event_id for event in appliance.computer.events["Application"]] == [304, 20006]
    assert appliance.computer.files.read_text(appliance.recovery_file) == "AutoMaintenanceStatus=3\r\n"
    appliance.repair()
    assert not appliance.computer.files.exists(appliance.recovery_file)


def test_an_unknown_trouble_is_refused(lab):
    with pytest.raises(ValueError, match="no such trouble: T99"):
        lab.fault("cce-1", trouble="T99")


def test_an_administrator_repairs_a_half_dead_switch(lab, upgrade, run):
    upgrade(lab)
    lab.fault("cce-1", trouble="T4")
    run(lab, "Switch-CcVersion")
    lab.fault("cce-1", trouble="T18")
    lab.appliance("cce-1").repair()
    assert lab.appliance("cce-1").faults.waiting == []
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == ("2.1", True)


def test_fleets_side_by_side_answer_on_different_addresses():
    sites = [{"name": "a", "appliances": ["one"]}, {"name": "b", "appliances": ["two", "three"]}]
    lab = Lab.from_description({"sites": sites, "network": 7})
    assert [one.address for one in lab.world.appliances.values()] == ["127.7.1.1", "127.7.2.1", "127.7.2.2"]
