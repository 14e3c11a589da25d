# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What follows from the readings of an appliance though no cmdlet says it. All of it is inferred; that is why it is apart.

Raises NotReadError where a reading is missing that it needs. Maintenance mode is inferred in `maintenance.py`.
"""

from __future__ import annotations

import re
from datetime import timedelta

from .appliance import Appliance, Certificate, Event
from .ini_document import identity
from .reading import NotReadError, need
from .signs import AUTO_RECOVERY

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
    match = re.search(r'(?:^|,\s*)CN="?([^",]+)', subject, re.IGNORECASE)
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


def unversioned_machines(appliance: Appliance) -> list[str]:
    """VMs of a set that are on though the product says that no version runs (T7)."""
    if need(appliance.running) is not None:
        return []
    return [machine.name for machine in need(appliance.machines) if machine.version and machine.is_running]
