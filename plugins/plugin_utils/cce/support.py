# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long Microsoft supports the releases that run.

A release was supported for 60 days after the next one came, older ones not at all (cloud-connector.md 5.2); the service itself
ended on 31 July 2021 (cloud-connector.md 5.5). When most releases came is not known to the day, so their dates are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from .versions import KNOWN, Version, key

RETIRED = date(2021, 7, 31)
SUPPORTED = timedelta(days=60)

RELEASED: Mapping[str, date] = {"2.0": date(2017, 7, 19)}
"""The only day that a source names (cloud-connector.md 5.1)."""

MOST = 4
"""So many appliances are named."""

Dates = Mapping[str, date]
"""Release -> the day it came."""


def parse_dates(given: Mapping[str, str]) -> dict[str, date]:
    """Release -> day, of texts such as 2017-07-19; those of `RELEASED` where nothing else is given.

    Raises:
        ValueError: a text is no day.
    """
    return {**RELEASED, **{release: date.fromisoformat(day) for release, day in given.items()}}


def sentences(running: Mapping[str, Version], dates: Dates, today: date) -> list[str]:
    """How long what runs is supported, each release once: appliance -> what it runs. Empty where nothing is known to run."""
    if not running:
        return []
    found = [_release(release, _named(running, release), dates, today) for release in _in_order(running)]
    return [_retirement(today), *filter(None, found)]


def days_left(release: Version, dates: Dates, today: date) -> int | None:
    """For how many days it is supported, less than 0 after that; None where the day of its end is not known.

    The service's own end is one in any case: a day that is not known may be earlier.
    """
    end = next(_ends([known for known in KNOWN if key(known) > key(release)], dates), None)
    if end is None:
        return (RETIRED - today).days if today > RETIRED else None
    return (min(end.day, RETIRED) - today).days


def next_end(running: Iterable[Version], dates: Dates, today: date) -> date | None:
    """The first day to come on which support of one of these releases ends; None where none is known."""
    later = {release: [known for known in KNOWN if key(known) > key(release)] for release in set(running)}
    ends = (next(_ends(releases, dates), None) for releases in later.values())
    return min((end.day for end in ends if end is not None and end.day >= today), default=None)


def _in_order(running: Mapping[str, Version]) -> list[Version]:
    return sorted(set(running.values()), key=key)


def _named(running: Mapping[str, Version], release: Version) -> str:
    hosts = [host for host, version in running.items() if version == release]
    more = [f"{len(hosts) - MOST} more"] if len(hosts) > MOST else []
    return ", ".join([*hosts[:MOST], *more])


def _retirement(today: date) -> str:
    if today > RETIRED:
        return (
            f"Microsoft ended the service on {RETIRED}, {_days(today - RETIRED)} ago: no release is supported any more."
        )
    return f"Microsoft ends the service on {RETIRED}, in {_days(RETIRED - today)}."


@dataclass(frozen=True)
class _End:
    """The day on which support ends. `by`: the release that ended it; `latest`: another one before it may have."""

    day: date
    by: Version
    latest: bool


def _release(release: Version, hosts: str, dates: Dates, today: date) -> str | None:
    """The sentence about one release; None where there is nothing to say beside that the service is gone."""
    later = [known for known in KNOWN if key(known) > key(release)]
    end = next(_ends(later, dates), None)
    if end is not None:
        when = f"{end.day}, {_days(abs(today - end.day))} {'ago' if today > end.day else 'from now'}"
        verb = "ended" if today > end.day else "ends"
        limit = "at the latest " if end.latest else ""
        return f"Support of {release} ({hosts}) {verb} {limit}on {when}: 60 days after {end.by} came."
    if today > RETIRED:
        return None
    if not later:
        return f"{release} ({hosts}) is the newest release that is known."
    return (
        f"How long {release} ({hosts}) is supported is not known: 60 days from the day on which {later[0]} came; write that day "
        "into cloud_connector_release_dates."
    )


def _ends(later: list[Version], dates: Dates) -> Iterator[_End]:
    """By the next release, or by the first one after it whose day is known."""
    for place, release in enumerate(later):
        if release in dates:
            yield _End(dates[release] + SUPPORTED, release, latest=place > 0)


def _days(span: timedelta) -> str:
    return "1 day" if span.days == 1 else f"{span.days} days"
