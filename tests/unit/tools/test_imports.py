"""Imports point one way: action -> operation -> bridge -> cce, controller -> cce; and plugins and lab stay apart."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLUGINS = "ansible_collections.sfb.cloud_connector.plugins"
DOMAIN = f"{PLUGINS}.plugin_utils.cce"


def imports(folder: str) -> Iterator[tuple[str, str]]:
    """Every file of a folder with the full name of each thing it imports."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        package = path.relative_to(ROOT).parts[:-1]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for name in imported(node, [*PLUGINS.split("."), *package[1:]]):
                yield str(path.relative_to(ROOT)), name


def imported(node: ast.AST, package: list[str]) -> list[str]:
    """The names that a statement in a module of `package` imports, relative ones made full."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = package[: len(package) - node.level + 1] if node.level else []
    return [".".join(filter(None, (*base, node.module, alias.name))) for alias in node.names]


def below(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def test_the_domain_knows_itself_only() -> None:
    allowed = {*sys.stdlib_module_names, "jsonschema", "referencing"}
    strange = [
        (file, name)
        for file, name in imports("plugins/plugin_utils/cce")
        if not below(name, DOMAIN) and name.partition(".")[0] not in allowed
    ]
    assert strange == []


@pytest.mark.parametrize("user", ["action", "filter", "callback", "modules", "doc_fragments"])
def test_what_modules_share_knows_no_module(user: str) -> None:
    found = list(imports("plugins/plugin_utils"))
    assert found and [(file, name) for file, name in found if below(name, f"{PLUGINS}.{user}")] == []


ROOMS = {"cce": {"cce"}, "bridge": {"bridge", "cce"}, "operation": {"operation", "bridge", "cce"}}
ROOMS["controller"] = {"controller", "operation", "cce"}
"""Room -> the rooms it may know. The controller takes options as the operations do."""


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_between_the_rooms_point_one_way(room: str) -> None:
    utils = f"{PLUGINS}.plugin_utils"
    found = [(file, name) for file, name in imports(f"plugins/plugin_utils/{room}") if below(name, utils)]
    assert found
    assert [
        (file, name) for file, name in found if not any(below(name, f"{utils}.{known}") for known in ROOMS[room])
    ] == []


def test_plugins_import_each_other_relatively() -> None:
    texts = {path: path.read_text("utf-8") for path in (ROOT / "plugins").rglob("*.py")}
    assert [
        path for path, text in texts.items() if re.search(r"^\s*(from|import) ansible_collections\.sfb", text, re.M)
    ] == []


@pytest.mark.parametrize(
    ("folder", "stranger"),
    [("plugins", "lab"), ("plugins", "tests"), ("lab", "ansible_collections"), ("lab", "plugins"), ("lab", "tests")],
)
def test_plugins_and_lab_do_not_know_each_other(folder: str, stranger: str) -> None:
    found = list(imports(folder))
    assert found and [(file, name) for file, name in found if below(name, stranger)] == []


@pytest.mark.parametrize("room", ["cce", "operation"])
def test_a_large_room_lists_its_modules(room: str) -> None:
    package = ROOT / "plugins" / "plugin_utils" / room
    listed = re.findall(
        r"^(\w+) {2,}\S", ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or "", re.M
    )
    assert sorted(listed) == sorted(path.stem for path in package.glob("[!_]*.py"))
