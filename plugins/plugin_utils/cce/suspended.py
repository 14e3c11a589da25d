# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is written down in the site directory while automatic update of the site is suspended (docs/how-it-works.md).

Only a setting that was on is ever written down, before it is changed and once: who finds the file leaves it as it is, however
often a run is cut off. It goes when the setting is back, last of all. So at each moment either nothing was changed, or
the file says what is to be put back.
"""

from __future__ import annotations

import json
from datetime import datetime

from . import site_file, steps
from .appliance import Suspension
from .exceptions import NotReadError
from .steps import Step

NAME = "sfb.cloud_connector.suspended"
"""The file of the site directory."""

STEPS = ("suspended_written", "suspended_placed", "suspended_there", "suspended_unchanged", "suspended_gone")
"""Where one of these steps stopped the list, another run was at work on the file."""

_PARTS = ("site", "since", "by")


def path(site_directory: str) -> str:
    """The file."""
    return site_file.path(site_directory, NAME)


def make(site: str, since: datetime, by: str) -> Suspension:
    """What is written down of a PSTN site whose automatic update is on; `by` names the run."""
    moment = site_file.moment(since)
    parts = dict(zip(_PARTS, (site, moment, by), strict=True))
    return Suspension(**parts, text=json.dumps({**parts, "auto_update": True}))


def parse(text: str) -> Suspension:
    """What the text of the file says.

    Raises:
        NotReadError: it is none of ours.
    """
    try:
        found = json.loads(text)
        parts = {part: site_file.part(found[part]) for part in _PARTS}
        if found["auto_update"] is not True:
            raise ValueError("it does not say that automatic update was on")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError(
            f"{NAME} in the site directory is not what this collection writes down: {text[:100]!r}. See in the tenant what "
            "EnableAutoUpdate of the site is and what it has to be, set it, and delete that file"
        ) from error
    return Suspension(**parts, text=text)


def require_site(found: Suspension, site: str) -> None:
    """Raises NotReadError where it is that of another PSTN site."""
    if found.site.lower() != site.lower():
        raise NotReadError(f"{NAME} in the site directory is of the site {found.site!r}, not of {site!r}")


def write_steps(site_directory: str, made: Suspension) -> list[Step]:
    """Complete at once and never over another one; nothing after these steps runs unless it is there as it was made."""
    file = path(site_directory)
    return [
        steps.write_file("suspended_written", f"{file}.new", made.text),
        steps.place_file("suspended_placed", f"{file}.new", file),
        steps.file_unchanged("suspended_there", file, [made.text]),
    ]


def unchanged(site_directory: str, found: Suspension) -> Step:
    """A fence: stops the list where the file is not the one that was read."""
    return steps.file_unchanged("suspended_unchanged", path(site_directory), [found.text])


def remove_steps(site_directory: str) -> list[Step]:
    """Removes it, and what a run left that died while it wrote; an error where it is still there then."""
    file = path(site_directory)
    return [
        steps.remove_files("suspended_removed", [file, f"{file}.new"]),
        steps.file_gone("suspended_gone", file),
    ]


def clause(found: Suspension) -> str:
    """What it says."""
    return f"automatic update of {found.site} is suspended since {found.since} (by {found.by}), and was on before"
