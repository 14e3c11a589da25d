# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hold of a site: a file in the site directory that says no appliance of it goes forward, because the site went back.

It is made by `New-Item` without `-Force`, so that the first one stands and is never written over, and ended by moving it to a
name that holds its own token, beside a record of who cleared it. While it stands `package`, `deployment` and `version` begin
nothing that leads to another release; each of them has a fence for it in the request that begins the work, so that a hold which
is made meanwhile stops that, too.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from . import site_file, steps, versions
from .appliance import Appliance, Hold
from .exceptions import NotReadError
from .reading import need
from .steps import Step
from .versions import Version

NAME = "sfb.cloud_connector.hold"

_PARTS = ("site", "by", "reason", "leaves", "goes_to", "since", "token")


def path(site_directory: str) -> str:
    """The file."""
    return site_file.path(site_directory, NAME)


def is_part(text: Any) -> bool:
    """Whether a text can be a part of a hold: short, on one line, and not empty."""
    try:
        return bool(site_file.part(text).strip())
    except ValueError:
        return False


def make(site: str, by: str, reason: str, leaves: Version, goes_to: Version, since: datetime, token: str) -> Hold:
    """A hold; `token` must be like no other: 32 hexadecimal digits in small letters."""
    values = (site, by, reason, leaves, goes_to, site_file.moment(since), token)
    parts: dict[str, Any] = dict(zip(_PARTS, values, strict=True))
    return Hold(**parts, text=json.dumps(parts))


def parse(text: str) -> Hold:
    """The hold that a file's text is.

    Raises:
        NotReadError: it is none, or not written to its end yet.
    """
    try:
        found = json.loads(text)
        parts = {part: found[part] for part in _PARTS}
        if not all(is_part(part) for part in parts.values()):
            raise ValueError("a part is not a short text")
        site_file.require_token(parts["token"])
        for name in ("leaves", "goes_to"):
            parts[name] = versions.parse(parts[name])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError(
            f"{NAME} in the site directory is not a hold of this collection: {text[:100]!r}. As long as it is there no appliance "
            "of the site goes forward. Where it stays so (a power cut may leave it empty), find out whether the site was rolled "
            "back, and why, before you delete that file"
        ) from error
    return Hold(**parts, text=text)


def place_steps(site_directory: str, made: Hold) -> list[Step]:
    """Makes the hold; the list stops where there is one."""
    return [steps.claim("hold_placed", path(site_directory), made.text)]


def clear_steps(site_directory: str, found: Hold, by: str, reason: str, now: datetime) -> list[Step]:
    """Ends this very hold, and leaves a record of it and of who cleared it; the list stops where it is not there any more."""
    file = path(site_directory)
    cleared = json.dumps({"by": by, "reason": reason, "at": site_file.moment(now), "hold": found.token})
    return [
        steps.file_unchanged("hold_unchanged", file, [found.text]),
        steps.write_file("hold_cleared", f"{file}.{found.token}.cleared", cleared),
        steps.place_file("hold_ended", file, f"{file}.{found.token}"),
    ]


def none_there(site_directory: str) -> list[Step]:
    """Fences: a hold that was made meanwhile stops the list."""
    return [steps.file_gone("no_hold", path(site_directory))]


def still_there(site_directory: str, found: Hold) -> list[Step]:
    """Fences: the list stops where this very hold was cleared meanwhile."""
    return [steps.file_unchanged("hold_stands", path(site_directory), [found.text])]


def fences(site_directory: str, found: Hold | None, *, forward: bool) -> list[Step]:
    """Forward nobody may have put the site on hold meanwhile; back nobody may have cleared the hold that was found."""
    if forward:
        return none_there(site_directory)
    return [] if found is None else still_there(site_directory, found)


def problem(appliance: Appliance) -> str | None:
    """Why no appliance of its site may go forward, a sentence; None where there is no hold.

    Raises:
        NotReadError: whether there is one could not be read.
    """
    found = need(appliance.hold)
    return None if found is None else f"{sentence(found)} No appliance of it goes forward until that is cleared."


def sentence(found: Hold) -> str:
    """Who made it, when, and why."""
    reason = found.reason.rstrip(".")
    return (
        f"The site {found.site} is on hold since {found.since}, by {found.by}: it goes back from {found.leaves} to "
        f"{found.goes_to} ({reason})."
    )
