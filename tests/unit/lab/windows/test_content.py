"""The text of files, with the encodings and line ends of Windows PowerShell."""

from __future__ import annotations

from typing import Any

import pytest

from lab.world.computer import Computer

FILE = r"C:\Data\a.txt"


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        (b"a\r\nb\n", {}, ["a", "b"]),
        (b"a\r\n\r\nb", {}, ["a", "", "b"]),
        (b"a\r\nb\r\n", {"Raw": True}, ["a\r\nb\r\n"]),
        (b"", {}, []),
        (b"", {"Raw": True}, []),
        ("é".encode(), {"Raw": True, "Encoding": "UTF8"}, ["é"]),
        ("é".encode(), {}, ["Ã©"]),
        (b"\xef\xbb\xbf" + "é".encode(), {}, ["é"]),
        (b"\xff\xfe" + "é".encode("utf-16-le"), {"Encoding": "UTF8"}, ["é"]),
        ("é".encode("utf-16-le"), {"Encoding": "Unicode"}, ["é"]),
        (b"\x80", {"Encoding": "Ascii"}, ["�"]),
        (b"\x00A", {"Encoding": "Byte"}, [0, 65]),
        (b"1\n2\n3\n", {"TotalCount": 2}, ["1", "2"]),
        (b"1\n2\n3\n", {"Tail": 2}, ["2", "3"]),
    ],
)
def test_reading(console: Any, computer: Computer, data: bytes, options: dict[str, Any], expected: list[Any]) -> None:
    computer.files.write(FILE, data)
    assert console.output("Get-Content", LiteralPath=FILE, **options) == expected


def test_a_pattern_reads_every_file(console: Any, computer: Computer) -> None:
    for name in ("VersionInfo1", "versioninfo2"):
        computer.files.write(rf"C:\Data\{name}", name.encode())
    assert console.output("Get-Content", Path=r"C:\Data\VersionInfo*") == ["VersionInfo1", "versioninfo2"]


def test_a_pattern_without_a_match_is_an_error_here(console: Any) -> None:
    errors = console.errors("Get-Content", Path=r"C:\Data\VersionInfo*")
    assert errors == [("ItemNotFound", "ObjectNotFound", "System.Exception")]


def test_a_folder_has_no_content(console: Any) -> None:
    errors = console.errors("Get-Content", Path=r"C:\Data")
    assert errors[0][:2] == ("GetContentReaderUnauthorizedAccessError", "PermissionDenied")


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        (None, b"\xe9\r\n"),
        ("UTF8", b"\xef\xbb\xbf\xc3\xa9\r\n"),
        ("Ascii", b"?\r\n"),
        ("Unicode", b"\xff\xfe\xe9\x00\r\x00\n\x00"),
    ],
)
def test_writing(console: Any, computer: Computer, encoding: str | None, expected: bytes) -> None:
    options = {"Encoding": encoding} if encoding else {}
    console.output("Set-Content", LiteralPath=FILE, Value=["é"], **options)
    assert computer.files.read(FILE) == expected


def test_writing_replaces_and_adding_appends(console: Any, computer: Computer) -> None:
    console.output("Set-Content", Path=FILE, Value=["old"], Encoding="UTF8")
    console.output("Set-Content", Path=FILE, Value=["1", 2], Encoding="UTF8")
    console.output("Add-Content", Path=FILE, Value="3", Encoding="UTF8")
    assert computer.files.read(FILE) == b"\xef\xbb\xbf1\r\n2\r\n3\r\n"


def test_writing_bytes(console: Any, computer: Computer) -> None:
    console.output("Set-Content", Path=FILE, Value=[0, 255], Encoding="Byte")
    assert computer.files.read(FILE) == b"\x00\xff"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\None\a", ("GetContentWriterDirectoryNotFoundError", "ObjectNotFound")),
        (r"C:\Data", ("GetContentWriterUnauthorizedAccessError", "PermissionDenied")),
        (r"C:\Data\a|b", ("GetContentWriterArgumentError", "InvalidArgument")),
    ],
)
def test_a_file_that_cannot_be_written(console: Any, path: str, expected: tuple[str, str]) -> None:
    assert console.errors("Set-Content", Path=path, Value="x")[0][:2] == expected


def test_what_if_writes_nothing(console: Any, computer: Computer) -> None:
    console.output("Set-Content", Path=FILE, Value="x", WhatIf=True)
    assert not computer.files.exists(FILE)
