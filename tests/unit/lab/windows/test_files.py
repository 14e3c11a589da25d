"""Files and folders as Windows PowerShell shows them."""

from __future__ import annotations

from typing import Any

import pytest

from lab.world.computer import Computer

GONE = ("PathNotFound", "ObjectNotFound", "System.Management.Automation.ItemNotFoundException")
IO = "System.IO.IOException"
NO_FOLDER = "System.IO.DirectoryNotFoundException"
DENIED = "System.UnauthorizedAccessException"


def text(computer: Computer, path: str, content: str = "x") -> str:
    computer.files.write_text(path, content)
    return path


def test_a_claim_has_one_winner(console: Any, computer: Computer) -> None:
    first = console("New-Item", Path=r"C:\Data\a.claim", ItemType="File", Value="me")
    second = console.errors("New-Item", Path=r"C:\Data\A.CLAIM", ItemType="File", Value="you")
    assert first["errors"] == []
    assert second == [("NewItemIOError", "WriteError", IO)]
    assert computer.files.read(r"C:\data\a.claim") == b"me"


def test_force_replaces_a_file_and_makes_its_folders(console: Any, computer: Computer) -> None:
    for value in ("one", "two"):
        console.output("New-Item", Path=r"C:\New\deep\a.txt", ItemType="File", Value=value, Force=True)
    assert computer.files.read_text(r"C:\New\deep\a.txt") == "two"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\Nowhere\a.txt", ("NewItemIOError", "WriteError", NO_FOLDER)),
        (r"C:\Data", ("NewItemUnauthorizedAccessError", "PermissionDenied", DENIED)),
        (r"C:\Data\a*b", ("NewItemArgumentError", "InvalidArgument", "System.ArgumentException")),
    ],
)
def test_a_file_that_cannot_be_made(console: Any, path: str, expected: tuple[str, str, str]) -> None:
    assert console.errors("New-Item", Path=path, ItemType="File") == [expected]


def test_a_folder_is_made_with_its_parents(console: Any, computer: Computer) -> None:
    made = console.output("New-Item", ["FullName", "PSIsContainer"], Path=r"C:\a\b", ItemType="Directory")
    assert made == [{"FullName": r"C:\a\b", "PSIsContainer": True}]
    assert computer.files.is_folder(r"C:\A\B")


def test_a_folder_that_is_there_needs_force(console: Any) -> None:
    again = console.errors("New-Item", Path=r"C:\Data", ItemType="Directory")
    forced = console.output("New-Item", ["FullName"], Path=r"C:\Data", ItemType="Directory", Force=True)
    assert again == [("DirectoryExist", "ResourceExists", IO)]
    assert forced == [{"FullName": r"C:\Data"}]


def test_a_file_is_in_the_way_of_a_folder(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\Data\a")
    errors = console.errors("New-Item", Path=path, ItemType="Directory", Force=True)
    assert errors == [("CreateDirectoryIOError", "WriteError", IO)]


def test_nothing_is_made_below_a_file(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\Data\a")
    below = {"Path": rf"{path}\b", "ItemType": "File"}
    assert console.errors("New-Item", **below) == [("NewItemIOError", "WriteError", NO_FOLDER)]
    assert console.errors("New-Item", **below, Force=True) == [("CreateDirectoryIOError", "WriteError", IO)]


def test_an_unknown_item_type(console: Any) -> None:
    assert console.errors("New-Item", Path=r"C:\Data\a", ItemType="link")[0][1] == "InvalidArgument"


def test_the_name_may_come_apart(console: Any, computer: Computer) -> None:
    console.output("New-Item", Path=r"C:\Data", Name="a.txt", ItemType="File")
    assert computer.files.exists(r"C:\Data\a.txt")


def test_what_if_changes_nothing(console: Any, computer: Computer) -> None:
    console.output("New-Item", Path=r"C:\Data\a", ItemType="File", WhatIf=True)
    assert not computer.files.exists(r"C:\Data\a")


# --- looking


def test_path_is_there_or_not(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Data\a.txt")
    assert console.output("Test-Path", Path=[r"c:\data\A.TXT", r"C:\Data\b.txt", r"Z:\a"]) == [True, False, False]


@pytest.mark.parametrize(("kind", "expected"), [("Leaf", False), ("Container", True), ("Any", True)])
def test_path_of_a_kind(console: Any, kind: str, expected: bool) -> None:
    assert console.output("Test-Path", LiteralPath=r"C:\Data", PathType=kind) == [expected]


def test_only_path_takes_a_pattern(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Data\a.txt")
    assert console.output("Test-Path", Path=r"C:\Data\*.txt") == [True]
    assert console.output("Test-Path", LiteralPath=r"C:\Data\*.txt") == [False]


def test_children_are_folders_then_files(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Data\a.txt", "four")
    computer.files.make_folder(r"C:\Data\z")
    assert console.output("Get-ChildItem", ["Name", "Length", "PSIsContainer"], LiteralPath=r"C:\Data") == [
        {"Name": "z", "Length": None, "PSIsContainer": True},
        {"Name": "a.txt", "Length": 4, "PSIsContainer": False},
    ]


def test_children_filtered(console: Any, computer: Computer) -> None:
    for name in (r"a.msi", r"b.txt", r"in\c.MSI"):
        text(computer, rf"C:\Data\{name}")
    assert console.output("Get-ChildItem", Path=r"C:\Data", Filter="*.msi") == ["a.msi"]
    assert console.output("Get-ChildItem", Path=r"C:\Data", Recurse=True, File=True, Name=True) == [
        r"in\c.MSI",
        "a.msi",
        "b.txt",
    ]
    assert console.output("Get-ChildItem", Path=r"C:\Data", Directory=True) == ["in"]


def test_children_of_a_file_is_the_file(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\Data\a.txt")
    assert console.output("Get-ChildItem", ["FullName"], Path=path) == [{"FullName": path}]
    assert console.output("Get-ChildItem", ["FullName"], Path=r"C:\Data\*.txt") == [{"FullName": path}]


@pytest.mark.parametrize("cmdlet", ["Get-Item", "Get-ChildItem", "Get-Content", "Remove-Item"])
def test_a_missing_item(console: Any, cmdlet: str) -> None:
    result = console(cmdlet, LiteralPath=r"C:\Data\none")
    assert console.errors(cmdlet, LiteralPath=r"C:\Data\none") == [GONE]
    assert result["errors"][0]["message"] == r"Cannot find path 'C:\Data\none' because it does not exist."
    assert result["errors"][0]["id"].endswith(f"{cmdlet.replace('-', '')}Command")


def test_a_missing_drive(console: Any) -> None:
    assert console.errors("Get-Item", Path=r"Q:\a")[0][0] == "DriveNotFound"


def test_a_pattern_without_a_match_is_no_error(console: Any) -> None:
    assert console.output("Get-Item", Path=r"C:\Data\*") == []


def test_an_item_has_its_properties(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\Data\a.txt")
    keep = ["Extension", "BaseName", "DirectoryName", "LastWriteTime"]
    assert console.output("Get-Item", keep, Path=path) == [
        {
            "Extension": ".txt",
            "BaseName": "a",
            "DirectoryName": r"C:\Data",
            "LastWriteTime": "2026-01-05T08:00:00.0000000Z",
        }
    ]


def test_a_relative_path_starts_in_the_profile(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Users\cceadmin\a.txt")
    assert console.output("Test-Path", Path="a.txt") == [True]


def test_hash_in_capitals(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\Data\a", "abc")
    expected = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
    assert console.output("Get-FileHash", ["Hash"], LiteralPath=path, Algorithm="SHA256") == [{"Hash": expected}]
    assert console.output("Get-FileHash", Path=r"C:\Data") == []


def test_hash_of_a_missing_file_fails_in_resolve_path(console: Any) -> None:
    (error,) = console("Get-FileHash", LiteralPath=r"C:\Data\none")["errors"]
    assert (error["id"], error["command"]) == (
        "PathNotFound,Microsoft.PowerShell.Commands.ResolvePathCommand",
        "Resolve-Path",
    )


def test_a_registry_path_is_no_file(console: Any) -> None:
    assert console.errors("Get-Item", Path=r"HKLM:\SOFTWARE")[0][0] == "NotSimulated"


def test_what_windows_would_do_is_never_guessed(console: Any) -> None:
    assert console.errors("Remove-Item", Path="C:\\", Recurse=True)[0][0] == "NotSimulated"


def test_an_unheeded_parameter_is_refused_aloud(console: Any) -> None:
    result = console("Get-ChildItem", Path=r"C:\Data", Include=["*.txt"])
    assert result["thrown"] and result["errors"][0]["id"] == "NotSimulated"


# --- copying, moving, renaming, removing


def test_copy_into_a_folder_and_over_a_file(console: Any, computer: Computer) -> None:
    source, there = text(computer, r"C:\Data\a.txt", "new"), text(computer, r"C:\Out\b.txt", "old")
    console.output("Copy-Item", LiteralPath=source, Destination=r"C:\Out")
    console.output("Copy-Item", LiteralPath=source, Destination=there)
    assert [computer.files.read(path) for path in (r"C:\Out\a.txt", there, source)] == [b"new"] * 3


def test_copies_are_apart(console: Any, computer: Computer) -> None:
    source = text(computer, r"C:\Data\in\a.txt", "old")
    console.output("Copy-Item", Path=r"C:\Data\in", Destination=r"C:\Out", Recurse=True)
    computer.files.write(source, b"new")
    assert computer.files.read(r"C:\Out\a.txt") == b"old"


def test_copying_a_folder_without_recurse_copies_only_it(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Data\in\a.txt")
    console.output("Copy-Item", Path=r"C:\Data\in", Destination=r"C:\Out")
    assert computer.files.list(r"C:\Out") == []


def test_copying_over_a_folder_says_so_and_goes_on(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Data\in\a.txt")
    computer.files.make_folder(r"C:\Out\in")
    errors = console.errors("Copy-Item", Path=r"C:\Data\in", Destination=r"C:\Out", Recurse=True)
    assert errors == [("DirectoryExist", "ResourceExists", IO)]
    assert computer.files.exists(r"C:\Out\in\a.txt")


def test_copy_to_nowhere_ends_the_cmdlet(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Data\a.txt")
    errors = console.errors("Copy-Item", Path=r"C:\Data\a.txt", Destination=r"C:\None\a.txt")
    assert errors == [(NO_FOLDER, "NotSpecified", NO_FOLDER)]


def test_a_folder_is_not_copied_over_a_file(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\a")
    errors = console.errors("Copy-Item", Path=r"C:\Data", Destination=path)
    assert errors[0][:2] == ("CopyContainerItemToLeafError", "InvalidArgument")


@pytest.mark.parametrize(
    ("cmdlet", "id"), [("Copy-Item", "System.ArgumentException"), ("Move-Item", "MoveFileInfoItemArgumentError")]
)
def test_an_illegal_destination_keeps_the_file(console: Any, computer: Computer, cmdlet: str, id: str) -> None:
    path = text(computer, r"C:\Data\a")
    assert console.errors(cmdlet, LiteralPath=path, Destination=r"C:\Data\a|b")[0][0] == id
    assert computer.files.exists(path)


@pytest.mark.parametrize("name", ["inner", "a.txt"])
def test_copies_that_are_passed_through(console: Any, computer: Computer, name: str) -> None:
    text(computer, r"C:\Data\inner\b.txt")
    text(computer, r"C:\Data\a.txt")
    copied = console.output("Copy-Item", ["Name"], Path=rf"C:\Data\{name}", Destination="C:\\", PassThru=True)
    assert copied == [{"Name": name}]


def test_copy_onto_itself(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\Data\a.txt")
    assert console.errors("Copy-Item", Path=path, Destination=path) == [("CopyError", "WriteError", IO)]


def test_copy_over_a_read_only_file_needs_force(console: Any, computer: Computer) -> None:
    source, there = text(computer, r"C:\Data\a", "new"), text(computer, r"C:\Data\b", "old")
    computer.files.file(there).read_only = True
    errors = console.errors("Copy-Item", Path=source, Destination=there)
    assert errors == [("CopyFileInfoItemUnauthorizedAccessError", "PermissionDenied", DENIED)]
    console.output("Copy-Item", Path=source, Destination=there, Force=True)
    assert computer.files.read(there) == b"new"


def test_move_over_a_file_needs_force(console: Any, computer: Computer) -> None:
    source, there = text(computer, r"C:\Data\a", "new"), text(computer, r"C:\Data\b", "old")
    errors = console.errors("Move-Item", LiteralPath=source, Destination=there)
    assert errors == [("MoveFileInfoItemIOError", "WriteError", IO)]
    console.output("Move-Item", LiteralPath=source, Destination=there, Force=True)
    assert computer.files.read(there) == b"new" and not computer.files.exists(source)


def test_move_to_nowhere_keeps_the_file(console: Any, computer: Computer) -> None:
    source = text(computer, r"C:\Data\a")
    errors = console.errors("Move-Item", Path=source, Destination=r"C:\None\a")
    assert errors == [("MoveFileInfoItemIOError", "WriteError", NO_FOLDER)]
    assert computer.files.exists(source)


def test_a_folder_moves_with_all_it_holds(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Data\in\a")
    moved = console.output("Move-Item", ["FullName"], Path=r"C:\Data\in", Destination=r"C:\Out", PassThru=True)
    assert moved == [{"FullName": r"C:\Out"}] and computer.files.exists(r"C:\Out\a")


def test_remove(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\Data\a")
    console.output("Remove-Item", LiteralPath=path, Force=True)
    assert not computer.files.exists(path)


def test_a_full_folder_is_removed_only_with_recurse(console: Any, computer: Computer) -> None:
    text(computer, r"C:\Data\a")
    asked = console.errors("Remove-Item", Path=r"C:\Data", Force=True)
    assert asked[0][2] == "System.Management.Automation.PSInvalidOperationException"
    console.output("Remove-Item", Path=r"C:\Data", Recurse=True)
    assert not computer.files.exists(r"C:\Data")


def test_a_read_only_file_is_removed_only_with_force(console: Any, computer: Computer) -> None:
    path = text(computer, r"C:\Data\a")
    computer.files.file(path).read_only = True
    assert console.errors("Remove-Item", Path=path)[0][0] == "RemoveFileSystemItemUnAuthorizedAccess"
    console.output("Remove-Item", Path=path, Force=True)
