"""A site is read by one task: states in order, neighbours that are down among them, predictions each with its host."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.action.site_info import ActionModule
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import PREDICTED, run_id

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
    lab: Lab, hosts: Sequence[str] = BERLIN, *, predicted: Any = None, become: Any = None, **arguments: Any
) -> dict[str, Any]:
    """What the module returns for `cce-ber-1`; with `predicted`, facts by host, in check mode."""
    check = predicted is not None
    task = SimpleNamespace(
        args={"appliances": places(hosts), **arguments}, check_mode=check, diff=False, async_val=0, environment=None
    )
    own = SimpleNamespace(become=become, _shell=SimpleNamespace(tmpdir=None))
    made = ActionModule(task, own, None, None, None, None)
    made.connect = lambda task_vars, host: InProcessConnection(lab.connection(host))
    made.clock = lab.world.now
    hostvars = {host: {"ansible_facts": (predicted or {}).get(host, {})} for host in BERLIN}
    return dict(made.run(task_vars={"inventory_hostname": "cce-ber-1", "hostvars": hostvars}))


def handed(host: str, **changes: Any) -> dict[str, Any]:
    return {PREDICTED: {"run": run_id(), "appliance": host, "state": upgraded(host), **changes}}


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
