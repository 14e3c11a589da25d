# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every step the collection sends to an appliance, as data: one function a cmdlet, no decision in any of them.

A step names one cmdlet, its parameters and the properties to keep (`bridge.ps1`). Which cmdlets exist and how they bind is
in the lab's `cmdlets.json`; a test binds every step built here in that syntax. Sources: cloud-connector.md 1 (Cc cmdlets),
2 (tenant), 4.1 (services), 6.2 (counters), 8 (places); bridge.md 14.
Those that only the modules of the tenant's records send stand in `tenant_steps.py`.

No step but `task_register` carries a secret: what a prompt is answered stands beside the steps, in the request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from . import paths

Step = dict[str, Any]

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
MSIEXEC = r"C:\Windows\System32\msiexec.exe"
ICACLS = r"C:\Windows\System32\icacls.exe"
SHUTDOWN = r"C:\Windows\System32\shutdown.exe"
"""With their folder: without it Windows looks in other folders first, which others may write to."""

ADMINISTRATORS = ("*S-1-5-18", "*S-1-5-32-544")
"""SYSTEM and the local group of administrators, whose names depend on the display language."""

LOCAL_SERVICE_KEY = r"Registry::HKEY_USERS\S-1-5-19"
"""A hive that is always loaded, and that nobody but its owner, SYSTEM and administrators with their full token may open."""
TRUSTED_HOSTS = r"WSMan:\localhost\Client\TrustedHosts"
LSA_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Control\Lsa"
"""Has DisableDomainCreds: 1 where Windows may not keep passwords for network logons."""
SYSTEM_POLICY_KEY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\System"
STRONG_CRYPTO_KEY = r"HKLM:\SOFTWARE\Microsoft\.NETFramework\v4.0.30319"

SESSION_OPTION = {"OpenTimeout": "00:00:15", "OperationTimeout": "00:01:00"}
"""How long Windows tries to reach a VM, and waits for a sign of life of it; by default three minutes.

Windows PowerShell makes the PSSessionOption of a table (about_Object_Creation); the spans of time are texts, since a number
would count ticks of 100 ns.
"""

FIREWALL_RULES = {"mediation": "CS RTCMEDSRV", "edge": "CS RTCSRV"}
"""The inbound rules that the product watches (cloud-connector.md 4.1)."""
CALL_EVENTS = {"mediation": (25062, 25064), "edge": (14353,)}
"""Gateway not reached, calls not completed; trouble of the Edge's network (cloud-connector.md 6.2)."""
LOCK_FILE = "CcLockFile"
"""What lies in the site directory while an appliance updates itself (cloud-connector.md 5.4; what it is for is inferred)."""
ACTION_PROPERTIES = ("Action", "ActionStatus", "LastAction", "LastActionStatus", "DeploymentStatus")
"""Where the tenant's record may have an appliance's last action. Its values are documented (5.4), none of these names is:
inferred from the parameters that set it."""

TENANT_SESSION = "tenant_session"
TENANT_READERS = ("Get-CsHybridPSTNAppliance", "Get-CsHybridPSTNSite")
"""What is imported from the tenant to read an appliance."""

LEAVING = ("Switch-CcVersion", "Enter-CcUpdate", "Uninstall-CcAppliance")
"""The cmdlets that take an appliance out of service (cloud-connector.md 1.1)."""

RECOVERY_EVENTS = (304, 20006)
"""What the management service logs of automatic recovery (cloud-connector.md 4.2)."""

OUTPUT = "$output"
IN_TIME = "in_time"
"""The step that stops a list which comes too late (`not_after`)."""


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
    """`kind`: RunningScripts, RunningBits or BackupBits. With `expect` it is a fence: another version stops the list.

    The scripts are what the cmdlet gives without a parameter, also in the releases before 2.0, which have none.
    """
    parameters = {} if kind == "RunningScripts" else {"VersionType": kind}
    if expect is None:
        return read(name, r"CloudConnector\Get-CcVersion", parameters)
    return step(name, r"CloudConnector\Get-CcVersion", parameters, expect=expect)


def early_running_version(name: str, expect: Sequence[str] | None = None) -> Step:
    """The version that runs, before 2.0 (cloud-connector.md 9.1 no. 8). With `expect` it is a fence."""
    cmdlet = r"CloudConnector\Get-CcRunningVersion"
    return read(name, cmdlet) if expect is None else step(name, cmdlet, expect=expect)


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


def file_texts(name: str, pattern: str) -> Step:
    """The text of each file whose path fits `pattern`, in which `*` stands for any name; an error where there is none."""
    return read(name, "Get-Content", {"Path": [pattern], "Raw": True, "Encoding": "UTF8"})


def file_exists(name: str, path: str) -> Step:
    return read(name, "Test-Path", {"LiteralPath": path})


def file_unchanged(name: str, path: str, expect: Sequence[str]) -> Step:
    """A fence: another text than the one that was read, or no file at all, stops the list."""
    return step(name, "Get-Content", {"LiteralPath": path, "Raw": True, "Encoding": "UTF8"}, expect=expect)


def file_matches(name: str, path: str, pattern: str) -> Step:
    """A fence: a file without a line that matches a regular expression of PowerShell stops the list."""
    parameters = {"LiteralPath": [path], "Pattern": [pattern], "Quiet": True}
    return step(name, "Select-String", parameters, expect=[True])


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
    return read(name, "Get-ChildItem", {"LiteralPath": path}, ["Name", "Length", "PSIsContainer", "LastWriteTime"])


def folder_tree(name: str, path: str) -> Step:
    """All that is below a folder. A folder has no length."""
    return read(name, "Get-ChildItem", {"LiteralPath": path, "Recurse": True}, ["FullName", "Length"])


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


def disk(appliance_directory: str) -> Step:
    """Of the drive that has this directory; of C: where it is on none."""
    drive = appliance_directory[:2].upper() if re.match("[A-Za-z]:", appliance_directory) else "C:"
    wanted = {"Class": "Win32_LogicalDisk", "Filter": f"DeviceID='{drive}'"}
    return read("disk", "Get-WmiObject", wanted, ["FreeSpace", "Size"])


def full_token() -> Step:
    """Opens what a filtered token of an administrator may not: it is refused, or the key comes back."""
    return read("full_token", "Get-Item", {"LiteralPath": LOCAL_SERVICE_KEY}, ["PSChildName"])


def trusted_hosts() -> Step:
    return read("trusted_hosts", "Get-Item", {"Path": TRUSTED_HOSTS}, ["Value"])


def password_policy() -> Step:
    return read("password_policy", "Get-ItemProperty", {"LiteralPath": LSA_KEY}, ["DisableDomainCreds"])


def strong_crypto() -> Step:
    """The key is always there; the value is not, as long as nobody set it."""
    return read("strong_crypto", "Get-ItemProperty", {"LiteralPath": STRONG_CRYPTO_KEY}, ["SchUseStrongCrypto"])


def firewall_rule(display_name: str) -> Step:
    """`Enabled` is 1 or 2 there, which is disabled. The cmdlet of Windows for it is slower."""
    parameters = {
        "Namespace": r"root\StandardCimv2",
        "Class": "MSFT_NetFirewallRule",
        "Filter": f"DisplayName='{display_name}'",
    }
    return read("firewall_rule", "Get-WmiObject", parameters, ["DisplayName", "Enabled"])


def call_events(numbers: Sequence[int]) -> Step:
    return _lync_events("call_events", numbers)


def service_events(numbers: Sequence[int]) -> Step:
    return _lync_events("service_events", numbers)


def _lync_events(name: str, numbers: Sequence[int]) -> Step:
    """The newest events of these numbers in the log of the VM's roles."""
    wanted = {"LogName": "Lync Server", "Id": list(numbers)}
    return read(
        name,
        "Get-WinEvent",
        {"FilterHashtable": wanted, "MaxEvents": 20},
        ["Id", "TimeCreated", "Message"],
    )


def memory() -> Step:
    """And what the same object says beside: the name of the host, its start, how many minutes its own time is ahead of UTC."""
    return read(
        "memory",
        "Get-WmiObject",
        {"Class": "Win32_OperatingSystem"},
        ["CSName", "FreePhysicalMemory", "TotalVisibleMemorySize", "LastBootUpTime", "Version", "CurrentTimeZone"],
    )


def boot(name: str, expect: str | None = None) -> Step:
    """When Windows was started, as WMI writes times. With `expect` it is a fence: a start since then stops the list."""
    wanted = {"Class": "Win32_OperatingSystem"}
    if expect is None:
        return read(name, "Get-WmiObject", wanted, ["LastBootUpTime"])
    return step(name, "Get-WmiObject", wanted, keep=["LastBootUpTime"], expect=[{"LastBootUpTime": expect}])


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


def console_work() -> Step:
    """Processes that were started with a cmdlet that takes an appliance out of service.

    Not their command lines, in which somebody may have written a password; ours have the cmdlet in a file or in base64.
    """
    condition = " OR ".join(f"CommandLine LIKE '%{cmdlet}%'" for cmdlet in LEAVING)
    wanted = {"Class": "Win32_Process", "Filter": condition}
    return read("console_work", "Get-WmiObject", wanted, ["ProcessId", "Name", "CreationDate"])


def service_states(names: Sequence[str]) -> Step:
    """Start modes and states; a service that is not installed is not in it."""
    condition = " OR ".join(f"Name='{name}'" for name in names)
    wanted = {"Class": "Win32_Service", "Filter": condition}
    return read("service_states", "Get-WmiObject", wanted, ["Name", "StartMode", "State"])


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


def tenant_session(credential_step: str, more: Iterable[str] = ()) -> list[Step]:
    """Logs on to the tenant with the cached administrator and imports what is read, and `more`; `remove_session` ends it."""
    return [
        read(TENANT_SESSION, "New-CsOnlineSession", {"Credential": output_of(credential_step)}, ["State"]),
        read("tenant_import", "Import-PSSession", import_parameters(dict.fromkeys((*TENANT_READERS, *more))), ["Name"]),
    ]


def import_parameters(commands: Iterable[str]) -> dict[str, Any]:
    """What `Import-PSSession` takes for some commands of the tenant: all of them are hundreds, and take long."""
    return {"Session": output_of(TENANT_SESSION), "CommandName": list(commands), "AllowClobber": True}


def remove_session() -> Step:
    """Logs off from the tenant, where the number of sessions is limited. Without a session its error says so."""
    return read("tenant_session_removed", "Remove-PSSession", {"Session": output_of(TENANT_SESSION)})


def tenant_appliances() -> Step:
    """The properties of the tenant's appliance object are not documented: these are inferred from its setters (2.2)."""
    return read(
        "tenant_appliances",
        "Get-CsHybridPSTNAppliance",
        {},
        [
            "Identity",
            "Name",
            "SiteName",
            "MediationServerFqdn",
            "MediationServerIPAddress",
            "MaintenanceMode",
            *ACTION_PROPERTIES,
        ],
    )


def tenant_sites() -> Step:
    return read("tenant_sites", "Get-CsHybridPSTNSite", {}, ["Identity", "EdgeFQDN", "EnableAutoUpdate"])


def user_registry_policy() -> Step:
    """Has DisableForceUnload: 1 where Windows does not unload the registry of a user who logs off (knowledge of Windows)."""
    return read("user_registry", "Get-ItemProperty", {"LiteralPath": SYSTEM_POLICY_KEY}, ["DisableForceUnload"])


def tcp_connection(name: str, address: str, port: int) -> Step:
    """Whether a TCP connection can be made from here; nothing is sent on it."""
    return read(name, "Test-NetConnection", {"ComputerName": address, "Port": port}, ["TcpTestSucceeded"])


def services(names: Sequence[str]) -> Step:
    return read("services", "Get-Service", {"Name": list(names)}, ["Name", "Status"])


def call_counters() -> Step:
    """`Readings` is the text of the sample set, a path line and a value line a counter (types.ps1xml of Windows PowerShell)."""
    return read("calls", "Get-Counter", {"Counter": [INBOUND_CALLS, OUTBOUND_CALLS]}, ["Readings"])


def inside(name: str, address: str, credential_step: str, steps: Iterable[Step]) -> Step:
    """Runs `steps` inside a VM through the nested bridge; that CCE lets the host in is inferred (cloud-connector.md 9.2).

    An address is used with a credential, which Windows allows for hosts in TrustedHosts only. What remains: a VM that is off is
    asked all the same, since the list cannot branch; it costs the 15 seconds of `SESSION_OPTION`, three of them 45, which
    `exchange_timeout` has to have room for.
    """
    return read(
        name,
        "Invoke-Command",
        {
            "ComputerName": address,
            "Credential": output_of(credential_step),
            "SessionOption": dict(SESSION_OPTION),
            "ScriptBlock": {"$bridge": True},
            "ArgumentList": [json.dumps(request(steps))],
        },
    )


def not_after(deadline: datetime) -> list[Step]:
    """A fence: stops the list where the host's own clock is past `deadline`, which is a time of that clock.

    The text of a negative time span begins with a minus sign. Windows computes with local time here: in the hour that comes twice
    in autumn, what is late by less than that hour may not be noticed.
    """
    until = deadline.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    in_time = {"InputObject": output_of("time_left"), "Pattern": [r"^\d"], "Quiet": True}
    return [
        step("time_now", "Get-Date"),
        step("time_left", "New-TimeSpan", {"Start": output_of("time_now"), "End": until}),
        step(IN_TIME, "Select-String", in_time, expect=[True]),
    ]


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


def calls_live(name: str, readings: str) -> Step:
    """A fence on the same output: unless a counter shows a live call it stops."""
    counters = [_escaped(path) + r" :(\\u000d)?\\u000a[1-9]" for path in (INBOUND_CALLS, OUTBOUND_CALLS)]
    parameters = {"InputObject": output_of(readings), "Pattern": counters, "Quiet": True}
    return step(name, "Select-String", parameters, expect=[True])


def _escaped(path: str) -> str:
    """A counter's path, without the backslash it begins with, as a regular expression of its JSON text."""
    return re.escape(path[1:].replace("\\", r"\u005c"))


# --- acting -------------------------------------------------------------------------------------------------------------


def make_folder(name: str, path: str) -> Step:
    """`-Force` on a folder that is there gives it back and changes nothing."""
    return step(name, "New-Item", {"Path": path, "ItemType": "Directory", "Force": True}, keep=["FullName"])


def protect_folder(name: str, path: str) -> Step:
    """Lets nobody but SYSTEM and the administrators into a folder, which inherits no rights any more."""
    rights = [f"{who}:(OI)(CI)F" for who in ADMINISTRATORS]
    return _program(name, ICACLS, [f'"{path}"', "/inheritance:r", "/grant:r", *rights], expect=0)


def our_folder() -> list[Step]:
    """Makes the folder on the appliance in which everything of ours is."""
    return [make_folder("our_folder", paths.OURS), protect_folder("protect_folder", paths.OURS)]


def job_folder() -> list[Step]:
    """Makes the folder of the claims, which has to be there before something is claimed."""
    return [*our_folder(), make_folder("job_folder", paths.JOBS)]


def claim(name: str, path: str, text: str) -> Step:
    """Creates a file or fails because it is there: the only atomic claim Windows gives us (bridge.md 11)."""
    return step(name, "New-Item", {"Path": path, "ItemType": "File", "Value": text}, keep=["FullName"])


def write_file(name: str, path: str, text: str) -> Step:
    """The text exactly, UTF-8 without a mark and without a line end of its own (`Set-Content` would add one)."""
    return step(name, "New-Item", {"Path": path, "ItemType": "File", "Value": text, "Force": True}, keep=["FullName"])


def overwrite_file(name: str, path: str, text: str) -> Step:
    """The text and a line end, in place of what stood there. That it cannot be written stops nothing."""
    parameters = {"LiteralPath": path, "Value": text, "Encoding": "UTF8"}
    return step(name, "Set-Content", parameters, carry_on=True)


def copy_file(name: str, source: str, destination: str, *, if_there: bool = False) -> Step:
    """`if_there`: a missing source is no failure."""
    parameters = {"LiteralPath": source, "Destination": destination, "Force": True}
    return step(name, "Copy-Item", parameters, carry_on=if_there)


def move_file(name: str, source: str, destination: str) -> Step:
    return step(name, "Move-Item", {"LiteralPath": source, "Destination": destination, "Force": True})


def place_file(name: str, source: str, destination: str) -> Step:
    """Moves a file, whole at once, to where none is yet: without `-Force`, so that of many movers one wins."""
    return step(name, "Move-Item", {"LiteralPath": source, "Destination": destination})


def keep_file(name: str, source: str, destination: str) -> Step:
    """Moves a file that may be missing out of the way."""
    return {**move_file(name, source, destination), "on_error": "continue"}


def remove_file(name: str, path: str) -> Step:
    return remove_files(name, [path])


def remove_files(name: str, paths: Sequence[str]) -> Step:
    """Each file that is there; a missing one is no failure."""
    return step(name, "Remove-Item", {"LiteralPath": list(paths), "Force": True}, carry_on=True)


def remove_fitting(name: str, pattern: str) -> Step:
    """Each file whose path fits `pattern`, as in `file_texts`; none is no failure."""
    return step(name, "Remove-Item", {"Path": [pattern], "Force": True}, carry_on=True)


def remove_folders(name: str, paths: Sequence[str]) -> Step:
    """Each folder with all that is in it."""
    return step(name, "Remove-Item", {"LiteralPath": list(paths), "Recurse": True, "Force": True}, carry_on=True)


def fetch(name: str, uri: str, path: str) -> Step:
    """Windows PowerShell offers TLS 1.0 only, unless SchUseStrongCrypto of the .NET Framework is set on the host."""
    return step(name, "Invoke-WebRequest", {"Uri": uri, "OutFile": path, "UseBasicParsing": True, "TimeoutSec": 3600})


def msiexec(name: str, arguments: Sequence[str]) -> Step:
    """Windows Installer, waited for. No exit code stops the list: some of them are success, and only the state can tell."""
    return _program(name, MSIEXEC, arguments)


def keys_gone(name: str, keys: Sequence[str]) -> Step:
    """A fence: a registry key that is still there stops the list."""
    return step(name, "Test-Path", {"LiteralPath": list(keys)}, expect=[False] * len(keys))


def local_package(name: str, key: str) -> Step:
    """Where Windows Installer keeps its copy of an MSI that it has installed."""
    return read(name, "Get-ItemProperty", {"LiteralPath": key}, ["LocalPackage"])


def _program(name: str, path: str, arguments: Sequence[str], *, expect: int | None = None) -> Step:
    """A program of Windows, waited for. Its arguments are joined by blanks: one with a blank in it comes with its own quotes.

    `expect`: any other exit code stops the list.
    """
    return step(
        name,
        "Start-Process",
        {"FilePath": path, "ArgumentList": list(arguments), "Wait": True, "PassThru": True},
        keep=["ExitCode"],
        expect=None if expect is None else [{"ExitCode": expect}],
    )


def restart(name: str, seconds: int, comment: str) -> Step:
    """Windows goes down after `seconds`, as planned for updates (2:17), so that this request is answered before.

    No exit code stops the list: some of them say that a restart is under way already.
    """
    return _program(name, SHUTDOWN, ["/r", "/t", str(seconds), "/d", "p:2:17", "/c", f'"{comment}"'])


def abort_restart(name: str) -> Step:
    """Calls a restart off that has not begun; the exit code says whether there was one."""
    return _program(name, SHUTDOWN, ["/a"])


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


# --- claims: who runs this request (bridge.md 15) -------------------------------------------------------------------------


def own_process() -> list[Step]:
    """The process that runs this request, as the output of the step `own_process`."""
    number = step("own_number", "Get-Variable", {"Name": ["PID"], "ValueOnly": True})
    return [number, step("own_process", "Get-Process", {"Id": output_of("own_number")}, keep=["Id", "StartTime"])]


def write_process(name: str, process: str, path: str) -> Step:
    """Writes the process that a step gave to a file, as XML with its number and its start."""
    parameters = {"LiteralPath": path, "InputObject": output_of(process), "Depth": 1, "Encoding": "UTF8"}
    return step(name, "Export-Clixml", parameters)


def processes() -> Step:
    """All processes of the host; the start is null where Windows does not tell it."""
    return read("processes", "Get-Process", {}, ["Id", "StartTime"])


# --- jobs: a scheduled task whose claim is a file and whose answer is a file ---------------------------------------------


def task_register(name: str, task: str, xml: str, user: str, password: str) -> Step:
    """Without a password for SYSTEM, which has none."""
    parameters = {"TaskName": task, "Xml": xml, "User": user, **({"Password": password} if password else {})}
    return step(name, "Register-ScheduledTask", parameters, keep=["TaskName"])


def task_start(name: str, task: str) -> Step:
    return step(name, "Start-ScheduledTask", {"TaskName": task})


def task_stop(name: str, task: str) -> Step:
    """Ends the program of a task that runs."""
    return step(name, "Stop-ScheduledTask", {"TaskName": task})


def task_state(name: str, task: str) -> Step:
    return read(name, "Get-ScheduledTask", {"TaskName": task}, ["TaskName", "State"])


def task_info(name: str, task: str) -> Step:
    return read(name, "Get-ScheduledTaskInfo", {"TaskName": task}, ["LastRunTime", "LastTaskResult"])


def task_unregister(name: str, task: str) -> Step:
    return step(name, "Unregister-ScheduledTask", {"TaskName": task, "Confirm": False}, carry_on=True)
