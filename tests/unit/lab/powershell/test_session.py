"""Simulated cmdlets in a session: what they can do, what is recorded of them, and time."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest
import simpy

from lab.powershell.answer import answer, answer_now
from lab.powershell.catalogue import Registry
from lab.powershell.contract import Misfit
from lab.powershell.errors import ErrorRecord, Thrown
from lab.powershell.invocation import Invocation
from lab.powershell.objects import Credential, Secret
from lab.powershell.session import Session
from tests.conformance.probe import ProbeSession

Ask = Callable[..., Any]
BRIDGE = {"$bridge": True}
STEP = {"name": "a", "cmdlet": "Step-ProbeCounter"}


def _nested(*steps: Any, **more: Any) -> dict[str, Any]:
    request = json.dumps({"protocol": 1, "steps": list(steps)})
    parameters = {"ScriptBlock": BRIDGE, "ArgumentList": [request], **more}
    return {"name": "inside", "cmdlet": "Invoke-Command", "parameters": parameters}


def _replace(session: Session, cmdlet: str, function: Callable[[Invocation], Any]) -> None:
    session.registry.implements(cmdlet)(function)


def test_a_cmdlet_takes_simulated_time(session: Session, ask: Ask) -> None:
    def slow(call: Invocation) -> Generator[simpy.Event, Any, None]:
        yield call.sleep(90.1234)
        call.write("done")

    _replace(session, "Get-CcVersion", slow)
    result = ask(("Get-CcVersion",))["results"][0]
    assert (result["output"], result["seconds"], session.env.now) == (["done"], 90.123, 90.1234)


def test_steps_take_turns_with_the_rest_of_the_simulated_world(session: Session) -> None:
    _replace(session, "Get-CcVersion", lambda call: iter([call.sleep(5)]))
    request = {"protocol": 1, "steps": [{"name": "a", "cmdlet": "Get-CcVersion"}]}
    running = [session.env.process(answer(session, request)) for _ in range(2)]
    session.env.run(until=simpy.AllOf(session.env, running))
    assert session.env.now == 5


def test_a_cmdlet_without_implementation_is_not_found(ask: Ask) -> None:
    result = ask(("Switch-CcVersion",))["results"][0]
    assert result["thrown"] and result["errors"][0]["category"] == "ObjectNotFound"


def test_a_cmdlet_of_a_module_that_is_not_there_is_not_found(session: Session, ask: Ask) -> None:
    session.available = lambda name, module: module != "Probe"
    assert ask(("Step-ProbeCounter",))["results"][0]["errors"][0]["command"] == "Get-Command"


class Record:
    """Keeps what an observer is told."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    def started(self, call: Invocation) -> object:
        self.lines.append((call.name, dict(call.shown)))
        return len(self.lines)

    def finished(self, token: object, result: Mapping[str, object]) -> None:
        self.lines.append((token, result["thrown"]))


def test_the_observer_sees_each_cmdlet_with_its_secrets_masked(session: Session, ask: Ask) -> None:
    session.observer = record = Record()
    ask(("Test-ProbeParameter", {"Secret": {"$secure": "canary"}}), ("Invoke-ProbeFailure", {"Kind": "throw text"}))
    assert record.lines[0] == ("Test-ProbeParameter", {"Secret": "********"})
    assert record.lines[1:] == [(1, False), ("Invoke-ProbeFailure", {"Kind": "throw text"}), (3, True)]


@pytest.mark.parametrize(
    ("action", "output", "errors", "thrown"),
    [
        ("Continue", ["before", "after"], 1, False),
        ("Stop", ["before"], 1, True),
        ("Ignore", ["before", "after"], 0, False),
    ],
)
def test_error_action_decides_what_an_error_does(
    ask: Ask, action: str, output: list[str], errors: int, thrown: bool
) -> None:
    result = ask(("Invoke-ProbeFailure", {"Kind": "write-error", "ErrorAction": action}))["results"][0]
    assert (result["output"], len(result["errors"]), result["thrown"]) == (output, errors, thrown)


def test_a_terminating_error_ends_the_cmdlet_without_unwinding_the_script(session: Session, ask: Ask) -> None:
    _replace(session, "Get-Content", lambda call: call.terminate("no", "NotHere", "ObjectNotFound"))
    result = ask(("Get-Content", {"Path": "x"}))["results"][0]
    assert result["errors"][0]["id"] == "NotHere,Microsoft.PowerShell.Commands.GetContentCommand"
    assert not result["thrown"]


def test_warnings_can_be_silenced(ask: Ask) -> None:
    assert ask(("Write-ProbeStreams", {"wa": "SilentlyContinue"}))["results"][0]["warnings"] == []


def test_should_process_asks_only_where_told_to(session: Session, ask: Ask) -> None:
    _replace(session, "Remove-Item", lambda call: call.write(call.should_process()))
    plain, what_if, confirm = (
        ask(("Remove-Item", {"Path": "x", **more}))["results"][0] for more in ({}, {"WhatIf": True}, {"Confirm": True})
    )
    assert (plain["output"], what_if["output"], confirm["output"]) == ([True], [False], [])
    assert confirm["errors"][0]["id"] == "PSInvalidOperationException"


def test_a_credential_without_a_user_is_an_error(ask: Ask) -> None:
    answers = [{"prompt": "Tenant", "password": "x"}]
    asked = ask({"name": "a", "cmdlet": "Read-ProbePrompt", "parameters": {"Kind": "credential"}}, answers=answers)
    assert asked["prompts"] == [{"text": "Tenant administrator", "answered": True}]
    assert asked["results"][0]["errors"][0]["command"] == "New-Object"


def test_an_answer_is_found_in_any_case_and_used_once(ask: Ask) -> None:
    steps = [("Read-ProbePrompt", {"Kind": "READ-HOST"})] * 2
    asked = ask(*steps, answers=[{"prompt": "^ENTER", "password": "Site1"}])
    assert [result["output"] for result in asked["results"]] == [["got Site1"], []]
    assert [prompt["answered"] for prompt in asked["prompts"]] == [True, False]


def test_a_nested_request_shares_the_session_and_its_prompts(ask: Ask) -> None:
    asked = ask(_nested({"name": "p", "cmdlet": "Read-ProbePrompt", "parameters": {"Kind": "two"}}), STEP)
    assert asked["prompts"] == [{"text": "First", "answered": False}]
    assert "UnexpectedPrompt: First" in asked["results"][0]["output"][0]


def test_a_nested_request_on_another_computer_runs_in_its_session(session: Session, ask: Ask) -> None:
    other = ProbeSession(session.env, session.registry)
    reached: list[Any] = []
    session.remote = lambda name, credential: reached.append((name, credential)) or other
    given = {"$credential": {"user": "u", "password": "canary"}}
    asked = ask(STEP, _nested(STEP, ComputerName="edge1", Credential=given), STEP)
    assert reached == [("edge1", Credential("u", Secret("canary")))]
    assert '"output":[1]' in asked["results"][1]["output"][0] and asked["results"][2]["output"] == [2]


def test_a_computer_that_cannot_be_reached_is_an_error(session: Session, ask: Ask) -> None:
    def refuse(name: str, credential: Credential | None) -> Session:
        raise Thrown(ErrorRecord(f"no way to {name}", "WinRMOperationTimeout,PSSessionStateBroken", "OpenError"))

    session.remote = refuse
    asked = ask(_nested(STEP, ComputerName="edge1"))
    assert asked["results"][0]["errors"][0]["message"] == "no way to edge1"
    assert asked["stopped"] == {"name": "inside", "reason": "error"}


@pytest.mark.parametrize(
    "request_",
    [
        {"protocol": 2, "steps": []},
        {"protocol": 1, "steps": [{"name": "a"}]},
        {"protocol": 1, "steps": [{**STEP, "onerror": "stop"}]},
        {"protocol": 1, "steps": [{**STEP, "parameters": {"Any": {"$secure": 1}}}]},
    ],
)
def test_a_request_outside_the_contract_is_said_to_be(session: Session, request_: Any) -> None:
    with pytest.raises(Misfit, match="internal error: not a request of the bridge: at"):
        answer_now(session.env, session, request_)


def test_a_registry_knows_its_names_in_any_case() -> None:
    registry = Registry()
    registry.implements("get-ccversion")(lambda call: None)
    assert list(registry) == ["Get-CcVersion"]
    assert registry.find("CloudConnector\\GET-CCVERSION") and registry.find("Other\\Get-CcVersion") is None
