"""A site goes back to the release before; the controller is killed, or a host restarts, at any exchange; then the same command.

A sample of the matrix; all of it is for `make chaos`. See `tests/killed_runs.py`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests import rollback_run, runs
from tests.killed_runs import KILLED, RESTARTED, Matrix, played

ROOT = Path(__file__).parents[4]
SHARES = 8
"""In so many tests the whole matrix is divided."""
NTH = 60
"""So many places of the sample are left out between two."""


@cache
def matrix() -> Matrix:
    return Matrix(rollback_run.World, thrice=True)


def test_a_sample_ends_as_an_undisturbed_rollback_does() -> None:
    played(matrix(), [case for kind in (KILLED, RESTARTED) for case in matrix().cases(kind)[NTH // 2 :: NTH]])


@pytest.mark.whole
@pytest.mark.parametrize("share", range(SHARES))
def test_every_case_ends_as_an_undisturbed_rollback_does(share: int) -> None:
    cases = [*matrix().cases(KILLED), *matrix().cases(RESTARTED)]
    played(matrix(), cases[share::SHARES])


def test_both_appliances_switched_once() -> None:
    acts = matrix().known.acts["cce-2"]
    assert [acts[host, "Switch-CcVersion"] for host in ("cce-1", "cce-2")] == [1, 1]


def test_the_driver_plays_what_the_playbook_and_its_role_play() -> None:
    """In the turn of the last appliance of the site; no set is left over that was never switched to."""
    role, validation, begins, ends = (
        list(runs.modules_of(ROOT / path))
        for path in (rollback_run.ROLE, runs.VALIDATION, runs.TURN_BEGINS, runs.TURN_ENDS)
    )
    assert begins == ["run_control", "work_window"] and ends == ["automatic_update", "soak", "site_lease"]
    assert validation == ["site_info", "health", "snapshot"]
    done = [one for one in role if one != "deployment"]
    expected = ["run_control", *done, "site_info", *["health"] * 2, "site_lease"]
    assert [module for name, module in matrix().known.modules if name == "cce-2"] == expected
