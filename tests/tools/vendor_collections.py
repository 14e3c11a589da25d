"""Unpack the collections that tests need out of the PyPI package `ansible`, so that nothing asks Galaxy.

The package is not installed, it would be half a gigabyte: its wheel is downloaded and the wanted folders are taken out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

PACKAGE = "ansible>=12,<13"
"""The release line of the community package that belongs to ansible-core 2.19."""

WANTED = ("ansible_collections/ansible/windows/", "ansible_collections/awx/awx/")
"""`ansible.windows` for its reboot action against the lab, `awx.awx` for the controller objects."""


def download(requirement: str, folder: Path) -> Path:
    """Fetch the wheel of `requirement`; returns its path. pip's own message is the error."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--dest", str(folder), requirement], check=True)
    return next(folder.glob("*.whl"))


def unpack(wheel: Path, wanted: Sequence[str], target: Path) -> int:
    """Extract the `wanted` folders into `target`; returns the number of files. A missing folder is an error."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        missing = [folder for folder in wanted if not any(name.startswith(folder) for name in names)]
        if missing:
            raise SystemExit(f"{wheel.name} does not hold {', '.join(missing)}")
        found = [name for name in names if name.startswith(tuple(wanted))]
        archive.extractall(target, found)
    return len(found)


def main(arguments: Sequence[str]) -> int:
    """`vendor_collections.py TARGET`: the folder that becomes part of the collections path."""
    (target,) = (Path(argument) for argument in arguments)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        count = unpack(download(PACKAGE, Path(folder)), WANTED, target)
    print(f"{count} files of {', '.join(WANTED)} in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
