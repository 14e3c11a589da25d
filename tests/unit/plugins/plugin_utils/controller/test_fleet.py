"""What the inventory says of the fleet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.schema import schema
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.controller.fleet import (
    MADE,
    MARKS,
    made_problems,
    read_fleet,
)

GROUPS = {"all": ["a", "b", "w"], "cloud_connector": ["a", "b"], "berlin": ["a", "b"], "windows": ["a", "b", "w"]}
HOSTS: dict[str, dict[str, Any]] = {"a": {}, "b": {}}


class Broken(Mapping[str, Any]):
    """Variables one of which is a template that fails."""

    def __getitem__(self, name: str) -> Any:
        raise AnsibleError("no such file")

    def __iter__(self) -> Iterator[str]:
        return iter(["cloud_connector_ini"])

    def __len__(self) -> int:
        return 1


def test_the_site_is_the_group_that_holds_appliances_only() -> None:
    fleet = read_fleet(HOSTS, GROUPS)
    assert fleet.sites == {"berlin": ["a", "b"]}
    assert fleet.problems == []


def test_a_fleet_alone_in_its_inventory_has_the_same_sites() -> None:
    groups = {**GROUPS, "all": ["a", "b"], "ungrouped": [], "windows": []}
    assert read_fleet(HOSTS, groups).sites == {"berlin": ["a", "b"]}


def test_a_host_without_a_site_is_a_problem() -> None:
    groups = {**GROUPS, "berlin": ["a"]}
    assert read_fleet(HOSTS, groups).problems == [
        "b is in no site: put it into a child group of cloud_connector that has the name of its site."
    ]


def test_a_host_of_two_possible_sites_has_to_say_which() -> None:
    groups = {**GROUPS, "canary": ["a"]}
    assert "cloud_connector_site_name" in read_fleet(HOSTS, groups).problems[0]
    said = {"a": {"cloud_connector_site_name": "berlin"}, "b": {}}
    assert read_fleet(said, groups).site_of == {"a": "berlin", "b": "berlin"}


def test_a_site_name_has_to_be_a_group() -> None:
    said = {"a": {"cloud_connector_site_name": "paris"}, "b": {}}
    assert "a is in no site" in read_fleet(said, GROUPS).problems[0]


def test_a_template_that_fails_is_one_sentence() -> None:
    fleet = read_fleet({"a": Broken(), "b": {}}, GROUPS)
    assert fleet.problems == ["a: cloud_connector_ini cannot be resolved: no such file"]


@pytest.mark.parametrize("mark", MARKS)
def test_the_groups_a_run_remembers_by_must_not_be_there(mark: str) -> None:
    assert mark in read_fleet(HOSTS, {**GROUPS, mark: ["a"]}).problems[0]


def test_what_a_run_makes_itself_is_no_variable_of_the_inventory() -> None:
    made = {"cloud_connector_survey": 1, "cloud_connector_predicted": 1}
    hosts = {"a": {**made, "ansible_host": 2, "cloud_connector_peak_calls": 3}, "b": {}}
    assert read_fleet(hosts, GROUPS).variables["a"] == {"cloud_connector_peak_calls": 3}


def test_every_variable_is_documented() -> None:
    text = (Path(__file__).parents[5] / "docs" / "inventory.md").read_text()
    assert [name for name in schema("inventory.json")["properties"] if f"`{name}`" not in text] == []


def test_what_a_run_makes_must_not_be_there_before_it() -> None:
    """Each playbook makes its values later than its first play, so whatever is there then was given by somebody."""
    assert made_problems(HOSTS, GROUPS) == []
    (problem,) = made_problems({"a": {}, "b": {"site_validation_problems": []}}, GROUPS)
    assert problem.startswith("site_validation_problems is made by the playbooks")


def names_that_are_made() -> set[str]:
    """Names that plays and roles register, set, loop by, hand to a role, or put together of other variables."""
    root = Path(__file__).parents[5]
    found: set[str] = set()
    for path in (root / "roles").glob("*/vars/*.yml"):
        found |= set(yaml.safe_load(path.read_text("utf-8")))
    for path in (*(root / "playbooks").rglob("*.yml"), *(root / "roles").glob("*/tasks/*.yml")):
        waiting = list(yaml.safe_load(path.read_text("utf-8")))
        while waiting:
            task = waiting.pop()
            waiting += [one for part in ("tasks", "block", "rescue", "always") for one in task.get(part, ())]
            host_variables = {
                name for name in task.get("ansible.builtin.add_host", {}) if name not in ("name", "groups")
            }
            loop = {task.get("loop_control", {}).get("loop_var")}
            kept = {task.get("register"), *task.get("ansible.builtin.set_fact", {}), *task.get("vars", {})}
            found |= (host_variables | loop | kept) - {None}
    return found


def test_every_name_that_a_run_makes_is_refused_in_the_inventory() -> None:
    """Either as one that is made, or as a variable that the collection does not know."""
    known = set(schema("inventory.json")["properties"])
    made = names_that_are_made()
    assert set(MADE) <= made
    assert {name for name in made - set(MADE) if name in known or not name.startswith("cloud_connector_")} == set()
