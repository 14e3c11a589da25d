"""Call traffic: gateways and the tenant offer calls to the appliances of a site, which carry, refuse or cut them.

Cheap on purpose: one process for each direction of a site, and one timer for a call.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import simpy

from lab.world.activity import Activity
from lab.world.record import Call, Record

Direction = Literal["inbound", "outbound"]


@dataclass(frozen=True)
class Failure:
    """Why a call came to nothing; `answered`: it was answered first, so nobody tries another appliance."""

    why: str
    answered: bool = False
    rings: float = 0.0
    """Seconds for which it rings before it does."""


class CallCapacity:
    """What an appliance carries: the calls alive on it, and whether it takes new ones."""

    def __init__(self, env: simpy.Environment, name: str, capacity: int) -> None:
        self.name = name
        self.capacity = capacity
        """Calls at once: 500, or 50 for hardware type Minimum (cloud-connector.md 4)."""
        self.taking = False
        self.live_calls: dict[int, Call] = {}
        self.ringing: Counter[Direction] = Counter()
        """Calls that ring and will not be answered."""
        self.fails: Callable[[], Failure | None] = lambda: None
        """Asked when a call is offered that should be taken: why it comes to nothing all the same, if it does."""
        self._env = env
        self._idle: simpy.Event | None = None

    def count(self, direction: Direction) -> int:
        """The calls of one direction that are alive: what the performance counter of Mediation shows."""
        return sum(call.direction == direction for call in self.live_calls.values())

    def ring(self, direction: Direction, seconds: float) -> None:
        """A call that nobody will answer rings."""
        self.ringing[direction] += 1
        self._env.timeout(seconds).callbacks.append(lambda _: self.ringing.subtract([direction]))

    def failure(self) -> Failure | None:
        """Why a call that is offered now comes to nothing, or None. Whoever asks has offered one: it may leave its event."""
        failure = self.fails()
        if failure is not None:
            return failure
        if not self.taking:
            return Failure(f"{self.name} takes no calls")
        return Failure(f"{self.name} is full") if len(self.live_calls) >= self.capacity else None

    def take(self, call: Call) -> None:
        """Carries the call from now on."""
        call.appliance = self.name
        self.live_calls[call.number] = call

    def leave(self, call: Call) -> bool:
        """The call is over; False when it was so before."""
        gone = self.live_calls.pop(call.number, None) is not None
        if not self.live_calls and self._idle is not None:
            self._idle.succeed()
            self._idle = None
        return gone

    def idle(self) -> simpy.Event:
        """An event that comes when no call is alive."""
        if self._idle is None:
            self._idle = self._env.event()
        event = self._idle
        if not self.live_calls:
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
        carriers: Sequence[CallCapacity],
        load: Load,
        record: Record,
        chance: random.Random,
        retries: bool,
        numbers: Callable[[], int],
        clock: Callable[[], datetime],
    ) -> None:
        self.direction = direction
        self.load = load
        self._env, self._site, self._carriers = env, site, carriers
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
        carrier = self._place(call)
        if carrier is None:
            return call
        length = self._chance.expovariate(1 / self.load.mean_seconds) if seconds is None else seconds
        self._env.timeout(length).callbacks.append(lambda _: self._complete(call, carrier))
        return call

    def bring(self, carrier: CallCapacity) -> Call:
        """A call that is brought to this very appliance, over SIP: it runs until `hang_up`, or comes to nothing at once."""
        call = Call(self._numbers(), self._site, self.direction, False, self._clock(), tried=[carrier.name])
        self._record.begin(call)
        failure = carrier.failure()
        if failure is None:
            carrier.take(call)
        else:
            self._end(call, "cut" if failure.answered else "refused", failure.why)
            if failure.rings:
                carrier.ring(self.direction, failure.rings)
        return call

    def hang_up(self, call: Call, carrier: CallCapacity) -> None:
        """The caller ends a call; nothing happens where it has ended before."""
        self._complete(call, carrier)

    def _place(self, call: Call) -> CallCapacity | None:
        """Tries the appliances in random order, all of them or the first only; the call is lost when none takes it."""
        order = self._chance.sample(self._carriers, len(self._carriers))
        reasons = []
        for carrier in order if self._retries else order[:1]:
            call.tried.append(carrier.name)
            failure = carrier.failure()
            if failure is None:
                carrier.take(call)
                return carrier
            reasons.append(failure.why)
            if failure.rings:
                carrier.ring(self.direction, failure.rings)
            if failure.answered:
                call.appliance = carrier.name
                self._end(call, "cut", failure.why)
                return None
        self._end(call, "refused", "; ".join(reasons) or "no appliance")
        return None

    def _complete(self, call: Call, carrier: CallCapacity) -> None:
        if carrier.leave(call):
            self._end(call, "completed" if len(call.tried) == 1 else "rerouted", "")

    def _end(self, call: Call, outcome: Literal["completed", "rerouted", "refused", "cut"], why: str) -> None:
        call.end, call.outcome, call.why = self._clock(), outcome, why
        self._record.end(call)


def cut(carrier: CallCapacity, record: Record, now: datetime, why: str) -> int:
    """Ends every call that an appliance carries; returns how many."""
    calls = list(carrier.live_calls.values())
    for call in calls:
        call.end, call.outcome, call.why = now, "cut", why
        carrier.leave(call)
        record.end(call)
    return len(calls)
