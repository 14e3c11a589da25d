"""What nobody knows about the product, as named switches with a documented default.

cloud-connector.md 9.2 lists what no source says. Where the lab has to do something all the same, it does what the switch
says, so that a test can prove the collection against several behaviours. A default is a choice of this lab, never a fact
about the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Switches:
    """One fleet's choice for every unknown. Durations are seconds unless the name says otherwise."""

    gateway_retry: bool = True
    """A gateway whose call is refused tries the other appliances of the site (cloud-connector.md 4: trunks of equal priority)."""
    tenant_retry: bool = True
    """The tenant does the same for outbound calls."""

    msi_stops_calls: bool = False
    """Removing or installing the MSI also stops the services of the running set (5.3 infers that it does not)."""
    install_disturbs_calls: bool = False
    """Deploying the new set restarts the services of the running one, which cuts its calls (5.3 infers that it does not)."""

    vm_access: bool = True
    """The host can open a remote PowerShell session into its VMs with the cached credentials."""
    network_logon_reads_cache: bool = False
    """A logon that holds no password of its own (NTLM) can decrypt the credential cache."""
    directories_per_user: bool = True
    """Another account sees its own default directories (9.3 item 1)."""

    version_info: Literal["named", "absent"] = "named"
    """Whether the version file of the site directory names the version of the bits."""
    register_again: Literal["accepted", "refused"] = "accepted"
    """What Register-CcAppliance does with a full match (9.1 item 4)."""
    register_imports_ini: bool = True
    """Register-CcAppliance imports the ini by itself when none was imported (9.1 item 6)."""
    local_asks_again: bool = True
    """Register-CcAppliance -Local asks for every password anew, as the remedies of T11 and T24 need; False: only for what is
    not cached."""
    download_skips_existing: bool = True
    """Bits that are in the share are not downloaded again (1.1 Start-CcDownload)."""
    install_again: Literal["nothing", "refused"] = "nothing"
    """Install-CcAppliance -Upgrade when the set of this version is complete."""
    install_over_unfinished: Literal["refused", "replaced"] = "refused"
    """Install-CcAppliance -Upgrade when a set of this version was begun and not finished."""
    install_replaces_backup: bool = True
    """An older backup set is removed when a new set is deployed; otherwise it stays in Hyper-V, neither running nor backup."""
    new_set_stays_on: bool = True
    """The VMs of the new set stay on, without network, until the switch (7 infers that they run while being deployed)."""
    ram_for_two_sets: bool = True
    """The memory of the host is enough for two sets of VMs at once."""
    switch_without_backup: Literal["refused", "nothing"] = "refused"
    failed_services_still_switch: bool = True
    """Services of the new Edge that do not start leave running and backup exchanged all the same (trouble T4)."""
    drain_limit: float | None = None
    """After this time a drain fails (or cuts, with -Force); None: it waits for the last call."""

    enter_drains: bool = False
    """Enter-CcUpdate lets running calls finish, as the older texts say; the corrected text says that it cuts (9.1 item 1)."""
    enter_sets_tenant_flag: bool = True
    """Enter-CcUpdate also sets MaintenanceMode in the tenant, Exit-CcUpdate takes it back (2.2)."""
    enter_again: Literal["nothing", "refused"] = "nothing"
    exit_outside: Literal["nothing", "refused"] = "nothing"

    product_name: str = "Skype for Business Cloud Connector Edition"
    """The name in Programs and Features; not documented, this is the name of the install folder (8)."""
    service_name: str = "CCEManagementService"
    """The Windows name of the management service; not documented."""
    vm_name: str = "{server}-{version}"
    """How a VM is named in Hyper-V: that the version is in it is documented, the pattern is not (4)."""

    msi_seconds: float = 90.0
    import_seconds: float = 2.0
    register_seconds: float = 60.0
    download_seconds: float = 1800.0
    install_hours: float = 2.0
    """One field report says that an update takes more than three hours in all (7)."""
    uninstall_seconds: float = 300.0
    switch_duration: float = 180.0
    """From the last drained call to the new set being connected."""
    services_seconds: float = 45.0
    """What the Windows services of Mediation and Edge need to start."""
    boot_seconds: float = 240.0
    """A restart of the host, from the moment it goes down until it answers."""

    @classmethod
    def from_mapping(cls, chosen: Mapping[str, Any]) -> Switches:
        """The defaults with `chosen` put over them; a name that is no switch is a ValueError."""
        unknown = sorted(set(chosen) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        return replace(cls(), **chosen)
