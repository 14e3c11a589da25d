"""`keep`: named properties of any object, as `$object.PSObject.Properties[name].Value` gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from lab.powershell.objects import (
    TICKS_A_SECOND,
    Char,
    Credential,
    EnumValue,
    NetList,
    PSObject,
    Secret,
    Uri,
    Version,
    span_ticks,
    to_ticks,
)

Reader = Callable[..., dict[str, object]]


def select_kept(value: object, keep: Sequence[str] | None) -> object:
    """The named properties, in that order and under those names, or the whole value when none are named."""
    if not keep:
        return value
    return {name: read_property(value, name) for name in keep}


def read_property(value: object, name: str) -> object:
    """A property by name, in any case; null when the object has none of that name."""
    if isinstance(value, PSObject):
        return value.read(name)
    reader = next((reader for kind, reader in _READERS.items() if isinstance(value, kind)), None)
    properties = reader(value) if reader else {}
    return next((content for own, content in properties.items() if own.lower() == name.lower()), None)


def text_length(text: str) -> int:
    """The length of a text as .NET counts it: in UTF-16 units."""
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


def _list(value: list[object]) -> dict[str, object]:
    size = len(value)
    if isinstance(value, NetList):
        return {"Count": size, "Capacity": max(size, 4)}
    fixed = {"Rank": 1, "IsReadOnly": False, "IsFixedSize": True, "IsSynchronized": False}
    return {"Length": size, "LongLength": size, "Count": size, **fixed, "SyncRoot": value}


def _table(value: dict[str, object]) -> dict[str, object]:
    fixed = {"IsReadOnly": False, "IsFixedSize": False, "IsSynchronized": False}
    return {"Count": len(value), "Keys": list(value), "Values": list(value.values()), **fixed}


def _time(value: datetime) -> dict[str, object]:
    midnight = value.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "Date": midnight,
        "Day": value.day,
        "DayOfWeek": f"{value:%A}",
        "DayOfYear": value.timetuple().tm_yday,
        "Hour": value.hour,
        "Kind": "Unspecified" if value.tzinfo is None else "Utc",
        "Millisecond": value.microsecond // 1000,
        "Minute": value.minute,
        "Month": value.month,
        "Second": value.second,
        "Ticks": to_ticks(value),
        "TimeOfDay": value - midnight,
        "Year": value.year,
    }


def _span(value: timedelta) -> dict[str, object]:
    ticks = span_ticks(value)
    seconds, sign = abs(ticks) // TICKS_A_SECOND, -1 if ticks < 0 else 1
    return {
        "Ticks": ticks,
        "Days": sign * (seconds // 86_400),
        "Hours": sign * (seconds // 3600 % 24),
        "Minutes": sign * (seconds // 60 % 60),
        "Seconds": sign * (seconds % 60),
        "Milliseconds": sign * (abs(ticks) // 10_000 % 1000),
        "TotalDays": value / timedelta(days=1),
        "TotalHours": value / timedelta(hours=1),
        "TotalMinutes": value / timedelta(minutes=1),
        "TotalSeconds": value / timedelta(seconds=1),
        "TotalMilliseconds": value / timedelta(milliseconds=1),
    }


def _version(value: Version) -> dict[str, object]:
    parts = (*value.parts, -1, -1)[:4]
    return dict(zip(("Major", "Minor", "Build", "Revision"), parts, strict=True))


def _uri(value: Uri) -> dict[str, object]:
    return {"OriginalString": str(value), "AbsoluteUri": str(value), "IsAbsoluteUri": "://" in value}


_READERS: dict[type, Reader] = {
    Uri: _uri,
    Char: lambda value: {},
    EnumValue: lambda value: {"value__": value.number},
    str: lambda value: {"Length": text_length(value)},
    list: _list,
    dict: _table,
    datetime: _time,
    timedelta: _span,
    Version: _version,
    UUID: lambda value: {"Version": value.version, "Variant": int(value.hex[16], 16)},
    Secret: lambda value: {"Length": text_length(value.value)},
    Credential: lambda value: {"UserName": value.user, "Password": value.password},
}
