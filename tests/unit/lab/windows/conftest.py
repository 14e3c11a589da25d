"""A bare simulated computer and a way to call one cmdlet on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import simpy

from lab.cmdlets.windows import equip, open_session
from lab.powershell.answer import answer_now
from lab.world.computer import Computer
from lab.world.network import LocalLogon, Logon

ADMIN = LocalLogon(r"HOST1\CceAdmin", "credssp")
NETWORK = LocalLogon(r"HOST1\CceAdmin", "ntlm", delegates=False)

Result = dict[str, Any]


class Console:
    """Runs one cmdlet a request on one computer."""

    def __init__(self, computer: Computer, logon: Logon = ADMIN) -> None:
        self.computer = computer
        self.logon = logon

    def __call__(self, cmdlet: str, keep: list[str] | None = None, **parameters: Any) -> Result:
        """The bridge's result of one step."""
        step = {"name": "step", "cmdlet": cmdlet, "parameters": parameters, **({"keep": keep} if keep else {})}
        return self.steps([step])[0]

    def steps(self, steps: list[dict[str, Any]]) -> list[Result]:
        """The results of a list of steps, in one session."""
        session = open_session(self.computer, self.logon)
        request = {"protocol": 1, "steps": steps}
        results: list[Result] = answer_now(self.computer.env, session, request)["results"]
        return results

    def output(self, cmdlet: str, keep: list[str] | None = None, **parameters: Any) -> Any:
        """The output of a cmdlet that must not fail."""
        result = self(cmdlet, keep, **parameters)
        assert result["errors"] == []
        return result["output"]

    def errors(self, cmdlet: str, **parameters: Any) -> list[tuple[str, str, str]]:
        """Id without the command, category and exception type of each error."""
        errors = self(cmdlet, **parameters)["errors"]
        return [(error["id"].partition(",")[0], error["category"], error["exception"]) for error in errors]


@pytest.fixture
def computer() -> Computer:
    """A computer with one folder, one account and its job runner."""
    made = equip(Computer(simpy.Environment(), "host1"))
    made.add_account("CceAdmin", "right")
    made.files.make_folder(r"C:\Data")
    return made


@pytest.fixture
def console(computer: Computer) -> Console:
    """The administrator's console on it."""
    return Console(computer)


@pytest.fixture
def at() -> Callable[..., Console]:
    """A console on any computer, for any logon."""
    return Console
