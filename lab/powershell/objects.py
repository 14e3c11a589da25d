"""The values a simulated PowerShell holds: what Python has no type for, and objects with properties.

Plain values are Python's own: `None`, `bool`, `int`, `float`, `Decimal`, `str`, `list`, `dict` (a hashtable), `datetime`
(a naive one is taken as UTC, as if the appliance's clock zone were UTC), `timedelta`, `UUID`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MASK = "********"
EPOCH = datetime(1, 1, 1, tzinfo=UTC)
TICKS_A_SECOND = 10_000_000


@dataclass(frozen=True)
class Secret:
    """A SecureString; it never shows its text by itself."""

    value: str

    def __repr__(self) -> str:
        return f"Secret({MASK})"


@dataclass(frozen=True)
class Credential:
    """A PSCredential."""

    user: str
    password: Secret


class ScriptBlock:
    """A script block. The only one a request can send is the bridge itself (`{"$bridge": true}`)."""

    def __init__(self, text: str = "") -> None:
        self.text = text


BRIDGE = ScriptBlock("the bridge itself")


@dataclass(frozen=True, order=True)
class Version:
    """A System.Version of two to four numbers."""

    parts: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))


class EnumValue(str):
    """A member of a .NET enumeration: its name, which also knows its type and number."""

    def __new__(cls, name: str, type_name: str = "System.Enum", number: int = 0) -> EnumValue:
        made = super().__new__(cls, name)
        made.type_name, made.number = type_name, number
        return made

    type_name: str
    number: int


class Char(str):
    """A single character of type System.Char."""


class Uri(str):
    """A System.Uri, written as .NET shows it."""


class NetList(list[object]):
    """A System.Collections.Generic.List, which unlike an array has no Length."""


class ExactTime(datetime):
    """A time finer than Python's microseconds: `hundred_ns` more steps of 100 nanoseconds (1 to 9)."""

    hundred_ns: int = 0


class ExactSpan(timedelta):
    """A time span finer than microseconds: `hundred_ns` more steps of 100 nanoseconds (0 to 9)."""

    hundred_ns: int = 0


class PSObject:
    """An object with properties: a plain PSCustomObject, or (with `text`) any other .NET object, which JSON gets as its text.

    A property may be a function without arguments (a script property): it is computed when read, null when it raises.
    """

    def __init__(self, properties: Mapping[str, object], text: str | None = None, type_name: str | None = None) -> None:
        self.properties = dict(properties)
        self.text = text
        self.type_name = type_name or ("System.Management.Automation.PSCustomObject" if text is None else text)

    def read(self, name: str) -> object:
        """The value of a property whatever its case; null when it is absent or cannot be computed."""
        own = name if name in self.properties else self._written(name.lower())
        value = self.properties.get(own)
        return _computed(value) if callable(value) else value

    def _written(self, lower: str) -> str:
        return next((own for own in self.properties if own.lower() == lower), "")

    def __repr__(self) -> str:
        return f"PSObject({', '.join(self.properties)})"


def _computed(getter: Callable[[], object]) -> object:
    try:
        return getter()
    except Exception:  # whatever a script property throws, PowerShell shows null
        return None


def from_ticks(ticks: int) -> datetime:
    """The UTC time of .NET's `DateTime.Ticks` (units of 100 ns since the year 1)."""
    time = EPOCH + timedelta(microseconds=ticks // 10)
    if ticks % 10 == 0:
        return time
    exact = ExactTime.fromtimestamp(0, UTC).replace(
        time.year, time.month, time.day, time.hour, time.minute, time.second, time.microsecond
    )
    exact.hundred_ns = ticks % 10
    return exact


def to_ticks(time: datetime) -> int:
    """The reverse of `from_ticks`."""
    return span_ticks(as_utc(time) - EPOCH) + getattr(time, "hundred_ns", 0)


def span_from_ticks(ticks: int) -> timedelta:
    """The time span of so many units of 100 ns."""
    if ticks % 10 == 0:
        return timedelta(microseconds=ticks // 10)
    exact = ExactSpan(microseconds=ticks // 10)
    exact.hundred_ns = ticks % 10
    return exact


def span_ticks(span: timedelta) -> int:
    """The reverse of `span_from_ticks`."""
    return span // timedelta(microseconds=1) * 10 + getattr(span, "hundred_ns", 0)


def as_utc(time: datetime) -> datetime:
    """The same moment as an aware UTC time; a naive time is taken as UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
