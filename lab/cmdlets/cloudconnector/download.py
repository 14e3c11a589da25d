"""Start-CcDownload, and the bits in the site directory (cloud-connector.md 1.1, 8)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import Work, directories, files_of, product, scripts, work
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.bits import folder, whole, write_bits, write_half, write_version_file
from lab.world.configuration import number
from lab.world.product import install_msi, uninstall_msi

DOWNLOAD_HOST = "download.microsoft.com"


@product("Start-CcDownload")
def download(call: Invocation, appliance: Appliance) -> Work:
    """Brings the bits to the site directory. Without -DownloadBitsOnly it also swaps the MSI when the site offers a newer one."""
    version = _offered(call, appliance)
    if not call.flag("DownloadBitsOnly") and number(version) > number(scripts(call)):
        yield from work(call, appliance, "msi", appliance.world.switches.msi_seconds * 2)
        uninstall_msi(appliance)
        install_msi(appliance, version)
    site = directories(call).site
    _reachable(call, site)
    if not _nothing_to_do(call, appliance, site, version):
        yield from _fetch(call, appliance, site, version)


def _nothing_to_do(call: Invocation, appliance: Appliance, site: str, version: str) -> bool:
    """Whether the bits are taken for being there already."""
    switches, files = appliance.world.switches, files_of(call)
    if not switches.download_skips_existing or not files.exists(folder(site, version)):
        return False
    return switches.cut_download == "taken for whole" or whole(files, site, version)


def _fetch(call: Invocation, appliance: Appliance, site: str, version: str) -> Work:
    """Points: version file (where it comes first), half (where bits come one by one), bits."""
    switches, files = appliance.world.switches, files_of(call)
    named, seconds = switches.version_info == "named", switches.download_seconds
    if switches.version_file == "first":
        write_version_file(files, site, version, named)
        yield from work(call, appliance, "version file", 0)
        _reachable(call, site)
    if switches.bits_come == "one by one":
        seconds /= 2
        write_half(files, site, version)
        yield from work(call, appliance, "half", seconds)
    yield from work(call, appliance, "bits", seconds)
    _reachable(call, site)
    write_bits(files, site, version, named)


def _offered(call: Invocation, appliance: Appliance) -> str:
    """The version that Microsoft's or a private download site has."""
    root, world = call.get("DownloadUrlRoot"), appliance.world
    version = world.latest if root is None else world.private_downloads.get(root)
    if version is None or (root is None and DOWNLOAD_HOST in world.network.down):
        call.throw(f"Unable to download from {root or DOWNLOAD_HOST}. (simulated)")
    return str(version)


def bits_are_there(call: Invocation, version: str) -> None:
    """Ends the cmdlet when the site directory cannot be reached or lacks the bits of this version."""
    site = directories(call).site
    _reachable(call, site)
    if not whole(files_of(call), site, version):
        call.throw(f"The bits of version {version} are not in {site}. Run Start-CcDownload. (simulated)")


def _reachable(call: Invocation, site: str) -> None:
    try:
        files_of(call).folder(site)
    except PermissionError:
        call.throw(f"Access to the path '{site}' is denied.")
    except OSError:
        call.throw(f"Could not find a part of the path '{site}'.")
