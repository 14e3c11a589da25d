"""The clock between wall time and simulated time."""

from __future__ import annotations

import pytest
import simpy

from lab.server.clock import Clock
from lab.world.activity import Activity


class Wall:
    """A wall clock that stands still unless a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def made(speed: float = 10.0) -> tuple[simpy.Environment, Wall, Clock]:
    env, wall = simpy.Environment(), Wall()
    return env, wall, Clock(env, speed, wall)


def test_simulated_time_follows_the_wall() -> None:
    env, wall, clock = made()
    wall.now += 5
    clock.catch_up()
    assert env.now == pytest.approx(50)


def test_a_new_speed_counts_from_now() -> None:
    env, wall, clock = made()
    wall.now += 1
    clock.catch_up()
    clock.speed = 100
    wall.now += 1
    clock.catch_up()
    assert env.now == pytest.approx(110)


def test_time_does_not_stand_still_or_go_back() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        made()[2].speed = 0


def test_when_it_cannot_keep_up_it_falls_behind() -> None:
    env, wall, clock = made()

    def slow() -> Activity:
        while True:
            yield env.timeout(1)
            wall.now += 1

    env.process(slow())
    wall.now += 100
    clock.catch_up()
    assert env.now < clock.goal


def test_a_mistake_in_the_simulation_is_kept_and_time_goes_on() -> None:
    env, wall, clock = made()

    def wrong() -> Activity:
        yield env.timeout(1)
        raise LookupError("a mistake of the lab")

    env.process(wrong())
    wall.now += 1
    clock.catch_up()
    assert "a mistake of the lab" in clock.failures[0]
    assert env.now == pytest.approx(10)
