"""Every step that the collection can send binds in the syntax of its cmdlet, and the lab has that cmdlet.

The syntax is that of PowerShell 4.0 on Windows Server 2012 R2 and of the product's own pages. A builder with a parameter that has
no value here fails until it gets one.
"""

from __future__ import annotations

import inspect
import itertools
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps, tenant_steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant import Member, Schedule

from lab.powershell.binding import bind
from lab.powershell.objects import Credential, PSObject, Secret
from lab.powershell.syntax import known
from lab.powershell.wire import from_wire
from lab.server.sessions import cmdlets

NOT_BUILDERS = {"step", "read", "request", "output_of", "import_parameters"}
VALUES: dict[str, list[Any]] = {
    "more": [(), ["Get-CsTenantUpdateTimeWindow"]],
    "account_type": ["TenantAdmin"],
    "address": ["10.2.1.3"],
    "appliance_directory": [r"C:\CloudConnector\ApplianceRoot"],
    "apply": [True, False],
    "arguments": [["/i", r"C:\a.msi"]],
    "asked": [[tenant_steps.site_records(), steps.file_text("it", r"C:\a.txt")]],
    "before_2": [True, False],
    "deadline": [datetime(2026, 1, 31, 4, 0, 30, tzinfo=UTC)],
    "comment": ["why"],
    "credential_step": ["credential"],
    "destination": [r"C:\b.txt"],
    "display_name": ["CS RTCSRV"],
    "end": ["2026-01-31T05:00:00"],
    "expect": [None, "00"],
    "folder": [r"C:\export"],
    "force": [False, True],
    "identity": ["9f7b5758-8109-461b-acc7-133a984abae7"],
    "if_there": [True, False],
    "key": [r"HKLM:\SOFTWARE\A"],
    "keys": [[r"HKLM:\SOFTWARE\A", r"HKLM:\SOFTWARE\B"]],
    "kind": ["RunningScripts", "RunningBits", "BackupBits"],
    "maintenance_mode": [True, False],
    "member": [None, Member("9f7b5758-8109-461b-acc7-133a984abae7", False)],
    "name": ["it"],
    "names": [["RTCSRV", "REPLICA"]],
    "numbers": [[25062, 25064]],
    "none": [True, False],
    "password": ["secret", ""],
    "pattern": [r"C:\jobs\register.*.process"],
    "process": ["own_process"],
    "port": [5068],
    "path": [r"C:\a.txt"],
    "paths": [[r"C:\a.txt", r"C:\b.txt"]],
    "readings": ["a text"],
    "remove_cache": [True, False],
    "roles": [["Cms", "MS", "Edge"]],
    "seconds": [10],
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
OBJECTS: dict[str, Any] = {
    "Id": 1004,
    "Session": PSObject({}, type_name="System.Management.Automation.Runspaces.PSSession"),
    "Start": datetime(2026, 1, 31, 4, tzinfo=UTC),
}
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


def test_a_step_with_a_secret_is_that_of_a_task_only() -> None:
    """What a prompt is answered stands beside the steps."""
    secret = VALUES["password"][0]
    carrying = {name for name, builder in BUILDERS.items() for step in made(builder) if secret in repr(step)}
    assert carrying == {"steps.task_register"}


def test_a_deadline_is_written_in_its_own_zone_and_compared_with_the_hosts_clock() -> None:
    zone = timezone(timedelta(hours=1))
    now, left, in_time = steps.not_after(datetime(2026, 1, 31, 5, 0, 30, 500_000, tzinfo=zone))
    assert left["parameters"] == {"Start": {"$output": now["name"]}, "End": "2026-01-31T04:00:30.500000Z"}
    assert in_time["parameters"]["InputObject"] == {"$output": left["name"]}
    assert in_time["expect"] == [True]
    assert not any("on_error" in step for step in (now, left, in_time))


@pytest.mark.parametrize(("span", "in_time"), [("00:00:00", True), ("1.00:00:03", True), ("-00:00:00.5", False)])
def test_a_negative_time_span_is_too_late(span: str, in_time: bool) -> None:
    (pattern,) = steps.not_after(VALUES["deadline"][0])[-1]["parameters"]["Pattern"]
    assert bool(re.search(pattern, span)) == in_time


def test_a_folder_with_a_blank_is_protected_as_one_argument() -> None:
    made = steps.protect_folder("it", r"C:\Program Files\ours")
    first, *rights = made["parameters"]["ArgumentList"]
    assert first == r'"C:\Program Files\ours"'
    assert rights == ["/inheritance:r", "/grant:r", "*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F"]
    assert made["expect"] == [{"ExitCode": 0}]


@pytest.mark.parametrize("step", [steps.msiexec("it", ["/x"]), steps.protect_folder("it", r"C:\a")])
def test_a_program_of_windows_is_started_from_its_own_folder(step: dict[str, Any]) -> None:
    assert step["parameters"]["FilePath"].startswith("C:\\Windows\\System32\\")


def test_only_the_commands_of_the_tenant_that_are_used_are_imported_and_the_session_is_ended() -> None:
    note = steps.file_text("note", r"C:\a.txt")
    asked = [tenant_steps.site_records(), tenant_steps.update_windows(), tenant_steps.site_records(), note]
    logon = tenant_steps.in_session(asked)
    (imported,) = [step for step in logon if step["cmdlet"] == "Import-PSSession"]
    assert imported["parameters"]["CommandName"] == ["Get-CsHybridPSTNSite", "Get-CsTenantUpdateTimeWindow"]
    assert logon[-1] == steps.remove_session()
    assert logon[-1]["on_error"] == "continue"


def test_what_is_asked_of_the_tenant_is_a_list_of_its_own_whose_errors_end_no_other() -> None:
    asked = [tenant_steps.site_records(), tenant_steps.remove_window("Night")]
    imported, nested, removed = tenant_steps.in_session(asked)[2:]
    assert [imported["on_error"], nested["on_error"], removed["cmdlet"]] == ["continue", "continue", "Remove-PSSession"]
    assert nested["parameters"]["ScriptBlock"] == {"$bridge": True} and "ComputerName" not in nested["parameters"]
    (text,) = nested["parameters"]["ArgumentList"]
    assert json.loads(text) == steps.request(asked)


def test_what_is_read_of_the_tenant_is_imported() -> None:
    read = {step["cmdlet"] for step in (steps.tenant_appliances(), steps.tenant_sites())}
    assert set(steps.TENANT_READERS) == read
