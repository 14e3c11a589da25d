"""A site is patched; the controller is killed, or a host restarts, at any exchange; then the same command again.

A sample of the matrix; all of it is for `make chaos`. See `tests/killed_runs.py`.
"""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import pytest

from tests import leases, patch_run, runs
from tests.killed_runs import BEFORE, KILLED, RESTARTED, UNDER_WAY, Case, Matrix, played
from tests.patch_run import TARGETS
from tests.runs import Exchange

ROOT = Path(__file__).parents[4]
ONE = {"Mediation": ["KB5000001"]}
"""For the sample: one update of one VM."""
SHARES = 16
"""In so many tests the whole matrix is divided."""
NTH = 100
"""So many places of the sample are left out between two."""


@cache
def small() -> Matrix:
    return Matrix(lambda: patch_run.World(ONE))


@cache
def whole() -> Matrix:
    return Matrix(lambda: patch_run.World(patch_run.FEW))


def found() -> list[Case]:
    """Cases that were found to break a promise, and are repaired.

    A run that was killed while it searched for updates on the host: the next one could not ask any other computer. One that was
    killed between Exit-CcUpdate and the proof of calls: the next one had nothing to do, and the appliance stayed unproven. And
    ones that were killed while Exit-CcUpdate ran, or before the slot was given back: the next one entered maintenance mode again.
    """
    exchanges = [one for one in small().known.exchanges if one.turn == "cce-1"]
    searches = [one.number for one in exchanges if _starts(one, "windows-search-host")]
    exits = [one.number for one in exchanges if _starts(one, "maintenance-exit")]
    leaving = [one.number for one in exchanges if one.module == "maintenance"]
    released = next(one.number for one in exchanges if "'slot_ended'" in str(one.request["steps"]))
    return [
        Case(KILLED, searches[0], UNDER_WAY),
        Case(KILLED, exits[0], UNDER_WAY),
        Case(KILLED, released, BEFORE),
        Case(KILLED, leaving[-1] + 1, BEFORE),
    ]


def _starts(exchange: Exchange, task: str) -> bool:
    return exchange.aim == "Start-ScheduledTask" and task in str(exchange.request["steps"])


def test_a_sample_ends_as_an_undisturbed_patch_does() -> None:
    cases = [case for kind in (KILLED, RESTARTED) for case in small().cases(kind)[NTH // 2 :: NTH]]
    played(small(), [*found(), *cases])


@pytest.mark.whole
@pytest.mark.parametrize("share", range(SHARES))
def test_every_case_ends_as_an_undisturbed_patch_does(share: int) -> None:
    cases = [*whole().cases(KILLED), *whole().cases(RESTARTED)]
    played(whole(), cases[share::SHARES])


@pytest.mark.whole
def test_several_rounds_on_several_computers_and_a_second_run_that_has_nothing_to_do() -> None:
    world = patch_run.World()
    assert world.run().play() is None
    assert [world.lost_calls(), world.overlaps(), world.left(), *world.wrongs("cce-2")] == [[], [], []]
    for host in world.hosts:
        assert world.order(host) == [
            "install on cms",
            "restart of cms",
            "install on edge",
            "install on edge",
            "restart of edge",
            "install on host",
            "restart of host",
        ]
    begun = world.begun()
    assert world.run().play() is None and world.begun() == begun


def test_every_exchange_that_may_change_something_has_its_cases() -> None:
    exchanges, cases = small().known.exchanges, small().cases(KILLED)
    acting = [one.number for one in exchanges if any(map(leases.may_change, one.request["steps"]))]
    assert [case.place for case in cases if case.when == UNDER_WAY] == acting
    after = {1, *(number + 1 for number in acting if number < len(exchanges))}
    assert {case.place for case in cases if case.when == BEFORE} == after


def test_the_driver_plays_what_the_playbook_and_its_role_play() -> None:
    """In the turn of the last appliance of the site; nobody gave a window, and nothing was begun before."""
    files = {
        name: list(runs.modules_of(ROOT / path))
        for name, path in {
            "begins": runs.TURN_BEGINS,
            "ends": runs.TURN_ENDS,
            "validation": runs.VALIDATION,
            **{
                name: f"{patch_run.ROLE}/{name}.yml"
                for name in ("main", "begun", "patch", "computer", "round", "prove")
            },
        }.items()
    }
    assert files["begins"] == ["run_control", "work_window"]
    assert files["ends"] == ["automatic_update", "soak", "site_lease"]
    assert files["main"] == ["appliance_info", "windows_update"]
    assert files["begun"] == ["maintenance", "windows_update", "restart", "windows_update"]
    assert files["patch"] == ["automatic_update", "maintenance", "maintenance"]
    assert files["validation"][-1] == "snapshot"
    computers = [[*files["computer"], *files["round"] * (2 if name == "mediation" else 1)] for name in TARGETS]
    *enter, leave = files["patch"]
    expected = [
        "run_control",
        "appliance_info",
        *["windows_update"] * len(TARGETS),
        *enter,
        *itertools.chain.from_iterable(computers),
        leave,
        *files["prove"],
        "site_info",
        *["health"] * 2,
        "automatic_update",
        "site_lease",
    ]
    assert [module for turn, module in small().known.modules if turn == "cce-2"] == expected
