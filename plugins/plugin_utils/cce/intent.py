# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run is meant to do, as a document whose hash is approved, and how another one differs from it.

The intent is target, order, policy and what else of the inventory was approved; what is found on the appliances is no part
of it, so that it stays the same while a run makes progress. Of an approved plan that is at hand the work is compared, too:
what is left has to be a part of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from .site import Site
from .versions import Version

Intent: TypeAlias = Mapping[str, Any]
"""As plan.json holds it: target, canary, sites_at_once, variables, and of each site name, appliances and variables."""

LONGEST = 80
"""So many characters of a value are shown."""


@dataclass(frozen=True)
class Approved:
    """The variables of the inventory that an approval is about: of the fleet, of each site, of each appliance."""

    fleet: Mapping[str, Any] = field(default_factory=dict)
    sites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    appliances: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def make(
    target: Version,
    sites: Sequence[Site],
    hosts: Collection[str],
    canary: str | None,
    sites_at_once: int,
    approved: Approved,
) -> Intent:
    """The intent of a run of `hosts`, whose sites come in the order of the run."""
    return {
        "target": target,
        "canary": canary,
        "sites_at_once": sites_at_once,
        "variables": dict(approved.fleet),
        "sites": [
            {
                "name": site.name,
                "appliances": chosen,
                "variables": {
                    "cloud_connector_peak_calls": site.policy.peak_calls,
                    "cloud_connector_outage_consent": asdict(site.policy.consent) if site.policy.consent else None,
                    **approved.sites.get(site.name, {}),
                },
                "of_appliances": {host: dict(found) for host in chosen if (found := approved.appliances.get(host))},
            }
            for site in sites
            if (chosen := [host for host in site.appliances if host in hosts])
        ],
    }


def digest(text: str) -> str:
    """What stands for a long text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_of(found: Intent) -> str:
    """The hash by which it is approved."""
    return hashlib.sha256(json.dumps(found, sort_keys=True, default=str).encode()).hexdigest()


# --- in words ---------------------------------------------------------------------------------------------------------


def differences(approved: Intent, found: Intent) -> list[str]:
    """What `found` is meant to do that was not approved, and what was approved that it leaves out: sentences."""
    approved = json.loads(json.dumps(approved, default=str))
    found = json.loads(json.dumps(found, default=str))
    return [*_top(approved, found), *_of_sites(approved["sites"], found["sites"])]


def _top(approved: Intent, found: Intent) -> Iterator[str]:
    words = {"target": "The target", "canary": "The canary", "sites_at_once": "The number of sites at once"}
    for name, word in words.items():
        if approved[name] != found[name]:
            yield f"{word} is {_short(found[name])}, approved was {_short(approved[name])}."
    yield from _variables("", approved["variables"], found["variables"])


def _of_sites(approved: Sequence[Intent], found: Sequence[Intent]) -> Iterator[str]:
    before, now = ({site["name"]: site for site in one} for one in (approved, found))
    yield from (f"Site {name} is in this run, and was not approved." for name in now if name not in before)
    yield from (
        f"Site {name} was approved, and is left out: give no other limit than then; what is done is skipped."
        for name in before
        if name not in now
    )
    both = [name for name in now if name in before]
    if both != [name for name in before if name in now]:
        yield f"The sites come in another order ({_short(both)}) than was approved."
    for name in both:
        yield from _of_site(before[name], now[name])


def _of_site(approved: Intent, found: Intent) -> Iterator[str]:
    name, before, now = found["name"], approved["appliances"], found["appliances"]
    added, left_out = [one for one in now if one not in before], [one for one in before if one not in now]
    if added:
        yield f"Site {name} has {', '.join(added)} in this run, which was not approved."
    if left_out:
        yield f"Site {name} was approved with {', '.join(left_out)}, which is left out."
    if not (added or left_out) and before != now:
        yield f"The appliances of site {name} come in another order ({_short(now)}) than was approved."
    yield from _variables(f" of site {name}", approved["variables"], found["variables"])
    for host in now:
        yield from _variables(
            f" of {host}", approved["of_appliances"].get(host, {}), found["of_appliances"].get(host, {})
        )


def _variables(whose: str, approved: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*approved, *found]):
        if approved.get(name) != found.get(name):
            yield f"{name}{whose} is {_short(found.get(name))}, approved was {_short(approved.get(name))}."


def _short(value: Any) -> str:
    if value is None:
        return "not given"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


# --- the work that is left ----------------------------------------------------------------------------------------------


def more_work(approved: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], target: str) -> list[str]:
    """What the entries of a plan, as plan.json holds them, do beyond those that were approved: sentences."""
    before = {entry["host"]: entry for entry in approved}
    return [sentence for entry in found for sentence in _beyond(before.get(entry["host"]), entry, target)]


def _beyond(approved: Mapping[str, Any] | None, found: Mapping[str, Any], target: str) -> Iterator[str]:
    host = found["host"]
    if approved is None:
        yield f"{host} was to be left as it is, and now needs {', '.join(found['steps'])} ({found['reason']})."
        return
    more = [step for step in found["steps"] if step not in approved["steps"]]
    if more:
        yield f"{host} needs {', '.join(more)}, which was done when the plan was approved ({found['reason']})."
    if found["running"] not in (approved["running"], target, None):
        yield f"{host} runs {found['running']}, and ran {approved['running']} when the plan was approved."
    if found["consent"] and not approved["consent"]:
        yield f"{host} would leave service by consent only, and had a spare when the plan was approved."
    judged = {note.partition(":")[0] for note in (*approved["notes"], *approved.get("waived", ()))}
    new = [note for note in found["notes"] if note.partition(":")[0] not in judged]
    yield from (
        f"{host} has something to be seen to that it had not when the plan was approved: {note}" for note in new
    )
