"""The management service updates by itself, whoever else is at work on the appliance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.inprocess import Lab
from lab.world.tenant import UpdateWindow

LOCK = r"\\files\oslo\CcLockFile"
HOUR = 3600.0
DAY = 24 * HOUR


def site(auto_update: bool = True, **first: Any) -> list[dict[str, Any]]:
    """A site of two appliances without traffic."""
    calls = {"inbound": {"calls_per_hour": 0}, "outbound": {"calls_per_hour": 0}}
    appliances = [{"name": "cce-1", **first}, "cce-2"]
    return [{"name": "oslo", "appliances": appliances, "auto_update": auto_update, "calls": calls}]


def by_itself(**switches: Any) -> Lab:
    """A lab whose management services update in their windows."""
    return Lab.from_description({"sites": site()}, switches={"automatic_update": True, **switches})


def action(lab: Lab, name: str = "cce-1") -> tuple[str, str]:
    known = lab.appliance(name).in_tenant
    return known.action, known.action_status


def locked(lab: Lab) -> bool:
    return lab.world.network.files.exists(LOCK)


def test_nothing_is_updated_where_the_switch_is_off():
    lab = Lab.from_description({"sites": site()}, switches={"automatic_update": False})
    lab.advance(DAY)
    assert (lab.snapshot("cce-1")["running"], lab.record.cmdlets()) == ("2.0.1", [])


def test_an_update_brings_the_new_version_into_service():
    lab = Lab.from_description({"sites": site()})
    process = lab.update("cce-1")
    lab.advance(1)
    assert (action(lab), locked(lab), lab.snapshot("cce-1")["updating"]) == (
        ("BitsUpdate", "Started"),
        True,
        "BitsUpdate",
    )
    lab.world.env.run(until=process)
    state = lab.snapshot("cce-1")
    assert (state["scripts"], state["running"], state["backup"], state["in_service"]) == ("2.1", "2.1", "2.0.1", True)
    assert (action(lab), locked(lab), state["updating"]) == (("BitsUpdate", "Finished"), False, None)
    names = [run.name for run in lab.record.cmdlets() if run.method == "service"]
    assert names == ["Start-CcDownload", "Register-CcAppliance", "Install-CcAppliance", "Switch-CcVersion"]


def test_one_appliance_of_a_site_after_the_other():
    lab = by_itself()
    lab.advance(120)
    assert [lab.snapshot(name)["updating"] for name in ("cce-1", "cce-2")] == ["BitsUpdate", None]
    lab.advance(DAY)
    assert {lab.snapshot(name)["running"] for name in ("cce-1", "cce-2")} == {"2.1"}
    assert not [one for one in lab.record.shortages() if one.capacity == 0]


def test_it_begins_in_its_window_only():
    lab = by_itself()
    lab.world.tenant.windows["Night"] = UpdateWindow("Daily", timedelta(hours=22), timedelta(hours=6))
    lab.world.tenant.sites["oslo"].bits_windows = ["Night"]
    lab.advance(13 * HOUR)
    assert lab.record.cmdlets() == []
    lab.advance(2 * HOUR)
    assert lab.snapshot("cce-1")["updating"] == "BitsUpdate"


def test_it_goes_on_after_automatic_update_was_switched_off():
    lab = by_itself()
    lab.advance(120)
    lab.world.tenant.sites["oslo"].enable_auto_update = False
    lab.advance(DAY)
    assert [lab.snapshot(name)["running"] for name in ("cce-1", "cce-2")] == ["2.1", "2.0.1"]


@pytest.mark.parametrize("flag", ["maintenance", "tenant", "service", "auto_update"])
def test_it_does_not_begin(flag):
    lab = by_itself()
    for name in ("cce-1", "cce-2"):
        appliance = lab.appliance(name)
        if flag == "maintenance":
            appliance.maintenance = True
        elif flag == "tenant":
            appliance.in_tenant.maintenance_mode = True
        elif flag == "service":
            appliance.computer.services.find("CCEManagementService").become("Stopped")
    lab.world.tenant.sites["oslo"].enable_auto_update = flag != "auto_update"
    lab.advance(DAY)
    assert lab.record.cmdlets() == []


def test_a_second_msiexec_is_refused_meanwhile(run):
    lab = Lab.from_description({"sites": site()})
    lab.update("cce-1")
    lab.advance(10)
    given = {"FilePath": "msiexec.exe", "ArgumentList": ["/x", "{0}"], "Wait": True, "PassThru": True}
    step = {"name": "it", "cmdlet": "Start-Process", "parameters": given, "keep": ["ExitCode"]}
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": [step]})
    assert answer["results"][0]["output"] == [{"ExitCode": 1618}]


def test_an_update_that_fails_says_so_and_is_tried_again_later():
    lab = by_itself()
    lab.world.network.down.add("download.microsoft.com")
    lab.advance(0.5 * HOUR)
    assert action(lab) == ("BitsUpdate", "Error")
    assert "Unable to download" in lab.appliance("cce-1").in_tenant.error
    assert not locked(lab)
    lab.world.network.down.clear()
    lab.advance(DAY)
    assert action(lab) == ("BitsUpdate", "Finished")


def test_a_restart_of_the_host_ends_it():
    lab = Lab.from_description({"sites": site()})
    process = lab.update("cce-1")
    lab.advance(1.5 * HOUR)
    lab.appliance("cce-1").restart()
    lab.world.env.run(until=process)
    assert (action(lab), locked(lab)) == (("BitsUpdate", "Error"), False)
    assert lab.appliance("cce-1").computer.up


def test_it_cannot_begin_without_a_session_to_the_tenant():
    """Three sessions of the same administrator are in use."""
    lab = Lab.from_description({"sites": site()}, switches={"tenant_session_limit": 0})
    lab.update("cce-1")
    lab.advance(DAY)
    assert lab.snapshot("cce-1")["running"] == "2.0.1"
    assert "could not report BitsUpdate Started" in lab.record.events("cce-1")[-1].text


def test_windows_are_updated_one_machine_after_the_other_and_then_the_host():
    lab = Lab.from_description({"sites": site(windows_updates=1)}, switches={"os_update_seconds": 600})
    appliance, began = lab.appliance("cce-1"), lab.now()
    process = lab.update("cce-1", "OsUpdate")
    lab.advance(601)
    states = [machine.on for machine in appliance.running_set]
    assert (states, action(lab), locked(lab)) == ([False, True, True, True], ("OsUpdate", "Started"), True)
    lab.world.env.run(until=process)
    assert [one.windows_updates for one in (*(m.computer for m in appliance.running_set), appliance.computer)] == [
        0
    ] * 5
    assert (action(lab), lab.snapshot("cce-1")["in_service"]) == (("OsUpdate", "Finished"), True)
    assert lab.now() - began >= 5 * 600


def test_windows_come_before_the_product_by_themselves():
    lab = Lab.from_description(
        {"sites": site(windows_updates=2)}, switches={"automatic_update": True, "os_update_seconds": 60}
    )
    lab.advance(DAY)
    actions = [event.text.split()[2] for event in lab.record.events("cce-1") if event.text.endswith("begins")]
    assert actions == ["OsUpdate", "BitsUpdate"]


def test_a_deployment_alone_leaves_the_rest():
    lab = Lab.from_description({"sites": site()})
    lab.world.env.run(until=lab.update("cce-1", "Deploy"))
    assert (action(lab), lab.snapshot("cce-1")["running"]) == (("Deploy", "Finished"), "2.0.1")


def test_one_action_at_a_time_and_only_known_ones():
    lab = Lab.from_description({"sites": site()})
    with pytest.raises(ValueError, match="no such action: 'Remove'"):
        lab.update("cce-1", "Remove")
    lab.update("cce-1")
    lab.advance(1)
    with pytest.raises(ValueError, match="BitsUpdate is under way"):
        lab.update("cce-1", "OsUpdate")


def test_the_tenant_shows_the_last_action_and_lets_it_be_set():
    lab = Lab.from_description({"sites": site(windows_updates=1)})
    lab.update("cce-1", "OsUpdate")
    identity = lab.appliance("cce-1").in_tenant.identity
    by_hand = {"Identity": identity, "Action": "Deploy", "Status": "Finished"}
    steps = [
        {"name": "who", "cmdlet": "Get-CcCredential"},
        {"name": "on", "cmdlet": "New-CsOnlineSession", "parameters": {"Credential": {"$output": "who"}}},
        {"name": "in", "cmdlet": "Import-PSSession", "parameters": {"Session": {"$output": "on"}}},
        {
            "name": "it",
            "cmdlet": "Get-CsHybridPSTNAppliance",
            "parameters": {"SiteName": "oslo", "Name": "cce-1"},
            "keep": ["Action", "ActionStatus", "Error"],
        },
        {"name": "set", "cmdlet": "Set-CsCceApplianceDeploymentStatus", "parameters": by_hand},
    ]
    results = lab.connection("cce-1").exchange({"protocol": 1, "steps": steps})["results"]
    assert results[3]["output"] == [{"Action": "OsUpdate", "ActionStatus": "Started", "Error": ""}]
    assert (results[4]["errors"], action(lab)) == ([], ("Deploy", "Finished"))


def test_windows_are_updated_in_their_own_window():
    lab = Lab.from_description({"sites": site(windows_updates=1)}, switches={"automatic_update": True})
    lab.world.tenant.windows["Night"] = UpdateWindow("Daily", timedelta(hours=22), timedelta(hours=6))
    lab.world.tenant.sites["oslo"].bits_windows = lab.world.tenant.sites["oslo"].os_windows = ["Night"]
    lab.advance(13 * HOUR)
    assert lab.record.events("cce-1") == []
    lab.advance(2 * HOUR)
    assert lab.snapshot("cce-1")["updating"] == "OsUpdate"


def test_the_end_is_told_once_the_tenant_answers_again():
    lab = Lab.from_description({"sites": site()})
    lab.update("cce-1")
    lab.advance(HOUR)
    lab.world.tenant.reachable = False
    lab.advance(DAY)
    assert (action(lab), lab.snapshot("cce-1")["running"]) == (("BitsUpdate", "Started"), "2.1")
    lab.world.tenant.reachable = True
    lab.advance(120)
    assert action(lab) == ("BitsUpdate", "Finished")


def test_a_machine_that_somebody_turned_off_ends_the_update(run):
    lab = Lab.from_description({"sites": site(windows_updates=1)}, switches={"os_update_seconds": 600})
    process = lab.update("cce-1", "OsUpdate")
    lab.advance(60)
    run(lab, "Stop-VM", Name=["*-AD-*"])
    lab.world.env.run(until=process)
    assert (action(lab), lab.appliance("cce-1").in_tenant.error) == (("OsUpdate", "Error"), "S1A1-AD-2.0.1 is off")
    assert not lab.appliance("cce-1").running_set.machines["AD"].on


def test_no_machine_starts_on_a_host_that_is_down():
    lab = Lab.from_description({"sites": site(windows_updates=1)}, switches={"os_update_seconds": 600})
    lab.update("cce-1", "OsUpdate")
    lab.advance(610)
    lab.appliance("cce-1").computer.power_off()
    lab.advance(DAY)
    assert not any(machine.on for machine in lab.appliance("cce-1").running_set)


def test_an_installer_that_fails_ends_the_update():
    lab = Lab.from_description({"sites": site()})
    lab.fault("cce-1", cmdlet="msiexec.exe", action="exit_code", point="/i", code=1603)
    lab.world.env.run(until=lab.update("cce-1"))
    assert lab.appliance("cce-1").in_tenant.error == "msiexec /i ended with 1603"
    assert (lab.snapshot("cce-1")["scripts"], lab.snapshot("cce-1")["in_service"]) == (None, True)


def test_it_needs_the_cached_administrator():
    lab = Lab.from_description({"sites": site()})
    lab.appliance("cce-1").caches.clear()
    lab.world.env.run(until=lab.update("cce-1"))
    assert lab.record.events("cce-1")[-1].text.endswith("no tenant administrator is cached")
