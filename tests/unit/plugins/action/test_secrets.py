"""A password planted in every secret option of every module shows nowhere: no result, exception, record, or file."""

from __future__ import annotations

import importlib
import json
import pathlib
import traceback
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from tests.bench import HOST, ORDER, OURS, Bench
from tests.cycle import Cycle
from tests.operations import InProcessConnection

ACTIONS = pathlib.Path(__file__).parents[4] / "plugins" / "action"
CANARY = "Canary-9d3f!"
"""Part of every planted password."""

ODD = f"""{CANARY}  two  blanks 'single' "double" <b>&amp;</b> $()`\\x
and a line end"""
"""Everything at once that a text goes through on its way: white space, quotes, and the signs of XML, JSON and PowerShell."""

PLAIN = f"{CANARY}-plain"
KINDS = pytest.mark.parametrize("kind", [PLAIN, ODD], ids=["plain", "odd"])

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
    "directories": {"appliance_directory": r"D:\Cce\ApplianceRoot", "redeploy_afterwards": True},
}
"""What makes the modules beside an upgrade do something; one that is not here gets what it requires."""


def arguments(module: str) -> dict[str, Any]:
    found = importlib.import_module(f"ansible_collections.sfb.cloud_connector.plugins.action.{module}").ActionModule
    return dict(found.ARGUMENTS)


def holds_secret(option: Mapping[str, Any]) -> bool:
    return bool(option.get("no_log")) or any(map(holds_secret, (option.get("options") or {}).values()))


def planted(options: Mapping[str, Any], kind: str, place: str = "") -> dict[str, Any]:
    """A value for every option that is, or holds, a secret, and for what has to stand beside it."""
    return {
        name: filled(name, option, kind, f"{place}-{name}")
        for name, option in options.items()
        if holds_secret(option) or (place and option.get("type") == "str")
    }


def filled(name: str, option: Mapping[str, Any], kind: str, place: str) -> Any:
    if option.get("options"):
        inner = planted(option["options"], kind, place)
        return [inner] if option["type"] == "list" else inner
    if option.get("no_log"):
        text = kind if name == "task_password" else f"{kind}{place}"
        return {"NAME": text} if option["type"] == "dict" else text
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

    def __init__(self, module: str, kind: str = PLAIN) -> None:
        self.module = module
        self.bench: Bench = Bench(module) if module in ORDER else Cycle()
        self.bench.computer.add_account("CceAdmin", kind)
        spec = arguments(module)
        given = {**required(module), "site": self.bench.site(), **self.bench.options(module), **PURPOSE.get(module, {})}
        fitting = {name: value for name, value in given.items() if name in spec}
        task = {name: value for name, value in (("task_user", "CceAdmin"), ("poll_interval", 60)) if name in spec}
        self.options = {**fitting, **task, **planted(spec, kind)}

    def seen(self, line: InProcessConnection | None = None, *, check: bool = False, **options: Any) -> str:
        """The result or the exception, as somebody sees it."""
        action = self.bench.prepare(self.module)
        action._task.args, action._task.check_mode = {**self.options, **options}, check
        action._connection = line or action._connection
        try:
            return json.dumps(action.run(task_vars={"inventory_hostname": HOST}), default=str)
        except AnsibleConnectionFailure as lost:
            return "".join([repr(lost), str(lost.__cause__), *traceback.format_exception(lost)])

    def recorded(self) -> str:
        """What the lab recorded: the parameters of every cmdlet."""
        return json.dumps(self.bench.lab.record.since(0), default=str)

    def files(self) -> str:
        """Every file on the appliance and on the share."""
        return Cycle.files(self.bench)  # type: ignore[arg-type]

    def assert_hidden(self, seen: str) -> None:
        assert_hidden(seen, self.recorded(), self.files())


def assert_hidden(*texts: str) -> None:
    """None of them shows a planted password, nor the beginning of one."""
    for text in texts:
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


@KINDS
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("check", [True, False], ids=["check", "do"])
def test_a_run_shows_no_secret(module: str, check: bool, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    planted = Planted(module, kind)
    planted.assert_hidden(planted.seen(check=check) + "".join(capfd.readouterr()))


@pytest.mark.parametrize("module", MODULES)
def test_a_line_that_echoes_shows_no_secret(module: str) -> None:
    planted = Planted(module)
    planted.assert_hidden(planted.seen(EchoingLine(planted.bench.lab.connection(HOST))))


@pytest.mark.parametrize("module", MODULES)
def test_wrong_options_show_no_secret(module: str) -> None:
    planted = Planted(module)
    planted.assert_hidden(planted.seen(strange_option="x", exchange_timeout="never"))


@KINDS
@pytest.mark.parametrize("module", MODULES)
def test_an_option_of_another_type_shows_no_secret(module: str, kind: str) -> None:
    """Such as a list in a list, which a doubled dash in YAML makes."""
    planted = Planted(module, kind)
    for name, option in arguments(module).items():
        if not holds_secret(option):
            continue
        value = planted.options[name]
        for wrong in (
            kind,
            [kind],
            [[kind]],
            {"a": kind},
            [value],
            [[value]],
            [{"a": [kind]}],
            [[[{"password": kind}]]],
        ):
            if type(wrong) is type(value) and isinstance(wrong, (str, dict)):
                continue
            seen = planted.seen(**{name: wrong})
            planted.assert_hidden(seen)
            assert '"class": "option"' in seen and name in seen, seen


@KINDS
@pytest.mark.parametrize("module", MODULES)
def test_an_option_of_another_name_shows_no_secret(module: str, kind: str) -> None:
    planted = Planted(module, kind)
    for name, option in arguments(module).items():
        if not holds_secret(option):
            continue
        planted.assert_hidden(planted.seen(**{f"{name}_": planted.options[name]}))
        if option.get("options"):
            (element,) = planted.options[name]
            for wrong in ({**element, "passwort": kind}, {"passwort": kind}, {**element, "password": {"secret": kind}}):
                seen = planted.seen(**{name: [wrong]})
                planted.assert_hidden(seen)
                assert '"class": "option"' in seen, seen


@pytest.mark.parametrize("module", MODULES)
def test_a_wait_that_ends_early_leaves_no_secret_on_the_appliance(module: str) -> None:
    planted = Planted(module)
    planted.assert_hidden(planted.seen(**({"timeout": 1} if "timeout" in planted.options else {})))


def cmdlets_of(module: str, kind: str) -> list[str]:
    """The product's cmdlets that change something when the module runs; the one that takes the password where there is none."""
    planted = Planted(module, kind)
    planted.seen()
    return sorted({run.name for run in planted.bench.ran() if run.mutating and "Cc" in run.name}) or [
        TAKES_SECRET.get(module, TAKES_PASSWORD)
    ]


TAKES_PASSWORD = "Register-ScheduledTask"
TAKES_SECRET = {"call_proof": "New-Item"}
"""Of a module that runs no job."""


@KINDS
@pytest.mark.parametrize("module", MODULES)
def test_a_product_that_says_the_secret_is_not_quoted_and_nothing_is_kept(module: str, kind: str) -> None:
    """Neither in the result nor in a file: the answer of a job is removed when it was collected."""
    for cmdlet in cmdlets_of(module, kind):
        planted = Planted(module, kind)
        text = f"objection: {' and '.join(planted_secrets(planted.options))}"
        planted.bench.lab.fault(HOST, cmdlet=cmdlet, when="before", action="error", text=text)
        seen = planted.seen()
        assert "objection" in seen, seen
        assert_hidden(seen, planted.files())


@pytest.mark.parametrize("module", MODULES)
def test_a_password_that_the_product_made_up_is_not_quoted_and_not_kept(module: str) -> None:
    """T25 of the documented troubles: it is none of the task's own, so only its surroundings tell what it is."""
    for cmdlet in cmdlets_of(module, PLAIN):
        planted = Planted(module)
        text = f"objection: for the new VM (Password: {CANARY}-made-up\nof two lines)"
        planted.bench.lab.fault(HOST, cmdlet=cmdlet, when="before", action="error", text=text)
        seen = planted.seen()
        assert "objection" in seen, seen
        assert_hidden(seen, planted.files())


@pytest.mark.parametrize("module", MODULES)
def test_nobody_but_administrators_may_read_what_the_collection_keeps(module: str) -> None:
    """While a job runs its request is on the disk, and its answer until it was collected."""
    planted = Planted(module)
    planted.seen()
    if planted.bench.computer.files.exists(OURS):
        granted = planted.bench.computer.permissions[OURS.casefold()]
        assert granted[0] == "/inheritance:r" and {one.partition(":")[0] for one in granted[2:]} == ADMINISTRATORS


ADMINISTRATORS = {"*S-1-5-18", "*S-1-5-32-544"}


def planted_secrets(options: Any) -> list[str]:
    """The planted passwords."""
    if isinstance(options, str):
        return [options] if options.startswith(CANARY) else []
    values = options.values() if isinstance(options, Mapping) else options if isinstance(options, list) else []
    return [secret for value in values for secret in planted_secrets(value)]
