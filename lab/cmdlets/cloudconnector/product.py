"""What all Cc cmdlets share: which release has which, the module a session has loaded, and their work in points.

A text that ends in "(simulated)" is the lab's own: the real wording is not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from lab.cmdlets.faults import reach
from lab.cmdlets.session import session_of
from lab.powershell.catalogue import Registry
from lab.powershell.errors import no_prompt
from lab.powershell.invocation import Invocation
from lab.world.appliance import PROGRAM_DATA, Appliance, Directories
from lab.world.configuration import FILE, number
from lab.world.files import Files
from lab.world.network import account
from lab.world.switches import Switches

Work = Generator[simpy.Event, Any, None]
Body = Callable[[Invocation, Appliance], Work | None]

IMPORTED_INI = rf"{PROGRAM_DATA}\{FILE}"
DOTNET_KEY = r"HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full"
DOTNET_461 = 394254
NO_DOTNET = (
    "The property 'Common' cannot be found on this object. Verify that the property exists. "
    r"At C:\Program Files\WindowsPowerShell\Modules\CloudConnector\Internal\MtHostCommon.ps1:681 char:14"
)
"""T12."""

SINCE = {
    "Backup-CcCertificationAuthority": "1.4.2",
    "Remove-CcCertificationAuthorityFile": "1.4.2",
    "Export-CcRootCertificate": "1.4.2",
    "Reset-CcCACertificate": "1.4.2",
    "Renew-CcCACertificate": "1.4.2",
    "Renew-CcServerCertificate": "1.4.2",
    "Remove-CcLegacyServerCertificate": "1.4.2",
    "Update-CcCACertificate": "2.0",
    "Update-CcServerCertificate": "2.0",
    "Import-CcConfiguration": "2.0",
    "Restore-CcCredentials": "2.1",
}
"""The first release with a cmdlet, as the pages say (1.2); Import-CcConfiguration since 2.0 or 2.0.1 (9.1 item 7)."""
UNTIL = {"Renew-CcCACertificate": "1.4.2", "Renew-CcServerCertificate": "1.4.2", "Get-CcRunningVersion": "1.4.2"}
"""The last release with a cmdlet; of Get-CcRunningVersion the last of which it is known (1.1, 9.1 item 8)."""

PARAMETERS_SINCE = {
    ("Get-CcVersion", "VersionType"): "2.0",
    ("Start-CcDownload", "DownloadBitsOnly"): "2.0",
    ("Get-CcCredential", "DisplayPassword"): "2.0",
    ("Set-CcExternalCertificateFilePath", "Target"): "1.4.2",
    ("Get-CcExternalCertificateFilePath", "Target"): "1.4.2",
}
"""The first release with a parameter (1.1, 1.2); a cmdlet of an earlier one cannot bind it."""

THROUGH_WINRM = ("basic", "ntlm", "credssp")
"""Logons whose token is the full one only where Windows is set up so; that of a task and of a service always is."""

REGISTRY = Registry()


def exists(cmdlet: str, version: str, switches: Switches) -> bool:
    """Whether the module of that version has the cmdlet."""
    first, last = SINCE.get(cmdlet, "0"), UNTIL.get(cmdlet, "99")
    if cmdlet == "Get-CcRunningVersion" and switches.running_version_stays:
        last = "99"
    return number(first) <= number(version) <= number(last)


def product(*names: str) -> Callable[[Body], Body]:
    """Declares Cc cmdlets: they load the module into the session, and fail at once without a full token or .NET 4.6.1 (T12)."""

    def declare(body: Body) -> Body:
        @REGISTRY.implements(*names)
        def run(call: Invocation) -> Work:
            scripts(call)
            _check_parameters(call)
            _check_token(call)
            _check_dotnet(call)
            work = body(call, appliance_of(call))
            if work is not None:
                yield from work

        return body

    return declare


def appliance_of(call: Invocation) -> Appliance:
    """The appliance whose host runs the cmdlet."""
    return session_of(call).appliance


def scripts(call: Invocation) -> str:
    """The version of the module in this session: what was installed when its first cmdlet ran."""
    session = session_of(call)
    session.loaded_version = session.loaded_version or session.appliance.msi
    return str(session.loaded_version)


def at_least(call: Invocation, version: str) -> bool:
    """Whether the session's module is of this version or a later one."""
    return number(scripts(call)) >= number(version)


def agreed(call: Invocation, appliance: Appliance, question: str) -> bool:
    """Asks a question that Y agrees to; with the switch `host_ui` in a way that the bridge cannot answer."""
    if appliance.world.switches.host_ui:
        raise no_prompt("PromptForChoice", 4)
    return str(call.read_host(question)).upper() == "Y"


def work(call: Invocation, appliance: Appliance, point: str, seconds: float) -> Work:
    """Simulated seconds of work up to a point, at which a fault may be applied."""
    yield call.sleep(seconds)
    yield from reach(call, appliance, "during", point)


def files_of(call: Invocation) -> Files:
    """The files as the logon of the cmdlet reaches them."""
    return appliance_of(call).computer.files_for(call.logon)


def directories(call: Invocation) -> Directories:
    """The directories as this account sees them: what it has set, or the defaults below its profile."""
    appliance = appliance_of(call)
    user = account(call.logon.user)
    if not appliance.world.switches.directories_per_user:
        user = account(appliance.owner)
    root = rf"C:\Users\{user}\CloudConnector"
    return appliance.directories.setdefault(user, Directories(rf"{root}\ApplianceRoot", rf"{root}\SiteRoot"))


def read_text(call: Invocation, path: str) -> str | None:
    """The text of a file, or None when it cannot be read."""
    try:
        return files_of(call).read_text(path)
    except OSError:
        return None


def _check_token(call: Invocation) -> None:
    """The cmdlets run in an elevated PowerShell (1); how they refuse another one is not documented."""
    if call.logon.method in THROUGH_WINRM and not appliance_of(call).computer.policy.elevated:
        text = "Access is denied. Run the cmdlet in a PowerShell started as administrator. (simulated)"
        call.throw(text, "UnauthorizedAccess", "PermissionDenied", "System.UnauthorizedAccessException")


def _check_parameters(call: Invocation) -> None:
    """Ends the cmdlet at a parameter that its release does not have, with the error of PowerShell's binder."""
    for name in call.parameters:
        if not at_least(call, PARAMETERS_SINCE.get((call.name, name), "0")):
            text = f"A parameter cannot be found that matches parameter name '{name}'."
            exception = "System.Management.Automation.ParameterBindingException"
            call.throw(text, f"NamedParameterNotFound,{call.name}", "InvalidArgument", exception)


def _check_dotnet(call: Invocation) -> None:
    release = (appliance_of(call).computer.registry.get(DOTNET_KEY) or {}).get("Release", 0)
    if at_least(call, "2.1") and release < DOTNET_461:
        call.throw(NO_DOTNET)
