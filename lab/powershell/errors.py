"""Errors as PowerShell reports them: one record, and how far it unwinds."""

from __future__ import annotations

from dataclasses import dataclass

NAMESPACE = "System.Management.Automation."
RUNTIME = NAMESPACE + "RuntimeException"
INVALID_OPERATION = "System.InvalidOperationException"
NON_INTERACTIVE = "PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."


@dataclass(frozen=True)
class ErrorRecord:
    """One ErrorRecord, as the bridge reports it: `id` is the FullyQualifiedErrorId, `command` who wrote it (or nobody)."""

    message: str
    id: str
    category: str = "NotSpecified"
    exception: str = RUNTIME
    command: str | None = None

    def as_data(self) -> dict[str, object]:
        """The record as the answer holds it, in the bridge's order."""
        return {
            "message": self.message,
            "id": self.id,
            "category": self.category,
            "exception": self.exception,
            "command": self.command,
        }


class Thrown(Exception):
    """A terminating error. `unwinds`: it ends the script itself (`throw`, `-ErrorAction Stop`), not only the cmdlet."""

    def __init__(self, record: ErrorRecord, unwinds: bool = True) -> None:
        super().__init__(record.message)
        self.record = record
        self.unwinds = unwinds


class CannotConvert(Exception):
    """A value that does not convert to a type (PSInvalidCastException)."""


def command_not_found(name: str) -> Thrown:
    """What `Get-Command` throws when there is no function or cmdlet of that name."""
    text = (
        f"The term '{name}' is not recognized as a name of a cmdlet, function, script file, or executable program.\n"
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )
    exception = NAMESPACE + "CommandNotFoundException"
    id = "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand"
    return Thrown(ErrorRecord(text, id, "ObjectNotFound", exception, "Get-Command"))


def no_command_name() -> Thrown:
    """What `Get-Command` throws when the name is empty."""
    text = (
        "The argument is null, empty, or an element of the argument collection contains a null value. "
        "Supply a collection that does not contain any null values and then try the command again."
    )
    exception = NAMESPACE + "ParentContainsErrorRecordException"
    return Thrown(ErrorRecord(text, "ArgumentCollectionContainsEmpty", "MetadataError", exception))


def bridge_error(id: str, text: str) -> Thrown:
    """An error of the bridge's own (`New-CcBridgeError`): `NoOutput`, `UnexpectedPrompt`."""
    return Thrown(ErrorRecord(f"{id}: {text}", id, "InvalidOperation", INVALID_OPERATION))


def no_user() -> Thrown:
    """What the bridge's `Get-Credential` ends with when its answer names no user."""
    text = 'Exception calling ".ctor" with "2" argument(s): "Cannot process argument because the value of argument '
    id = "ConstructorInvokedThrowException,Microsoft.PowerShell.Commands.NewObjectCommand"
    exception = NAMESPACE + "MethodInvocationException"
    record = ErrorRecord(f'{text}"userName" is not valid."', id, "InvalidOperation", exception, "New-Object")
    return Thrown(record, unwinds=False)


def no_prompt(method: str, arguments: int) -> Thrown:
    """What a .NET method that would ask the person at the console throws where there is none; the script goes on."""
    text = f'Exception calling "{method}" with "{arguments}" argument(s): "{NON_INTERACTIVE}"'
    exception = NAMESPACE + "MethodInvocationException"
    return Thrown(ErrorRecord(text, "PSInvalidOperationException", "NotSpecified", exception), unwinds=False)
