# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where an appliance is, and the option `site`: where all those of its site are, and what its owner declared.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cce import lease, waivers
from ..cce.exceptions import OptionError
from ..cce.lease import TakeOver
from ..cce.site import Consent, Place, Policy
from ..cce.waivers import Waiver
from .options import BY_NAME, Spec

PLACE: Spec = {
    "appliance_directory": {"type": "str", "required": True},
    "site_directory": {"type": "str", "required": True},
    "vms": {
        "type": "dict",
        "options": {
            "cms": {"type": "str", "required": True},
            "mediation": {"type": "str", "required": True},
            "edge": {"type": "str", "required": True},
            "ad": {"type": "str"},
        },
    },
}
"""Where one appliance is."""

PLACES: Spec = {
    "appliances": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            **PLACE,
        },
    },
}
"""Where the appliances of a site are: of each the options that every module takes for its own."""

SITE: Spec = {
    "site": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            **PLACES,
            "peak_calls": {"type": "int", "required": True},
            "outage_consent": {
                "type": "dict",
                "options": {
                    "until": {"type": "str", "required": True},
                    "emergency_calls": {"type": "str", "required": True},
                    "reason": {"type": "str", "required": True},
                },
            },
            "waivers": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "check": {"type": "str", "required": True},
                    "owner": {"type": "str", "required": True},
                    "reason": {"type": "str", "required": True},
                    "expires": {"type": "str", "required": True},
                    "appliance": {"type": "str"},
                    "site": {"type": "str"},
                },
            },
            "lease_seconds": {"type": "int"},
            "take_over": {"type": "dict", "options": BY_NAME},
        },
    },
}
"""The site of the appliance (doc fragment `site`): who carries the calls, and may one more appliance leave."""

REQUIRED_SITE: Spec = {"site": {**SITE["site"], "required": True}}
"""For the operations that may take an appliance out of service."""


@dataclass(frozen=True)
class SiteOption:
    """The option `site`: where its appliances are, what its owner declared, and who may take its lease over from another run."""

    name: str
    places: tuple[Place, ...]
    policy: Policy
    waivers: tuple[Waiver, ...] = ()
    lease_seconds: float = lease.SECONDS
    take_over: TakeOver | None = None


def place(given: Mapping[str, Any], name: str) -> Place:
    """Where an appliance is, from the options every module has for it."""
    vms = {vm: address for vm, address in (given["vms"] or {}).items() if address}
    return Place(name, given["appliance_directory"], given["site_directory"], vms)


def site_option(given: Mapping[str, Any]) -> SiteOption:
    """The option `site`. Raises OptionError."""
    consent = given["outage_consent"]
    policy = Policy(given["peak_calls"], Consent(**consent) if consent else None)
    places = tuple(place(one, one["name"]) for one in given["appliances"])
    seconds = given["lease_seconds"] or lease.SECONDS
    if not 0 < seconds <= lease.MOST_SECONDS:
        raise OptionError(f"lease_seconds is {seconds}: write 1 to {lease.MOST_SECONDS}.")
    given_waivers = _waivers(given.get("waivers") or ())
    return SiteOption(given["name"], places, policy, given_waivers, seconds, _take_over(given["take_over"]))


def _waivers(given: Sequence[Mapping[str, Any]]) -> tuple[Waiver, ...]:
    found = waivers.parse(given)
    wrong = [waiver for waiver in found if not waivers.is_moment(waiver)]
    if wrong:
        raise OptionError(
            f"site: the waiver of {wrong[0].check} expires at {wrong[0].expires!r}.",
            "Write a day such as '2026-03-31', or a time with its zone.",
        )
    return found


def _take_over(given: Mapping[str, Any] | None) -> TakeOver | None:
    """Raises OptionError: nobody takes a site over without a name and a reason."""
    if given is None:
        return None
    if not (given["by"].strip() and given["reason"].strip()):
        raise OptionError("take_over must name who takes the site over from another run, and why.")
    return TakeOver(given["by"].strip(), given["reason"].strip())
