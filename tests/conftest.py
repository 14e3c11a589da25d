"""The checkout under its collection name, as Ansible's loader finds it; pytest has `.tree` on its path (pyproject.toml)."""

from __future__ import annotations

import importlib
from pathlib import Path

LINK = Path(__file__).resolve().parent.parent / ".tree" / "ansible_collections" / "sfb" / "cloud_connector"

if not LINK.is_symlink():
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.symlink_to(Path("../../.."), target_is_directory=True)
    # Python has looked for `.tree` already and remembers that it was not there.
    importlib.invalidate_caches()
