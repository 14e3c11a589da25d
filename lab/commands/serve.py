"""Serve a simulated fleet over WinRM until SIGTERM, and write its record.

Every appliance answers on a loopback address of its own. Below --dir are written: ca.pem, inventory.yml, for each appliance
an ini of the target version, and the record as JSON lines. `ready` on standard output says that all of them answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lab.server.fleet_server import FleetServer, Options
from lab.server.running import SHORT_WAITS
from lab.world.demo import DEMO
from lab.world.description import Fleet, describe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--fleet", type=Path, help="description of the fleet, JSON or YAML (default: the demo fleet)")
    parser.add_argument("--dir", type=Path, default=Path(".lab"), help="where to write (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds a second (default: %(default)g)")
    parser.add_argument("--record", type=Path, help="file of the record (default: DIR/record.jsonl)")
    parser.add_argument("--inventory", type=Path, help="file of the inventory (default: DIR/inventory.yml)")
    parser.add_argument("--network", type=int, help="appliances answer on 127.NETWORK.x.y (default: 0)")
    parser.add_argument("--control", type=int, default=8765, help="port of the control API (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Serve; returns 0 after SIGTERM or SIGINT, 1 when an address is taken."""
    fleet = describe(options.fleet or DEMO)
    if options.network is not None:
        fleet = replace(fleet, network=options.network)
    directory: Path = options.dir.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    chosen = Options(
        directory,
        (options.record or directory / "record.jsonl").resolve(),
        (options.inventory or directory / "inventory.yml").resolve(),
        options.speed,
        options.control,
    )
    try:
        asyncio.run(_serve(replace(fleet, start=fleet.start or datetime.now(UTC)), chosen))
    except OSError as error:
        print(
            f"The fleet cannot be served ({error}). When another one runs, choose --network and --control.",
            file=sys.stderr,
        )
        return 1
    return 0


async def _serve(fleet: Fleet, options: Options) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    with options.record.open("w", encoding="utf-8") as record:
        server = FleetServer(fleet, options, record)
        try:
            await server.start()
            print("ready", *hints(options), sep="\n", flush=True)
            await told.wait()
        finally:
            await server.stop()


def hints(options: Options) -> list[str]:
    """What a person may do with the fleet now."""
    play = f"  no_proxy='*' .venv/bin/ansible-playbook -i {options.inventory} playbooks"
    ask = f"  curl --noproxy '*' http://127.0.0.1:{options.control}"
    return [
        f"The simulated fleet answers until Ctrl-C; {options.speed:g} of its seconds pass in each second. From another terminal:",
        f"{play}/plan.yml",
        f"{play}/upgrade_fleet.yml -e '{json.dumps(SHORT_WAITS)}'",
        f"{ask}/          what the control API offers: faults, power, calls, record",
        f"{ask}/summary   what became of the calls so far",
    ]
