"""For all tests: the collection under its name, and examples of hypothesis that are the same in every run."""

from __future__ import annotations

import importlib
from pathlib import Path

from hypothesis import settings

# What fails today has to fail tomorrow; `pytest --hypothesis-profile default` tries others, in each run.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

# As Ansible's loader finds it; pytest has `.tree` on its path (pyproject.toml).
LINK = Path(__file__).resolve().parent.parent / ".tree" / "ansible_collections" / "sfb" / "cloud_connector"

if not LINK.is_symlink():
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.symlink_to(Path("../../.."), target_is_directory=True)
    # Python has looked for `.tree` already and remembers that it was not there.
    importlib.invalidate_caches()
