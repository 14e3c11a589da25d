"""What only looks can report instead of failing, and names the appliance it is delegated to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.action.appliance_info import ActionModule
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.predictions import FACT, run_id

from lab.inprocess import Lab
from tests.fleet import upgraded
from tests.operations import InProcessConnection, operate

PLACES: dict[str, Any] = {
    "appliance_directory": r"C:\Users\CceAdmin\CloudConnector\ApplianceRoot",
    "site_directory": r"\\files\berlin",
}


@pytest.fixture
def lab() -> Lab:
    return Lab.from_description()


def test_an_appliance_that_is_lost_is_unreadable(lab: Lab) -> None:
    lab.fault("cce-ber-1", wire="lost_before")
    found = operate(lab, "cce-ber-1", "appliance_info", report_only=True, **PLACES)["appliance"]
    assert (found["name"], "cannot be reached" in found["unreadable"]) == ("cce-ber-1", True)


def test_without_the_option_it_is_unreachable(lab: Lab) -> None:
    lab.fault("cce-ber-1", wire="lost_before")
    with pytest.raises(AnsibleConnectionFailure):
        operate(lab, "cce-ber-1", "appliance_info", **PLACES)


def test_an_ill_appliance_is_reported_with_the_reason(lab: Lab) -> None:
    found = operate(lab, "cce-ber-1", "health", version="2.1", report_only=True, **PLACES)
    assert not found.get("failed")
    assert "cce-ber-1 is not healthy at 2.1" in found["problem"]


def test_wrong_arguments_fail_in_any_case(lab: Lab) -> None:
    assert operate(lab, "cce-ber-1", "health", report_only=True, **PLACES)["failed"]


def test_a_delegated_task_names_and_predicts_the_appliance_it_talks_to(lab: Lab) -> None:
    """In check mode facts of the host the task runs for would otherwise be taken for those of its neighbour."""
    task = SimpleNamespace(
        args=PLACES, check_mode=True, diff=False, async_val=0, environment=None, delegate_to="cce-ber-2", action=""
    )
    predicted = {"run": run_id(), "appliance": "cce-ber-2", "parts": {"appliance": upgraded("cce-ber-2")}}
    hostvars = {"cce-ber-2": {"ansible_facts": {FACT: predicted}}}
    made = ActionModule(task, InProcessConnection(lab.connection("cce-ber-2")), None, None, None, None)
    found = made.run(task_vars={"inventory_hostname": "cce-ber-1", "hostvars": hostvars})["appliance"]
    assert (found["name"], found["running"]) == ("cce-ber-2", "2.1")
