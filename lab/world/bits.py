"""The bits of a version in the site directory (cloud-connector.md 8)."""

from __future__ import annotations

from lab.world.files import Files

ABSENT = "simulated version file that names no version\r\n"


def folder(site: str, version: str) -> str:
    """Where the lab keeps the bits of a version; the real layout below SfBBits is not documented."""
    return rf"{site}\SfBBits\{version}"


def whole(files: Files, site: str, version: str) -> bool:
    """Whether the bits of a version are there in full."""
    return files.exists(rf"{folder(site, version)}\bits.txt")


def write_half(files: Files, site: str, version: str) -> None:
    """What a download that was cut leaves: the folder of the version, and not all of its files."""
    files.write_text(rf"{folder(site, version)}\half.txt", f"simulated half of the bits of {version}\r\n")


def write_bits(files: Files, site: str, version: str, named: bool = True) -> None:
    """Writes bits and the version file, as a download that has ended leaves them."""
    half = rf"{folder(site, version)}\half.txt"
    if files.exists(half):
        files.remove(half)
    files.write_text(rf"{folder(site, version)}\bits.txt", f"simulated bits of {version}\r\n")
    write_version_file(files, site, version, named)


def write_version_file(files: Files, site: str, version: str, named: bool = True) -> None:
    """Writes the version file; what the real one holds is not documented."""
    text = f"simulated version file\r\nVersion={version}\r\n" if named else ABSENT
    files.write_text(rf"{site}\VersionInfo.txt", text)
