"""The filters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import context
from ansible.errors import AnsibleFilterError
from ansible_collections.sfb.cloud_connector.plugins.filter import filters, ini, support

FOLDER = Path(__file__).parents[4] / "plugins" / "filter"
PASSED = {"checks": [], "appliance": {"running": "2.1"}, "site_validation_appliance": {"name": "cce-ber-1"}}


@pytest.mark.parametrize("user", ["CceAdmin", r"CONTOSO\CceAdmin", "CceAdmin@contoso.com"])
def test_the_appliance_directory_is_in_the_profile_of_the_account(user: str) -> None:
    found = filters.appliance_directory({"cloud_connector_deployment_user": user})
    assert found == r"C:\Users\CceAdmin\CloudConnector\ApplianceRoot"


def test_the_appliance_directory_can_be_said() -> None:
    given = {"cloud_connector_deployment_user": "x", "cloud_connector_appliance_directory": r"D:\Root"}
    assert filters.appliance_directory(given) == r"D:\Root"


def test_vm_addresses_come_from_the_ini() -> None:
    assert filters.vm_addresses("[PrimaryCMS]\nIP=10.0.0.2\n") == {"cms": "10.0.0.2"}


def test_an_appliance_is_held_to_the_version_it_runs() -> None:
    states = [{"name": "a", "running": "2.0.1"}, {"name": "b", "unreadable": "gone"}]
    versions = [one["version"] for one in filters.running_versions(states, "2.1")]
    assert versions == ["2.0.1", "2.1"]


def test_a_site_whose_checks_all_pass_has_no_problem() -> None:
    assert filters.validation_problems([PASSED, PASSED]) == []


def test_a_problem_is_told() -> None:
    assert filters.validation_problems([PASSED, {"problem": "It is ill."}]) == ["It is ill."]


def test_a_result_that_is_no_pass_is_a_problem() -> None:
    strange: dict[str, Any] = {"msg": "odd", "site_validation_appliance": {"name": "cce-ber-1"}}
    assert filters.validation_problems([strange]) == ["cce-ber-1 was not checked: odd."]


def test_two_versions_are_a_problem_unless_expected() -> None:
    other = {**PASSED, "appliance": {"running": "2.0.1"}}
    assert "2.0.1, 2.1" in filters.validation_problems([PASSED, other])[0]
    assert filters.validation_problems([PASSED, other], mixed=True) == []


VMS = {"a": "10.0.0.2", "b": "10.0.0.3"}


def test_a_word_that_takes_a_site_over_is_for_that_site_only() -> None:
    said = {"site": "berlin", "by": "J. Doe", "reason": "it is lost"}
    assert filters.take_over_of(said, "berlin") == {"by": "J. Doe", "reason": "it is lost"}
    assert filters.take_over_of(said, "cairo") is None
    assert filters.take_over_of({}, "berlin") is None and filters.take_over_of(None, "berlin") is None


def test_the_places_of_a_site_come_from_each_appliances_own_variables() -> None:
    one = {"cloud_connector_deployment_user": "CceAdmin", "cloud_connector_site_directory": r"\\files\berlin"}
    hostvars = {name: {**one, "cloud_connector_ini": f"[PrimaryCMS]\nIP={address}\n"} for name, address in VMS.items()}
    found = filters.site_appliances(["b", "a"], hostvars)
    assert [(place["name"], place["vms"]) for place in found] == [("b", {"cms": VMS["b"]}), ("a", {"cms": VMS["a"]})]
    assert found[0]["site_directory"] == r"\\files\berlin"
    assert found[0]["appliance_directory"] == r"C:\Users\CceAdmin\CloudConnector\ApplianceRoot"


@pytest.mark.parametrize(("given", "option"), [({"start_at_task": "x"}, "--start-at-task"), ({"step": True}, "--step")])
def test_a_run_that_leaves_tasks_out_gets_no_hosts(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], option: str
) -> None:
    monkeypatch.setattr(context, "CLIARGS", given)
    with pytest.raises(AnsibleFilterError, match=option):
        filters.whole_run("all")


@pytest.mark.parametrize("given", [{}, {"start_at_task": None, "step": False}])
def test_a_whole_run_has_the_hosts_it_asks_for(monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]) -> None:
    monkeypatch.setattr(context, "CLIARGS", given)
    assert filters.whole_run("cloud_connector:all") == "cloud_connector:all"


def test_every_filter_is_documented() -> None:
    documented = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yml")}
    assert set(documented) == {name for each in (filters, ini, support) for name in each.FilterModule().filters()}
    assert all(name == found["DOCUMENTATION"]["name"] for name, found in documented.items())


def test_the_queue_of_windows_updates_holds_the_whole_site() -> None:
    states = [{"name": "a", "unreadable": "gone"}, {"name": "b", "unreadable": "gone"}]
    sites = {"berlin": {"hosts": ["a", "b"], "selected": ["b"], "outside": ["a"]}}
    (turn,) = filters.patch_queue(states, sites, "2.1")
    assert (turn["name"], turn["number"], turn["last_of_site"]) == ("b", 1, True)
    assert turn["site_appliances"] == [{"name": "a", "version": "2.1"}, {"name": "b", "version": "2.1"}]
