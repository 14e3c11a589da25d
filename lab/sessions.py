"""PowerShell sessions on the simulated computers: what a session finds there, the way into the VMs, and the record of both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from lab.cmdlets import cloudconnector, hyperv, inside, tenant, windows
from lab.cmdlets.cloudconnector import product
from lab.cmdlets.faults import exposed
from lab.powershell.catalogue import Registry
from lab.powershell.errors import ErrorRecord, Thrown
from lab.powershell.invocation import Invocation
from lab.powershell.objects import MASK, Credential
from lab.powershell.session import Session
from lab.world import credentials
from lab.world.appliance import Appliance
from lab.world.network import LocalLogon, Logon
from lab.world.record import CmdletRun

SECRET_PARAMETERS = frozenset({"password"})
"""Parameters that are plain text for PowerShell and secrets for us (Register-ScheduledTask -Password)."""
HOST_ONLY = frozenset({"CloudConnector", "SkypeOnlineConnector", "Hyper-V"})


@cache
def cmdlets() -> Registry:
    """Every simulated cmdlet, each open to faults."""
    merged = Registry().merge(windows.WINDOWS, hyperv.REGISTRY, tenant.REGISTRY, inside.REGISTRY)
    return exposed(merged.merge(cloudconnector.REGISTRY))


def open_session(appliance: Appliance, logon: Logon) -> Session:
    """A new PowerShell process on the host of an appliance."""
    session = Session(appliance.world.env, cmdlets(), appliance.computer, logon)
    session.state["appliance"] = appliance
    session.available = lambda name, module: _on_host(session, name, module)
    session.remote = lambda address, credential: open_guest(appliance, address, credential)
    session.observer = session.state["recorder"] = Recorder(appliance, appliance.name)
    return session


def attach_jobs(appliance: Appliance) -> None:
    """Lets the scheduled tasks of an appliance open sessions on it."""
    windows.equip(appliance.computer, lambda logon: open_session(appliance, logon))


def open_guest(appliance: Appliance, address: str, credential: Credential | None) -> Session:
    """A session inside the VM of that address or name. Raises Thrown when nothing answers or the credential is refused."""
    machine = appliance.machine_at(address)
    if machine is None or not appliance.world.switches.vm_access:
        raise _cannot_connect(address)
    if credential is None or not credentials.opens(appliance, credential.user, credential.password.value):
        raise _access_denied(address)
    session = Session(appliance.world.env, cmdlets(), machine.computer, LocalLogon(credential.user, "remote", False))
    session.state |= {"appliance": appliance, "virtual machine": machine}
    session.available = _in_guest
    session.observer = session.state["recorder"] = Recorder(appliance, machine.name)
    return session


def _on_host(session: Session, name: str, module: str) -> bool:
    appliance: Appliance = session.state["appliance"]
    installed = any(one.name == module for one in appliance.computer.modules)
    if module == "CloudConnector":
        loaded = session.state.get(product.SCRIPTS) or (appliance.msi if installed else None)
        return loaded is not None and product.exists(name, loaded)
    if module not in HOST_ONLY:
        return True
    return installed and (
        name in tenant.ALWAYS_THERE or module == "Hyper-V" or session.state.get(tenant.LOGGED_ON, False)
    )


def _in_guest(_: str, module: str) -> bool:
    return module not in HOST_ONLY


def _cannot_connect(address: str) -> Thrown:
    text = (
        f"[{address}] Connecting to remote server {address} failed with the following error message : WinRM cannot complete the "
        "operation. Verify that the specified computer name is valid, that the computer is accessible over the network, and that "
        "a firewall exception for the WinRM service is enabled and allows access from this computer."
    )
    return _connection_error(text, "WinRMOperationTimeout")


def _access_denied(address: str) -> Thrown:
    text = (
        f"[{address}] Connecting to remote server {address} failed with the following error message : Access is denied."
    )
    return _connection_error(text, "AccessDenied")


def _connection_error(text: str, id: str) -> Thrown:
    exception = "System.Management.Automation.Remoting.PSRemotingTransportException"
    return Thrown(ErrorRecord(text, f"{id},PSSessionStateBroken", "OpenError", exception), unwinds=False)


class Recorder:
    """The observer of one session: puts its cmdlets into the record of the world, and lets their effects settle."""

    def __init__(self, appliance: Appliance, machine: str) -> None:
        self._appliance = appliance
        self._machine = machine
        self.unfinished: list[CmdletRun] = []

    def started(self, call: Invocation) -> CmdletRun:
        """A cmdlet begins."""
        world, logon = self._appliance.world, call.logon
        run = CmdletRun(
            world.now(), self._appliance.name, self._machine, logon.user, logon.method, call.name, masked(call.shown)
        )
        world.record.begin(run)
        self.unfinished.append(run)
        return run

    def finished(self, token: object, result: Mapping[str, object]) -> None:
        """It has ended by itself."""
        assert isinstance(token, CmdletRun)
        errors: Any = result["errors"]
        outcome = "thrown" if result["thrown"] else "error" if errors else "ok"
        self._close(token, outcome, errors[-1]["message"] if errors else None)

    def killed(self) -> None:
        """The process has ended under its cmdlets."""
        for run in list(self.unfinished):
            self._close(run, "killed", None)

    def _close(self, run: CmdletRun, outcome: str, error: str | None) -> None:
        world = self._appliance.world
        self.unfinished.remove(run)
        run.outcome, run.error, run.seconds = outcome, error, (world.now() - run.time).total_seconds()
        world.record.end(run)


def masked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without secrets."""
    return {name: MASK if name.lower() in SECRET_PARAMETERS else value for name, value in parameters.items()}
