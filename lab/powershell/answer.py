"""The bridge without PowerShell: runs a request's steps in a session and answers as bridge.ps1 does."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from typing import Any, cast

import simpy

from lab.powershell import contract
from lab.powershell.errors import Thrown
from lab.powershell.json_text import answer_line, format_json, to_data
from lab.powershell.keep import select_kept
from lab.powershell.prompts import Prompts
from lab.powershell.session import Session, Streams
from lab.powershell.wire import from_wire

Request = str | Mapping[str, Any]
Answer = dict[str, Any]


def answer(session: Session, request: Request) -> Generator[simpy.Event, Any, Answer]:
    """Run a request (JSON text or data) step by step: the body of a simpy process. `seconds` are simulated ones.

    Raises `contract.Misfit` when the request does not fit the bridge's schema: a mistake of the caller, not of PowerShell.
    """
    document = contract.checked(json.loads(request) if isinstance(request, str) else request)
    session.prompts = Prompts(document.get("answers") or ())
    outputs: dict[str, list[object]] = {}
    results: list[dict[str, Any]] = []
    stopped = None
    for step in document["steps"]:
        result = yield from _run_step(session, step, outputs)
        results.append(result)
        reason = _stop_reason(step, result)
        if reason:
            stopped = {"name": step["name"], "reason": reason}
            break
    return {"protocol": 1, "results": results, "stopped": stopped, "prompts": list(session.prompts.asked)}


def run_process(session: Session, request: Request) -> Generator[simpy.Event, Any, Answer]:
    """`answer`, and with it the process of the session ends, however that comes."""
    try:
        return (yield from answer(session, request))
    finally:
        session.end()


def answer_now(env: simpy.Environment, session: Session, request: Request) -> Answer:
    """Answer a request, letting the simulated time pass that it takes."""
    return cast(Answer, env.run(until=env.process(answer(session, request))))


def written(answer: Mapping[str, Any]) -> str:
    """What the bridge writes to its output: an empty line's end, then the marked line."""
    return "\n" + answer_line(answer)


def _run_step(
    session: Session, step: Mapping[str, Any], outputs: dict[str, list[object]]
) -> Generator[simpy.Event, Any, dict[str, Any]]:
    began = session.env.now
    try:
        command = session.find(step["cmdlet"])
        parameters = cast(dict[str, object], from_wire(step.get("parameters") or {}, outputs))
    except Thrown as error:
        streams = Streams([], [error.record], [], error)
    else:
        streams = yield from session.run(command, parameters)
    if streams.thrown is None:
        outputs[step["name"].lower()] = streams.output
    kept = [to_data(select_kept(one, step.get("keep"))) for one in streams.output]
    seconds = round(session.env.now - began, 3)
    return {"name": step["name"], **streams.as_data(), "output": kept, "seconds": seconds}


def _stop_reason(step: Mapping[str, Any], result: Mapping[str, Any]) -> str | None:
    """Why the steps after this one must not run, or nothing."""
    if result["errors"] and step.get("on_error") != "continue":
        return "error"
    if "expect" in step and format_json(result["output"]) != format_json(step["expect"]):
        return "expect"
    return None
