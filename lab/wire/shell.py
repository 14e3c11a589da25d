"""Logons, shells, and the processes in them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

Stream = Literal["stdout", "stderr"]
Method = Literal["basic", "ntlm", "credssp"]

CONTROL_C_EXIT = 0xC000013A
"""Exit code of a process that was ended from outside (STATUS_CONTROL_C_EXIT)."""
_STREAM_OVERHEAD = 160
"""Bytes of an answer that the XML around one piece of output takes."""


@dataclass(frozen=True)
class Logon:
    """Who logged on, and how."""

    user: str
    method: Method

    @property
    def delegates(self) -> bool:
        """Whether the logon holds the user's password, and so reaches shares and the credential store.

        False for NTLM: a network logon cannot go on to another computer (the "second hop"), as on Windows.
        """
        return self.method != "ntlm"


class Process:
    """One running command line: its input, and the output that the client has not yet fetched."""

    def __init__(self, line: str, logon: Logon) -> None:
        self.line = line
        self.logon = logon
        self.exit_code: int | None = None
        self._input = bytearray()
        self._input_ended = asyncio.Event()
        self._output: deque[tuple[Stream, bytes]] = deque()
        self._changed = asyncio.Event()

    async def read_input(self) -> bytes:
        """All of stdin; waits until the client has ended it."""
        await self._input_ended.wait()
        return bytes(self._input)

    def write(self, stream: Stream, data: bytes) -> None:
        """Put out data, to be fetched by the client in this order."""
        if data:
            self._output.append((stream, data))
            self._changed.set()

    def feed(self, data: bytes, end: bool) -> None:
        """Take in a piece of stdin; `end` closes it."""
        self._input += data
        if end:
            self._input_ended.set()

    def finish(self, exit_code: int) -> None:
        """Note the end; the first one counts."""
        if self.exit_code is None:
            self.exit_code = exit_code
        self._changed.set()

    async def wait(self) -> None:
        """Until there is output to fetch, or the process has ended."""
        while not self._output and self.exit_code is None:
            self._changed.clear()
            await self._changed.wait()

    @property
    def drained(self) -> bool:
        """Ended, with all of its output fetched."""
        return self.exit_code is not None and not self._output

    def take(self, room: int) -> list[tuple[Stream, bytes]]:
        """Remove and return the next output, `room` bytes at most."""
        taken: list[tuple[Stream, bytes]] = []
        while self._output and room > 0:
            stream, data = self._output.popleft()
            if len(data) > room:
                self._output.appendleft((stream, data[room:]))
            taken.append((stream, data[:room]))
            room -= len(data) + _STREAM_OVERHEAD
        return taken


@dataclass(frozen=True)
class Answer:
    """A Receive's answer, kept for the client that repeats the same request because it never saw the answer."""

    message_id: str
    envelope: bytes


class Command:
    """A process as the client knows it: by its identifier, within a shell."""

    def __init__(self, identifier: str, process: Process, task: asyncio.Task[None]) -> None:
        self.id = identifier
        self.process = process
        self.answer: Answer | None = None
        self._task = task

    def end(self) -> asyncio.Task[None]:
        """End the process if it still runs; returns its task, to be awaited by whoever has to."""
        self._task.cancel()
        self.process.finish(CONTROL_C_EXIT)
        return self._task


@dataclass
class Shell:
    """A remote shell: what `Create` made and `Delete` removes. `used` is when it was last asked for, in seconds."""

    id: str
    owner: Logon
    client_address: str
    input_streams: str
    output_streams: str
    used: float
    commands: dict[str, Command] = field(default_factory=dict)

    def end(self) -> list[asyncio.Task[None]]:
        """End every command; returns their tasks."""
        return [command.end() for command in self.commands.values()]
