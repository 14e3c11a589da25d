"""Imports within the lab: no circle, and one direction between its rooms. What only a type checker imports counts too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BELOW = {
    "powershell": set(),
    "wire": set(),
    "world": {"powershell"},
    "cmdlets": {"powershell", "world"},
    "server": {"powershell", "wire", "world", "cmdlets"},
    "callbacks": set(),
}
"""The rooms that a room may import, beside itself."""


def modules(root: Path = ROOT) -> dict[str, Path]:
    return {name(path.relative_to(root)): path for path in sorted((root / "lab").rglob("*.py"))}


def name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path, known: set[str]) -> Iterator[str]:
    """The modules of the lab that a file imports anywhere in it; of `from package import module` the module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in known else str(node.module)


def graph(root: Path = ROOT) -> dict[str, set[str]]:
    known = modules(root)
    return {module: set(imported(path, set(known))) for module, path in known.items()}


def test_no_module_imports_itself_in_a_circle() -> None:
    assert len(graph()) > 80
    TopologicalSorter(graph()).prepare()  # raises CycleError, which names the circle


def test_a_circle_for_types_only_is_seen(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "a.py").write_text("from lab import b\n")
    (tmp_path / "lab" / "b.py").write_text("if TYPE_CHECKING:\n    from lab.a import A\n")
    (tmp_path / "lab" / "__init__.py").write_text("")
    assert graph(tmp_path) == {"lab": set(), "lab.a": {"lab.b"}, "lab.b": {"lab.a"}}
    with pytest.raises(ValueError, match=r"lab\.a"):
        TopologicalSorter(graph(tmp_path)).prepare()


def test_no_import_is_relative() -> None:
    """The graph would not see it."""
    nodes = [node for path in modules().values() for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in nodes)


@pytest.mark.parametrize("room", BELOW)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    found = {other for module, others in graph().items() if module.split(".")[1:2] == [room] for other in others}
    assert {other.split(".")[1] for other in found} - {room} <= BELOW[room]
