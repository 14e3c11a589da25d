"""Automatic recovery of an appliance as 2.x does it (cloud-connector.md 4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from lab.server import reports
from lab.world.activity import Activity
from lab.world.appliance import Appliance
from lab.world.computer import Service
from lab.world.machines import VmSet

TRIES_UNTIL_EVENT = 3
"""Failed tries after which the events 304 and 20006 are logged: those of 1.4.1 (4.2); no source says it of 2.x."""


def pauses() -> Iterator[float]:
    """Seconds before each try: 10, 10, 10, then twice as long each time, up to an hour (4.2)."""
    yield from (10.0, 10.0)
    seconds = 10.0
    while True:
        yield seconds
        seconds = min(seconds * 2, 3600.0)


class Recovery:
    """Brings back one appliance that lost its services, its VMs or its networks."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance

    def needed(self) -> bool:
        """Whether the running set carries nothing, and nobody is at work on it: no maintenance, no update, no cmdlet."""
        appliance = self._appliance
        running = appliance.running_set
        busy = appliance.updating is not None
        if appliance.world.switches.recovery_minds_cmdlets:
            busy = busy or appliance.acting
        watched = reports.serves(appliance) and not reports.off_duty(appliance)
        return watched and not busy and running is not None and not running.carries

    def work(self) -> Activity:
        """Takes the appliance off its networks and tries until it carries calls again, or until others are at work on it."""
        appliance = self._appliance
        appliance.world.record.event("automatic recovery begins", appliance.name)
        self._withdraw()
        for tried, seconds in enumerate(pauses(), 1):
            yield appliance.world.env.timeout(seconds)
            if not self.needed():
                return
            failed = yield from self._attempt()
            if failed is None:
                reports.status(appliance, "Running")
                appliance.world.record.event("automatic recovery ends", appliance.name)
                return
            if tried == TRIES_UNTIL_EVENT:
                appliance.mark_unrecoverable(failed)

    def _withdraw(self) -> None:
        """Status Error, networks off, services stopped and set to manual (4.2)."""
        appliance, running = self._appliance, self._running
        with appliance.cause("automatic recovery"):
            running.connect(False)
            running.stop_services()
            running.start_mode("Manual")
            appliance.recompute_service()
        appliance.computer.files.write_text(appliance.recovery_file, "AutoMaintenanceStatus=3\r\n")
        reports.status(appliance, "Error")

    def _attempt(self) -> Activity:
        """Starts VMs, networks and services; None: calls are carried again, else the services that did not start."""
        appliance, running = self._appliance, self._running
        running.connect(True)
        for machine in running:
            if not machine.on:
                machine.turn_on()
        yield appliance.world.env.timeout(appliance.world.switches.services_seconds)
        if not self.needed():
            return None if running.carries else list[Service]()
        with appliance.cause("automatic recovery"):
            failed = running.start_services()
            if running.carries:
                running.start_mode("Auto")
            else:
                running.connect(False)
            appliance.recompute_service()
        return None if running.carries else failed

    @property
    def _running(self) -> VmSet:
        running = self._appliance.running_set
        if running is None:
            raise LookupError(f"{self._appliance.name} runs no set")
        return running
