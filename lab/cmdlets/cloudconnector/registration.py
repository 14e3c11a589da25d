"""Register-, Unregister- and Publish-CcAppliance (cloud-connector.md 1.1, 6.3 T6 and T10)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.configuration import in_force
from lab.cmdlets.cloudconnector.credentials import complete, enter_again
from lab.cmdlets.cloudconnector.product import Work, product, scripts, work
from lab.powershell.invocation import Invocation
from lab.world.appliance import MODULE_INI, Appliance
from lab.world.configuration import BadConfiguration, Identity, identity, number
from lab.world.product import NETWORK_SERVICE, own_service
from lab.world.tenant import Refused, TenantAppliance, TenantSite, new_identity


@product("Register-CcAppliance")
def register(call: Invocation, appliance: Appliance) -> Work:
    """Registers with the tenant; a full match is accepted, half of one refused. Asks for what the cache lacks."""
    found = _identity(call, appliance)
    if call.flag("Local") and appliance.world.switches.local_asks_again:
        enter_again(call, appliance)
        yield from work(call, appliance, "stored", appliance.world.switches.credential_seconds)
        return
    cached = complete(call, appliance)
    if call.flag("Local"):
        return
    newer = [version for version in appliance.sets if number(version) > number(scripts(call))]
    if newer and appliance.world.switches.older_scripts == "refused":
        call.throw(f"The appliance was deployed by a later version ({newer[0]}). (simulated)")
    tenant = appliance.world.tenant
    again = appliance.world.switches.register_again == "accepted"
    record = _record(call, appliance, found)
    yield from work(call, appliance, "log on", appliance.world.switches.register_seconds)
    try:
        administrator = cached["TenantAdmin"]
        tenant.log_on(administrator.user, administrator.password.value)
        tenant.register(TenantSite(record.site, found.edge_fqdn), record, again)
    except Refused as refused:
        call.throw(str(refused))
    yield from work(call, appliance, "registered", 0)
    own_service(appliance)
    if not appliance.computer.files.exists(MODULE_INI):
        appliance.write_versions()
    appliance.registered = True


def _identity(call: Invocation, appliance: Appliance) -> Identity:
    try:
        return identity(in_force(call, appliance))
    except BadConfiguration as bad:
        call.throw(str(bad))
        raise


def _record(call: Invocation, appliance: Appliance, found: Identity) -> TenantAppliance:
    site, name = call.get("SiteName", found.site), call.get("ApplianceName", appliance.name)
    return TenantAppliance(
        new_identity(site, name),
        name,
        site,
        found.mediation_fqdn,
        found.mediation_address,
        version=appliance.running or "",
    )


@product("Unregister-CcAppliance")
def unregister(call: Invocation, appliance: Appliance) -> Work:
    """Takes the appliance out of the tenant; the management service is NetworkService's again."""
    if not call.flag("Local"):
        yield from work(call, appliance, "log on", appliance.world.switches.register_seconds)
        site, name = call.get("SiteName", appliance.site.name), call.get("ApplianceName", appliance.name)
        try:
            appliance.world.tenant.unregister(name, site)
        except Refused as refused:
            call.throw(str(refused))
    appliance.registered = False
    service = appliance.computer.services.find(appliance.world.switches.service_name)
    if service is not None:
        service.account = NETWORK_SERVICE


@product("Publish-CcAppliance")
def publish(call: Invocation, appliance: Appliance) -> Work:
    """Takes the Mediation Servers of the site from the tenant into the topology of the VMs."""
    tenant = appliance.world.tenant
    if not tenant.reachable:
        call.throw("Unable to connect to the tenant. (simulated)")
    yield from work(call, appliance, "topology", appliance.world.switches.register_seconds)
    of_site = [one for one in tenant.appliances.values() if one.site == appliance.site.name]
    appliance.published = {one.mediation_fqdn: one.mediation_address for one in of_site}
