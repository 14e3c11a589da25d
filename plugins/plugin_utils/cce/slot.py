# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site's one out-of-service slot: a file in the site directory that names the appliance (docs/how-it-works.md).

A claim is made by `New-Item` without `-Force` and ended by moving the file to a name that holds the claim's own token, without
`-Force` too. Both are atomic: a claim has one winner, and it is ended once, by whomever. So whoever ends a claim can never
hit a later one, and a process that dies leaves either the claim or none. What was moved away stays as a record for
a while: were it removed at once, a slow process that has found the claim unchanged could end a later one under the name of this
one. It is removed when a later claim is ended.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from . import health, site_file, steps
from .appliance import Appliance, Slot
from .exceptions import NotReadError
from .reading import Reading, Unknown, need
from .site import Site, Unreadable
from .steps import Step

NAME = "sfb.cloud_connector.slot"
STEPS = ("slot_unchanged", "slot_ended", "slot_claimed")
"""Where one of these steps stopped the list, another operation was faster."""

_PARTS = ("appliance", "computer", "operation", "since", "token")


def path(site_directory: str) -> str:
    """The file."""
    return site_file.path(site_directory, NAME)


def make(appliance: str, computer: str, operation: str, since: datetime, token: str) -> Slot:
    """A claim; `token` must be like no other: 32 hexadecimal digits in small letters."""
    moment = site_file.moment(since)
    parts = dict(zip(_PARTS, (appliance, computer, operation, moment, token), strict=True))
    return Slot(**parts, text=json.dumps(parts))


def parse(text: str) -> Slot:
    """The claim that a file's text is.

    Raises:
        NotReadError: it is none, or not written to its end yet.
    """
    try:
        found = json.loads(text)
        parts = {part: site_file.part(found[part]) for part in _PARTS}
        site_file.require_token(parts["token"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError(
            f"{NAME} in the site directory is not a claim of this collection: {text[:100]!r}. Where it stays so (a power cut may "
            "leave it empty), see that no appliance of the site is out of service, and delete that file"
        ) from error
    return Slot(**parts, text=text)


def is_own(appliance: Appliance) -> bool:
    """Whether the appliance itself holds the slot; not where either could not be read."""
    found = appliance.slot
    return isinstance(found, Slot) and found.computer.lower() == need(appliance.computer_name).lower()


def leftovers(own: Appliance) -> tuple[str, ...]:
    """The records of ended claims that may be removed as soon as the claim that `own` read is ended.

    All but the record of that claim itself. While there is no claim none may be: one of them may have been ended just now.
    """
    if not isinstance(own.slot, Slot) or isinstance(own.site_files, Unknown):
        return ()
    kept = f"{NAME}.{own.slot.token}"
    return tuple(name for name in own.site_files if name != kept and _is_record(name))


def _is_record(name: str) -> bool:
    return name.startswith(f"{NAME}.") and site_file.is_token(name.removeprefix(f"{NAME}."))


def claim_steps(site_directory: str, claim: Slot, found: Slot | None, records: Collection[str] = ()) -> list[Step]:
    """Claims the slot. `found` is the claim that may be ended for it: one's own of before, or one that is over.

    A claim of one's own is not used again: others may have seen it as one that is over. `records` are `leftovers`.
    """
    made = steps.claim("slot_claimed", path(site_directory), claim.text)
    return [made] if found is None else [*end_steps(site_directory, found, records), made]


def end_steps(site_directory: str, found: Slot, records: Collection[str] = ()) -> list[Step]:
    """Ends this very claim; the list stops where it has been ended already. `records` are `leftovers`."""
    file = path(site_directory)
    folder = file.removesuffix(NAME)
    removed = [steps.remove_files("slot_records", [folder + name for name in records])] if records else []
    return [
        steps.file_unchanged("slot_unchanged", file, [found.text]),
        steps.place_file("slot_ended", file, f"{file}.{found.token}"),
        *removed,
    ]


def may_be_released(appliance: Appliance) -> bool:
    """Whether the appliance holds the slot without need: it serves, and nothing of ours is about to change that.

    With scripts and VMs of different versions it has no high availability (T8): a second one like it would leave the site with
    nobody to count on, and no way on.
    """
    if not is_own(appliance) or appliance.jobs != ():
        return False
    return health.serves(appliance) is True and appliance.scripts == appliance.running


def problem(own: Appliance, site: Site) -> str | None:
    """Why `own` cannot have the slot of its site, as a clause or sentences; None where it is free, its own, or left over.

    Raises:
        NotReadError: who holds it could not be read.
    """
    found = need(own.slot)
    if apart := site.elsewhere(own):
        return (
            f"the site directory of {', '.join(apart)} is another folder, where its slot is not seen: correct "
            f"cloud_connector_site_directory, or where all see one folder, read the site again."
        )
    if found is None or is_own(own):
        return None
    reason = _why_not_over(found, site)
    return None if reason is None else held(found, site.name, own.site_directory, reason)


def held(found: Slot, site: str, site_directory: Reading[str], reason: str = "") -> str:
    """Who holds the slot and, as a clause given in `reason`, why it is not over; what to do where that will never end."""
    file = "that file in the site directory" if isinstance(site_directory, Unknown) else path(site_directory)
    return (
        f"the out-of-service slot of {site} is held by {found.appliance} since {found.since} ({found.operation})"
        f"{', and ' if reason else ''}{reason}. Where that host will never come back: see that it carries no calls, then "
        f"delete {file}."
    )


def _why_not_over(found: Slot, site: Site) -> str | None:
    """Why the holder may still be out of service; None where it was read healthy while this very claim stood.

    A survey reads the slot first, and our jobs next. So a holder with this claim and then without a job has ended what the claim
    was for, and all that was read after that is how it left it.
    """
    holder = _holder(found, site)
    if isinstance(holder, Unreadable):
        return holder.reason
    if not isinstance(holder.slot, Slot) or holder.slot.token != found.token:
        return "it was read before it took the slot"
    ill = health.blocking(health.carrying(holder))
    return f"it is not back in service ({ill[0].id}: {ill[0].evidence})" if ill else None


def _holder(found: Slot, site: Site) -> Appliance | Unreadable:
    for other in site.appliances.values():
        if isinstance(other, Appliance) and str(other.computer_name).lower() == found.computer.lower():
            return other
    named = site.appliances.get(found.appliance)
    if isinstance(named, Unreadable):
        return Unreadable(f"it could not be read: {named.reason}")
    return Unreadable("it is none of the appliances that were read")
