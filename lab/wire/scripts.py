"""Recognising the PowerShell scripts that clients send as command lines."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

_PROGRAM = re.compile(r'\s*"?(?:[^\s"]*\\)?powershell(?:\.exe)?"?(?=\s|$)', re.IGNORECASE)
_TAKES_VALUE = (
    "configurationname",
    "executionpolicy",
    "inputformat",
    "outputformat",
    "psconsolefile",
    "version",
    "windowstyle",
)
_SHORT = {"ec": "encodedcommand", "e": "encodedcommand", "ep": "executionpolicy", "w": "windowstyle"}


@dataclass(frozen=True)
class PowerShellScript:
    """The text of a script that powershell.exe was given with -EncodedCommand."""

    text: str


def recognise(line: str) -> PowerShellScript | None:
    """The script of `PowerShell ... -EncodedCommand <base64 of UTF-16>`; None for any other command line.

    Options are taken as powershell.exe takes them: in any case and order, abbreviated, with `-` or `/`.
    """
    program = _PROGRAM.match(line)
    encoded = _encoded_command(line[program.end() :].split()) if program else None
    return _decoded(encoded) if encoded else None


def _encoded_command(words: list[str]) -> str | None:
    options = iter(words)
    for word in options:
        name = _option(word)
        if name == "encodedcommand":
            return next(options, None)
        if name in ("command", "file", None):
            return None
        if name in _TAKES_VALUE:
            next(options, None)
    return None


def _option(word: str) -> str | None:
    """Full name of an option; None for a word that is none, where powershell.exe begins to read a script."""
    if word[:1] not in ("-", "/"):
        return None
    given = word[1:].lower()
    if given in _SHORT:
        return _SHORT[given]
    names = ("encodedcommand", *_TAKES_VALUE, "command", "file")
    return next((name for name in names if given and name.startswith(given)), given)


def _decoded(encoded: str) -> PowerShellScript | None:
    try:
        return PowerShellScript(base64.b64decode(encoded.strip('"'), validate=True).decode("utf-16-le"))
    except ValueError:
        return None
