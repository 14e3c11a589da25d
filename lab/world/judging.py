"""What the record of a fleet shows that must never be, whatever the product is like.

Entries are data, as the lab hands them out.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]
Entries = Callable[[str], Sequence[Entry]]
"""The entries of one kind: call, outage, cmdlet, event."""

ONCE = ("Install-CcAppliance", "Switch-CcVersion")
"""What no appliance needs twice where it succeeded."""

FIGHT = {"automatic_recovery": True, "recovery_minds_cmdlets": False}
CUTTING: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("msiexec", {"msi_stops_calls": True}),
    ("Install-CcAppliance", {"install_disturbs_calls": True}),
    ("Switch-CcVersion", FIGHT),
    ("automatic recovery", FIGHT),
)
"""A cause of outages and of calls that are cut, and the choices with which the product itself does that.

With the last two it starts the old VMs again that its own switch has just stopped.
"""


def broken(
    entries: Entries, switches: Mapping[str, Any], *, spare: Sequence[str] = (), died: bool = False
) -> list[str]:
    """Every promise that was broken, in words.

    Args:
        switches: the choices that differ from the defaults.
        spare: the sites that can carry their calls without one appliance.
        died: a host died by a fault, which cuts calls and takes a second appliance out.
    """
    found = _switched_back(entries("event")) + _repeated(entries("cmdlet"), entries("event"))
    if died:
        return found
    found += _cut(entries("call"), switches) + _overlaps(entries("outage"))
    return found + _refused(entries("call"), switches, spare)


def excused(why: str, switches: Mapping[str, Any]) -> bool:
    """Whether the product itself takes an appliance out for this reason, as a switch says."""
    return any(cause in why and chosen.items() <= dict(switches).items() for cause, chosen in CUTTING)


def _switched_back(events: Sequence[Entry]) -> list[str]:
    return [f"{one['appliance']} was switched back" for one in events if one["text"].startswith("runs 2.0.1")]


def _repeated(runs: Sequence[Entry], events: Sequence[Entry]) -> list[str]:
    """A cmdlet that came back without an error, a fault having left its work undone, has to be run again."""
    done = Counter((run["appliance"], run["name"]) for run in runs if run["name"] in ONCE and run["outcome"] == "ok")
    for event in events:
        undone = re.match(r"fault: half_done (?:before|during).* (\S+)$", event["text"])
        if undone and (event["appliance"], undone[1]) in done:
            done[event["appliance"], undone[1]] -= 1
    return [f"{appliance}: {name} succeeded {times} times" for (appliance, name), times in done.items() if times > 1]


def _cut(calls: Sequence[Entry], switches: Mapping[str, Any]) -> list[str]:
    cut = [call for call in calls if call["outcome"] == "cut" and not excused(call["why"], switches)]
    return [f"{call['appliance']} cut a call: {call['why']}" for call in cut]


def _overlaps(outages: Sequence[Entry]) -> list[str]:
    found = []
    for site in sorted({one["site"] for one in outages}):
        spans = sorted((one["time"], one["end"] or "9", one["appliance"]) for one in outages if one["site"] == site)
        found += [
            f"{b[2]} went out while {a[2]} was" for a, b in itertools.pairwise(spans) if b[0] < a[1] and a[2] != b[2]
        ]
    return found


def _refused(calls: Sequence[Entry], switches: Mapping[str, Any], spare: Sequence[str]) -> list[str]:
    """No call is refused where others take it; where the gateway or the tenant asks one appliance only, that is its fault."""
    retries = {"inbound": switches.get("gateway_retry", True), "outbound": switches.get("tenant_retry", True)}
    lost = [
        call for call in calls if call["outcome"] == "refused" and call["site"] in spare and retries[call["direction"]]
    ]
    return [
        f"{call['site']} refused {'an emergency' if call['emergency'] else 'a'} call: {call['why']}" for call in lost
    ]
