"""Every step the collection sends to an appliance, as data: one function a cmdlet, no decision in any of them.

A step names one cmdlet, its parameters and the properties to keep (`bridge.ps1`). Which cmdlets exist and how they bind is
in the lab's `cmdlets.json`; a test binds every step built here in that syntax. Sources: cloud-connector.md 1 (Cc cmdlets),
2 (tenant), 4.1 (services), 6.2 (counters), 8 (places); bridge/README.md "Jobs need no more than steps".
Those that only the modules of the tenant's records send stand in `tenant_steps.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Step = dict[str, Any]

PROGRAM_DATA = r"C:\ProgramData\CloudConnector"
"""Where the product keeps its imported ini, module.ini and credential files (cloud-connector.md 8)."""

OUR_DATA = r"C:\Program Files\sfb.cloud_connector"
"""Where the collection keeps what it writes to an appliance: jobs, saved state, staged packages. Never a secret.

Not below ProgramData, where every user may make files: what stands in a job's request runs with the highest privileges.
"""

UNINSTALL_KEYS = (
    r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\*",
    r"HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\*",
)
DOTNET_KEY = r"HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full"
MANAGEMENT_SERVICE_FILTER = "PathName LIKE '%Microsoft.Rtc.CCE.ManagementService.exe%'"
"""The Windows name of the management service is not documented; its image is (cloud-connector.md 8)."""

INBOUND_CALLS = r"\LS:MediationServer - Inbound Calls(_Total)\- Current"
OUTBOUND_CALLS = r"\LS:MediationServer - Outbound Calls(_Total)\- Current"

RESTART_KEYS = (
    r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
    r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
)
"""Keys that are there while servicing and while Windows Update wait for a restart."""

SESSION_MANAGER = r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager"
RECOVERY_EVENTS = (304, 20006)
"""What the management service logs of automatic recovery (cloud-connector.md 4.2)."""

OUTPUT = "$output"


def step(
    name: str,
    cmdlet: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    keep: Sequence[str] | None = None,
    carry_on: bool = False,
    expect: Sequence[Any] | None = None,
) -> Step:
    """One step. `carry_on`: an error does not stop the list. `expect`: another output stops it, before the next step runs."""
    made: Step = {"name": name, "cmdlet": cmdlet, "parameters": dict(parameters or {})}
    if keep is not None:
        made["keep"] = list(keep)
    if carry_on:
        made["on_error"] = "continue"
    if expect is not None:
        made["expect"] = list(expect)
    return made


def request(steps: Iterable[Step], answers: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """A whole request; `answers` are what prompts get, each used once."""
    return {"protocol": 1, "steps": list(steps), "answers": [dict(answer) for answer in answers]}


def output_of(name: str) -> dict[str, str]:
    """The object an earlier step returned, without it leaving the host."""
    return {OUTPUT: name}


# --- reading: none of these changes anything, each carries on after an error ------------------------------------------


def read(
    name: str, cmdlet: str, parameters: Mapping[str, Any] | None = None, keep: Sequence[str] | None = None
) -> Step:
    """A step that only reads: an error is part of the answer."""
    return step(name, cmdlet, parameters, keep=keep, carry_on=True)


def version(kind: str, name: str, expect: Sequence[str] | None = None) -> Step:
    """`kind`: RunningScripts, RunningBits or BackupBits. With `expect` it is a fence: another version stops the list."""
    parameters = {"VersionType": kind}
    if expect is None:
        return read(name, r"CloudConnector\Get-CcVersion", parameters)
    return step(name, r"CloudConnector\Get-CcVersion", parameters, expect=expect)


def appliance_directory() -> Step:
    return read("appliance_directory", r"CloudConnector\Get-CcApplianceDirectory")


def site_directory() -> Step:
    return read("site_directory", r"CloudConnector\Get-CcSiteDirectory")


def programs() -> Step:
    """All installed programs; ours is found by its display name, which is not documented (cloud-connector.md 8)."""
    return read(
        "programs",
        "Get-ItemProperty",
        {"Path": list(UNINSTALL_KEYS)},
        ["DisplayName", "DisplayVersion", "PSChildName"],
    )


def file_text(name: str, path: str) -> Step:
    return read(name, "Get-Content", {"LiteralPath": path, "Raw": True, "Encoding": "UTF8"})


def file_exists(name: str, path: str) -> Step:
    return read(name, "Test-Path", {"LiteralPath": path})


def file_unchanged(name: str, path: str, expect: Sequence[str]) -> Step:
    """A fence: another text than the one that was read, or no file at all, stops the list."""
    return step(name, "Get-Content", {"LiteralPath": path, "Raw": True, "Encoding": "UTF8"}, expect=expect)


def file_hash(name: str, path: str, expect: str) -> Step:
    """A fence: any hash but `expect` (upper case hexadecimal) stops the list."""
    parameters = {"LiteralPath": path, "Algorithm": "SHA256"}
    return step(name, "Get-FileHash", parameters, keep=["Hash"], expect=[{"Hash": expect}])


def file_gone(name: str, path: str) -> Step:
    """A fence: a file that is still there stops the list."""
    return step(name, "Test-Path", {"LiteralPath": path}, expect=[False])


def hash_of(name: str, path: Any) -> Step:
    """The SHA-256 of a file, in upper case hexadecimal; `path` may be the output of an earlier step."""
    return read(name, "Get-FileHash", {"LiteralPath": path, "Algorithm": "SHA256"}, ["Hash"])


def folder(name: str, path: str) -> Step:
    return read(name, "Get-ChildItem", {"LiteralPath": path}, ["Name", "Length", "PSIsContainer"])


def version_files(site_directory: str) -> Step:
    """The version info files of the site directory: their names and format are not documented, so only their text is searched."""
    return read("version_files", "Get-Content", {"Path": rf"{site_directory}\VersionInfo*", "Encoding": "UTF8"})


def management_service() -> Step:
    return read(
        "management_service",
        "Get-WmiObject",
        {"Class": "Win32_Service", "Filter": MANAGEMENT_SERVICE_FILTER},
        ["Name", "State", "StartName"],
    )


def disk() -> Step:
    return read(
        "disk", "Get-WmiObject", {"Class": "Win32_LogicalDisk", "Filter": "DeviceID='C:'"}, ["FreeSpace", "Size"]
    )


def memory() -> Step:
    return read(
        "memory",
        "Get-WmiObject",
        {"Class": "Win32_OperatingSystem"},
        ["CSName", "FreePhysicalMemory", "TotalVisibleMemorySize", "LastBootUpTime", "Version"],
    )


def dotnet() -> Step:
    return read("dotnet", "Get-ItemProperty", {"LiteralPath": DOTNET_KEY}, ["Release"])


def clock() -> Step:
    """The host's own time; a DateTime comes back as UTC."""
    return read("clock", "Get-Date")


def restart_keys() -> Step:
    return read("restart_keys", "Test-Path", {"LiteralPath": list(RESTART_KEYS)})


def file_renames() -> Step:
    """Files that are replaced at the next start of Windows; the key itself is always there."""
    return read("file_renames", "Get-ItemProperty", {"LiteralPath": SESSION_MANAGER}, ["PendingFileRenameOperations"])


def recovery_events() -> Step:
    """By number, since neither the source of these events nor the display language is known."""
    wanted = {"LogName": "Application", "Id": list(RECOVERY_EVENTS)}
    return read(
        "recovery_events",
        "Get-WinEvent",
        {"FilterHashtable": wanted, "MaxEvents": 20},
        ["Id", "TimeCreated", "ProviderName", "Message"],
    )


def recovery_status(appliance_directory: str) -> Step:
    """The file has this name, misspelt as it is (cloud-connector.md 4.2)."""
    return file_text("recovery_status", rf"{appliance_directory}\CceSevicePersistent")


def certificates() -> Step:
    """The computer's own store. `Get-PfxCertificate` of the external certificate's file would ask for its password."""
    kept = ["Subject", "Issuer", "NotAfter", "Thumbprint"]
    return read("certificates", "Get-ChildItem", {"LiteralPath": r"Cert:\LocalMachine\My"}, kept)


def start_modes(names: Sequence[str]) -> Step:
    """`Get-Service` of PowerShell 4.0 does not tell them."""
    condition = " OR ".join(f"Name='{name}'" for name in names)
    return read("start_modes", "Get-WmiObject", {"Class": "Win32_Service", "Filter": condition}, ["Name", "StartMode"])


def switches() -> Step:
    return read("switches", "Get-VMSwitch", {}, ["Name"])


def machines() -> Step:
    """All VMs of the host; a VM's name contains the version of its set (cloud-connector.md 4)."""
    return read("machines", "Get-VM", {}, ["Name", "State"])


def network_adapters() -> Step:
    return read("network_adapters", "Get-VMNetworkAdapter", {"VMName": "*"}, ["VMName", "SwitchName", "Connected"])


def credential(account_type: str, name: str) -> Step:
    """Only the account that entered the passwords can read them (cloud-connector.md 1.1 Get-CcCredential)."""
    return read(name, r"CloudConnector\Get-CcCredential", {"AccountType": account_type}, ["UserName"])


def certificate_path(name: str, target: str) -> Step:
    """Where the product has put an external certificate; `target`: EdgeServer or MediationServer."""
    return read(name, r"CloudConnector\Get-CcExternalCertificateFilePath", {"Target": target})


def tenant_session(credential_step: str) -> list[Step]:
    """Logs on to the tenant with the cached administrator and imports its cmdlets (cloud-connector.md 2)."""
    return [
        read("tenant_session", "New-CsOnlineSession", {"Credential": output_of(credential_step)}, ["State"]),
        read(
            "tenant_import",
            "Import-PSSession",
            {"Session": output_of("tenant_session"), "AllowClobber": True},
            ["Name"],
        ),
    ]


def tenant_appliances() -> Step:
    """The properties of the tenant's appliance object are not documented: these are inferred from its setters (2.2)."""
    return read(
        "tenant_appliances",
        "Get-CsHybridPSTNAppliance",
        {},
        ["Identity", "Name", "SiteName", "MediationServerFqdn", "MediationServerIPAddress", "MaintenanceMode"],
    )


def tenant_sites() -> Step:
    return read("tenant_sites", "Get-CsHybridPSTNSite", {}, ["Identity", "EdgeFQDN", "EnableAutoUpdate"])


def services(names: Sequence[str]) -> Step:
    return read("services", "Get-Service", {"Name": list(names)}, ["Name", "Status"])


def call_counters() -> Step:
    """`Readings` is the text of the sample set, a path line and a value line a counter (types.ps1xml of Windows PowerShell)."""
    return read("calls", "Get-Counter", {"Counter": [INBOUND_CALLS, OUTBOUND_CALLS]}, ["Readings"])


def inside(name: str, address: str, credential_step: str, steps: Iterable[Step]) -> Step:
    """Runs `steps` inside a VM through the nested bridge; that CCE lets the host in is inferred (cloud-connector.md 9.2).

    An address is used with a credential, which Windows allows for hosts in TrustedHosts only. A VM that is off costs the time
    in which Windows gives up to connect (about 20 seconds, at most three minutes), which `exchange_timeout` has to have room for.
    """
    return read(
        name,
        "Invoke-Command",
        {
            "ComputerName": address,
            "Credential": output_of(credential_step),
            "ScriptBlock": {"$bridge": True},
            "ArgumentList": [json.dumps(request(steps))],
        },
    )


def calls_known(name: str, readings: str, *, none: bool) -> Step:
    """A fence on the output of `inside(..., [call_counters()])`: unless both counters are readable (`none`: and zero) it stops.

    The pattern is matched with the answer's own JSON, in which the bridge writes a backslash and a line end as \\uXXXX.
    """
    value = "0" if none else r"\d+"
    counters = [
        _escaped(path) + rf" :(\\u000d)?\\u000a{value}([.,]0+)?\\u000" for path in (INBOUND_CALLS, OUTBOUND_CALLS)
    ]
    parameters = {"InputObject": output_of(readings), "Pattern": [".*".join(counters)], "Quiet": True}
    return step(name, "Select-String", parameters, expect=[True])


def _escaped(path: str) -> str:
    """A counter's path, without the backslash it begins with, as a regular expression of its JSON text."""
    return re.escape(path[1:].replace("\\", r"\u005c"))


# --- acting -------------------------------------------------------------------------------------------------------------


def make_folder(name: str, path: str) -> Step:
    """`-Force` on a folder that is there gives it back and changes nothing."""
    return step(name, "New-Item", {"Path": path, "ItemType": "Directory", "Force": True}, keep=["FullName"])


def claim(name: str, path: str, text: str) -> Step:
    """Creates a file or fails because it is there: the only atomic claim Windows gives us (bridge/README.md 11)."""
    return step(name, "New-Item", {"Path": path, "ItemType": "File", "Value": text}, keep=["FullName"])


def write_file(name: str, path: str, text: str) -> Step:
    """The text exactly, UTF-8 without a mark and without a line end of its own (`Set-Content` would add one)."""
    return step(name, "New-Item", {"Path": path, "ItemType": "File", "Value": text, "Force": True}, keep=["FullName"])


def copy_file(name: str, source: str, destination: str, *, if_there: bool = False) -> Step:
    """`if_there`: a missing source is no failure."""
    parameters = {"LiteralPath": source, "Destination": destination, "Force": True}
    return step(name, "Copy-Item", parameters, carry_on=if_there)


def move_file(name: str, source: str, destination: str) -> Step:
    return step(name, "Move-Item", {"LiteralPath": source, "Destination": destination, "Force": True})


def place_file(name: str, source: str, destination: str) -> Step:
    """Moves a file, whole at once, to where none is yet; one that is there is an error."""
    return step(name, "Move-Item", {"LiteralPath": source, "Destination": destination})


def end_claim(name: str, path: str, destination: str) -> Step:
    """Moves a claim to a name that only this claim can have; without `-Force`, so that one of many movers wins."""
    return step(name, "Move-Item", {"LiteralPath": path, "Destination": destination})


def keep_file(name: str, source: str, destination: str) -> Step:
    """Moves a file that may be missing out of the way."""
    return {**move_file(name, source, destination), "on_error": "continue"}


def remove_file(name: str, path: str) -> Step:
    return step(name, "Remove-Item", {"LiteralPath": path, "Force": True}, carry_on=True)


def fetch(name: str, uri: str, path: str) -> Step:
    """Windows PowerShell offers TLS 1.0 only, unless SchUseStrongCrypto of the .NET Framework is set on the host."""
    return step(name, "Invoke-WebRequest", {"Uri": uri, "OutFile": path, "UseBasicParsing": True, "TimeoutSec": 3600})


def msiexec(name: str, arguments: Sequence[str]) -> Step:
    """Windows Installer, waited for; any exit code but 0 stops the list (3010 and 1641 ask for a restart)."""
    return step(
        name,
        "Start-Process",
        {"FilePath": "msiexec.exe", "ArgumentList": list(arguments), "Wait": True, "PassThru": True},
        keep=["ExitCode"],
        expect=[{"ExitCode": 0}],
    )


def import_configuration() -> Step:
    return step("import", r"CloudConnector\Import-CcConfiguration", {"Force": True})


def register() -> Step:
    return step("register", r"CloudConnector\Register-CcAppliance")


def download(url_root: str | None = None) -> Step:
    """Bits only: without the switch the cmdlet may swap the MSI under the session (cloud-connector.md 1.1)."""
    parameters: dict[str, Any] = {"DownloadBitsOnly": True}
    if url_root is not None:
        parameters["DownloadUrlRoot"] = url_root
    return step("download", r"CloudConnector\Start-CcDownload", parameters)


def install_upgrade() -> Step:
    return step("install", r"CloudConnector\Install-CcAppliance", {"Upgrade": True})


def switch_version(force: bool = False) -> Step:
    """A toggle without a version parameter: never sent without the two version fences before it.

    `force` stops services forcibly if draining fails (cloud-connector.md 1.1).
    """
    return step("switch", r"CloudConnector\Switch-CcVersion", {"Force": True} if force else {})


def set_credential(account_type: str) -> Step:
    """Prompts; for VmAdmin and DomainAdmin for the old credential, then for the new one (cloud-connector.md 1.1)."""
    return step("set_credential", r"CloudConnector\Set-CcCredential", {"AccountType": account_type})


def restore_credentials() -> Step:
    """Deletes the whole credential cache and prompts for all of it again; since 2.1."""
    return step("restore_credentials", r"CloudConnector\Restore-CcCredentials")


def register_locally() -> Step:
    """Asks for the cached passwords again and does not connect to the tenant."""
    return step("register_locally", r"CloudConnector\Register-CcAppliance", {"Local": True})


def set_certificate(target: str, path: str, *, apply: bool) -> Step:
    """Copies an external certificate to the appliance directory; `apply` (-Import) also to the deployed VMs."""
    parameters: dict[str, Any] = {"Target": target, "Path": path}
    if apply:
        parameters["Import"] = True
    return step("set_certificate", r"CloudConnector\Set-CcExternalCertificateFilePath", parameters)


def backup_authority() -> Step:
    r"""Writes `CA\SfB CCE Root.p12` to the site directory."""
    return step("authority", r"CloudConnector\Backup-CcCertificationAuthority")


def remove_authority_backup() -> Step:
    """Deletes that file."""
    return step("authority", r"CloudConnector\Remove-CcCertificationAuthorityFile")


def export_root(folder: str) -> Step:
    """Writes `CCERootCertificates.p7b` to a folder."""
    return step("authority", r"CloudConnector\Export-CcRootCertificate", {"Path": folder})


def reset_authority() -> Step:
    """Revokes all certificates and installs the certification authority again."""
    return step("authority", r"CloudConnector\Reset-CcCACertificate")


def renew_root(*, before_2: bool) -> Step:
    """The cmdlet of 1.4.2 has another name."""
    verb = "Renew" if before_2 else "Update"
    return step("authority", rf"CloudConnector\{verb}-CcCACertificate")


def renew_servers(roles: Sequence[str], *, before_2: bool) -> Step:
    """Roles: Cms, MS, Edge. The cmdlet of 1.4.2 has another name."""
    verb = "Renew" if before_2 else "Update"
    return step("authority", rf"CloudConnector\{verb}-CcServerCertificate", {"Roles": list(roles)})


def remove_legacy_certificates(roles: Sequence[str]) -> Step:
    """Removes what a renewal has replaced."""
    return step("authority", r"CloudConnector\Remove-CcLegacyServerCertificate", {"Roles": list(roles)})


def set_appliance_directory(path: str) -> Step:
    return step("set_appliance_directory", r"CloudConnector\Set-CcApplianceDirectory", {"Path": path})


def set_site_directory(path: str) -> Step:
    return step("set_site_directory", r"CloudConnector\Set-CcSiteDirectory", {"Path": path})


def publish() -> Step:
    """Takes the Mediation Servers of the site from the tenant into DNS and topology of this appliance's VMs."""
    return step("publish", r"CloudConnector\Publish-CcAppliance")


def start_logging() -> Step:
    """Logging stops by itself after four hours."""
    return step("start_logging", r"CloudConnector\Start-CcLogging")


def stop_logging(*, remove_cache: bool) -> Step:
    parameters = {"RemoveCache": True} if remove_cache else {}
    return step("stop_logging", r"CloudConnector\Stop-CcLogging", parameters)


def search_log(start: str, end: str, path: str) -> Step:
    """Times without a zone, as somebody would type them at the console of the host: PowerShell takes them as its own time."""
    parameters = {"StartTime": start, "EndTime": end, "FileName": path}
    return step("search_log", r"CloudConnector\Search-CcLog", parameters)


def enter_maintenance() -> Step:
    """Stops all services at once and so cuts the running calls (cloud-connector.md 9.1 no. 1)."""
    return step("enter", r"CloudConnector\Enter-CcUpdate")


def exit_maintenance() -> Step:
    return step("exit", r"CloudConnector\Exit-CcUpdate")


def unregister() -> Step:
    return step("unregister", r"CloudConnector\Unregister-CcAppliance")


def uninstall(version: str) -> Step:
    """Never without a version, or it removes the running set; without `-Confirm:$false` it asks (cloud-connector.md 1.1)."""
    return step("uninstall", r"CloudConnector\Uninstall-CcAppliance", {"Version": version, "Confirm": False})


# --- jobs: a scheduled task whose claim is a file and whose answer is a file ---------------------------------------------


def task_register(name: str, task: str, xml: str, user: str, password: str) -> Step:
    return step(
        name,
        "Register-ScheduledTask",
        {"TaskName": task, "Xml": xml, "User": user, "Password": password},
        keep=["TaskName"],
    )


def task_start(name: str, task: str) -> Step:
    return step(name, "Start-ScheduledTask", {"TaskName": task})


def task_state(name: str, task: str) -> Step:
    return read(name, "Get-ScheduledTask", {"TaskName": task}, ["TaskName", "State"])


def task_info(name: str, task: str) -> Step:
    return read(name, "Get-ScheduledTaskInfo", {"TaskName": task}, ["LastRunTime", "LastTaskResult"])


def task_unregister(name: str, task: str) -> Step:
    return step(name, "Unregister-ScheduledTask", {"TaskName": task, "Confirm": False}, carry_on=True)
