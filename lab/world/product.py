"""The product on a host as Windows sees it: MSI, module, uninstall entry, management service (cloud-connector.md 8, 9.4)."""

from __future__ import annotations

import re
import shlex
import uuid
from typing import TYPE_CHECKING

from lab.world.appliance import Appliance
from lab.world.computer import SESSION_MANAGER, Activity, Launch, Module, Service

if TYPE_CHECKING:
    from lab.world.files import Files

MODULE_FOLDER = r"C:\Program Files\WindowsPowerShell\Modules\CloudConnector"
SERVICE_IMAGE = (
    r"C:\Program Files\Skype for Business Cloud Connector Edition\ManagementService"
    r"\Microsoft.Rtc.CCE.ManagementService.exe"
)
UNINSTALL_KEY = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
PACKAGE_MARK = b"simulated CloudConnector.msi "

SUCCESS, FAILURE, UNKNOWN_PRODUCT, BUSY, CANNOT_OPEN, OTHER_VERSION, RESTART_NEEDED, RESTARTING = (
    0,
    1603,
    1605,
    1618,
    1620,
    1638,
    3010,
    1641,
)
"""Exit codes of Windows Installer."""


def package(version: str, size: int = 4096) -> bytes:
    """The bytes of a made-up CloudConnector.msi: they say which version it is."""
    return (PACKAGE_MARK + version.encode() + b"\n").ljust(size, b"\0")


def package_version(data: bytes) -> str | None:
    """The version of a made-up MSI, or None for anything else."""
    found = re.match(re.escape(PACKAGE_MARK) + rb"([\d.]+)\n", data)
    return found[1].decode() if found else None


def product_code(version: str) -> str:
    """The product code of a version's MSI; the real ones are not documented."""
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"simulated/CloudConnector/{version}")).upper() + "}"


def put_in_place(appliance: Appliance, version: str) -> None:
    """What an installed MSI of this version leaves on the host; the service runs as NetworkService until registration."""
    computer, switches = appliance.computer, appliance.world.switches
    appliance.msi, appliance.registered = version, False
    computer.modules.append(Module("CloudConnector", MODULE_FOLDER, version))
    computer.files.write_text(rf"{MODULE_FOLDER}\CloudConnector.psd1", f"# simulated, version {version}\r\n")
    entry = {"DisplayName": switches.product_name, "DisplayVersion": version, "Publisher": "simulated"}
    computer.registry.set(rf"{UNINSTALL_KEY}\{product_code(version)}", entry)
    name = "Skype for Business Cloud Connector Management Service"
    service = Service(
        switches.service_name, name, "Running", account=r"NT AUTHORITY\NetworkService", image=SERVICE_IMAGE
    )
    computer.services.add(service)


def take_away(appliance: Appliance) -> None:
    """What the removal of the MSI takes; VMs, configuration and the credential cache stay."""
    computer = appliance.computer
    computer.registry.remove(rf"{UNINSTALL_KEY}\{product_code(appliance.msi or '')}")
    computer.modules = [module for module in computer.modules if module.name != "CloudConnector"]
    if computer.files.exists(MODULE_FOLDER):
        computer.files.remove(MODULE_FOLDER)
    computer.services.pop(appliance.world.switches.service_name, None)
    appliance.msi, appliance.registered = None, False


def own_service(appliance: Appliance) -> None:
    """The management service, restarted as CceService: the end of a registration."""
    service = appliance.computer.services.find(appliance.world.switches.service_name)
    if service is not None:
        service.account = r".\CceService"
        service.become("Running")


class Installer:
    """`msiexec.exe` on one appliance: installs and removes made-up CloudConnector packages, one at a time."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance
        self._busy = False

    def run(self, launch: Launch) -> Activity:
        """The program's body; returns the exit code."""
        if self._busy:
            return BUSY
        self._busy = True
        try:
            return (yield from self._work(launch))
        finally:
            self._busy = False

    def _work(self, launch: Launch) -> Activity:
        action, target = arguments(launch.arguments)
        refusal = self._refusal(action, target, launch.computer.files_for(launch.logon))
        if refusal is not None:
            return refusal
        with self._appliance.because("msiexec"):
            return (yield from self._change(action, target))

    def _refusal(self, action: str, target: str, files: Files) -> int | None:
        installed = self._appliance.msi
        if action == "/x":
            return None if installed and target.upper() == product_code(installed) else UNKNOWN_PRODUCT
        if action != "/i":
            return FAILURE
        try:
            version = package_version(files.read(target))
        except OSError:
            version = None
        if version is None:
            return CANNOT_OPEN
        return OTHER_VERSION if installed not in (None, version) else None

    def _change(self, action: str, target: str) -> Activity:
        appliance = self._appliance
        fault = appliance.faults.take("msiexec.exe", "before", action)
        if fault is not None and fault.action in ("hang", "die_host"):
            yield from self._end(fault.action == "die_host")
        yield appliance.world.env.timeout(appliance.world.switches.msi_seconds)
        if fault is not None and fault.code not in (RESTART_NEEDED, RESTARTING):
            return fault.code
        self._apply(action, target)
        if fault is not None:
            renamed = {"PendingFileRenameOperations": [rf"\??\{MODULE_FOLDER}\old", ""]}
            appliance.computer.registry.set(SESSION_MANAGER, renamed)
        return SUCCESS if fault is None else fault.code

    def _end(self, restart: bool) -> Activity:
        """Never comes back: the installer hangs, or the host restarts under it."""
        if restart:
            self._appliance.restart()
        yield self._appliance.world.env.event()

    def _apply(self, action: str, target: str) -> None:
        appliance = self._appliance
        if action == "/x":
            take_away(appliance)
        elif appliance.msi is None:
            put_in_place(appliance, package_version(appliance.computer.files.read(target)) or "")
        if appliance.world.switches.msi_stops_calls and appliance.running_set is not None:
            appliance.running_set.stop_services()


def arguments(line: str) -> tuple[str, str]:
    """The action (`/i`, `/x`) and its target, of a command line of msiexec."""
    words = [word.strip('"') for word in shlex.split(line, posix=False)]
    for at, word in enumerate(words[:-1]):
        if word.lower() in ("/i", "/x", "/package", "/uninstall"):
            action = {"/package": "/i", "/uninstall": "/x"}.get(word.lower(), word.lower())
            return action, words[at + 1]
    return "", ""
