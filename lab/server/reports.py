"""What the management service tells the tenant and the site (cloud-connector.md 2.2, 4.2, 5.4).

It logs on as the cached administrator: so it fails where others hold all sessions of that administrator, or where the cached
password is not that of the tenant any more.
"""

from __future__ import annotations

from lab.world import logons, share
from lab.world.appliance import Appliance
from lab.world.network import account
from lab.world.tenant import Refused, TenantAppliance


def serves(appliance: Appliance) -> bool:
    """Whether the management service runs."""
    service = appliance.computer.services.find(appliance.world.switches.service_name)
    return appliance.computer.up and service is not None and service.state == "Running"


def off_duty(appliance: Appliance) -> bool:
    """Whether it keeps its hands off: not registered, in manual maintenance, or MaintenanceMode of the tenant is set (2.2)."""
    known = appliance.in_tenant
    return known is None or known.maintenance_mode or appliance.maintenance


def status(appliance: Appliance, text: str) -> bool:
    """Reports None, Running, Maintenance or Error; False when the tenant could not be told."""
    edge = appliance.world.tenant.sites[appliance.site.name].edge_fqdn
    share.tell(appliance.world.network.files, appliance.site.directory, edge, appliance.name, text)
    known = _logged_on(appliance, f"status {text}")
    if known is not None:
        known.status = text
    return known is not None


def action(appliance: Appliance, name: str, text: str, error: str = "") -> bool:
    """Reports the last action with Started, Finished or Error; False when the tenant could not be told."""
    known = _logged_on(appliance, f"{name} {text}")
    if known is not None:
        known.action, known.action_status, known.error = name, text, error
    return known is not None


def _logged_on(appliance: Appliance, what: str) -> TenantAppliance | None:
    """The record of the appliance, after a logon of its own; None (and an event) where that was refused."""
    world, cached = appliance.world, appliance.caches.get(account(appliance.owner), {})
    try:
        if "TenantAdmin" not in cached:
            raise Refused("no tenant administrator is cached")
        administrator = cached["TenantAdmin"]
        logons.remove(world, logons.log_on(world, appliance.name, administrator.user, administrator.password.value))
    except Refused as refused:
        world.record.event(f"the management service could not report {what}: {refused}", appliance.name)
        return None
    return appliance.in_tenant
