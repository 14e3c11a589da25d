# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operation would make of an appliance: the states that check mode hands on. Inferred (cloud-connector.md 9.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .appliance import Appliance, Machine
from .reading import need

ROLES = ("AD", "CMS", "MediationServer", "EdgeServer")


def deployed(appliance: Appliance, version: str) -> dict[str, Any]:
    """The changed readings after a deployment: four more VMs that nothing is connected to."""
    new = tuple(Machine(f"{version} {role} (predicted)", "Off", version, ()) for role in ROLES)
    return {"backup": version, "machines": (*need(appliance.machines), *new)}


def removed(appliance: Appliance, version: str) -> dict[str, Any]:
    """The changed readings after the VMs of a version are removed."""
    return {
        "running": None if appliance.running == version else appliance.running,
        "backup": None if appliance.backup == version else appliance.backup,
        "machines": tuple(machine for machine in need(appliance.machines) if machine.version != version),
    }


def switched(appliance: Appliance, version: str) -> dict[str, Any]:
    """The changed readings after a switch: the new set runs where the old one was connected, the old one is off."""
    old = [machine for machine in need(appliance.machines) if machine.version == appliance.running]
    networks = [need(machine.switches) for machine in old] or [()]
    everywhere = tuple(dict.fromkeys(name for names in networks for name in names))

    def after(machine: Machine) -> Machine:
        if machine.version == version:
            return replace(machine, state="Running", switches=everywhere)
        return replace(machine, state="Off", switches=())

    machines = tuple(after(machine) for machine in need(appliance.machines))
    return {"running": version, "backup": appliance.running, "machines": machines}
