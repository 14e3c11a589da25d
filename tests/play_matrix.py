"""Plays the crash matrix, or a part of it: `PYTHONPATH=.tree python -m tests.play_matrix --shard 3/40 --processes 2`.

The cases come in an order that a seed makes; every beginning, and every shard, has of each kind of disturbance its share.
So a part says something of the whole, and a play that was broken off goes on with the next shard. Cases that are the same are one
in it. A case that fails is printed as the command that plays it alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tests import crash_matrix
from tests.crash_matrix import Case, Report

SEED = 5
AT_ONCE = 200
"""So many cases are copies of one upgrade; more make the copies cheaper, fewer tell of them earlier."""
GROUPS = ("kills", "inside", "faulty")


def ordered(cases: Sequence[Case], seed: int) -> list[Case]:
    """All of them, by chance, every kind spread evenly over the whole."""
    chance = random.Random(seed)
    kinds: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        kinds[case.kind, case.when].append(case)
    keyed = []
    for name in sorted(kinds):
        among = kinds[name]
        chance.shuffle(among)
        keyed += [((number + chance.random()) / len(among), name, case) for number, case in enumerate(among)]
    return [case for *_, case in sorted(keyed, key=lambda one: one[:2])]


def of_shard(cases: Sequence[Case], shard: str) -> list[Case]:
    """The part of a shard such as `3/40`, which is the third of forty."""
    number, _, count = shard.partition("/")
    begin, end = (len(cases) * place // int(count) for place in (int(number) - 1, int(number)))
    return list(cases[begin:end])


def played(cases: Sequence[Case], processes: int) -> Iterator[tuple[list[Case], Report]]:
    """What was found in some of them, as soon as they were played."""
    crash_matrix.reference()
    parts = [list(cases[at : at + AT_ONCE]) for at in range(0, len(cases), AT_ONCE)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(_explored, parts)


def _explored(cases: list[Case]) -> tuple[list[Case], Report]:
    return cases, crash_matrix.explore(cases)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 when a case failed."""
    asked = _parser().parse_args(arguments)
    groups = {case: name for name in GROUPS for case in getattr(crash_matrix, name)()}
    judged = Counter(map(crash_matrix.same().of, groups))
    chosen = of_shard(ordered(list(judged), asked.seed), asked.shard)[: asked.number]
    chosen = [case for case in chosen if asked.kind in (None, case.kind)]
    if asked.case:
        chosen = [case for case in groups if str(case) in asked.case]
    if not chosen:
        sys.exit("no such case")
    print(f"seed {asked.seed}, shard {asked.shard}: {len(chosen)} of {len(judged)}, by which {len(groups)} are judged")
    ran, failed, total = Counter[str](), Counter[str](), 0
    for cases, report in played(chosen, asked.processes):
        ran.update(groups[case] for case in cases)
        failed.update(groups[case] for case in report.problems)
        total += sum(judged[case] for case in cases)
        for case, problems in report.problems.items():
            print(f"FAILED {_command(case)}", *problems, sep="\n    ")
        told = ", ".join(f"{ran[name]} {name} ({failed[name]} failed)" for name in GROUPS)
        print(f"played {ran.total()} of {len(chosen)}, by which {total} are judged: {told}", flush=True)
    return 1 if failed else 0


def _command(case: Case) -> str:
    return f'python -m tests.play_matrix --case "{case}"'


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.play_matrix", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=SEED, help="makes the order of the cases (default: %(default)s)")
    parser.add_argument("--shard", default="1/1", help="which part of how many, such as 3/40 (default: all)")
    parser.add_argument("--number", type=int, help="so many cases of the shard, from its first on (default: all)")
    parser.add_argument("--kind", help="only the cases of this kind")
    parser.add_argument("--case", action="append", help="this case alone, as it is printed; may be given again")
    parser.add_argument("--processes", type=int, default=1, help="so many at the same time (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
