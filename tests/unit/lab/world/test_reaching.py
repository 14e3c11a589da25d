"""Reading: the survey, the tenant, the VMs from the host, and who reaches what."""

from __future__ import annotations

import json

import pytest

from lab.inprocess import Lab

COUNTERS = [
    r"\LS:MediationServer - Inbound Calls(_Total)\- Current",
    r"\LS:MediationServer - Outbound Calls(_Total)\- Current",
]
MEDIATION, EDGE = "10.0.1.13", "S1A1-EDGE"


def inside(lab, address, *steps, kind="VmAdmin"):
    """The results of steps inside a VM, or the errors of the way there."""
    nested = {"protocol": 1, "steps": list(steps), "answers": []}
    parameters = {
        "ComputerName": address,
        "Credential": {"$output": "who"},
        "ScriptBlock": {"$bridge": True},
        "ArgumentList": [json.dumps(nested)],
    }
    request = [
        {"name": "who", "cmdlet": "Get-CcCredential", "parameters": {"AccountType": kind}},
        {"name": "it", "cmdlet": "Invoke-Command", "parameters": parameters},
    ]
    result = lab.connection("cce-1").exchange({"protocol": 1, "steps": request, "answers": []})["results"][1]
    return json.loads(result["output"][0].partition("#cc-bridge# ")[2]) if result["output"] else result["errors"]


def counter(name="it"):
    return {"name": name, "cmdlet": "Get-Counter", "parameters": {"Counter": COUNTERS}, "keep": ["Readings"]}


def test_the_counters_of_mediation(lab):
    lab.world.sites["oslo"].sources["inbound"].offer(100)
    lab.world.appliances["cce-2"].calls.live_calls.clear()
    lab.world.appliances["cce-1"].calls.live_calls.update({1: lab.record.calls()[0]})
    readings = inside(lab, MEDIATION, counter())["results"][0]["output"][0]["Readings"]
    assert readings.split("\n")[:2] == [r"\\s1a1-med\ls:mediationserver - inbound calls(_total)\- current :", "1"]
    assert readings.endswith(" :\n0\n\n")


def test_only_mediation_with_its_service_has_counters(lab):
    assert inside(lab, EDGE, counter())["results"][0]["errors"][0]["id"].startswith("CounterApiError,")
    lab.appliance("cce-1").running_set.machines["Mediation"].computer.services["RTCMEDSRV"].become("Stopped")
    assert inside(lab, MEDIATION, counter())["results"][0]["errors"]


def test_services_inside_a_vm(lab):
    step = {"name": "s", "cmdlet": "Get-Service", "parameters": {"Name": ["RTCSRV"]}, "keep": ["Name", "Status"]}
    assert inside(lab, EDGE, step)["results"][0]["output"] == [{"Name": "RTCSRV", "Status": "Running"}]


@pytest.mark.parametrize("kind", ["VmAdmin", "DomainAdmin", "CceService"])
def test_the_cached_accounts_are_let_in(lab, kind):
    assert isinstance(inside(lab, MEDIATION, counter(), kind=kind), dict)


def test_a_stopped_vm_or_a_closed_way_is_a_connection_error(lab, make, run):
    closed = inside(make(switches={"vm_access": False}), MEDIATION, counter())
    run(lab, "Stop-VM", Name=["S1A1-MED-2.0.1"])
    stopped = inside(lab, MEDIATION, counter())
    assert [e["id"] for e in closed + stopped] == ["WinRMOperationTimeout,PSSessionStateBroken"] * 2
    assert closed[0]["category"] == "OpenError"


def test_the_vms_of_the_neighbour_stand_in_the_same_network(lab):
    step = {"name": "s", "cmdlet": "Get-Service", "parameters": {"Name": ["RTCMEDSRV"]}, "keep": ["Status"]}
    lab.appliance("cce-2").running_set.machines["Mediation"].computer.services["RTCMEDSRV"].become("Stopped")
    assert inside(lab, "10.0.1.23", step)["results"][0]["output"] == [{"Status": "Stopped"}]
    assert inside(lab, "s1a2-med.cce.local", step)["results"][0]["output"] == [{"Status": "Stopped"}]
    assert [run.appliance for run in lab.record.cmdlets(name="Get-Service")] == ["cce-2", "cce-2"]


def test_the_vms_of_another_site_are_out_of_reach():
    lab = Lab.from_description(
        {"sites": [{"name": "a", "appliances": ["cce-1"]}, {"name": "b", "appliances": ["cce-2"]}]}
    )
    assert inside(lab, "10.0.2.13", counter())[0]["id"] == "WinRMOperationTimeout,PSSessionStateBroken"


def test_the_product_is_not_inside_a_vm(lab):
    step = {"name": "s", "cmdlet": "Get-CcVersion", "parameters": {}}
    assert "is not recognized" in inside(lab, MEDIATION, step)["results"][0]["errors"][0]["message"]


def test_tenant_cmdlets_come_with_the_imported_session(lab, run):
    assert "is not recognized" in run(lab, "Get-CsHybridPSTNSite")["errors"][0]["message"]
    names = [("who", "Get-CcCredential", {}), ("on", "New-CsOnlineSession", {"Credential": {"$output": "who"}})]
    names += [("in", "Import-PSSession", {"Session": {"$output": "on"}}), ("it", "Get-CsHybridPSTNAppliance", {})]
    steps = [{"name": name, "cmdlet": cmdlet, "parameters": given} for name, cmdlet, given in names]
    steps[-1]["keep"] = ["Name", "SiteName"]
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": steps, "answers": []})
    assert answer["results"][-1]["output"] == [{"Name": f"cce-{n}", "SiteName": "oslo"} for n in (1, 2)]


def test_the_share_is_out_of_reach_for_a_network_logon(lab, run):
    assert run(lab, "Start-CcDownload", method="ntlm", DownloadBitsOnly=True)["errors"][0]["message"].startswith(
        "Access"
    )


def test_download_brings_the_bits_once(lab, run):
    assert run(lab, "Start-CcDownload", DownloadBitsOnly=True)["seconds"] == 1800
    assert run(lab, "Start-CcDownload", DownloadBitsOnly=True)["seconds"] == 0
    assert "Version=2.1" in lab.world.network.files.read_text(r"\\files\oslo\VersionInfo.txt")


@pytest.mark.parametrize("order", ["first", "last"])
def test_a_share_that_goes_while_bits_come_ends_the_download(make, run, order):
    lab = make(switches={"version_file": order, "bits_come": "one by one"})
    share = lab.world.network.shares[r"\\files\oslo"]
    lab.world.env.process(_later(lab, lambda: setattr(share, "online", False)))
    assert run(lab, "Start-CcDownload", DownloadBitsOnly=True)["errors"][0]["message"].startswith(
        "Could not find a part"
    )


def _later(lab, act):
    yield lab.world.env.timeout(1.0)
    act()


def test_download_without_bits_only_swaps_the_msi(lab, run):
    run(lab, "Start-CcDownload")
    assert lab.snapshot("cce-1")["scripts"] == "2.1"


def test_another_account_sees_other_directories(lab):
    lab.appliance("cce-1").computer.add_account("Other", "x")
    step = {"name": "it", "cmdlet": "Get-CcSiteDirectory", "parameters": {}}
    answer = lab.connection("cce-1", user="Other").exchange({"protocol": 1, "steps": [step], "answers": []})
    assert answer["results"][0]["output"] == [r"C:\Users\other\CloudConnector\SiteRoot"]
