"""Every way in which an upgrade of two sites can be disturbed at one of its exchanges, or inside one of its long cmdlets.

The fleet of `upgrade_run` is upgraded once undisturbed. It is upgraded a second time, and at each exchange at which something is
to happen this process is forked: the copy is disturbed there, goes on, is repaired, runs the same command again, and is judged by
the record of its world. So no case has to come to its exchange by itself.

A killed run is followed by a whole one, and the fleet is compared at its end. After a fault the next run is followed up to
the end of the turn in which the fault came; where the fleet is there as it was in the undisturbed run, the rest is the same.
One of the sites has automatic update on, which each upgrade suspends and puts back.

Each case is judged whole, but for those that are one and the same by the rules of `Same`: of these one is played, and what is
found there is found of all. The rules go by what the undisturbed run did between the two places, which is nothing that the
disturbance, the fleet or the judge could tell. A copy answers with a digest of its end, by which a test holds such cases against
each other.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import io
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge import exchange as bridge
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation import site_reader

from lab.inprocess import WireFault
from lab.world import faults, obstacles, troubles
from tests.bench import DIRECTORY
from tests.forks import Answer, Forks, unchecked
from tests.upgrade_run import HOSTS, REST, Exchange, Killed, Moment, Run, Send, Stop, World

WHENS = ("before", "after")
AMBUSHES: Mapping[str, tuple[str, str | None]] = {
    "exit_code": ("msiexec.exe", None),
    "services_fail": ("Switch-CcVersion", "services"),
}
"""Faults for which an exchange is only where they are laid: the cmdlet that each is for, and the point of it."""
UNDER_WAY = 0.5
"""Simulated seconds after which the controller is gone though the appliance still works on what it was sent."""
KILLED = "killed"
"""How a run ended that was."""

DAMAGE = ("host down", "carries no call", "fault", "services_fail")
"""How outages begin that a fault makes by itself."""
PUT_RIGHT = 900.0
"""Seconds until a host and all on it are up again after a fault."""
CRASHES = ("controller killed", "line dropped", "share gone")
"""What may happen inside a cmdlet beside the faults of the lab, of which `die_host` restarts the host."""


@dataclass(frozen=True)
class Case:
    """One disturbance. `place`: the number of an exchange, or a moment inside a cmdlet; `when`: before the act or after it."""

    kind: str
    place: int | Moment
    when: str

    def __str__(self) -> str:
        return f"{self.kind}, {self.when} {self.place}"


@dataclass
class Reference:
    """What the undisturbed run was, and left."""

    exchanges: list[Exchange]
    moments: list[Moment]
    modules: list[tuple[str, str]]
    acts: Any
    dumps: dict[str, Any]
    """By the appliance whose turn had ended."""
    before: list[Instant]
    """When each exchange was made."""
    after: list[Instant]
    """When it was answered."""


@dataclass(frozen=True)
class Instant:
    """Where a run was: on which call of a module, at which simulated time, which moments of cmdlets were behind it."""

    call: int
    time: float
    reached: Counter[tuple[str, str, str, str | None]] = field(compare=False)


@dataclass
class Report:
    """What was found: how many cases were judged, how many of them were played, and what is wrong with which."""

    ran: int = 0
    played: int = 0
    problems: dict[Case, list[str]] = field(default_factory=dict)
    ends: dict[Case, str] = field(default_factory=dict)
    """A digest of how each case ended: of both runs and of the world, as far as the judge may look at them."""


# --- the cases -----------------------------------------------------------------------------------------------------------


def fault_kinds() -> list[str]:
    """Every kind of fault the lab knows, by name."""
    return [
        *(f"cmdlet: {action}" for action in get_args(faults.Action)),
        *(f"trouble: {name}" for name in [*troubles.FAULTS, *troubles.STATES]),
        *(f"no calls: {way}" for way in obstacles.OBSTACLES),
        *(f"wire: {fault}" for fault in get_args(WireFault)),
        "share gone",
    ]


def kills() -> list[Case]:
    """The controller is killed at every exchange: before it is sent, while it is under way, before its answer is read."""
    places = [exchange.number for exchange in reference().exchanges]
    return [Case("killed", place, when) for place in places for when in ("before", "under way", "after")]


def inside() -> list[Case]:
    """At every moment of a long cmdlet: what may happen to the controller, the line and the share, and every fault there."""
    kinds = [*CRASHES, *(f"cmdlet: {action}" for action in get_args(faults.Action))]
    return [Case(kind, moment, "inside") for moment in reference().moments for kind in kinds]


def faulty() -> list[Case]:
    """Every kind of fault at every exchange, before the act and after it."""
    places = [exchange.number for exchange in reference().exchanges]
    return [Case(*one) for one in itertools.product(fault_kinds(), places, WHENS)]


def all_cases() -> list[Case]:
    """The whole matrix."""
    return [*kills(), *inside(), *faulty()]


@cache
def reference() -> Reference:
    """The undisturbed run."""
    with in_one_thread(), contextlib.redirect_stdout(io.StringIO()):
        world, moments, dumps = World(), list[Moment](), dict[str, Any]()
        before, after = list[Instant](), list[Instant]()
        world.at_moment = moments.append

        def noted(run: Run, exchange: Exchange, send: Send) -> dict[str, Any]:
            before.append(instant(world, run))
            answered = send()
            after.append(instant(world, run))
            return answered

        run, at_first = world.run(noted), world.dump()
        run.turn_ended = lambda turn: dumps.update({turn: world.dump()})
        assert run.play() is None
        world.rest()
        assert world.lost_calls() == [] and world.overlaps() == []
        dumps[HOSTS[-1]] = world.dump()
        assert dumps[HOSTS[-1]]["automatic_update"] == at_first["automatic_update"]
        assert len(set(moments)) == len(moments)
        return Reference(run.exchanges, moments, run.modules, world.acts(), dumps, before, after)


def instant(world: World, run: Run) -> Instant:
    """Where the run is now."""
    return Instant(len(run.modules), world.lab.now(), world.reached.copy())


# --- cases that are the same ---------------------------------------------------------------------------------------------


class Same:
    """Which cases are one and the same: the same disturbance of the same world at the same time.

    - After an exchange and before the next one, if no simulated time is between them: then nothing has happened in the world.
      For a kill that is all. A fault must also be one of the same appliance and come within the same call of a module, since
      between two calls the driver looks at the world; and not be one that the connection is asked about before the exchange.
    - A fault that lies in wait for a moment of one cmdlet, wherever that comes next, whatever exchange it was laid before; it
      must be of the same appliance, and followed up to the same turn. The first place is played, from which on the most
      counts as touched after it.
    """

    SEEN_BY_THE_CONNECTION = ("wire: refused", "trouble: T5")

    def __init__(self, known: Reference) -> None:
        self._known = known
        self._first: dict[Any, Case] = {}
        for case in faulty():
            if (key := self._ambush(case)) is not None:
                self._first.setdefault(key, case)

    def of(self, case: Case) -> Case:
        """The case by which this one is judged."""
        ambush = self._ambush(case)
        if ambush is not None:
            return self._first[ambush]
        return Case(case.kind, case.place + 1, "before") if self._is_before_the_next(case) else case  # type: ignore[operator]

    def _is_before_the_next(self, case: Case) -> bool:
        known, place = self._known, case.place
        if case.when != "after" or not isinstance(place, int) or place == len(known.exchanges):
            return False
        then, next_one = known.after[place - 1], known.before[place]
        if case.kind == KILLED:
            return then.time == next_one.time
        if case.kind in self.SEEN_BY_THE_CONNECTION or case.kind.startswith("cmdlet: "):
            return False
        return then == next_one and known.exchanges[place - 1].host == known.exchanges[place].host

    def _ambush(self, case: Case) -> Any:
        """What decides when a fault strikes that lies in wait; None for others."""
        if not isinstance(case.place, int) or (waited := self._waited_for(case)) is None:
            return None
        host = self._known.exchanges[case.place - 1].host
        is_laid_after = case.when == "after" and case.kind.startswith("trouble: ")
        behind = (self._known.after if is_laid_after else self._known.before)[case.place - 1].reached
        passed = sum(count for moment, count in behind.items() if moment[:3] == (host, *waited))
        return case.kind, host, waited, passed, last_turn(case, self._known)

    def _waited_for(self, case: Case) -> tuple[str, str] | None:
        """The cmdlet, and when within it."""
        group, _, name = case.kind.partition(": ")
        if group == "trouble" and name in troubles.FAULTS:
            return troubles.FAULTS[name].cmdlet, troubles.FAULTS[name].when
        if name not in AMBUSHES:
            return None
        cmdlet, point = AMBUSHES[name]
        return cmdlet, "during" if point else case.when


@cache
def same() -> Same:
    """The rules for the undisturbed run."""
    return Same(reference())


# --- the disturbances ----------------------------------------------------------------------------------------------------


class Fault:
    """A fault of the lab on one appliance, and how it is taken away."""

    def __init__(self, world: World, host: str, kind: str) -> None:
        self._world, self._host = world, host
        self._group, _, self._name = kind.partition(": ")
        self._undo: list[Callable[[], object]] = []

    def begin(self, exchange: Exchange | None = None) -> None:
        """It is there from now on."""
        lab, appliance = self._world.lab, self._world.lab.appliance(self._host)
        if self._group == "wire":
            lab.wire_faults[self._host] = [self._name]  # type: ignore[list-item]
        elif self._group == "share gone":
            lab.world.network.shares[appliance.site.directory.casefold()].online = False
        elif self._group == "no calls":
            lab.fault(self._host, no_calls=self._name, version="2.1")
        elif self._group == "trouble":
            self._remember()
            lab.fault(self._host, trouble=self._name)
            self._compare()
        elif exchange is not None:
            self._arm(exchange)

    def _arm(self, exchange: Exchange, when: Any = "before") -> None:
        """At the point of the exchange; the installer, and the switch, wherever they come next for what is theirs alone."""
        aim, point = AMBUSHES.get(self._name, (exchange.aim, None))
        moment = "during" if point else when
        self._world.lab.fault(self._host, cmdlet=aim, when=moment, action=self._name, point=point)

    def begin_inside(self, cmdlet: str, point: str | None) -> None:
        """It comes at this very moment of a cmdlet, before any other that waits there."""
        when: Any = "before" if cmdlet == "msiexec.exe" else "during"
        made = faults.Fault(cmdlet, when, self._name, point=point)  # type: ignore[arg-type]
        self._world.lab.appliance(self._host).faults.waiting.insert(0, made)

    def begin_after(self, exchange: Exchange) -> None:
        """It comes after the act, before the answer."""
        if self._group == "cmdlet":
            self._arm(exchange, "after")

    @property
    def waits_for_the_act(self) -> bool:
        """Whether the moment after the act is one of the cmdlet itself."""
        return self._group == "cmdlet"

    def end(self) -> None:
        """It is gone, whoever took it away having put right what it broke."""
        lab, appliance = self._world.lab, self._world.lab.appliance(self._host)
        hung = self._name in ("hang", "T1")
        appliance.faults.clear()
        lab.wire_faults.clear()
        for share in lab.world.network.shares.values():
            share.online = True
        for undo in self._undo:
            undo()
        if self._group == "no calls" or self._name in ("services_fail", "T4"):
            appliance.repair()
        if hung:
            appliance.restart()
        self._world.rest(PUT_RIGHT)

    # What a state of the world changed is put back where it still is as the fault made it.

    def _remember(self) -> None:
        self._before = {name: read() for name, (read, _) in self._places().items()}
        self._modules = list(self._world.lab.appliance(self._host).computer.modules)

    def _compare(self) -> None:
        computer = self._world.lab.appliance(self._host).computer
        gone = [one for one in self._modules if one not in computer.modules]
        # The installer may have put its own back meanwhile.
        self._undo.append(
            lambda: computer.modules.extend(
                one for one in gone if one.name not in {there.name for there in computer.modules}
            )
        )
        for name, (read, write) in self._places().items():
            old, bad = self._before.get(name), read()
            if old != bad:
                self._undo.append(
                    lambda read=read, write=write, old=old, bad=bad: write(old) if read() == bad else None
                )

    def _places(self) -> dict[str, tuple[Callable[[], Any], Callable[[Any], object]]]:
        lab, appliance = self._world.lab, self._world.lab.appliance(self._host)
        tenant, known = lab.world.tenant, appliance.in_tenant
        registry = appliance.computer.registry
        found: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
            "password": (lambda: tenant.password, lambda value: setattr(tenant, "password", value)),
            "sealed": (lambda: set(appliance.sealed), lambda value: setattr(appliance, "sealed", set(value))),
            "caches": (
                lambda: {user: dict(one) for user, one in appliance.caches.items()},
                lambda value: setattr(appliance, "caches", value),
            ),
            "dotnet": (
                lambda: dict(registry.get(troubles.DOTNET_KEY) or {}),
                lambda value: registry.set(troubles.DOTNET_KEY, value),
            ),
        }
        if known is not None:
            found["address"] = (
                lambda: known.mediation_address,
                lambda value: setattr(known, "mediation_address", value),
            )
        for edge in appliance.edges:
            found[f"certificates of {edge.name} {id(edge)}"] = (
                lambda edge=edge: list(edge.certificates),
                lambda value, edge=edge: setattr(edge, "certificates", list(value)),
            )
        files = appliance.computer.files
        inis = [rf"{folder}\CloudConnector.ini" for folder in (DIRECTORY, troubles.PROGRAM_DATA)]
        for path in (troubles.MODULE_INI, *inis):
            found[path] = (
                lambda path=path: files.read_text(path) if files.exists(path) else None,
                lambda value, path=path: files.write_text(path, value),
            )
        return found


# --- playing -------------------------------------------------------------------------------------------------------------


def explore(cases: Sequence[Case], *, each: bool = False) -> Report:
    """Plays these cases; what is wrong with which. `each`: those that are the same, too."""
    known = reference()
    with in_one_thread(), unchecked(), contextlib.redirect_stdout(io.StringIO()):
        return _Exploration(cases, known, (lambda case: case) if each else same().of).play()


class _Exploration:
    """The second upgrade of the fleet, of which every case is a copy from its place on."""

    def __init__(self, cases: Sequence[Case], known: Reference, judge: Callable[[Case], Case]) -> None:
        self._known = known
        self._by_place: dict[int | Moment, list[Case]] = {}
        self._judged_by: dict[Case, list[Case]] = {}
        for case in cases:
            self._judged_by.setdefault(judge(case), []).append(case)
        for case in self._judged_by:
            self._by_place.setdefault(case.place, []).append(case)
        self._world = World()
        self._world.at_moment = self._at_moment
        self._run = self._world.run(self._at_exchange)
        self._run.turn_ended = self._at_end_of
        self._forks = Forks[Case]()
        self._fault: Fault | None = None
        self._begun = 0
        self._ended: Stop | str | None = None

    def play(self) -> Report:
        """The whole of it. A copy ends in here."""
        answers = self._forks.explored(self._play, self._judge)
        report = Report(played=len(answers))
        for case, answer in answers.items():
            for one in self._judged_by[case]:
                report.ran += 1
                report.ends[one] = answer.end
                if answer.problems:
                    report.problems[one] = answer.problems
        return report

    def _play(self) -> None:
        try:
            self._ended = self._run.play()
        except _Enough:
            self._ended = None
        except Killed:
            self._ended = KILLED

    def _judge(self) -> Answer:
        assert self._forks.case is not None
        disturbed = Disturbed(self._world, self._forks.case, self._ended, self._begun, self._fault, self._known)
        return Answer(list(disturbed.problems()), disturbed.end())

    # --- where a case may begin

    def _fork(self, place: int | Moment) -> Case | None:
        """In a copy: the case that begins here."""
        case = self._forks.begin(self._by_place.get(place, ()))
        if case is not None:
            self._begun = len(self._world.lab.record.entries)
        return case

    def _at_exchange(self, run: Run, exchange: Exchange, send: Send) -> dict[str, Any]:
        case = self._fork(exchange.number)
        if case is None:
            return send()
        if case.kind == "killed":
            return _killed(run, case, send)
        self._fault = Fault(self._world, exchange.host, case.kind)
        return _disturbed(case, exchange, self._fault, send)

    def _at_moment(self, reached: Moment) -> None:
        case = self._fork(reached)
        if case is None:
            return
        host, cmdlet, point = reached
        self._fault = Fault(self._world, host, case.kind)
        if case.kind == "controller killed":
            self._run.kill()
        elif case.kind == "line dropped":
            self._run.drop()
        elif case.kind == "share gone":
            self._fault.begin()
        else:
            self._fault.begin_inside(cmdlet, None if point == "None" else point)

    def _at_end_of(self, turn: str) -> None:
        """A copy goes on to the end of the turn in which it was disturbed."""
        case = self._forks.case
        if case is not None and HOSTS.index(turn) >= HOSTS.index(last_turn(case, self._known)):
            raise _Enough


class _Enough(BaseException):
    """The turn of a case has ended."""


def last_turn(case: Case, known: Reference) -> str:
    """Up to whose turn a case is followed: the appliance whose turn it was, or the one it happened to, if that is later."""
    if isinstance(case.place, tuple):
        return case.place[0]
    at = known.exchanges[case.place - 1]
    return max(at.turn or HOSTS[0], at.host, key=HOSTS.index)


def _killed(run: Run, case: Case, send: Send) -> dict[str, Any]:
    if case.when == "after":
        send()
    if case.when == "under way":
        with contextlib.suppress(ConnectionError):
            send(UNDER_WAY)  # type: ignore[call-arg]
    run.kill()
    raise ConnectionError("the controller is gone")


def _disturbed(case: Case, exchange: Exchange, fault: Fault, send: Send) -> dict[str, Any]:
    if case.when == "before":
        fault.begin(exchange)
        return send()
    if fault.waits_for_the_act:
        fault.begin_after(exchange)
        return send()
    answered = send()
    fault.begin(exchange)
    return answered


# --- judging -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Disturbed:
    """A case after its first run: how that ended, and the place in the record at which it was disturbed."""

    world: World
    case: Case
    ended: Stop | str | None
    begun: int
    fault: Fault | None
    known: Reference

    def problems(self) -> Iterator[str]:
        """What is wrong with it; runs the same command again."""
        killed = self.case.kind in ("killed", "controller killed")
        yield from self._of_killed() if killed else self._of_fault()

    def end(self) -> str:
        """A digest of how it ended; of the record what was done, since a fault is noted in it where it was laid."""
        world = self.world
        done = [f"{run.time} {run.name} {run.appliance} {run.outcome}" for run in world.lab.record.cmdlets()]
        told = [self.ended, world.lab.now(), done, world.dump(), world.lost_calls(), world.overlaps()]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()

    def _of_killed(self) -> Iterator[str]:
        if isinstance(self.ended, Stop):
            yield f"it was not killed: {self.ended}"
        again = self.world.run().play()
        self.world.rest()
        if again is not None:
            yield f"the next run stopped: {again}"
        yield from differences(self.known.dumps[HOSTS[-1]], self.world.dump())
        acts = self.world.acts()
        if acts != self.known.acts:
            yield f"not each act once: {dict(acts - self.known.acts)} more, {dict(self.known.acts - acts)} fewer"
        yield from (f"a call was lost: {one}" for one in self.world.lost_calls())
        yield from (f"two were out: {one}" for one in self.world.overlaps())

    def _of_fault(self) -> Iterator[str]:
        yield from self._of_its_stop()
        if self.fault is not None:
            self.fault.end()
        last, told = last_turn(self.case, self.known), _short(self.ended)
        again = run_again(self.world, self.ended, last)
        self.world.rest(REST if last == HOSTS[-1] else 0)
        if again is not None:
            yield f"after {told} the next run stopped: {again}"
        else:
            is_state = self.case.kind.removeprefix("trouble: ") in troubles.STATES
            but = SHOWS_A_STATE if is_state else LEFT_BY_REPEATING
            found = differences(self.known.dumps[last], _without_orphans(self.world.dump()), but=but)
            yield from (f"after {told}: {one}" for one in found)
        out = (one for one in self.world.overlaps() if not one.partition("(")[2].startswith(DAMAGE))
        yield from (f"after {told} two were out: {one}" for one in out if not self._is_not_to_be_seen(one))

    def _is_not_to_be_seen(self, overlap: str) -> bool:
        """An appliance that was proven to carry calls carries none since, and everything on it reads well (`obstacles`)."""
        place = self.case.place
        at = self.known.exchanges[place - 1] if isinstance(place, int) else None
        is_proven = at is not None and at.host != (at.turn or at.host)
        return is_proven and self.case.kind.startswith("no calls") and "carries no call" in overlap

    def _of_its_stop(self) -> Iterator[str]:
        """An error with the lab's own text is one that nobody can know; then the message says so, and quotes it."""
        if not isinstance(self.ended, Stop):
            return
        if self.ended.failure == "unknown" and faults.Fault.text not in self.ended.message:
            yield f"the failure has no class: {self.ended}"
        begun = HOSTS.index(self.ended.turn) + 1 if self.ended.turn else 0
        if later := self.world.touched(self.begun) & set(HOSTS[begun:]):
            what = self.world.touches(self.begun, later)
            yield f"{', '.join(sorted(later))} was touched after {_short(self.ended)}: {what}"


def run_again(world: World, ended: Stop | str | None, last: str) -> Stop | None:
    """How the next run ended.

    That is one run but where its stop is what it has to say of the fault: of a job that ended without an answer, which it has
    collected, or with the failure that has stopped the run before, too; of one that never began, whose claim it has withdrawn; or
    of events that are in a log for good, which a person accepts by the names that the message gives.
    """
    accepted, collected = set(named(ended)), False
    while True:
        again = world.run(accepted=sorted(accepted)).play(last)
        if new := set(named(again)) - accepted:
            accepted |= new
        elif isinstance(again, Stop) and _is_said_of_a_job(again, ended) and not collected:
            collected = True
        else:
            return again


SAID_OF_A_JOB = ("host-restarted", "job-not-begun")
WITH_JOBS = ("package", "configuration", "download", "deployment", "version")


def _is_said_of_a_job(again: Stop, ended: Stop | str | None) -> bool:
    if again.failure in SAID_OF_A_JOB:
        return True
    same = isinstance(ended, Stop) and (again.module, again.failure) == (ended.module, ended.failure)
    return same and again.module in WITH_JOBS


def named(ended: Stop | str | None) -> list[str]:
    """The events that a message of the comparison with the snapshot names as added."""
    told = isinstance(ended, Stop) and ended.failure == "state-changed"
    return sorted(set(re.findall(r"(events/\d+) is added", str(ended)))) if told else []


def _short(ended: Stop | str | None) -> str:
    return f"{ended.failure} in {ended.module} of {ended.turn}" if isinstance(ended, Stop) else str(ended)


ORPHAN = re.compile(r"(?P<job>.*\\jobs\\[^\\]+)\.(request|answer|answer\.partial)")


def _without_orphans(dump: dict[str, Any]) -> dict[str, Any]:
    """Files of a job without a claim are known for what they are: the next job of that name, or clean.yml, removes them."""
    for appliance in dump["appliances"].values():
        ours: dict[str, str] = appliance["ours"]
        jobs = ((path, found["job"]) for path in list(ours) if (found := ORPHAN.fullmatch(path)))
        for path in [path for path, job in jobs if f"{job}.claim" not in ours]:
            del ours[path]
    return dump


LEFT_BY_REPEATING = re.compile(r"\\logs\\|\.lease\.\*")
"""What a second try may leave beside what the first one left: the log of each run of the installer, and what lies beside the
lease of a run that is over until the next one takes it away."""
SHOWS_A_STATE = re.compile(rf"{LEFT_BY_REPEATING.pattern}|\\snapshot\.json$|\\saved\\")
"""After a state of the world that was put right: also the snapshot and what is saved, which may be of when it was there."""


def differences(expected: Any, found: Any, path: str = "", but: re.Pattern[str] | None = None) -> Iterator[str]:
    """Where two dumps differ, in words; what a name matches is left out."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}, key=str):
            if but is None or not but.search(str(key)):
                yield from differences(expected.get(key), found.get(key), f"{path}/{key}", but)
    elif expected != found:
        yield f"{path} is {_from_where_it_differs(found, expected)} instead of {_from_where_it_differs(expected, found)}"


def _from_where_it_differs(one: Any, other: Any) -> str:
    same = len(os.path.commonprefix([str(one), str(other)]))
    return repr(str(one)[max(0, same - 60) :][:300])


# --- one thread ----------------------------------------------------------------------------------------------------------


class _InTurn(concurrent.futures.Executor):
    """Does at once, in this thread, what it is given."""

    def __init__(self, workers: int) -> None:
        pass

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> concurrent.futures.Future[Any]:
        made: concurrent.futures.Future[Any] = concurrent.futures.Future()
        made.set_result(call(*arguments, **named))
        return made


@contextlib.contextmanager
def in_one_thread() -> Iterator[None]:
    """The collection starts no threads meanwhile: a fork copies but one."""
    kept = bridge._bounded, site_reader.ThreadPoolExecutor
    bridge._bounded = lambda call, timeout: call()
    site_reader.ThreadPoolExecutor = _InTurn  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        bridge._bounded, site_reader.ThreadPoolExecutor = kept  # type: ignore[misc]
