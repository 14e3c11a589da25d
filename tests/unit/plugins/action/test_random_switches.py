"""Fleets whose product nobody chose: every switch of the lab at random, upgraded module by module, and again.

The promises hold to the end, or the run stops with a class of failure before calls notice; never anything else. `make chaos` does
the same with playbooks, and with troubles beside. A seed that was found to break a promise belongs here, once that is repaired.
"""

from __future__ import annotations

import random

import pytest

from lab.world import choices
from tests.bench import HOST, NEIGHBOUR
from tests.random_fleet import RandomFleet, Stop

SEEDS = (1, 5, 49)
"""One that ends well, one whose drain is given up, one whose recovery fights the switch."""
BOTH = (HOST, NEIGHBOUR)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_promises_hold_or_the_run_stops_before_calls_notice(seed: int) -> None:
    chosen = choices.drawn(random.Random(seed))
    print(f"seed {seed}: {choices.told(chosen)}")
    made = RandomFleet(chosen)
    first = run(made)
    second = run(made)
    if first is None:
        assert second is None and made.changes() == []
        assert [made.state(host) for host in BOTH] == [("2.1", True)] * 2
    elif second is not None:
        assert second.place >= first.place


def run(made: RandomFleet) -> Stop | None:
    """Another run over the fleet, and what must hold after each."""
    made.mark()
    stop = made.upgrade()
    made.rest()
    assert made.broken() == [] and made.out() == []
    if stop is not None:
        assert stop.failure and stop.message.startswith("oslo: ")
    if stop is not None and stop.host == HOST:
        assert made.lab.record.cmdlets(NEIGHBOUR, mutating=True) == []
    return stop
