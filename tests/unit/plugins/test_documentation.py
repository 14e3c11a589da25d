"""What a module documents is what it accepts."""

from __future__ import annotations

import importlib
import pathlib
from typing import Any

import pytest
import yaml

PLUGINS = pathlib.Path(__file__).parents[3] / "plugins"
PACKAGE = "ansible_collections.sfb.cloud_connector.plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("[!_]*.py"))
SAME = ("type", "required", "default", "choices", "elements")


def documented(name: str) -> dict[str, Any]:
    """The options of a module with those of its fragments."""
    doc = yaml.safe_load(importlib.import_module(f"{PACKAGE}.modules.{name}").DOCUMENTATION)
    options: dict[str, Any] = {}
    for fragment in doc.get("extends_documentation_fragment", []):
        if not fragment.startswith("sfb.cloud_connector."):
            continue
        name, _, variant = fragment.removeprefix("sfb.cloud_connector.").partition(".")
        found = importlib.import_module(f"{PACKAGE}.doc_fragments.{name}").ModuleDocFragment
        options.update(yaml.safe_load(getattr(found, variant.upper() or "DOCUMENTATION")).get("options", {}))
    return options | (doc.get("options") or {})


def shape(options: dict[str, Any], sub: str) -> dict[str, Any]:
    """The options reduced to what both sides say; `sub` is the word for options of options."""
    shaped = {}
    for name, option in options.items():
        shaped[name] = {key: option[key] for key in SAME if option.get(key) not in (None, False)}
        if option.get(sub):
            shaped[name]["options"] = shape(option[sub], sub)
    return shaped


@pytest.mark.parametrize("name", MODULES)
def test_documentation_equals_arguments(name: str) -> None:
    arguments = importlib.import_module(f"{PACKAGE}.action.{name}").ActionModule.ARGUMENTS
    assert shape(documented(name), "suboptions") == shape(arguments, "options")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_an_action(name: str) -> None:
    assert (PLUGINS / "action" / f"{name}.py").exists()


@pytest.mark.parametrize("name", MODULES)
def test_passwords_are_secret(name: str) -> None:
    def walk(options: dict[str, Any]) -> None:
        for option, spec in options.items():
            assert "password" not in option or spec.get("no_log"), option
            walk(spec.get("options") or {})

    walk(importlib.import_module(f"{PACKAGE}.action.{name}").ActionModule.ARGUMENTS)
