"""What planning a fleet costs: sites of 16 appliances that are to be upgraded, with the ini of each compared, in rows of
eight sites.

The largest fleet that a tenant can have is 200 sites of 16. Run after `make ready`: python benchmarks/plan.py
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CCE = "ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce"
SITES = (50, 100, 200)
APPLIANCES = 16


def fleet(count: int) -> tuple[list[Any], dict[str, str]]:
    """So many sites as they were read, and the ini of each appliance in the inventory."""
    builders, site = importlib.import_module("builders"), importlib.import_module(f"{CCE}.site")
    sites, inis = [], {}
    for number in range(count):
        name, appliances = f"site{number}", {}
        for place in range(1, APPLIANCES + 1):
            old = builders.ini_text(name, place, build=builders.OLD_BUILD)
            read = {"number": place, "computer_name": f"{name}-{place}", "ini_imported": old, "ini_appliance": old}
            appliances[f"{name}-{place}"] = builders.healthy(**read)
            inis[f"{name}-{place}"] = builders.ini_text(name, place)
        sites.append(site.Site(name, site.Policy(1000), appliances))
    return sites, inis


def seconds(count: int) -> float:
    """What the plan and the queue of so many sites take of the processor, the least of three times."""
    planning, settings, queue = (importlib.import_module(f"{CCE}.{name}") for name in ("planning", "settings", "queue"))
    taken = []
    for _time in range(3):
        sites, inis = fleet(count)
        begun = time.process_time()
        now = importlib.import_module("builders").NOW
        made = planning.make_plan("2.1", sites, None, now, inis, settings=settings.Settings(sites_at_once=8))
        turns = queue.make_queue(made, sites, set(inis))
        taken.append(time.process_time() - begun)
        if len(turns) != count * APPLIANCES:
            raise RuntimeError(f"{len(turns)} turns instead of {count * APPLIANCES}: {made.message}")
    return min(taken)


def main() -> None:
    """Print the seconds of each size, and how they grow."""
    sys.path[:0] = [str(ROOT / ".tree"), str(ROOT / "tests/unit/plugins/plugin_utils/cce")]
    before = 0.0
    for count in SITES:
        taken = seconds(count)
        growth = f", {taken / before:.1f} times as long as half of them" if before else ""
        print(f"{count * APPLIANCES} appliances: {taken:.2f} s{growth}")
        before = taken


if __name__ == "__main__":
    main()
