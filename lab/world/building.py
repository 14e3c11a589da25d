"""Builds one appliance as Microsoft's procedure would have left it: deployed, registered, in production."""

from __future__ import annotations

from typing import Any

from lab.powershell.objects import Credential, Secret
from lab.world import credentials, windows_update
from lab.world.appliance import PROGRAM_DATA, Appliance, Directories
from lab.world.bits import write_bits
from lab.world.calls import CallCapacity
from lab.world.computer import GIB, Computer, Module
from lab.world.configuration import FILE, Ini, identity, number, parse, render
from lab.world.description import Account, ApplianceDescription
from lab.world.machines import ROLES
from lab.world.network import account
from lab.world.product import Installer, install_msi, own_service
from lab.world.site import Site
from lab.world.tenant import TenantAppliance, new_identity

DOTNET_KEY = r"HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full"
SERVICE_PASSWORD = "Simulated-Cce-Passw0rd!"
CAPACITY = {"Normal": 500, "Minimum": 50}
Place = tuple[int, int]
"""Number of the site in the fleet and of the appliance in the site, both from 1: names and addresses follow from it."""


def build_appliance(site: Site[Appliance], described: ApplianceDescription, owner: Account, place: Place) -> Appliance:
    """Makes the appliance and puts it into its site."""
    world = site.world
    computer = _computer(site, described, owner)
    calls = CallCapacity(world.env, described.name, CAPACITY[described.hardware])
    appliance = Appliance(world, site, computer, calls, owner.name, described.address)
    appliance.no_calls = {version: set(ways) for version, ways in described.no_calls.items()}
    calls.fails = appliance.failure
    computer.watchers.append(appliance.power_changed)
    computer.executables["msiexec.exe"] = Installer(appliance).run
    site.appliances.append(appliance)
    values = ini_values(site, described.hardware, place)
    site.world.network.listening |= {
        (values[name]["IP"], int(values[name]["Port"])) for name in values if "Gateway" in name
    }
    _install(appliance, described, values)
    _register(appliance)
    appliance.recompute_service()
    return appliance


def _computer(site: Site[Appliance], described: ApplianceDescription, owner: Account) -> Computer:
    world = site.world
    computer = Computer(world.env, described.name, world.network, world.start)
    computer.boot_seconds = world.switches.boot_seconds
    computer.disks["C:"].free = described.free_disk_gb * GIB
    computer.memory.size = described.memory_gb * GIB
    computer.memory.free = (described.memory_gb * GIB) // (2 if world.switches.ram_for_two_sets else 16)
    computer.registry.set(DOTNET_KEY, {"Release": described.dotnet_release})
    computer.set_policy(**described.windows)
    computer.modules += [Module("Hyper-V", r"C:\Windows\System32\WindowsPowerShell\v1.0\Modules\Hyper-V")]
    computer.modules += [Module("SkypeOnlineConnector", r"C:\Program Files\Common Files\Skype\SkypeOnlineConnector")]
    computer.add_account(owner.name, owner.password)
    computer.add_account("CceService", SERVICE_PASSWORD)
    return computer


def _install(appliance: Appliance, described: ApplianceDescription, values: Ini) -> None:
    install_msi(appliance, described.scripts)
    own_service(appliance)
    appliance.registered = True
    _write_configuration(appliance, render(described.scripts, values))
    if number(described.scripts) < (2, 0) and not appliance.world.switches.early_ini_copied:
        appliance.computer.files.remove(rf"{PROGRAM_DATA}\{FILE}")
    _fill_cache(appliance, described)
    _fill_share(appliance, described.running)
    for version in filter(None, (described.running, described.backup)):
        deploy(appliance, version, values)
    appliance.running, appliance.backup = described.running, described.backup
    appliance.sets[described.running].engage()
    wait_updates(appliance, described.windows_updates)
    appliance.write_versions()


def wait_updates(appliance: Appliance, waiting: int | dict[str, list[Any]]) -> None:
    """Raises ValueError for a computer or a field that is not known."""
    running = appliance.sets[appliance.running or ""].machines
    computers = {"host": appliance.computer} | {role: machine.computer for role, machine in running.items()}
    for name, one in computers.items():
        one.updates.pending_is_found = appliance.world.switches.pending_updates_found
        if isinstance(waiting, int):
            one.windows_updates = waiting
        else:
            one.updates.available = windows_update.described(waiting.get(name, []))
    if not isinstance(waiting, int) and (unknown := sorted(set(waiting) - set(computers))):
        raise ValueError(f"windows_updates: unknown {', '.join(unknown)}; there are {', '.join(computers)}")


def _write_configuration(appliance: Appliance, text: str) -> None:
    root = rf"C:\Users\{account(appliance.owner)}\CloudConnector\ApplianceRoot"
    appliance.directories[account(appliance.owner)] = Directories(root, appliance.site.directory)
    appliance.computer.files.write_text(rf"{root}\{FILE}", text)
    appliance.computer.files.write_text(rf"{PROGRAM_DATA}\{FILE}", text)


def _fill_cache(appliance: Appliance, described: ApplianceDescription) -> None:
    """What the release that runs was registered with, and the one whose scripts are installed."""
    tenant = appliance.world.tenant
    kinds = [kind for version in (described.running, described.scripts) for kind in credentials.wanted(version)]
    cached = {kind: Credential(kind, Secret(SERVICE_PASSWORD)) for kind in kinds}
    cached["TenantAdmin"] = Credential(tenant.administrator, Secret(tenant.password))
    credentials.store(appliance, appliance.owner, cached)


def _fill_share(appliance: Appliance, version: str) -> None:
    files, site = appliance.world.network.files, appliance.site.directory
    files.write_text(rf"{site}\Bits\VHD\SfBServer.vhdx", "simulated base disk")
    write_bits(files, site, version, appliance.world.switches.version_info == "named")


def deploy(appliance: Appliance, version: str, values: Ini) -> None:
    """A complete set of VMs, off and not connected."""
    for role in ROLES:
        appliance.add_machine(version, role, values)
    appliance.sets[version].complete = True


def _register(appliance: Appliance) -> None:
    found = identity(ini_in_force(appliance))
    record = TenantAppliance(
        new_identity(found.site, appliance.name),
        appliance.name,
        found.site,
        found.mediation_fqdn,
        found.mediation_address,
        version=appliance.running or "",
    )
    appliance.world.tenant.appliances[record.identity] = record


def ini_values(site: Site[Appliance], hardware: str, place: Place) -> Ini:
    """What the CloudConnector.ini of an appliance says: the names and addresses that follow from its place in the fleet."""
    number, position = place
    server, network = f"S{number}A{position}", f"10.{number // 256}.{number % 256}"
    host = position * 10
    return {
        "Common": {
            "SIPDomains": "contoso.com",
            "VirtualMachineDomain": "cce.local",
            "ServerName": f"{server}-AD",
            "IP": f"{network}.{host + 1}",
            "OnlineSipFederationFqdn": "sipfed.online.lync.com",
            "SiteName": site.name,
            "HardwareType": hardware,
            "OMSEnabled": "false",
        },
        "Network": _networks(network),
        "PrimaryCMS": {"ServerName": f"{server}-CMS", "IP": f"{network}.{host + 2}", "ShareName": "CmsFileStore"},
        "MediationServer": {"ServerName": f"{server}-MED", "PoolName": "mspool", "IP": f"{network}.{host + 3}"},
        "EdgeServer": _edge(
            site.name, server, f"{network}.{host + 4}", f"198.{18 + number // 256}.{number % 256}.{position}"
        ),
        **{f"Gateway{one}": gateway(site.name, number, one) for one in (1, 2)},
        "HybridVoiceRoutes": {"LocalRoute": ".*"},
        "TrunkConfiguration": {
            "EnableReferSupport": "true",
            "EnableFastFailoverTimer": "true",
            "ForwardCallHistory": "false",
            "ForwardPAI": "false",
        },
    }


def _networks(network: str) -> dict[str, str]:
    return {
        "CorpnetIPPrefixLength": "24",
        "InternetIPPrefixLength": "24",
        "CorpnetSwitchName": "SfB CCE Corpnet Switch",
        "InternetSwitchName": "SfB CCE Internet Switch",
        "CorpnetDefaultGateway": f"{network}.1",
        "InternetDefaultGateway": "198.18.0.1",
        "CorpnetDNSIPAddress": f"{network}.2",
        "InternetDNSIPAddress": "198.18.0.2",
        "ManagementSwitchName": "SfB CCE Management Switch",
        "ManagementIPPrefix": "192.168.213.0",
        "ManagementIPPrefixLength": "24",
    }


def _edge(site: str, server: str, inside: str, outside: str) -> dict[str, str]:
    return {
        "InternalServerName": f"{server}-EDGE",
        "InternalPoolName": "edgepool",
        "InternalServerIPs": inside,
        "ExternalSIPPoolName": f"ap-{site}",
        "ExternalSIPIPs": outside,
        "ExternalMRFQDNPoolName": f"ap-{site}",
        "ExternalMRIPs": outside,
        "ExternalMRPublicIPs": "",
        "ExternalMRPortRange": "10000",
    }


def gateway(site: str, number: int, one: int) -> dict[str, str]:
    """One of the two gateways of a site."""
    return {
        "FQDN": f"gw{one}.{site}.contoso.com",
        "IP": f"10.{number // 256}.{number % 256}.{200 + one}",
        "Port": "5068",
        "Protocol": "TCP",
        "VoiceRoutes": "LocalRoute",
    }


def new_ini(appliance: Appliance, version: str) -> str:
    """The template of `version` with the values of the ini in force on the appliance: what an administrator prepares."""
    return render(version, ini_in_force(appliance))


def ini_in_force(appliance: Appliance) -> Ini:
    """The ini in ProgramData, or where there is none (before 2.0) that of the appliance directory."""
    files, own = appliance.computer.files, appliance.directories[account(appliance.owner)].appliance
    paths = [rf"{root}\{FILE}" for root in (PROGRAM_DATA, own)]
    return parse(files.read_text(next((path for path in paths if files.exists(path)), paths[0])))
