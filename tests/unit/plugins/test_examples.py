"""Every example of the documentation is a task its module accepts; those of the operations here are run against the lab."""

from __future__ import annotations

import importlib
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from lab.inprocess import Lab
from lab.world.bits import write_bits
from tests.bench import QUIET
from tests.operations import operate

PLUGINS = pathlib.Path(__file__).parents[3] / "plugins"
PACKAGE = "ansible_collections.sfb.cloud_connector.plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("[!_]*.py"))

HOST = "cce-ber-1"
SITE = ("cce-ber-1", "cce-ber-2", "cce-ber-3")
KEYWORDS = {"name", "register", "loop", "when", "until", "retries", "delay", "delegate_to", "run_once", "no_log"}


def examples(module: str) -> list[dict[str, Any]]:
    """The tasks of a module's EXAMPLES."""
    return list(yaml.safe_load(importlib.import_module(f"{PACKAGE}.modules.{module}").EXAMPLES))


def accepted(value: Any, spec: dict[str, Any]) -> Any:
    """The value of an option, each template in it replaced by something of the right type."""
    options = spec.get("options") or {}
    if isinstance(value, str) and "{{" in value:
        required = {name: accepted("{{", sub) for name, sub in options.items() if sub.get("required")}
        return {"list": [], "dict": required, "int": 1, "bool": True}.get(spec.get("type", "str"), "a text")
    if isinstance(value, list):
        return [accepted(one, {**spec, "type": spec.get("elements", "str")}) for one in value]
    return (
        {name: accepted(one, options.get(name, {})) for name, one in value.items()}
        if isinstance(value, dict)
        else value
    )


def own(module: str) -> list[Any]:
    """The options in the examples of a module; what stands beside it is of Ansible itself."""
    tasks = [set(task) - KEYWORDS for task in examples(module)]
    ours = [
        task for task, names in zip(examples(module), tasks, strict=True) if f"sfb.cloud_connector.{module}" in names
    ]
    assert ours and all(len(names) == 1 and min(names).startswith(("ansible.builtin.", "sfb.")) for names in tasks)
    return [task[f"sfb.cloud_connector.{module}"] for task in ours]


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_are_tasks_that_the_module_accepts(module: str) -> None:
    action = importlib.import_module(f"{PACKAGE}.action.{module}").ActionModule
    validator = ArgumentSpecValidator(action.ARGUMENTS, **getattr(action, "RULES", {}))
    for options in own(module):
        given = accepted(options or {}, {"type": "dict", "options": action.ARGUMENTS})
        assert validator.validate(given).error_messages == []


# --- run against the lab ------------------------------------------------------------------------------------------------


def nothing(lab: Lab) -> None:
    """The appliance is as it was described."""


def with_bits(lab: Lab) -> None:
    write_bits(lab.world.network.files, r"\\files\berlin", "2.1")


def unknown_to_the_tenant(lab: Lab) -> None:
    lab.world.tenant.unregister(HOST, "berlin")


def without_machines(lab: Lab) -> None:
    lab.appliance(HOST).drop_set("2.1")
    lab.appliance(HOST).running = None


def in_maintenance(lab: Lab) -> None:
    (task, *_) = examples("maintenance")
    assert run(lab, "maintenance", task)["changed"]


def with_certificate(lab: Lab) -> None:
    lab.appliance(HOST).computer.files.write_text(r"C:\certs\ap-berlin.pfx", "a certificate")
    in_maintenance(lab)


def on_hold(lab: Lab) -> None:
    (task,) = examples("rollback_hold")
    assert run(lab, "rollback_hold", task)["changed"]


def not_deployed(lab: Lab) -> None:
    lab.appliance(HOST).drop_set("2.0.1")
    lab.appliance(HOST).running = None


RUNS: list[tuple[str, int, dict[str, str], Callable[[Lab], None]]] = [
    ("call_logging", 0, {}, nothing),
    ("call_logging", 1, {}, nothing),
    ("certificate", 0, {}, with_certificate),
    ("certification_authority", 0, {}, nothing),
    ("certification_authority", 1, {}, nothing),
    ("credential", 0, {}, nothing),
    ("credential", 1, {}, nothing),
    ("deployment", 0, {"scripts": "2.1"}, with_bits),
    ("deployment", 1, {"scripts": "2.1", "running": "2.1", "backup": "2.0.1"}, nothing),
    ("directories", 0, {}, not_deployed),
    ("maintenance", 0, {}, nothing),
    ("maintenance", 1, {}, in_maintenance),
    ("registration", 0, {"scripts": "2.1"}, unknown_to_the_tenant),
    ("registration", 1, {"scripts": "2.1", "running": "2.1"}, without_machines),
    ("rollback_hold", 0, {}, nothing),
    ("topology", 0, {}, nothing),
    ("version", 0, {"scripts": "2.1", "backup": "2.1"}, nothing),
    ("version", 1, {"scripts": "2.1", "running": "2.1", "backup": "2.0.1"}, on_hold),
]
"""Module, which of its examples, how the appliance is described, and what else comes before."""


def filled(value: Any, known: dict[str, Any], key: str = "") -> Any:
    """The value with each template replaced by what `known` has for its option."""
    if isinstance(value, dict):
        return {name: filled(one, known, name) for name, one in value.items()}
    return known[key] if isinstance(value, str) and "{{" in value else value


def run(lab: Lab, module: str, task: dict[str, Any]) -> dict[str, Any]:
    """What an example returns on the appliance it was written for; only the lab's addresses differ."""
    options = filled(task[f"sfb.cloud_connector.{module}"], known(lab))
    return operate(lab, HOST, module, **{**options, "vms": vms(lab, HOST)})


def known(lab: Lab) -> dict[str, Any]:
    """What the variables of the examples stand for."""
    places = {
        "appliance_directory": r"C:\Users\CceAdmin\CloudConnector\ApplianceRoot",
        "site_directory": r"\\files\berlin",
    }
    appliances = [{"name": host, **places, "vms": vms(lab, host)} for host in SITE]
    account = lab.fleet.account
    return {"appliances": appliances, "prompts": [], "task_user": account.name, "task_password": account.password}


def vms(lab: Lab, host: str) -> dict[str, str]:
    """The addresses of an appliance of the lab, which are not those of the documentation."""
    found: dict[str, str] = importlib.import_module(f"{PACKAGE}.filter.filters").vm_addresses(lab.ini(host))
    return found


@pytest.mark.parametrize(("module", "number", "described", "prepare"), RUNS)
def test_the_example_does_what_it_says(
    module: str, number: int, described: dict[str, str], prepare: Callable[[Lab], None]
) -> None:
    appliances = [{"name": HOST, **described}, *SITE[1:]]
    lab = Lab.from_description(
        {"sites": [{"name": "berlin", "peak_calls": 600, "appliances": appliances, "calls": QUIET}]}
    )
    prepare(lab)
    task = examples(module)[number]
    done = run(lab, module, task)
    assert done.get("changed") and "failed" not in done, done
    assert run(lab, module, task)["changed"] is False
