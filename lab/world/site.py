"""A PSTN site: its appliances, its shared directory, the calls offered to it, and whether it is short of capacity."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from lab.world.calls import CallCapacity, Direction, Load, Source
from lab.world.context import WorldContext
from lab.world.machines import VirtualMachine
from lab.world.record import Shortage


class SiteMember(Protocol):
    """What a site knows of an appliance."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def calls(self) -> CallCapacity: ...

    @property
    def machines(self) -> list[VirtualMachine]: ...


Member = TypeVar("Member", bound=SiteMember)


@dataclass(eq=False)
class Site(Generic[Member]):
    """One site. `peak_calls` is what it must be able to carry at once; `directory` is the share of its appliances."""

    world: WorldContext
    name: str
    directory: str
    peak_calls: int
    appliances: list[Member] = field(default_factory=list)
    sources: dict[Direction, Source] = field(default_factory=dict)
    shortage: Shortage | None = None
    built: bool = False

    @property
    def live_calls(self) -> int:
        """How many calls are alive in the site."""
        return sum(len(appliance.calls.live_calls) for appliance in self.appliances)

    @property
    def capacity(self) -> int:
        """What the appliances in service carry together."""
        return sum(appliance.calls.capacity for appliance in self.appliances if appliance.calls.taking)

    def machine_at(self, address: str) -> tuple[Member, VirtualMachine] | None:
        """The VM that answers to an address, server name or FQDN, with its appliance: the site has one corporate network."""
        machines = ((appliance, machine) for appliance in self.appliances for machine in appliance.machines)
        return next(((owner, machine) for owner, machine in machines if machine.answers_to(address)), None)

    def check_shortage(self, why: str) -> None:
        """Compares capacity with need: an appliance came into service or left it."""
        if not self.built:
            return
        capacity, needed = self.capacity, max(self.peak_calls, self.live_calls)
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
        """The site is built: puts its gateways and the tenant to work, and checks its capacity from now on."""
        self.built = True
        self.check_shortage("as the world begins")
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
        carriers = [appliance.calls for appliance in self.appliances]
        return Source(
            world.env, self.name, direction, carriers, load, world.record, chance, retries, world.next_call, world.now
        )
