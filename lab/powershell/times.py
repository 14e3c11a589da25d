"""Times and time spans from text, as .NET reads them in the invariant culture."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from lab.powershell.objects import TICKS_A_SECOND, as_utc, span_from_ticks

_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y",
    "%B %d %Y", "%b %d %Y", "%d-%b-%Y", "%A, %d %B %Y", "%A, %B %d, %Y", "%a, %d %b %Y", "%Y-%m",
)  # fmt: skip
_CLOCKS = ("", " %H:%M:%S.%f", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %I %p")
_FORMATS = tuple(date + clock for date in _DATES for clock in _CLOCKS)
_PARTS = ("days", "hours", "minutes", "seconds", "fraction")
_SPANS = tuple(
    re.compile(r"(?P<minus>-)?" + form, re.ASCII)
    for form in (
        r"(?P<days>\d+)",
        r"((?P<days>\d+)\.)?(?P<hours>\d+):(?P<minutes>\d+)(:(?P<seconds>\d+)(\.(?P<fraction>\d{1,7}))?)?",
        r"(?P<days>\d+):(?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+)(\.(?P<fraction>\d{1,7}))?",
    )
)


def parse_time(text: str) -> datetime:
    """A time as an aware UTC one (without a zone it is UTC, the clock of the lab); raises `ValueError`."""
    plain = re.sub(r"(?<=\d)T(?=\d)", " ", " ".join(text.split()))
    plain, zone = _zone(plain)
    plain = re.sub(r"(\.\d{6})\d+$", r"\1", plain)
    for form in _FORMATS:
        try:
            return as_utc(datetime.strptime(plain, form).replace(tzinfo=UTC) - zone)
        except ValueError:
            continue
    raise ValueError(f"String '{text}' was not recognized as a valid DateTime.")


def _zone(text: str) -> tuple[str, timedelta]:
    found = re.search(r"(?<=\d) ?(?:(Z|GMT)|([+-])(\d\d):?(\d\d))$", text)
    if not found or ":" not in text[: found.start()]:
        return text, timedelta(0)
    if found[1]:
        return text[: found.start()], timedelta(0)
    ahead = timedelta(hours=int(found[3]), minutes=int(found[4]))
    return text[: found.start()], ahead if found[2] == "+" else -ahead


def parse_span(text: str) -> timedelta:
    """A time span: `d`, `hh:mm[:ss[.fffffff]]`, `d.hh:mm[:ss]`, with an optional minus; raises `ValueError`."""
    found = next(filter(None, (form.fullmatch(text.strip()) for form in _SPANS)), None)
    if not found:
        raise ValueError(f"String '{text}' was not recognized as a valid TimeSpan.")
    part = {**dict.fromkeys(_PARTS, "0"), **{name: value for name, value in found.groupdict().items() if value}}
    days, hours, minutes, seconds = (int(part[name]) for name in ("days", "hours", "minutes", "seconds"))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"The TimeSpan string '{text}' could not be parsed because a part is too large.")
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    ticks = whole * TICKS_A_SECOND + int(part["fraction"].ljust(7, "0"))
    return span_from_ticks(-ticks if found["minus"] else ticks)
