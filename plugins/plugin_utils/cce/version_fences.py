# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps that stop a list on the appliance itself when a version is no longer what a decision was made on."""

from __future__ import annotations

from . import steps, versions
from .appliance import Appliance
from .steps import Step

KINDS = {"scripts": "RunningScripts", "running": "RunningBits", "backup": "BackupBits"}
"""How the product calls each version of an appliance."""


def same_versions(state: Appliance, *names: str) -> list[Step]:
    """One step for each of these versions (`KINDS`), which stops the list where it is not as in `state` any more.

    What the cmdlet prints is not documented, so the very output that was read is what is expected.
    """
    return [_same_version(state, name) for name in names]


def _same_version(state: Appliance, name: str) -> Step:
    expect = state.raw_versions[name]
    if name == "running" and isinstance(state.scripts, str) and versions.is_early(state.scripts):
        return steps.early_running_version(name, expect=expect)
    return steps.version(KINDS[name], name, expect=expect)
