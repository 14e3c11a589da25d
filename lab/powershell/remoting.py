"""`Invoke-Command` with the bridge as its script block: a nested request, in this session or in that of another computer."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import simpy

from lab.powershell import answer as bridge
from lab.powershell.catalogue import Registry
from lab.powershell.errors import Thrown
from lab.powershell.invocation import Invocation
from lab.powershell.objects import BRIDGE
from lab.powershell.session import Session

registry = Registry()


@registry.implements("Invoke-Command")
def invoke_command(call: Invocation) -> Generator[simpy.Event, Any, None]:
    """Run the nested request on every named computer (or here) and write its marked line.

    A computer that cannot be reached is an error of its own and the others go on, as in PowerShell.
    """
    if call.get("ScriptBlock") is not BRIDGE:
        raise NotImplementedError("the lab runs no script block but the bridge")
    for session in _sessions(call):
        line = yield from _nested(session, call.get("ArgumentList"))
        call.write(line)


def _sessions(call: Invocation) -> Generator[Session, None, None]:
    if "ComputerName" not in call.parameters:
        yield call.session
        return
    for name in call.parameters["ComputerName"]:
        if call.session.remote is None:
            raise NotImplementedError("the session has no way to other computers (Session.remote)")
        try:
            yield call.session.remote(name, call.get("Credential"))
        except Thrown as refused:
            call.report(refused.record)


def _nested(session: Session, arguments: list[Any] | None) -> Generator[simpy.Event, Any, str]:
    request = arguments[0] if arguments else None
    if not isinstance(request, str):
        raise NotImplementedError("the bridge takes its nested request as JSON text in -ArgumentList")
    answered = yield from bridge.answer(session, json.loads(request))
    return bridge.written(answered)
