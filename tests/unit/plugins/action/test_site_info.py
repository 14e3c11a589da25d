"""A site is read by one task: states in order, neighbours that are down among them, predictions each with its host."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleFilterError
from ansible_collections.sfb.cloud_connector.plugins.action.site_info import ActionModule
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import MARK
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock import Clock
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.predictions import FACT, run_id

from lab.inprocess import Lab
from tests.fleet import SITES, state, upgraded
from tests.operations import InProcessConnection

BERLIN = SITES["berlin"]
DIRECTORY = r"C:\Users\CceAdmin\CloudConnector\ApplianceRoot"


@pytest.fixture
def lab() -> Lab:
    return Lab.from_description()


def places(hosts: Sequence[str]) -> list[dict[str, Any]]:
    return [{"name": host, "appliance_directory": DIRECTORY, "site_directory": r"\\files\berlin"} for host in hosts]


def run(
    lab: Lab,
    hosts: Sequence[str] = BERLIN,
    *,
    predicted: Any = None,
    become: Any = None,
    connections: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """What the module returns for `cce-ber-1`; with `predicted`, facts by host, in check mode."""
    check = predicted is not None
    task = SimpleNamespace(
        args={"appliances": places(hosts), **arguments}, check_mode=check, diff=False, async_val=0, environment=None
    )
    own = SimpleNamespace(become=become, _shell=SimpleNamespace(tmpdir=None))
    made = ActionModule(task, own, None, None, None, None)
    made._load_name = "site_info"
    made.connect = lambda task_vars, host: (connections or {}).get(host) or InProcessConnection(lab.connection(host))
    made.clock = Clock(lab.world.now, lab.now, lab.sleep)
    hostvars = {host: {"ansible_facts": (predicted or {}).get(host, {})} for host in BERLIN}
    return dict(made.run(task_vars={"inventory_hostname": "cce-ber-1", "hostvars": hostvars}))


def handed(host: str, **changes: Any) -> dict[str, Any]:
    return {FACT: {"run": run_id(), "appliance": host, "parts": {"appliance": upgraded(host)}, **changes}}


def running(result: dict[str, Any]) -> list[str]:
    return [state["running"] for state in result["states"]]


def test_the_states_are_in_the_order_given(lab: Lab) -> None:
    order = ["cce-ber-3", "cce-ber-1", "cce-ber-2"]
    result = run(lab, order)
    assert [(state["name"], state["computer_name"].lower()) for state in result["states"]] == [(n, n) for n in order]
    assert result["changed"] is False


def test_a_state_is_what_appliance_info_returns(lab: Lab) -> None:
    found = run(lab)["states"][0]
    assert found.keys() == state("cce-ber-1").keys()
    assert "unknown" not in found["clock_skew"]


def test_one_that_is_down_does_not_hide_the_others(lab: Lab) -> None:
    lab.appliance("cce-ber-1").unreachable = True
    own, *others = run(lab)["states"]
    assert own == {"name": "cce-ber-1", "unreadable": own["unreadable"]}
    assert "Connection refused" in own["unreadable"] and [state["running"] for state in others] == ["2.0.1", "2.0.1"]


def test_one_that_has_no_connection_does_not_fail_the_task(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise AnsibleConnectionFailure("no such plugin")

    monkeypatch.setattr(lab, "connection", refuse)
    assert [state["unreadable"] for state in run(lab)["states"]] == ["no such plugin"] * 3


def test_each_prediction_is_of_its_own_host(lab: Lab) -> None:
    predicted = {"cce-ber-1": handed("cce-ber-1"), "cce-ber-3": handed("cce-ber-1")}
    result = run(lab, predicted=predicted)
    assert running(result) == ["2.1", "2.0.1", "2.0.1"]
    assert [state["name"] for state in result["states"]] == BERLIN and all("read_at" in s for s in result["states"])


def test_a_prediction_of_another_run_does_not_count(lab: Lab) -> None:
    assert running(run(lab, predicted={"cce-ber-1": handed("cce-ber-1", run="yesterday")}))[0] == "2.0.1"


def test_what_cannot_be_reached_is_not_predicted(lab: Lab) -> None:
    lab.appliance("cce-ber-1").unreachable = True
    assert "unreadable" in run(lab, predicted={"cce-ber-1": handed("cce-ber-1")})["states"][0]


def test_outside_of_check_mode_nothing_is_predicted(lab: Lab) -> None:
    hostvars = {host: {"ansible_facts": handed(host)} for host in BERLIN}
    task = SimpleNamespace(
        args={"appliances": places(BERLIN)}, check_mode=False, diff=False, async_val=0, environment=None
    )
    made = ActionModule(task, SimpleNamespace(become=None, _shell=SimpleNamespace(tmpdir=None)), None, None, None, None)
    made._load_name = "site_info"
    made.connect = lambda task_vars, host: InProcessConnection(lab.connection(host))
    assert running(made.run(task_vars={"inventory_hostname": "cce-ber-1", "hostvars": hostvars})) == ["2.0.1"] * 3


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"exchange_timeout": 0}, "exchange_timeout must be more than 0"),
        ({"become": object()}, "become is not supported"),
        ({"appliance_directory": "C:\\a"}, "Supported parameters include: appliances"),
    ],
)
def test_what_makes_no_sense_fails(lab: Lab, given: dict[str, Any], text: str) -> None:
    result = run(lab, **given)
    assert result["failed"] and text in result["msg"] and "states" not in result


def test_update_windows_come_in_the_session_of_the_records(lab: Lab) -> None:
    filters = importlib.import_module("ansible_collections.sfb.cloud_connector.plugins.filter.filters")
    lab.world.tenant.sites["berlin"].enable_auto_update = True
    found = run(lab, gather_subset=["all"], update_windows=True)
    (said,) = filters.own_update(found["states"], found["tenant"])
    assert said.startswith("Microsoft's own update would run within a day on cce-ber-1, cce-ber-2, cce-ber-3: ")
    logons = [run for run in lab.record.cmdlets() if run.name in ("New-CsOnlineSession", "Remove-PSSession")]
    assert [run.name for run in logons] == ["New-CsOnlineSession", "Remove-PSSession"]


def test_update_windows_are_read_only_where_that_is_asked(lab: Lab) -> None:
    filters = importlib.import_module("ansible_collections.sfb.cloud_connector.plugins.filter.filters")
    found = run(lab, gather_subset=["!min", "tenant"])
    assert "update_windows" not in found["tenant"]
    with pytest.raises(AnsibleFilterError, match="update_windows: true"):
        filters.own_update([], found["tenant"])


def test_without_a_logon_there_are_no_update_windows(lab: Lab) -> None:
    lab.world.tenant.reachable = False
    found = run(lab, gather_subset=["!min", "tenant"], update_windows=True)
    assert found["tenant"]["update_windows"]["unknown"] == found["tenant"]["sites"]["unknown"]


# --- hostile answers ---------------------------------------------------------------------------------------------------


class Answering(InProcessConnection):
    """Gives what it is told to, whatever is asked."""

    def __init__(self, stdout: str) -> None:
        super().__init__(None)
        self.stdout = stdout

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        return 0, self.stdout.encode(), b""


def deep(levels: int) -> str:
    """JSON of so many levels."""
    return '{"a":' * levels + "1" + "}" * levels


def saying(**results: list[Any]) -> str:
    """The answer of a bridge in which the steps of these names gave this."""
    empty = {"errors": [], "warnings": [], "thrown": False, "seconds": 0}
    given = [{"name": name, "output": output, **empty} for name, output in results.items()]
    return f"{MARK}{json.dumps({'protocol': 1, 'results': given, 'prompts': [], 'stopped': None})}"


@pytest.mark.parametrize(
    "stdout",
    [
        f"{MARK}{deep(200_000)}",
        f"{MARK}[]",
        f"{MARK}{json.dumps({'results': 1})}",
        f"{MARK}{json.dumps({'results': [{'name': 'clock'}], 'stopped': None})}",
        saying(saved=[deep(600)]),
        "",
    ],
    ids=["deep", "list", "no results", "half a result", "deep record", "nothing"],
)
def test_a_hostile_answer_makes_its_own_appliance_unreadable_and_no_other(lab: Lab, stdout: str) -> None:
    states = run(lab, connections={"cce-ber-2": Answering(stdout)})["states"]
    assert [state["name"] for state in states] == BERLIN
    assert ["unreadable" in state for state in states] == [False, True, False]
