"""The documented troubles of the product (cloud-connector.md 6.3), by name, on one appliance.

Some are a failure inside one cmdlet: those wait as a fault. The others are a state of the world from which the documented error
follows: those are brought about at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lab.powershell.objects import Credential, Secret
from lab.world import certificates
from lab.world.appliance import MODULE_INI, PROGRAM_DATA, Appliance
from lab.world.configuration import FILE
from lab.world.faults import Fault
from lab.world.obstacles import OBSTACLES

DOTNET_KEY = r"HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full"
DOTNET_452 = 379893

FAULTS: Mapping[str, Fault] = {
    "T1": Fault("Install-CcAppliance", "during", "hang", point="Edge"),
    "T2": Fault(
        "Install-CcAppliance", "during", text="The server did not join the domain. (simulated)", point="Mediation"
    ),
    "T3": Fault(
        "Install-CcAppliance",
        "during",
        text="Remove-VMSwitch : Failed while removing virtual Ethernet switch. The virtual switch 'Cloud Connector Management "
        "Switch' cannot be deleted because it is being used by running virtual machines or assigned to child pools.",
        point="management switch",
    ),
    "T4": Fault("Switch-CcVersion", "during", "services_fail", point="services"),
    "T14": Fault(
        "Install-CcAppliance", "during", text="Dismount-WindowsImage failed. Error code = 0xc1550115", point="Edge"
    ),
    "T18": Fault(
        "Enter-CcUpdate",
        text="The term 'Stop-CsWindowsService' is not recognized as the name of a cmdlet, function, script file, or "
        "operable program.",
    ),
    "T21": Fault(
        "Install-CcAppliance",
        "during",
        "warn",
        text="Windows automatic updating is not enabled. To ensure that your newly-installed role or feature is automatically "
        "updated, turn on Windows Update.",
        point="AD",
    ),
    "T25": Fault(
        "Convert-CcIsoToVhdx",
        "during",
        text="Failed to install Windows updates. Please manually update the VM (Password: Lab-Vm-Passw0rd!) and run "
        "Convert-CcIsoToVhdx with -GeneralizeOnly",
        point="base machine",
    ),
}
"""Failures inside a cmdlet. T4: the services of the new Edge do not start. T21 is a warning, the end of its text Windows' own."""


def begin(appliance: Appliance, **described: Any) -> None:
    """Adds a fault: a `trouble` by its name, with changes to its fault if it is one; or `no_calls`, a way in which the set of
    `version` (by default the running one) carries no call; or the fields of `Fault`.

    Raises ValueError for what it does not know.
    """
    if "no_calls" in described:
        _begin_no_calls(appliance, **described)
        return
    name = described.pop("trouble", None)
    try:
        fault = replace(FAULTS[name], **described) if name in FAULTS else None
        if name is None:
            fault = Fault(**described)
    except TypeError as error:
        raise ValueError(f"not a fault: {error}") from error
    if fault is not None:
        appliance.faults.waiting.append(fault)
    elif name in STATES:
        STATES[name](appliance)
    else:
        raise ValueError(f"no such trouble: {name}; there are {', '.join([*FAULTS, *STATES])}")
    appliance.world.record.event(f"trouble prepared: {name or fault}", appliance.name)


def _begin_no_calls(appliance: Appliance, no_calls: str, version: str | None = None, **others: Any) -> None:
    way = next((one for one in OBSTACLES if one == no_calls), None)
    if way is None or others:
        named = ", ".join(others) or no_calls
        raise ValueError(f"no such way to carry no call: {named}; there are {', '.join(OBSTACLES)}")
    appliance.world.record.event(f"trouble prepared: no calls, {no_calls}", appliance.name)
    appliance.carry_no_calls(version or appliance.running or "", way)


def conflict(appliance: Appliance) -> None:
    """T6: the tenant knows the appliance under another address."""
    known = appliance.in_tenant
    if known is not None:
        known.mediation_address = "192.0.2.1"


def restart_of_host(appliance: Appliance) -> None:
    """T5: the host restarts."""
    appliance.restart()


def versions_forgotten(appliance: Appliance) -> None:
    """T7: module.ini was not migrated, so no version is known."""
    appliance.computer.files.write_text(MODULE_INI, "; simulated\r\nRunningVersion=\r\nBackupVersion=\r\n")


def certificates_expired(appliance: Appliance) -> None:
    """T9: the internal certificates of the Edge VM ran out."""
    certificates.expire(appliance.edges, certificates.INTERNAL_ISSUER, appliance.world.now())


def external_certificate_expired(appliance: Appliance) -> None:
    """Of no number in 6.3: the external certificate ran out."""
    certificates.expire(appliance.edges, certificates.EXTERNAL_ISSUER, appliance.world.now())


def tenant_password_changed(appliance: Appliance) -> None:
    """T10: the cached tenant administrator cannot log on any more."""
    appliance.world.tenant.password += " (changed)"


def cache_sealed(appliance: Appliance) -> None:
    """T11: the Windows password of the deployment account was changed, so its cache cannot be decrypted."""
    appliance.sealed |= set(appliance.caches)


def old_dotnet(appliance: Appliance) -> None:
    """T12: .NET Framework 4.5.2."""
    appliance.computer.registry.set(DOTNET_KEY, {"Release": DOTNET_452})


def no_state_line(appliance: Appliance) -> None:
    """T13: the ini in force and the one of the appliance directory have no State line."""
    roots = [directories.appliance for directories in appliance.directories.values()]
    files = appliance.computer.files
    for path in filter(files.exists, (rf"{root}\{FILE}" for root in (PROGRAM_DATA, *roots))):
        lines = files.read_text(path).splitlines(keepends=True)
        files.write_text(path, "".join(line for line in lines if not line.startswith("State")))


def no_module(appliance: Appliance) -> None:
    """T19: PowerShell does not find the module, though the product is installed."""
    _forget(appliance, "CloudConnector")


def no_hyper_v(appliance: Appliance) -> None:
    """T20: the Hyper-V module is not installed."""
    _forget(appliance, "Hyper-V")


def certificate_password(appliance: Appliance) -> None:
    """T24: the cached password is not that of the new certificate."""
    for cached in appliance.caches.values():
        cached["ExternalCert"] = Credential("ExternalCert", Secret("that of the old certificate"))


def _forget(appliance: Appliance, name: str) -> None:
    appliance.computer.modules = [module for module in appliance.computer.modules if module.name != name]


STATES: Mapping[str, Callable[[Appliance], None]] = {
    "T5": restart_of_host,
    "T6": conflict,
    "T7": versions_forgotten,
    "T9": certificates_expired,
    "T10": tenant_password_changed,
    "T11": cache_sealed,
    "T12": old_dotnet,
    "T13": no_state_line,
    "T19": no_module,
    "T20": no_hyper_v,
    "T24": certificate_password,
    "external certificate": external_certificate_expired,
}
"""States of the world."""
