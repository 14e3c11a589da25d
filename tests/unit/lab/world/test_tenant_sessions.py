"""Remote sessions to the tenant: their number is limited, they cost time, and who does not remove them leaves them there."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lab.cmdlets.windows.tasks import MARK
from lab.inprocess import Lab
from lab.server.host_machine import _body
from lab.server.sessions import open_session
from lab.world import logons
from lab.world.network import LocalLogon
from lab.world.record import TenantSession
from lab.world.tenant import MOST_SESSIONS_OF_TENANT, TooManySessions

Step = tuple[str, str, dict[str, Any]]
CREDENTIAL: Step = ("who", "Get-CcCredential", {})
LOGON: Step = ("on", "New-CsOnlineSession", {"Credential": {"$output": "who"}})
REMOVAL: Step = ("out", "Remove-PSSession", {"Session": {"$output": "on"}})
SITES: Step = ("sites", "Get-CsHybridPSTNSite", {})
APPLIANCES: Step = ("appliances", "Get-CsHybridPSTNAppliance", {})


def imported(*names: str) -> Step:
    return ("in", "Import-PSSession", {"Session": {"$output": "on"}, **({"CommandName": list(names)} if names else {})})


def ask(lab: Lab, *asked: Step, name: str = "cce-1") -> dict[str, dict[str, Any]]:
    """The results of steps in one process, by name."""
    steps = [{"name": one, "cmdlet": cmdlet, "parameters": given} for one, cmdlet, given in asked]
    answer = lab.connection(name).exchange({"protocol": 1, "steps": steps})
    return {result["name"]: result for result in answer["results"]}


def test_the_fourth_session_of_an_administrator_is_refused(lab):
    for name in ("cce-1", "cce-2", "cce-1"):
        assert ask(lab, CREDENTIAL, LOGON, name=name)["on"]["errors"] == []
    (error,) = ask(lab, CREDENTIAL, LOGON)["on"]["errors"]
    assert "The maximum number of concurrent shells for this user has been exceeded." in error["message"]
    assert (error["id"], error["category"]) == ("PSSessionOpenFailed", "OpenError")
    assert error["exception"] == "System.Management.Automation.Remoting.PSRemotingTransportException"


def test_the_product_itself_is_refused_where_others_left_sessions_open(lab, run):
    for _ in range(3):
        ask(lab, CREDENTIAL, LOGON)
    assert "concurrent shells" in run(lab, "Register-CcAppliance")["errors"][0]["message"]


@pytest.mark.parametrize(
    ("limit", "refused"), [(1, [False, True, True]), (2, [False, False, True]), (None, [False] * 3)]
)
def test_the_limit_is_a_switch(make, limit, refused):
    lab = make(switches={"tenant_session_limit": limit})
    assert [bool(ask(lab, CREDENTIAL, LOGON)["on"]["errors"]) for _ in range(3)] == refused


def test_all_administrators_together_have_nine(make):
    world = make(switches={"tenant_session_limit": 20}).world
    for _ in range(MOST_SESSIONS_OF_TENANT):
        logons.log_on(world, "cce-1", world.tenant.administrator, world.tenant.password)
    with pytest.raises(TooManySessions, match="for this tenant has been exceeded"):
        world.tenant.log_on(world.tenant.administrator, world.tenant.password)


def test_removed_sessions_make_room(lab):
    for _ in range(5):
        assert ask(lab, CREDENTIAL, LOGON, REMOVAL)["out"]["errors"] == []
    kept = lab.record.tenant_sessions()
    assert (kept.opened, kept.removed, kept.left_open, kept.expired, kept.most_at_once) == (5, 5, 0, 0, 1)


def test_a_session_changes_nothing(lab):
    ask(lab, CREDENTIAL, LOGON, imported(), SITES, REMOVAL)
    assert lab.record.cmdlets(mutating=True) == []


def test_a_task_leaves_its_session_too(lab):
    computer = lab.appliance("cce-1").computer
    steps = [{"name": name, "cmdlet": cmdlet, "parameters": given} for name, cmdlet, given in (CREDENTIAL, LOGON)]
    computer.files.write_text(r"C:\Data\job.request", json.dumps({"request": {"protocol": 1, "steps": steps}}))
    script = f"{MARK}\n$job = 'C:\\Data\\job'"
    line = f"-EncodedCommand {base64.b64encode(script.encode('utf-16-le')).decode()}"
    lab.world.env.run(until=computer.launch("powershell.exe", line, LocalLogon(lab.fleet.account.name)))
    assert lab.record.tenant_sessions().left_open == 1


def test_a_command_through_the_wire_leaves_its_session_too(lab):
    steps = [{"name": name, "cmdlet": cmdlet, "parameters": given} for name, cmdlet, given in (CREDENTIAL, LOGON)]
    session = open_session(lab.appliance("cce-1"), LocalLogon(lab.fleet.account.name, "credssp"))
    lab.world.env.run(until=lab.world.env.process(_body(session, {"protocol": 1, "steps": steps})))
    assert lab.record.tenant_sessions().left_open == 1


def test_what_if_removes_nothing(lab):
    ask(lab, CREDENTIAL, LOGON, ("out", "Remove-PSSession", {"Session": {"$output": "on"}, "WhatIf": True}))
    assert lab.record.tenant_sessions().removed == 0


def test_a_session_is_removed_by_its_number(lab):
    assert ask(lab, CREDENTIAL, LOGON, ("out", "Remove-PSSession", {"Id": [1]}))["out"]["errors"] == []
    assert lab.record.tenant_sessions().removed == 1


def test_a_session_left_open_is_given_up_after_a_quarter_of_an_hour(lab):
    ask(lab, CREDENTIAL, LOGON)
    assert lab.record.tenant_sessions().left_open == 1
    lab.advance(899)
    assert lab.record.tenant_sessions().expired == 0
    lab.advance(2)
    kept = lab.record.tenant_sessions()
    assert (kept.expired, kept.left_open, kept.removed, lab.world.tenant.sessions) == (1, 1, 0, [])


def test_how_long_is_a_switch(make):
    lab = make(switches={"tenant_session_linger": 60})
    ask(lab, CREDENTIAL, LOGON)
    lab.advance(61)
    assert lab.record.tenant_sessions().expired == 1


def test_a_session_in_use_is_not_given_up(lab):
    ask(lab, CREDENTIAL, LOGON, ("rest", "Start-Sleep", {"Seconds": 5000}), REMOVAL)
    assert (lab.record.tenant_sessions().removed, lab.record.tenant_sessions().expired) == (1, 0)


def test_a_host_that_goes_down_leaves_its_session_open(lab):
    lab.fault("cce-1", cmdlet="Get-CsHybridPSTNSite", action="die_host")
    with pytest.raises(ConnectionError):
        ask(lab, CREDENTIAL, LOGON, imported(), SITES, REMOVAL)
    assert lab.record.tenant_sessions("cce-1").left_open == 1


def test_most_at_once_counts_what_is_there_together(lab):
    world = lab.world
    first = logons.log_on(world, "cce-1", world.tenant.administrator, world.tenant.password)
    second = logons.log_on(world, "cce-2", world.tenant.administrator, world.tenant.password)
    logons.remove(world, first)
    logons.log_on(world, "cce-1", world.tenant.administrator, world.tenant.password)
    assert (lab.record.tenant_sessions().most_at_once, lab.record.tenant_sessions("cce-2").entries) == (2, (second,))


def test_the_record_shows_sessions_as_data(lab):
    ask(lab, CREDENTIAL, LOGON, REMOVAL)
    (entry,) = lab.record.since(kind=TenantSession.kind)
    assert (entry["appliance"], entry["outcome"], entry["user"]) == ("cce-1", "removed", lab.world.tenant.administrator)


@pytest.mark.parametrize("seconds", [5, 40])
def test_the_logon_takes_time(make, seconds):
    lab = make(switches={"tenant_logon_seconds": seconds})
    assert ask(lab, CREDENTIAL, LOGON)["on"]["seconds"] == seconds


@pytest.mark.parametrize(("all_of_them", "named"), [(60, 6), (100, 10)])
def test_the_import_takes_time_and_less_for_some_cmdlets(make, all_of_them, named):
    lab = make(switches={"tenant_import_seconds": all_of_them})
    assert ask(lab, CREDENTIAL, LOGON, imported())["in"]["seconds"] == all_of_them
    assert ask(lab, CREDENTIAL, LOGON, imported("Get-CsHybridPSTNSite"))["in"]["seconds"] == named


def test_only_named_cmdlets_are_imported(lab):
    found = ask(lab, CREDENTIAL, LOGON, imported("get-cshybridpstns*"), SITES, APPLIANCES)
    assert found["sites"]["errors"] == []
    assert "is not recognized" in found["appliances"]["errors"][0]["message"]


def test_a_removed_session_cannot_be_imported(lab):
    assert ask(lab, CREDENTIAL, LOGON, REMOVAL, imported())["in"]["errors"][0]["category"] == "InvalidOperation"


def test_a_nested_bridge_without_a_computer_sees_what_was_imported(lab):
    """So a request can log on, ask in a list that may stop, and still remove the session afterwards."""
    inner = {"protocol": 1, "steps": [{"name": "sites", "cmdlet": "Get-CsHybridPSTNSite", "keep": ["Identity"]}]}
    broken = {"protocol": 1, "steps": [{"name": "no", "cmdlet": "Get-CsHybridPSTNAppliance"}, *inner["steps"]]}
    parameters = {"ScriptBlock": {"$bridge": True}, "ArgumentList": [json.dumps(inner)]}
    nested: Step = ("nested", "Invoke-Command", parameters)
    failing: Step = ("failing", "Invoke-Command", {**parameters, "ArgumentList": [json.dumps(broken)]})
    found = ask(lab, CREDENTIAL, LOGON, imported("Get-CsHybridPSTNSite"), nested, failing, REMOVAL)
    (line,) = found["nested"]["output"]
    answer = json.loads(line.partition("#cc-bridge# ")[2])
    assert answer["results"][0]["output"] == [{"Identity": "oslo"}]
    assert "is not recognized" in found["failing"]["output"][0]
    assert (found["out"]["errors"], lab.record.tenant_sessions().removed) == ([], 1)


def test_the_session_object_shows_its_state(lab):
    first = {"name": "on", "cmdlet": "New-CsOnlineSession", "parameters": {"Credential": {"$output": "who"}}}
    steps = [{"name": "who", "cmdlet": "Get-CcCredential"}, {**first, "keep": ["State", "ComputerName"]}]
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": steps})
    assert answer["results"][1]["output"] == [{"State": "Opened", "ComputerName": "simulated.online.lync.com"}]
