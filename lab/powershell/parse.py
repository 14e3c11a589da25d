"""Versions, GUIDs and URIs from text, as .NET reads them. Each raises `ValueError` for a text it does not take."""

from __future__ import annotations

import re
from uuid import UUID

from lab.powershell.objects import Uri, Version

_HYPHENATED = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_GUID = re.compile(rf"[0-9a-f]{{32}}|{_HYPHENATED}|\{{{_HYPHENATED}\}}|\({_HYPHENATED}\)", re.IGNORECASE)
_ABSOLUTE = re.compile(r"(?P<start>[a-z][a-z0-9+.-]*://[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


def parse_version(text: str) -> Version:
    """Two to four numbers with points."""
    parts = text.split(".")
    if not 2 <= len(parts) <= 4:
        raise ValueError("Version string portion was too short or too long. (Parameter 'input')")
    if not all(re.fullmatch(r"\s*\+?\d+\s*", part, re.ASCII) and int(part) < 2**31 for part in parts):
        raise ValueError(f"The input string '{text}' was not in a correct format.")
    return Version(tuple(int(part) for part in parts))


def parse_guid(text: str) -> UUID:
    """32 hexadecimal digits, with hyphens or without, in braces, in parentheses or bare."""
    if not _GUID.fullmatch(text.strip()):
        raise ValueError("Unrecognized Guid format.")
    return UUID(text.strip().strip("{}()"))


def parse_uri(text: str) -> Uri:
    """Any text; scheme and host of an absolute URI are shown in lower case, and it has a path."""
    found = _ABSOLUTE.fullmatch(text.strip())
    if not found:
        return Uri(text)
    path = found["rest"] if found["rest"].startswith("/") else f"/{found['rest']}"
    return Uri(found["start"].lower() + path)
