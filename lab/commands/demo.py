"""Upgrade a simulated fleet before your eyes: start it, run upgrade_fleet.yml on it, count the calls, stop it.

Everything is in --dir afterwards: the inventory, the log of the run (run.log), the record of the fleet (record.jsonl).
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lab.server.running import ROOT, NotReady, RunningLab, running_playbook

INTERRUPTED = 130
NETWORK = 1
"""Beside that of `make lab`: both may run."""
CALLBACKS = ROOT / "lab" / "callbacks"
UNSERVED = ("cut", "refused")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--dir", type=Path, default=Path(".demo"), help="emptied, then written to (default: %(default)s)"
    )
    parser.add_argument("--speed", type=float, default=2000.0, help="simulated seconds a second (default: %(default)g)")


def run(options: argparse.Namespace) -> int:
    """The exit code of the upgrade; 1 when the fleet did not start, 130 when interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    shutil.rmtree(options.dir, ignore_errors=True)
    try:
        with RunningLab(options.dir.resolve(), options.speed, NETWORK) as lab:
            return _show(lab, options)
    except NotReady as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the simulated fleet and the run are ended.", file=sys.stderr)
        return INTERRUPTED


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _show(lab: RunningLab, options: argparse.Namespace) -> int:
    begun = time.monotonic()
    say(*introduction(yaml.safe_load(lab.inventory.read_text("utf-8")), options.speed))
    code = _upgrade(lab)
    say(*calls_table(lab.get("/summary")["sites"]), *shortages(lab.entries("shortage")))
    outcome = "The fleet is upgraded" if code == 0 else f"The upgrade did not end well (exit code {code})"
    say("", f"{outcome}: {time.monotonic() - begun:.0f} s. Everything above is simulated.")
    say(f"Log of the run: {options.dir}/run.log. Record of the simulated fleet: {options.dir}/record.jsonl.")
    return code


def say(*lines: str) -> None:
    """Prints lines at once: the playbook writes to the same place."""
    print("\n".join(lines), flush=True)


def _upgrade(lab: RunningLab) -> int:
    """Runs the playbook: its own output goes to the log, the lines of `lab/callbacks/progress.py` to our standard output."""
    progress = os.dup(sys.stdout.fileno())
    changes = {
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "progress",
        "ANSIBLE_NOCOLOR": "1",
        "LAB_PROGRESS_FD": str(progress),
    }
    arguments, log = lab.arguments(lab.directory), lab.directory / "run.log"
    try:
        with running_playbook("upgrade_fleet.yml", arguments, log, changes, keep=[progress]) as play:
            return play.wait()
    finally:
        os.close(progress)


def introduction(inventory: Mapping[str, Any], speed: float) -> list[str]:
    """What is about to be upgraded, and who has consented to what."""
    fleet = inventory["cloud_connector"]
    lines = [
        f"A simulated fleet is upgraded to {fleet['vars']['cloud_connector_target_version']} over real WinRM. Nothing else is "
        f"real: no Windows, no calls.",
        f"{speed:g} simulated seconds pass in each second.",
        "",
    ]
    for name, site in fleet["children"].items():
        lines.append(f"  {name:<10} {', '.join(site['hosts'])}")
        lines += _consent(site["vars"].get("cloud_connector_outage_consent"))
    return lines


def _consent(consent: Mapping[str, str] | None) -> list[str]:
    if consent is None:
        return []
    indent = " " * 13
    return [
        f"{indent}no spare: its upgrade is an outage, to which the inventory consents (cloud_connector_outage_consent)",
        *(f"{indent}  {name}: {value}" for name, value in consent.items()),
    ]


def calls_table(sites: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The calls of every kind, a line for each site."""
    heads = ("offered", "completed", "rerouted", "refused", "cut", "running", "emergency", "unserved")
    lines = ["", "Calls meanwhile (simulated)", f"  {'site':<12}" + "".join(f"{head:>11}" for head in heads)]
    for name, summary in sites.items():
        calls, emergency = summary["calls"], summary["emergency_calls"]
        counts = [sum(calls.values()), *(calls.get(head, 0) for head in heads[1:6])]
        counts += [sum(emergency.values()), sum(emergency.get(outcome, 0) for outcome in UNSERVED)]
        lines.append(f"  {name:<12}" + "".join(f"{count:>11}" for count in counts))
    lines.append(
        "  rerouted: completed on another appliance than the first that was asked; unserved: emergency calls refused or cut"
    )
    return lines


def shortages(spans: Sequence[Mapping[str, Any]]) -> list[str]:
    """When a site could not carry its declared peak."""
    if not spans:
        return ["", "No site was short of capacity."]
    lines = ["", "Short of capacity (simulated time)"]
    for span in spans:
        lines.append(
            f"  {span['site']:<12} from {span['time'][:19]} to {(span['end'] or 'now')[:19]}: room for {span['capacity']} of "
            f"{span['needed']} calls, {span['why']}"
        )
    return lines
