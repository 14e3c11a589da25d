# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bridge's answer as readings: what a step gave, or why it gave nothing (bridge/README.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ParamSpec, TypeVar

from .reading import NotReadError, Unknown
from .troubles import recognise

MARK = "#cc-bridge# "
ABSENT = ("PathNotFound", "ItemNotFound")
"""How the ids of the errors begin that say that a file, folder or registry key is not there."""

_DMTF = re.compile(r"(\d{14}\.\d{6})([+-]\d{3})")

P = ParamSpec("P")
T = TypeVar("T")


def attempt(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Unknown:
    """What `read` gives, or why it could not be read."""
    try:
        return read(*args, **kwargs)
    except NotReadError as error:
        return Unknown(str(error))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Unknown(f"the answer is not as expected: {error!r}")


@dataclass(frozen=True)
class Results:
    """The results of an answer. Each method raises NotReadError where the step failed, is not there, or gave something else."""

    answer: Mapping[str, Any]

    def output(self, name: str, *, absent: Collection[str] = ()) -> list[Any]:
        """What the step gave, without nulls. Errors whose id begins with one of `absent` only say that there is nothing."""
        for error in self._result(name)["errors"]:
            if not str(error["id"]).startswith(tuple(absent)):
                raise NotReadError(_told(error))
        return [item for item in self._result(name)["output"] if item is not None]

    def error_ids(self, name: str) -> list[str]:
        """The ids of the errors of a step, whatever it gave."""
        return [str(error["id"]) for error in self._result(name)["errors"]]

    def some(self, name: str) -> list[Any]:
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
        return int(self._one(name, key))

    def time(self, name: str, key: str | None = None) -> datetime:
        """A time with its offset, written by the bridge (ISO 8601) or by WMI (yyyymmddHHMMSS.mmmmmm+minutes)."""
        text = self.text(name, key)
        match = _DMTF.fullmatch(text)
        if match is None:
            return datetime.fromisoformat(text).astimezone(UTC)
        local = datetime.strptime(match[1], "%Y%m%d%H%M%S.%f")
        return local.replace(tzinfo=timezone(timedelta(minutes=int(match[2])))).astimezone(UTC)

    def file(self, name: str) -> str | None:
        """The text of a file; None where it is not there."""
        if self._result(name)["errors"] and not self.output(name, absent=ABSENT):
            return None
        return "".join(self.output(name))

    def inside(self, vm: str) -> Results:
        """The answer that a nested bridge gave inside a VM: a marked line within the output."""
        try:
            lines = [line for text in self.output(vm) for line in str(text).splitlines() if line.startswith(MARK)]
            (line,) = lines
            return Results(json.loads(line.removeprefix(MARK)))
        except (NotReadError, ValueError) as error:
            raise NotReadError(f"the {vm} VM could not be asked: {error}") from error

    def _result(self, name: str) -> Mapping[str, Any]:
        for result in self.answer.get("results", ()):
            if result["name"] == name:
                found: Mapping[str, Any] = result
                return found
        raise NotReadError(f"{name} was not asked or not answered")

    def _one(self, name: str, key: str | None) -> Any:
        found = self.output(name)
        if len(found) != 1:
            raise NotReadError(f"{name} gave {len(found)} values")
        return found[0] if key is None else found[0][key]


def _told(error: Mapping[str, Any]) -> str:
    """An error's message; with its id where the message alone, in another language say, would not show what trouble it is."""
    text = _one_line(error["message"])
    parts = {key: str(error.get(key, "")) for key in ("category", "exception")}
    known = recognise(str(error["id"]), text, **parts)
    return text if recognise("", text) == known else f"{text} ({error['id']}, {parts['exception']})"


def _one_line(message: str) -> str:
    """An error's message without its line ends, cut where it gets long."""
    text = " ".join(str(message).split())
    return text if len(text) <= 300 else f"{text[:300]}..."
