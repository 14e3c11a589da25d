# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a run: which appliances are upgraded, in which order, by which steps, and why others are not.

A pure function of what was read. Sites and appliances keep the order of the inventory, also a site without a spare; within a
site an appliance whose upgrade has begun comes first, so that no second one is opened beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from . import health
from .appliance import Appliance
from .capacity import Carrier, Policy, carrier, leave_problem, unread, uses_consent
from .reading import NotReadError, Unknown, need
from .versions import path_problem

STEPS = ("package", "configuration", "registration", "download", "deployment", "version", "health")
"""In the order documented by Microsoft (cloud-connector.md 5.3)."""

JOB_STEPS = {"package": "package", "download": "download", "install": "deployment", "switch": "version"}
"""Begin of a job's name -> the step that collects it; the target version follows after a hyphen."""

ORDER = "Sites and appliances in the order of the inventory; within a site an appliance whose upgrade has begun comes first."


@dataclass(frozen=True)
class Site:
    """A site as it was read; an appliance that could not be is Unknown. All appliances of the site, in inventory order."""

    name: str
    policy: Policy
    appliances: Mapping[str, Appliance | Unknown]


@dataclass(frozen=True)
class Entry:
    """One appliance of the queue. `notes` are for a person to judge; `consent`: it leaves service by consent only."""

    host: str
    site: str
    running: str | None
    steps: tuple[str, ...]
    reason: str
    resumes: bool
    consent: bool
    notes: tuple[str, ...]
    last_of_site: bool = False


@dataclass(frozen=True)
class Skip:
    """An appliance that is left as it is."""

    host: str
    site: str
    reason: str


@dataclass(frozen=True)
class Refusal:
    """Why nothing of this run may begin."""

    host: str
    site: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """`hash` names the intent (target, order, policy) and stays the same while the run makes progress."""

    target: str
    hash: str
    entries: tuple[Entry, ...]
    skips: tuple[Skip, ...]
    refusals: tuple[Refusal, ...]
    idle_sites: tuple[str, ...]
    """Sites of this run where nothing is left to do; they are still worth a validation."""

    @property
    def empty(self) -> bool:
        return not (self.entries or self.refusals)

    @property
    def message(self) -> str:
        if self.refusals:
            more = f" There are {len(self.refusals) - 1} more reasons." if len(self.refusals) > 1 else ""
            return f"The plan is refused and nothing may begin. {self.refusals[0].reason}{more}"
        if self.empty:
            return f"Every appliance of this run is at {self.target} and healthy: there is nothing to do."
        hosts = ", ".join(entry.host for entry in self.entries)
        return f"{len(self.entries)} to be upgraded to {self.target}, one at a time: {hosts}."

    def to_dict(self) -> dict[str, Any]:
        """As plan.json holds it."""
        return {**asdict(self), "empty": self.empty, "message": self.message, "order": ORDER}


def make_plan(target: str, sites: Sequence[Site], limit: Collection[str] | None, now: datetime) -> Plan:
    """The plan.

    Args:
        target: a version that `versions.check_target` gave.
        sites: every site of the inventory.
        limit: the hosts of this run; None is all. The other appliances of their sites are read, and must be well.
        now: aware time, for consents.
    """
    known = [host for site in sites for host in site.appliances]
    wanted = set(known) if limit is None else set(limit)
    planned = [
        _Planner(target, site, wanted & set(site.appliances), now).plan()
        for site in sites
        if wanted & set(site.appliances)
    ]
    refusals = [refusal for part in planned for refusal in part.refusals]
    refusals += [Refusal(host, "", f"{host} is no appliance of the inventory.") for host in sorted(wanted - set(known))]
    if not planned:
        refusals.append(Refusal("", "", "No appliance of the inventory is in this run."))
    return Plan(
        target,
        intent(target, sites, wanted),
        tuple(entry for part in planned for entry in part.entries),
        tuple(skip for part in planned for skip in part.skips),
        tuple(refusals),
        tuple(part.site for part in planned if not (part.entries or part.refusals)),
    )


def intent(target: str, sites: Sequence[Site], hosts: Collection[str]) -> str:
    """The hash of what a run is meant to do; what it finds on the appliances is no part of it."""
    order = [
        {"site": site.name, "hosts": chosen, "policy": asdict(site.policy)}
        for site in sites
        if (chosen := [host for host in site.appliances if host in hosts])
    ]
    text = json.dumps({"target": target, "order": order}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# --- one appliance ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where an appliance stands: refused, done (no steps), or with steps to go."""

    reason: str
    steps: tuple[str, ...] = ()
    resumes: bool = False
    refused: bool = False


def standing(appliance: Appliance | Unknown, target: str) -> Standing:
    """Where an appliance stands on its way to `target`; what could not be read is refused."""
    if isinstance(appliance, Unknown):
        return Standing(f"could not be read ({appliance.reason}).", refused=True)
    try:
        problem = _problem(appliance, target)
        return Standing(problem, refused=True) if problem else _steps_to_go(appliance, target)
    except NotReadError as error:
        return Standing(f"could not be read ({error}).", refused=True)


def _problem(appliance: Appliance, target: str) -> str | None:
    """Why nobody may begin or go on here."""
    foreign = [job for job in need(appliance.jobs) if not _is_ours(job, target)]
    if foreign:
        return f"has a job open that does not lead to {target} ({', '.join(foreign)}): collect it first."
    if not need(appliance.module_present):
        missing = need(appliance.saved) is None
        return "has no CloudConnector module, and no record of ours says why." if missing else None
    scripts, running = need(appliance.scripts), need(appliance.running)
    if scripts is None or running is None:
        return f"has scripts {scripts} and runs {running}: there is nothing to upgrade."
    if path := path_problem(scripts, target) or path_problem(running, target):
        return f"cannot be upgraded: {path}"
    if scripts not in (running, target):
        return f"has scripts {scripts}, but {running} runs: bring it to one version first."
    return _illness(appliance, target)


def _illness(appliance: Appliance, target: str) -> str | None:
    """An appliance in a middle state cannot be healthy; one at the target, or not begun yet, has to be."""
    if appliance.jobs or appliance.scripts != appliance.running:
        return None
    blocking = health.blocking(health.own_health(appliance))
    if appliance.running != target:
        blocking += health.blocking(health.gates(appliance, target))
    if not blocking:
        return None
    return f"runs {appliance.running}, but is not well: {health.told(blocking)}."


def _steps_to_go(appliance: Appliance, target: str) -> Standing:
    jobs = need(appliance.jobs)
    if not need(appliance.module_present):
        return Standing("its MSI was removed and not yet replaced", STEPS, resumes=True)
    begun, running, backup = appliance.scripts == target, need(appliance.running), need(appliance.backup)
    if running == target:
        left: tuple[str, ...] = ()
    elif begun and backup == target:
        left = ("version",)
    else:
        left = STEPS[STEPS.index("configuration") :] if begun else STEPS
    open_steps = {JOB_STEPS[job.partition("-")[0]] for job in jobs}
    steps = tuple(step for step in STEPS if step in left or step in open_steps)
    if not steps:
        return Standing(f"at {target} and healthy")
    reason = f"scripts {appliance.scripts}, running {running}, backup {backup}"
    with_jobs = f"{reason}, open jobs {', '.join(jobs)}" if jobs else reason
    steps = steps if "health" in steps else (*steps, "health")
    return Standing(with_jobs, steps, resumes=begun or bool(jobs))


def _is_ours(job: str, target: str) -> bool:
    step, dummy, version = job.partition("-")
    return step in JOB_STEPS and version == target


# --- one site ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """What the plan says of one site."""

    site: str
    entries: tuple[Entry, ...]
    skips: tuple[Skip, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class _Planner:
    """Plans one site; `hosts` are those of its appliances that are in this run."""

    target: str
    site: Site
    hosts: Collection[str]
    now: datetime

    def plan(self) -> _Part:
        standings = {host: standing(self.site.appliances[host], self.target) for host in self.site.appliances}
        inside = {host: found for host, found in standings.items() if host in self.hosts}
        queue = sorted(
            (host for host, found in inside.items() if found.steps), key=lambda host: not inside[host].resumes
        )
        refused = [self._refusal(host, found.reason) for host, found in inside.items() if found.refused]
        refused += self._ill_neighbours()
        refused += [] if refused else self._no_room(queue)
        return _Part(self.site.name, self._entries(queue, inside), self._skips(inside), tuple(refused))

    def _refusal(self, host: str, reason: str) -> Refusal:
        return Refusal(host, self.site.name, f"{host} {reason}")

    def _ill_neighbours(self) -> Iterator[Refusal]:
        """Appliances of the site outside this run: each has to be whole and well at the version it runs."""
        for host, appliance in self.site.appliances.items():
            if host in self.hosts:
                continue
            if isinstance(appliance, Unknown):
                yield self._refusal(
                    host, f"is not in this run, but of its site, and could not be read ({appliance.reason})."
                )
            elif blocking := health.blocking(health.own_health(appliance)):
                yield self._refusal(
                    host, f"is not in this run, but of its site, and is not well: {health.told(blocking)}."
                )

    def _skips(self, inside: Mapping[str, Standing]) -> tuple[Skip, ...]:
        reasons = {host: found.reason for host, found in inside.items() if not (found.steps or found.refused)}
        reasons |= {host: "not in this run" for host in self.site.appliances if host not in self.hosts}
        return tuple(Skip(host, self.site.name, reasons[host]) for host in self.site.appliances if host in reasons)

    def _entries(self, queue: Sequence[str], inside: Mapping[str, Standing]) -> tuple[Entry, ...]:
        entries = [self._entry(host, inside[host], carriers) for host, carriers in self._moments(queue)]
        return tuple(replace(entry, last_of_site=entry is entries[-1]) for entry in entries)

    def _entry(self, host: str, found: Standing, carriers: Sequence[Carrier]) -> Entry:
        appliance = self.site.appliances[host]
        running = (
            None if isinstance(appliance, Unknown) or isinstance(appliance.running, Unknown) else appliance.running
        )
        consent = uses_consent(host, carriers, self.site.policy)
        notes = _notes(appliance, self.target) if found.steps == STEPS else ()
        return Entry(host, self.site.name, running, found.steps, found.reason, found.resumes, consent, notes)

    def _no_room(self, queue: Sequence[str]) -> Iterator[Refusal]:
        for host, carriers in self._moments(queue):
            problem = leave_problem(self.site.name, host, carriers, self.site.policy, self.now)
            if problem and not self._has_left(host):
                yield Refusal(host, self.site.name, problem)

    def _has_left(self, host: str) -> bool:
        """Its switch is done, or was begun and is only waited for: nothing is decided any more by who carries the calls."""
        appliance = self.site.appliances[host]
        if isinstance(appliance, Unknown):
            return False
        return appliance.running == self.target or f"switch-{self.target}" in need(appliance.jobs)

    def _moments(self, queue: Sequence[str]) -> Iterator[tuple[str, list[Carrier]]]:
        """Each appliance of the queue with the carriers at its turn: those before it are well again by then."""
        carriers = {host: _carrier(host, appliance) for host, appliance in self.site.appliances.items()}
        for host in queue:
            yield host, list(carriers.values())
            carriers[host] = replace(carriers[host], problem="", serves=True)


def _carrier(host: str, appliance: Appliance | Unknown) -> Carrier:
    return unread(host, appliance.reason) if isinstance(appliance, Unknown) else carrier(host, appliance)


def _notes(appliance: Appliance | Unknown, target: str) -> tuple[str, ...]:
    if isinstance(appliance, Unknown):
        return ()
    manual = [check for check in health.gates(appliance, target) if check.status == health.MANUAL]
    return tuple(f"{check.id}: {check.evidence}. {check.remedy}" for check in manual)
