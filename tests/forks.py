"""Copies of this process, one for each case: what a long run has come to is shared by all that begin there."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from lab.powershell import contract

C = TypeVar("C", bound=Hashable)
LONGEST = 90
"""Seconds of processor time after which a case counts as one that never ends."""


@dataclass(frozen=True)
class Answer:
    """What a copy found: what is wrong with its case, and a digest of how it ended where one was made."""

    problems: list[str]
    end: str = ""


class Forks(Generic[C]):
    """In the process itself: who forks, one copy after the other. In a copy: `case` is what it is for."""

    def __init__(self) -> None:
        self.answers: dict[C, Answer] = {}
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
                return case
            os.close(writing)
            self._take(case, child, reading)
        return None

    def explored(self, play: Callable[[], object], judge: Callable[[], Answer]) -> dict[C, Answer]:
        """Plays the whole; what the copies found. A copy ends in here, whatever happens in it, and gives what `judge` says."""
        try:
            play()
            answer = Answer([]) if self.case is None else judge()
        except BaseException as error:
            if self.case is None:
                raise
            answer = Answer([f"the case broke: {error!r}"])
        if self.case is not None:
            self._give(answer)
        return self.answers

    def _give(self, answer: Answer) -> None:
        problems = [problem[:2000] for problem in answer.problems[:20]]
        os.write(self._pipe, json.dumps([problems, answer.end]).encode())
        os._exit(0)

    def _take(self, case: C, child: int, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8") as answer:
            text = answer.read()
        os.waitpid(child, 0)
        self.answers[case] = Answer(*json.loads(text)) if text else Answer(["the case ended without a judgement"])


@contextlib.contextmanager
def unchecked() -> Iterator[None]:
    """An undisturbed run was held to the contract between collection and lab; it costs a third of the time."""
    kept = contract._check
    contract._check = lambda document, part: None
    try:
        yield
    finally:
        contract._check = kept
