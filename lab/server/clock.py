"""Drives simulated time from the wall clock of an asyncio loop, in small slices."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable

import simpy

TICK = 0.01
"""Wall seconds between two looks at the clock."""
BUDGET = 0.02
"""Wall seconds that one look may take before others in the loop have their turn."""


class Clock:
    """`speed` simulated seconds a second. When the simulation cannot keep up, simulated time falls behind; it never jumps."""

    def __init__(self, env: simpy.Environment, speed: float = 1.0, wall: Callable[[], float] = time.monotonic) -> None:
        self.failures: list[str] = []
        """Tracebacks of errors inside the simulation, which are defects of the lab."""
        self._env = env
        self._wall = wall
        self._speed = speed
        self._origin = (wall(), float(env.now))

    @property
    def speed(self) -> float:
        """Simulated seconds a second."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if not speed > 0:
            raise ValueError("the speed must be more than 0")
        self._origin = (self._wall(), float(self._env.now))
        self._speed = speed

    @property
    def goal(self) -> float:
        """The simulated time it should be by now."""
        wall, simulated = self._origin
        return simulated + (self._wall() - wall) * self._speed

    def catch_up(self) -> None:
        """Lets simulated time pass up to now, or for as long as the budget allows."""
        goal, end = self.goal, self._wall() + BUDGET
        while self._env.now < goal and self._wall() < end:
            self._slice(min(goal, self._env.now + self._speed * TICK / 4))

    async def run(self) -> None:
        """Keeps catching up, until cancelled."""
        while True:
            self.catch_up()
            await asyncio.sleep(TICK)

    def _slice(self, until: float) -> None:
        try:
            self._env.run(until=until)
        except Exception:
            self.failures.append(traceback.format_exc())
