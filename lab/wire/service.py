"""The WinRM shell service of one computer: shells, commands, quotas. It knows WS-Management requests, not HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lab.wire import clixml, wsman, wsman_faults
from lab.wire.machine import Machine
from lab.wire.shell import Answer, Command, Logon, Process, Shell

MAX_COMMAND_LINE = 8191
"""Longest line of cmd.exe, which runs every WinRS command."""
_SIGNALS = ("terminate", "ctrl_c", "ctrl_break")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caller:
    """Who sends a request: the logon, and the address it comes from."""

    logon: Logon
    address: str


async def run(machine: Machine, process: Process) -> None:
    """Run the process on the computer to its end. A defect of the simulation ends it with exit code 1 and is logged."""
    if len(process.line) > MAX_COMMAND_LINE:
        process.write("stderr", b"The command line is too long.\r\n")
        process.finish(1)
        return
    try:
        process.finish(await machine.run(process))
    except Exception as defect:
        _log.exception("simulated computer %s cannot run %.80s", machine.name, process.line)
        process.write("stderr", clixml.error_text([f"lab: the simulated computer failed: {defect!r}"]))
        process.finish(1)


class ShellService:
    """Answers WS-Management requests; raises `Fault` and `Malformed`."""

    def __init__(self, machine: Machine) -> None:
        self.commands_started = 0
        self._machine = machine
        self._shells: dict[str, Shell] = {}
        self._operations: dict[str, Callable[[wsman.Request, Shell], Awaitable[bytes]]] = {
            "Get": self._describe,
            "Command": self._command,
            "Send": self._send,
            "Receive": self._receive,
            "Signal": self._signal,
            "Delete": self._delete,
        }

    @property
    def open_shells(self) -> int:
        """Number of shells nobody has deleted."""
        return len(self._shells)

    async def answer(self, request: wsman.Request, caller: Caller) -> bytes:
        """The envelope that answers the request."""
        if request.operation == "Identify":
            return wsman.identity()
        if request.operation == "Create":
            return self._create(request, caller)
        if request.operation == "Get" and request.resource == wsman.CONFIG:
            return wsman.configuration(request, self._machine.wire.max_envelope_kb)
        operation = self._operations.get(request.operation)
        if operation is None:
            raise wsman_faults.unsupported_action(request.action)
        return await operation(request, self._shell(request))

    async def end_all(self) -> None:
        """End every command and forget every shell, as when the computer goes down."""
        tasks = [task for shell in self._shells.values() for task in shell.end()]
        self._shells.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _create(self, request: wsman.Request, caller: Caller) -> bytes:
        if request.resource != wsman.CMD_SHELL:
            raise wsman_faults.unsupported_resource(request.resource)
        inputs, outputs = wsman.wanted_streams(request)
        self._remove_idle()
        limit = self._machine.wire.max_shells
        if len(self._shells_of(caller.logon)) >= limit:
            raise wsman_faults.too_many_shells(limit)
        shell = Shell(wsman.new_id(), caller.logon, caller.address, inputs, outputs, _now())
        self._shells[shell.id] = shell
        return wsman.created(request, shell)

    def _shells_of(self, owner: Logon) -> list[Shell]:
        return [shell for shell in self._shells.values() if shell.owner.user == owner.user]

    def _remove_idle(self) -> None:
        oldest = _now() - self._machine.wire.shell_idle_timeout
        for shell in [shell for shell in self._shells.values() if shell.used < oldest]:
            shell.end()
            del self._shells[shell.id]

    def _shell(self, request: wsman.Request) -> Shell:
        self._remove_idle()
        shell = self._shells.get(request.shell_id)
        if shell is None:
            raise wsman_faults.no_shell(request.shell_id)
        shell.used = _now()
        return shell

    async def _describe(self, request: wsman.Request, shell: Shell) -> bytes:
        return wsman.described(request, shell)

    async def _command(self, request: wsman.Request, shell: Shell) -> bytes:
        wanted = wsman.command_line(request)
        limit = self._machine.wire.max_operations
        if sum(len(other.commands) for other in self._shells_of(shell.owner)) >= limit:
            raise wsman_faults.too_many_operations(limit)
        process = Process(wanted.line, shell.owner)
        task = asyncio.create_task(run(self._machine, process))
        command = Command(wanted.identifier or wsman.new_id(), process, task)
        shell.commands[command.id] = command
        self.commands_started += 1
        return wsman.started(request, command.id)

    async def _send(self, request: wsman.Request, shell: Shell) -> bytes:
        for piece in wsman.inputs(request):
            _command(shell, piece.command_id).process.feed(piece.data, piece.end)
        return wsman.sent(request)

    async def _receive(self, request: wsman.Request, shell: Shell) -> bytes:
        command = _command(shell, wsman.received_command(request))
        if not _answered(command, request):
            await _output(command.process, request.timeout)
        # Looked at again: the same request, sent once more on another connection, may have been answered meanwhile.
        if not _answered(command, request):
            output = command.process.take(request.room)
            exit_code = command.process.exit_code if command.process.drained else None
            command.answer = Answer(request.message_id, wsman.received(request, output, exit_code))
        assert command.answer is not None
        return command.answer.envelope

    async def _signal(self, request: wsman.Request, shell: Shell) -> bytes:
        command_id, code = wsman.signal(request)
        command = _command(shell, command_id)
        if code not in _SIGNALS:
            raise wsman_faults.unsupported_action(code)
        command.end()
        if code == "terminate":
            del shell.commands[command.id]
        return wsman.signalled(request)

    async def _delete(self, request: wsman.Request, shell: Shell) -> bytes:
        shell.end()
        del self._shells[shell.id]
        return wsman.deleted(request)


def _command(shell: Shell, command_id: str) -> Command:
    command = shell.commands.get(command_id)
    if command is None:
        raise wsman_faults.no_command()
    return command


def _answered(command: Command, request: wsman.Request) -> bool:
    return command.answer is not None and command.answer.message_id == request.message_id


async def _output(process: Process, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        raise wsman_faults.timed_out() from None


def _now() -> float:
    return asyncio.get_running_loop().time()
