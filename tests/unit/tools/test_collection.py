"""What must agree between the files that describe the collection."""

from __future__ import annotations

import importlib
from pathlib import Path

import yaml
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.arguments import APPLIANCE

ROOT = Path(__file__).parents[3]


def test_the_action_group_lists_in_order_what_takes_the_options_of_an_appliance() -> None:
    """A default of the group that a module does not know would make the module fail."""
    group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]["all"]
    names = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
    assert group == [name for name in names if arguments(name) >= APPLIANCE.keys()]


def arguments(module: str) -> set[str]:
    found = importlib.import_module(f"ansible_collections.sfb.cloud_connector.plugins.action.{module}")
    return set(found.ActionModule.ARGUMENTS)


def test_every_module_has_an_action_and_every_action_a_module() -> None:
    modules = {path.name for path in (ROOT / "plugins/modules").glob("*.py")}
    assert modules == {path.name for path in (ROOT / "plugins/action").glob("*.py")}
