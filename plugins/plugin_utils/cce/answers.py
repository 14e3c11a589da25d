# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bridge's answer: what each step gave, why the list stopped, what was asked (bridge.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from typing import Any, ParamSpec, TypeVar

from .exceptions import NotReadError
from .failure_classes import recognise
from .reading import Unknown

MARK = "#cc-bridge# "
"""What the one line of the answer begins with."""

ABSENT = ("PathNotFound", "ItemNotFound")
"""How the ids of the errors begin that say that a file, folder or registry key is not there."""

_DMTF = re.compile(r"(\d{14}\.\d{6})([+-]\d{3})")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """One error record: `id` and `category` do not depend on the display language, the message may."""

    message: str
    id: str
    category: str
    exception: str
    command: str | None


@dataclass(frozen=True)
class Result:
    """What one step gave. `thrown`: the cmdlet ended at its last error instead of going on after it."""

    name: str
    output: Sequence[Any]
    errors: Sequence[Problem]
    warnings: Sequence[str]
    thrown: bool
    seconds: float

    def is_absent(self, ids: Collection[str] = ABSENT) -> bool:
        """Whether an error says that what was asked for is not there; any other error says nothing of that."""
        return any(error.id.startswith(tuple(ids)) for error in self.errors)


def attempt(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Unknown:
    """What `read` gives, or why it could not be read."""
    try:
        return read(*args, **kwargs)
    except NotReadError as error:
        return Unknown(str(error))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        return Unknown(f"the answer is not as expected: {error!r}"[:300])


@dataclass(frozen=True)
class Answer:
    """The answer to one request.

    The methods that take the name of a step raise NotReadError where it failed, is not there, or gave something else.

    Attributes:
        raw: the answer as the bridge gave it, already masked.
        begun, ended: the controller's time before the request was sent and after the answer came.
    """

    raw: Mapping[str, Any]
    begun: datetime = field(default=datetime.min.replace(tzinfo=UTC), compare=False)
    ended: datetime = field(default=datetime.min.replace(tzinfo=UTC), compare=False)

    @cached_property
    def results(self) -> Mapping[str, Result]:
        """The result of each step that ran, by its name, in order."""
        return {str(found["name"]): _result(found) for found in self.raw["results"]}

    @property
    def unanswered(self) -> Sequence[str]:
        """Questions nobody had an answer for: their step has failed, whatever its errors say."""
        return [str(prompt["text"]) for prompt in self.raw.get("prompts", ()) if not prompt["answered"]]

    @property
    def stopped(self) -> tuple[str, str] | None:
        """The step after which the others did not run, and why: `error` or `expect`."""
        found = self.raw.get("stopped")
        return (found["name"], found["reason"]) if found else None

    @property
    def failed(self) -> bool:
        return self.stopped is not None or bool(self.unanswered)

    def result(self, name: str) -> Result:
        """The result of a step, whatever it gave."""
        if name not in self.results:
            raise NotReadError(f"{name} was not asked or not answered")
        return self.results[name]

    def output(self, name: str, *, absent: Collection[str] = ()) -> list[Any]:
        """What the step gave, without nulls. Errors whose id begins with one of `absent` only say that there is nothing."""
        result = self.result(name)
        for error in result.errors:
            if not error.id.startswith(tuple(absent)):
                raise NotReadError(_reason(error))
        return [item for item in result.output if item is not None]

    def error_ids(self, name: str) -> list[str]:
        """The ids of the errors of a step, whatever it gave."""
        return [error.id for error in self.result(name).errors]

    def non_empty(self, name: str) -> list[Any]:
        """What the step gave, which is not nothing."""
        found = self.output(name)
        if not found:
            raise NotReadError(f"{name} gave nothing")
        return found

    def objects(self, name: str, *, absent: Collection[str] = (), of: Collection[str] = ()) -> list[Mapping[str, Any]]:
        """The objects the step gave, each with a value in every property of `of`."""
        found: list[Mapping[str, Any]] = self.output(name, absent=absent)
        for key in of:
            if any(entry[key] is None for entry in found):
                raise NotReadError(f"an object of {name} has no {key}")
        return found

    def names(self, name: str, *, absent: Collection[str] = ()) -> tuple[str, ...]:
        """The `Name` of each object."""
        return tuple(str(entry["Name"]) for entry in self.objects(name, absent=absent))

    def text(self, name: str, key: str | None = None) -> str:
        """The one text, or that property of the one object."""
        value = self._one(name, key)
        if not isinstance(value, str) or not value.strip():
            raise NotReadError(f"{name} gave {value!r}")
        return value

    def number(self, name: str, key: str) -> int:
        """That property of the one object as a whole number."""
        return int(self._one(name, key))

    def time(self, name: str, key: str | None = None) -> datetime:
        """A time with its offset, written by the bridge (ISO 8601) or by WMI (yyyymmddHHMMSS.mmmmmm+minutes)."""
        return moment(self.text(name, key))

    def file(self, name: str) -> str | None:
        """The text of a file; None where it is not there."""
        if self.result(name).errors and not self.output(name, absent=ABSENT):
            return None
        return "".join(self.output(name))

    def inside(self, vm: str) -> Answer:
        """The answer that a nested bridge gave inside a VM."""
        try:
            return self.nested(vm)
        except NotReadError as error:
            raise NotReadError(f"the {vm} VM could not be asked: {error}") from error

    def nested(self, name: str) -> Answer:
        """The answer of a nested bridge: the one marked line within the output of the step."""
        lines = [line for text in self.output(name) for line in marked_lines(str(text))]
        if len(lines) != 1:
            raise NotReadError(f"{name} gave {len(lines)} answers")
        try:
            return Answer(parse_line(lines[0]), self.begun, self.ended)
        except ValueError as error:
            raise NotReadError(str(error)) from error

    def _one(self, name: str, key: str | None) -> Any:
        found = self.output(name)
        if len(found) != 1:
            raise NotReadError(f"{name} gave {len(found)} values")
        return found[0] if key is None else found[0][key]


def marked_lines(text: str) -> list[str]:
    """The lines of `text` that are answers of the bridge, without their mark."""
    return [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]


def parse_line(line: str) -> Mapping[str, Any]:
    """What a marked line holds.

    Raises:
        ValueError: it is no whole answer (a power cut may leave half of one), or nested too deep.
    """
    try:
        found = json.loads(line)
    except RecursionError as error:
        raise ValueError("the answer is nested too deep") from error
    if not isinstance(found, dict) or not isinstance(found.get("results"), list):
        raise ValueError("the answer has no results")
    return found


def _result(found: Mapping[str, Any]) -> Result:
    errors = [
        Problem(**{key: error.get(key) or "" for key in Problem.__dataclass_fields__}) for error in found["errors"]
    ]
    return Result(
        str(found["name"]), found["output"], errors, found["warnings"], bool(found["thrown"]), float(found["seconds"])
    )


def _reason(error: Problem) -> str:
    """An error's message; with its id where the message alone, in another language say, would not show what trouble it is."""
    text = _one_line(error.message)
    known = recognise(error.id, text, category=error.category, exception=error.exception)
    return text if recognise("", text) == known else f"{text} ({error.id}, {error.exception})"


def _one_line(message: str) -> str:
    """An error's message without its line ends, cut where it gets long."""
    text = " ".join(str(message).split())
    return text if len(text) <= 300 else f"{text[:300]}..."


def moment(text: str) -> datetime:
    """A time with its offset, written by the bridge (ISO 8601) or by WMI (yyyymmddHHMMSS.mmmmmm+minutes). Raises ValueError."""
    match = _DMTF.fullmatch(text)
    if match is None:
        return datetime.fromisoformat(text).astimezone(UTC)
    local = datetime.strptime(match[1], "%Y%m%d%H%M%S.%f")
    return local.replace(tzinfo=timezone(timedelta(minutes=int(match[2])))).astimezone(UTC)
