"""Upgrade simulated fleets under faults, again and again, and judge by the record whether any call was lost for it.

In each round a small fleet gets troubles: faults inside cmdlets, broken connections, a killed run. upgrade_fleet.yml is run
until it ends well, an administrator repairing what is broken before each new run. Then: every appliance is upgraded, none was
ever switched back, never two of a site were out at once, and no call was cut but by a host that died.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.running import SHORT_WAITS, RunningLab, running_playbook

FLEET: dict[str, Any] = {
    "sites": [
        {"name": "north", "peak_calls": 500, "appliances": ["north-1", "north-2"]},
        {"name": "south", "peak_calls": 100, "appliances": ["south-1"]},
    ],
    # What an interrupted deployment left is replaced by the next one; otherwise a person would have to remove it first.
    "switches": {"install_over_unfinished": "replaced"},
}
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
WAITS = {**SHORT_WAITS, "cloud_connector_idle_wait": 2, "cloud_connector_health_wait": 5}


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
    parser.add_argument("--rounds", type=int, default=10, help="rounds of random troubles (default: %(default)s)")
    parser.add_argument(
        "--every", action="store_true", help="instead: an error before and after each work of each appliance"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random troubles (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=3000.0, help="simulated seconds a second (default: %(default)g)")


def run(options: argparse.Namespace) -> int:
    """1 when a round did not end as it should; its files are kept."""
    rounds = (
        list(every()) if options.every else [drawn(random.Random(options.seed + at)) for at in range(options.rounds)]
    )
    failed = 0
    for number, troubles in enumerate(rounds, 1):
        print(f"round {number} of {len(rounds)}: {'; '.join(map(told, troubles))}", flush=True)
        problems = played(troubles, options.speed)
        failed += bool(problems)
        print("\n".join(f"  {problem}" for problem in problems or ["ends well"]), flush=True)
    print(f"{len(rounds) - failed} of {len(rounds)} rounds ended well. The fleets were simulated.")
    return 1 if failed else 0


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


def played(troubles: Sequence[Trouble], speed: float) -> list[str]:
    """Plays one round; what is wrong with its end."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    with RunningLab(folder / "lab", speed, NETWORK, FLEET) as lab:
        _prepare(lab, troubles)
        kills = [trouble.kill_after for trouble in troubles if trouble.kill_after is not None]
        codes = list(_runs(lab, folder, kills))
        problems = [] if codes[-1] == 0 else [f"the run did not end well in {len(codes)} runs: exit codes {codes}"]
        problems += judged(lab, any(trouble.fatal for trouble in troubles))
    if not problems:
        shutil.rmtree(folder)
        return []
    return [*problems, f"see {folder}"]


def _prepare(lab: RunningLab, troubles: Sequence[Trouble]) -> None:
    for trouble in troubles:
        if trouble.fault is not None:
            lab.post(f"/appliances/{trouble.appliance}/faults", dict(trouble.fault))
        if trouble.wire is not None:
            lab.post(f"/machines/{trouble.appliance}/faults", dict(trouble.wire))


def _runs(lab: RunningLab, folder: Path, kills: Sequence[float]) -> Iterator[int]:
    """The exit codes of the same command until it ends well; what is broken is repaired before each new run."""
    for number, limit in enumerate(itertools.islice(itertools.chain(kills, itertools.repeat(None)), MOST_RUNS), 1):
        code = _once(lab, folder / f"run-{number}.log", limit)
        yield code
        if code == 0:
            return
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


def judged(lab: RunningLab, died: bool) -> list[str]:
    """What is wrong with the fleet and its record. `died`: a host died, which cuts calls and may take a second one out."""
    found = [
        f"{name} runs {state['running']}, backup {state['backup']}, in service: {state['in_service']}"
        for name, state in lab.get("/state")["appliances"].items()
        if (state["running"], state["backup"], state["in_service"]) != ("2.1", "2.0.1", True)
    ]
    back = [event["appliance"] for event in lab.entries("event") if event["text"].startswith("runs 2.0.1")]
    found += [f"{appliance} was switched back" for appliance in back]
    if not died:
        found += [
            f"{call['appliance']} cut a call: {call['why']}" for call in lab.entries("call") if call["outcome"] == "cut"
        ]
        found += _overlaps(lab.entries("outage"))
    return found


def _overlaps(outages: Sequence[Mapping[str, Any]]) -> list[str]:
    spans = sorted((one["time"], one["end"] or "9", one["appliance"]) for one in outages if one["site"] == "north")
    return [f"{b[2]} went out while {a[2]} was" for a, b in itertools.pairwise(spans) if b[0] < a[1]]
