"""What `package` leaves on an appliance when it has replaced the MSI of 2.0.1: the MSI itself, the inis, and its record."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lab.world.product import package
from tests.bench import OURS


def old_ini(content: str) -> str:
    """The ini of before."""
    return f"; of before, simulated\r\n{content}"


def save_before(computer: Any, content: str) -> None:
    """Writes it, the new ini being `content`."""
    files, folder, msi, old = computer.files, rf"{OURS}\saved\2.0.1", package("2.0.1"), old_ini(content)
    inis = {"ini_appliance": "CloudConnector.ini", "ini_imported": "imported-CloudConnector.ini"}
    for made in (folder, rf"{OURS}\jobs"):
        files.make_folder(made)
    files.write(rf"{folder}\CloudConnector.msi", msi)
    for name in inis.values():
        files.write_text(rf"{folder}\{name}", old)
    record = {
        "target": "2.1",
        "scripts": "2.0.1",
        "package": {"path": rf"{folder}\CloudConnector.msi", "sha256": hashlib.sha256(msi).hexdigest().upper()},
        "inis": {name: hashlib.sha256(old.encode()).hexdigest() for name in inis},
    }
    files.write_text(rf"{OURS}\saved\state.last.json", json.dumps(record))
