"""Network shares: one tree for all computers, the double hop, who may come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.world.computer import Computer
from lab.world.network import LocalLogon, Network

from .conftest import ADMIN, NETWORK, Console

SHARE = r"\\files\berlin"
REFUSED = ("ItemExistsUnauthorizedAccessError", "PermissionDenied", "System.UnauthorizedAccessException")


@pytest.fixture
def site(computer: Computer) -> Network:
    """The network of the computer, with a share for its administrator."""
    computer.network.add_share(SHARE, frozenset({"CceAdmin"}))
    computer.network.files.write_text(rf"{SHARE}\VersionInfo.txt", "2.0.1")
    return computer.network


def test_two_computers_see_the_same_files(site: Network, computer: Computer, at: Callable[..., Console]) -> None:
    other = Computer(computer.env, "host2", network=site)
    claim = {"Path": rf"{SHARE}\site.lease", "ItemType": "File", "Value": "me"}
    at(computer).output("New-Item", **claim)
    assert at(other).errors("New-Item", **claim)[0][0] == "NewItemIOError"
    assert at(other).output("Get-Content", LiteralPath=r"\\FILES\Berlin\SITE.LEASE") == ["me"]


@pytest.mark.parametrize("logon", [NETWORK, LocalLogon("Nobody")])
def test_a_logon_the_share_does_not_admit_cannot_look(
    site: Network, computer: Computer, at: Callable[..., Console], logon: LocalLogon
) -> None:
    result = at(computer, logon)("Test-Path", LiteralPath=rf"{SHARE}\VersionInfo.txt")
    assert result["output"] == [False] and not result["thrown"]
    assert result["errors"][0]["message"] == "Access is denied"
    assert at(computer, logon).errors("Test-Path", Path=rf"{SHARE}\*") == [REFUSED]


def test_reading_behind_a_second_hop_is_two_errors(
    site: Network, computer: Computer, at: Callable[..., Console]
) -> None:
    ids = [error[0] for error in at(computer, NETWORK).errors("Get-ChildItem", LiteralPath=SHARE)]
    assert ids == ["ItemExistsUnauthorizedAccessError", "PathNotFound"]


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "expected"),
    [
        ("New-Item", {"Path": rf"{SHARE}\a", "ItemType": "File"}, "NewItemUnauthorizedAccessError"),
        ("New-Item", {"Path": rf"{SHARE}\a", "ItemType": "Directory"}, "NewItemUnauthorizedAccessError"),
        ("Set-Content", {"Path": rf"{SHARE}\a", "Value": "x"}, "GetContentWriterUnauthorizedAccessError"),
        ("Copy-Item", {"Path": r"C:\Data\a", "Destination": rf"{SHARE}\a"}, "CopyFileInfoItemUnauthorizedAccessError"),
        ("Move-Item", {"Path": r"C:\Data\a", "Destination": rf"{SHARE}\a"}, "MoveFileInfoItemUnauthorizedAccessError"),
    ],
)
def test_writing_behind_a_second_hop(
    site: Network,
    computer: Computer,
    at: Callable[..., Console],
    cmdlet: str,
    parameters: dict[str, str],
    expected: str,
) -> None:
    computer.files.write(r"C:\Data\a", b"")
    assert [error[0] for error in at(computer, NETWORK).errors(cmdlet, **parameters)] == [expected]
    assert computer.files.exists(r"C:\Data\a") and not site.files.exists(rf"{SHARE}\a")


def test_a_server_that_is_off_is_a_path_that_is_not_there(site: Network, console: Any) -> None:
    site.shares[SHARE].online = False
    assert console.output("Test-Path", LiteralPath=SHARE) == [False]
    assert console.errors("Get-ChildItem", LiteralPath=SHARE)[0][0] == "PathNotFound"


def test_a_share_upon_a_folder_of_a_computer(computer: Computer, console: Any) -> None:
    computer.network.add_share(r"\\host1\site", folder=computer.files.folder(r"C:\Data"))
    console.output("New-Item", Path=r"\\host1\site\a", ItemType="File")
    assert computer.files.exists(r"C:\Data\a")


def test_a_folder_does_not_move_to_another_volume(site: Network, console: Any) -> None:
    errors = console.errors("Move-Item", Path=r"C:\Data", Destination=rf"{SHARE}\Data")
    assert errors[0][:2] == ("MoveDirectoryItemIOError", "WriteError")


def test_a_full_logon_reads_with_a_pattern(site: Network, computer: Computer, at: Callable[..., Console]) -> None:
    assert at(computer, ADMIN).output("Get-Content", Path=rf"{SHARE}\VersionInfo*") == ["2.0.1"]
