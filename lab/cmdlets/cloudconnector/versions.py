"""Reading versions, directories and status; setting directories (cloud-connector.md 1.1)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import at_least, directories, product, scripts
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.world.appliance import Appliance


@product("Get-CcVersion")
def get_version(call: Invocation, appliance: Appliance) -> None:
    """Writes the version as text, or nothing when there is none. Before 2.0 there is only the version of the scripts."""
    kind = call.get("VersionType", "RunningScripts")
    if "VersionType" in call.parameters and not at_least(call, "2.0"):
        text = "A parameter cannot be found that matches parameter name 'VersionType'."
        exception = "System.Management.Automation.ParameterBindingException"
        call.throw(text, "NamedParameterNotFound,Get-CcVersion", "InvalidArgument", exception)
    running, backup = (appliance.running, appliance.backup) if appliance.knows_versions else (None, None)
    versions = {"RunningScripts": scripts(call), "RunningBits": running, "BackupBits": backup}
    if kind == "All":
        call.write(PSObject(dict(versions)))
    elif versions[kind] is not None:
        call.write(versions[kind])


@product("Get-CcRunningVersion")
def get_running_version(call: Invocation, appliance: Appliance) -> None:
    """Writes the version of the running set, or nothing."""
    if appliance.running is not None and appliance.knows_versions:
        call.write(appliance.running)


@product("Get-CcApplianceStatus")
def get_status(call: Invocation, appliance: Appliance) -> None:
    """What the real cmdlet returns is not documented; this object is the lab's."""
    known = appliance.in_tenant
    status = {
        "Name": appliance.name,
        "Site": appliance.site.name,
        "Status": known.status if known else "None",
        "Version": appliance.running,
    }
    call.write(PSObject({**status, "Simulated": True}))


@product("Get-CcApplianceDirectory")
def get_appliance_directory(call: Invocation, _: Appliance) -> None:
    call.write(directories(call).appliance)


@product("Get-CcSiteDirectory")
def get_site_directory(call: Invocation, _: Appliance) -> None:
    call.write(directories(call).site)


@product("Set-CcApplianceDirectory")
def set_appliance_directory(call: Invocation, _: Appliance) -> None:
    """A path with spaces is refused (1.1)."""
    if " " in call.get("Path"):
        call.throw("The appliance directory must not contain spaces. (simulated)")
    directories(call).appliance = call.get("Path")


@product("Set-CcSiteDirectory")
def set_site_directory(call: Invocation, _: Appliance) -> None:
    directories(call).site = call.get("Path")


@product("Get-CcApplianceLogDirectory")
def get_appliance_logs(call: Invocation, _: Appliance) -> None:
    call.write(rf"{directories(call).appliance}\Logs")


@product("Get-CcSiteLogDirectory")
def get_site_logs(call: Invocation, _: Appliance) -> None:
    call.write(rf"{directories(call).site}\Logs")
