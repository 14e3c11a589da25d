# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of one site: the turns of its appliances, and why nothing of it may begin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from . import capacity, commissioning, health, hold, ini_changes, ini_document, proof, slot, upgrade, waivers
from .appliance import Appliance
from .capacity import Carrier
from .exceptions import NotReadError
from .failure_classes import FAILURES, FailureClass
from .health import Check
from .ini_changes import Difference
from .ini_document import Ini
from .plan import Entry, Refusal, Skip
from .reading import Unknown, need
from .settings import Settings
from .site import Observation, Site, Unreadable
from .steps_left import PROOF, Progress, Waive, progress
from .versions import Version
from .waivers import Waiver


@dataclass(frozen=True)
class SitePlan:
    """What the plan says of one site. `waivers`: those that something needs."""

    site: str
    entries: tuple[Entry, ...]
    skips: tuple[Skip, ...]
    refusals: tuple[Refusal, ...]
    waivers: tuple[Waiver, ...]


def plan_site(
    target: Version,
    site: Site,
    hosts: Collection[str],
    now: datetime,
    inis: Mapping[str, str],
    accepted: Mapping[str, Collection[str]],
    settings: Settings,
) -> SitePlan:
    """The plan of one site.

    Args:
        hosts: those of its appliances that are in this run.
        now, inis, accepted: as `planning.make_plan` has them.
    """
    ill = {
        host: health.blocking(health.own_health(found))
        for host, found in site.appliances.items()
        if isinstance(found, Appliance)
    }
    return _Planner(target, site, hosts, now, inis, accepted, settings, ill).plan()


class _Turn(NamedTuple):
    """An appliance, and who carries the calls of its site when it is its turn."""

    host: str
    carriers: Mapping[str, Carrier]


@dataclass(frozen=True)
class _Planner:
    """Plans one site. `ill`: host -> what says stop of its health at what it runs; of those that could be read."""

    target: Version
    site: Site
    hosts: Collection[str]
    now: datetime
    inis: Mapping[str, str]
    accepted: Mapping[str, Collection[str]]
    settings: Settings
    ill: Mapping[str, Sequence[Check]]
    _changes: dict[str, list[Difference]] = field(default_factory=dict)
    """host -> the changes of its ini, each looked for once."""

    def plan(self) -> SitePlan:
        inside = {
            host: progress(found, self.target, self._waive(host), self.ill.get(host))
            for host, found in self.site.appliances.items()
            if host in self.hosts
        }
        queue = sorted(
            (host for host, found in inside.items() if found.steps), key=lambda host: self._rank(host, inside)
        )
        refused = [*self._held(queue), *self._twins(), *self._other_inis(queue)]
        refused += [self._refusal(host, found.reason) for host, found in inside.items() if found.refused]
        refused += self._ill_neighbours()
        turns = list(self._turns(queue, inside))
        refused += [] if refused else self._no_room(turns)
        return SitePlan(
            self.site.name,
            tuple(self._entry(turn, inside[turn.host], last=turn is turns[-1]) for turn in turns),
            self._skips(inside),
            tuple(refused),
            tuple(waiver for host, found in inside.items() for waiver in self._needed(host, found)),
        )

    def _waive(self, host: str) -> Waive:
        own = waivers.of(self.settings.waivers, host, self.site.name)
        restarts = self.settings.restarts_first
        return lambda checks: [_restarted(one) if restarts else one for one in waivers.applied(checks, own, self.now)]

    def _needed(self, host: str, found: Progress) -> Iterator[Waiver]:
        """The waivers that something on it is waived by."""
        used = {check.id for check in found.gates if check.status == health.WAIVED}
        own = waivers.of(self.settings.waivers, host, self.site.name) if used else ()
        return (waiver for waiver in own if waiver.check in used)

    def _rank(self, host: str, inside: Mapping[str, Progress]) -> int:
        """The place in the queue; appliances of the same rank keep the order of the inventory."""
        if _holds_slot(self.site.appliances[host]):
            return 0
        return 1 if inside[host].resumes else 2

    def _refusal(self, host: str, reason: str) -> Refusal:
        return Refusal(host, self.site.name, f"{host} {reason}")

    def _held(self, queue: Sequence[str]) -> Iterator[Refusal]:
        """A site that was rolled back goes forward only when that is cleared; every appliance of it sees the same file."""
        for host in queue[:1]:
            found = self.site.appliances[host]
            try:
                problem = None if isinstance(found, Unreadable) else hold.problem(found)
            except NotReadError as error:
                problem = f"The site {self.site.name} may be on hold, which could not be read: {error}."
            if problem:
                yield Refusal("", self.site.name, f"{problem} {FAILURES[FailureClass.SITE_ON_HOLD].remedy}")

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
        self._changes[host] = ini_changes.changes(*pair, self.target)
        left = ini_changes.undeclared(self._changes[host], self.accepted.get(host, ()))
        return self._reused_template(host, *pair) or (ini_changes.refusal(left) if left else None)

    def _ini_pair(self, host: str) -> tuple[Ini, Ini] | None:
        """The ini of the inventory and the one in force; None where the host is not in this run, or has none in force."""
        found = self.site.appliances[host]
        if host not in self.hosts or host not in self.inis or not isinstance(found, Appliance):
            return None
        if ini_changes.effective(found) is None:
            return None
        return Ini.parse(self.inis[host]), need(found.ini)

    def _reused_template(self, host: str, new: Ini, in_force: Ini) -> str | None:
        """With the new scripts, what is in force may be the new ini itself."""
        found = self.site.appliances[host]
        begun = isinstance(found, Unreadable) or found.scripts == self.target
        return None if begun else ini_changes.reused_build(new, in_force)

    def _declared(self, host: str) -> list[Difference]:
        """The changes of the ini that are meant."""
        found = self._changes.get(host, [])
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
            elif ill := self.ill[host]:
                yield self._refusal(
                    host, f"is not in this run, but of its site, and is not well: {health.summary_with_remedies(ill)}."
                )
            elif self._is_unproven(appliance):
                yield self._refusal(
                    host,
                    f"is not in this run, but of its site, runs {self.target}, and no call was proven on it: take it into "
                    "this run, which proves it first.",
                )

    def _is_unproven(self, appliance: Appliance) -> bool:
        """Whether it was upgraded to the target and nobody knows yet whether that carries calls: then no other one follows."""
        try:
            return appliance.running == self.target and not proof.is_proven(appliance, self.target)
        except NotReadError:
            return True

    def _skips(self, inside: Mapping[str, Progress]) -> tuple[Skip, ...]:
        reasons = {host: found.reason for host, found in inside.items() if not (found.steps or found.refused)}
        reasons |= {host: "not in this run" for host in self.site.appliances if host not in self.hosts}
        return tuple(Skip(host, self.site.name, reasons[host]) for host in self.site.appliances if host in reasons)

    def _entry(self, turn: _Turn, found: Progress, *, last: bool) -> Entry:
        host = turn.host
        appliance = self.site.appliances[host]
        running = None if isinstance(appliance, Unreadable | Unknown) else appliance.running
        told = [gate for gate in found.gates if gate.status in (health.MANUAL, health.WAIVED)]
        notes = _told(told, health.MANUAL)
        notes += tuple(f"ini: {change}, as was declared." for change in self._declared(host))
        if found.gates and isinstance(appliance, Appliance):
            notes += tuple(
                filter(None, [commissioning.note(appliance.commissioned, self.now, self.settings.commissioning)])
            )
        return Entry(
            host,
            self.site.name,
            None if isinstance(running, Unknown) else running,
            found.steps,
            found.reason,
            found.resumes,
            found.steps != (PROOF,) and capacity.uses_consent(self.site, host, turn.carriers),
            notes,
            _told(told, health.WAIVED),
            {check.id: check.status for check in found.gates},
            self._has_left(host),
            0.0 if found.steps == (PROOF,) else self.settings.pace.expected(found.steps, len(upgrade.NAMES)),
            last,
        )

    def _no_room(self, turns: Iterable[_Turn]) -> Iterator[Refusal]:
        for host, carriers in turns:
            problem = capacity.room_problem(self.site, host, carriers, self.now)
            if problem and not self._has_left(host):
                yield Refusal(host, self.site.name, problem)

    def _has_left(self, host: str) -> bool:
        """Its switch is done, or was begun and is only waited for: nothing is decided any more by who carries the calls."""
        appliance = self.site.appliances[host]
        if isinstance(appliance, Unreadable):
            return False
        return appliance.running == self.target or upgrade.job_name("version", self.target) in need(appliance.jobs)

    def _turns(self, queue: Sequence[str], inside: Mapping[str, Progress]) -> Iterator[_Turn]:
        """Each appliance of the queue with the carriers at its turn: those before it are well again by then."""
        carriers = capacity.carriers(self.site, self.ill)
        freed = any(_holds_slot(self.site.appliances[host]) for host in queue)
        for host in queue:
            has_slot = freed or not capacity.slot_is_elsewhere(self.site.appliances[host])
            switches_next = has_slot and "package" not in inside[host].steps
            yield _Turn(host, capacity.at_switch(carriers) if switches_next else dict(carriers))
            if carriers[host].problem or carriers[host].serves is not True:
                carriers[host] = replace(carriers[host], problem="", serves=True)


def _holds_slot(found: Observation) -> bool:
    try:
        return isinstance(found, Appliance) and slot.is_own(found)
    except NotReadError:
        return False


def _restarted(check: Check) -> Check:
    """A restart that Windows waits for refuses nothing where the upgrade begins with it, and is told."""
    if check.status != health.FAIL or check.failure is not FailureClass.PENDING_RESTART:
        return check
    first = "it is restarted first, in maintenance mode (cloud_connector_on_restart_required)"
    return check._replace(status=health.MANUAL, evidence=f"{check.evidence}; {first}", failure=None)


def _told(checks: Iterable[Check], status: str) -> tuple[str, ...]:
    """The checks of that result, for a person."""
    return tuple(f"{check.id}: {check.evidence}. {check.remedy}".rstrip() for check in checks if check.status == status)
