"""A password planted in every secret option of every module shows nowhere: no result, exception, record, or file."""

from __future__ import annotations

import importlib
import json
import pathlib
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from tests.bench import HOST, ORDER, Bench
from tests.cycle import Cycle
from tests.operations import InProcessConnection

ACTIONS = pathlib.Path(__file__).parents[4] / "plugins" / "action"
CANARY = "Canary-9d3f!"
"""Part of every planted password."""

TASK_PASSWORD = f"{CANARY}-task"

PURPOSE: Mapping[str, Mapping[str, Any]] = {
    "call_logging": {
        "state": "exported",
        "start_time": "2026-01-31 04:00:00",
        "end_time": "2026-01-31 05:00:00",
        "path": r"C:\calls.txt",
    },
    "certificate": {"path": r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CloudConnector.ini"},
    "certification_authority": {"operation": "backup"},
    "credential": {"generation": "1"},
}
"""What makes the modules beside an upgrade do something; one that is not here gets what it requires."""


def arguments(module: str) -> dict[str, Any]:
    found = importlib.import_module(f"ansible_collections.sfb.cloud_connector.plugins.action.{module}").ActionModule
    return dict(found.ARGUMENTS)


def holds_secret(option: Mapping[str, Any]) -> bool:
    return bool(option.get("no_log")) or any(map(holds_secret, (option.get("options") or {}).values()))


def planted(options: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """A value for every option that is, or holds, a secret, and for what has to stand beside it."""
    return {
        name: filled(name, option, f"{place}-{name}")
        for name, option in options.items()
        if holds_secret(option) or (place and option.get("type") == "str")
    }


def filled(name: str, option: Mapping[str, Any], place: str) -> Any:
    if option.get("options"):
        inner = planted(option["options"], place)
        return [inner] if option["type"] == "list" else inner
    if option.get("no_log"):
        return TASK_PASSWORD if name == "task_password" else f"{CANARY}{place}"
    return option["choices"][0] if option.get("choices") else "somebody"


MODULES = sorted(path.stem for path in ACTIONS.glob("*.py") if any(map(holds_secret, arguments(path.stem).values())))


def required(module: str) -> dict[str, Any]:
    """Anything, for what the module requires and nobody else gives."""
    known = {"str": "x", "list": [], "dict": {}, "int": 1, "bool": True}
    return {
        name: option["choices"][0] if option.get("choices") else known[option["type"]]
        for name, option in arguments(module).items()
        if option.get("required")
    }


class Planted:
    """A module on its bench, its secrets planted, and everything that can be seen of its run."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.bench: Bench = Bench(module) if module in ORDER else Cycle()
        self.bench.computer.add_account("CceAdmin", TASK_PASSWORD)
        spec = arguments(module)
        given = {**required(module), "site": self.bench.site(), **self.bench.options(module), **PURPOSE.get(module, {})}
        fitting = {name: value for name, value in given.items() if name in spec}
        task = {name: value for name, value in (("task_user", "CceAdmin"), ("poll_interval", 60)) if name in spec}
        self.options = {**fitting, **task, **planted(spec)}

    def seen(self, line: InProcessConnection | None = None, *, check: bool = False, **options: Any) -> str:
        """The result or the exception, as somebody sees it."""
        action = self.bench.prepare(self.module)
        action._task.args, action._task.check_mode = {**self.options, **options}, check
        action._connection = line or action._connection
        try:
            return json.dumps(action.run(task_vars={"inventory_hostname": HOST}), default=str)
        except AnsibleConnectionFailure as lost:
            return "".join([repr(lost), str(lost.__cause__), *traceback.format_exception(lost)])

    def kept(self) -> Iterator[str]:
        """What the lab recorded, and every file."""
        yield json.dumps(self.bench.lab.record.since(0), default=str)
        yield Cycle.files(self.bench)  # type: ignore[arg-type]

    def assert_hidden(self, seen: str) -> None:
        for text in (seen, *self.kept()):
            assert CANARY not in text, text[max(0, text.index(CANARY) - 200) : text.index(CANARY) + 100]


class EchoingLine(InProcessConnection):
    """A connection whose library puts what was sent into its exception."""

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        sent = (in_data or b"").decode()
        if CANARY in sent:
            raise ConnectionError(f"lost while sending {sent[sent.index(CANARY) :][:200]}")
        return super().exec_command(cmd, in_data, sudoable)


def test_modules_with_secrets_are_found() -> None:
    assert {"registration", "package", "credential", "call_logging"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("check", [True, False], ids=["check", "do"])
def test_a_run_shows_no_secret(module: str, check: bool, capfd: pytest.CaptureFixture[str]) -> None:
    planted = Planted(module)
    planted.assert_hidden(planted.seen(check=check) + "".join(capfd.readouterr()))


@pytest.mark.parametrize("module", MODULES)
def test_a_line_that_echoes_shows_no_secret(module: str) -> None:
    planted = Planted(module)
    planted.assert_hidden(planted.seen(EchoingLine(planted.bench.lab.connection(HOST))))


@pytest.mark.parametrize("module", MODULES)
def test_wrong_options_show_no_secret(module: str) -> None:
    planted = Planted(module)
    planted.assert_hidden(planted.seen(strange_option="x", exchange_timeout="never"))


@pytest.mark.parametrize("module", MODULES)
def test_a_secret_in_place_of_a_list_is_not_shown(module: str) -> None:
    planted = Planted(module)
    for name, option in arguments(module).items():
        if option.get("options") and holds_secret(option):
            planted.assert_hidden(planted.seen(**{name: CANARY}))
            planted.assert_hidden(planted.seen(**{name: [CANARY]}))


@pytest.mark.parametrize("module", MODULES)
def test_a_wait_that_ends_early_leaves_no_secret_on_the_appliance(module: str) -> None:
    planted = Planted(module)
    planted.assert_hidden(planted.seen(**({"timeout": 1} if "timeout" in planted.options else {})))


@pytest.mark.parametrize("module", MODULES)
def test_a_product_that_says_the_secret_is_not_quoted(module: str) -> None:
    first = Planted(module)
    first.seen()
    cmdlets = {run.name for run in first.bench.ran() if run.mutating and "Cc" in run.name} or {"Register-ScheduledTask"}
    for cmdlet in sorted(cmdlets):
        planted = Planted(module)
        for text in planted_secrets(planted.options):
            planted.bench.lab.fault(HOST, cmdlet=cmdlet, when="before", action="error", text=f"refused {text}")
            assert CANARY not in planted.seen()


def planted_secrets(options: Any) -> list[str]:
    """The planted passwords."""
    if isinstance(options, str):
        return [options] if options.startswith(CANARY) else []
    values = options.values() if isinstance(options, Mapping) else options if isinstance(options, list) else []
    return [secret for value in values for secret in planted_secrets(value)]
