"""Conversion of a value to a parameter's type, by the rules of PowerShell's language (`LanguagePrimitives.ConvertTo`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache, reduce
from operator import or_
from uuid import UUID

from lab.powershell import numbers, parse, times
from lab.powershell.errors import CannotConvert
from lab.powershell.objects import (
    Char,
    Credential,
    EnumValue,
    PSObject,
    ScriptBlock,
    Secret,
    Uri,
    Version,
    from_ticks,
    span_from_ticks,
)
from lab.powershell.syntax import VALUES, Kind
from lab.powershell.text import to_text, type_name

NET_NAMES = {
    "string": "System.String",
    "int": "System.Int32",
    "long": "System.Int64",
    "uint16": "System.UInt16",
    "uint32": "System.UInt32",
    "uint64": "System.UInt64",
    "byte": "System.Byte",
    "char": "System.Char",
    "bool": "System.Boolean",
    "switch": "System.Management.Automation.SwitchParameter",
    "double": "System.Double",
    "securestring": "System.Security.SecureString",
    "pscredential": "System.Management.Automation.PSCredential",
    "datetime": "System.DateTime",
    "timespan": "System.TimeSpan",
    "hashtable": "System.Collections.Hashtable",
    "uri": "System.Uri",
    "version": "System.Version",
    "guid": "System.Guid",
    "object": "System.Object",
    "psobject": "System.Management.Automation.PSObject",
    "opaque": "System.Object",
}
INTEGERS = ("int", "long", "uint16", "uint32", "uint64", "byte")

Converter = Callable[[object, Kind], object]


def net_name(kind: Kind) -> str:
    """The .NET name of a parameter's type, as messages have it."""
    if kind.net_name == "scriptblock":
        return "System.Management.Automation.ScriptBlock"
    return (kind.net_name or NET_NAMES[kind.base]) + ("[]" if kind.array else "")


def convert(value: object, kind: Kind) -> object:
    """The value as an instance of `kind`; raises `CannotConvert`."""
    if kind.array:
        return _array(value, kind)
    if value is None:
        return _from_null(kind)
    return _CONVERTERS[kind.base](value, kind)


def is_number(value: object) -> bool:
    """Whether .NET counts the value as numeric (a boolean is not; a huge integer is not)."""
    if isinstance(value, EnumValue):
        return True
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    return isinstance(value, (float, Decimal))


def refuse_for_bool(value: object, kind: Kind) -> None:
    """Booleans and switches take booleans and numbers only (and a switch null): no text, no list. Raises `CannotConvert`."""
    if isinstance(value, bool) or is_number(value) or (value is None and kind.base == "switch"):
        return
    raise CannotConvert(
        f'Cannot convert value "{type_name(value)}" to type "{net_name(kind)}". '
        "Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0."
    )


def _array(value: object, kind: Kind) -> object:
    if value is None:
        return None
    if kind.base == "char" and isinstance(value, str):
        return [Char(one) for one in value]
    items = value if isinstance(value, list) else [value]
    return [convert(item, kind.element()) for item in items]


def _from_null(kind: Kind) -> object:
    if kind.base in INTEGERS:
        return 0
    defaults = {"string": "", "double": 0.0, "bool": False, "switch": False, "char": Char("\0")}
    if kind.base in defaults:
        return defaults[kind.base]
    if kind.base in VALUES:
        raise CannotConvert(f'Cannot convert null to type "{net_name(kind)}".')
    return None


def _refuse(value: object, kind: Kind, why: str = "") -> CannotConvert:
    if why:
        return CannotConvert(f'Cannot convert value "{to_text(value)}" to type "{net_name(kind)}". Error: "{why}"')
    shown = "" if kind.base == "securestring" else f'"{to_text(value)}" '
    return CannotConvert(f'Cannot convert the {shown}value of type "{type_name(value)}" to type "{net_name(kind)}".')


def _as_is(value: object, kind: Kind) -> object:
    return value


def _string(value: object, kind: Kind) -> object:
    return value if isinstance(value, str) and type(value) is str else str(to_text(value))


def _integer(value: object, kind: Kind) -> object:
    try:
        if isinstance(value, EnumValue):
            return numbers.fit(value.number, kind.base)
        if isinstance(value, Char):
            return numbers.fit(ord(value), kind.base)
        if isinstance(value, str) and not isinstance(value, Uri):
            return numbers.parse_integer(value, kind.base)
        if isinstance(value, (int, float, Decimal)):
            return numbers.fit(int(value) if isinstance(value, bool) else value, kind.base)
    except CannotConvert as failed:
        raise _refuse(value, kind, str(failed)) from None
    raise _refuse(value, kind)


def _double(value: object, kind: Kind) -> object:
    try:
        if isinstance(value, EnumValue):
            return float(value.number)
        if isinstance(value, Char):
            return float(ord(value))
        if isinstance(value, str) and not isinstance(value, Uri):
            return numbers.parse_real(value)
    except CannotConvert as failed:
        raise _refuse(value, kind, str(failed)) from None
    if isinstance(value, (int, float, Decimal)):
        return float(value)
    raise _refuse(value, kind)


def _char(value: object, kind: Kind) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return Char(chr(numbers.fit(value, "char")))
        except CannotConvert as failed:
            raise _refuse(value, kind, str(failed)) from None
    if isinstance(value, str) and not isinstance(value, (EnumValue, Uri)):
        if len(value) != 1:
            raise _refuse(value, kind, "String must be exactly one character long.")
        return Char(value)
    raise _refuse(value, kind)


def _boolean(value: object, kind: Kind) -> object:
    return bool(getattr(value, "number", value))


def _exactly(wanted: type) -> Converter:
    """A class that nothing else converts to."""

    def check(value: object, kind: Kind) -> object:
        if isinstance(value, wanted):
            return value
        raise _refuse(value, kind)

    return check


def _secret(value: object, kind: Kind) -> object:
    return Secret("") if value == {} else _exactly(Secret)(value, kind)


def _written(value: object, kind: Kind) -> str:
    """The text that a type is parsed from: a text, or a number's text; anything else does not convert."""
    if isinstance(value, str) or is_number(value):
        return str(to_text(value))
    raise _refuse(value, kind)


def _parsed(
    wanted: type,
    reader: Callable[[str], object],
    empty: object = None,
    from_integer: Callable[[int], object] | None = None,
) -> Converter:
    """A type read from text. An empty hashtable makes its default, an integer may have a meaning of its own."""

    def read(value: object, kind: Kind) -> object:
        if isinstance(value, wanted):
            return value
        if value == {} and empty is not None:
            return empty
        try:
            if from_integer and isinstance(value, int) and not isinstance(value, bool):
                return from_integer(value)
            return reader(_written(value, kind))
        except (ValueError, OverflowError) as failed:
            raise _refuse(value, kind, str(failed)) from None

    return read


def _enum(value: object, kind: Kind) -> object:
    if isinstance(value, EnumValue) and value.type_name == kind.net_name:
        return value
    if value == {}:
        return _member(kind, 0, value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _member(kind, value, value)
    if isinstance(value, list):
        value = ",".join(str(item) if isinstance(item, str) else str(_enum(item, kind)) for item in value)
    return _named(_written(value, kind), kind)


@lru_cache(maxsize=1024)
def _named(text: str, kind: Kind) -> EnumValue:
    """A member by name or number (several, with commas, are or-ed), or by the unique beginning of a name; any case."""
    names = [name.lower() for name in kind.values]
    exact = [_number_of(part.strip(), names) for part in text.lower().split(",")]
    if None not in exact:
        return _member(kind, reduce(or_, filter(None, exact), 0), text)
    matches = [number for number, name in enumerate(names) if name.startswith(text.lower())]
    return _member(kind, matches[0] if len(matches) == 1 else -1, text)


def _number_of(part: str, names: list[str]) -> int | None:
    if re.fullmatch(r"[+-]?\d+", part):
        return int(part)
    return names.index(part) if part in names else None


def _member(kind: Kind, number: int, given: object) -> EnumValue:
    if not 0 <= number < len(kind.values):
        raise _no_member(given, kind)
    return EnumValue(kind.values[number], kind.net_name, number)


def _no_member(value: object, kind: Kind) -> CannotConvert:
    why = (
        f"Unable to match the identifier name {value} to a valid enumerator name. "
        f"Specify one of the following enumerator names and try again:\n{', '.join(kind.values)}"
    )
    return _refuse(value, kind, why)


SESSION_OPTION = "System.Management.Automation.Remoting.PSSessionOption"


def _opaque(value: object, kind: Kind) -> object:
    """An object that JSON cannot carry: a script block where one is asked for, else only what an earlier step gave.

    A PSSessionOption is also made of a table of its properties (about_Object_Creation).
    """
    if isinstance(value, dict) and kind.net_name == SESSION_OPTION:
        return value
    wanted = ScriptBlock if kind.net_name == "scriptblock" else PSObject
    if isinstance(value, wanted):
        return value
    raise _refuse(value, kind)


_CONVERTERS: dict[str, Converter] = {
    **dict.fromkeys(INTEGERS, _integer),
    "string": _string,
    "double": _double,
    "char": _char,
    "bool": _boolean,
    "switch": _exactly(bool),  # no number converts to it, whatever the message of `refuse_for_bool` says
    "object": _as_is,
    "psobject": _as_is,
    "securestring": _secret,
    "pscredential": _exactly(Credential),
    "hashtable": _exactly(dict),
    "datetime": _parsed(datetime, times.parse_time, from_ticks(0), from_ticks),
    "timespan": _parsed(timedelta, times.parse_span, timedelta(0), span_from_ticks),
    "version": _parsed(Version, parse.parse_version, Version((0, 0))),
    "guid": _parsed(UUID, parse.parse_guid, UUID(int=0)),
    "uri": _parsed(Uri, parse.parse_uri),
    "enum": _enum,
    "opaque": _opaque,
}
