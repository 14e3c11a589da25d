"""Copies of this process, one for each case: what a long run has come to is shared by all that begin there."""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lab.powershell import contract

C = TypeVar("C", bound=Hashable)
LONGEST = 90
"""Seconds of processor time after which a case counts as one that never ends."""


@dataclass
class Report(Generic[C]):
    """How many cases were run, and what is wrong with which."""

    ran: int = 0
    problems: dict[C, list[str]] = field(default_factory=dict)


class Forks(Generic[C]):
    """In the process itself: who forks, one copy after the other. In a copy: `case` is what it is for."""

    def __init__(self) -> None:
        self.report = Report[C]()
        self.case: C | None = None
        self._pipe = -1

    def begin(self, cases: Iterable[C]) -> C | None:
        """Makes a copy for each case, and waits until it has ended. In a copy: its case."""
        if self.case is not None:
            return None
        for case in cases:
            sys.stdout.flush()
            # What is there by now stays: a copy that looked through it would have to copy it all.
            gc.freeze()
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                self.case, self._pipe = case, writing
                resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
                # It ends before there is much to collect.
                gc.disable()
                # The undisturbed run was held to the contract; it costs a third of the time.
                contract._check = lambda document, part: None
                return case
            os.close(writing)
            self._take(case, child, reading)
        return None

    def judged(self, judge: Callable[[], Iterable[str]]) -> Report[C]:
        """The report. A copy ends in here, and gives what `judge` finds wrong."""
        if self.case is not None:
            try:
                self._give(list(judge()))
            except BaseException as error:
                self._give([f"the case broke: {error!r}"])
        return self.report

    def _give(self, problems: list[str]) -> None:
        os.write(self._pipe, json.dumps(problems).encode()[:60_000])
        os._exit(0)

    def _take(self, case: C, child: int, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8") as answer:
            text = answer.read()
        os.waitpid(child, 0)
        self.report.ran += 1
        if problems := json.loads(text) if text else ["the case ended without a judgement"]:
            self.report.problems[case] = problems
