"""A PowerShell session on a computer of an appliance, with what the simulated modules keep in it, and its record."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import MASK
from lab.powershell.session import Session
from lab.world import logons
from lab.world.appliance import Appliance
from lab.world.machines import VirtualMachine
from lab.world.network import Logon
from lab.world.record import CmdletRun, TenantSession

SECRET_PARAMETERS = frozenset({"password"})
"""Parameters that are plain text for PowerShell and secrets for us (Register-ScheduledTask -Password)."""


class ApplianceSession(Session):
    """A session on the host of an appliance, or inside the given VM of it."""

    def __init__(
        self, registry: Registry, appliance: Appliance, logon: Logon, machine: VirtualMachine | None = None
    ) -> None:
        super().__init__(appliance.world.env, registry, (machine or appliance).computer, logon)
        self.appliance = appliance
        self.virtual_machine = machine
        self.loaded_version: str | None = None
        """The version of the CloudConnector module in this session; None before its first cmdlet ran."""
        self.tenant_sessions: list[TenantSession] = []
        """The remote sessions to the tenant that this process opened and has not removed."""
        self.imports: list[tuple[TenantSession, tuple[str, ...]]] = []
        """What was imported of them: patterns of cmdlet names."""
        self.observer = self.recorder = Recorder(appliance, (machine or appliance).name)

    def imported(self, name: str) -> bool:
        """Whether a cmdlet of the tenant was imported, from a session that still exists."""
        patterns = (pattern for one, patterns in self.imports if one.end is None for pattern in patterns)
        return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)

    def end(self) -> None:
        """What it opened in the tenant and did not remove is left there."""
        for one in self.tenant_sessions:
            logons.leave(self.appliance.world, one)


def session_of(call: Invocation) -> ApplianceSession:
    """The session of a cmdlet that only the computers of an appliance have."""
    assert isinstance(call.session, ApplianceSession)
    return call.session


class Recorder:
    """The observer of one session: puts its cmdlets into the record of the world."""

    def __init__(self, appliance: Appliance, machine: str) -> None:
        self._appliance = appliance
        self._machine = machine
        self.unfinished: list[CmdletRun] = []

    def started(self, call: Invocation) -> CmdletRun:
        """A cmdlet begins."""
        world, logon = self._appliance.world, call.logon
        run = CmdletRun(
            world.now(), self._appliance.name, self._machine, logon.user, logon.method, call.name, masked(call.shown)
        )
        world.record.begin(run)
        self.unfinished.append(run)
        return run

    def finished(self, token: object, result: Mapping[str, object]) -> None:
        """It has ended by itself."""
        assert isinstance(token, CmdletRun)
        errors: Any = result["errors"]
        outcome = "thrown" if result["thrown"] else "error" if errors else "ok"
        self._close(token, outcome, errors[-1]["message"] if errors else None)

    def killed(self) -> None:
        """The process has ended under its cmdlets."""
        for run in list(self.unfinished):
            self._close(run, "killed", None)

    def _close(self, run: CmdletRun, outcome: str, error: str | None) -> None:
        world = self._appliance.world
        self.unfinished.remove(run)
        run.outcome, run.error, run.seconds = outcome, error, (world.now() - run.time).total_seconds()
        world.record.end(run)


def masked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without secrets."""
    return {name: MASK if name.lower() in SECRET_PARAMETERS else value for name, value in parameters.items()}
