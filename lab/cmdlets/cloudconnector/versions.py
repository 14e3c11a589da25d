"""Reading versions, directories and status; setting directories (cloud-connector.md 1.1)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import Work, directories, product, scripts, work
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.world.appliance import Appliance
from lab.world.switches import own_text


@product("Get-CcVersion")
def get_version(call: Invocation, appliance: Appliance) -> None:
    """Writes the version, or nothing when there is none. Before 2.0 there is only the version of the scripts."""
    kind = call.get("VersionType", "RunningScripts")
    running, backup = (appliance.running, appliance.backup) if appliance.knows_versions else (None, None)
    versions = {"RunningScripts": scripts(call), "RunningBits": running, "BackupBits": backup}
    switches = appliance.world.switches
    if kind == "All" and switches.version_text != "host":
        call.write(PSObject({one: version and own_text(version, switches) for one, version in versions.items()}))
    elif kind != "All":
        _write_version(call, appliance, kind, versions[kind])


@product("Get-CcRunningVersion")
def get_running_version(call: Invocation, appliance: Appliance) -> None:
    """The version that runs, where the release has this cmdlet; nothing while module.ini names none (T7)."""
    _write_version(call, appliance, "RunningBits", appliance.running if appliance.knows_versions else None)


def _write_version(call: Invocation, appliance: Appliance, kind: str, version: str | None) -> None:
    """Writes a version in the form that the switch `version_text` says; on the console it is not on the pipeline."""
    switches = appliance.world.switches
    if version is None or switches.version_text == "host":
        return
    text = own_text(version, switches)
    shown: dict[str, object] = {
        "sentence": f"The version of {kind} is {text}. (simulated)",
        "object": PSObject({"VersionType": kind, "Version": text}),
    }
    call.write(shown.get(switches.version_text, text))


@product("Get-CcApplianceDirectory")
def get_appliance_directory(call: Invocation, _: Appliance) -> None:
    call.write(directories(call).appliance)


@product("Get-CcSiteDirectory")
def get_site_directory(call: Invocation, _: Appliance) -> None:
    call.write(directories(call).site)


@product("Set-CcApplianceDirectory")
def set_appliance_directory(call: Invocation, appliance: Appliance) -> Work:
    """A path with spaces is refused (1.1)."""
    if " " in call.get("Path"):
        call.throw("The appliance directory must not contain spaces. (simulated)")
    yield from work(call, appliance, "set", appliance.world.switches.directory_seconds)
    directories(call).appliance = call.get("Path")


@product("Set-CcSiteDirectory")
def set_site_directory(call: Invocation, appliance: Appliance) -> Work:
    yield from work(call, appliance, "set", appliance.world.switches.directory_seconds)
    directories(call).site = call.get("Path")
