"""The snapshot is taken once before an upgrade and compared after it, judged by what is on the appliance."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.world.appliance import MODULE_INI
from lab.world.product import uninstall_msi
from tests.bench import HOST, NEIGHBOUR, ORDER, OURS, Bench
from tests.operations import InProcessConnection, Overtaken, operate, prepare

RECORD = rf"{OURS}\records\snapshot.json"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def must(bench: Bench, module: str = "snapshot", **options: Any) -> dict[str, Any]:
    given = {"tenant": records(bench), **options} if module == "snapshot" else options
    result: dict[str, Any] = bench.do(module, **given)
    assert module != "snapshot" or not bench.ran("New-CsOnlineSession")
    assert "failed" not in result, result["msg"]
    return result


def records(bench: Bench) -> Any:
    """The tenant's records as they are now."""
    place = {"name": HOST, **bench.reach(HOST)}
    reader = prepare(bench.lab, HOST, "site_info", {"appliances": [place], "gather_subset": ["!min", "tenant"]})
    reader.connect = lambda task_vars, host: InProcessConnection(bench.lab.connection(host))
    return reader.run(task_vars={"inventory_hostname": HOST})["tenant"]


def upgrade(bench: Bench) -> None:
    for module in ORDER:
        must(bench, module)


def kept(bench: Bench) -> dict[str, Any]:
    text = bench.text(RECORD)
    assert text is not None
    found: dict[str, Any] = json.loads(text)
    return found


def stopping(bench: Bench, **options: Any) -> list[str]:
    """The names of the differences that stop."""
    result = bench.do("snapshot", state="compared", tenant=records(bench), **options)
    assert result["failed"] and result["failure"]["class"] == "state-changed" and not result["changed"], result
    assert bench.changes() == []
    return [one["name"] for one in result["failure"]["differences"]]


def test_check_takes_nothing_and_compares_nothing(bench: Bench) -> None:
    assert must(bench, check=True)["changes"] == ["take a snapshot before the upgrade to 2.1"]
    assert bench.text(RECORD) is None and bench.changes() == []
    compared = must(bench, check=True, state="compared")
    assert not compared["changed"] and "warnings" not in compared and "ansible_facts" not in compared


def test_a_whole_upgrade_between_taken_and_compared(bench: Bench) -> None:
    assert must(bench)["changed"] and bench.our_files("jobs") == []
    taken = kept(bench)
    for module in ORDER:
        must(bench, module)
        assert not must(bench)["changed"] and kept(bench) == taken, module
    found = must(bench, state="compared")
    assert not found["changed"] and found["snapshot"]["compared"] is not None
    assert all(one["reason"] for one in found["differences"])
    assert kept(bench) == {**taken, "compared": found["snapshot"]["compared"]}


def test_once_it_is_at_the_target_there_is_nothing_to_take(bench: Bench) -> None:
    upgrade(bench)
    assert not must(bench)["changed"] and bench.text(RECORD) is None
    assert "there is no snapshot" in must(bench, state="compared")["warnings"][0]


def test_while_the_msi_is_replaced_there_is_nothing_to_take(bench: Bench) -> None:
    """The first change is made: a run that was killed there goes on."""
    uninstall_msi(bench.appliance)
    assert not must(bench)["changed"] and bench.text(RECORD) is None


def test_while_the_product_does_not_know_what_runs_nothing_is_taken(bench: Bench) -> None:
    """T7: all that was compared with such a snapshot would be new."""
    known = bench.computer.files.read_text(MODULE_INI)
    bench.lab.fault(HOST, trouble="T7")
    assert not must(bench)["changed"] and bench.text(RECORD) is None
    bench.computer.files.write_text(MODULE_INI, known)
    assert must(bench)["changed"]


def test_a_snapshot_that_is_there_is_kept_while_the_msi_is_replaced(bench: Bench) -> None:
    must(bench)
    before = kept(bench)
    uninstall_msi(bench.appliance)
    assert not must(bench)["changed"] and kept(bench) == before


def test_it_is_of_one_target(bench: Bench) -> None:
    """An upgrade to another release was begun, and given up before anything was changed."""
    must(bench, version="2.1")
    bench.appliance.running = bench.appliance.scripts = "2.0"
    again = must(bench, version="2.0.1")
    assert again["changed"] and kept(bench)["target"] == "2.0.1"
    found = must(bench, version="2.1", state="compared")
    assert "the snapshot there is of an upgrade to 2.0.1" in found["warnings"][0] and kept(bench)["compared"] is None


def test_after_a_rollback_the_next_upgrade_takes_another(bench: Bench) -> None:
    must(bench)
    first = kept(bench)
    must(bench, state="compared")
    bench.settle(60)
    assert must(bench)["changed"] and kept(bench)["taken"] != first["taken"] and kept(bench)["compared"] is None


FAULTS = {
    "a service": (lambda bench: edge(bench).services["RTCMRAUTH"].become("Stopped"), "services/edge RTCMRAUTH"),
    "a start mode": (
        lambda bench: setattr(edge(bench).services["RTCMRAUTH"], "start_mode", "Disabled"),
        "start_modes/edge RTCMRAUTH",
    ),
    "a rule": (lambda bench: edge(bench).firewall.update({"CS RTCSRV": False}), "firewall_rules/edge CS RTCSRV"),
    "an event": (
        lambda bench: edge(bench).log("LS Edge", 14353, "Error", "no route (simulated)", "Lync Server"),
        "events/14353",
    ),
    "a certificate": (lambda bench: edge(bench).certificates.pop(0), "certificates/ap-oslo.contoso.com issuer"),
    "a maintenance mode": (
        lambda bench: setattr(own_record(bench), "maintenance_mode", True),
        "registration/maintenance mode",
    ),
    "a password": (
        lambda bench: [cache.pop("CABackupFile") for cache in bench.appliance.caches.values()],
        "credentials/CABackupFile",
    ),
    "an ini": (
        lambda bench: bench.computer.files.write_text(
            r"C:\ProgramData\CloudConnector\CloudConnector.ini", bench.content.replace("10.0.1.201", "10.0.1.209")
        ),
        "ini/Gateway1/IP",
    ),
}


def edge(bench: Bench) -> Any:
    """The computer inside the Edge VM in production."""
    return bench.appliance.running_set.machines["Edge"].computer


def own_record(bench: Bench) -> Any:
    """The tenant's record of the appliance."""
    return next(one for one in bench.lab.world.tenant.appliances.values() if one.name == HOST)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_after_the_upgrade_is_named_and_stops(fault: str) -> None:
    bench = Bench()
    must(bench)
    upgrade(bench)
    act, name = FAULTS[fault]
    bench.settle(5)
    act(bench)
    assert name in stopping(bench)
    assert kept(bench)["compared"] is None
    area = name.partition("/")[0]
    accepted = {"accept_ini_changes": ["Gateway1/IP"]} if area == "ini" else {"accept_changes": [f"{area}/*"]}
    found = must(bench, state="compared", **accepted)
    assert {one["source"] for one in found["differences"]} >= {"accepted"}
    assert kept(bench)["compared"] is not None


def test_what_stopped_stops_again_until_it_is_repaired(bench: Bench) -> None:
    must(bench)
    upgrade(bench)
    edge(bench).firewall["CS RTCSRV"] = False
    assert stopping(bench) == stopping(bench, only_open=True) == ["firewall_rules/edge CS RTCSRV"]
    edge(bench).firewall["CS RTCSRV"] = True
    must(bench, state="compared", only_open=True)
    edge(bench).firewall["CS RTCSRV"] = False
    over = must(bench, state="compared", only_open=True)
    assert over["differences"] == [] and "warnings" not in over and not bench.ran("New-CsOnlineSession")
    assert stopping(bench) == ["firewall_rules/edge CS RTCSRV"]


def test_a_neighbour_is_held_to_what_it_was(bench: Bench) -> None:
    options = {**bench.options("snapshot"), **bench.reach(NEIGHBOUR)}
    assert operate(bench.lab, NEIGHBOUR, "snapshot", **options)["changed"]
    same = operate(bench.lab, NEIGHBOUR, "snapshot", **options, state="compared")
    assert same["differences"] == []
    bench.lab.appliance(NEIGHBOUR).running_set.machines["Edge"].computer.firewall["CS RTCSRV"] = False
    assert operate(bench.lab, NEIGHBOUR, "snapshot", **options, state="compared")["failure"]["class"] == "state-changed"


def test_the_plan_goes_back_to_one_that_was_not_compared(bench: Bench) -> None:
    must(bench)
    upgrade(bench)
    assert bench.info()["snapshot"]["compared"] is None
    must(bench, state="compared")
    assert bench.info()["snapshot"]["compared"] is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"target": 3}'])
def test_a_record_that_somebody_wrote_to_stops(bench: Bench, text: str) -> None:
    must(bench)
    bench.computer.files.write_text(RECORD, text)
    for state in ("taken", "compared"):
        result = bench.do("snapshot", state=state)
        assert result["failed"] and result["failure"]["class"] == "unread" and bench.text(RECORD) == text


def test_an_area_that_cannot_be_read_is_said_when_it_is_taken(bench: Bench) -> None:
    edge(bench).up = False
    (warning, *_) = must(bench)["warnings"]
    assert "is not in the snapshot, since it could not be read" in warning


def test_without_the_tenants_records_they_are_not_compared_and_nobody_logs_on(bench: Bench) -> None:
    must(bench, tenant=None)
    assert kept(bench)["areas"]["tenant_record"] == {"unknown": "the tenant was not asked"}
    own_record(bench).maintenance_mode = True
    assert must(bench, state="compared")["differences"] == []


def test_another_run_that_takes_it_meanwhile_is_not_overwritten(bench: Bench) -> None:
    made = bench.prepare("snapshot")
    taken: list[Any] = []

    def meanwhile(request: dict[str, Any]) -> None:
        if any(step["name"] == "record_new" for step in request["steps"]) and not taken:
            taken.append(None)
            must(bench)
            taken.append(kept(bench))

    made._connection = Overtaken(bench.lab.connection(HOST), meanwhile)
    result = made.run(task_vars={"inventory_hostname": HOST})
    assert result["failed"] and result["failure"]["class"] == "fence" and kept(bench) == taken[1]
