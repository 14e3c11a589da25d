"""Call traffic: gateways and the tenant offer calls to the appliances of a site, which carry, refuse or cut them.

Cheap on purpose: one process for each direction of a site, and one timer for a call.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import simpy

from lab.world.computer import Activity
from lab.world.record import Call, Record

Direction = Literal["inbound", "outbound"]


class Line:
    """What an appliance carries: the calls alive on it, and whether it takes new ones."""

    def __init__(self, env: simpy.Environment, name: str, capacity: int) -> None:
        self.name = name
        self.capacity = capacity
        """Calls at once: 500, or 50 for hardware type Minimum (cloud-connector.md 4)."""
        self.taking = False
        self.alive: dict[int, Call] = {}
        self._env = env
        self._idle: simpy.Event | None = None

    def count(self, direction: Direction) -> int:
        """The calls of one direction that are alive: what the performance counter of Mediation shows."""
        return sum(call.direction == direction for call in self.alive.values())

    def refuses(self) -> str | None:
        """Why a new call would be refused now, or None."""
        if not self.taking:
            return f"{self.name} takes no calls"
        return f"{self.name} is full" if len(self.alive) >= self.capacity else None

    def take(self, call: Call) -> None:
        """Carries the call from now on."""
        call.appliance = self.name
        self.alive[call.number] = call

    def leave(self, call: Call) -> bool:
        """The call is over; False when it was so before."""
        gone = self.alive.pop(call.number, None) is not None
        if not self.alive and self._idle is not None:
            self._idle.succeed()
            self._idle = None
        return gone

    def idle(self) -> simpy.Event:
        """An event that comes when no call is alive."""
        if self._idle is None:
            self._idle = self._env.event()
        event = self._idle
        if not self.alive:
            self._idle = None
            event.succeed()
        return event


@dataclass
class Load:
    """What is offered to a site in one direction."""

    calls_per_hour: float = 60.0
    mean_seconds: float = 180.0
    emergency_share: float = 0.01


class Source:
    """The gateways (inbound) or the tenant (outbound) of a site: keeps offering calls, Poisson, of exponential length."""

    def __init__(
        self,
        env: simpy.Environment,
        site: str,
        direction: Direction,
        lines: Sequence[Line],
        load: Load,
        record: Record,
        chance: random.Random,
        retries: bool,
        numbers: Callable[[], int],
        clock: Callable[[], datetime],
    ) -> None:
        self.direction = direction
        self.load = load
        self._env, self._site, self._lines = env, site, lines
        self._record, self._chance, self._retries = record, chance, retries
        self._numbers, self._clock = numbers, clock
        self._generation = 0

    def start(self) -> None:
        """Begins, or begins anew with the load as it is now."""
        self._generation += 1
        if self.load.calls_per_hour > 0:
            self._env.process(self._offering(self._generation, self.load.calls_per_hour / 3600))

    def change(self, **load: float) -> None:
        """Offers another load from now on; ValueError for what is no field of `Load`."""
        unknown = set(load) - set(vars(self.load))
        if unknown:
            raise ValueError(f"no such part of a load: {', '.join(sorted(unknown))}")
        self.load = replace(self.load, **load)
        self.start()

    def _offering(self, generation: int, calls_per_second: float) -> Activity:
        while True:
            yield self._env.timeout(self._chance.expovariate(calls_per_second))
            if generation != self._generation:
                return
            self.offer()

    def offer(self, seconds: float | None = None, emergency: bool | None = None) -> Call:
        """Offers one call now: of that length and kind, or as chance has it."""
        if emergency is None:
            emergency = self._chance.random() < self.load.emergency_share
        call = Call(self._numbers(), self._site, self.direction, emergency, self._clock())
        self._record.begin(call)
        line = self._place(call)
        if line is None:
            return call
        length = self._chance.expovariate(1 / self.load.mean_seconds) if seconds is None else seconds
        self._env.timeout(length).callbacks.append(lambda _: self._complete(call, line))
        return call

    def _place(self, call: Call) -> Line | None:
        """Tries the appliances in random order, all of them or the first only; the call is lost when none takes it."""
        order = self._chance.sample(self._lines, len(self._lines))
        reasons = []
        for line in order if self._retries else order[:1]:
            call.tried.append(line.name)
            reason = line.refuses()
            if reason is None:
                line.take(call)
                return line
            reasons.append(reason)
        self._end(call, "refused", "; ".join(reasons) or "no appliance")
        return None

    def _complete(self, call: Call, line: Line) -> None:
        if line.leave(call):
            self._end(call, "completed" if len(call.tried) == 1 else "rerouted", "")

    def _end(self, call: Call, outcome: Literal["completed", "rerouted", "refused"], why: str) -> None:
        call.end, call.outcome, call.why = self._clock(), outcome, why
        self._record.end(call)


def cut(line: Line, record: Record, now: datetime, why: str) -> int:
    """Ends every call of a line; returns how many."""
    calls = list(line.alive.values())
    for call in calls:
        call.end, call.outcome, call.why = now, "cut", why
        line.leave(call)
        record.end(call)
    return len(calls)
