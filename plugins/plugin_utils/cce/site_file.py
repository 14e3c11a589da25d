# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What our files of the site directory (slot, lease, hold, suspension) have in common: where they are, and how their parts and
times are written. Whoever has access to the share may have written them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

MOST_CHARACTERS = 200
"""Of each part."""

TOKEN = re.compile(r"[0-9a-f]{32}")
"""Tells one claim from every other, and becomes part of a file name."""
_MOMENT = "%Y-%m-%d %H:%M:%S UTC"


def path(site_directory: str, name: str) -> str:
    """The file of that name."""
    return site_directory.rstrip("\\") + "\\" + name


def part(value: Any) -> str:
    """A part of a file: it is shown to people. Raises ValueError where it is not a short text on one line."""
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS or not value.isprintable():
        raise ValueError("a part is not a short text")
    return value


def require_token(value: str) -> None:
    """A token becomes part of a file name: 32 hexadecimal digits in small letters. Raises ValueError."""
    if not is_token(value):
        raise ValueError("the token is none")


def is_token(value: str) -> bool:
    """Whether it is a token."""
    return TOKEN.fullmatch(value) is not None


def moment(when: datetime) -> str:
    """How a time is written."""
    return when.astimezone(UTC).strftime(_MOMENT)


def parse_moment(text: str) -> datetime:
    """The time that `moment` wrote. Raises ValueError where it is written otherwise."""
    return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
