"""Reading an appliance: all of it or a part, the parsed ini, what is inferred, and its documentation."""

from __future__ import annotations

import dataclasses
import importlib
import types
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
import yaml
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.predictions import FACT

from lab.world.computer import RESTART_KEYS
from tests.bench import HOST, Bench
from tests.operations import operate

HOST_READINGS = {"module_present", "scripts", "running", "disk", "memory", "clock", "clock_skew", "pending_restart"}


def info(bench: Bench, **options: Any) -> dict[str, Any]:
    return operate(bench.lab, HOST, "appliance_info", **bench.reach(HOST), **options)


def known(result: dict[str, Any]) -> set[str]:
    """The names of the readings that hold something."""
    return {name for name, value in result["appliance"].items() if '"unknown"' not in str(value).replace("'", '"')}


# --- what is read


def test_all_of_an_appliance_is_one_exchange_and_nothing_is_unknown() -> None:
    bench = Bench()
    result = info(bench)
    assert "unknown" not in str(result)
    assert bench.changes() == []
    assert {field.name for field in dataclasses.fields(Appliance)} | {"name"} == set(result["appliance"])


@pytest.mark.parametrize(
    ("subset", "there", "away"),
    [
        (["!all"], HOST_READINGS, {"calls", "machines", "registration", "ini_imported"}),
        (["min"], HOST_READINGS, {"calls", "machines", "registration", "ini_imported"}),
        (["calls"], HOST_READINGS | {"calls"}, {"services", "certificates", "start_modes"}),
        (["services", "!min"], {"services"}, {"scripts", "disk", "calls"}),
        (["certificates"], {"certificates", "certificate_files"}, {"services", "recovery_events"}),
        (["recovery"], {"recovery_status", "recovery_events", "start_modes"}, {"services", "certificates"}),
        (["all", "!tenant"], {"calls", "machines", "slot", "jobs"}, {"registration", "auto_update", "tenant_logon"}),
    ],
)
def test_a_subset_is_read_and_the_rest_is_unknown(subset: list[str], there: set[str], away: set[str]) -> None:
    found = known(info(Bench(), gather_subset=subset))
    assert there <= found
    assert not away & found


def test_a_part_of_it_asks_only_for_that_part() -> None:
    bench = Bench()
    bench.mark()
    info(bench, gather_subset=["configuration", "!min"])
    assert {run.name for run in bench.ran()} == {"Get-Content"}


@pytest.mark.parametrize(
    ("subset", "words"),
    [
        (["everything"], "everything is not known"),
        (["all", "!tennant"], "tennant is not known"),
        (["!all", "!min"], "nothing is left"),
    ],
)
def test_a_subset_that_makes_no_sense_is_refused(subset: list[str], words: str) -> None:
    bench = Bench()
    result = info(bench, gather_subset=subset)
    assert result["failed"] and words in result["msg"] and "!name" in result["msg"]
    assert bench.ran() == []


def test_a_narrow_look_in_check_mode_hides_nothing_from_what_comes_after() -> None:
    bench = Bench()
    result = operate(bench.lab, HOST, "appliance_info", check=True, **bench.reach(HOST), gather_subset=["min"])
    assert FACT not in result.get("ansible_facts", {})


# --- what is made of it


def test_both_inis_are_returned_as_sections() -> None:
    bench = Bench()
    ini = r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CloudConnector.ini"
    bench.computer.files.write_text(ini, "[Common]\r\nSiteName = x ; no comment\r\n")
    found = info(bench)["configuration"]
    assert found["appliance"] == {"Common": {"SiteName": "x ; no comment"}}
    assert found["in_force"]["Common"]["SiteName"] == "oslo"
    bench.computer.files.remove(ini)
    assert info(bench)["configuration"]["appliance"] is None


def test_what_could_not_be_read_is_not_inferred() -> None:
    found = info(Bench(switches={"vm_access": False}))
    assert {"unknown"} == set(found["inferred"]["mode"]) == set(found["inferred"]["external_certificate_expires"])
    assert "WinRM cannot complete" in found["appliance"]["certificates"]["unknown"]
    narrow = info(Bench(), gather_subset=["min"])
    assert set(narrow["configuration"]["in_force"]) == set(narrow["inferred"]["management_switches"]) == {"unknown"}


def test_an_appliance_in_service() -> None:
    found = info(Bench())["inferred"]
    assert (found["mode"], found["recovery"], found["management_switches"]) == ("production", "", [])
    assert found["external_certificate_expires"] == "2027-01-05T08:00:00+00:00"


def test_an_appliance_in_maintenance_mode() -> None:
    bench = Bench()
    request = {"protocol": 1, "steps": [{"name": "it", "cmdlet": "Enter-CcUpdate", "parameters": {}}], "answers": []}
    bench.lab.connection(HOST).exchange(request)
    found = info(bench)
    assert found["inferred"]["mode"] == "maintenance"
    assert found["appliance"]["start_modes"]["edge"]["RTCSRV"] == "Manual"


def test_services_that_do_not_start_leave_the_signs_of_recovery() -> None:
    bench = Bench("version")
    bench.lab.fault(HOST, trouble="T4")
    bench.do("version")
    found = info(bench)
    assert found["appliance"]["recovery_status"] == 3
    assert [event["id"] for event in found["appliance"]["recovery_events"]] == [20006, 304]
    assert "AutoMaintenanceStatus is 3" in found["inferred"]["recovery"]
    bench.appliance.repair()
    assert info(bench)["inferred"]["recovery"] == ""


def test_a_restart_that_is_pending_is_over_after_it() -> None:
    bench = Bench()
    bench.computer.registry.set(RESTART_KEYS[0], {})
    assert info(bench)["appliance"]["pending_restart"] == ["servicing"]
    bench.appliance.restart()
    bench.settle(1000)
    assert info(bench)["appliance"]["pending_restart"] == []


def test_a_wrong_clock_is_measured() -> None:
    bench = Bench()
    bench.computer.clock_offset = timedelta(seconds=-400)
    skew = info(bench)["appliance"]["clock_skew"]
    assert abs(skew["seconds"] + 400) <= skew["tolerance"] <= 10


def test_a_certificate_that_was_renewed_lasts_longer() -> None:
    bench = Bench()
    bench.lab.fault(HOST, trouble="external certificate")
    expired = info(bench)["inferred"]["external_certificate_expires"]
    assert datetime.fromisoformat(expired) < datetime(2026, 1, 5, tzinfo=UTC)


def test_a_management_switch_that_was_left_over() -> None:
    bench = Bench()
    bench.appliance.management_switch = True
    assert info(bench)["inferred"]["management_switches"] == ["SfB CCE Management Switch"]


# --- its documentation


def returned() -> dict[str, Any]:
    name = "ansible_collections.sfb.cloud_connector.plugins.modules.appliance_info"
    return dict(yaml.safe_load(importlib.import_module(name).RETURN))


def shape(hint: Any) -> Any:
    """What the documentation has to say of a value of that type: type, type of the elements, and the keys it contains."""
    origin, given = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (kind,) = [kind for kind in given if kind not in (Unknown, types.NoneType)]
        return shape(kind)
    if origin is tuple:
        kind, _, inner = shape(given[0])
        return "list", kind, inner
    if dataclasses.is_dataclass(hint):
        return "dict", None, {name: shape(kind) for name, kind in get_type_hints(hint).items()}
    hint = getattr(hint, "__supertype__", hint)
    plain = {str: "str", bool: "bool", int: "int", float: "float", datetime: "str"}
    return plain.get(hint, "dict"), None, None


def documented(entry: Mapping[str, Any]) -> Any:
    inner = {name: documented(one) for name, one in entry["contains"].items()} if "contains" in entry else None
    return entry["type"], entry.get("elements"), inner


def test_the_whole_structure_is_documented_with_its_types() -> None:
    kind, elements, inner = documented(returned()["appliance"])
    assert (kind, elements) == ("dict", None)
    own = {name: inner.pop(name) for name in ("name", "unreadable")}
    assert own == {"name": ("str", None, None), "unreadable": ("str", None, None)}
    assert inner == shape(Appliance)[2]


def test_what_is_returned_beside_the_state_is_documented() -> None:
    result = info(Bench())
    documentation = returned()
    assert set(result) - {"changed"} == set(documentation) - {"failure"}
    for name in ("configuration", "inferred"):
        assert set(result[name]) == set(documentation[name]["contains"])


def test_all_entries_say_when_and_what() -> None:
    def walk(entries: Mapping[str, Any]) -> None:
        for name, entry in entries.items():
            assert {"description", "returned", "type"} <= set(entry), name
            assert (entry["type"] == "list") == ("elements" in entry), name
            walk(entry.get("contains", {}))

    walk(returned())
