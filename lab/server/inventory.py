"""The Ansible inventory of a simulated fleet, with all variables of the collection's convention."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from lab.wire.private import write_private
from lab.world.appliance import Appliance
from lab.world.building import new_ini
from lab.world.description import Fleet, package_url
from lab.world.product import package
from lab.world.site import Site
from lab.world.world import World

CONSENT_DAYS = 365


def write(world: World, fleet: Fleet, directory: Path, file: Path, ca: Path) -> None:
    """Writes the inventory to `file` and each appliance's CloudConnector.ini of the target version below `directory`/ini.

    The inventory holds passwords: it is for its owner only.
    """
    (directory / "ini").mkdir(parents=True, exist_ok=True)
    for name, appliance in world.appliances.items():
        (directory / "ini" / f"{name}.ini").write_text(new_ini(appliance, fleet.target), "utf-8", newline="")
    text = yaml.safe_dump(inventory(world, fleet, directory, ca), sort_keys=False, width=120)
    write_private(file, f"# Simulated fleet: nothing here is real.\n{text}".encode())


def inventory(world: World, fleet: Fleet, directory: Path, ca: Path) -> dict[str, Any]:
    """The inventory as data: a group for the fleet, one for each site, and the variables of each."""
    sites = {name: _site(site, directory) for name, site in world.sites.items()}
    return {"cloud_connector": {"vars": _fleet_variables(fleet, ca), "children": sites}}


def _fleet_variables(fleet: Fleet, ca: Path) -> dict[str, Any]:
    return {
        "ansible_connection": "winrm",
        "ansible_winrm_transport": "credssp",
        "ansible_port": 5986,
        "ansible_winrm_ca_trust_path": str(ca),
        "ansible_user": fleet.account.name,
        "ansible_password": fleet.account.password,
        "cloud_connector_target_version": fleet.target,
        "cloud_connector_package_source": package_url(fleet, fleet.target),
        "cloud_connector_package_sha256": hashlib.sha256(package(fleet.target)).hexdigest(),
        "cloud_connector_deployment_user": fleet.account.name,
        "cloud_connector_deployment_password": fleet.account.password,
        # Seconds of the controller, in which a simulated call mostly comes to its end.
        "cloud_connector_call_proof": {"way": "counters", "call_seconds": 1},
    }


def _site(site: Site[Appliance], directory: Path) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "cloud_connector_site_directory": site.directory,
        "cloud_connector_peak_calls": max(1, site.peak_calls),
    }
    if len(site.appliances) == 1:
        variables["cloud_connector_outage_consent"] = _consent(site)
    hosts = {
        one.name: {"ansible_host": one.address, "cloud_connector_ini": _file(directory / "ini" / f"{one.name}.ini")}
        for one in site.appliances
    }
    return {"vars": variables, "hosts": hosts}


def _file(path: Path) -> str:
    return f"{{{{ lookup('ansible.builtin.file', '{path}') }}}}"


def _consent(site: Site[Appliance]) -> dict[str, str]:
    return {
        "until": (site.world.start + timedelta(days=CONSENT_DAYS)).isoformat(),
        "emergency_calls": "by the mobile phones at the reception (simulated)",
        "reason": "the simulated site manager agreed; the site has no spare appliance",
    }
