# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site's one out-of-service slot: a file in the site directory that names the appliance (docs/how-it-works.md).

A claim is made by `New-Item` without `-Force` and ended by moving the file to a name that holds the claim's own token, without
`-Force` too. Both are atomic: a claim has one winner, and it is ended once, by whomever. So whoever ends a claim can never
hit a later one, and a process that dies leaves either the claim or none. What was moved away stays as a record: were it
removed, a slow process could end a later claim under the name of this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from . import health, steps
from .appliance import Appliance, Slot
from .reading import NotReadError, Unknown, need
from .steps import Step

NAME = "sfb.cloud_connector.slot"
STEPS = ("slot_unchanged", "slot_ended", "slot_claimed")
"""Where one of these steps stopped the list, another operation was faster."""

_PARTS = ("appliance", "computer", "operation", "since", "token")


def path(site_directory: str) -> str:
    """The file."""
    return site_directory.rstrip("\\") + "\\" + NAME


def make(appliance: str, computer: str, operation: str, since: datetime, token: str) -> Slot:
    """A claim; `token` must be like no other, and may be part of a file name."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    parts = dict(zip(_PARTS, (appliance, computer, operation, moment, token), strict=True))
    return Slot(**parts, text=json.dumps(parts))


def parse(text: str) -> Slot:
    """The claim that a file's text is.

    Raises:
        NotReadError: it is none, or not written to its end yet.
    """
    try:
        found = json.loads(text)
        return Slot(**{part: str(found[part]) for part in _PARTS}, text=text)
    except (KeyError, TypeError, ValueError) as error:
        raise NotReadError(
            f"{NAME} in the site directory is not a claim of this collection: {text[:100]!r}. Where it stays so (a power cut may "
            "leave it empty), see that no appliance of the site is out of service, and delete that file"
        ) from error


def is_own(appliance: Appliance) -> bool:
    """Whether the appliance itself holds the slot; not where either could not be read."""
    found = appliance.slot
    return isinstance(found, Slot) and found.computer.lower() == need(appliance.computer_name).lower()


def claim_steps(site_directory: str, claim: Slot, found: Slot | None) -> list[Step]:
    """Claims the slot. `found` is the claim that may be ended for it: one's own of before, or one that is over.

    A claim of one's own is not used again: others may have seen it as one that is over.
    """
    made = steps.claim("slot_claimed", path(site_directory), claim.text)
    return [made] if found is None else [*end_steps(site_directory, found), made]


def end_steps(site_directory: str, found: Slot) -> list[Step]:
    """Ends this very claim; the list stops where it has been ended already."""
    file = path(site_directory)
    return [
        steps.file_unchanged("slot_unchanged", file, [found.text]),
        steps.end_claim("slot_ended", file, f"{file}.{found.token}"),
    ]


def may_be_released(appliance: Appliance) -> bool:
    """Whether the appliance holds the slot without need: it serves, and nothing of ours is about to change that.

    With scripts and VMs of different versions it has no high availability (T8): a second one like it would leave the site with
    nobody to count on, and no way on.
    """
    if not is_own(appliance) or appliance.jobs != ():
        return False
    return health.serves(appliance) is True and appliance.scripts == appliance.running


def problem(appliance: Appliance, site: Mapping[str, Any]) -> str | None:
    """Why `appliance` cannot have the slot, from the option `site`; None where it is free, its own, or left over.

    Raises:
        NotReadError: who holds it could not be read.
    """
    found = need(appliance.slot)
    if found is None or is_own(appliance):
        return None
    reason = _why_not_over(found, site)
    return None if reason is None else f"{held(found, site['name'])}, and {reason}."


def held(found: Slot, site: str) -> str:
    """Who holds it, as the beginning of a sentence."""
    return f"the out-of-service slot of {site} is held by {found.appliance} since {found.since} ({found.operation})"


def _why_not_over(found: Slot, site: Mapping[str, Any]) -> str | None:
    """Why the holder may still be out of service; None where it was read healthy while this very claim stood.

    A survey reads the slot first. So a holder with this claim and then without a job has ended what the claim was for, and
    what was read of its services after that is how it left them.
    """
    holder = _state_of(found, site)
    if isinstance(holder, Unknown):
        return holder.reason
    if not isinstance(holder.slot, Slot) or holder.slot.token != found.token:
        return "it was read before it took the slot"
    ill = health.blocking(health.own_health(holder))
    return f"it is not back in service ({ill[0].id}: {ill[0].evidence})" if ill else None


def _state_of(found: Slot, site: Mapping[str, Any]) -> Appliance | Unknown:
    for state in site["states"]:
        if "unreadable" in state:
            if state["name"] == found.appliance:
                return Unknown(f"it could not be read: {state['unreadable']}")
            continue
        appliance = _decoded(state)
        if str(appliance.computer_name).lower() == found.computer.lower():
            return appliance
    return Unknown("of it nothing was given to this task")


def _decoded(state: Mapping[str, Any]) -> Appliance:
    try:
        return Appliance.from_dict(state)
    except ValueError as error:
        return Appliance.unread(str(error))
