# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waivers: somebody answers for going on although a check says otherwise, until a day.

Few checks may be waived: those that are about what a person may know better than a reading. What is about calls, capacity or
identity never may, nor what could not be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from . import health
from .health import Check

WAIVABLE: Mapping[str, str] = {
    "disk": "what a second set of VMs needs is not documented",
    "memory": "what a second set of VMs needs is not documented",
    "strong_crypto": "an MSI and bits from a share need none",
    "pending_restart": "an installer may be known to need none, and no call hangs on it before the switch",
    "trusted_hosts": "that it is needed is inferred, and what it is for is read as well",
}
"""The checks that may be waived, and why each of them may."""


@dataclass(frozen=True)
class Waiver:
    """`expires`: a day, which counts as a whole (UTC), or a time with its zone. It covers one appliance, or one site."""

    check: str
    owner: str
    reason: str
    expires: str
    appliance: str | None = None
    site: str | None = None

    def covers(self, host: str, site: str) -> bool:
        """Whether it is about that appliance of that site."""
        return self.appliance == host if self.appliance is not None else self.site == site

    def is_over(self, now: datetime) -> bool:
        """Whether it has ended at `now` (aware)."""
        return now >= self.end

    @property
    def end(self) -> datetime:
        """The first moment at which it no longer holds. Raises ValueError where `expires` is no time."""
        found = datetime.fromisoformat(self.expires)
        if len(self.expires) <= len("2026-12-20"):
            return found.replace(tzinfo=UTC) + timedelta(days=1)
        if found.tzinfo is None:
            raise ValueError("it has no zone")
        return found

    @property
    def place(self) -> str:
        return self.appliance if self.appliance is not None else f"site {self.site}"

    def __str__(self) -> str:
        return f"waived until {self.expires} by {self.owner}: {self.reason}"


def parse(given: Iterable[Mapping[str, Any]]) -> tuple[Waiver, ...]:
    """The waivers of `cloud_connector_waivers`, as the schema has them."""
    return tuple(Waiver(**{name: str(value) for name, value in one.items() if value is not None}) for one in given)


def problems(given: Iterable[Mapping[str, Any]], site_of: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with waivers that have the form of the schema: clauses. `site_of`: appliance -> its site."""
    known = {rule.id for rule in (*health.HEALTH, *health.GATES, *health.SWITCH)}
    for waiver in parse(given):
        yield from (
            f"the waiver of {waiver.check} for {waiver.place} {problem}" for problem in _wrong(waiver, known, site_of)
        )


def _wrong(waiver: Waiver, known: Collection[str], site_of: Mapping[str, str]) -> Iterator[str]:
    if waiver.check not in known:
        yield "names no check"
    elif waiver.check not in WAIVABLE:
        yield f"is of no use, since that check is never waived: only {', '.join(WAIVABLE)} may be"
    if (waiver.appliance is None) == (waiver.site is None):
        yield "must name an appliance or a site, and not both"
    elif waiver.appliance is not None and waiver.appliance not in site_of:
        yield "names no appliance of the inventory"
    elif waiver.site is not None and waiver.site not in site_of.values():
        yield "names no site of the inventory"
    if not is_moment(waiver):
        yield f"expires at {waiver.expires!r}: write a day such as '2026-03-31', or a time with its zone"


def is_moment(waiver: Waiver) -> bool:
    """Whether it is known when it ends."""
    try:
        return bool(waiver.end)
    except ValueError:
        return False


def of(waivers: Iterable[Waiver], host: str, site: str) -> tuple[Waiver, ...]:
    """Those about one appliance."""
    return tuple(waiver for waiver in waivers if waiver.covers(host, site))


def applied(checks: Sequence[Check], waivers: Sequence[Waiver], now: datetime) -> list[Check]:
    """The checks as they are with the waivers of their appliance at `now` (aware): one that is waived neither stops nor asks."""
    if not waivers:
        return list(checks)
    holding = {waiver.check: waiver for waiver in waivers if not waiver.is_over(now)}
    return [_waived(check, holding[check.id]) if _may_be(check) and check.id in holding else check for check in checks]


def _may_be(check: Check) -> bool:
    """Not where it could not be read: nobody knows what would be waived."""
    return check.id in WAIVABLE and check.status in (health.FAIL, health.MANUAL)


def _waived(check: Check, waiver: Waiver) -> Check:
    return check._replace(status=health.WAIVED, evidence=f"{check.evidence}; {waiver}", failure=None)


def unused(
    waivers: Iterable[Waiver], needed: Collection[Waiver], hosts: Mapping[str, str], now: datetime
) -> Iterator[str]:
    """Sentences about waivers that have ended, or that nothing needs: among those of the appliances `hosts` (host -> site)."""
    for waiver in waivers:
        if not any(waiver.covers(host, site) for host, site in hosts.items()):
            continue
        if waiver.is_over(now):
            yield f"{_named(waiver)} has ended ({waiver.expires}, {waiver.owner}): it counts no more."
        elif waiver not in needed:
            yield f"{_named(waiver)} ({waiver.owner}) is not needed: take it out."


def _named(waiver: Waiver) -> str:
    return f"The waiver of {waiver.check} for {waiver.place}"
