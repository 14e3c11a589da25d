"""The rule of the hooks: few, known, documented, and each asked for what it is for and when it may be."""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.controller.action import ControllerAction
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.appliance import ApplianceOperation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.appliance_reading import ApplianceReading
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.base import Operation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.tenant import TenantOperation

from tests.bench import HOST, JOBS, ORDER, Bench
from tests.operations import operate
from tests.racing import Race

PLUGINS = Path(__file__).parents[5] / "plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "action").glob("*.py"))
HOOKS = {"validate", "survey", "missing", "guard", "act", "result"}
MORE: Mapping[type, set[str]] = {
    ApplianceOperation: {"take_records"},
    ApplianceReading: {"problem"},
    TenantOperation: {"entry"},
    ControllerAction: {"answer"},
}
"""Hooks of some kinds of module beside, or instead of, those of all operations."""


def action_of(module: str) -> type[ActionBase]:
    found = importlib.import_module(f"ansible_collections.sfb.cloud_connector.plugins.action.{module}").ActionModule
    assert issubclass(found, ActionBase)
    return found


def overridden(kind: type) -> list[str]:
    """What the module itself has over something of its bases, but for constants such as ARGUMENTS."""
    bases = {name for base in kind.__mro__[1:] for name in vars(base)}
    return [
        name
        for name in vars(kind)
        if name in bases and not name.startswith("__") and not name.isupper() and callable(getattr(kind, name))
    ]


def hooks_of(kind: type) -> set[str]:
    known = HOOKS if issubclass(kind, Operation) else set()
    return known.union(*(names for base, names in MORE.items() if issubclass(kind, base)))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_overrides_at_most_five_hooks_and_nothing_else(module: str) -> None:
    kind = action_of(module)
    mine = [name for name in overridden(kind) if name not in ("_is_protocol", "_abc_impl")]
    assert set(mine) <= hooks_of(kind) and len(mine) <= 5, mine


@pytest.mark.parametrize("module", MODULES)
def test_a_module_declares_nothing_that_no_base_asks_for(module: str) -> None:
    kind = action_of(module)
    known = {name for base in kind.__mro__[1:] for name in (*vars(base), *inspect.get_annotations(base))}
    assert {name for name in vars(kind) if name.isupper()} <= known


def documented_hooks() -> Iterator[Any]:
    yield from ((Operation, name) for name in sorted(HOOKS))
    yield from ((kind, name) for kind, names in MORE.items() for name in names)


@pytest.mark.parametrize(("kind", "name"), documented_hooks())
def test_every_hook_says_what_it_gets_and_what_it_gives(kind: type, name: str) -> None:
    hook = vars(kind)[name]
    text, signature = inspect.getdoc(hook) or "", inspect.signature(hook)
    parameters = [one for one in signature.parameters if one != "self"]
    assert text.splitlines()[0].endswith(".")
    assert "Args:" in text if parameters else True
    assert all(f"    {one}: " in text for one in parameters)
    assert signature.return_annotation == "None" or "Returns:" in text


@pytest.mark.parametrize("module", MODULES)
def test_between_a_module_and_ansible_there_are_three_classes_at_most(module: str) -> None:
    ours = [base for base in action_of(module).__mro__[1:] if issubclass(base, ActionBase) and base is not ActionBase]
    assert len(ours) <= 3


# --- missing is pure -----------------------------------------------------------------------------------------------------


class NoLine:
    """A connection nobody may use."""

    def exec_command(self, *given: Any, **more: Any) -> Any:
        raise AssertionError("missing() talked to the appliance")

    close = reset = exec_command


def watched(action: Any) -> list[int]:
    """Lets each call of `missing` be one without a line, and holds it to leave everything as it was; returns the calls."""
    asked, calls = action.missing, [0]

    def missing(state: Any) -> Any:
        calls[0] += 1
        before, text = set(vars(action)), repr(state)
        kept = {name: vars(action)[name] for name in before if name not in ("host",)}
        line, warnings = action.host.connection, list(action.host.warnings)
        action.host.connection = NoLine()
        try:
            found = asked(copy.deepcopy(state))
            again = asked(state)
        finally:
            action.host.connection = line
        assert found == again and repr(state) == text
        assert action.host.warnings == warnings
        assert set(vars(action)) == before and all(vars(action)[name] is value for name, value in kept.items())
        return again

    action.missing = missing
    return calls


@pytest.mark.parametrize("module", [name for name in ORDER if name != "health"])
def test_what_is_missing_is_said_without_asking_or_warning(module: str) -> None:
    bench = Bench(module)
    action = bench.prepare(module)
    calls = watched(action)
    assert action.run(task_vars={"inventory_hostname": HOST})["changed"] is True
    assert calls[0] >= 2


OTHERS: Mapping[str, Mapping[str, Any]] = {
    "maintenance": {"state": "present"},
    "registration": {"version": "2.1"},
    "package": {"version": "2.1", "state": "absent"},
    "deployment": {"version": "2.0.1", "state": "absent"},
}


@pytest.mark.parametrize("module", OTHERS)
def test_of_other_operations_too(module: str) -> None:
    race = Race(2, {"scripts": "2.1", "running": "2.1", "backup": "2.0.1"}, peak_calls=500)
    options = dict(OTHERS[module])
    action = race.prepare("cce-1", module, **options)
    if module == "registration":
        action._task.args = {
            name: value for name, value in action._task.args.items() if not name.startswith(("task_", "poll"))
        }
    calls = watched(action)
    action.run(task_vars={"inventory_hostname": "cce-1"})
    assert calls[0] >= 1


# --- guard comes once, before the act --------------------------------------------------------------------------------------


def guarded(action: Any) -> list[str]:
    """The calls of `guard` and `act` as they come."""
    calls: list[str] = []
    for name in ("guard", "act"):
        setattr(action, name, _noted(calls, name, getattr(action, name)))
    return calls


def _noted(calls: list[str], name: str, hook: Any) -> Any:
    def noted(*given: Any) -> Any:
        calls.append(name)
        return hook(*given)

    return noted


@pytest.mark.parametrize("module", [name for name in ORDER if name != "health"])
def test_the_guard_comes_once_before_the_act(module: str) -> None:
    bench = Bench(module)
    action = bench.prepare(module)
    calls = guarded(action)
    action.run(task_vars={"inventory_hostname": HOST})
    assert calls == ["guard", "act"]


@pytest.mark.parametrize("module", JOBS)
def test_a_job_that_was_begun_is_collected_without_the_guard(module: str) -> None:
    bench = Bench(module, switches={"import_seconds": 600})
    assert bench.do(module, timeout=0)["failure"]["class"] == "unfinished"
    bench.lab.world.tenant.sites["oslo"].enable_auto_update = True
    action = bench.prepare(module)
    calls = guarded(action)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert calls == ["act"] and "failed" not in result, result.get("msg")


def test_nothing_is_guarded_where_nothing_is_missing() -> None:
    race = Race(2, {"scripts": "2.1", "running": "2.1"}, peak_calls=500)
    action = race.prepare("cce-1", "version", version="2.1")
    calls = guarded(action)
    assert action.run(task_vars={"inventory_hostname": "cce-1"})["changed"] is False and calls == []
    assert operate(race.lab, "cce-1", "appliance_info", **race.reach("cce-1"))["changed"] is False
