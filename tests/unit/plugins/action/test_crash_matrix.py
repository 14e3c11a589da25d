"""The controller is killed, or a fault comes, at any exchange of an upgrade of two sites, or inside any of its long cmdlets.

A sample of the matrix; all of it is for `make chaos`. See `tests/crash_matrix.py`. A case that was found to break a promise
belongs into `found`, once that is repaired.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from functools import cache
from pathlib import Path

from tests import crash_matrix, play_matrix, upgrade_run
from tests.crash_matrix import Case, Report
from tests.upgrade_run import HOSTS

ROOT = Path(__file__).parents[4]
SEED = 5
SAMPLE = {"kills": 2, "inside": 3, "faulty": 5}


def found() -> list[Case]:
    """Cases that broke a promise.

    A run that was killed after its last act: the next one had nothing to do, and left its lease in the site directory. A run that
    the validation stopped: the next one had but to put automatic update back, and the lease of the dead one stood in its way.
    """
    made = crash_matrix.reference().exchanges
    last = [one.number for one in made if one.module == "snapshot"][-1]
    validated = next(one.number for one in made if one.module == "health" and (one.host, one.turn) == HOSTS[:2])
    return [Case("killed", last, "after"), Case("trouble: T7", validated, "before")]


@cache
def sample() -> list[Case]:
    """Some of each group, by chance."""
    chance = random.Random(SEED)
    chosen = [chance.sample(getattr(crash_matrix, name)(), number) for name, number in SAMPLE.items()]
    total = {name: len(getattr(crash_matrix, name)()) for name in SAMPLE}
    print(f"seed {SEED}: {sum(SAMPLE.values())} of {sum(total.values())} cases ({total})")
    return list(itertools.chain.from_iterable(chosen))


@cache
def twins() -> list[Case]:
    """A case for each rule by which one is not played but judged by another, both of them late, where less is left to do."""
    judge, chance, chosen = crash_matrix.same(), random.Random(SEED), list[Case]()
    for kind in ("killed", "trouble: T13", "cmdlet: services_fail"):
        placed = [case for case in (*crash_matrix.kills(), *crash_matrix.faulty()) if case.kind == kind]
        late = [case for case in placed if judge.of(case).place > 300]  # type: ignore[operator]
        chosen.append(chance.choice([case for case in late if judge.of(case) != case]))
    print(f"seed {SEED}: {', '.join(map(str, chosen))}")
    return chosen


@cache
def report() -> Report:
    """What was found in all of them, each played, also the twins."""
    judges = [crash_matrix.same().of(case) for case in twins()]
    return crash_matrix.explore(list({*found(), *sample(), *twins(), *judges}), each=True)


def test_a_sample_ends_as_an_undisturbed_upgrade_does() -> None:
    seen = report()
    assert {*found(), *sample()} <= set(seen.ends) and seen.ran == seen.played == len(seen.ends)
    told = [f"{case}: {problem}" for case, problems in seen.problems.items() for problem in problems]
    assert not told, f"{len(seen.problems)} of {seen.ran} cases:\n" + "\n".join(told)


def test_cases_that_are_the_same_end_the_same() -> None:
    ends, judge = report().ends, crash_matrix.same()
    assert twins() and all(ends[case] for case in twins())
    assert {case: ends[case] for case in twins()} == {case: ends[judge.of(case)] for case in twins()}


def test_each_part_of_the_order_has_its_share_of_every_kind() -> None:
    cases = crash_matrix.all_cases()
    order = play_matrix.ordered(cases, SEED)
    shards = [play_matrix.of_shard(order, f"{number}/40") for number in range(1, 41)]
    assert sorted(map(str, itertools.chain(*shards))) == sorted(map(str, cases))
    among = Counter((case.kind, case.when) for case in cases)
    for part in (*shards, order[: len(order) // 40]):
        found = Counter((case.kind, case.when) for case in part)
        assert all(abs(found[kind] - total / 40) < 4 for kind, total in among.items())


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
    role, validation, begins, ends = (
        list(upgrade_run.modules_of(ROOT / path))
        for path in (upgrade_run.ROLE, upgrade_run.VALIDATION, upgrade_run.TURN_BEGINS, upgrade_run.TURN_ENDS)
    )
    assert begins == ["run_control", "work_window"] and ends == ["automatic_update", "soak", "site_lease"]
    expected = ["run_control", *role, *validation, "automatic_update", "soak", "site_lease"]
    turn_of = [(name, module) for name, module in crash_matrix.reference().modules if name == HOSTS[1]]
    assert [module for module, _ in itertools.groupby(module for _, module in turn_of)] == expected
