"""The bridge's own JSON: values as JSON data, and that data as exactly the text that `Format-Json` of bridge.ps1 writes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from lab.powershell.objects import MASK, Credential, PSObject, Secret, as_utc, to_ticks
from lab.powershell.text import INT64, number_text, to_text

MARK = "#cc-bridge# "
_ENCODE = json.JSONEncoder().encode
_BY_NUMBER = {
    r"\\": r"\u005c",
    r"\"": r"\u0022",
    r"\n": r"\u000a",
    r"\r": r"\u000d",
    r"\t": r"\u0009",
    r"\b": r"\u0008",
    r"\f": r"\u000c",
    "\x7f": r"\u007f",
}
"""What Python escapes by a letter, or not at all; the bridge escapes everything but printable ASCII, and by its number.

The backslash comes first: what is left of them then begins a short form."""

Data = None | bool | int | float | Decimal | str | list["Data"] | dict[str, "Data"]


def to_data(value: object) -> Data:
    """What the bridge's JSON holds of a value: `None`, `bool`, numbers, `str`, `list`, `dict`; everything else is its text."""
    # By far the most values are plain texts.
    if value is None or type(value) is str or isinstance(value, (bool, Decimal)):
        return value
    if isinstance(value, int):
        return value if value in INT64 or 0 <= value < 2**64 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [to_data(item) for item in value]
    if isinstance(value, Mapping):
        return {to_text(key): to_data(item) for key, item in value.items()}
    return _object_data(value)


def _object_data(value: object) -> Data:
    if isinstance(value, (Secret, Credential)):
        return MASK
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, PSObject) and value.text is None:
        return {name: to_data(value.read(name)) for name in value.properties}
    return str(to_text(value))


def time_text(time: datetime) -> str:
    """A time as UTC with seven digits."""
    fraction = to_ticks(time) % 10_000_000
    return f"{as_utc(time).isoformat()[:19]}.{fraction:07}Z"


def format_json(data: object) -> str:
    """JSON data (not objects: see `to_data`) as the text the bridge writes: ASCII, no blanks, .NET's numbers."""
    if isinstance(data, str):
        return _quoted(data)
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, float):
        return number_text(data, 17)
    if isinstance(data, Mapping):
        return "{" + ",".join(f"{_quoted(str(name))}:{format_json(item)}" for name, item in data.items()) + "}"
    if isinstance(data, (list, tuple)):
        return "[" + ",".join(format_json(item) for item in data) + "]"
    return str(data)


def _quoted(text: str) -> str:
    written = _ENCODE(text)
    if "\\" in written or "\x7f" in written:
        for python, bridge in _BY_NUMBER.items():
            written = written.replace(python, bridge)
    return written


def answer_line(answer: Mapping[str, object]) -> str:
    """The one marked line of an answer, as it stands on the bridge's standard output."""
    return MARK + format_json(answer)
