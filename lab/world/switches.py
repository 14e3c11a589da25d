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
    """The tenant does the same for outbound calls (cloud-connector.md 4; 10: no source)."""

    msi_stops_calls: bool = False
    """Removing or installing the MSI also stops the services of the running set (5.3 infers that it does not)."""
    install_disturbs_calls: bool = False
    """Deploying the new set restarts the services of the running one, which cuts its calls (5.3 infers that it does not)."""

    vm_access: bool = True
    """The host can open a remote PowerShell session into its VMs with the cached credentials (cloud-connector.md 9.2)."""
    network_logon_reads_cache: bool = False
    """A logon that holds no password of its own (NTLM) can decrypt the credential cache (cloud-connector.md 9.2)."""
    directories_per_user: bool = True
    """Another account sees its own default directories (9.3 item 1)."""

    version_info: Literal["named", "absent"] = "named"
    """Whether the version file of the site directory names the version of the bits (no source; cloud-connector.md 8)."""
    register_again: Literal["accepted", "refused"] = "accepted"
    """What Register-CcAppliance does with a full match (9.1 item 4)."""
    register_imports_ini: bool = True
    """Register-CcAppliance imports the ini by itself when none was imported (9.1 item 6)."""
    local_asks_again: bool = True
    """Register-CcAppliance -Local asks for every password anew, as the remedies of T11 and T24 need; False: only for what is
    not cached (cloud-connector.md 1.3, 6.3)."""
    download_skips_existing: bool = True
    """Bits that are in the share are not downloaded again (1.1 Start-CcDownload)."""
    install_again: Literal["nothing", "refused"] = "nothing"
    """Install-CcAppliance -Upgrade when the set of this version is complete (cloud-connector.md 9.2)."""
    install_over_unfinished: Literal["refused", "replaced"] = "refused"
    """Install-CcAppliance -Upgrade when a set of this version was begun and not finished (cloud-connector.md 9.2)."""
    install_replaces_backup: bool = True
    """An older backup set is removed when a new set is deployed; otherwise it stays in Hyper-V, neither running nor backup
    (cloud-connector.md 9.2)."""
    new_set_stays_on: bool = True
    """The VMs of the new set stay on, without network, until the switch (7 infers that they run while being deployed)."""
    ram_for_two_sets: bool = True
    """The memory of the host is enough for two sets of VMs at once (cloud-connector.md 7)."""
    switch_without_backup: Literal["refused", "nothing"] = "refused"
    """Switch-CcVersion where there is no backup set (cloud-connector.md 9.2)."""
    failed_services_still_switch: bool = True
    """Services of the new Edge that do not start leave running and backup exchanged all the same
    (cloud-connector.md 6.3 T4)."""
    drain_limit: float | None = None
    """After this time a drain fails (or cuts, with -Force); None: it waits for the last call (cloud-connector.md 9.2)."""
    drain_shows: Literal["nothing", "paused"] = "nothing"
    """What Windows shows of the services that drain: that they run, or that they are paused (no source)."""

    # What the domain review asked for: versions, prompts, files, the MSI.
    blocking_rule: Literal["disabled", "missing"] = "disabled"
    """How the firewall rule that lets no call in is found (cloud-connector.md 4.1 has a disabled one; missing: no source)."""
    counters_show_ringing: bool = False
    """The counters of live calls count calls that ring and are not answered yet (no source; cloud-connector.md 6.2)."""
    version_file: Literal["last", "first"] = "last"
    """When Start-CcDownload writes the version file; the automatic update downloads it first (cloud-connector.md 5.4)."""
    bits_come: Literal["at once", "one by one"] = "at once"
    """Whether a download that is cut leaves no bits, or some of them (no source; cloud-connector.md 1.1 Start-CcDownload)."""
    cut_download: Literal["resumed", "taken for whole"] = "resumed"
    """What the next Start-CcDownload makes of bits that are not whole (no source; cloud-connector.md 1.1 Start-CcDownload)."""
    version_text: Literal["short", "three numbers", "four numbers", "sentence", "object", "host"] = "short"
    """What Get-CcVersion and Get-CcRunningVersion write of 2.1: 2.1, 2.1.0, 2.1.0.0, a sentence, an object, or nothing but a line
    on the console (cloud-connector.md 9.1 no. 9; the form: no source). Names of VMs and Uninstall-CcAppliance -Version have the
    same numbers."""
    running_version_stays: bool = False
    """Get-CcRunningVersion is still there in 2.0 and later (cloud-connector.md 9.1 no. 8)."""
    prompt_style: Literal["account types", "other words", "credential"] = "account types"
    """How a password is asked for: by a text that names the account type, by one that does not, or, with a text that does, by
    Get-Credential in place of Read-Host (no source; cloud-connector.md 1.3)."""
    confirm_twice: bool = False
    """Every new password is asked for twice (no source; cloud-connector.md 1.3)."""
    host_ui: bool = False
    """The product asks by $Host.UI, which nothing but a person at the console can answer (no source; cloud-connector.md 1.3)."""
    early_ini_copied: bool = True
    """Before 2.0, which has no Import-CcConfiguration, the ini lies in ProgramData too (no source; cloud-connector.md 3.1)."""
    backup_named: Literal["complete", "begun"] = "complete"
    """When module.ini, and so BackupBits, names a new set: once it is complete, or as its deployment begins (no source)."""
    msi_keeps_service_account: bool = False
    """A new MSI leaves the management service its account, though Register-CcAppliance gave it (no source; 5.3, 8)."""
    msi_keeps_registration: bool = False
    """A new MSI leaves the appliance registered, as if Register-CcAppliance had run on the new scripts (no source)."""
    restart_sign: Literal["PendingFileRenameOperations", "RebootPending"] = "PendingFileRenameOperations"
    """Where Windows notes the restart that Windows Installer asks for with 3010 (no source for this MSI;
    cloud-connector.md 8 MSI exit codes)."""

    enter_drains: bool = False
    """Enter-CcUpdate lets running calls finish, as the older texts say; the corrected text says that it cuts (9.1 item 1)."""
    enter_sets_tenant_flag: bool = True
    """Enter-CcUpdate also sets MaintenanceMode in the tenant, Exit-CcUpdate takes it back (2.2)."""
    enter_again: Literal["nothing", "refused"] = "nothing"
    """Enter-CcUpdate in maintenance mode (cloud-connector.md 9.2)."""
    exit_outside: Literal["nothing", "refused"] = "nothing"
    """Exit-CcUpdate outside of maintenance mode (cloud-connector.md 9.2)."""

    # The tenant's sessions, the management service, Windows around the product.
    tenant_session_limit: int | None = 3
    """Remote sessions to the tenant that an administrator may have at once; None: any number (cloud-connector.md 10: three)."""
    tenant_session_linger: float = 900.0
    """How long the tenant keeps a session whose PowerShell ended without removing it (10: about 15 minutes)."""
    tenant_logon_seconds: float = 5.0
    """New-CsOnlineSession; no source says how long it takes."""
    tenant_import_seconds: float = 60.0
    """Import-PSSession of all cmdlets of the tenant, which are hundreds; of those named by -CommandName a tenth. No source."""
    vm_off_seconds: float = 0.0
    """After which Windows gives up to reach a VM that is off or not plugged in: 20 seconds to 3 minutes (cloud-connector.md 10,
    from experience); the default is kinder."""
    automatic_update: bool = False
    """The management service updates by itself in the windows of a site with EnableAutoUpdate, as documented (5.4)."""
    os_update_seconds: float = 1200.0
    """What one round of Windows updates takes on a computer, before its restart (no source)."""
    automatic_recovery: bool = False
    """The management service brings an appliance back into service by itself, as documented (4.2)."""
    recovery_minds_cmdlets: bool = True
    """Recovery keeps away while a cmdlet such as Switch-CcVersion is at work on the appliance (no source)."""
    lock_file_stays: bool = False
    """CcLockFile is in the share also while no update is under way: it is deleted by hand in one procedure (6.4; no source)."""
    share_latency: float = 0.0
    """What a cmdlet that reaches a share takes longer, in seconds (no source)."""
    vms_start_in_order: bool = False
    """After a start of the host the VMs come up one after the other, as they need each other (4), or all together (no source)."""

    product_name: str = "Skype for Business Cloud Connector Edition"
    """The name in Programs and Features; not documented, this is the name of the install folder (8)."""
    service_name: str = "CCEManagementService"
    """The Windows name of the management service; not documented (cloud-connector.md 8)."""
    vm_name: str = "{server}-{version}"
    """How a VM is named in Hyper-V: that the version is in it is documented, the pattern is not (4)."""

    msi_seconds: float = 90.0
    """Removing or installing the MSI; no source says how long anything takes (cloud-connector.md 9.2)."""
    import_seconds: float = 2.0
    """Import-CcConfiguration (cloud-connector.md 9.2)."""
    register_seconds: float = 60.0
    """Register-CcAppliance (cloud-connector.md 9.2)."""
    credential_seconds: float = 0.0
    """Set-CcCredential, Restore-CcCredentials, Register-CcAppliance -Local, after the last question (cloud-connector.md 9.2)."""
    directory_seconds: float = 0.0
    """Set-CcApplianceDirectory and Set-CcSiteDirectory, each (cloud-connector.md 9.2)."""
    download_seconds: float = 1800.0
    """Start-CcDownload (cloud-connector.md 9.2)."""
    install_hours: float = 2.0
    """One field report says that an update takes more than three hours in all (7)."""
    uninstall_seconds: float = 300.0
    """Uninstall-CcAppliance (cloud-connector.md 9.2)."""
    switch_duration: float = 180.0
    """From the last drained call to the new set being connected (cloud-connector.md 9.2)."""
    services_seconds: float = 45.0
    """What the Windows services of Mediation and Edge need to start; no source."""
    boot_services_seconds: float = 0.0
    """What the services of a VM need to start after its boot, without Exit-CcUpdate; no source."""
    pending_updates_found: bool = False
    """A search of Windows Update also finds what only waits for a restart (no source)."""
    boot_seconds: float = 240.0
    """A restart of the host, from the moment it goes down until it answers; no source."""

    older_scripts: Literal["accepted", "refused"] = "accepted"
    """Whether Register-CcAppliance of an older MSI accepts what a newer one left, a set of VMs say (cloud-connector.md 7: that an
    older MSI may be installed again is not documented)."""

    @classmethod
    def from_mapping(cls, chosen: Mapping[str, Any]) -> Switches:
        """The defaults with `chosen` put over them; a name that is no switch is a ValueError."""
        unknown = sorted(set(chosen) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        return replace(cls(), **chosen)


def own_text(version: str, switches: Switches) -> str:
    """A version with as many numbers as the product writes (switch `version_text`)."""
    numbers = version.split(".")
    wanted = {"three numbers": 3, "four numbers": 4}.get(switches.version_text, len(numbers))
    return ".".join([*numbers, "0", "0", "0"][: max(wanted, len(numbers))])
