"""The collection's program for Windows updates, simulated by its protocol: what it is asked, and what it answers.

The lab runs no PowerShell. It recognises that fixed text by its first line, as it recognises the job runner, and does what the
agent of the simulated Windows would do.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import simpy

from lab.world.computer import Computer
from lab.world.network import Logon
from lab.world.windows_update import BUSY, AgentError, Update

MARK = "# sfb.cloud_connector windows update"

SUCCEEDED, FAILED = 2, 4
POLICY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"

Step = Generator[simpy.Event, Any, None]
Row = dict[str, Any]


def run(computer: Computer, logon: Logon, request: Mapping[str, Any]) -> Generator[simpy.Event, Any, dict[str, Any]]:
    """The program's answer, which has the form of the bridge's."""
    rows: list[Row] = []
    stage, failure = "search", None
    try:
        found = yield from _search(computer)
        rows += [_row(computer, one) for one in found]
        chosen = [(one, row) for one, row in zip(found, rows, strict=True) if row["id"] in (request.get("take") or [])]
        stage = "download"
        yield from _download(computer, logon, chosen)
        stage = "install"
        if request.get("install"):
            yield from _install(computer, logon, chosen)
    except AgentError as error:
        failure = {"stage": stage, "code": _code(error.hresult), "message": str(error)}
    is_asked = (computer.registry.get(rf"{POLICY}\AU") or {}).get("UseWUServer") == 1
    policy = (computer.registry.get(POLICY) or {}) if is_asked else {}
    report = {
        "updates": rows,
        "waits": computer.updates.wants_restart,
        "server": policy.get("WUServer"),
        "failure": failure,
    }
    step = {
        "name": "windows_update",
        "output": [report],
        "errors": [],
        "warnings": [*computer.updates.search_warns],
        "thrown": False,
        "seconds": 0,
    }
    return {"protocol": 1, "results": [step], "stopped": None, "prompts": []}


def _search(computer: Computer) -> Generator[simpy.Event, Any, list[Update]]:
    yield computer.env.timeout(computer.updates.search_seconds)
    return computer.updates.found()


def _download(computer: Computer, logon: Logon, chosen: list[tuple[Update, Row]]) -> Step:
    lacking = [(one, row) for one, row in chosen if not row["downloaded"]]
    if lacking:
        computer.updates.require_local(logon)
    for one, row in lacking:
        yield computer.env.timeout(one.size / computer.network.rate)
        code = computer.updates.download(one)
        row |= {"downloaded": not code, "result": FAILED if code else SUCCEEDED, "code": _code(code)}


def _install(computer: Computer, logon: Logon, chosen: list[tuple[Update, Row]]) -> Step:
    agent = computer.updates
    ready = [(one, row) for one, row in chosen if row["downloaded"]]
    if not ready:
        return
    agent.require_local(logon)
    if agent.busy or agent.wants_restart:
        raise AgentError(BUSY)
    agent.busy = True
    try:
        for one, row in ready:
            if one.hangs:
                yield computer.env.event()
            yield computer.env.timeout(one.seconds)
            code = agent.install(one)
            row |= {"installed": not code, "result": FAILED if code else SUCCEEDED, "code": _code(code)}
    finally:
        agent.busy = False
        if agent.wants_restart:
            computer.want_restart()


def _row(computer: Computer, one: Update) -> Row:
    agent = computer.updates
    return {
        "id": one.id,
        "title": one.shown,
        "kbs": [one.kb.removeprefix("KB")],
        "categories": list(one.categories),
        "classes": [],
        "size": one.size,
        "downloaded": one.kb in agent.downloaded or one in agent.awaiting,
        "installed": False,
        "waits": one in agent.awaiting,
        "asks": one.asks,
        "optional": one.optional,
        "exclusive": one.exclusive,
        "restart": int(one.restart),
        "result": None,
        "code": None,
    }


def _code(hresult: int) -> str:
    return f"0x{hresult:08X}"
