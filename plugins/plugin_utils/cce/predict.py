# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operation would make of an appliance: the states that check mode hands on. Inferred (cloud-connector.md 9.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .appliance import Appliance, Machine
from .reading import Unknown, need
from .versions import Version, key

ROLES = ("AD", "CMS", "MediationServer", "EdgeServer")


def msi_replaced(appliance: Appliance, version: Version) -> dict[str, Any]:
    """The changed readings after the MSI is replaced, with scripts that name the backup version."""
    backup = appliance.backup
    if isinstance(backup, Unknown) and isinstance(appliance.machines, tuple):
        others = {machine.version for machine in appliance.machines} - {None, appliance.running}
        backup = max(filter(None, others), key=key, default=None)
    return {
        "scripts": version,
        "module_present": True,
        "management_service": None,
        "saved": None,
        "backup": backup,
    }


def deployed(appliance: Appliance, version: Version) -> dict[str, Any]:
    """The changed readings after a deployment: four VMs that nothing is connected to, in place of any of that version."""
    new = tuple(Machine(f"{version} {role} (predicted)", "Off", version, ()) for role in ROLES)
    kept = (machine for machine in need(appliance.machines) if machine.version != version)
    return {"backup": version, "machines": (*kept, *new)}


def removed(appliance: Appliance, version: Version) -> dict[str, Any]:
    """The changed readings after the VMs of a version are removed."""
    return {
        "running": None if appliance.running == version else appliance.running,
        "backup": None if appliance.backup == version else appliance.backup,
        "machines": tuple(machine for machine in need(appliance.machines) if machine.version != version),
    }


def switched(appliance: Appliance, version: Version) -> dict[str, Any]:
    """The changed readings after a switch: the new set runs where the old one was connected, the old one is off."""
    old = [machine for machine in need(appliance.machines) if machine.version == appliance.running]
    networks = [need(machine.switches) for machine in old] or [()]
    everywhere = tuple(dict.fromkeys(name for names in networks for name in names))

    def after(machine: Machine) -> Machine:
        if machine.version == version:
            return replace(machine, state="Running", switches=everywhere)
        return replace(machine, state="Off", switches=())

    machines = tuple(after(machine) for machine in need(appliance.machines))
    return {"running": version, "backup": appliance.running, "machines": machines, "proof": None, "proof_due": None}
