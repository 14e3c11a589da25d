"""`Invoke-Command` with the bridge as its script block: a nested request, in this session or in that of another computer."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import simpy

from lab.powershell import answer as bridge
from lab.powershell import times
from lab.powershell.catalogue import Registry
from lab.powershell.errors import Thrown
from lab.powershell.invocation import Invocation
from lab.powershell.objects import BRIDGE
from lab.powershell.session import NoAnswer, Session

registry = Registry()


@registry.implements("Invoke-Command")
def invoke_command(call: Invocation) -> Generator[simpy.Event, Any, None]:
    """Run the nested request on every named computer (or here) and write its marked line.

    A computer that cannot be reached is an error of its own and the others go on, as in PowerShell. A silent one takes time.
    """
    if call.get("ScriptBlock") is not BRIDGE:
        raise NotImplementedError("the lab runs no script block but the bridge")
    began, refusals = call.env.now, list[Thrown]()
    for session in _sessions(call, refusals):
        line = yield from _nested(session, call.get("ArgumentList"))
        call.write(line)
    # All computers are asked at the same time: the one that is silent longest ends the cmdlet.
    silent = max((one.seconds for one in refusals if isinstance(one, NoAnswer)), default=0.0)
    given_up = began + min(silent, _open_timeout(call, silent))
    if given_up > call.env.now:
        yield call.sleep(given_up - call.env.now)
    for refused in refusals:
        call.report(refused.record)


def _sessions(call: Invocation, refusals: list[Thrown]) -> list[Session]:
    """The sessions that could be opened; why the others could not is added to `refusals`."""
    here = call.session
    assert isinstance(here, Session)
    if "ComputerName" not in call.parameters:
        return [here]
    opened = []
    for name in call.parameters["ComputerName"]:
        try:
            opened.append(here.remote(name, call.get("Credential")))
        except Thrown as refused:
            refusals.append(refused)
    return opened


def _open_timeout(call: Invocation, otherwise: float) -> float:
    """Seconds after which the session option gives up to connect."""
    option = call.get("SessionOption")
    text = option.get("OpenTimeout") if isinstance(option, dict) else None
    return times.parse_span(text).total_seconds() if text else otherwise


def _nested(session: Session, arguments: list[Any] | None) -> Generator[simpy.Event, Any, str]:
    request = arguments[0] if arguments else None
    if not isinstance(request, str):
        raise NotImplementedError("the bridge takes its nested request as JSON text in -ArgumentList")
    answered = yield from bridge.answer(session, json.loads(request))
    return bridge.written(answered)
