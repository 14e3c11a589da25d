"""What must agree between the files that describe the collection."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]


def test_the_action_group_lists_every_module_in_order() -> None:
    group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]["all"]
    assert group == sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))


def test_every_module_has_an_action_and_every_action_a_module() -> None:
    modules = {path.name for path in (ROOT / "plugins/modules").glob("*.py")}
    assert modules == {path.name for path in (ROOT / "plugins/action").glob("*.py")}
