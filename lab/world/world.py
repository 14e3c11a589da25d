"""The simulated world: what its sites share, and the sites with their appliances."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.world.appliance import Appliance
from lab.world.context import WorldContext
from lab.world.site import Site


@dataclass(eq=False)
class World(WorldContext):
    """Everything simulated."""

    sites: dict[str, Site[Appliance]] = field(default_factory=dict)
    appliances: dict[str, Appliance] = field(default_factory=dict)
