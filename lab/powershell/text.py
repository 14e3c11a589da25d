"""How PowerShell writes a value as text (`"$value"`), and how it names the value's type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from uuid import UUID

from lab.powershell.objects import (
    TICKS_A_SECOND,
    Char,
    Credential,
    EnumValue,
    NetList,
    PSObject,
    ScriptBlock,
    Secret,
    Uri,
    Version,
    span_ticks,
)

INT64 = range(-(2**63), 2**63)
SCRIPT_PROPERTY = "System.Management.Automation.PSScriptProperty"

_TYPE_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "System.Boolean",
    float: "System.Double",
    Decimal: "System.Decimal",
    str: "System.String",
    Char: "System.Char",
    Uri: "System.Uri",
    Version: "System.Version",
    UUID: "System.Guid",
    list: "System.Object[]",
    NetList: "System.Collections.Generic.List`1[System.String]",
    dict: "System.Collections.Hashtable",
    Secret: "System.Security.SecureString",
    Credential: "System.Management.Automation.PSCredential",
    ScriptBlock: "System.Management.Automation.ScriptBlock",
}


def type_name(value: object) -> str:
    """The full .NET name of the value's type."""
    if isinstance(value, (EnumValue, PSObject)):
        return value.type_name
    if isinstance(value, int) and not isinstance(value, bool):
        return "System.Int64" if value in INT64 else "System.Numerics.BigInteger"
    if isinstance(value, (datetime, timedelta)):
        return "System.DateTime" if isinstance(value, datetime) else "System.TimeSpan"
    return _TYPE_NAMES[type(value)]


def to_text(value: object) -> str:
    """The value as PowerShell puts it into a string: invariant culture, a list's elements joined by blanks."""
    if isinstance(value, list):
        return " ".join(_part(item) for item in value)
    if isinstance(value, PSObject):
        return value.text if value.text is not None else _object_text(value)
    kind: type = type(value)
    return _writer(kind)(value)


def span_text(span: timedelta) -> str:
    """A time span in .NET's constant format `[-][d.]hh:mm:ss[.fffffff]`."""
    ticks = span_ticks(span)
    seconds, rest = divmod(abs(ticks), TICKS_A_SECOND)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return ("-" if ticks < 0 else "") + (f"{days}." if days else "") + clock + (f".{rest:07}" if rest else "")


def number_text(value: float, digits: int = 15) -> str:
    """A double in .NET's general format of so many digits (PowerShell writes 15, the bridge's JSON the shortest exact)."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return scientific(repr(value) if digits == 17 else f"{value:.{digits - 1}e}")


def scientific(written: str) -> str:
    """Python's writing of a double as .NET's: plain up to 15 digits before and 4 zeros after the point, else `1E-07`."""
    sign, digits, exponent = Decimal(written).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{written} is not finite")
    text = "".join(map(str, digits))
    point = len(text) + exponent
    minus = "-" if sign else ""
    if text == "0":
        return minus + "0"
    if -4 <= point - 1 < 15:
        return minus + _plain(text, point)
    fraction = f".{text[1:]}" if text[1:] else ""
    return f"{minus}{text[0]}{fraction}E{point - 1:+03}"


def _plain(digits: str, point: int) -> str:
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def _part(item: object) -> str:
    return type_name(item) if isinstance(item, list) else to_text(item)


def _object_text(value: PSObject) -> str:
    members = (f"{name}={_member(content)}" for name, content in value.properties.items())
    return "@{" + "; ".join(members) + "}"


def _member(content: object) -> str:
    if callable(content):
        return SCRIPT_PROPERTY
    if isinstance(content, PSObject) and content.text is None:
        return ""
    return _part(content)


@cache
def _writer(kind: type) -> Callable[..., str]:
    return next((write for known, write in _WRITERS.items() if issubclass(kind, known)), type_name)


_WRITERS: dict[type, Callable[..., str]] = {
    type(None): lambda value: "",
    bool: str,
    int: str,
    float: number_text,
    Decimal: str,
    str: str,
    datetime: lambda value: f"{value:%m/%d/}{value.year:04}{value: %H:%M:%S}",
    timedelta: span_text,
    Version: str,
    UUID: str,
    ScriptBlock: lambda value: value.text,
}
