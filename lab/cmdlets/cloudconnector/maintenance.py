"""Enter- and Exit-CcUpdate: manual maintenance mode (cloud-connector.md 1.1, 9.1 item 1)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.draining import drain
from lab.cmdlets.cloudconnector.product import Work, product, work
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.computer import Service


@product("Enter-CcUpdate")
def enter(call: Invocation, appliance: Appliance) -> Work:
    """Stops all services at once, which cuts every call; with the switch `enter_drains`, lets the calls finish first."""
    switches = appliance.world.switches
    if appliance.maintenance:
        if switches.enter_again == "refused":
            call.throw("The appliance is in maintenance mode already. (simulated)")
        return
    with appliance.cause("Enter-CcUpdate"):
        if switches.enter_drains:
            yield from drain(call, appliance, force=False)
        _stop(appliance)
        yield from work(call, appliance, "services", switches.services_seconds)
        appliance.maintenance, appliance.draining = True, False
        _tell_tenant(appliance)


def _stop(appliance: Appliance) -> None:
    running = appliance.running_set
    if running is not None:
        running.start_mode("Manual")
        running.stop_services()


@product("Exit-CcUpdate")
def leave(call: Invocation, appliance: Appliance) -> Work:
    """Starts the services and goes back into production; a service that does not start is an error."""
    switches = appliance.world.switches
    if not appliance.maintenance:
        if switches.exit_outside == "refused":
            call.throw("The appliance is not in maintenance mode. (simulated)")
        return
    yield from work(call, appliance, "services", switches.services_seconds)
    with appliance.cause("Exit-CcUpdate"):
        running = appliance.running_set
        if running is not None:
            running.start_mode("Auto")
            report(call, appliance, running.start_services())
        appliance.maintenance, appliance.draining = False, False
        _tell_tenant(appliance)
        appliance.recompute_service()


def report(call: Invocation, appliance: Appliance, failed: list[Service]) -> None:
    """Writes the documented error (T4) for each service that did not start; the management service gives up on them (9.4)."""
    for service in failed:
        call.error(f"Service {service.name} failed to start. Check to make sure the service is not disabled.")
    if failed:
        appliance.mark_unrecoverable(failed)


def _tell_tenant(appliance: Appliance) -> None:
    known = appliance.in_tenant
    if known is not None and appliance.world.switches.enter_sets_tenant_flag:
        known.maintenance_mode = appliance.maintenance
        known.status = "Maintenance" if appliance.maintenance else "Running"
