"""What all Cc cmdlets share: which release has which, the module a session has loaded, and their work in points.

A text that ends in "(simulated)" is the lab's own: the real wording is not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from lab.cmdlets.faults import reach
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.world.appliance import PROGRAM_DATA, Appliance, Directories
from lab.world.configuration import FILE, number
from lab.world.files import Files
from lab.world.network import account

Work = Generator[simpy.Event, Any, None]
Body = Callable[[Invocation, Appliance], Work | None]

MODULE = "CloudConnector"
SCRIPTS = "scripts"
"""Where a session keeps the version of the module it has loaded."""
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
    "Export-CcConfiguration": "2.0",
    "Get-CcApplianceStatus": "2.1",
    "Restore-CcCredentials": "2.1",
    "Install-CcOMSAgent": "2.1",
}
"""The first release with a cmdlet, as the pages say (1.2); Import-CcConfiguration since 2.0 or 2.0.1 (9.1 item 7)."""
UNTIL = {"Renew-CcCACertificate": "1.4.2", "Renew-CcServerCertificate": "1.4.2"}

REGISTRY = Registry()


def exists(cmdlet: str, version: str) -> bool:
    """Whether the module of that version has the cmdlet."""
    first, last = SINCE.get(cmdlet, "0"), UNTIL.get(cmdlet, "99")
    return number(first) <= number(version) <= number(last)


def product(*names: str) -> Callable[[Body], Body]:
    """Declares Cc cmdlets: they load the module into the session, and fail at once without .NET 4.6.1 (2.1, T12)."""

    def declare(body: Body) -> Body:
        @REGISTRY.implements(*names)
        def run(call: Invocation) -> Work:
            scripts(call)
            _check_dotnet(call)
            work = body(call, appliance_of(call))
            if work is not None:
                yield from work

        return body

    return declare


def appliance_of(call: Invocation) -> Appliance:
    """The appliance whose host runs the cmdlet."""
    appliance: Appliance = call.session.state["appliance"]
    return appliance


def scripts(call: Invocation) -> str:
    """The version of the module in this session: what was installed when its first cmdlet ran."""
    version = call.session.state.setdefault(SCRIPTS, appliance_of(call).msi)
    return str(version)


def at_least(call: Invocation, version: str) -> bool:
    """Whether the session's module is of this version or a later one."""
    return number(scripts(call)) >= number(version)


def work(call: Invocation, appliance: Appliance, point: str, seconds: float) -> Work:
    """Simulated seconds of work up to a point, at which a fault may strike."""
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


def _check_dotnet(call: Invocation) -> None:
    release = (appliance_of(call).computer.registry.get(DOTNET_KEY) or {}).get("Release", 0)
    if at_least(call, "2.1") and release < DOTNET_461:
        call.throw(NO_DOTNET)
