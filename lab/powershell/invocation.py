"""One call of a simulated cmdlet: what it is given and what it can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

import simpy

from lab.powershell.errors import RUNTIME, ErrorRecord, Thrown, no_prompt, no_user
from lab.powershell.json_text import Data, to_data
from lab.powershell.objects import Credential, Secret
from lab.powershell.process import Process
from lab.powershell.syntax import Syntax

WRITE_ERROR = "Microsoft.PowerShell.Commands.WriteErrorException"
SILENT = ("silentlycontinue", "ignore")


@dataclass
class Invocation:
    """A cmdlet running in a session, with its bound parameters (converted, under their full names) and its streams."""

    session: Process
    syntax: Syntax
    parameters: dict[str, Any]
    parameter_set: str
    output: list[object] = field(default_factory=list)
    errors: list[ErrorRecord] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The cmdlet's name as it is declared."""
        return self.syntax.name

    @property
    def machine(self) -> Any:
        """The simulated computer, as the session was made with it."""
        return self.session.machine

    @property
    def logon(self) -> Any:
        """Who runs and how they logged on, as the session was made with it."""
        return self.session.logon

    @property
    def env(self) -> simpy.Environment:
        """The simulated clock."""
        return self.session.env

    @property
    def shown(self) -> Mapping[str, Data]:
        """The bound parameters as JSON data, secrets masked."""
        return cast(dict[str, Data], to_data(self.parameters))

    def get(self, name: str, default: Any = None) -> Any:
        """The bound value of a parameter, or `default` when it was not given."""
        return self.parameters.get(name, default)

    def flag(self, name: str) -> bool:
        """Whether a switch is given and true."""
        return bool(self.parameters.get(name))

    def sleep(self, seconds: float) -> simpy.Event:
        """An event that is due after so many simulated seconds: `yield call.sleep(5)`."""
        return self.env.timeout(seconds)

    def write(self, *objects: object) -> None:
        """Write objects to the output, one by one (a list is one object)."""
        self.output.extend(objects)

    def warn(self, text: str) -> None:
        """Write a warning."""
        if not self.silent("WarningAction"):
            self.warnings.append(text)

    def error(
        self, message: str, id: str = WRITE_ERROR, category: str = "NotSpecified", exception: str = WRITE_ERROR
    ) -> None:
        """Write an error and go on (`Write-Error`); under `-ErrorAction Stop` it ends the cmdlet.

        `id` without a comma gets this cmdlet's name behind it, as PowerShell does.
        """
        self.report(ErrorRecord(message, self._full_id(id), category, exception, self.name))

    def report(self, record: ErrorRecord) -> None:
        """Write a whole error record, for one that is not this cmdlet's own."""
        if self.preference("ErrorAction") == "stop":
            raise Thrown(record)
        if not self.silent("ErrorAction"):
            self.errors.append(record)

    def throw(
        self, message: str, id: str | None = None, category: str = "OperationStopped", exception: str = RUNTIME
    ) -> NoReturn:
        """End the script as `throw` does: the answer says `thrown`. Without `id` the message is the id. Raises `Thrown`."""
        raise Thrown(ErrorRecord(message, message if id is None else id, category, exception))

    def terminate(self, message: str, id: str, category: str = "NotSpecified", exception: str = RUNTIME) -> NoReturn:
        """End this cmdlet as `ThrowTerminatingError` does: an error, but the answer does not say `thrown`."""
        record = ErrorRecord(message, self._full_id(id), category, exception, self.name)
        raise Thrown(record, unwinds=False)

    def should_process(self) -> bool:
        """Whether to act: no under `-WhatIf`; `-Confirm` asks, which fails where nobody is at the console (`Thrown`)."""
        if self.flag("WhatIf"):
            return False
        if self.flag("Confirm"):
            raise no_prompt("ShouldProcess", 1)
        return True

    def read_host(self, prompt: str, secure: bool = False) -> str | Secret:
        """Ask as `Read-Host` does; answered from the request, else `Thrown` (`UnexpectedPrompt`)."""
        password = self.session.prompts.answer(prompt)[1]
        return Secret(password) if secure else password

    def get_credential(self, message: str, user: str = "") -> Credential:
        """Ask as `Get-Credential -Message … -UserName …` does; answered from the request, else `Thrown`."""
        answered, password = self.session.prompts.answer(" ".join(part for part in (message, user) if part))
        if not answered:
            raise no_user()
        return Credential(answered, Secret(password))

    def preference(self, name: str) -> str:
        """The value of `ErrorAction` or `WarningAction`, in lower case."""
        return str(self.parameters.get(name, "Continue")).lower()

    def silent(self, name: str) -> bool:
        """Whether `ErrorAction` or `WarningAction` asks for silence."""
        return self.preference(name) in SILENT

    def _full_id(self, id: str) -> str:
        return id if "," in id else f"{id},{self.syntax.error_name}"
