"""What an upgrade costs the controller and the wire: run it as `python benchmarks/upgrade.py [--sizes 1 3 2]`.

A simulated fleet is upgraded with upgrade_fleet.yml, then the same command is run again. Printed are, for each of both runs,
exchanges with the appliances (commands over WinRM), HTTP requests, connections, bytes (before TLS), CPU time of ansible-playbook
with all of its children, wall time, and remote sessions to the tenant; as they are, and divided by the appliances. The wall
time of the upgrade depends on --speed and on the poll interval; the waiting of a real upgrade adds polls, not other work.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab.server.running import PROVEN, SHORT_WAITS, RunningLab, running_playbook  # noqa: E402

NETWORK = 3
WIRE = ("commands", "requests", "connections", "bytes_in", "bytes_out")


def main() -> int:
    """The exit code of the last run."""
    options = arguments()
    total = sum(options.sizes)
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningLab(Path(folder) / "lab", options.speed, NETWORK, description(options.sizes)) as lab,
    ):
        for name in ("upgrade", "the same command again"):
            code, cost = measured(lab, options.poll)
            print("\n".join(report(name, cost, total)), flush=True)
    print("The fleet is simulated; the wire and the controller are real.")
    return code


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 3, 2], help="appliances of each site")
    parser.add_argument("--speed", type=float, default=2000.0, help="simulated seconds a second")
    parser.add_argument("--poll", type=int, default=1, help="seconds between two looks at a job")
    return parser.parse_args()


def description(sizes: Sequence[int]) -> dict[str, Any]:
    """A fleet of sites of these sizes."""
    return {
        "sites": [
            {
                "name": f"bench{number}",
                "peak_calls": max(100, 500 * (size - 1)),
                "appliances": [f"b{number}-{position}" for position in range(1, size + 1)],
            }
            for number, size in enumerate(sizes, 1)
        ]
    }


def measured(lab: RunningLab, poll: int) -> tuple[int, dict[str, float]]:
    """Runs the playbook once: its exit code, and what it cost."""
    sessions = len(lab.entries("tenant_session"))
    wire, begun, cpu = lab.get("/wire")["total"], time.monotonic(), used_cpu()
    code = play(lab, poll)
    after = lab.get("/wire")["total"]
    cost: dict[str, float] = {name: after[name] - wire[name] for name in WIRE}
    cost |= {"cpu_seconds": used_cpu() - cpu, "wall_seconds": time.monotonic() - begun}
    return code, {**cost, "tenant_sessions": len(lab.entries("tenant_session")) - sessions}


def play(lab: RunningLab, poll: int) -> int:
    """Runs the playbook, its output to a file beside the lab's."""
    arguments = lab.arguments(lab.directory, {**SHORT_WAITS, **PROVEN, "cloud_connector_poll_interval": poll})
    with running_playbook("upgrade_fleet.yml", arguments, lab.directory / "run.log") as process:
        return process.wait()


def used_cpu() -> float:
    """Seconds of CPU of all children that have ended; the lab still runs, so it is not among them."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def report(name: str, cost: Mapping[str, float], appliances: int) -> list[str]:
    """A table with one line for each figure."""
    lines = [f"{name}: {appliances} appliances", f"  {'':<16}{'total':>14}{'per appliance':>16}"]
    lines += [f"  {what:<16}{value:>14,.1f}{value / appliances:>16,.1f}" for what, value in cost.items()]
    exchange = (cost["bytes_in"] + cost["bytes_out"]) / cost["commands"]
    return [*lines, f"  {cost['requests'] / cost['commands']:.1f} requests and {exchange:,.0f} bytes an exchange"]


if __name__ == "__main__":
    sys.exit(main())
