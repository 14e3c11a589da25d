# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is an appliance in maintenance mode? No cmdlet says so: all of this is inferred (cloud-connector.md 1.1 Enter-CcUpdate).

Documented is that `Enter-CcUpdate` stops all services, and that the state survives a restart of the host. That the tenant's
MaintenanceMode flag is set by it is inferred from the words "manual maintenance mode"; stopped services alone may as well be
a fault. So both are asked, and our own note: the out-of-service slot that was claimed for it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from . import health, slot
from .appliance import SERVICES, Appliance, Calls, Slot
from .reading import Unknown, need
from .windows_readings import service_state

OPERATION = "maintenance"
"""What the slot is held for."""

CALL_SERVICES: Mapping[str, tuple[str, ...]] = {
    "mediation": ("RTCMEDSRV",),
    "edge": ("RTCSRV", "RTCMRAUTH", "RTCMEDIARELAY"),
}
"""The services without which no call lives: signalling on the Edge, its media relay, and Mediation (inferred)."""


class Mode(enum.Enum):
    """What the readings say."""

    PRODUCTION = "in service"
    MAINTENANCE = "in maintenance mode"
    STOPPED = (
        "not in service: its services are stopped, and neither the tenant nor the site's slot says it is maintenance"
    )
    ILL = "not in service: some of its services do not run, and it is not known to be in maintenance mode"


def mode(appliance: Appliance) -> Mode:
    """Where the appliance is.

    Raises:
        NotReadError: its services could not be read.
    """
    if need(health.serves(appliance)):
        return Mode.PRODUCTION
    if noted(appliance):
        return Mode.MAINTENANCE
    if not is_stopped(appliance):
        return Mode.ILL
    return Mode.MAINTENANCE if appliance.tenant_maintenance is True else Mode.STOPPED


def noted(appliance: Appliance) -> bool:
    """Whether our own slot says that it was to be brought into maintenance mode."""
    found = appliance.slot
    return isinstance(found, Slot) and found.operation == OPERATION and slot.is_own(appliance)


def is_stopped(appliance: Appliance) -> bool:
    """Whether every service that calls need is stopped.

    Raises:
        NotReadError: the services could not be read.
    """
    return all(
        service_state(need(appliance.services[vm]), name) in (None, "Stopped")
        for vm, names in CALL_SERVICES.items()
        for name in names
    )


def is_silent(appliance: Appliance) -> bool:
    """Whether no call can live on it: no VM is on, or the services that calls need are stopped.

    Raises:
        NotReadError: that could not be read.
    """
    return not any(machine.is_running for machine in need(appliance.machines)) or is_stopped(appliance)


def entered(claim: Slot) -> dict[str, Any]:
    """The changed readings after Enter-CcUpdate; the counters are gone with their service."""
    return {
        "services": {vm: dict.fromkeys(names, "Stopped") for vm, names in SERVICES.items()},
        "calls": Unknown("the services are stopped (predicted)"),
        "slot": claim,
    }


def left() -> dict[str, Any]:
    """The changed readings after Exit-CcUpdate."""
    return {
        "services": {vm: dict.fromkeys(names, "Running") for vm, names in SERVICES.items()},
        "calls": Calls(0, 0),
        "tenant_maintenance": False,
        "slot": None,
    }
