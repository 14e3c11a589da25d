"""One PowerShell process as its cmdlets see it."""

from __future__ import annotations

from typing import Any

import simpy

from lab.powershell.prompts import Prompts


class Process:
    """A simulated PowerShell process on `machine`, run by `logon` (both opaque here)."""

    def __init__(self, env: simpy.Environment, machine: Any = None, logon: Any = None) -> None:
        self.env = env
        self.machine = machine
        self.logon = logon
        self.prompts = Prompts()
        """What the request that runs now has answered in advance."""
        self.pid: int | None = None
        """Its number on the computer; None where nobody keeps account of processes."""

    def end(self) -> None:
        """The process is over, by itself or because something ended it: whoever keeps something open for it closes it here."""
