# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tenant's records of sites, appliances and update windows.

The service behind them ended on 31 July 2021 (cloud-connector.md 5.5). Which properties the records have is documented for
sites only; the others are named after the parameters that set them (2.2, 2.3), and one that is missing is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from .answers import Answer, attempt
from .codec import decode, encode
from .exceptions import NotReadError
from .reading import Reading

MOST_WINDOWS = 20
"""Update windows of one tenant (cloud-connector.md 2.3)."""

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
WEEKS = ("First", "Second", "Third", "Fourth", "Last")
"""First and Last are documented, the others follow from them."""

_SPAN = re.compile(r"(?:(\d{1,3})\.)?(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")

R = TypeVar("R")


@dataclass(frozen=True)
class Schedule:
    """When an update window is open: daily, or weekly by days, or monthly by days of weeks or by the day of the month.

    Times are those of the host, as .NET writes them: `[days.]hh:mm:ss`.
    """

    start: str
    duration: str
    days_of_week: tuple[str, ...] = ()
    weeks_of_month: tuple[str, ...] = ()
    day_of_month: int | None = None

    @property
    def frequency(self) -> str:
        """daily, weekly or monthly."""
        if self.weeks_of_month or self.day_of_month is not None:
            return "monthly"
        return "weekly" if self.days_of_week else "daily"


@dataclass(frozen=True)
class Site:
    """A PSTN site; the windows are names of update windows, for the product's bits and for Windows."""

    edge_fqdn: Reading[str]
    auto_update: Reading[bool]
    bits_windows: Reading[tuple[str, ...]]
    os_windows: Reading[tuple[str, ...]]


@dataclass(frozen=True)
class Member:
    """An appliance as the tenant knows it; `identity` is a GUID."""

    identity: str
    maintenance_mode: Reading[bool]


@dataclass(frozen=True)
class Tenant:
    """The records that were asked for, by their names; None: not asked for."""

    sites: Mapping[str, Site] | None = None
    windows: Mapping[str, Reading[Schedule]] | None = None
    appliances: Mapping[str, Member] = field(default_factory=dict)
    """By `site/name`."""

    def to_dict(self) -> dict[str, Any]:
        encoded: dict[str, Any] = encode(self)
        return encoded

    @classmethod
    def from_dict(cls, encoded: Mapping[str, Any]) -> Tenant:
        return decode(encoded, cls)

    def with_changes(self, **changes: Any) -> Self:
        """The same tenant with other records."""
        return replace(self, **changes)

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """The parts of the state that check mode hands on."""
        return {"tenant": self.to_dict()}

    def inherit(self, parts: Mapping[str, Mapping[str, Any]]) -> Self:
        """These records, and in their place those of `parts`: another task may have read other ones."""
        if "tenant" not in parts:
            return self
        later = self.from_dict(parts["tenant"])
        return replace(
            self,
            sites=self.sites if later.sites is None else later.sites,
            windows=self.windows if later.windows is None else later.windows,
            appliances={**self.appliances, **later.appliances},
        )


def find(records: Mapping[str, R] | None, name: str) -> tuple[str, R] | None:
    """The record of that name, whatever its case, with the name as the tenant has it."""
    return next(((key, record) for key, record in (records or {}).items() if key.lower() == name.lower()), None)


def get(records: Mapping[str, R] | None, name: str) -> tuple[str, R]:
    """The same where it was found before.

    Raises:
        NotReadError: there is none.
    """
    found = find(records, name)
    if found is None:
        raise NotReadError(f"the tenant has no record {name}")
    return found


# --- what an answer says ---------------------------------------------------------------------------------------------


def parse_sites(answer: Answer) -> dict[str, Site]:
    """The sites in the answer to `steps.site_records`. Raises NotReadError."""
    found = answer.objects("site_records", of=("Identity",))
    return {str(record["Identity"]): _site(record) for record in found}


def _site(record: Mapping[str, Any]) -> Site:
    return Site(
        attempt(_value, record, "EdgeFQDN", str),
        attempt(_value, record, "EnableAutoUpdate", bool),
        attempt(_names, record, "BitsUpdateTimeWindowList"),
        attempt(_names, record, "OsUpdateTimeWindowList"),
    )


def parse_windows(answer: Answer) -> dict[str, Reading[Schedule]]:
    """The windows in the answer to `steps.update_windows`. Raises NotReadError."""
    found = answer.objects("update_windows", of=("Identity",))
    return {str(record["Identity"]): attempt(_schedule, record) for record in found}


def _schedule(record: Mapping[str, Any]) -> Schedule:
    return Schedule(
        span(_value(record, "StartTime", str)),
        span(_value(record, "Duration", str)),
        in_order(_members(record.get("DaysOfWeek")), DAYS),
        in_order(_members(record.get("WeeksOfMonth")), WEEKS),
        # Where it does not apply, a number of .NET is 0.
        record.get("DayOfMonth") or None,
    )


def parse_member(answer: Answer, name: str) -> Member | None:
    """The one appliance in the answer to `steps.appliance_record`; None where there is none.

    Raises:
        NotReadError: there is more than one.
    """
    found = answer.objects("appliance_record", of=("Identity",))
    if len(found) > 1:
        raise NotReadError(f"the tenant has {len(found)} appliances {name}")
    return next((Member(str(one["Identity"]), attempt(_value, one, "MaintenanceMode", bool)) for one in found), None)


def _value(record: Mapping[str, Any], key: str, kind: type[R]) -> R:
    value = record.get(key)
    if not isinstance(value, kind):
        raise NotReadError(f"the tenant's record has {key} {value!r}")
    return value


def _names(record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Without a value the list is unknown: an empty one would be a list."""
    if record.get(key) is None:
        raise NotReadError(f"the tenant's record has no {key}")
    return tuple(str(name) for name in _members(record[key]))


def _members(value: Any) -> list[Any]:
    """A list, or an enumeration with flags, which .NET writes as names with commas; None is empty."""
    if isinstance(value, str):
        return [name for name in re.split(r"[,\s]+", value) if name]
    return list(value or ())


# --- schedules ---------------------------------------------------------------------------------------------------------


def span(text: str, *, of_day: bool = False) -> str:
    """A time span as .NET writes it, from `[days.]hh:mm[:ss]`; `of_day`: less than a day.

    Raises:
        ValueError: it is not one.
    """
    match = _SPAN.fullmatch(text.strip())
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 24, 0, 0)
    # .NET reads 24:00:00 as 24 days.
    if hours > 23 or (of_day and days):
        raise ValueError(f"{text!r} is not a time: write hours and minutes in quotes, such as '22:00'")
    return (f"{days}." if days else "") + f"{hours:02}:{minutes:02}:{seconds:02}"


def in_order(names: Sequence[Any], known: Sequence[str]) -> tuple[str, ...]:
    """The names once each, in the order and spelling of `known`; one that is not known stands at the end."""
    spelling = {name.lower(): name for name in known}
    given = {spelling.get(str(name).lower(), str(name)) for name in names}
    return (*(name for name in known if name in given), *sorted(given - set(known)))


# --- lists of windows ----------------------------------------------------------------------------------------------------


def modified(present: Sequence[str], modifier: Mapping[str, Sequence[str] | None]) -> tuple[str, ...]:
    """What `set`, `add` and `remove` make of a list of names, which are the same whatever their case."""
    wanted = present if modifier.get("set") is None else modifier["set"]
    removed = {name.lower() for name in modifier.get("remove") or ()}
    kept: dict[str, str] = {}
    for name in (*(wanted or ()), *(modifier.get("add") or ())):
        if name.lower() not in removed:
            kept.setdefault(name.lower(), name)
    return tuple(kept.values())


def same_names(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether two lists have the same names, in any order."""
    return sorted(map(str.lower, left)) == sorted(map(str.lower, right))


def list_modifier(present: Sequence[str], wanted: Sequence[str]) -> dict[str, list[str]]:
    """The hashtable that makes one list of the other (cloud-connector.md 2.1): no more than has to be is said."""
    added = [name for name in wanted if name.lower() not in map(str.lower, present)]
    removed = [name for name in present if name.lower() not in map(str.lower, wanted)]
    if added and removed:
        return {"replace": list(wanted)}
    return {"add": added} if added else {"remove": removed}
