"""PowerShell sessions on the simulated computers: which cmdlets a session finds there, and the way into the VMs."""

from __future__ import annotations

from functools import cache

from lab.cmdlets import cloudconnector, hyperv, inside, tenant, windows
from lab.cmdlets.cloudconnector import product
from lab.cmdlets.faults import with_faults
from lab.cmdlets.session import ApplianceSession
from lab.powershell.catalogue import Registry
from lab.powershell.errors import ErrorRecord, Thrown
from lab.powershell.objects import Credential
from lab.powershell.session import NoAnswer
from lab.world import credentials
from lab.world.appliance import Appliance
from lab.world.machines import VirtualMachine
from lab.world.network import LocalLogon, Logon
from lab.world.power import shutdown_program

HOST_ONLY = frozenset({"CloudConnector", "SkypeOnlineConnector", "Hyper-V"})


@cache
def cmdlets() -> Registry:
    """Every simulated cmdlet, each open to faults."""
    merged = Registry().merge(windows.WINDOWS, hyperv.REGISTRY, tenant.REGISTRY, inside.REGISTRY)
    return with_faults(merged.merge(cloudconnector.REGISTRY))


def attach_jobs(appliance: Appliance) -> None:
    """Lets the scheduled tasks of an appliance, and of its VMs, open sessions there; and each of these computers restart."""
    windows.equip(appliance.computer, lambda logon: open_session(appliance, logon))
    appliance.computer.executables["shutdown.exe"] = shutdown_program(appliance.restart)

    def furnish(machine: VirtualMachine) -> None:
        windows.equip(machine.computer, lambda logon: GuestSession(cmdlets(), appliance, logon, machine))
        machine.computer.executables["shutdown.exe"] = shutdown_program(lambda: appliance.restart_machine(machine))

    appliance.furnish = furnish
    for machine in appliance.machines:
        furnish(machine)


def open_session(appliance: Appliance, logon: Logon) -> HostSession:
    """A new PowerShell process on the host of an appliance."""
    return HostSession(cmdlets(), appliance, logon)


class HostSession(ApplianceSession):
    """A session on the host of an appliance: a process of its own, until it ends."""

    def __init__(self, registry: Registry, appliance: Appliance, logon: Logon) -> None:
        super().__init__(registry, appliance, logon)
        self._entry = appliance.computer.begin_process("powershell")
        self.pid = self._entry.id

    def end(self) -> None:
        """The process is not in the table of the host any more."""
        super().end()
        self.appliance.computer.end_process(self._entry)

    def available(self, name: str, module: str) -> bool:
        """A cmdlet is there while its module is installed; of the tenant's, those that were imported."""
        if module not in HOST_ONLY:
            return True
        installed = any(one.name == module for one in self.appliance.computer.modules)
        if module == "CloudConnector":
            loaded = self.loaded_version or (self.appliance.msi if installed else None)
            return loaded is not None and product.exists(name, loaded, self.appliance.world.switches)
        return installed and (name in tenant.ALWAYS_THERE or module == "Hyper-V" or self.imported(name))

    def remote(self, address: str, credential: Credential | None) -> GuestSession:
        """A session inside the VM of that address or name, of whichever appliance of the site."""
        if not self.appliance.computer.policy.trusts(address):
            raise _not_trusted(address)
        switches = self.appliance.world.switches
        found = self.appliance.site.machine_at(address)
        if found is None or not switches.vm_access:
            raise NoAnswer(_cannot_connect(address), switches.vm_off_seconds)
        owner, machine = found
        if credential is None or not credentials.opens(owner, credential.user, credential.password.value):
            raise _access_denied(address)
        return GuestSession(cmdlets(), owner, LocalLogon(credential.user, "remote", False), machine)


class GuestSession(ApplianceSession):
    """A session inside a VM of an appliance."""

    def available(self, name: str, module: str) -> bool:
        """The modules of the host are not there."""
        return module not in HOST_ONLY


def _cannot_connect(address: str) -> ErrorRecord:
    text = (
        f"[{address}] Connecting to remote server {address} failed with the following error message : WinRM cannot complete the "
        "operation. Verify that the specified computer name is valid, that the computer is accessible over the network, and that "
        "a firewall exception for the WinRM service is enabled and allows access from this computer."
    )
    return _connection_error(text, "WinRMOperationTimeout")


def _not_trusted(address: str) -> Thrown:
    text = (
        f"[{address}] Connecting to remote server {address} failed with the following error message : The WinRM client cannot "
        "process the request. If the authentication scheme is different from Kerberos, or if the client computer is not joined "
        "to a domain, then HTTPS transport must be used or the destination machine must be added to the TrustedHosts "
        "configuration setting. Use winrm.cmd to configure TrustedHosts. Note that computers in the TrustedHosts list might not "
        "be authenticated."
    )
    return Thrown(_connection_error(text, "ServerNotTrusted"), unwinds=False)


def _access_denied(address: str) -> Thrown:
    text = (
        f"[{address}] Connecting to remote server {address} failed with the following error message : Access is denied."
    )
    return Thrown(_connection_error(text, "AccessDenied"), unwinds=False)


def _connection_error(text: str, id: str) -> ErrorRecord:
    exception = "System.Management.Automation.Remoting.PSRemotingTransportException"
    return ErrorRecord(text, f"{id},PSSessionStateBroken", "OpenError", exception)
