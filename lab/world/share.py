"""The files of the product in the site directory that keep appliances apart and tell of them (cloud-connector.md 5.4, 6.4, 8).

Their names are documented; what is in them is not, and that CcLockFile keeps updates apart is inferred.
"""

from __future__ import annotations

from lab.world.files import Files
from lab.world.network import Network
from lab.world.switches import Switches

TEXT = "simulated\r\n"


def lock_file(directory: str) -> str:
    """The file that is there while an update is under way."""
    return rf"{directory}\CcLockFile"


def site_file(directory: str, edge_fqdn: str) -> str:
    """Where the management services of a site put their status."""
    return rf"{directory}\Site_{edge_fqdn}"


def begin(network: Network, switches: Switches, directory: str, edge_fqdn: str) -> None:
    """What lies in the share of a site that is in service."""
    names = [
        site_file(directory, edge_fqdn),
        *(rf"{directory}\{kind}_{edge_fqdn}" for kind in ("Tenant", "TenantConfigLock")),
    ]
    for path in [*names, *([lock_file(directory)] if switches.lock_file_stays else [])]:
        network.files.write_text(path, TEXT)


def lock(files: Files, directory: str, who: str) -> None:
    """An update of `who` begins. Raises OSError where the share is out of reach."""
    files.write_text(lock_file(directory), f"{TEXT}{who}\r\n")


def unlock(files: Files, switches: Switches, directory: str) -> None:
    """The update is over; a share out of reach keeps the file."""
    try:
        if not switches.lock_file_stays:
            files.remove(lock_file(directory))
    except OSError:
        return


def tell(files: Files, directory: str, edge_fqdn: str, who: str, status: str) -> None:
    """Puts the status of an appliance into the file of its site; a share out of reach is no failure of the service."""
    try:
        files.write_text(site_file(directory, edge_fqdn), f"{TEXT}{who}={status}\r\n")
    except OSError:
        return
