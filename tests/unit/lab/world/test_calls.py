"""Traffic: who takes a call, when it is lost, and what the record says."""

from __future__ import annotations

import pytest


@pytest.fixture
def inbound(lab):
    return lab.world.sites["oslo"].sources["inbound"]


def stop(lab, name):
    appliance = lab.appliance(name)
    appliance.running_set.stop_services()


def test_a_call_is_completed(lab, inbound):
    offered = inbound.offer(60, emergency=True)
    lab.advance(61)
    assert (offered.outcome, (offered.end - offered.time).total_seconds()) == ("completed", 60)
    assert lab.record.calls(site="oslo", outcome="completed", emergency=True) == [offered]


def test_a_call_dies_with_the_services_under_it(lab, inbound):
    offered = inbound.offer(60)
    stop(lab, offered.appliance)
    lab.advance(61)
    assert (offered.outcome, offered.end) == ("cut", offered.time)


def test_a_refused_call_tries_the_other_appliance(lab, inbound):
    stop(lab, "cce-1")
    offered = [inbound.offer(1) for _ in range(20)]
    lab.advance(2)
    assert {call.appliance for call in offered} == {"cce-2"}
    assert {call.outcome for call in offered} == {"completed", "rerouted"}


def test_without_retry_a_refused_call_is_lost(make):
    lab = make(switches={"gateway_retry": False})
    stop(lab, "cce-1")
    offered = [lab.world.sites["oslo"].sources["inbound"].offer(1) for _ in range(20)]
    assert {call.outcome for call in offered} == {"running", "refused"}
    assert "cce-1 takes no calls" in {call.why for call in offered}


def test_a_full_appliance_refuses(lab, inbound):
    for appliance in lab.world.appliances.values():
        appliance.calls.capacity = 1
    offered = [inbound.offer(10) for _ in range(3)]
    assert offered[2].outcome == "refused"


def test_a_site_is_short_while_too_few_are_in_service(lab):
    lab.world.sites["oslo"].peak_calls = 600
    stop(lab, "cce-1")
    lab.advance(30)
    lab.appliance("cce-1").running_set.start_services()
    (shortage,) = lab.record.shortages("oslo")
    assert (shortage.capacity, shortage.needed, (shortage.end - shortage.time).total_seconds()) == (500, 600, 30)


def test_traffic_is_the_same_for_the_same_seed(make):
    def hour(seed):
        lab = make(seed=seed)
        inbound = lab.world.sites["oslo"].sources["inbound"]
        inbound.load.calls_per_hour = 600
        inbound.start()
        lab.advance(3600)
        return [(call.time, call.appliance, call.end) for call in lab.record.calls()]

    assert hour(1) == hour(1)
    assert hour(1) != hour(2)


def test_a_new_rate_replaces_the_old_one(lab, inbound):
    inbound.load.calls_per_hour = 3600
    inbound.start()
    inbound.load.calls_per_hour = 0
    inbound.start()
    lab.advance(3600)
    assert lab.record.calls() == []


def test_a_host_that_restarts_cuts_its_calls_and_comes_back(lab, inbound):
    offered = [inbound.offer(10_000) for _ in range(20)]
    lab.appliance("cce-1").restart()
    lab.advance(1)
    assert {call.outcome for call in offered if call.appliance == "cce-1"} == {"cut"}
    lab.advance(3600)
    assert lab.snapshot("cce-1")["in_service"]
