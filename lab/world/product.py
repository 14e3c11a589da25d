"""The product on a host as Windows sees it: MSI, module, uninstall entry, management service (cloud-connector.md 8, 9.4)."""

from __future__ import annotations

import re
import shlex
import uuid

from lab.world.activity import Activity
from lab.world.appliance import Appliance
from lab.world.computer import REBOOT_PENDING, SESSION_MANAGER, Launch, Module, Service
from lab.world.files import Files

MODULE_FOLDER = r"C:\Program Files\WindowsPowerShell\Modules\CloudConnector"
SERVICE_IMAGE = (
    r"C:\Program Files\Skype for Business Cloud Connector Edition\ManagementService"
    r"\Microsoft.Rtc.CCE.ManagementService.exe"
)
NETWORK_SERVICE = r"NT AUTHORITY\NetworkService"
UNINSTALL_KEY = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
PRODUCTS_KEY = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products"
CACHE = r"C:\Windows\Installer"
"""Where Windows Installer keeps a copy of every MSI that it has installed."""
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


def cached_package(version: str) -> str:
    """The path of Windows Installer's copy of a version's MSI."""
    return rf"{CACHE}\{uuid.uuid5(uuid.NAMESPACE_URL, product_code(version)).hex[:7]}.msi"


def cache_key(version: str) -> str:
    """The registry key that names that copy: the product code as Windows Installer writes it there, packed."""
    first, second, third, *rest = product_code(version).strip("{}").split("-")
    pairs = "".join(rest)
    packed = [part[::-1] for part in (first, second, third)] + [pairs[at + 1] + pairs[at] for at in range(0, 16, 2)]
    return rf"{PRODUCTS_KEY}\{''.join(packed)}\InstallProperties"


def install_msi(appliance: Appliance, version: str) -> None:
    """What an installed MSI of this version leaves on the host; the service runs as NetworkService until registration, and the
    appliance is not registered, unless the switches say that what the MSI before had is kept.
    """
    computer, switches = appliance.computer, appliance.world.switches
    account, registered = appliance.kept
    appliance.msi, appliance.registered = version, registered and switches.msi_keeps_registration
    computer.modules.append(Module("CloudConnector", MODULE_FOLDER, version))
    computer.files.write_text(rf"{MODULE_FOLDER}\CloudConnector.psd1", f"# simulated, version {version}\r\n")
    entry = {"DisplayName": switches.product_name, "DisplayVersion": version, "Publisher": "simulated"}
    computer.registry.set(rf"{UNINSTALL_KEY}\{product_code(version)}", entry)
    computer.files.make_folder(CACHE)
    computer.files.write(cached_package(version), package(version))
    computer.registry.set(cache_key(version), {**entry, "LocalPackage": cached_package(version)})
    name = "Skype for Business Cloud Connector Management Service"
    runs_as = account if account and switches.msi_keeps_service_account else NETWORK_SERVICE
    computer.services.add(Service(switches.service_name, name, "Running", account=runs_as, image=SERVICE_IMAGE))


def uninstall_msi(appliance: Appliance) -> None:
    """What the removal of the MSI takes; VMs, configuration and the credential cache stay."""
    computer = appliance.computer
    removed = appliance.msi or ""
    computer.registry.remove(rf"{UNINSTALL_KEY}\{product_code(removed)}")
    computer.registry.remove(cache_key(removed))
    if computer.files.exists(cached_package(removed)):
        computer.files.remove(cached_package(removed))
    computer.modules = [module for module in computer.modules if module.name != "CloudConnector"]
    if computer.files.exists(MODULE_FOLDER):
        computer.files.remove(MODULE_FOLDER)
    service = computer.services.pop(appliance.world.switches.service_name, None)
    appliance.kept = (service.account if service else "", appliance.registered)
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
        self._write_log(launch, action)
        refusal = self._refusal(action, target, launch.computer.files_for(launch.logon))
        if refusal is not None:
            return refusal
        with self._appliance.cause("msiexec"):
            return (yield from self._change(action, target))

    def _write_log(self, launch: Launch, action: str) -> None:
        """What `/l*v <file>` asks for; a folder that is not there is no reason for Windows Installer to stop."""
        words = [word.strip('"') for word in shlex.split(launch.arguments, posix=False)]
        files = launch.computer.files_for(launch.logon)
        for path in (words[at + 1] for at, word in enumerate(words[:-1]) if word.lower() == "/l*v"):
            if files.exists(path.rpartition("\\")[0]):
                files.write_text(path, f"simulated log of msiexec {action}\r\n")

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
            self._ask_for_restart()
        return SUCCESS if fault is None else fault.code

    def _ask_for_restart(self) -> None:
        """The sign of a pending restart that goes with 3010 and 1641, until the host restarts."""
        registry = self._appliance.computer.registry
        if self._appliance.world.switches.restart_sign == "RebootPending":
            registry.set(REBOOT_PENDING, {})
        else:
            registry.set(SESSION_MANAGER, {"PendingFileRenameOperations": [rf"\??\{MODULE_FOLDER}\old", ""]})

    def _end(self, restart: bool) -> Activity:
        """Never comes back: the installer hangs, or the host restarts under it."""
        if restart:
            self._appliance.restart()
        yield self._appliance.world.env.event()

    def _apply(self, action: str, target: str) -> None:
        appliance = self._appliance
        if action == "/x":
            uninstall_msi(appliance)
        elif appliance.msi is None:
            install_msi(appliance, package_version(appliance.computer.files.read(target)) or "")
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
