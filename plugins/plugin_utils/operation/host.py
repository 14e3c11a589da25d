# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The appliance a task talks to: exchanges, readings, and what is to be said meanwhile.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ansible.utils.display import Display

from ..bridge import exchange
from ..bridge.exchange import Connection
from ..bridge.masking import Masker
from ..cce import steps
from ..cce.answers import Answer
from ..cce.lease import is_acting
from ..cce.state import Survey
from ..cce.steps import Step
from . import failures
from .clock import Clock

S = TypeVar("S")


class Fences(Protocol):
    """What stands before each request that may change something."""

    def before(self, *, acting: bool) -> list[Step]:
        """The steps that a request begins with, the first of which stops it where it must not run; none: nothing is to be sent.

        Raises:
            ValueError: an act without them is a fault of the collection.
        """

    def judge(self, answer: Answer) -> None:
        """Say why one of these steps stopped an act. Raises LeaseLost, WorkFailed."""

    def rest(self, answer: Answer) -> None:
        """One of these steps stopped a reading, which is then sent without them."""


@dataclass
class Host:
    """One appliance, reached over one connection.

    Attributes:
        name: its name in the inventory.
        timeout: seconds after which one exchange is given up.
        warnings: what the result of the task warns of; the same text only once.
        fences: what each act carries; None: there is nothing to act on but records of the tenant.
    """

    name: str
    connection: Connection
    timeout: float
    masker: Masker
    clock: Clock
    warnings: list[str] = field(default_factory=list)
    fences: Fences | None = None

    def exchange(self, asked: Sequence[Step], answers: Sequence[Mapping[str, str]] = ()) -> Answer:
        """Send steps, behind the fences; the answer may hold errors.

        A reading carries them now and then as a sign of life, and is sent without where they stop it.

        Raises:
            ConnectionLost, NoAnswer; LeaseLost, WorkFailed: the fences stopped an act.
        """
        acting = any(map(is_acting, asked))
        before = self.fences.before(acting=acting) if self.fences else []
        answer = self.send([*before, *asked], answers)
        if self.fences is None or answer.stopped is None or answer.stopped[0] not in {step["name"] for step in before}:
            return answer
        if acting:
            self.fences.judge(answer)
        self.fences.rest(answer)
        return self.send(asked, answers)

    def send(self, asked: Sequence[Step], answers: Sequence[Mapping[str, str]] = ()) -> Answer:
        """Send steps as they are, without fences; the answer may hold errors. Raises ConnectionLost, NoAnswer."""
        request = steps.request(asked, answers)
        return exchange.exchange(self.connection, request, self.timeout, self.masker, self.clock.now)

    def run(self, asked: Sequence[Step], doing: str, answers: Sequence[Mapping[str, str]] = ()) -> Answer:
        """Send steps that all have to succeed; `doing` follows the words "could not". Raises WorkFailed, too."""
        answer = self.exchange(asked, answers)
        self.take_warnings(asked, answer)
        if answer.failed:
            raise failures.steps_failed(doing, asked, answer)
        return answer

    def read(self, survey: Survey[S]) -> S:
        """What a survey finds, in one exchange. Raises WorkFailed where the survey has to succeed and does not."""
        answer = self.run(survey.steps, survey.doing) if survey.doing else self.exchange(survey.steps)
        return survey.parse(answer)

    def hang_up(self) -> None:
        """Before a long pause: Windows drops idle connections after two minutes, and a sealed session does not survive that."""
        exchange.hang_up(self.connection, self.timeout)

    def abandon(self) -> None:
        """After an exchange whose answer did not come: what runs in that session goes on, and the next one begins anew."""
        exchange.abandon(self.connection, self.timeout)

    def pause(self, seconds: float) -> None:
        """A long pause."""
        self.hang_up()
        self.clock.sleep(seconds)

    def take_warnings(self, asked: Sequence[Step], answer: Answer) -> None:
        """What the product warned of goes into the result of the task."""
        for text in failures.warned(asked, answer):
            self.warn(text)

    def warn(self, text: str) -> None:
        """A warning of the task's result, also where it fails."""
        if text not in self.warnings:
            self.warnings.append(text)

    def tell(self, text: str) -> None:
        """Shows how far it is, while a task that lasts says nothing else."""
        Display().display(f"  {self.name}: {self.masker.text(text)}")
