"""What the Windows cmdlets share: the computer of a call, refusing what is not simulated, finding paths, their errors.

Error ids, categories and exception types are those of Windows PowerShell 4.0 and 5.1 (its FileSystem provider).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import PureWindowsPath
from typing import Any

import simpy

from lab.powershell.catalogue import Decorator, Implementation, Registry
from lab.powershell.invocation import Invocation
from lab.world.computer import Computer, is_registry
from lab.world.files import PROVIDER, Files, join, split
from lab.world.network import account

Work = Generator[simpy.Event, Any, None]

ITEM_NOT_FOUND = "System.Management.Automation.ItemNotFoundException"
DRIVE_NOT_FOUND = "System.Management.Automation.DriveNotFoundException"
UNAUTHORIZED = "System.UnauthorizedAccessException"
IO_ERROR = "System.IO.IOException"
DIRECTORY_NOT_FOUND = "System.IO.DirectoryNotFoundException"
INVALID_OPERATION = "System.InvalidOperationException"

ALWAYS = frozenset({"ErrorAction", "WarningAction", "ErrorVariable", "OutVariable", "Verbose", "Debug", "WhatIf"})
WILDCARDS = frozenset("*?[")


def computer_of(call: Invocation) -> Computer:
    """The computer a cmdlet runs on: the session's machine is one, or has one as its `computer`."""
    machine = call.machine
    found = machine if isinstance(machine, Computer) else machine.computer
    if not isinstance(found, Computer):
        raise TypeError(f"{machine!r} is no simulated computer")
    return found


def files_of(call: Invocation) -> Files:
    """The files as the user of this session reaches them."""
    return computer_of(call).files_for(call.logon)


def simulated(registry: Registry, name: str, *parameters: str) -> Decorator:
    """Declares a cmdlet and the parameters the lab heeds: any other one is refused aloud, never ignored in silence."""
    heeded = ALWAYS | {"Confirm", *parameters}

    def declare(function: Implementation) -> Implementation:
        def checked(call: Invocation) -> Work:
            for parameter in call.parameters:
                if parameter not in heeded:
                    not_simulated(call, f"parameter -{parameter} of {call.name}")
            try:
                yield from function(call) or ()
            except OSError as error:
                not_simulated(call, f"this use of {call.name} ({error!r})")

        registry.implements(name)(checked)
        return function

    return declare


def not_simulated(call: Invocation, what: str) -> None:
    """Ends the script: the lab does not know what Windows would do here."""
    call.throw(f"NotSimulated: the lab does not simulate {what}", "NotSimulated", "NotImplemented")


# --- paths


def absolute(call: Invocation, path: str) -> str:
    """The full path; a relative one starts in the user's profile, where WinRM starts a command."""
    if is_registry(path):
        not_simulated(call, f"{call.name} in the registry")
    return _full(rf"C:\Users\{account(call.logon.user)}", path)


@lru_cache(maxsize=4096)
def _full(home: str, path: str) -> str:
    full = PureWindowsPath(path.removeprefix(PROVIDER))
    return str(split(str(full if full.drive else PureWindowsPath(home) / full)))


def has_wildcard(path: str) -> bool:
    """Whether `-Path` would take it as a pattern."""
    return not WILDCARDS.isdisjoint(path)


def asked_paths(call: Invocation) -> list[tuple[str, bool]]:
    """The paths a cmdlet was given, absolute, each with whether it is a pattern."""
    literal = call.get("LiteralPath")
    given = literal if literal is not None else call.get("Path", ["."])
    given = given if isinstance(given, list) else [given]
    return [(absolute(call, path), literal is None and has_wildcard(path)) for path in given]


def existing(call: Invocation) -> list[str]:
    """The items a cmdlet was given that are there; writes PowerShell's errors for the others."""
    found: list[str] = []
    for path, pattern in asked_paths(call):
        found += matches(call, path) if pattern else filter(None, [present(call, path)])
    return found


def present(call: Invocation, path: str) -> str | None:
    """The path when something is there; else writes the error: no such drive, no such item, access denied."""
    if drive_missing(call, path):
        name = split(path).drive.rstrip(":")
        text = f"Cannot find drive. A drive with the name '{name}' does not exist."
        call.error(text, "DriveNotFound", "ObjectNotFound", DRIVE_NOT_FOUND)
    elif may_look(call, path):
        if files_of(call).exists(path):
            return path
        not_found(call, path)
    else:
        not_found(call, path)
    return None


def drive_missing(call: Invocation, path: str) -> bool:
    """Whether the path is on a local drive that is not there."""
    drive = split(path).drive
    return not drive.startswith("\\\\") and drive.upper() not in computer_of(call).disks


def may_look(call: Invocation, path: str) -> bool:
    """Whether this logon may look there; if not, writes what Windows PowerShell writes (a share behind a second hop)."""
    try:
        files_of(call).exists(path)
    except PermissionError:
        call.error("Access is denied", "ItemExistsUnauthorizedAccessError", "PermissionDenied", UNAUTHORIZED)
        return False
    return True


def matches(call: Invocation, pattern: str) -> list[str]:
    """The items that match a pattern of `*`, `?` and `[...]`, in every part of the path; sorted, none is no error."""
    place = split(pattern)
    if drive_missing(call, pattern) or not may_look(call, place.anchor):
        return []
    found = [place.anchor] if files_of(call).exists(place.anchor) else []
    for part in place.parts[1:]:
        found = [inner for path in found for inner in _inside(files_of(call), path, part)]
    return found


def _inside(files: Files, path: str, pattern: str) -> Iterator[str]:
    if not files.is_folder(path):
        return
    for entry in files.list(path):
        if like(entry.name, pattern):
            yield join(path, entry.name)


def like(name: str, pattern: str) -> bool:
    """PowerShell's `-like`: wildcards, any case."""
    return fnmatchcase(name.casefold(), pattern.casefold())


def into(files: Files, path: str, destination: str) -> str:
    """Where an item lands that is copied or moved to `destination`: inside it, when that is a folder."""
    try:
        inside = files.is_folder(destination)
    except PermissionError:
        inside = False
    return join(destination, split(path).name) if inside else destination


# --- errors of the FileSystem provider


def not_found(call: Invocation, path: str) -> None:
    """Nothing is at that path."""
    text = f"Cannot find path '{path}' because it does not exist."
    call.error(text, "PathNotFound", "ObjectNotFound", ITEM_NOT_FOUND)


def denied(call: Invocation, path: str, id: str) -> None:
    """Something is there, or may be, and this user must not touch it."""
    call.error(f"Access to the path '{path}' is denied.", id, "PermissionDenied", UNAUTHORIZED)


def part_missing(call: Invocation, path: str, id: str, category: str = "WriteError") -> None:
    """The folder above is missing."""
    call.error(f"Could not find a part of the path '{path}'.", id, category, DIRECTORY_NOT_FOUND)
