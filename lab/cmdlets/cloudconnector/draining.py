"""Draining: running calls finish, new ones are refused (cloud-connector.md 1.1 Switch-CcVersion)."""

from __future__ import annotations

from collections.abc import Mapping

from lab.cmdlets.cloudconnector.product import Work
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance


def drain(call: Invocation, appliance: Appliance, force: bool) -> Work:
    """Waits until no call is alive. After the limit, if there is one: fails, or with `force` cuts the calls that are left.

    The appliance keeps refusing new calls afterwards, also when the cmdlet is killed while it waits: services that were told
    to drain do not take that back by themselves (inferred). A restart of the host ends it.
    """
    appliance.draining = True
    _show(appliance, draining=True)
    appliance.recompute_service()
    limit = appliance.world.switches.drain_limit
    idle = appliance.calls.idle()
    yield idle if limit is None else idle | call.sleep(limit)
    if appliance.calls.live_calls and not force:
        appliance.draining = False
        _show(appliance, draining=False)
        appliance.recompute_service()
        call.throw("The services could not be drained. (simulated)")


DRAINED: Mapping[str, str] = {"Mediation": "RTCMEDSRV", "Edge": "RTCSRV"}
"""The services that are told to drain (inferred from the two roles that the page names)."""


def _show(appliance: Appliance, *, draining: bool) -> None:
    """With the switch `drain_shows` as `paused`, the services that drain are not `Running` to Windows."""
    if appliance.world.switches.drain_shows == "nothing":
        return
    for machine in appliance.running_set or ():
        service = machine.computer.services.get(DRAINED.get(machine.role, ""))
        if service is not None:
            service.draining = draining
