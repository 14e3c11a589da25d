"""The modules of the tenant's records: checked, done, done again and undone. Judged by what the lab recorded."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import pytest
import yaml

from lab.inprocess import Lab
from lab.world.tenant import Tenant, UpdateWindow
from tests.bench import HOST
from tests.operations import operate
from tests.tenant import TenantBench

WINDOW = {"frequency": "daily", "start_time": "22:00", "duration": "6:00"}
NIGHT = {"name": "Night", **WINDOW}


class Case(NamedTuple):
    """`there` makes what the task and the one that undoes it need."""

    module: str
    options: dict[str, Any]
    undo: dict[str, Any]
    cmdlets: list[str]
    there: Callable[[Tenant], object] = lambda tenant: None


def night(tenant: Tenant) -> None:
    tenant.windows["Night"] = UpdateWindow("Weekly", days_of_week=("Monday",))
    tenant.sites["oslo"].bits_windows = ["Default"]


def appliance(**options: Any) -> dict[str, Any]:
    return {"site": "oslo", "name": HOST, **options}


def site(**options: Any) -> dict[str, Any]:
    return {"name": "oslo", **options}


SET_SITE, SET_WINDOW = ["Set-CsHybridPSTNSite"], ["Set-CsTenantUpdateTimeWindow"]
CASES = {
    "auto update": Case("tenant_site", site(auto_update=False), site(auto_update=True), SET_SITE),
    "add a window": Case(
        "tenant_site", site(bits_windows={"add": ["night"]}), site(bits_windows={"remove": ["NIGHT"]}), SET_SITE, night
    ),
    "set windows": Case(
        "tenant_site", site(os_windows={"set": ["Night", "Default"]}), site(os_windows={"set": []}), SET_SITE, night
    ),
    "exchange windows": Case(
        "tenant_site",
        site(bits_windows={"add": ["Night"], "remove": ["Default"]}),
        site(bits_windows={"set": ["Default"]}),
        SET_SITE,
        night,
    ),
    "edge": Case("tenant_site", site(edge_fqdn="ap.new.example"), site(edge_fqdn="ap-oslo.contoso.com"), SET_SITE),
    "maintenance": Case(
        "tenant_appliance",
        appliance(maintenance_mode=True),
        appliance(maintenance_mode=False),
        ["Set-CsHybridPSTNAppliance"],
    ),
    "new window": Case("update_window", NIGHT, {"name": "night", "state": "absent"}, ["New-CsTenantUpdateTimeWindow"]),
    "other window": Case(
        "update_window",
        {"name": "night", "frequency": "monthly", "day_of_month": 15, "start_time": "0:00", "duration": "1.00:00"},
        {
            "name": "Night",
            "frequency": "weekly",
            "days_of_week": ["Monday"],
            "start_time": "0:00",
            "duration": "1.00:00",
        },
        SET_WINDOW,
        night,
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def bench(case: Case) -> TenantBench:
    made = TenantBench()
    made.tenant.sites["oslo"].edge_fqdn = "ap-oslo.contoso.com"
    case.there(made.tenant)
    return made


def test_check_mode_predicts_and_changes_nothing(bench: TenantBench, case: Case) -> None:
    before = deepcopy(bench.tenant)
    announced = bench.do(case.module, check=True, **case.options)
    assert (announced["changed"], bench.changes(), bench.tenant) == (True, [], before)
    done = bench.do(case.module, **case.options)
    told = ("changes", "diff", "before")
    assert [announced[key] for key in told] == [done[key] for key in told]
    record = bench.do(case.module, check=True, facts=announced["ansible_facts"], **case.undo)["before"]
    assert record == next(done[key] for key in ("site", "window", "tenant_appliance") if key in done)


def test_doing_it_does_it_once(bench: TenantBench, case: Case) -> None:
    done = bench.do(case.module, **case.options)
    assert (done["changed"], bench.changes()) == (True, case.cmdlets), done
    assert done["diff"]["before"] != done["diff"]["after"]
    again = bench.do(case.module, **case.options)
    assert (again["changed"], again["changes"], bench.changes()) == (False, [], [])


def test_it_can_be_undone(bench: TenantBench, case: Case) -> None:
    before = deepcopy(bench.tenant)
    bench.do(case.module, **case.options)
    assert bench.tenant != before
    assert bench.do(case.module, **case.undo)["changed"]
    assert bench.tenant == before


def test_a_predicted_change_is_what_the_next_check_finds() -> None:
    bench = TenantBench()
    facts = bench.do("tenant_site", check=True, **site(auto_update=False))["ansible_facts"]
    assert bench.do("tenant_site", check=True, facts=facts, **site(auto_update=True))["changed"]
    window = bench.do("update_window", check=True, **NIGHT)
    used = site(os_windows={"add": ["Night"]})
    assert bench.do("tenant_site", check=True, facts=window["ansible_facts"], **used)["changed"]


# --- records that are not as they should be --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        ("tenant_site", {"name": "olso", "auto_update": False}, "no PSTN site olso: it has oslo, lima"),
        ("tenant_site", site(os_windows={"add": ["Nihgt"]}), "no update window Nihgt: it has Default"),
        ("tenant_site", site(os_windows={"add": ["a"], "set": ["b"]}), "mutually exclusive"),
        (
            "tenant_appliance",
            {"site": "lima", "name": HOST, "maintenance_mode": True},
            "no appliance cce-1 in the site",
        ),
        ("update_window", {"name": "Night"}, "missing: frequency, start_time, duration"),
        ("update_window", {**NIGHT, "start_time": "1320"}, "'1320' is not a time"),
        ("update_window", {**NIGHT, "start_time": "1.02:00"}, "is not a time"),
        ("update_window", {**NIGHT, "duration": "24:00"}, "A whole day is '1.00:00'"),
        ("update_window", {**NIGHT, "days_of_week": ["Monday"]}, "A daily window takes neither"),
        ("update_window", {**NIGHT, "frequency": "weekly"}, "A weekly window takes days_of_week"),
        ("update_window", {**NIGHT, "frequency": "monthly"}, "A monthly window takes either"),
        ("update_window", {**NIGHT, "frequency": "monthly", "day_of_month": 32}, "not from 1 to 31"),
    ],
)
def test_what_cannot_be_is_refused_before_anything(module: str, options: dict[str, Any], words: str) -> None:
    bench = TenantBench()
    failed = bench.do(module, **options)
    assert failed["failed"] and not failed["changed"] and words in failed["msg"], failed["msg"]
    assert bench.changes() == []


def test_a_window_in_use_is_not_removed() -> None:
    bench = TenantBench()
    night(bench.tenant)
    bench.tenant.sites["lima"].os_windows = bench.tenant.sites["lima"].bits_windows = ["Night"]
    failed = bench.do("update_window", name="Night", state="absent")
    assert "is used by lima" in failed["msg"] and bench.changes() == []


def test_a_window_in_use_is_taken_from_its_sites_where_that_is_said() -> None:
    bench = TenantBench()
    night(bench.tenant)
    bench.tenant.sites["lima"].os_windows = bench.tenant.sites["lima"].bits_windows = ["Default", "Night"]
    announced = bench.do("update_window", check=True, name="Night", state="absent", from_sites=True)
    done = bench.do("update_window", name="Night", state="absent", from_sites=True)
    assert bench.changes() == [*SET_SITE, "Remove-CsTenantUpdateTimeWindow"]
    assert (bench.tenant.sites["lima"].bits_windows, list(bench.tenant.windows)) == (["Default"], ["Default"])
    assert announced["changes"] == done["changes"] and len(done["changes"]) == 2


def test_the_twenty_first_window_is_refused() -> None:
    bench = TenantBench()
    bench.tenant.windows = {f"w{number}": UpdateWindow("Daily") for number in range(20)}
    assert "20 update windows already" in bench.do("update_window", **NIGHT)["msg"]
    bench.tenant.windows.popitem()
    assert bench.do("update_window", **NIGHT)["changed"]


def test_names_are_the_same_whatever_their_case() -> None:
    bench = TenantBench()
    name = bench.tenant.sites["oslo"].edge_fqdn.upper()
    assert not bench.do("tenant_site", name="OSLO", edge_fqdn=name, os_windows={"remove": ["x"]})["changed"]


def test_an_appliance_is_set_by_its_identity() -> None:
    bench = TenantBench()
    done = bench.do("tenant_appliance", **appliance(maintenance_mode=True))
    identity = next(one.identity for one in bench.tenant.appliances.values() if one.name == HOST)
    (run,) = bench.lab.record.cmdlets(HOST, name="Set-CsHybridPSTNAppliance")
    assert str(run.parameters["Identity"]) == done["tenant_appliance"]["identity"] == identity


# --- the tenant does not play along ----------------------------------------------------------------------------------


def test_a_logon_that_fails_is_named() -> None:
    bench = TenantBench()
    bench.tenant.password = "changed"
    failed = bench.do("update_window", **NIGHT)
    assert failed["failure"]["class"] == "tenant-logon"
    assert failed["msg"].startswith("This task works on records of the tenant only: no appliance was touched.")


def test_without_a_cached_administrator_the_remedy_is_told() -> None:
    bench = TenantBench()
    bench.lab.appliance(HOST).caches["cceadmin"].pop("TenantAdmin")
    assert "no tenant administrator is cached on cce-1" in bench.do("update_window", **NIGHT)["msg"]


def test_a_network_logon_cannot_read_the_administrator() -> None:
    failed = TenantBench().do("update_window", method="ntlm", **NIGHT)
    assert failed["failed"] and not failed["changed"]


def test_a_cmdlet_that_changes_nothing_is_found_out() -> None:
    bench = TenantBench()
    bench.lab.fault(HOST, cmdlet="Set-CsHybridPSTNSite", when="before", action="error", text="Busy.")
    failed = bench.do("tenant_site", **site(auto_update=False))
    assert "Set-CsHybridPSTNSite said: Busy." in failed["msg"] and failed["changed"] is False


# --- no session is left open ------------------------------------------------------------------------------------------------


def sessions(bench: TenantBench) -> tuple[int, int]:
    """How many sessions with the tenant were opened, and how many were ended."""
    opened = [run for run in bench.lab.record.cmdlets(HOST, name="New-CsOnlineSession") if run.outcome == "ok"]
    return len(opened), len(list(bench.lab.record.cmdlets(HOST, name="Remove-PSSession")))


def test_each_session_is_ended(bench: TenantBench, case: Case) -> None:
    bench.do(case.module, **case.options)
    assert sessions(bench) == (3, 3)


@pytest.mark.parametrize(
    ("cmdlet", "count"),
    [("Set-CsHybridPSTNSite", 3), ("Get-CsTenantUpdateTimeWindow", 2), ("Import-PSSession", 2)],
)
def test_a_step_that_fails_leaves_no_session_open(cmdlet: str, count: int) -> None:
    """The tenant allows an administrator three of them: the next runs would fail until the service has ended them."""
    bench = TenantBench()
    bench.lab.fault(HOST, cmdlet=cmdlet, when="before", action="error", text="Busy.")
    failed = bench.do("tenant_site", **site(auto_update=False))
    assert f"{cmdlet} said: Busy." in failed["msg"] and failed["failure"]["cmdlet"] == cmdlet
    assert sessions(bench) == (count, count)
    assert bench.do("tenant_site", **site(auto_update=False))["changed"]


def flag(tenant: Tenant) -> None:
    next(one for one in tenant.appliances.values() if one.name == HOST).maintenance_mode = True


def auto_update_off(tenant: Tenant) -> None:
    tenant.sites["oslo"].enable_auto_update = False


@pytest.mark.parametrize(
    ("module", "options", "meanwhile"),
    [
        ("tenant_site", site(auto_update=False), auto_update_off),
        ("tenant_appliance", appliance(maintenance_mode=True), flag),
    ],
)
def test_what_somebody_else_changes_between_reading_and_act_is_left_alone(
    module: str, options: dict[str, Any], meanwhile: Callable[[Tenant], None]
) -> None:
    bench = TenantBench()
    action = bench.prepare(module, **options)
    read = action._read

    def read_and_change() -> Any:
        found = read()
        meanwhile(bench.tenant)
        return found

    action._read = read_and_change
    failed = action.run(task_vars={"inventory_hostname": HOST})
    assert failed["failure"]["class"] == "fence" and bench.changes() == []
    assert sessions(bench) == (3, 3)


# --- the examples of the documentation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["tenant_site", "tenant_appliance", "update_window"])
def test_the_examples_work_in_their_order(module: str) -> None:
    lab = Lab.from_description()
    lab.world.tenant.windows |= {} if module == "update_window" else {"Night": UpdateWindow("Daily")}
    lab.world.tenant.sites["berlin"].enable_auto_update = True
    documentation = importlib.import_module(f"ansible_collections.sfb.cloud_connector.plugins.modules.{module}")
    for task in yaml.safe_load(documentation.EXAMPLES):
        done = operate(lab, "cce-ber-1", module, **task[f"sfb.cloud_connector.{module}"])
        assert done.get("changed") and "failed" not in done, done
