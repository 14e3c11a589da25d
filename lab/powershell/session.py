"""A PowerShell process that runs cmdlets: which ones it finds, how one is run, and the way to other computers."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Protocol

import simpy

from lab.powershell.binding import BindingError, bind
from lab.powershell.catalogue import Implementation, Registry
from lab.powershell.errors import ErrorRecord, Thrown, command_not_found, no_command_name
from lab.powershell.invocation import Invocation
from lab.powershell.objects import Credential
from lab.powershell.process import Process
from lab.powershell.syntax import Syntax

Command = tuple[Syntax, Implementation]


class NoAnswer(Thrown):
    """A computer does not answer at all: the error comes only after `seconds`, when Windows gives up."""

    def __init__(self, record: ErrorRecord, seconds: float) -> None:
        super().__init__(record, unwinds=False)
        self.seconds = seconds


class Observer(Protocol):
    """Who keeps the record of the lab."""

    def started(self, call: Invocation) -> object:
        """A cmdlet begins, its parameters are bound (`call.shown` masks secrets); returns a token."""

    def finished(self, token: object, result: Mapping[str, object]) -> None:
        """The cmdlet of `token` has ended; `result` is what the bridge answers of it (without name and seconds)."""


class Session(Process):
    """A process with the cmdlets of `registry`. A subclass says which of them are there, and how others are reached."""

    def __init__(
        self, env: simpy.Environment, registry: Registry, machine: object = None, logon: object = None
    ) -> None:
        super().__init__(env, machine, logon)
        self.registry = registry
        self.observer: Observer | None = None

    def available(self, name: str, module: str) -> bool:
        """Whether a registered cmdlet of that module is there now."""
        return True

    def remote(self, address: str, credential: Credential | None) -> Session:
        """A new session on another computer. Raises `Thrown`: it refuses the credential, or (`NoAnswer`) is silent."""
        raise NotImplementedError("this session has no way to other computers")

    def find(self, name: str) -> Command:
        """The cmdlet of that name; raises `Thrown` as `Get-Command` does when there is none."""
        if not name:
            raise no_command_name()
        found = self.registry.find(name)
        if found is None or not self.available(found[0].name, found[0].module):
            raise command_not_found(name)
        return found

    def run(self, command: Command, parameters: Mapping[str, object]) -> Generator[simpy.Event, Any, Streams]:
        """Bind and run a cmdlet in a pipeline of its own; returns what it wrote and what it threw."""
        syntax, implementation = command
        try:
            bound, chosen = bind(syntax, parameters)
        except BindingError as failed:
            return Streams([], [failed.record], [], None)
        call = Invocation(self, syntax, bound, chosen)
        token = self.observer.started(call) if self.observer else None
        streams = yield from _run(call, implementation)
        if self.observer:
            self.observer.finished(token, streams.as_data())
        return streams


class Streams:
    """What a cmdlet wrote, and the error that ended its script, if one did."""

    def __init__(self, output: list[object], errors: list[Any], warnings: list[str], thrown: Thrown | None) -> None:
        self.output = output
        self.errors = errors
        self.warnings = warnings
        self.thrown = thrown

    def as_data(self) -> dict[str, object]:
        """Output as it is, errors as data, in the words of the bridge's result."""
        return {
            "output": self.output,
            "errors": [record.as_data() for record in self.errors],
            "warnings": self.warnings,
            "thrown": self.thrown is not None,
        }


def _run(call: Invocation, implementation: Implementation) -> Generator[simpy.Event, Any, Streams]:
    thrown: Thrown | None = None
    try:
        work = implementation(call)
        if work is not None:
            yield from work
    except Thrown as error:
        call.errors.append(error.record)
        thrown = error if error.unwinds else None
    return Streams(call.output, call.errors, call.warnings, thrown)
