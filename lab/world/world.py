"""The simulated world: one clock, one tenant, one network, and the sites with their appliances.

Not simulated: automatic update, automatic recovery by the management service (but the signs it leaves when services do not
start), monitoring (OMS), Windows updates, media.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import simpy

from lab.world.computer import START
from lab.world.network import Network
from lab.world.record import Record
from lab.world.switches import Switches
from lab.world.tenant import Tenant

if TYPE_CHECKING:
    from lab.world.appliance import Appliance
    from lab.world.site import Site


@dataclass(eq=False)
class World:
    """Everything simulated. Time is `env.now`, in seconds since `start`; nothing happens unless somebody runs `env`."""

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
    sites: dict[str, Site] = field(default_factory=dict)
    appliances: dict[str, Appliance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def now(self) -> datetime:
        """The present, aware UTC."""
        return self.start + timedelta(seconds=self.env.now)

    def next_call(self) -> int:
        """A number for a new call."""
        return next(self._numbers)
