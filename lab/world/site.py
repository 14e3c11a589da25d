"""A PSTN site: its appliances, its shared directory, the calls offered to it, and whether it is short of capacity."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.world.calls import Direction, Load, Source
from lab.world.record import Shortage

if TYPE_CHECKING:
    from lab.world.appliance import Appliance
    from lab.world.world import World


@dataclass(eq=False)
class Site:
    """One site. `peak_calls` is what it must be able to carry at once; `directory` is the share of its appliances."""

    world: World
    name: str
    directory: str
    peak_calls: int
    appliances: list[Appliance] = field(default_factory=list)
    sources: dict[Direction, Source] = field(default_factory=dict)
    shortage: Shortage | None = None
    built: bool = False

    @property
    def alive(self) -> int:
        """The calls that are alive in the site."""
        return sum(len(appliance.line.alive) for appliance in self.appliances)

    @property
    def capacity(self) -> int:
        """What the appliances in service carry together."""
        return sum(appliance.line.capacity for appliance in self.appliances if appliance.line.taking)

    def weigh(self, why: str) -> None:
        """Compares capacity with need: an appliance came into service or left it."""
        if not self.built:
            return
        capacity, needed = self.capacity, max(self.peak_calls, self.alive)
        open_one = self.shortage
        if open_one is not None and (capacity, needed) == (open_one.capacity, open_one.needed):
            return
        if open_one is not None:
            open_one.end, self.shortage = self.world.now(), None
            self.world.record.end(open_one)
        if capacity < needed:
            self.shortage = Shortage(self.name, self.world.now(), capacity, needed, why)
            self.world.record.begin(self.shortage)

    def connect_sources(self, inbound: Load, outbound: Load) -> None:
        """The site is built: puts its gateways and the tenant to work, and weighs its capacity from now on."""
        self.built = True
        self.weigh("as the world begins")
        switches = self.world.switches
        for direction, load, retries in (
            ("inbound", inbound, switches.gateway_retry),
            ("outbound", outbound, switches.tenant_retry),
        ):
            source = self._source(direction, load, retries)  # type: ignore[arg-type]
            self.sources[source.direction] = source
            source.start()

    def _source(self, direction: Direction, load: Load, retries: bool) -> Source:
        world = self.world
        chance = random.Random(f"{world.seed}/{self.name}/{direction}")
        lines = [appliance.line for appliance in self.appliances]
        return Source(
            world.env, self.name, direction, lines, load, world.record, chance, retries, world.next_call, world.now
        )
