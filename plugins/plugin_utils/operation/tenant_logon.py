# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logons to the tenant, tried again where as many sessions are open as Microsoft allows.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_SECONDS = 120.0
"""Between two tries: the product's own sessions last about that long, and each try is a logon, too."""

TRIES = 9
"""With the pauses more than a quarter of an hour: so long the tenant keeps a session that somebody left open (10)."""


def patiently(
    ask: Callable[[], T], is_full: Callable[[T], bool], tell: Callable[[str], None], pause: Callable[[float], None]
) -> T:
    """What `ask` gives, asked again after a pause as long as the sessions are full, a bounded number of times.

    Args:
        ask: logs on, and ends its session.
        is_full: whether the logon failed because no session was to be had.
        tell: shows a message.
        pause: waits so many seconds; connections do not survive it.
    """
    found = ask()
    for tried in range(1, TRIES):
        if not is_full(found):
            break
        tell(
            "as many sessions to the tenant are open as it allows; the logon is tried again in "
            f"{PAUSE_SECONDS:.0f} s ({tried} of {TRIES} tries)"
        )
        pause(PAUSE_SECONDS)
        found = ask()
    return found
