"""Enter- and Exit-CcUpdate."""

from __future__ import annotations


def test_entering_cuts_calls_and_leaving_takes_new_ones(lab, run):
    inbound = lab.world.sites["oslo"].sources["inbound"]
    offered = [inbound.offer(10_000) for _ in range(20)]
    run(lab, "Enter-CcUpdate")
    assert {call.outcome for call in offered if call.appliance == "cce-1"} == {"cut"}
    assert lab.appliance("cce-1").in_tenant.maintenance_mode
    run(lab, "Exit-CcUpdate")
    assert lab.snapshot("cce-1")["in_service"]
    assert not lab.appliance("cce-1").in_tenant.maintenance_mode


def test_entering_drains_where_the_switch_says_so(make, run):
    lab = make(switches={"enter_drains": True})
    offered = [lab.world.sites["oslo"].sources["inbound"].offer(100) for _ in range(20)]
    run(lab, "Enter-CcUpdate")
    assert {call.outcome for call in offered} == {"completed"}


def test_maintenance_survives_a_restart_of_the_host(lab, run):
    run(lab, "Enter-CcUpdate")
    lab.appliance("cce-1").restart()
    lab.advance(3600)
    assert (lab.snapshot("cce-1")["maintenance"], lab.snapshot("cce-1")["in_service"]) == (True, False)
    run(lab, "Exit-CcUpdate")
    assert lab.snapshot("cce-1")["in_service"]


def test_again_is_nothing_or_refused(make, run):
    lab = make(switches={"enter_again": "refused", "exit_outside": "refused"})
    assert run(lab, "Exit-CcUpdate")["thrown"]
    run(lab, "Enter-CcUpdate")
    assert run(lab, "Enter-CcUpdate")["thrown"]


def test_a_service_that_does_not_start_is_an_error(lab, run):
    run(lab, "Enter-CcUpdate")
    edge = lab.appliance("cce-1").running_set.machines["Edge"]
    edge.computer.services["RTCMRAUTH"].broken = True
    errors = run(lab, "Exit-CcUpdate")["errors"]
    assert errors[0]["message"] == "Service RTCMRAUTH failed to start. Check to make sure the service is not disabled."
    assert not lab.snapshot("cce-1")["in_service"]
