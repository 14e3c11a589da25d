"""Health: every check is told, the wait has an end, and looking again changes nothing."""

from __future__ import annotations

import importlib

import pytest
import yaml

from tests.bench import HOST, Bench


def edge(bench: Bench) -> object:
    running = bench.appliance.running_set
    assert running is not None
    return next(one for one in running if one.role == "Edge").computer


def test_a_healthy_appliance_shows_every_check() -> None:
    result = Bench("health").do("health")
    assert {"failed", "diff"} & result.keys() == set()
    assert {"scripts", "running_version", "counters", "test_calls"} <= {one["id"] for one in result["checks"]}


def test_an_ill_one_names_what_is_wrong_and_shows_every_check() -> None:
    bench = Bench("health")
    edge(bench).services["RTCMRAUTH"].become("Stopped")  # type: ignore[attr-defined]
    result = bench.do("health")
    assert "cce-1 is not healthy at 2.1: edge_services: RTCMRAUTH Stopped." in result["msg"]
    assert "then restart that VM" in result["failure"]["remedy"]
    assert result["failure"]["class"] == "edge-authentication-service" and result["failure"]["check"] == "edge_services"
    assert result["changed"] is False and result["msg"].count("run the same command again") == 1
    states = {one["id"]: one["status"] for one in result["failure"]["checks"]}
    assert states["edge_services"] == "FAIL" and states["scripts"] == "PASS"


def test_what_cannot_be_read_is_not_healthy() -> None:
    bench = Bench("health", switches={"vm_access": False})
    assert "could not be read" in bench.do("health")["msg"]


def test_it_waits_for_services_that_start() -> None:
    bench = Bench("health")
    service = edge(bench).services["RTCMRAUTH"]  # type: ignore[attr-defined]
    service.become("Stopped")
    bench.lab.world.env.process(start_later(bench, service))
    assert "failed" not in bench.do("health", wait=600, poll_interval=30)
    assert 90 <= bench.lab.now() < 300


def start_later(bench: Bench, service: object) -> object:
    yield bench.lab.world.env.timeout(90)
    service.become("Running")  # type: ignore[attr-defined]


@pytest.mark.parametrize("wait", [0, 300])
def test_the_wait_has_an_end_and_is_not_begun_again_for_the_report(wait: int) -> None:
    bench = Bench("health")
    edge(bench).services["RTCMRAUTH"].become("Stopped")  # type: ignore[attr-defined]
    assert bench.do("health", wait=wait, poll_interval=60)["failed"]
    assert wait <= bench.lab.now() < wait + 120


def test_a_job_that_nobody_has_collected_is_not_healthy() -> None:
    bench = Bench("health")
    bench.computer.files.write_text(r"C:\Program Files\sfb.cloud_connector\jobs\switch-2.1.claim", "{}")
    assert "jobs: switch-2.1" in bench.do("health")["msg"]


def test_the_old_version_is_not_healthy_at_the_new_one() -> None:
    bench = Bench("version")
    result = bench.do("health")
    assert "running_version: 2.0.1 runs, wanted 2.1" in result["msg"]
    assert bench.lab.snapshot(HOST)["running"] == "2.0.1"


def test_the_parts_of_a_check_are_documented() -> None:
    module = importlib.import_module("ansible_collections.sfb.cloud_connector.plugins.modules.health")
    documented = yaml.safe_load(module.RETURN)["checks"]["contains"]
    (first, *_) = Bench("health").do("health")["checks"]
    assert set(documented) == set(first)


def checks(bench: Bench) -> dict[str, dict[str, str]]:
    result = bench.do("health")
    return {one["id"]: one for one in result.get("checks") or result["failure"]["checks"]}


@pytest.mark.parametrize(
    ("way", "named"), [("firewall_mediation", "mediation CS RTCMEDSRV"), ("firewall_edge", "edge CS RTCSRV")]
)
def test_a_disabled_firewall_rule_is_not_healthy(way: str, named: str) -> None:
    bench = Bench("health")
    bench.lab.fault(HOST, no_calls=way)
    result = bench.do("health")
    assert f"firewall_rules: disabled: {named}" in result["msg"] and result["failure"]["class"] == "firewall-rule"


def test_a_firewall_rule_that_is_not_found_is_for_a_person() -> None:
    bench = Bench("health", switches={"blocking_rule": "missing"})
    bench.lab.fault(HOST, no_calls="firewall_edge")
    assert checks(bench)["firewall_rules"]["status"] == "MANUAL"


@pytest.mark.parametrize(("role", "number"), [("Mediation", 25062), ("Mediation", 25064), ("Edge", 14353)])
def test_what_was_logged_of_calls_that_fail_is_shown(role: str, number: int) -> None:
    bench = Bench("health")
    assert checks(bench)["call_events"]["status"] == "PASS"
    running = bench.appliance.running_set
    assert running is not None
    running.machines[role].computer.log("LS", number, "Error", "no call", "Lync Server")  # type: ignore[index]
    found = checks(bench)["call_events"]
    assert found["status"] == "MANUAL" and f"{number} at" in found["evidence"]


def test_vms_that_are_off_cost_seconds_and_not_minutes() -> None:
    bench = Bench("health", switches={"vm_off_seconds": 180})
    for machine in bench.appliance.running_set or ():
        machine.turn_off()
    before = bench.lab.now()
    assert "unknown" in bench.info()["services"]["edge"]
    assert bench.lab.now() - before < 75
    assert checks(bench)["edge_services"]["failure"] == "vm-unreachable"


def test_a_vm_that_is_not_trusted_is_not_said_to_be_ill() -> None:
    bench = Bench("health")
    bench.computer.policy.trusted_hosts = ""
    assert checks(bench)["edge_services"]["failure"] == "vm-not-trusted"
