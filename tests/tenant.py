"""The modules that work on records of the tenant, through one appliance of a small simulated fleet."""

from __future__ import annotations

from typing import Any

from lab.inprocess import Lab
from tests.bench import HOST, NEIGHBOUR, Watched, describe
from tests.operations import prepare


class TenantBench(Watched):
    """The tenant of the site `oslo`, whose automatic update is on, and of one more site."""

    def __init__(self) -> None:
        fleet = describe({HOST: {}, NEIGHBOUR: {}})
        second = {**fleet["sites"][0], "name": "lima", "appliances": ["cce-9"]}
        self.lab = Lab.from_description({**fleet, "sites": [*fleet["sites"], second]})
        self.tenant = self.lab.world.tenant
        self.tenant.sites["oslo"].enable_auto_update = True
        self.files = self.lab.world.network.files

    def prepare(self, module: str, **options: Any) -> Any:
        """The action, not run yet."""
        self.mark()
        return prepare(self.lab, HOST, module, options)
