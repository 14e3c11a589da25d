"""Sets of VMs that read well and carry no call."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from lab.cmdlets.cloudconnector.certificates import certificate
from lab.inprocess import Lab
from lab.server.fleet_routes import FleetRoutes
from lab.world.obstacles import OBSTACLES

COUNTERS = [rf"\LS:MediationServer - {way} Calls(_Total)\- Current" for way in ("Inbound", "Outbound")]
WITH_EVENT = {"gateway": 25064, "tls": 25062, "certificate": 14353, "completion": 25064}


def inside(lab, role, cmdlet, keep, **parameters):
    """What a cmdlet writes inside a VM of the running set of cce-1, as the host reaches it; [] where it only has errors."""
    step = {"name": "it", "cmdlet": cmdlet, "parameters": parameters, "keep": keep}
    nested = {
        "ComputerName": lab.appliance("cce-1").running_set.machines[role].address,
        "Credential": {"$output": "who"},
        "ScriptBlock": {"$bridge": True},
        "ArgumentList": [json.dumps({"protocol": 1, "steps": [step], "answers": []})],
    }
    steps = [
        {"name": "who", "cmdlet": "Get-CcCredential", "parameters": {"AccountType": "VmAdmin"}},
        {"name": "it", "cmdlet": "Invoke-Command", "parameters": nested},
    ]
    result = lab.connection("cce-1").exchange({"protocol": 1, "steps": steps, "answers": []})["results"][1]
    return json.loads(result["output"][0].partition("#cc-bridge# ")[2])["results"][0]["output"]


def events(lab, role, *numbers):
    wanted = {"LogName": "Lync Server", "Id": list(numbers)}
    found = inside(lab, role, "Get-WinEvent", ["Id"], FilterHashtable=wanted)
    return [one["Id"] for one in found]


def rule(lab, role, name):
    found = inside(
        lab,
        role,
        "Get-WmiObject",
        ["Enabled"],
        Namespace=r"root\StandardCimv2",
        Class="MSFT_NetFirewallRule",
        Filter=f"DisplayName='{name}'",
    )
    return [one["Enabled"] for one in found]


def reads_well(lab):
    """All that the host and its VMs show, as in an appliance in order."""
    running = lab.appliance("cce-1").running_set
    services = {service.state for service in running.services}
    readings = inside(lab, "Mediation", "Get-Counter", ["Readings"], Counter=COUNTERS)[0]["Readings"]
    plugged = all(machine.on and machine.connected for machine in running)
    return services == {"Running"} and plugged and readings.split()[-1] == "0"


@pytest.fixture
def offer():
    """Offers calls to the site in one direction."""

    def some(lab, direction="inbound", number=20):
        return [lab.world.sites["oslo"].sources[direction].offer(60, emergency=False) for _ in range(number)]

    return some


@pytest.mark.parametrize("way", OBSTACLES)
@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_everything_reads_well_and_no_call_works(make, offer, way, direction):
    lab = make(switches={"gateway_retry": False, "tenant_retry": False})
    lab.fault("cce-1", no_calls=way)
    calls = [one for one in offer(lab, direction) if one.tried == ["cce-1"]]
    assert {one.outcome for one in calls} == {"cut" if way == "completion" else "refused"}
    assert {one.why for one in calls} == {f"cce-1: {OBSTACLES[way].why}"}
    assert reads_well(lab)


@pytest.mark.parametrize(("way", "number"), WITH_EVENT.items())
def test_the_documented_event_says_so(lab, offer, way, number):
    lab.fault("cce-1", no_calls=way)
    offer(lab)
    role = OBSTACLES[way].role
    assert number in events(lab, role, 25062, 25064, 14353)
    assert not events(lab, "Edge" if role == "Mediation" else "Mediation", 25062, 25064, 14353)


@pytest.mark.parametrize(
    ("way", "soon"), [("tls", True), ("certificate", True), ("gateway", False), ("completion", False)]
)
def test_some_events_need_no_call(lab, way, soon):
    lab.fault("cce-1", no_calls=way)
    assert (events(lab, OBSTACLES[way].role, WITH_EVENT[way]) != []) == soon


@pytest.mark.parametrize(
    ("way", "role", "name"),
    [("firewall_mediation", "Mediation", "CS RTCMEDSRV"), ("firewall_edge", "Edge", "CS RTCSRV")],
)
def test_a_firewall_rule_is_disabled_or_missing(make, way, role, name):
    for how, left in (("disabled", [2]), ("missing", [])):
        lab = make(switches={"blocking_rule": how})
        assert rule(lab, role, name) == [1]
        lab.fault("cce-1", no_calls=way)
        assert rule(lab, role, name) == left
        assert events(lab, role, 25062, 25064, 14353) == []


def test_a_refused_call_finds_the_neighbour_and_an_answered_one_does_not(lab, offer):
    lab.fault("cce-1", no_calls="gateway")
    assert {one.appliance for one in offer(lab)} == {"cce-2"}
    lab.appliance("cce-1").repair()
    lab.fault("cce-1", no_calls="completion")
    answered = [one for one in offer(lab) if one.tried[0] == "cce-1"]
    assert {(one.outcome, one.appliance) for one in answered} == {("cut", "cce-1")}


@pytest.mark.parametrize("way", OBSTACLES)
def test_the_new_set_only(lab, upgrade, run, offer, way):
    lab.fault("cce-1", no_calls=way, version="2.1")
    upgrade(lab)
    assert lab.snapshot("cce-1")["in_service"]
    assert run(lab, "Switch-CcVersion")["errors"] == []
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == ("2.1", False)
    assert reads_well(lab)
    run(lab, "Switch-CcVersion")
    assert (lab.snapshot("cce-1")["running"], lab.snapshot("cce-1")["in_service"]) == ("2.0.1", True)


def test_the_record_counts_such_an_appliance_as_out(lab):
    lab.world.sites["oslo"].peak_calls = 600
    lab.fault("cce-1", no_calls="tls")
    (shortage,) = lab.record.shortages()
    (outage,) = lab.record.outages()
    assert (shortage.capacity, outage.appliance, outage.why) == (500, "cce-1", "2.0.1 carries no call: tls")


def test_a_call_that_lives_goes_on(lab, offer):
    living = offer(lab)
    lab.fault("cce-1", no_calls="gateway")
    lab.advance(61)
    assert {one.outcome for one in living} == {"completed"}


def test_a_fleet_may_begin_so():
    site = {"name": "oslo", "appliances": [{"name": "a", "no_calls": {"2.0.1": ["firewall_edge"], "2.1": ["tls"]}}]}
    state = Lab.from_description({"sites": [site]}).snapshot("a")
    assert (state["in_service"], state["no_calls"]) == (False, {"2.0.1": ["firewall_edge"], "2.1": ["tls"]})


def test_a_way_that_is_none_is_refused(lab):
    with pytest.raises(ValueError, match="unknown nothing in no_calls; there are gateway"):
        Lab.from_description(
            {"sites": [{"name": "o", "appliances": [{"name": "a", "no_calls": {"2.1": ["nothing"]}}]}]}
        )
    with pytest.raises(ValueError, match="no such way to carry no call: nothing"):
        lab.fault("cce-1", no_calls="nothing")
    with pytest.raises(ValueError, match="no such way to carry no call: when"):
        lab.fault("cce-1", no_calls="tls", when="after")


def test_the_control_api_takes_it(lab):
    async def post():
        app = web.Application()
        app.add_routes(FleetRoutes(lab.world, None, {}).routes())
        async with TestClient(TestServer(app)) as client:
            return (await client.post("/appliances/cce-1/faults", json={"no_calls": "tls", "version": "2.1"})).status

    assert asyncio.run(post()) == 200
    assert lab.snapshot("cce-1")["no_calls"] == {"2.1": ["tls"]}


@pytest.mark.parametrize(("way", "target"), [("certificate", "EdgeServer"), ("tls", "MediationServer")])
def test_a_new_certificate_mends_what_is_its_fault(lab, run, way, target):
    appliance = lab.appliance("cce-1")
    lab.fault("cce-1", no_calls=way)
    password = appliance.caches["cceadmin"]["ExternalCert"].password.value
    appliance.computer.files.write(r"C:\new.pfx", certificate("ap.contoso.com", password))
    run(lab, "Set-CcExternalCertificateFilePath", Target=target, Path=r"C:\new.pfx", Import=True)
    assert lab.snapshot("cce-1")["in_service"]


def test_a_rule_enabled_by_hand_lets_calls_in(lab):
    lab.fault("cce-1", no_calls="firewall_mediation")
    appliance = lab.appliance("cce-1")
    appliance.running_set.machines["Mediation"].computer.firewall["CS RTCMEDSRV"] = True
    appliance.recompute_service()
    assert lab.snapshot("cce-1")["in_service"]


def test_what_is_noticed_at_once_is_logged_once(lab):
    lab.fault("cce-1", no_calls="tls")
    lab.appliance("cce-1").running_set.machines["CMS"].computer.services["MASTER"].become("Stopped")
    assert events(lab, "Mediation", 25062) == [25062]


def test_a_call_that_finds_the_appliance_draining_leaves_no_event(lab, offer):
    lab.fault("cce-1", no_calls="completion")
    lab.appliance("cce-1").draining = True
    assert {one.appliance for one in offer(lab)} == {"cce-2"}
    assert events(lab, "Mediation", 25064) == []


def test_rules_are_in_a_namespace_of_their_own(lab):
    for namespace, found in ((r"root\StandardCimv2", 1), (r"root\cimv2", 0)):
        given = {"Namespace": namespace, "Class": "MSFT_NetFirewallRule"}
        assert len(inside(lab, "Edge", "Get-WmiObject", ["Enabled"], **given)) == found


def test_a_restart_mends_nothing_and_a_repair_does(lab):
    lab.fault("cce-1", no_calls="firewall_edge")
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    assert not lab.snapshot("cce-1")["in_service"]
    lab.appliance("cce-1").repair()
    assert (lab.snapshot("cce-1")["in_service"], lab.snapshot("cce-1")["no_calls"]) == (True, {})


def test_services_log_their_start_and_stop(lab, run):
    assert events(lab, "Mediation", 25002, 25003) == [25002]
    run(lab, "Enter-CcUpdate")
    run(lab, "Exit-CcUpdate")
    assert events(lab, "Mediation", 25002, 25003) == [25002, 25003, 25002]
    assert events(lab, "Edge", 12288, 19002, 22002) != []


def test_a_power_cut_leaves_no_event_of_a_stop(lab):
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    assert events(lab, "Mediation", 25002, 25003) == [25002, 25002]


@pytest.mark.parametrize("shown", [False, True])
def test_calls_that_ring_are_counted_or_not(make, offer, shown):
    lab = make(switches={"counters_show_ringing": shown})
    lab.fault("cce-1", no_calls="ringing")
    tried = [one for one in offer(lab) if "cce-1" in one.tried]

    text = inside(lab, "Mediation", "Get-Counter", ["Readings"], Counter=COUNTERS)[0]["Readings"]
    assert tried and (str(len(tried)) in text.splitlines()) is shown
    lab.advance(60)
    assert reads_well(lab)
