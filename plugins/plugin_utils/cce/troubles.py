# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong, by class: the documented troubles (T numbers of cloud-connector.md 6.3), and Windows' own.

A class is recognised by the error's id, exception type or code where it has one: those are the same in every display language.
The product's own texts have none; they are English on every host, since only English Windows is supported (4). Patterns see
the lines cmdlet, id, category, exception and message, in this order. docs/troubles.md is the same for people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DOCUMENTED = "documented"
"""Microsoft's troubleshooting page gives this text, or this state."""
INFERRED = "inferred"
"""The trouble is documented, but not the text it shows itself by."""
WINDOWS = "Windows"
"""Known of Windows, PowerShell or .NET, not from a page about Cloud Connector."""

ERROR, WARNING, CHECK, JOB = "error", "warning", "check", "job"


@dataclass(frozen=True)
class Trouble:
    """`retry`: the same command may succeed without anybody changing anything first.

    `found` is what shows it: an `error` or a `warning` of a cmdlet, a `check` of the state, or a `job` that does not end as it
    should. Only the first two have a pattern.
    """

    name: str
    pattern: str
    meaning: str
    remedy: str
    retry: bool = False
    source: str = WINDOWS
    found: str = ERROR

    def matches(self, text: str) -> bool:
        return bool(self.pattern) and re.search(self.pattern, text, re.IGNORECASE | re.DOTALL) is not None


def _missing(cmdlet: str) -> str:
    """A cmdlet that is not found: by the id of the error and its name, or as a text that the product passed on."""
    return rf"CommandNotFoundException.*\b{cmdlet}|term '{cmdlet}' is not recognized"


TROUBLES: tuple[Trouble, ...] = (
    Trouble(
        "T1-network-of-a-new-vm",
        "",
        "A deployment that does not end: a VM may have no or a wrong IP address on one of its network adapters.",
        "Look at the VMs of the new version in Hyper-V Manager. Where one has no address: end the scheduled task, remove these "
        "VMs and Uninstall-CcAppliance -Version <new version>, never without -Version; then run the same command again.",
        source=DOCUMENTED,
        found=JOB,
    ),
    Trouble(
        "T2-domain-join",
        r"FailToJoinDomain|(did not|failed to|could not|cannot|unable to) join\b[^\n]*\bdomain",
        "The CMS or Mediation VM could not join the domain of the AD VM.",
        "See that the AD VM runs, that the VM has the address of the AD VM as its DNS server and reaches it; an address conflict "
        "needs a new address for the AD VM.",
        source=INFERRED,
    ),
    Trouble(
        "T3-management-switch-in-use",
        r"Remove-VMSwitch.*being used by running virtual machines|virtual switch '[^']*Management Switch' cannot be deleted",
        "A VM left over from an earlier deployment still uses the management switch.",
        "Disconnect left-over VMs from it and delete the switch, or restart the host; then run the same command again.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T4-edge-authentication-service",
        r"Service RTCMRAUTH failed to start",
        "The chain of the external certificate is not trusted on the Edge VM.",
        "Import root and intermediate certificates on the Edge VM and restart it; when RTCMRAUTH and RTCSRV run, "
        "run the same command again.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T5-host-restarted",
        "",
        "The host restarted, or the process was killed, under a running job.",
        "See that the VMs and their services run again; then run the same command again: it goes on from the state it finds.",
        retry=True,
        source=DOCUMENTED,
        found=JOB,
    ),
    Trouble(
        "T6-registration-conflict",
        r"Cannot register appliance because your current input/configuration",
        "The tenant knows one half of this appliance's or site's identity with another other half.",
        "Compare CloudConnector.ini with Get-CsHybridPSTNAppliance; correct the ini or unregister the old appliance.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T7-version-unknown",
        "",
        "The product does not know which version runs: module.ini was not migrated.",
        "Compare module.ini in C:\\ProgramData\\CloudConnector and in the profile's CloudConnector folder: delete the one in "
        "ProgramData and run Register-CcAppliance, or write the running and the backup version into it.",
        source=DOCUMENTED,
        found=CHECK,
    ),
    Trouble(
        "T8-no-high-availability",
        "",
        "Scripts and running VMs are of different versions, so there is no high availability.",
        "Finish the upgrade, or switch back and remove the version that is bad as soon as possible.",
        source=DOCUMENTED,
        found=CHECK,
    ),
    Trouble(
        "T9-internal-certificates",
        "",
        "Certificates of the appliance's own authority expire, or have expired.",
        "Renew them with the certification_authority operation; export the root to the gateways after a reset.",
        source=DOCUMENTED,
        found=CHECK,
    ),
    Trouble(
        "tenant-multi-factor",
        r"AADSTS500(7[469]|72)|multi-?factor authentication",
        "The tenant asks the cached administrator for a second factor, which nobody can give here.",
        "Use an administrator without multi-factor authentication, as the product requires: Set-CcCredential -AccountType "
        "TenantAdmin.",
    ),
    Trouble(
        "T10-tenant-logon",
        r"Logon failed for the user|AADSTS\d+|\ANew-CsOnlineSession\n.*(password|logon|unauthorized)",
        "The tenant administrator cannot log on.",
        "Run Set-CcCredential -AccountType TenantAdmin on the appliance with the present password.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T11-credential-cache",
        r"Key not valid for use in specified state|ImportSecureString_InvalidArgument_CryptographicError|0x8009000B",
        "This logon cannot decrypt the credential cache: another account or another kind of logon stored it.",
        "Log on as the deployment account with CredSSP. If that account's password was changed: restart the host, delete "
        "C:\\ProgramData\\CloudConnector\\credentials.<user>.xml, and enter the same passwords with Register-CcAppliance -Local.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T12-dotnet",
        r"property 'Common' cannot be found|PropertyNotFound\w*\n.*\bCommon\b|MtHostCommon\.ps1:681",
        "2.1 needs .NET Framework 4.6.1 or later on the host.",
        "Install it and run the same command again.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T13-state-key",
        r"\bState\b[^\n]*\bXmlNode|XmlNodeSetShouldBeAString",
        "The ini has no State line in [Common].",
        "Add `State=` to [Common] of CloudConnector.ini; the value may be empty. Import it, then run the same command again.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T14-windows-image",
        r"0xc1550115",
        "A Windows image was left mounted.",
        "Run dism /Cleanup-Wim on the host, then the same command again.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T18-module-cache",
        _missing("Stop-CsWindowsService"),
        "PowerShell's module cache on the host is damaged.",
        r"Delete ModuleAnalysisCache under AppData\Local\Microsoft\Windows\PowerShell of the account, then run again.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T19-module-missing",
        _missing(r"CloudConnector\\[\w-]+")
        + r"|(Modules_ModuleNotFound|CouldNotAutoLoad\w*)\b.*\bCloudConnector\b|module \W?CloudConnector\W? was not loaded"
        r"|CloudConnector module is not there",
        "PowerShell finds no CloudConnector module on the host, or its release lacks this cmdlet.",
        r"Look for C:\Program Files\WindowsPowerShell\Modules\CloudConnector and PSModulePath; while an upgrade is unfinished, "
        "run it again: it installs the module.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T20-hyper-v-module",
        _missing(r"\w+-VM\w*"),
        "The Hyper-V module for Windows PowerShell is missing.",
        "Install the feature on the host and run the same command again.",
        source=DOCUMENTED,
    ),
    Trouble(
        "T21-automatic-updating",
        r"Windows automatic updating is not enabled",
        "Windows in a new VM does not update itself, which is as it should be where the product does it.",
        "Ignore it where EnableAutoUpdate of the site is true; else turn that on after the upgrade, or update by hand.",
        source=DOCUMENTED,
        found=WARNING,
    ),
    Trouble(
        "T22-route-without-gateway",
        r"No gateway specified for the route",
        "A warning of 1.3.8.",
        "Ignore it.",
        source=DOCUMENTED,
        found=WARNING,
    ),
    Trouble(
        "T24-certificate-password",
        r"\ASet-CcExternalCertificateFilePath\n.*\bCryptographicException\b|network password is not correct|0x80070056",
        "The password of the certificate is not the one in the credential cache. (The wording is that of .NET; how the product "
        "words it is not documented.)",
        "Enter the certificate's password with the credential operation, operation register_local; then run the same command "
        "again.",
        source=INFERRED,
    ),
    Trouble(
        "T25-windows-updates-of-the-base-vm",
        r"Failed to install Windows updates\. Please manually update the VM",
        "The temporary VM of Convert-CcIsoToVhdx could not be updated.",
        "Update it by hand at the host, then run Convert-CcIsoToVhdx -GeneralizeOnly there.",
        source=DOCUMENTED,
    ),
    Trouble(
        "tenant-module-missing",
        _missing(r"(\w+-Cs\w+|Import-PSSession)"),
        "The Skype for Business Online module is not on the host, or its session gave no cmdlets.",
        "Install the Skype for Business Online, Windows PowerShell Module on the host.",
    ),
    Trouble(
        "cmdlet-missing",
        r"CommandNotFoundException|is not recognized as (the|a) name of a cmdlet",
        "PowerShell on the host does not have a cmdlet that is needed; the message names it.",
        "Install the feature or module it belongs to, then run the same command again.",
    ),
    Trouble(
        "prompt-past-the-bridge",
        r"\A[^\n]*\nPSInvalidOperationException\b|NonInteractive mode|does not support user interaction",
        "The product asked in a way that only a person at its console can answer.",
        "Run this cmdlet once at the console of the host, as the deployment account; then run the same command again.",
    ),
    Trouble(
        "execution-policy",
        r"PSSecurityException|\nSecurityError\n|running scripts is disabled",
        "PowerShell's execution policy does not let the product's scripts run.",
        "Set-ExecutionPolicy RemoteSigned on the host, as the product requires.",
    ),
    Trouble(
        "vm-refused",
        r"AccessDenied,PSSessionStateBroken",
        "A VM does not let the host in with the cached VmAdmin. Whether a real one does is not documented.",
        "Enter the VmAdmin password that the VMs have with the credential operation.",
    ),
    Trouble(
        "vm-unreachable",
        r"PSSessionStateBroken|PSRemotingTransportException|WinRMOperationTimeout",
        "A VM does not answer.",
        "See that it runs, is connected, and that the addresses in `vms` are those of CloudConnector.ini.",
        retry=True,
    ),
    Trouble(
        "batch-logon",
        r"0x80070569|not been granted the requested logon type",
        "The account of the task may not log on as a batch job.",
        "Give it the right 'Log on as a batch job' in the local security policy of the host.",
    ),
    Trouble(
        "logon-failure",
        r"0x8007052e|user name or password is incorrect|unknown user name or bad password",
        "Windows refused the account of the task.",
        "Check cloud_connector_deployment_user and cloud_connector_deployment_password.",
    ),
    Trouble(
        "share-unreachable",
        r"0x80070035|0x80070043|network (path|name) (was not|cannot be) found|Could not find a part of the path '\\\\",
        "The site directory's file server does not answer, or has no such share.",
        "See that the host reaches the share; then run the same command again.",
        retry=True,
    ),
    Trouble(
        "network-logon",
        r"Access (to the path .* )?is denied|UnauthorizedAccess|\nPermissionDenied\n|0x80070005",
        "This logon may not read or write there; a network logon (NTLM) reaches no second host.",
        "Use ansible_winrm_transport credssp and check the account's rights on the site directory.",
    ),
    Trouble(
        "disk-full",
        r"0x80070070|not enough space on the disk",
        "The disk is full.",
        "Make room: remove an old backup with Uninstall-CcAppliance -Version <old>, never without -Version; then run the same "
        "command again.",
    ),
    Trouble(
        "memory-short",
        r"Not enough memory in the system|0x8007000E|OutOfMemoryException",
        "The host has too little memory for another set of VMs.",
        "Turn off what else runs on the host; then run the same command again.",
    ),
    Trouble(
        "file-in-use",
        r"0x80070020|used by another process",
        "Another program holds a file.",
        "Run the same command again; exclude the product's folders from the virus scanner.",
        retry=True,
    ),
    Trouble(
        "download-failed",
        r"WebCmdletWebResponseException|System\.Net\.WebException|remote name could not be resolved|\(407\)",
        "The host could not download.",
        "See that the host reaches the address, through its per-machine proxy settings; then run the same command again.",
        retry=True,
    ),
    Trouble(
        "service-not-started",
        r"CouldNotStartService|StartServiceFailed|Service \w+ failed to start",
        "A Windows service does not start.",
        "See the event logs of the machine it belongs to, repair what they name; then run the same command again.",
    ),
    Trouble(
        "shutting-down",
        r"0x8007045B|system shutdown is in progress",
        "The host is shutting down.",
        "Run the same command again when it is back.",
        retry=True,
    ),
)
"""The first that fits counts, so the special ones stand before the general ones."""

NOT_MET: dict[str, str] = {
    "T15": "The first deployment of a site; the collection upgrades what is deployed. A failed deployment shows its own class.",
    "T16": "Windows updates are not this collection's work; a pending restart is a check of the gates (`pending_restart`).",
    "T17": "Every exchange is a new PowerShell process, which loads the module that is installed.",
    "T23": "Conferences are not this collection's work.",
}
"""The documented troubles that no operation can meet, and why."""

EXIT_CODES: dict[int, tuple[str, str, bool]] = {
    1602: ("was cancelled on the host", "Run the same command again.", True),
    1603: ("failed", "See the Application event log of the host, then run the same command again.", False),
    1605: ("says the product is not installed", "Compare Programs and Features of the host with the plan.", False),
    1618: (
        "found another installation running",
        "Wait until that one has ended, then run the same command again.",
        True,
    ),
    1619: ("could not open the package", "See that the file is whole and readable on the host.", False),
    1620: ("says the file is no package of Windows Installer", "Check the source of the package.", False),
    1638: (
        "found another version installed",
        "Remove it in Programs and Features, then run the same command again.",
        False,
    ),
    1641: ("restarts the host", "Wait for the host; then run the same command again.", True),
    3010: (
        "wants a restart of the host",
        "Decide when the host may restart, restart it, then run the same command again.",
        False,
    ),
}
"""Exit codes of Windows Installer: meaning, remedy, retry; none is documented for this MSI (cloud-connector.md 8)."""

OTHER_EXIT_CODE = ("failed", "Look the code up, repair, then run the same command again.", False)

GENERAL: dict[str, str] = {
    "unknown": "An error that this collection does not know; it is passed on whole.",
    "check": "A check of the state says stop, and it is no documented trouble; `check` in the failure names it.",
    "refused": "The operation refused by itself, for the reason it gives.",
    "unread": "Something could not be read that a decision needs.",
    "no-answer": "PowerShell on the host ran, and gave no answer of the bridge.",
    "prompt": "The product asked a question and nobody had an answer.",
    "fence": "The state on the appliance was not what it had been when it was read; nothing was done.",
    "unfinished": "The wait for a job is over, the job is not: it goes on by itself.",
}
"""Classes of failures that are not of one error."""


def find(name: str) -> Trouble | None:
    """The trouble of that name."""
    return next((trouble for trouble in TROUBLES if trouble.name == name), None)


def named(text: str, name: str) -> bool:
    """Whether the text is that of the trouble of this name."""
    trouble = recognise("", text)
    return trouble is not None and trouble.name == name


def recognise(
    error_id: str, message: str, *, cmdlet: str = "", category: str = "", exception: str = ""
) -> Trouble | None:
    """The first trouble that an error shows; None when it is not a known one."""
    text = "\n".join((cmdlet.rpartition("\\")[2], error_id, category, exception, message))
    return next((trouble for trouble in TROUBLES if trouble.matches(text)), None)
