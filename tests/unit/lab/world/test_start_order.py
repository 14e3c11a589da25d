"""VMs need each other: CMS the AD, Mediation both; and a host brings its VMs up together or one after the other."""

from __future__ import annotations

import pytest


def state(lab, role, service):
    return lab.appliance("cce-1").running_set.machines[role].computer.services[service].state


def restarted(lab, run, *off):
    """Mediation and CMS are restarted while these VMs are off."""
    run(lab, "Stop-VM", Name=[f"*-{name}-*" for name in off])
    run(lab, "Restart-VM", Name=["*-MED-*"])


@pytest.mark.parametrize(("off", "expected"), [(("AD",), "Stopped"), (("CMS",), "Stopped"), (("EDGE",), "Running")])
def test_mediation_does_not_start_without_ad_and_cms(lab, run, off, expected):
    restarted(lab, run, *off)
    assert state(lab, "Mediation", "RTCMEDSRV") == expected


def test_cms_does_not_start_without_ad(lab, run):
    run(lab, "Stop-VM", Name=["*-AD-*", "*-CMS-*"])
    run(lab, "Start-VM", Name=["*-CMS-*"])
    assert state(lab, "CMS", "MASTER") == "Stopped"
    run(lab, "Start-VM", Name=["*-AD-*"])
    run(lab, "Restart-VM", Name=["*-CMS-*"])
    assert state(lab, "CMS", "MASTER") == "Running"


def test_what_runs_goes_on_without_them(lab, run):
    run(lab, "Stop-VM", Name=["*-AD-*", "*-CMS-*"])
    assert lab.snapshot("cce-1")["in_service"]


def test_maintenance_mode_is_not_left_without_ad(lab, run):
    run(lab, "Enter-CcUpdate")
    run(lab, "Stop-VM", Name=["*-AD-*"])
    failed = [error["message"].split()[1] for error in run(lab, "Exit-CcUpdate")["errors"]]
    assert "RTCMEDSRV" in failed and "MASTER" in failed and "RTCMEDIARELAY" not in failed


@pytest.mark.parametrize(("in_order", "on"), [(False, [True] * 4), (True, [True, False, False, False])])
def test_machines_start_together_or_in_order(make, in_order, on):
    lab = make(switches={"vms_start_in_order": in_order})
    lab.appliance("cce-1").restart()
    lab.advance(240 + 121)
    assert [machine.on for machine in lab.appliance("cce-1").running_set] == on
    lab.advance(360)
    assert lab.snapshot("cce-1")["in_service"]


def test_a_second_restart_amid_the_first_loses_no_machine(make):
    lab = make(switches={"vms_start_in_order": True})
    lab.appliance("cce-1").restart()
    lab.advance(240 + 121)
    lab.appliance("cce-1").restart()
    lab.advance(200)
    assert not any(machine.on for machine in lab.appliance("cce-1").running_set)
    lab.advance(240 + 4 * 120)
    assert lab.snapshot("cce-1")["in_service"]


def test_a_machine_that_was_turned_off_stays_off(lab, run):
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    run(lab, "Stop-VM", Name=["*-EDGE-*"])
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    assert [machine.on for machine in lab.appliance("cce-1").running_set] == [True, True, True, False]
