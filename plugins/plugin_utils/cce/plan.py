# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a run: which appliances are upgraded, in which order, by which steps, and why others are not.

A pure function of what was read. The canary comes first, then sites by their priority, the rest in the order of the
inventory, also a site without a spare; within a site the one that holds the out-of-service slot comes first, then those
whose upgrade has begun, so that no second one is opened beside them. What goes side by side is in `rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any, TypeAlias

from . import (
    capacity,
    commissioning,
    health,
    hold,
    ini_changes,
    ini_document,
    intent,
    proof,
    schedule,
    slot,
    upgrade,
    waivers,
)
from .appliance import Appliance
from .capacity import Carrier
from .exceptions import NotReadError
from .failure_classes import FAILURES, FailureClass
from .health import Check
from .ini_changes import Difference
from .ini_document import Ini
from .intent import Approved, Intent
from .pace import APPLIANCE_SECONDS, WAY_BACK_SECONDS, Pace, span
from .reading import Unknown, need
from .schedule import Schedule, Work
from .site import Observation, Site, Unreadable
from .support import SUPPORTED
from .versions import Version, path_problem
from .waivers import Waiver
from .windows import Calendar

ORDER = (
    "The canary first, then sites by their priority, the rest in the order of the inventory; appliances in the order of the "
    "inventory, but within a site the one that holds the out-of-service slot comes first, then those whose upgrade has begun."
)

Waive: TypeAlias = Callable[[list[Check]], list[Check]]
"""The checks with the waivers of their appliance."""


@dataclass(frozen=True)
class Settings:
    """What the inventory says of a run beside its sites.

    Attributes:
        canary: the site that comes first, and alone.
        priorities: site -> its place among the others, the lowest first; those without one come after them.
        sites_at_once: how many sites are worked on side by side, after the first.
        calendars: site -> when it may be worked on; always where it is not there.
        way_back: the seconds that have to be left of a window beside the expected work.
        approved: the variables that an approval is about.
    """

    canary: str | None = None
    priorities: Mapping[str, int] = field(default_factory=dict)
    sites_at_once: int = 1
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    pace: Pace = Pace(APPLIANCE_SECONDS, APPLIANCE_SECONDS)
    way_back: float = WAY_BACK_SECONDS
    waivers: tuple[Waiver, ...] = ()
    approved: Approved = Approved()
    commissioning: float = commissioning.AGE_DAYS
    """After how many days the commissioning of a host counts as old."""

    def ordered(self, sites: Iterable[Site]) -> list[Site]:
        """The sites, given in the order of the inventory, in that of a run."""
        return sorted(sites, key=self._rank)

    def calendar_of(self, site: str) -> Calendar:
        """When it may be worked on."""
        return self.calendars.get(site, Calendar())

    def _rank(self, site: Site) -> tuple[bool, bool, int]:
        return site.name != self.canary, site.name not in self.priorities, self.priorities.get(site.name, 0)


@dataclass(frozen=True)
class Entry:
    """One appliance of the queue.

    Attributes:
        consent: it leaves service by consent only.
        notes: what a person has to judge.
        waived: what a person answers for.
        gates: the checks that were made before anything is begun, with their results; none where it was begun before.
        past_switch: nothing of its work takes it out of service any more: no window is asked for.
        expected: how many seconds its steps may take.
        begins: when it can begin at the earliest, ISO 8601 in UTC; None where the plan is refused.
        waits: whether its site has windows or a freeze that say when.
    """

    host: str
    site: str
    running: Version | None
    steps: tuple[str, ...]
    reason: str
    resumes: bool
    consent: bool
    notes: tuple[str, ...]
    waived: tuple[str, ...] = ()
    gates: Mapping[str, str] = field(default_factory=dict)
    past_switch: bool = False
    expected: float = 0.0
    last_of_site: bool = False
    begins: str | None = None
    waits: bool = False


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
    """What is to be done, or why nothing may.

    Attributes:
        hash: names the intent, and stays the same while the run makes progress.
        idle_sites: sites of this run where nothing is left to do; they are still worth a validation.
        sites: the sites of this run in their order.
        rows: the appliances that go side by side, row after row; of an idle site the one that stands for it. None where it
        is refused. ends: when the last one is done; None where it is refused.
        width: how many sites at once end within the 60 days for which a release was supported; None: no number does.
        warnings: sentences about waivers that have ended, or that nothing needs.
    """

    target: Version
    hash: str
    entries: tuple[Entry, ...]
    skips: tuple[Skip, ...]
    refusals: tuple[Refusal, ...]
    idle_sites: tuple[str, ...]
    sites: tuple[str, ...]
    intent: Intent
    rows: tuple[tuple[str, ...], ...] = ()
    ends: datetime | None = None
    width: int | None = None
    warnings: tuple[str, ...] = ()

    def entries_of(self, site: str) -> list[Entry]:
        """Those of one site, in their order."""
        return self._by_site.get(site, [])

    @cached_property
    def _by_site(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.site, []).append(entry)
        return found

    @property
    def empty(self) -> bool:
        return not (self.entries or self.refusals)

    @property
    def message(self) -> str:
        if self.refusals:
            more = f" There are {len(self.refusals) - 1} more reasons." if len(self.refusals) > 1 else ""
            return f"The plan is refused and nothing may begin. {self.refusals[0].reason}{more}"
        if self.empty:
            return (
                f"Every appliance of this run is at {self.target}, healthy, its calls proven: there is nothing to do."
            )
        hosts = ", ".join(entry.host for entry in self.entries)
        at_once = self.intent["sites_at_once"]
        how = "one at a time" if at_once == 1 else f"at {at_once} sites at once after the first site"
        return f"{len(self.entries)} to be upgraded to {self.target}, {how}: {hosts}."

    def to_dict(self) -> dict[str, Any]:
        """As plan.json holds it."""
        ends = self.ends.isoformat() if self.ends else None
        return {**_as_dict(self), "ends": ends, "empty": self.empty, "message": self.message, "order": ORDER}


NOTHING_DECLARED = Settings()


def _as_dict(plan: Plan) -> dict[str, Any]:
    """Without going through the intent, which is JSON already."""
    return {**asdict(replace(plan, intent={})), "intent": plan.intent}


def make_plan(
    target: Version,
    sites: Sequence[Site],
    limit: Collection[str] | None,
    now: datetime,
    inis: Mapping[str, str] | None = None,
    accepted: Mapping[str, Collection[str]] | None = None,
    settings: Settings = NOTHING_DECLARED,
) -> Plan:
    """The plan.

    Args:
        target: the release to upgrade to.
        sites: every site of the inventory, in its order.
        limit: the hosts of this run; None is all. The other appliances of their sites are read, and must be well.
        now: aware time, for consents, waivers and windows.
        inis: host -> the text of its ini in the inventory, which must be of the appliance that answers.
        accepted: host -> the names of those changes of the ini in force that were declared.
    """
    known = [host for site in sites for host in site.appliances]
    wanted = set(known) if limit is None else set(limit)
    chosen = [site for site in settings.ordered(sites) if wanted & set(site.appliances)]
    planned = [
        _Planner(target, site, wanted & set(site.appliances), now, inis or {}, accepted or {}, settings).plan()
        for site in chosen
    ]
    refusals = [refusal for part in planned for refusal in part.refusals]
    refusals += [Refusal(host, "", f"{host} is no appliance of the inventory.") for host in sorted(wanted - set(known))]
    if not planned:
        refusals.append(Refusal("", "", "No appliance of the inventory is in this run."))
    meant = intent.make(target, chosen, wanted, settings.canary, settings.sites_at_once, settings.approved)
    made = Plan(
        target,
        intent.hash_of(meant),
        tuple(entry for part in planned for entry in part.entries),
        tuple(skip for part in planned for skip in part.skips),
        tuple(refusals),
        tuple(part.site for part in planned if not (part.entries or part.refusals)),
        tuple(site.name for site in chosen),
        meant,
        warnings=_warnings(planned, chosen, wanted, settings, now),
    )
    return made if refusals else _timed(made, chosen, wanted, settings, now)


def _warnings(
    planned: Sequence[_Part], sites: Sequence[Site], hosts: Collection[str], settings: Settings, now: datetime
) -> tuple[str, ...]:
    """About waivers of this run."""
    needed = [waiver for part in planned for waiver in part.waivers]
    inside = {host: site.name for site in sites for host in site.appliances if host in hosts}
    return tuple(waivers.unused(settings.waivers, needed, inside, now))


# --- rows and times ---------------------------------------------------------------------------------------------------


def _timed(plan: Plan, sites: Sequence[Site], hosts: Collection[str], settings: Settings, now: datetime) -> Plan:
    """The plan with rows and times; refused where an appliance fits into no window."""
    work = [_works(plan, site, hosts, settings) for site in sites]
    rows = schedule.rows(work, settings.sites_at_once)
    times = schedule.schedule(rows, now)
    if times.never:
        return replace(plan, refusals=tuple(_never(plan, times, settings, now)))
    return replace(
        plan,
        entries=tuple(_at(entry, times.begins[entry.host], settings) for entry in plan.entries),
        rows=tuple(tuple(one.name for one in row) for row in rows),
        ends=times.end,
        width=schedule.width_for(work, now, SUPPORTED),
    )


def _at(entry: Entry, begin: datetime | None, settings: Settings) -> Entry:
    waits = not (entry.past_switch or settings.calendar_of(entry.site).is_open_always)
    return replace(entry, begins=begin.astimezone(UTC).isoformat() if begin else None, waits=waits)


def _works(plan: Plan, site: Site, hosts: Collection[str], settings: Settings) -> list[Work]:
    """The turns of a site; one that is only validated takes no time to speak of."""
    calendar = settings.calendar_of(site.name)
    if site.name in plan.idle_sites:
        return [Work(next(host for host in site.appliances if host in hosts), calendar, 0.0, None)]
    return [_work(entry, calendar, settings) for entry in plan.entries_of(site.name)]


def _work(entry: Entry, calendar: Calendar, settings: Settings) -> Work:
    whole = len(entry.steps) == len(upgrade.NAMES)
    needed = None if entry.past_switch else timedelta(seconds=entry.expected + settings.way_back)
    return Work(entry.host, calendar, settings.pace.mean if whole else entry.expected, needed)


def _never(plan: Plan, times: Schedule, settings: Settings, now: datetime) -> Iterator[Refusal]:
    for entry in plan.entries:
        if entry.host in times.never:
            longest = settings.calendars[entry.site].longest(now)
            yield Refusal(
                entry.host,
                entry.site,
                f"{entry.host} fits into no window of {entry.site}: it may take {_span(entry.expected)}, a way back "
                f"{_span(settings.way_back)} more, and the longest window is {span(longest)}.",
            )


def _span(seconds: float) -> str:
    return span(timedelta(seconds=seconds))


# --- one appliance ----------------------------------------------------------------------------------------------------


PROOF = "call_proof"
AFTER_THE_SWITCH = ("health", PROOF)
"""The steps that every upgrade ends with, however far it had come."""


@dataclass(frozen=True)
class Progress:
    """How far an appliance is: refused, done (no steps), or with steps to go.

    `gates`: the checks that were made before the first.
    """

    reason: str
    steps: tuple[str, ...] = ()
    resumes: bool = False
    refused: bool = False
    gates: tuple[Check, ...] = ()


def progress(
    found: Observation,
    target: Version,
    waive: Waive = list,
    own: Callable[[Appliance], list[Check]] = health.own_health,
) -> Progress:
    """How far an appliance is on its way to `target`; what could not be read is refused. `own` asks for its health."""
    if isinstance(found, Unreadable):
        return Progress(f"could not be read ({found.reason}).", refused=True)
    try:
        gates = _gates(found, target, waive)
        problem = _problem(found, target, gates, own)
        if problem:
            return Progress(problem, refused=True, gates=gates)
        return replace(_steps_to_go(found, target), gates=gates)
    except NotReadError as error:
        return Progress(f"could not be read ({error}).", refused=True)


def _gates(appliance: Appliance, target: Version, waive: Waive) -> tuple[Check, ...]:
    """The gates of one that is not begun, or has to begin anew."""
    begun = target in (appliance.running, appliance.scripts)
    return () if begun else tuple(waive([_with_suspension(check) for check in health.gates(appliance, target)]))


def _problem(
    appliance: Appliance, target: Version, gates: Sequence[Check], own: Callable[[Appliance], list[Check]]
) -> str | None:
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
    return _illness(appliance, target, gates, own)


def _illness(
    appliance: Appliance, target: Version, gates: Sequence[Check], own: Callable[[Appliance], list[Check]]
) -> str | None:
    """An appliance in a middle state cannot be healthy; one at the target, or not begun yet, has to be."""
    if appliance.jobs or appliance.scripts != appliance.running:
        return None
    blocking = health.blocking(own(appliance))
    if appliance.running != target:
        blocking += health.blocking(gates)
    if not blocking:
        return None
    return f"runs {appliance.running}, but is not well: {health.summary_with_remedies(blocking)}."


def _with_suspension(check: Check) -> Check:
    """Automatic update that is on is suspended before the first step, so it refuses nothing, and is told."""
    suspends = check.status == health.FAIL and check.failure is FailureClass.AUTO_UPDATE_ON
    return check._replace(status=health.MANUAL) if suspends else check


def _steps_to_go(appliance: Appliance, target: Version) -> Progress:
    jobs = need(appliance.jobs)
    if not need(appliance.module_present):
        return Progress("its MSI was removed and not yet replaced", upgrade.NAMES, resumes=True)
    left = {*_steps_left(appliance, target), *(_step_of(job, target) for job in jobs)}
    if not left and proof.is_proven(appliance, target) and _is_uncompared(appliance, target):
        return Progress(f"at {target} and healthy, but not compared with its snapshot", ("health",), resumes=True)
    if not left and proof.is_proven(appliance, target):
        return Progress(f"at {target}, healthy, its calls proven")
    if not left:
        return Progress(f"at {target} and healthy, but no call was proven", (PROOF,), resumes=True)
    steps = tuple(name for name in upgrade.NAMES if name in left or name in AFTER_THE_SWITCH)
    reason = f"scripts {appliance.scripts}, running {appliance.running}, backup {appliance.backup}"
    with_jobs = f"{reason}, open jobs {', '.join(jobs)}" if jobs else reason
    return Progress(with_jobs, steps, resumes=appliance.scripts == target or bool(jobs))


def _is_uncompared(appliance: Appliance, target: Version) -> bool:
    """Whether a snapshot was taken before the upgrade, and no comparison with it has passed: the run would go on past it."""
    found = need(appliance.snapshot)
    return found is not None and found["target"] == target and found["compared"] is None


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

Turn: TypeAlias = tuple[str, Mapping[str, Carrier]]
"""An appliance, and who carries the calls of its site when it is its turn."""


@dataclass(frozen=True)
class _Part:
    """What the plan says of one site. `waivers`: those that something needs."""

    site: str
    entries: tuple[Entry, ...]
    skips: tuple[Skip, ...]
    refusals: tuple[Refusal, ...]
    waivers: tuple[Waiver, ...]


@dataclass(frozen=True)
class _Planner:
    """Plans one site; `hosts` are those of its appliances that are in this run, `inis` and `accepted` are of the inventory."""

    target: Version
    site: Site
    hosts: Collection[str]
    now: datetime
    inis: Mapping[str, str]
    accepted: Mapping[str, Collection[str]]
    settings: Settings
    _changes: dict[str, list[Difference]] = field(default_factory=dict)
    """host -> the changes of its ini, each looked for once."""
    _health: dict[str, list[Check]] = field(default_factory=dict)
    """host -> its health at what it runs, asked for once."""

    def plan(self) -> _Part:
        inside = {
            host: progress(found, self.target, self._waive(host), partial(self._own_health, host))
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
        return _Part(
            self.site.name,
            self._entries(turns, inside),
            self._skips(inside),
            tuple(refused),
            tuple(waiver for host, found in inside.items() for waiver in self._needed(host, found)),
        )

    def _own_health(self, host: str, found: Appliance) -> list[Check]:
        if host not in self._health:
            self._health[host] = health.own_health(found)
        return self._health[host]

    def _waive(self, host: str) -> Waive:
        own = waivers.of(self.settings.waivers, host, self.site.name)
        return lambda checks: waivers.applied(checks, own, self.now)

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
        text, known = ini_changes.effective(found), found.ini
        if text is None:
            return None
        in_force = known if isinstance(known, Ini) and known.text == text else Ini.parse(text)
        return Ini.parse(self.inis[host]), in_force

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
            elif blocking := health.blocking(self._own_health(host, appliance)):
                yield self._refusal(
                    host,
                    f"is not in this run, but of its site, and is not well: {health.summary_with_remedies(blocking)}.",
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

    def _entries(self, turns: Sequence[Turn], inside: Mapping[str, Progress]) -> tuple[Entry, ...]:
        return tuple(
            self._entry(host, inside[host], carriers, last=number == len(turns))
            for number, (host, carriers) in enumerate(turns, 1)
        )

    def _entry(self, host: str, found: Progress, carriers: Mapping[str, Carrier], *, last: bool) -> Entry:
        appliance = self.site.appliances[host]
        running = None if isinstance(appliance, Unreadable | Unknown) else appliance.running
        notes = _told(found.gates, health.MANUAL)
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
            found.steps != (PROOF,) and capacity.uses_consent(self.site, host, carriers),
            notes,
            _told(found.gates, health.WAIVED),
            {check.id: check.status for check in found.gates},
            self._has_left(host),
            0.0 if found.steps == (PROOF,) else self.settings.pace.expected(found.steps, len(upgrade.NAMES)),
            last,
        )

    def _no_room(self, turns: Sequence[Turn]) -> Iterator[Refusal]:
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

    def _turns(self, queue: Sequence[str], inside: Mapping[str, Progress]) -> Iterator[Turn]:
        """Each appliance of the queue with the carriers at its turn: those before it are well again by then."""
        carriers = capacity.carriers(self.site, self._health)
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


def _told(checks: Iterable[Check], status: str) -> tuple[str, ...]:
    """The checks of that result, for a person."""
    return tuple(f"{check.id}: {check.evidence}. {check.remedy}".rstrip() for check in checks if check.status == status)
