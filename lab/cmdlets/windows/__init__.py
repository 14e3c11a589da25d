"""The Windows cmdlets a simulated computer has: everything the collection sends that is not the product's own."""

from __future__ import annotations

from lab.cmdlets.windows.content import CONTENT
from lab.cmdlets.windows.events import EVENTS
from lab.cmdlets.windows.files import FILES
from lab.cmdlets.windows.processes import PROCESSES
from lab.cmdlets.windows.services import SERVICES
from lab.cmdlets.windows.system import SYSTEM
from lab.cmdlets.windows.tasks import TASKS, OpenSession, job_runner
from lab.cmdlets.windows.web import WEB
from lab.cmdlets.windows.wmi import WMI
from lab.powershell import remoting
from lab.powershell.catalogue import Registry
from lab.powershell.session import Session
from lab.world.computer import Computer
from lab.world.network import Logon
from lab.world.permissions import icacls

WINDOWS = Registry().merge(FILES, CONTENT, EVENTS, PROCESSES, SERVICES, SYSTEM, TASKS, WEB, WMI, remoting.registry)
"""All of them; an appliance's registry merges the product's cmdlets into a copy: `Registry().merge(WINDOWS, ...)`."""


def open_session(computer: Computer, logon: Logon) -> Session:
    """A PowerShell session with nothing but the Windows cmdlets."""
    return Session(computer.env, WINDOWS, computer, logon)


def equip(computer: Computer, opens: OpenSession | None = None) -> Computer:
    """Lets the scheduled tasks of a computer run the collection's jobs, each in a new session that `opens` gives."""
    computer.executables["icacls.exe"] = icacls
    computer.executables["powershell.exe"] = job_runner(opens or (lambda logon: open_session(computer, logon)))
    return computer
