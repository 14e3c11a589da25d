"""The modules that work on records of the tenant, through one appliance of a small simulated fleet."""

from __future__ import annotations

from typing import Any

from lab.inprocess import Lab
from tests.bench import HOST, describe
from tests.operations import operate

SHARE = r"\\files\oslo"
NOTE = rf"{SHARE}\sfb.cloud_connector.auto_update"


class TenantBench:
    """The tenant of the site `oslo`, whose automatic update is on, and of one more site."""

    def __init__(self) -> None:
        fleet = describe([HOST, "cce-2"], {})
        second = {**fleet["sites"][0], "name": "lima", "appliances": ["cce-9"]}
        self.lab = Lab.from_description({**fleet, "sites": [*fleet["sites"], second]})
        self.tenant = self.lab.world.tenant
        self.tenant.sites["oslo"].enable_auto_update = True
        self.files = self.lab.world.network.files
        self.marked = 0

    def do(
        self, module: str, *, check: bool = False, facts: Any = None, method: str = "credssp", **options: Any
    ) -> Any:
        """What the module returns."""
        self.marked = len(self.lab.record.entries)
        return operate(self.lab, HOST, module, check=check, facts=facts, method=method, **options)

    def changes(self) -> list[str]:
        """The cmdlets of the last module that may have changed something."""
        recent = {id(entry) for entry in self.lab.record.entries[self.marked :]}
        return [run.name for run in self.lab.record.cmdlets(HOST, mutating=True) if id(run) in recent]

    @property
    def note(self) -> str | None:
        """What is written down on the site."""
        return self.files.read_text(NOTE) if self.files.exists(NOTE) else None
