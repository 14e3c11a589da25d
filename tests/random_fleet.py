"""A site of two appliances whose product nobody chose: upgraded by the modules one after the other, as the playbook does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.world import judging
from tests.bench import HOST, NEIGHBOUR, ORDER, Bench
from tests.operations import operate

RESTS = 120
"""Seconds after a run in which calls may still notice what it left."""


@dataclass(frozen=True)
class Stop:
    """Where a run stopped."""

    host: str
    module: str
    failure: str
    message: str

    @property
    def place(self) -> tuple[str, int]:
        """How far the run had come; a later one is greater."""
        return self.host, ORDER.index(self.module)


class RandomFleet(Bench):
    """`cce-1` and `cce-2`, each with room for all calls of the site; `switches` are those that differ from the defaults."""

    def __init__(self, switches: Mapping[str, Any], *, calls_per_hour: float = 60.0, **more: Any) -> None:
        super().__init__(switches=dict(switches), **more)
        self.switches = dict(switches)
        for source in self.lab.world.sites["oslo"].sources.values():
            source.change(calls_per_hour=calls_per_hour, emergency_share=0.2)

    def options(self, module: str, host: str = HOST) -> dict[str, Any]:
        """The options of a module as the role gives them, on either appliance."""
        own = {"content": self.lab.ini(host)} if module == "configuration" else {}
        return {**super().options(module), **self.reach(host), **own}

    def upgrade(self, hosts: Sequence[str] = (HOST, NEIGHBOUR)) -> Stop | None:
        """One run over these appliances; where it stopped, or None when all is done."""
        for host in hosts:
            for module in ORDER:
                result = self.on(host, module)
                if result.get("failed"):
                    return Stop(host, module, str(result["failure"]["class"]), str(result["msg"]))
        return None

    def on(self, host: str, module: str, **options: Any) -> dict[str, Any]:
        """What a module returns on that appliance."""
        return operate(self.lab, host, module, **{**self.options(module, host), **options})

    def rest(self) -> None:
        """Lets some time pass, so that calls meet what a run left."""
        self.lab.advance(RESTS)

    def broken(self) -> list[str]:
        """The promises that the record says were broken; calls must have noticed nothing that no switch of the product does."""
        record = self.lab.record
        return judging.broken(lambda kind: record.since(0, kind), self.switches, spare=("oslo",))

    def out(self) -> list[str]:
        """The appliances out of service just now that no switch of the product explains."""
        return [
            one.appliance
            for one in self.lab.record.outages()
            if one.end is None and not judging.excused(one.why, self.switches)
        ]

    def state(self, host: str) -> tuple[Any, Any]:
        """The running version and whether it serves."""
        found = self.lab.snapshot(host)
        return found["running"], found["in_service"]
