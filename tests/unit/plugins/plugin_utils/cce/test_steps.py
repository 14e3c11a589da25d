"""Every step that the collection can send binds in the syntax of its cmdlet, and the lab has that cmdlet.

The syntax is that of PowerShell 4.0 on Windows Server 2012 R2 and of the product's own pages. A builder with a parameter that has
no value here fails until it gets one.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps, tenant_steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant import Schedule

from lab.powershell.binding import bind
from lab.powershell.objects import Credential, PSObject, Secret
from lab.powershell.syntax import known
from lab.powershell.wire import from_wire
from lab.sessions import cmdlets

NOT_BUILDERS = {"step", "read", "request", "output_of"}
VALUES: dict[str, list[Any]] = {
    "account_type": ["TenantAdmin"],
    "address": ["10.2.1.3"],
    "appliance_directory": [r"C:\CloudConnector\ApplianceRoot"],
    "apply": [True, False],
    "arguments": [["/i", r"C:\a.msi"]],
    "before_2": [True, False],
    "credential_step": ["credential"],
    "destination": [r"C:\b.txt"],
    "end": ["2026-01-31T05:00:00"],
    "expect": [None, "00"],
    "folder": [r"C:\export"],
    "force": [False, True],
    "identity": ["9f7b5758-8109-461b-acc7-133a984abae7"],
    "if_there": [True, False],
    "kind": ["RunningScripts", "RunningBits", "BackupBits"],
    "maintenance_mode": [True, False],
    "name": ["it"],
    "names": [["RTCSRV", "REPLICA"]],
    "none": [True, False],
    "password": ["secret"],
    "path": [r"C:\a.txt"],
    "readings": ["a text"],
    "remove_cache": [True, False],
    "roles": [["Cms", "MS", "Edge"]],
    "schedule": [
        Schedule("22:00:00", "06:00:00"),
        Schedule("22:00:00", "06:00:00", days_of_week=("Monday", "Sunday")),
        Schedule("0:00:00", "1.00:00:00", day_of_month=15),
        Schedule("0:00:00", "1.00:00:00", days_of_week=("Monday",), weeks_of_month=("First", "Last")),
    ],
    "settings": [{"EnableAutoUpdate": False}, {"BitsUpdateTimeWindow": {"replace": ["Night"]}}],
    "site": ["berlin"],
    "site_directory": [r"\\files\berlin"],
    "source": [r"C:\a.txt"],
    "start": ["2026-01-31T04:00:00"],
    "steps": [[steps.clock()]],
    "target": ["EdgeServer", "MediationServer"],
    "task": ["task"],
    "text": ["text"],
    "uri": ["https://packages.lab/a.msi"],
    "url_root": [None, "http://downloads/cloudconnector/2.1"],
    "user": ["CceAdmin"],
    "version": ["2.1"],
    "xml": ["<Task/>"],
}
"""Every value that makes a difference, by the name of the parameter."""


def builders(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions of a module of steps, each of which makes one step or a list of them."""
    found = inspect.getmembers(module, inspect.isfunction)
    own = {name: function for name, function in found if function.__module__ == module.__name__}
    return {name: own[name] for name in own if not name.startswith("_") and name not in NOT_BUILDERS}


def made(builder: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """The steps of a builder, for all combinations of values."""
    parameters = inspect.signature(builder).parameters
    for values in itertools.product(*(VALUES[name] for name in parameters)):
        arguments = dict(zip(parameters, values, strict=True))
        positional = [arguments.pop(name) for name, one in parameters.items() if one.kind is not one.KEYWORD_ONLY]
        result = builder(*positional, **arguments)
        yield from result if isinstance(result, list) else [result]


BUILDERS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": builder
    for module in (steps, tenant_steps)
    for name, builder in builders(module).items()
}
OBJECTS = {"Session": PSObject({}, type_name="System.Management.Automation.Runspaces.PSSession")}
CREDENTIAL = Credential("a", Secret("b"))


def passed_on(step: dict[str, Any]) -> dict[str, list[object]]:
    """What the steps before would have given, for the parameters that take the output of one."""
    asked = {
        key: value["$output"]
        for key, value in step["parameters"].items()
        if isinstance(value, dict) and "$output" in value
    }
    return {name.lower(): [OBJECTS.get(parameter, CREDENTIAL)] for parameter, name in asked.items()}


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_step_binds_whole(builder: str) -> None:
    for step in made(BUILDERS[builder]):
        syntax = known()[step["cmdlet"].rpartition("\\")[2].lower()]
        bound, _ = bind(syntax, from_wire(step["parameters"], passed_on(step)))  # type: ignore[arg-type]
        assert set(bound) == set(step["parameters"])


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_products_own_cmdlets_are_named_with_their_module(builder: str) -> None:
    for step in made(BUILDERS[builder]):
        module, _, name = step["cmdlet"].rpartition("\\")
        assert (module == "CloudConnector") == (known()[name.lower()].module == "CloudConnector")


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_lab_has_every_cmdlet(builder: str) -> None:
    assert all(cmdlets().find(step["cmdlet"]) is not None for step in made(BUILDERS[builder]))


def test_no_builder_was_forgotten() -> None:
    assert {"steps.switch_version", "steps.recovery_events", "tenant_steps.set_site"} <= set(BUILDERS)
    assert set(itertools.chain.from_iterable(inspect.signature(one).parameters for one in BUILDERS.values())) == set(
        VALUES
    )
