"""The controller is killed, or a fault comes, at any exchange of an upgrade of two sites, or inside any of its long cmdlets.

A sample of the matrix; all of it is for `make chaos`. See `tests/crash_matrix.py`. A case that was found to break a promise
belongs into `found`, once that is repaired.
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from tests import crash_matrix, upgrade_run
from tests.crash_matrix import Case
from tests.upgrade_run import HOSTS

ROOT = Path(__file__).parents[4]
SEED = 5
SAMPLE = {"kills": 2, "inside": 3, "faulty": 5}
SHARES = 64
"""In so many tests the whole matrix is divided."""


def found() -> list[Case]:
    """A run that was killed after its last act: the next one had nothing to do, and left its lease in the site directory."""
    last = [one.number for one in crash_matrix.reference().exchanges if one.module == "snapshot"][-1]
    return [Case("killed", last, "after")]


def played(cases: list[Case]) -> None:
    report = crash_matrix.explore(cases)
    assert report.ran == len(cases)
    told = [f"{case}: {problem}" for case, problems in report.problems.items() for problem in problems]
    assert not told, f"{len(report.problems)} of {report.ran} cases:\n" + "\n".join(told)


def test_a_sample_ends_as_an_undisturbed_upgrade_does() -> None:
    chance = random.Random(SEED)
    chosen = {name: chance.sample(getattr(crash_matrix, name)(), number) for name, number in SAMPLE.items()}
    total = {name: len(getattr(crash_matrix, name)()) for name in SAMPLE}
    print(f"seed {SEED}: {sum(SAMPLE.values())} of {sum(total.values())} cases ({total})")
    played([*found(), *itertools.chain.from_iterable(chosen.values())])


@pytest.mark.whole
@pytest.mark.parametrize("share", range(SHARES))
def test_every_case_ends_as_an_undisturbed_upgrade_does(share: int) -> None:
    cases = crash_matrix.all_cases()
    mine = cases[share::SHARES]
    print(f"share {share + 1} of {SHARES}: {len(mine)} of {len(cases)} cases")
    played(mine)


def test_the_matrix_has_every_exchange_and_every_kind_of_fault() -> None:
    """The lab is asked for its faults, so that a new one is in it."""
    known, kinds = crash_matrix.reference(), crash_matrix.fault_kinds()
    numbers = [exchange.number for exchange in known.exchanges]
    assert numbers == list(range(1, len(numbers) + 1)) and {one.host for one in known.exchanges} == set(HOSTS)
    assert len(crash_matrix.kills()) == 3 * len(numbers)
    assert len(crash_matrix.faulty()) == 2 * len(kinds) * len(numbers)
    assert {"cmdlet: hang", "trouble: T4", "trouble: T10", "no calls: tls", "wire: lost_after", "share gone"} <= set(
        kinds
    )
    cmdlets = {moment[1] for moment in known.moments}
    assert cmdlets == {
        "msiexec.exe",
        "Import-CcConfiguration",
        "Register-CcAppliance",
        "Start-CcDownload",
        "Install-CcAppliance",
        "Switch-CcVersion",
    }


def test_the_driver_plays_what_the_playbook_and_its_roles_play() -> None:
    """In the turn of the last appliance of the first site, which has all of it; nobody gave a window or asked for a restart."""
    role, validation, turn = (
        list(upgrade_run.modules_of(ROOT / path))
        for path in (upgrade_run.ROLE, upgrade_run.VALIDATION, upgrade_run.TURN)
    )
    assert turn == ["run_control", "work_window", "automatic_update", "soak", "site_lease"]
    expected = ["run_control", *role, *validation, "automatic_update", "soak", "site_lease"]
    turn_of = [(name, module) for name, module in crash_matrix.reference().modules if name == HOSTS[1]]
    assert [module for module, _ in itertools.groupby(module for _, module in turn_of)] == expected
