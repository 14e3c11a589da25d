"""Switch-CcVersion: the one moment of an upgrade that calls notice (cloud-connector.md 1.1, 6.3 T4 and T8)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.draining import drain
from lab.cmdlets.cloudconnector.maintenance import report
from lab.cmdlets.cloudconnector.product import Work, product, work
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.machines import VmSet


@product("Switch-CcVersion")
def switch(call: Invocation, appliance: Appliance) -> Work:
    """Exchanges running and backup. Each point may be the last one it reaches: what was done until then stays done.

    Points: drained, disconnected, off, connected, services, exchanged.
    """
    new = _backup(call, appliance)
    if new is None:
        return
    with appliance.cause("Switch-CcVersion"):
        yield from drain(call, appliance, call.flag("Force"))
        yield from work(call, appliance, "drained", 0)
        yield from _retire(call, appliance)
        yield from _engage(call, appliance, new)


def _backup(call: Invocation, appliance: Appliance) -> VmSet | None:
    """The set to switch to; without one, nothing or an error as the switch says."""
    if appliance.maintenance:
        call.throw("The appliance is in maintenance mode. (simulated)")
    found = appliance.sets.get(appliance.backup or "")
    if found is None and appliance.world.switches.switch_without_backup == "refused":
        call.throw("There is no backup version to switch to. (simulated)")
    return found


def _retire(call: Invocation, appliance: Appliance) -> Work:
    """Takes the running set off the networks and turns it off."""
    old = appliance.running_set
    share = appliance.world.switches.switch_duration / 3
    if old is not None:
        old.connect(False)
    appliance.recompute_service()
    appliance.draining = False
    yield from work(call, appliance, "disconnected", share)
    if old is not None:
        old.start_mode("Manual")
        for machine in old:
            machine.turn_off()
    yield from work(call, appliance, "off", share)


def _engage(call: Invocation, appliance: Appliance, new: VmSet) -> Work:
    """Connects the other set, starts its services, and exchanges running and backup."""
    switches = appliance.world.switches
    for machine in new:
        if not machine.on:
            machine.turn_on()
    new.connect(True)
    yield from work(call, appliance, "connected", switches.switch_duration / 3)
    new.start_mode("Auto")
    yield from work(call, appliance, "services", switches.services_seconds)
    failed = new.start_services()
    report(call, appliance, failed)
    if not failed or switches.failed_services_still_switch:
        _exchange(appliance)
    appliance.recompute_service()
    yield from work(call, appliance, "exchanged", 0)


def _exchange(appliance: Appliance) -> None:
    appliance.running, appliance.backup = appliance.backup, appliance.running
    appliance.write_versions()
    known = appliance.in_tenant
    if known is not None:
        known.version = appliance.running or ""
    appliance.world.record.event(f"runs {appliance.running}, backup {appliance.backup}", appliance.name)
