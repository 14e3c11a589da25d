"""Start-CcDownload, and the bits in the site directory (cloud-connector.md 1.1, 8)."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import Work, directories, files_of, product, scripts, work
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.bits import folder, write_bits
from lab.world.configuration import number
from lab.world.product import put_in_place, take_away

DOWNLOAD_HOST = "download.microsoft.com"


@product("Start-CcDownload")
def download(call: Invocation, appliance: Appliance) -> Work:
    """Brings the bits to the site directory. Without -DownloadBitsOnly it also swaps the MSI when the site offers a newer one."""
    version = _offered(call, appliance)
    if not call.flag("DownloadBitsOnly") and number(version) > number(scripts(call)):
        yield from work(call, appliance, "msi", appliance.world.switches.msi_seconds * 2)
        take_away(appliance)
        put_in_place(appliance, version)
    site = directories(call).site
    _reachable(call, site)
    if files_of(call).exists(folder(site, version)) and appliance.world.switches.download_skips_existing:
        return
    yield from work(call, appliance, "bits", appliance.world.switches.download_seconds)
    write_bits(files_of(call), site, version, appliance.world.switches.version_info == "named")


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
    if not files_of(call).exists(folder(site, version)):
        call.throw(f"The bits of version {version} are not in {site}. Run Start-CcDownload. (simulated)")


def _reachable(call: Invocation, site: str) -> None:
    try:
        files_of(call).folder(site)
    except PermissionError:
        call.throw(f"Access to the path '{site}' is denied.")
    except OSError:
        call.throw(f"Could not find a part of the path '{site}'.")
