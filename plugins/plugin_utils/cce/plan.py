# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a run: which appliances are upgraded, in which order, by which steps, and why others are not.

A pure function of what was read. Sites and appliances keep the order of the inventory, also a site without a spare; within a
site the one that holds the out-of-service slot comes first, then those whose upgrade has begun, so that no second one is opened
beside them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from . import capacity, health, ini_changes, ini_document, slot, upgrade
from .appliance import Appliance
from .capacity import Carrier
from .exceptions import NotReadError
from .ini_changes import Difference
from .ini_document import Ini
from .reading import Unknown, need
from .site import Observation, Site, Unreadable
from .versions import Version, path_problem

ORDER = (
    "Sites and appliances in the order of the inventory; within a site the one that holds the out-of-service slot comes first, "
    "then those whose upgrade has begun."
)


@dataclass(frozen=True)
class Entry:
    """One appliance of the queue. `notes` are for a person to judge; `consent`: it leaves service by consent only."""

    host: str
    site: str
    running: Version | None
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

    target: Version
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


def make_plan(
    target: Version,
    sites: Sequence[Site],
    limit: Collection[str] | None,
    now: datetime,
    inis: Mapping[str, str] | None = None,
    accepted: Mapping[str, Collection[str]] | None = None,
) -> Plan:
    """The plan.

    Args:
        target: the release to upgrade to.
        sites: every site of the inventory.
        limit: the hosts of this run; None is all. The other appliances of their sites are read, and must be well.
        now: aware time, for consents.
        inis: host -> the text of its ini in the inventory, which must be of the appliance that answers.
        accepted: host -> the names of those changes of the ini in force that were declared.
    """
    known = [host for site in sites for host in site.appliances]
    wanted = set(known) if limit is None else set(limit)
    planned = [
        _Planner(target, site, wanted & set(site.appliances), now, inis or {}, accepted or {}).plan()
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


def intent(target: Version, sites: Sequence[Site], hosts: Collection[str]) -> str:
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
class Progress:
    """How far an appliance is: refused, done (no steps), or with steps to go."""

    reason: str
    steps: tuple[str, ...] = ()
    resumes: bool = False
    refused: bool = False


def progress(found: Observation, target: Version) -> Progress:
    """How far an appliance is on its way to `target`; what could not be read is refused."""
    if isinstance(found, Unreadable):
        return Progress(f"could not be read ({found.reason}).", refused=True)
    try:
        problem = _problem(found, target)
        return Progress(problem, refused=True) if problem else _steps_to_go(found, target)
    except NotReadError as error:
        return Progress(f"could not be read ({error}).", refused=True)


def _problem(appliance: Appliance, target: Version) -> str | None:
    """Why nobody may begin or go on here."""
    foreign = [job for job in need(appliance.jobs) if _step_of(job, target) is None]
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


def _illness(appliance: Appliance, target: Version) -> str | None:
    """An appliance in a middle state cannot be healthy; one at the target, or not begun yet, has to be."""
    if appliance.jobs or appliance.scripts != appliance.running:
        return None
    blocking = health.blocking(health.own_health(appliance))
    if appliance.running != target:
        blocking += health.blocking(health.gates(appliance, target))
    if not blocking:
        return None
    return f"runs {appliance.running}, but is not well: {health.summary_with_remedies(blocking)}."


def _steps_to_go(appliance: Appliance, target: Version) -> Progress:
    jobs = need(appliance.jobs)
    if not need(appliance.module_present):
        return Progress("its MSI was removed and not yet replaced", upgrade.NAMES, resumes=True)
    left = {*_steps_left(appliance, target), *(_step_of(job, target) for job in jobs)}
    if not left:
        return Progress(f"at {target} and healthy")
    steps = tuple(name for name in upgrade.NAMES if name in left or name == "health")
    reason = f"scripts {appliance.scripts}, running {appliance.running}, backup {appliance.backup}"
    with_jobs = f"{reason}, open jobs {', '.join(jobs)}" if jobs else reason
    return Progress(with_jobs, steps, resumes=appliance.scripts == target or bool(jobs))


def _steps_left(appliance: Appliance, target: Version) -> set[str]:
    """What the versions say is to be done."""
    if need(appliance.running) == target:
        return set()
    backup = need(appliance.backup)
    if appliance.scripts != target:
        return set(upgrade.NAMES)
    return {"version"} if backup == target else set(upgrade.NAMES) - {"package"}


def _step_of(job: str, target: Version) -> str | None:
    """The step that collects the job; None where the job is of no upgrade to `target`."""
    found = upgrade.step_of_job(job)
    return found[0].name if found is not None and found[1] == target else None


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
    """Plans one site; `hosts` are those of its appliances that are in this run, `inis` and `accepted` are of the inventory."""

    target: Version
    site: Site
    hosts: Collection[str]
    now: datetime
    inis: Mapping[str, str]
    accepted: Mapping[str, Collection[str]]

    def plan(self) -> _Part:
        inside = {
            host: progress(found, self.target) for host, found in self.site.appliances.items() if host in self.hosts
        }
        queue = sorted(
            (host for host, found in inside.items() if found.steps), key=lambda host: self._rank(host, inside)
        )
        refused = [*self._twins(), *self._other_inis(queue)]
        refused += [self._refusal(host, found.reason) for host, found in inside.items() if found.refused]
        refused += self._ill_neighbours()
        refused += [] if refused else self._no_room(queue, inside)
        return _Part(self.site.name, self._entries(queue, inside), self._skips(inside), tuple(refused))

    def _rank(self, host: str, inside: Mapping[str, Progress]) -> int:
        """The place in the queue; appliances of the same rank keep the order of the inventory."""
        if _holds_slot(self.site.appliances[host]):
            return 0
        return 1 if inside[host].resumes else 2

    def _refusal(self, host: str, reason: str) -> Refusal:
        return Refusal(host, self.site.name, f"{host} {reason}")

    def _twins(self) -> Iterator[Refusal]:
        """One computer that answers to two names would be upgraded as its own spare, with the ini of another."""
        for one, other in self.site.twins():
            yield self._refusal(other, f"answers as the same computer as {one}: correct ansible_host of one of them.")

    def _other_inis(self, queue: Collection[str]) -> Iterator[Refusal]:
        """Inis that are not to be put in force: of another appliance or release, or with changes that nobody declared."""
        for host in self.site.appliances:
            try:
                problem = self._ini_problem(host, upgraded=host in queue)
            except NotReadError as error:
                problem = f"has an ini in force that could not be read ({error})" if host in queue else None
            if problem:
                yield self._refusal(host, f"{problem}.")

    def _ini_problem(self, host: str, *, upgraded: bool) -> str | None:
        pair = self._ini_pair(host)
        if pair is None:
            return None
        other = ini_document.identity_problem(*pair)
        if other or not upgraded:
            return other
        left = ini_changes.undeclared(ini_changes.changes(*pair, self.target), self.accepted.get(host, ()))
        return self._reused_template(host, *pair) or (ini_changes.refusal(left) if left else None)

    def _ini_pair(self, host: str) -> tuple[Ini, Ini] | None:
        """The ini of the inventory and the one in force; None where the host is not in this run, or has none in force."""
        found = self.site.appliances[host]
        if host not in self.hosts or host not in self.inis or not isinstance(found, Appliance):
            return None
        text = ini_changes.effective(found)
        return None if text is None else (Ini.parse(self.inis[host]), Ini.parse(text))

    def _reused_template(self, host: str, new: Ini, in_force: Ini) -> str | None:
        """With the new scripts, what is in force may be the new ini itself."""
        found = self.site.appliances[host]
        begun = isinstance(found, Unreadable) or found.scripts == self.target
        return None if begun else ini_changes.reused_build(new, in_force)

    def _declared(self, host: str) -> list[Difference]:
        """The changes of the ini that are meant."""
        try:
            pair = self._ini_pair(host)
        except NotReadError:
            pair = None
        found = ini_changes.changes(*pair, self.target) if pair else []
        left = ini_changes.undeclared(found, self.accepted.get(host, ()))
        return [one for one in found if one not in left]

    def _ill_neighbours(self) -> Iterator[Refusal]:
        """Appliances of the site outside this run: each has to be whole and well at the version it runs."""
        for host, appliance in self.site.appliances.items():
            if host in self.hosts:
                continue
            if isinstance(appliance, Unreadable):
                yield self._refusal(
                    host, f"is not in this run, but of its site, and could not be read ({appliance.reason})."
                )
            elif blocking := health.blocking(health.own_health(appliance)):
                yield self._refusal(
                    host,
                    f"is not in this run, but of its site, and is not well: {health.summary_with_remedies(blocking)}.",
                )

    def _skips(self, inside: Mapping[str, Progress]) -> tuple[Skip, ...]:
        reasons = {host: found.reason for host, found in inside.items() if not (found.steps or found.refused)}
        reasons |= {host: "not in this run" for host in self.site.appliances if host not in self.hosts}
        return tuple(Skip(host, self.site.name, reasons[host]) for host in self.site.appliances if host in reasons)

    def _entries(self, queue: Sequence[str], inside: Mapping[str, Progress]) -> tuple[Entry, ...]:
        entries = [self._entry(host, inside[host], carriers) for host, carriers in self._turns(queue, inside)]
        return tuple(replace(entry, last_of_site=entry is entries[-1]) for entry in entries)

    def _entry(self, host: str, found: Progress, carriers: Mapping[str, Carrier]) -> Entry:
        appliance = self.site.appliances[host]
        running = None if isinstance(appliance, Unreadable | Unknown) else appliance.running
        consent = capacity.uses_consent(self.site, host, carriers)
        notes = _notes(appliance, self.target) if found.steps == upgrade.NAMES else ()
        notes += tuple(f"ini: {change}, as was declared." for change in self._declared(host))
        return Entry(
            host,
            self.site.name,
            None if isinstance(running, Unknown) else running,
            found.steps,
            found.reason,
            found.resumes,
            consent,
            notes,
        )

    def _no_room(self, queue: Sequence[str], inside: Mapping[str, Progress]) -> Iterator[Refusal]:
        for host, carriers in self._turns(queue, inside):
            problem = capacity.room_problem(self.site, host, carriers, self.now)
            if problem and not self._has_left(host):
                yield Refusal(host, self.site.name, problem)

    def _has_left(self, host: str) -> bool:
        """Its switch is done, or was begun and is only waited for: nothing is decided any more by who carries the calls."""
        appliance = self.site.appliances[host]
        if isinstance(appliance, Unreadable):
            return False
        return appliance.running == self.target or upgrade.job_name("version", self.target) in need(appliance.jobs)

    def _turns(
        self, queue: Sequence[str], inside: Mapping[str, Progress]
    ) -> Iterator[tuple[str, Mapping[str, Carrier]]]:
        """Each appliance of the queue with the carriers at its turn: those before it are well again by then."""
        carriers = capacity.carriers(self.site)
        freed = any(_holds_slot(self.site.appliances[host]) for host in queue)
        for host in queue:
            has_slot = freed or not capacity.slot_is_elsewhere(self.site.appliances[host])
            switches_next = has_slot and "package" not in inside[host].steps
            yield host, capacity.for_switch_of(self.site, host, carriers) if switches_next else dict(carriers)
            carriers[host] = replace(carriers[host], problem="", serves=True)


def _holds_slot(found: Observation) -> bool:
    try:
        return isinstance(found, Appliance) and slot.is_own(found)
    except NotReadError:
        return False


def _notes(found: Observation, target: Version) -> tuple[str, ...]:
    if isinstance(found, Unreadable):
        return ()
    manual = [check for check in health.gates(found, target) if check.status == health.MANUAL]
    return tuple(f"{check.id}: {check.evidence}. {check.remedy}" for check in manual)
