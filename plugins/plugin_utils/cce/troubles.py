"""The documented troubles an operation can meet, recognised without the display language where that is possible.

Source: cloud-connector.md 6.3; the numbers are those of its table. The product's own texts are English on every host, since
only English Windows is supported (cloud-connector.md 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Trouble:
    """`retry`: the same command may succeed without anybody changing anything first."""

    name: str
    pattern: str
    meaning: str
    remedy: str
    retry: bool = False

    def matches(self, text: str) -> bool:
        return re.search(self.pattern, text, re.IGNORECASE | re.DOTALL) is not None


TROUBLES: tuple[Trouble, ...] = (
    Trouble(
        "T3-management-switch-in-use",
        r"Remove-VMSwitch.*being used by running virtual machines|virtual switch '.*Management Switch' cannot be deleted",
        "A VM left over from an earlier deployment still uses the management switch.",
        "Disconnect left-over VMs from it and delete the switch, or restart the host; then run the same command again.",
    ),
    Trouble(
        "T4-edge-authentication-service",
        r"Service RTCMRAUTH failed to start",
        "The chain of the external certificate is not trusted on the Edge VM.",
        "Import root and intermediate certificates on the Edge VM and restart it; when RTCMRAUTH and RTCSRV run, "
        "run the same command again.",
    ),
    Trouble(
        "T6-registration-conflict",
        r"Cannot register appliance because your current input/configuration",
        "The tenant knows one half of this appliance's or site's identity with another other half.",
        "Compare CloudConnector.ini with Get-CsHybridPSTNAppliance; correct the ini or unregister the old appliance.",
    ),
    Trouble(
        "T10-tenant-logon",
        r"Logon failed for the user",
        "The tenant administrator cannot log on.",
        "Run Set-CcCredential -AccountType TenantAdmin on the appliance with the present password.",
    ),
    Trouble(
        "T11-credential-cache",
        r"Key not valid for use in specified state",
        "This logon cannot decrypt the credential cache: another account or another kind of logon stored it.",
        "Log on as the deployment account with CredSSP; if that account's password was changed, follow T11 of the "
        "documentation.",
    ),
    Trouble(
        "T12-dotnet",
        r"The property 'Common' cannot be found on this object",
        "2.1 needs .NET Framework 4.6.1 or later on the host.",
        "Install it and run the same command again.",
    ),
    Trouble(
        "T13-state-key",
        r'Cannot set "State" because only strings can be used',
        "The ini has no State line in [Common].",
        "Add `State=` to [Common] of CloudConnector.ini; the value may be empty.",
    ),
    Trouble(
        "T14-windows-image",
        r"Dismount-WindowsImage failed.*0xc1550115",
        "A Windows image was left mounted.",
        "Run dism /Cleanup-Wim on the host, then the same command again.",
    ),
    Trouble(
        "T18-module-cache",
        r"The term 'Stop-CsWindowsService' is not recognized",
        "PowerShell's module cache on the host is damaged.",
        r"Delete ModuleAnalysisCache under AppData\Local\Microsoft\Windows\PowerShell of the account, then run again.",
    ),
    Trouble(
        "T20-hyper-v-module",
        r"The term 'Get-VM' is not recognized",
        "The Hyper-V module for Windows PowerShell is missing.",
        "Install the feature on the host and run the same command again.",
    ),
    Trouble(
        "T19-module-missing",
        r"specified module \"?CloudConnector\"? was not loaded|CloudConnector\\\S+' is not recognized",
        "The CloudConnector module is not on the host.",
        "Run the upgrade of this appliance again: it installs the module.",
    ),
    Trouble(
        "T24-certificate-password",
        r"network password is not correct|0x80070056",
        "The password of the certificate is not the one in the credential cache. (The wording is that of .NET; how the product "
        "words it is not documented.)",
        "Enter the certificate's password with the credential operation, operation register_local; then run the same command "
        "again.",
    ),
    Trouble(
        "prompt-past-the-bridge",
        r"\APSInvalidOperationException\b|NonInteractive mode|does not support user interaction",
        "The product asked in a way that only a person at its console can answer.",
        "Run this cmdlet once at the console of the host, as the deployment account; then run the same command again.",
    ),
    Trouble(
        "network-logon",
        r"Access (to the path .* )?is denied|UnauthorizedAccess",
        "This logon may not read there; a network logon (NTLM) reaches no second host.",
        "Use ansible_winrm_transport credssp and check the account's rights on the site directory.",
    ),
    Trouble(
        "logon-failure",
        r"0x8007052e|user name or password is incorrect|unknown user name or bad password",
        "Windows refused the account of the task.",
        "Check cloud_connector_deployment_user and cloud_connector_deployment_password.",
    ),
)


def named(text: str, name: str) -> bool:
    """Whether the text is that of the trouble of this name."""
    trouble = recognise("", text)
    return trouble is not None and trouble.name == name


def recognise(error_id: str, message: str) -> Trouble | None:
    """The first trouble that error id or text names; None when it is not a known one."""
    text = f"{error_id}\n{message}"
    return next((trouble for trouble in TROUBLES if trouble.matches(text)), None)
