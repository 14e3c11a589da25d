"""The bits of a version in the site directory (cloud-connector.md 8)."""

from __future__ import annotations

from lab.world.files import Files

ABSENT = "simulated version file that names no version\r\n"


def folder(site: str, version: str) -> str:
    """Where the lab keeps the bits of a version; the real layout below SfBBits is not documented."""
    return rf"{site}\SfBBits\{version}"


def write_bits(files: Files, site: str, version: str, named: bool = True) -> None:
    """Writes bits and the version file; what the real version file holds is not documented."""
    files.write_text(rf"{folder(site, version)}\bits.txt", f"simulated bits of {version}\r\n")
    text = f"simulated version file\r\nVersion={version}\r\n" if named else ABSENT
    files.write_text(rf"{site}\VersionInfo.txt", text)
