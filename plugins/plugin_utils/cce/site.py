# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site: where its appliances are, what its owner declared, and what was read of each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from . import site_file
from .appliance import Appliance
from .reading import Unknown, need

MARKER = "sfb.cloud_connector.site"
"""The file of the site directory whose random text tells whether two appliances see the same folder."""

_UNC = re.compile(r"\\\\([^\\]+)\\[^\\]+")
_OWN_NAMES = re.compile(
    r"localhost(\..*)?|127(\.\d+)*|0*--1\.ipv6-literal\.net|\[?(0*:)+0*1\]?|0+(\.0+)*|[.?]", re.IGNORECASE
)
"""The names by which every computer means itself, and the two that begin a path of devices."""


def marker_path(site_directory: str) -> str:
    """The file."""
    return site_file.path(site_directory, MARKER)


def site_directory_problem(path: str, appliances: int) -> str | None:
    r"""Why the site directory cannot be that of a site of so many appliances, as a clause; None where it can.

    Each of several appliances would see a folder of its own, and have an out-of-service slot of its own there, where it is not a
    share (`\\server\share`) of one server: a drive, a device, or a share of "this computer".
    """
    if appliances < 2:
        return None
    share = _UNC.match(path.replace("/", "\\"))
    if share is not None and not _OWN_NAMES.fullmatch(share[1]):
        return None
    return (
        rf"{path} is another folder on each of the {appliances} appliances of the site: write a share of one server, "
        r"\\server\share, that all of them reach"
    )


@dataclass(frozen=True)
class Place:
    """Where an appliance of the inventory is.

    Attributes:
        name: its name in the inventory.
        appliance_directory: where its ini is edited.
        site_directory: the share of its site.
        vms: addresses of its `cms`, `mediation` and `edge` VMs; empty: they are not asked.
    """

    name: str
    appliance_directory: str
    site_directory: str
    vms: Mapping[str, str]


@dataclass(frozen=True)
class Consent:
    """Somebody accepts that a site without a spare is out of service. `until` is ISO 8601 with a time zone."""

    until: str
    emergency_calls: str
    reason: str

    def problem(self, now: datetime) -> str | None:
        """Why it does not hold at `now`."""
        try:
            until = datetime.fromisoformat(self.until)
        except ValueError:
            return f"the consent's until is {self.until!r}: write a time such as 2026-01-31T04:00:00+01:00"
        if until.tzinfo is None:
            return f"the consent's until is {self.until!r}: write its time zone, too"
        if until <= now:
            return f"the consent ended at {self.until}"
        if not (self.emergency_calls.strip() and self.reason.strip()):
            return "the consent must name where emergency calls go, and who consented and why"
        return None


@dataclass(frozen=True)
class Policy:
    """What the owner of a site declared: the most calls it has to carry at once, and consent to an outage if any."""

    peak_calls: int
    consent: Consent | None = None


@dataclass(frozen=True)
class Unreadable:
    """An appliance that could not be read, and why. It counts as one that carries nothing."""

    reason: str


Observation: TypeAlias = Appliance | Unreadable


def observation(state: Mapping[str, Any]) -> Observation:
    """What `observed` made of an observation; what is not understood is unreadable."""
    if "unreadable" in state:
        return Unreadable(str(state["unreadable"]))
    try:
        return Appliance.from_dict(state)
    except ValueError as error:
        return Unreadable(str(error))


def observed(name: str, found: Observation) -> dict[str, Any]:
    """An observation as JSON can carry it: the state of an appliance with its name, or `{name, unreadable}`."""
    return {"name": name, **({"unreadable": found.reason} if isinstance(found, Unreadable) else found.to_dict())}


@dataclass(frozen=True)
class Site:
    """A site as it was read, its appliances in the order of the inventory; each observation has an age of its own."""

    name: str
    policy: Policy
    appliances: Mapping[str, Observation]

    def with_observations(self, found: Mapping[str, Observation]) -> Site:
        """The same site with newer observations."""
        return replace(self, appliances={**self.appliances, **found})

    def stale(self, now: datetime, seconds: float) -> dict[str, float]:
        """The appliances whose observation is older, with its age in seconds. What could not be read does not age."""
        ages = {
            name: (now - found.read_at).total_seconds()
            for name, found in self.appliances.items()
            if isinstance(found, Appliance)
        }
        return {name: age for name, age in ages.items() if not -seconds <= age <= seconds}

    def elsewhere(self, own: Appliance) -> list[str]:
        """The other appliances whose site directory is known to be another folder than that of `own`: its marker differs.

        Raises:
            NotReadError: the marker of `own` could not be read.
        """
        marker = need(own.site_marker)
        others = {
            name: other.site_marker
            for name, other in self.appliances.items()
            if isinstance(other, Appliance) and other.computer_name != own.computer_name
        }
        return [name for name, other in others.items() if not isinstance(other, Unknown) and other != marker]

    def twins(self) -> list[tuple[str, str]]:
        """Pairs of names behind which the same computer answered: an address in the inventory is wrong."""
        return list(_twins(self.appliances.items()))


def _twins(appliances: Iterable[tuple[str, Observation]]) -> Iterable[tuple[str, str]]:
    seen: dict[str, str] = {}
    for name, found in appliances:
        if isinstance(found, Appliance) and isinstance(found.computer_name, str):
            other = seen.setdefault(found.computer_name.lower(), name)
            if other != name:
                yield other, name
