# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What follows from the readings of an appliance though no cmdlet says it. All of it is inferred; that is why it is apart.

Raises NotReadError where a reading is missing that it needs. Maintenance mode is inferred in `maintenance.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from .appliance import SERVICES, Appliance, Certificate, Event, Machine
from .exceptions import NotReadError
from .ini_document import identity, vm_addresses
from .reading import Unknown, need
from .versions import Version
from .windows_readings import AUTO_RECOVERY, trusted_names, trusts

_COMMON_NAME = re.compile(r'(?:^|,\s*)CN="?([^",]+)', re.IGNORECASE)

RECENT = timedelta(hours=1)
"""Automatic recovery of 2.x tries again at least once an hour (cloud-connector.md 4.2)."""


def external_name(appliance: Appliance) -> str:
    """The FQDN of the Access Edge: the subject of the external certificate (cloud-connector.md 4)."""
    found = identity(need(appliance.ini))
    if found is None:
        raise NotReadError("the ini lacks a part of the identity of site and appliance")
    return found.edge_fqdn


def newest_certificates(appliance: Appliance) -> dict[str, Certificate]:
    """Name -> the one of its certificates in the Edge VM that lasts longest: a renewal leaves the old one beside it."""
    ordered = sorted(need(appliance.certificates), key=lambda one: one.expires)
    return {_name(one.subject): one for one in ordered}


def _name(subject: str) -> str:
    """The common name of a subject, in small letters."""
    match = _COMMON_NAME.search(subject)
    return match[1].strip().lower() if match else subject.lower()


def external_certificate(appliance: Appliance) -> Certificate | None:
    """The certificate in use for the Access Edge; None where none in the Edge VM has its name."""
    return newest_certificates(appliance).get(external_name(appliance).lower())


def recovery(appliance: Appliance) -> str:
    """Why automatic recovery seems to be under way; empty where it does not."""
    if need(appliance.recovery_status) == AUTO_RECOVERY:
        return f"AutoMaintenanceStatus is {AUTO_RECOVERY}, automatic recovery"
    stopped = ", ".join(_manual_and_stopped(appliance))
    return f"set to start manually, and not running: {stopped}" if stopped else ""


def _manual_and_stopped(appliance: Appliance) -> list[str]:
    """What recovery does with the services of an appliance it marks down; maintenance mode may do the same."""
    return [
        f"{vm} {name}"
        for vm, modes in appliance.start_modes.items()
        for name, start_mode in need(modes).items()
        if start_mode == "Manual" and need(appliance.services[vm]).get(name) != "Running"
    ]


def recent_events(appliance: Appliance) -> list[Event]:
    """What automatic recovery logged within the last hour of the host's clock."""
    since = need(appliance.clock) - RECENT
    return [event for event in need(appliance.recovery_events) if event.time > since]


ROLES: Mapping[str, tuple[tuple[str, str], str]] = {
    "AD": (("Common", "ServerName"), r"ad|dc|active ?directory"),
    "CMS": (("PrimaryCMS", "ServerName"), r"cms|primary ?cms|central ?management"),
    "Mediation": (("MediationServer", "ServerName"), r"mediation( ?server)?"),
    "Edge": (("EdgeServer", "InternalServerName"), r"edge( ?server)?"),
}
"""The VMs of a set: where the ini names the server of each, and words that tell it where the ini does not."""


def role(appliance: Appliance, machine: Machine) -> str | None:
    """Which VM of its set a machine is, by its name; None where the name tells none, or two.

    How a deployment names VMs is not documented, but that the version is in the name (cloud-connector.md 4).
    """
    servers = {name: _server(appliance, *key) for name, (key, words) in ROLES.items()}
    by_server = [name for name, server in servers.items() if server and _has_word(machine.name, re.escape(server))]
    by_word = [name for name, (key, words) in ROLES.items() if _has_word(machine.name, words)]
    found = by_server or by_word
    return found[0] if len(found) == 1 else None


def _server(appliance: Appliance, section: str, key: str) -> str | None:
    return None if isinstance(appliance.ini, Unknown) else appliance.ini.get(section, key)


def _has_word(text: str, pattern: str) -> bool:
    return re.search(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", text, re.IGNORECASE) is not None


def deployment_is_open(appliance: Appliance, version: Version) -> bool:
    """Whether a job of ours began to deploy that version and did not get to its end; one that a person deployed has no record."""
    by = need(appliance.deployed_by)
    return by is not None and by.get("version") == version and by.get("ended") is False


def untrusted(appliance: Appliance) -> list[str]:
    """The VMs that are asked, and whose addresses TrustedHosts of the host does not have."""
    trusted = trusted_names(need(appliance.trusted_hosts))
    addresses = vm_addresses(need(appliance.ini))
    asked = {vm: address for vm, address in addresses.items() if vm in SERVICES}
    return [f"{vm} {address}" for vm, address in asked.items() if not trusts(trusted, address)]


def recent_call_events(appliance: Appliance) -> list[Event]:
    """What was logged within the last hour of the host's clock of calls that cannot be carried."""
    since = need(appliance.clock) - RECENT
    return [event for event in need(appliance.call_events) if event.time > since]


def unversioned_machines(appliance: Appliance) -> list[str]:
    """VMs of a set that are on though the product says that no version runs (T7)."""
    if need(appliance.running) is not None:
        return []
    return [machine.name for machine in need(appliance.machines) if machine.version and machine.is_running]
