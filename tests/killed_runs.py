"""A run whose controller is killed, or under which the host restarts, at any of its exchanges; then the same command again.

As in `crash_matrix`, the undisturbed run is played a second time, and a copy of the process is disturbed where a case begins.
What comes after the turn of that appliance is as in the undisturbed run where the fleet is the same at the end of the turn.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lab.world.record import Call
from tests import leases
from tests.crash_matrix import LEFT_BY_REPEATING, differences, in_one_thread, run_again
from tests.forks import Answer, Forks, unchecked
from tests.runs import Exchange, Killed, Run, Send, Stop, World

KILLED, RESTARTED = "controller killed", "host restarts"
BEFORE, UNDER_WAY = "before", "under way"
SOON = 0.5
"""Simulated seconds after which it happens though the appliance still works on what it was sent."""
UP_AGAIN = 600.0
"""Seconds until a host and all on it are up again after a restart."""


@dataclass(frozen=True)
class Case:
    """One disturbance, at the exchange of that number."""

    kind: str
    place: int
    when: str

    def __str__(self) -> str:
        return f"{self.kind}, {self.when} {self.place}"


@dataclass(frozen=True)
class Reference:
    """What the undisturbed run was, and left: by the appliance whose turn had ended, the fleet, and what was begun on it."""

    exchanges: list[Exchange]
    modules: list[tuple[str, str]]
    dumps: dict[str, Any]
    acts: dict[str, Any]
    last: str


class Matrix:
    """The cases of a playbook over a world, which `make` makes; `thrice`: it is run once more where all is done."""

    def __init__(self, make: Callable[[], World], thrice: bool = False) -> None:
        self.make, self.thrice = make, thrice
        self._known: Reference | None = None

    @property
    def known(self) -> Reference:
        """The undisturbed run."""
        if self._known is None:
            with in_one_thread(), contextlib.redirect_stdout(io.StringIO()):
                self._known = _undisturbed(self.make())
        return self._known

    def cases(self, kind: str) -> list[Case]:
        """Every case of a kind: at each place at which something else has been done than at the one before.

        That is while an exchange is under way that may change something, and before the one that follows it. Where exchanges
        only read, the fleet is the same before each of them.
        """
        found, changed = [], True
        for exchange in self.known.exchanges:
            if changed:
                found.append(Case(kind, exchange.number, BEFORE))
            changed = any(map(leases.may_change, exchange.request["steps"]))
            if changed:
                found.append(Case(kind, exchange.number, UNDER_WAY))
        return found

    def explore(self, cases: Sequence[Case]) -> dict[Case, Answer]:
        """Plays these cases; what was found in each."""
        known = self.known
        with in_one_thread(), unchecked(), contextlib.redirect_stdout(io.StringIO()):
            return _Exploration(self.make(), cases, known, self.thrice).play()


def _undisturbed(world: World) -> Reference:
    dumps, acts = dict[str, Any](), dict[str, Any]()
    run = world.run()

    def ended(turn: str) -> None:
        dumps[turn], acts[turn] = world.dump(), world.begun()

    run.turn_ended = ended
    assert run.play() is None
    last = run.exchanges[-1].turn
    world.rest()
    dumps[last] = world.dump()
    assert [*world.wrongs(last), *world.left(), *world.lost_calls(), *world.overlaps()] == []
    return Reference(run.exchanges, run.modules, dumps, acts, last)


def played(matrix: Matrix, cases: Sequence[Case]) -> None:
    """Plays these cases. Raises AssertionError with what is wrong."""
    print(f"{len(cases)} of {sum(len(matrix.cases(kind)) for kind in (KILLED, RESTARTED))} cases")
    answers = matrix.explore(cases)
    assert len(answers) == len(cases)
    told = [f"{case}: {problem}" for case, answer in answers.items() for problem in answer.problems]
    assert not told, f"{sum(bool(one.problems) for one in answers.values())} of {len(cases)} cases:\n" + "\n".join(told)


class _Exploration:
    """The second run, of which every case is a copy from its place on."""

    def __init__(self, world: World, cases: Sequence[Case], known: Reference, thrice: bool) -> None:
        self._world, self._known, self._thrice = world, known, thrice
        self._by_place: dict[int, list[Case]] = {}
        for case in cases:
            self._by_place.setdefault(case.place, []).append(case)
        self._end = max(self._by_place, default=0)
        self._forks = Forks[Case]()
        self._run = world.run(self._at_exchange)
        self._run.turn_ended = self._at_end_of
        self._at: Exchange | None = None
        self._time = world.lab.world.now()
        self._ended: Stop | str | None = None

    def play(self) -> dict[Case, Answer]:
        """The whole of it. A copy ends in here."""
        return self._forks.explored(self._play, lambda: Answer(list(self._judge(self._ended))))

    def _play(self) -> None:
        try:
            self._ended = self._run.play()
        except _Enough:
            self._ended = None
        except Killed:
            self._ended = KILLED

    def _at_exchange(self, run: Run, exchange: Exchange, send: Send) -> dict[str, Any]:
        case = self._forks.begin(self._by_place.get(exchange.number, []))
        if case is None and exchange.number >= self._end and self._forks.case is None:
            raise _Enough
        if case is None:
            return send()
        self._at, self._time = exchange, self._world.lab.world.now()
        if case.kind == KILLED:
            if case.when == UNDER_WAY:
                with contextlib.suppress(ConnectionError):
                    send(SOON)  # type: ignore[call-arg]
            run.kill()
            raise ConnectionError("the controller is gone")
        host = self._world.lab.appliance(exchange.host)
        if case.when == BEFORE:
            host.restart()
            raise ConnectionError("the host is down")
        self._world.lab.world.env.process(_later(self._world, host.restart))
        return send()

    def _at_end_of(self, turn: str) -> None:
        """A copy goes on to the end of the turn in which it was disturbed."""
        if self._at is not None and turn == self._last:
            raise _Enough

    @property
    def _last(self) -> str:
        """The turn to whose end a case is followed: the later one of that in which it came, and of the appliance it came to."""
        assert self._at is not None
        hosts = self._world.hosts
        return max(self._at.turn or hosts[0], self._at.host, key=hosts.index)

    def _judge(self, ended: Stop | str | None) -> Iterator[str]:
        case, world, last = self._forks.case, self._world, self._last
        assert case is not None
        killed = case.kind == KILLED
        if killed and ended != KILLED:
            yield f"it was not killed: {ended}"
        if not killed:
            world.rest(UP_AGAIN)
        again = run_again(world, None if killed else ended, last)
        if last == self._known.last:
            world.rest()
        if again is not None:
            yield f"after {_short(ended)} the next run stopped: {again}"
            return
        told = "" if killed else f"after {_short(ended)} "
        # A run that goes on has taken over the lease, and puts away what lies beside it when it gives it back.
        but = None if killed and last == self._known.last else LEFT_BY_REPEATING
        yield from (f"{told}{one}" for one in differences(self._known.dumps[last], world.dump(), but=but))
        yield from (f"{told}{one}" for one in world.wrongs(last))
        if killed and world.begun() != self._known.acts[last]:
            expected = self._known.acts[last]
            yield f"not each act once: {dict(world.begun() - expected)} more, {dict(expected - world.begun())} fewer"
        out = (one for one in world.overlaps() if killed or not one.partition("(")[2].startswith("host down"))
        yield from (f"{told}two were out: {one}" for one in out)
        yield from (f"{told}a call was lost: {one}" for one in self._lost(killed))
        if last == self._known.last:
            yield from (f"{told}{one}" for one in world.left())
            yield from self._again() if self._thrice else ()

    def _again(self) -> Iterator[str]:
        """A third run finds nothing to do."""
        before, since = self._world.dump(), len(self._world.lab.record.entries)
        if (ended := self._world.run().play()) is not None:
            yield f"the third run stopped: {ended}"
        yield from (f"after the third run {one}" for one in differences(before, self._world.dump()))
        if done := self._world.acts(since):
            yield f"the third run began {dict(done)}"

    def _lost(self, killed: bool) -> list[str]:
        """But for the calls that a host cuts that goes down, and those that come while it and another one are out."""
        return self._world.lost_calls(lambda call: killed or not self._is_of_restart(call))

    def _is_of_restart(self, call: Call) -> bool:
        assert self._at is not None
        soon = self._time + timedelta(seconds=2 * SOON)
        if call.outcome == "cut":
            ended = call.end or call.time
            return (call.appliance, call.why) == (self._at.host, "host down") and self._time <= ended <= soon
        down = (
            one
            for one in self._world.lab.record.outages(self._at.host)
            if one.why == "host down" and self._time <= one.time <= soon
        )
        return any(one.time <= call.time and (one.end is None or call.time <= one.end) for one in down)


class _Enough(BaseException):
    """The turn of a case has ended, or there are no more cases."""


def _later(world: World, act: Callable[[], object]) -> Iterator[Any]:
    yield world.lab.world.env.timeout(SOON)
    act()


def _short(ended: Stop | str | None) -> str:
    return f"{ended.failure} in {ended.module} of {ended.turn}" if isinstance(ended, Stop) else str(ended)
