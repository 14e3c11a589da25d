"""The manual upgrade, cmdlet by cmdlet, and what it does to calls."""

from __future__ import annotations

import pytest

from lab.inprocess import ConnectionLost, guarded
from lab.server.sessions import open_session
from lab.wire.shell import Logon
from lab.world.configuration import MISSING_STATE

INI = r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CloudConnector.ini"


def call(lab, appliance, seconds=60.0):
    """A call that the gateways offered and that lives on this appliance."""
    for one in lab.world.appliances.values():
        one.calls.taking = one.name == appliance
    offered = lab.world.sites["oslo"].sources["inbound"].offer(seconds, emergency=False)
    for one in lab.world.appliances.values():
        one.calls.taking = True
    assert offered.appliance == appliance
    return offered


def test_the_upgrade_leaves_the_running_set_alone_until_the_switch(lab, upgrade):
    living = call(lab, "cce-1", 30_000)
    upgrade(lab)
    state = lab.snapshot("cce-1")
    assert (state["scripts"], state["running"], state["backup"]) == ("2.1", "2.0.1", "2.1")
    assert living.outcome == "running"
    assert lab.record.outages() == []


def test_the_new_set_is_complete_and_not_connected(lab, upgrade):
    upgrade(lab)
    new = lab.snapshot("cce-1")["sets"]["2.1"]
    assert new["complete"]
    assert [(one["on"], one["connected"]) for one in new["machines"].values()] == [(True, False)] * 4
    assert not lab.snapshot("cce-1")["management_switch"]


def test_the_switch_drains_and_exchanges(lab, upgrade, run):
    upgrade(lab)
    living = call(lab, "cce-1", 500)
    assert run(lab, "Switch-CcVersion")["seconds"] > 500
    state = lab.snapshot("cce-1")
    assert (state["running"], state["backup"], state["in_service"]) == ("2.1", "2.0.1", True)
    assert living.outcome == "completed"
    assert not any(one["on"] for one in state["sets"]["2.0.1"]["machines"].values())


def test_the_switch_is_one_outage_and_no_shortage_where_there_is_a_spare(lab, upgrade, run):
    upgrade(lab)
    run(lab, "Switch-CcVersion")
    (outage,) = lab.record.outages()
    assert (outage.appliance, outage.why) == ("cce-1", "Switch-CcVersion")
    assert outage.end is not None
    assert lab.record.shortages() == []


def test_after_a_switch_only_the_new_set_comes_back_by_itself(lab, upgrade, run):
    upgrade(lab)
    run(lab, "Switch-CcVersion")
    modes = {v: {s.start_mode for s in one.services} for v, one in lab.appliance("cce-1").sets.items()}
    assert modes == {"2.0.1": {"Manual"}, "2.1": {"Auto"}}
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    assert lab.snapshot("cce-1")["in_service"]


def test_a_second_switch_goes_back(lab, upgrade, run):
    upgrade(lab)
    run(lab, "Switch-CcVersion")
    run(lab, "Switch-CcVersion")
    assert lab.snapshot("cce-1")["running"] == "2.0.1"
    assert lab.snapshot("cce-1")["in_service"]


def test_a_drain_has_no_end_of_its_own(lab, upgrade):
    upgrade(lab)
    call(lab, "cce-1", 1e9)
    process = begin(lab, "Switch-CcVersion")
    lab.advance(100_000)
    assert process.is_alive
    assert lab.snapshot("cce-1")["draining"]


@pytest.mark.parametrize(("shows", "status"), [("nothing", "Running"), ("paused", "Paused")])
def test_what_windows_shows_of_a_service_that_drains(make, upgrade, shows, status):
    lab = make(switches={"drain_shows": shows, "drain_limit": 100.0})
    upgrade(lab)
    living = call(lab, "cce-1", 10_000)
    machine = next(one for one in lab.appliance("cce-1").running_set if one.role == "Mediation")
    service = machine.computer.services["RTCMEDSRV"]
    begin(lab, "Switch-CcVersion")
    lab.advance(50)
    assert (service.shown, living.outcome) == (status, "running")
    lab.advance(100)
    assert (service.shown, living.outcome) == ("Running", "running")


def begin(lab, cmdlet):
    appliance = lab.appliance("cce-1")
    session = open_session(appliance, Logon("CceAdmin", "credssp"))
    request = {"protocol": 1, "steps": [{"name": "it", "cmdlet": cmdlet, "parameters": {}}], "answers": []}
    return appliance.computer.run(guarded(session, request))


def test_a_drain_limit_fails_the_switch_and_takes_calls_again(make, upgrade, run):
    lab = make(switches={"drain_limit": 100.0})
    upgrade(lab)
    living = call(lab, "cce-1", 10_000)
    assert run(lab, "Switch-CcVersion")["thrown"]
    assert living.outcome == "running"
    assert lab.snapshot("cce-1")["in_service"]


def test_force_cuts_what_the_drain_limit_left(make, upgrade, run):
    lab = make(switches={"drain_limit": 100.0})
    upgrade(lab)
    living = call(lab, "cce-1", 10_000)
    assert run(lab, "Switch-CcVersion", Force=True)["errors"] == []
    assert (living.outcome, living.why) == ("cut", "Switch-CcVersion")


def test_a_switch_killed_while_draining_keeps_refusing_calls(lab, upgrade):
    upgrade(lab)
    call(lab, "cce-1", 10_000)
    process = begin(lab, "Switch-CcVersion")
    lab.advance(10)
    process.interrupt()
    lab.advance(10)
    assert lab.snapshot("cce-1")["draining"]
    assert lab.record.cmdlets(name="Switch-CcVersion")[0].outcome == "killed"


def test_without_a_backup_there_is_nothing_to_switch_to(lab, make, run):
    assert "no backup" in run(lab, "Switch-CcVersion")["errors"][0]["message"]
    assert run(make(switches={"switch_without_backup": "nothing"}), "Switch-CcVersion")["errors"] == []


def test_edge_services_that_do_not_start_leave_a_half_dead_switch(lab, upgrade, run):
    upgrade(lab)
    lab.fault("cce-1", trouble="T4")
    errors = run(lab, "Switch-CcVersion")["errors"]
    state = lab.snapshot("cce-1")
    assert errors[0]["message"].startswith("Service RTC")
    assert (state["running"], state["in_service"]) == ("2.1", False)


def test_a_host_that_dies_between_the_sets_is_out_until_the_switch_is_run_again(lab, upgrade, run):
    upgrade(lab)
    lab.fault("cce-1", cmdlet="Switch-CcVersion", when="during", point="disconnected", action="die_host")
    lose(lab, run)
    lab.advance(3600)
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == ("2.0.1", False)
    run(lab, "Switch-CcVersion")
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == ("2.1", True)


def lose(lab, run):
    with pytest.raises(ConnectionLost):
        run(lab, "Switch-CcVersion")


def test_install_wants_the_state_key(lab, upgrade, run):
    upgrade(lab)
    appliance = lab.appliance("cce-1")
    appliance.drop_set("2.1")
    appliance.computer.files.write_text(INI, lab.ini("cce-1").replace("State=\r\n", ""))
    run(lab, "Import-CcConfiguration", Force=True)
    assert MISSING_STATE in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]


def test_install_wants_registration_bits_disk_and_memory(lab, make, upgrade, run):
    upgrade(lab)
    appliance = lab.appliance("cce-1")
    appliance.drop_set("2.1")
    appliance.computer.disks["C:"].free = 0
    assert "space" in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]
    appliance.registered = False
    assert "not registered" in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]


def test_install_wants_the_bits_and_a_readable_cache(lab, upgrade, run):
    upgrade(lab)
    lab.appliance("cce-1").drop_set("2.1")
    lab.world.network.files.remove(r"\\files\oslo\SfBBits\2.1")
    assert "bits of version 2.1" in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]
    lab.fault("cce-1", trouble="T11")
    assert "Key not valid" in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]


def test_an_older_backup_gives_way_to_the_new_set(make, upgrade):
    site = {"name": "oslo", "appliances": [{"name": "cce-1", "backup": "1.4.2"}]}
    lab = make(sites=[site])
    free = lab.appliance("cce-1").computer.disks["C:"].free
    upgrade(lab)
    assert set(lab.snapshot("cce-1")["sets"]) == {"2.0.1", "2.1"}
    assert lab.appliance("cce-1").computer.disks["C:"].free == free


def test_a_first_deployment_ends_in_service(lab, run):
    run(lab, "Uninstall-CcAppliance", Confirm=False)
    assert run(lab, "Install-CcAppliance")["errors"] == []
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == ("2.0.1", True)


def test_a_restart_of_the_host_ends_a_drain(lab, upgrade):
    upgrade(lab)
    call(lab, "cce-1", 10_000)
    begin(lab, "Switch-CcVersion")
    lab.advance(10)
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    assert (lab.snapshot("cce-1")["draining"], lab.snapshot("cce-1")["in_service"]) == (False, True)


def test_a_second_install_does_nothing_or_is_refused(lab, make, upgrade, run):
    upgrade(lab)
    assert run(lab, "Install-CcAppliance", Upgrade=True)["seconds"] == 0
    other = make(switches={"install_again": "refused"})
    upgrade(other)
    assert "exists" in run(other, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]


def test_an_unfinished_install_stands_in_the_way_until_it_is_removed(lab, upgrade, run):
    upgrade(lab)
    lab.appliance("cce-1").sets["2.1"].complete = False
    assert "Uninstall" in run(lab, "Install-CcAppliance", Upgrade=True)["errors"][0]["message"]
    assert run(lab, "Uninstall-CcAppliance", Version="2.1", Confirm=False)["errors"] == []
    run(lab, "Install-CcAppliance", Upgrade=True)
    assert lab.snapshot("cce-1")["sets"]["2.1"]["complete"]


def test_an_install_that_disturbs_cuts_calls(make, upgrade):
    lab = make(switches={"install_disturbs_calls": True})
    living = call(lab, "cce-1", 30_000)
    upgrade(lab)
    assert living.outcome == "cut"
    assert "disturbs" in living.why


def test_uninstall_without_a_version_removes_the_running_set(lab, run):
    run(lab, "Uninstall-CcAppliance", Confirm=False)
    state = lab.snapshot("cce-1")
    assert (state["running"], state["sets"], state["in_service"]) == (None, {}, False)


def test_uninstall_asks(lab, run):
    result = run(lab, "Uninstall-CcAppliance", Version="2.0.1")
    assert [prompt["answered"] for prompt in result["prompts"]] == [False]
    assert lab.snapshot("cce-1")["running"] == "2.0.1"
