"""What is behind the wire of one simulated appliance: runs the bridge, and says of everything else that it is not simulated."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Generator, Mapping
from typing import Any

import simpy

from lab.powershell.answer import run_process, written
from lab.powershell.session import Session
from lab.server.sessions import open_session
from lab.wire.clixml import error_text
from lab.wire.machine import WireSettings
from lab.wire.scripts import recognise
from lab.wire.shell import CONTROL_C_EXIT, Process
from lab.world.appliance import Appliance

BOOTSTRAP = "[ScriptBlock]::Create($doc.bridge)"
"""What the constant command of the bridge has in it."""


class HostMachine:
    """A `lab.wire.machine.Machine`: the host of an appliance."""

    def __init__(self, appliance: Appliance, catch_up: Callable[[], None]) -> None:
        self.wire = WireSettings()
        self._appliance = appliance
        self._catch_up = catch_up

    @property
    def name(self) -> str:
        return self._appliance.name

    @property
    def address(self) -> str:
        return self._appliance.address

    @property
    def accounts(self) -> Mapping[str, str]:
        return self._appliance.computer.accounts

    async def run(self, process: Process) -> int:
        """Answers the request on standard input; the exit code is that of powershell.exe."""
        script = recognise(process.line)
        if script is None or BOOTSTRAP not in script.text:
            return refused(process, "The lab does not simulate this command; it answers the bridge only.")
        try:
            request = json.loads(await process.read_input())["request"]
        except (ValueError, LookupError, TypeError) as error:
            return refused(process, f"The lab expects the bridge and a request on standard input: {error!r}")
        text = await self._answered(open_session(self._appliance, process.logon), request)
        if text is None:
            return CONTROL_C_EXIT
        return _put_out(process, text)

    async def _answered(self, session: Session, request: Mapping[str, Any]) -> str | None:
        """What the bridge writes, or None when its process was ended. Cancelling ends the process."""
        done: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        running = self._appliance.computer.run(_body(session, request))
        running.callbacks.append(lambda event: _set_result(done, event.value))
        self._catch_up()
        try:
            return await done
        except asyncio.CancelledError:
            if running.is_alive:
                running.interrupt()
            raise


def _body(session: Session, request: Mapping[str, Any]) -> Generator[simpy.Event, Any, str | None]:
    try:
        return written((yield from run_process(session, request)))
    except simpy.Interrupt:
        return None
    except Exception:  # a mistake of the lab must not stop its clock
        return traceback.format_exc()


def _set_result(done: asyncio.Future[str | None], text: str | None) -> None:
    if not done.done():
        done.set_result(text)


def _put_out(process: Process, text: str) -> int:
    if "#cc-bridge# " not in text:
        return refused(process, f"The lab failed: {text}")
    process.write("stdout", f"{text}\r\n".encode())
    return 0


def refused(process: Process, reason: str) -> int:
    """Writes an error as PowerShell would, and returns its exit code."""
    process.write("stderr", error_text(reason.splitlines()))
    return 1
