"""What all sites and appliances of a simulated world share: one clock, one tenant, one network, one record.

Not simulated: monitoring (OMS), replication between the VMs, media.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import simpy

from lab.world.computer import START
from lab.world.network import Network
from lab.world.record import Record
from lab.world.switches import Switches
from lab.world.tenant import Tenant


@dataclass(eq=False)
class WorldContext:
    """Time is `env.now`, in seconds since `start`; nothing happens unless somebody runs `env`."""

    env: simpy.Environment
    switches: Switches
    tenant: Tenant
    network: Network
    record: Record
    start: datetime = START
    seed: int = 1
    latest: str = "2.1"
    """The version that Microsoft's download site offers."""
    private_downloads: dict[str, str] = field(default_factory=dict)
    """Versions behind the addresses that `Start-CcDownload -DownloadUrlRoot` may be given."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._sessions = itertools.count(1)
        self.tenant.session_limit = self.switches.tenant_session_limit

    def now(self) -> datetime:
        """The present, aware UTC."""
        return self.start + timedelta(seconds=self.env.now)

    def next_call(self) -> int:
        """A number for a new call."""
        return next(self._numbers)

    def next_session(self) -> int:
        """A number for a new session to the tenant."""
        return next(self._sessions)
