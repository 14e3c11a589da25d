"""Upgrade simulated fleets whose product nobody chose, under faults, and judge by the record whether any call was lost for it.

In each round a small fleet gets a value of every switch of the lab by chance, and troubles: faults inside cmdlets, broken
connections, a killed run. upgrade_fleet.yml is run until it ends well, an administrator repairing what is broken before each new
run. Then: every appliance is upgraded, none was ever switched back, never two of a site were out at once, and no call was cut but
by a host that died or by what the product itself does, as a switch says. Or the last run stopped with a class of failure, and
nothing of that was broken either.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.server.running import PROVEN, SHORT_WAITS, RunningLab, running_playbook
from lab.world import choices, judging

FLEET: dict[str, Any] = {
    "sites": [
        {"name": "north", "peak_calls": 500, "appliances": ["north-1", "north-2"]},
        {"name": "south", "peak_calls": 100, "appliances": ["south-1"]},
    ],
    # What an interrupted deployment left is replaced by the next one; otherwise a person would have to remove it first.
    "switches": {"install_over_unfinished": "replaced"},
}
SPARE = ("north",)
APPLIANCES = ("north-1", "north-2", "south-1")
WORK = (
    "Start-Process",
    "Import-CcConfiguration",
    "Register-CcAppliance",
    "Start-CcDownload",
    "Install-CcAppliance",
    "Switch-CcVersion",
)
NETWORK = 4
UNREACHABLE = 4
"""What ansible-playbook ends with when an appliance could not be reached."""
PORT_SECONDS = 3.5
"""A port that refuses opens again by itself; nobody is so quick as to use up all runs meanwhile."""
MOST_RUNS = 8
RUN_SECONDS = 300.0
WAITS = {**SHORT_WAITS, **PROVEN, "cloud_connector_idle_wait": 2, "cloud_connector_health_wait": 5}


@dataclass(frozen=True)
class Trouble:
    """What is done to an appliance: a fault of its cmdlets or of its wire; or the run is killed after so many seconds."""

    appliance: str = ""
    fault: Mapping[str, Any] | None = None
    wire: Mapping[str, Any] | None = None
    kill_after: float | None = None

    @property
    def fatal(self) -> bool:
        """Whether a host dies of it, and its calls with it."""
        return self.fault is not None and self.fault["action"] == "die_host"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--rounds", type=int, default=50, help="random fleets (default: %(default)s)")
    parser.add_argument(
        "--every", action="store_true", help="instead: an error before and after each work of each appliance"
    )
    parser.add_argument("--defaults", action="store_true", help="leave every switch at its default: troubles only")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first fleet; the next has the next (default: %(default)s)"
    )
    parser.add_argument("--speed", type=float, default=3000.0, help="simulated seconds a second (default: %(default)g)")


@dataclass(frozen=True)
class Round:
    """One fleet: its troubles, and what of its switches differs from the defaults of the lab."""

    troubles: Sequence[Trouble]
    switches: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None

    def told(self) -> str:
        """The round in words; the same seed gives the same round again."""
        seed = "" if self.seed is None else f"seed {self.seed}: "
        switches = f"; {choices.told(self.switches)}" if self.switches else ""
        return f"{seed}{'; '.join(map(told, self.troubles))}{switches}"


def run(options: argparse.Namespace) -> int:
    """1 when a round did not end as it should; its files are kept."""
    rounds = list(chosen(options))
    failed = 0
    for number, one in enumerate(rounds, 1):
        print(f"round {number} of {len(rounds)}: {one.told()}", flush=True)
        ended, problems = played(one, options.speed)
        failed += bool(problems)
        print("\n".join(f"  {problem}" for problem in problems or [ended]), flush=True)
    print(f"{len(rounds) - failed} of {len(rounds)} rounds ended well. The fleets were simulated.")
    return 1 if failed else 0


def chosen(options: argparse.Namespace) -> Iterator[Round]:
    """The rounds that the options ask for."""
    if options.every:
        yield from (Round(troubles) for troubles in every())
        return
    for seed in range(options.seed, options.seed + options.rounds):
        chance = random.Random(seed)
        troubles = drawn(chance)
        yield Round(troubles, {} if options.defaults else choices.drawn(chance), seed)


def every() -> Iterator[list[Trouble]]:
    """One trouble a round: an error before or after each work of each appliance."""
    for appliance, cmdlet, when in itertools.product(APPLIANCES, WORK, ("before", "after")):
        yield [Trouble(appliance, fault={"cmdlet": cmdlet, "when": when, "action": "error"})]


def drawn(chance: random.Random) -> list[Trouble]:
    """One to three troubles."""
    return [chance.choice((_inside, _inside, _on_the_wire, _killed))(chance) for _ in range(chance.randint(1, 3))]


def _inside(chance: random.Random) -> Trouble:
    action = chance.choice(("error", "die_host", "half_done"))
    fault = {"cmdlet": chance.choice(WORK), "when": chance.choice(("before", "after")), "action": action}
    return Trouble(chance.choice(APPLIANCES), fault=fault)


def _on_the_wire(chance: random.Random) -> Trouble:
    operation, action = (
        chance.choice(("Create", "Command", "Send", "Receive")),
        chance.choice(("rst", "http500", "refuse")),
    )
    wire = {"op": operation, "action": action, "skip": chance.randint(0, 40), "times": chance.randint(1, 3)}
    return Trouble(chance.choice(APPLIANCES), wire=wire)


def _killed(chance: random.Random) -> Trouble:
    return Trouble(kill_after=chance.uniform(3, 30))


def told(trouble: Trouble) -> str:
    """A trouble in words."""
    if trouble.kill_after is not None:
        return f"the run is killed after {trouble.kill_after:.0f} s"
    return f"{trouble.appliance}: {' '.join(str(value) for value in (trouble.fault or trouble.wire or {}).values())}"


def played(one: Round, speed: float) -> tuple[str, list[str]]:
    """Plays one round: how it ended, and what is wrong with that."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    fleet = {**FLEET, "switches": {**FLEET["switches"], **one.switches}}
    with RunningLab(folder / "lab", speed, NETWORK, fleet) as lab:
        _prepare(lab, one.troubles)
        kills = [trouble.kill_after for trouble in one.troubles if trouble.kill_after is not None]
        codes = list(_runs(lab, folder, kills, stubborn=not one.switches))
        died = any(trouble.fatal for trouble in one.troubles)
        problems = judging.broken(lab.entries, fleet["switches"], spare=SPARE, died=died)
        stopped = classes((folder / f"run-{len(codes)}.log").read_text("utf-8"))
        if codes[-1] == 0:
            ended, wrong = "ends well", left_behind(lab)
        else:
            ended = f"stops, {', '.join(stopped)}"
            may = one.switches and stopped
            wrong = [] if may else [f"the run did not end well in {len(codes)} runs: exit codes {codes}"]
    if not (problems := wrong + problems):
        shutil.rmtree(folder)
        return ended, []
    return ended, [*problems, f"see {folder}"]


def classes(output: str) -> list[str]:
    """The classes of failure that a run names at its end."""
    return sorted(set(re.findall(r'"class": "([a-z0-9-]+)"', output)))


def left_behind(lab: RunningLab) -> list[str]:
    """The appliances that do not run the target and serve, though the run ended well."""
    return [
        f"{name} runs {state['running']}, in service: {state['in_service']}"
        for name, state in lab.get("/state")["appliances"].items()
        if (state["running"], state["in_service"]) != ("2.1", True)
    ]


def _prepare(lab: RunningLab, troubles: Sequence[Trouble]) -> None:
    for trouble in troubles:
        if trouble.fault is not None:
            lab.post(f"/appliances/{trouble.appliance}/faults", dict(trouble.fault))
        if trouble.wire is not None:
            lab.post(f"/machines/{trouble.appliance}/faults", dict(trouble.wire))


def _runs(lab: RunningLab, folder: Path, kills: Sequence[float], *, stubborn: bool) -> Iterator[int]:
    """The exit codes of the same command until it ends well; what is broken is repaired before each new run.

    Unless `stubborn`, also until it has stopped twice in the same way: some products stop every run.
    """
    before: list[str] = []
    for number, limit in enumerate(itertools.islice(itertools.chain(kills, itertools.repeat(None)), MOST_RUNS), 1):
        output = folder / f"run-{number}.log"
        code = _once(lab, output, limit)
        yield code
        stopped = classes(output.read_text("utf-8"))
        if code == 0 or (stopped and stopped == before and not stubborn):
            return
        before = stopped
        for appliance in APPLIANCES:
            lab.post(f"/appliances/{appliance}/repair")
        if code == UNREACHABLE:
            time.sleep(PORT_SECONDS)


def _once(lab: RunningLab, output: Path, limit: float | None) -> int:
    with running_playbook("upgrade_fleet.yml", lab.arguments(output.parent, WAITS), output) as process:
        try:
            return process.wait(limit or RUN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return -signal.SIGKILL
