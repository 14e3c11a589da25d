"""How these tests ask the simulated PowerShell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import simpy

from lab.powershell import remoting
from lab.powershell.answer import answer_now
from lab.powershell.catalogue import Registry
from lab.powershell.session import Session
from tests.conformance import probe


@pytest.fixture
def session() -> Session:
    """A PowerShell with the module Probe in it."""
    return probe.ProbeSession(simpy.Environment(), Registry().merge(remoting.registry, probe.registry))


@pytest.fixture
def ask(session: Session) -> Callable[..., Any]:
    """The whole answer to steps given as (cmdlet, parameters) or as dictionaries."""

    def run(*steps: Any, **more: Any) -> Any:
        named = [step if isinstance(step, dict) else _step(*step) for step in steps]
        return answer_now(session.env, session, {"protocol": 1, "steps": named, **more})

    return run


def _step(cmdlet: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": cmdlet, "cmdlet": cmdlet, "parameters": parameters, "on_error": "continue"}


@pytest.fixture
def bound(ask: Callable[..., Any]) -> Callable[[str, Any], Any]:
    """What `Test-ProbeParameter` binds to one parameter, or the first part of the error's id."""

    def run(name: str, value: Any) -> Any:
        result = ask(("Test-ProbeParameter", {name: value}))["results"][0]
        if result["errors"]:
            return result["errors"][0]["id"].split(",")[0]
        return result["output"][0]["value"]

    return run
