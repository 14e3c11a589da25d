"""The management service brings an appliance back into service, unless somebody else is at work on it."""

from __future__ import annotations

from itertools import islice

import pytest

from lab.inprocess import Lab
from lab.server.automatic_recovery import pauses

RECOVERY = {"automatic_recovery": True}
STATUS_FILE = r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CceSevicePersistent"


def stop_mediation(lab: Lab) -> None:
    lab.appliance("cce-1").running_set.machines["Mediation"].computer.services["RTCMEDSRV"].become("Stopped")


@pytest.mark.parametrize(("switches", "in_service"), [(RECOVERY, True), ({"automatic_recovery": False}, False)])
def test_a_stopped_service_is_started_again(make, switches, in_service):
    lab = make(switches=switches)
    stop_mediation(lab)
    lab.advance(600)
    assert lab.snapshot("cce-1")["in_service"] == in_service


def test_meanwhile_the_appliance_is_off_its_networks_and_the_tenant_says_error(make):
    lab = make(switches=RECOVERY)
    stop_mediation(lab)
    lab.advance(65)
    appliance = lab.appliance("cce-1")
    assert appliance.in_tenant.status == "Error"
    assert not any(machine.connected for machine in appliance.running_set)
    assert {service.state for service in appliance.running_set.services} == {"Stopped"}
    assert {service.start_mode for service in appliance.running_set.services} == {"Manual"}
    assert "AutoMaintenanceStatus=3" in appliance.computer.files.read_text(STATUS_FILE)
    assert "cce-1=Error" in lab.world.network.files.read_text(r"\\files\oslo\Site_ap-oslo.contoso.com")
    lab.advance(600)
    assert appliance.in_tenant.status == "Running"
    assert {service.start_mode for service in appliance.running_set.services} == {"Auto"}
    assert not appliance.computer.files.exists(STATUS_FILE)


def test_a_machine_that_is_off_and_a_lost_network_are_mended(make, run):
    lab = make(switches=RECOVERY)
    run(lab, "Stop-VM", Name=["*-EDGE-*"])
    lab.advance(600)
    assert lab.snapshot("cce-1")["in_service"]
    lab.appliance("cce-1").running_set.connect(False)
    lab.appliance("cce-1").recompute_service()
    lab.advance(600)
    assert lab.snapshot("cce-1")["in_service"]


@pytest.mark.parametrize("how", ["maintenance", "tenant", "service"])
def test_it_keeps_its_hands_off(make, run, how):
    lab = make(switches=RECOVERY)
    appliance = lab.appliance("cce-1")
    if how == "maintenance":
        run(lab, "Enter-CcUpdate")
    elif how == "tenant":
        appliance.in_tenant.maintenance_mode = True
    else:
        appliance.computer.services.find("CCEManagementService").become("Stopped")
    stop_mediation(lab)
    lab.advance(3600)
    assert not lab.snapshot("cce-1")["in_service"]
    assert lab.record.events("cce-1") == []


def test_maintenance_mode_ends_its_tries(make, run):
    lab = make(switches=RECOVERY)
    edge = lab.appliance("cce-1").running_set.machines["Edge"].computer
    edge.services["RTCSRV"].broken = True
    edge.services["RTCSRV"].become("Stopped")
    lab.advance(400)
    run(lab, "Enter-CcUpdate")
    edge.services["RTCSRV"].broken = False
    lab.advance(3 * 3600)
    assert not lab.snapshot("cce-1")["in_service"]


def test_what_does_not_start_is_told_and_tried_ever_more_rarely(make):
    lab = make(switches=RECOVERY)
    edge = lab.appliance("cce-1").running_set.machines["Edge"].computer
    edge.services["RTCSRV"].broken = True
    edge.services["RTCSRV"].become("Stopped")
    lab.advance(3600)
    assert [entry.event_id for entry in lab.appliance("cce-1").computer.events["Application"]] == [304, 20006]
    assert not any(machine.connected for machine in lab.appliance("cce-1").running_set)
    edge.services["RTCSRV"].broken = False
    lab.advance(2 * 3600)
    assert lab.snapshot("cce-1")["in_service"]


def test_the_pauses_are_the_documented_ones():
    assert list(islice(pauses(), 13)) == [10, 10, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


@pytest.mark.parametrize("minds", [True, False])
def test_it_minds_the_cmdlets_of_the_product_or_races_with_them(make, run, upgrade, minds):
    lab = make(switches={**RECOVERY, "recovery_minds_cmdlets": minds, "switch_duration": 600})
    upgrade(lab)
    run(lab, "Switch-CcVersion")
    texts = {event.text for event in lab.record.events("cce-1")}
    assert ("automatic recovery begins" in texts) != minds


def test_a_switch_that_was_cut_short_is_taken_back_by_recovery(make, run, upgrade):
    """The old set is the running one still, so that is what comes back: under the hands of whoever goes on with the switch."""
    lab = make(switches=RECOVERY)
    upgrade(lab)
    lab.fault("cce-1", cmdlet="Switch-CcVersion", when="during", point="off", action="half_done")
    run(lab, "Switch-CcVersion")
    lab.advance(900)
    state = lab.snapshot("cce-1")
    assert (state["running"], state["backup"], state["in_service"]) == ("2.0.1", "2.1", True)


def test_maintenance_mode_between_two_tries_leaves_the_networks_alone(make, run):
    lab = make(switches=RECOVERY)
    stop_mediation(lab)
    lab.advance(61)
    lab.appliance("cce-1").maintenance = True
    lab.advance(3600)
    assert not any(machine.connected for machine in lab.appliance("cce-1").running_set)


def test_maintenance_mode_amid_a_try_keeps_the_services_down(make, run):
    lab = make(switches=RECOVERY)
    stop_mediation(lab)
    lab.advance(60 + 10 + 5)
    run(lab, "Enter-CcUpdate")
    lab.advance(3600)
    assert {service.state for service in lab.appliance("cce-1").running_set.services} == {"Stopped"}


def test_an_automatic_update_is_left_alone(make):
    lab = make(switches={**RECOVERY, "recovery_minds_cmdlets": False, "os_update_seconds": 60})
    for machine in lab.appliance("cce-1").running_set:
        machine.computer.windows_updates = 1
    lab.world.env.run(until=lab.update("cce-1", "OsUpdate"))
    assert "automatic recovery begins" not in {event.text for event in lab.record.events("cce-1")}
