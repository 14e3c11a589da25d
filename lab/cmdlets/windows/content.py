"""Cmdlets for the text of files, with the encodings of Windows PowerShell (not those of PowerShell 7)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence

from lab.cmdlets.windows import common
from lab.cmdlets.windows.common import absolute, asked_paths, denied, existing, files_of, part_missing, simulated
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.text import to_text
from lab.world.files import Files, IllegalName

CONTENT = Registry()

# `Unknown` and `String` are UTF-16 in Windows PowerShell; without -Encoding it is the code page of the system.
ENCODINGS = {
    "unknown": "utf-16-le",
    "string": "utf-16-le",
    "unicode": "utf-16-le",
    "bigendianunicode": "utf-16-be",
    "utf8": "utf-8",
    "utf7": "utf-7",
    "utf32": "utf-32-le",
    "bigendianutf32": "utf-32-be",
    "ascii": "ascii",
    "default": "cp1252",
    "oem": "cp437",
}
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}


def _encoding(call: Invocation) -> str:
    return str(call.get("Encoding") or "default").casefold()


def decode(data: bytes, encoding: str) -> str:
    """The text of a file; a byte order mark at its start wins over the encoding that was asked for."""
    for marked, mark in MARKS.items():
        if data.startswith(mark):
            return data[len(mark) :].decode(marked, "replace")
    return data.decode(encoding, "replace")


@simulated(CONTENT, "Get-Content", "Path", "LiteralPath", "Raw", "Encoding", "TotalCount", "Tail", "Force")
def get_content(call: Invocation) -> None:
    """The lines of files, or with -Raw the whole text; an empty file gives nothing."""
    if not existing_or_error(call):
        return
    for path in existing(call):
        if files_of(call).is_folder(path):
            denied(call, path, "GetContentReaderUnauthorizedAccessError")
        else:
            call.write(*_content(call, files_of(call).read(path)))


def existing_or_error(call: Invocation) -> bool:
    """Whether every pattern matches something; here, unlike elsewhere, a pattern without a match is an error."""
    for path, pattern in asked_paths(call):
        if pattern and not common.matches(call, path):
            text = (
                f"An object at the specified path {' '.join(call.get('Path'))} does not exist, "
                "or has been filtered by the -Include or -Exclude parameter."
            )
            call.error(text, "ItemNotFound", "ObjectNotFound", "System.Exception")
            return False
    return True


def _content(call: Invocation, data: bytes) -> Sequence[object]:
    if _encoding(call) == "byte":
        return _part(call, list(data))
    text = decode(data, ENCODINGS[_encoding(call)])
    if call.flag("Raw"):
        return [text] if text else []
    lines = re.split(r"\r\n|\n|\r", text)
    return _part(call, lines[:-1] if lines[-1] == "" else lines)


def _part(call: Invocation, pieces: Sequence[object]) -> Sequence[object]:
    first, last = call.get("TotalCount"), call.get("Tail")
    if first is not None and first >= 0:
        return pieces[:first]
    return pieces[max(0, len(pieces) - last) :] if last is not None else pieces


@simulated(CONTENT, "Set-Content", "Path", "LiteralPath", "Value", "Encoding", "Force", "PassThru")
def set_content(call: Invocation) -> None:
    """Replaces the content: each value a line that ends with CRLF; UTF8 and Unicode begin with a mark."""
    _write(call, lambda files, path: b"")


@simulated(CONTENT, "Add-Content", "Path", "LiteralPath", "Value", "Encoding", "Force", "PassThru")
def add_content(call: Invocation) -> None:
    """Appends lines."""
    _write(call, lambda files, path: files.read(path) if files.exists(path) else b"")


def _write(call: Invocation, before: Callable[[Files, str], bytes]) -> None:
    files = files_of(call)
    for path in _targets(call):
        if not call.should_process():
            continue
        try:
            if files.exists(path):
                files.writable(path, call.flag("Force"))
            files.write(path, _appended(call, before(files, path)))
        except (PermissionError, IsADirectoryError):
            denied(call, path, "GetContentWriterUnauthorizedAccessError")
        except FileNotFoundError:
            part_missing(call, path, "GetContentWriterDirectoryNotFoundError", "ObjectNotFound")
        except IllegalName as error:
            call.error(str(error), "GetContentWriterArgumentError", "InvalidArgument", "System.ArgumentException")
        else:
            call.write(*(call.get("Value") or []) if call.flag("PassThru") else ())


def _targets(call: Invocation) -> list[str]:
    return [
        found
        for path, pattern in asked_paths(call)
        for found in (common.matches(call, path) if pattern else [absolute(call, path)])
    ]


def _appended(call: Invocation, before: bytes) -> bytes:
    values = call.get("Value") or []
    if _encoding(call) == "byte":
        return before + bytes(values)
    codec = ENCODINGS[_encoding(call)]
    text = "".join(to_text(value) + "\r\n" for value in values)
    return (before or MARKS.get(codec, b"")) + text.encode(codec, "replace")


@simulated(CONTENT, "Select-String", "InputObject", "LiteralPath", "Pattern", "Quiet", "CaseSensitive", "Encoding")
def select_string(call: Invocation) -> None:
    """With -Quiet: True where the text, or a line of a file, matches one of the patterns (any case unless told otherwise), else
    nothing."""
    if not call.flag("Quiet"):
        common.not_simulated(call, "Select-String without -Quiet")
    case = 0 if call.flag("CaseSensitive") else re.IGNORECASE
    patterns = call.get("Pattern") or []
    if any(re.search(pattern, text, case) for text in _searched(call) for pattern in patterns):
        call.write(True)


def _searched(call: Invocation) -> list[str]:
    """The lines of the files, read as UTF-8 unless told otherwise, or the one text that was given."""
    if "LiteralPath" in call.parameters:
        encoding = ENCODINGS[str(call.get("Encoding") or "utf8").casefold()]
        texts = [decode(files_of(call).read(path), encoding) for path in existing(call)]
        return [line for text in texts for line in text.splitlines()]
    given = call.get("InputObject")
    return [" ".join(to_text(one) for one in (given if isinstance(given, list) else [given]))]
