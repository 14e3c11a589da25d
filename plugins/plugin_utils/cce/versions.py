# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions of the product, their order, and which of them can be upgraded to (cloud-connector.md 5.1, 5.2).

A `Version` is a text without needless zeros, such as 2.0.1, as JSON holds it too. It is made by `parse` only: nothing behind the
options of a module and the parsing of an answer sees the text that a person or the product wrote.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NewType

Version = NewType("Version", str)
"""A version without needless zeros."""

_PATTERN = re.compile(r"\d{1,9}(?:\.\d{1,9}){1,3}", re.ASCII)
_IN_TEXT = re.compile(rf"(?<![\d.])({_PATTERN.pattern})(?!\d|\.\d)", re.ASCII)

KNOWN: tuple[Version, ...] = tuple(Version(text) for text in ("1.4.1", "1.4.2", "2.0", "2.0.1", "2.1"))
"""The releases that have what this collection needs to know about them, in order; there was none after 2.1."""

TARGETS: tuple[Version, ...] = KNOWN[2:]
"""`Get-CcVersion -VersionType` and `Start-CcDownload -DownloadBitsOnly` came with 2.0."""


def parse(text: str) -> Version:
    """The version that `text` names: 2.1.0 is 2.1.

    Raises:
        ValueError: it is not two to four numbers with dots.
    """
    numbers = list(key(text))
    while len(numbers) < 2:
        numbers.append(0)
    return Version(".".join(str(number) for number in numbers))


@lru_cache(maxsize=256)
def key(version: str) -> tuple[int, ...]:
    """What versions are sorted by: 2.1 is later than 2.0.1.

    Raises:
        ValueError: it is not two to four numbers with dots.
    """
    if not _PATTERN.fullmatch(version.strip()):
        raise ValueError(f"{version!r} is not a version: write two to four numbers with dots, such as 2.1")
    numbers = [int(number) for number in version.strip().split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def find_all(text: str) -> tuple[Version, ...]:
    """The different versions named in `text`, in order of appearance."""
    return tuple(dict.fromkeys(parse(match) for match in _IN_TEXT.findall(text)))


def find(text: str) -> Version | None:
    """The one version named in `text`, or None where there is none or more than one.

    What the version cmdlets print is not documented, so it is searched and not split (cloud-connector.md 9.1 no. 9).
    """
    found = find_all(text)
    return found[0] if len(found) == 1 else None


def spelling(text: str, version: Version) -> str | None:
    """How `text` spells the version, such as 2.0.0 for 2.0; None where it does not name it."""
    return next((found for found in _IN_TEXT.findall(text) if parse(found) == version), None)


def is_upgrade(old: Version, new: Version) -> bool:
    """Whether `new` is later than `old`."""
    return key(new) > key(old)


def is_early(scripts: Version) -> bool:
    """Whether scripts of that version lack what came with 2.0: `Get-CcVersion -VersionType` and the account types of today."""
    return is_upgrade(scripts, TARGETS[0])


def parse_target(text: str) -> Version:
    """The release to upgrade to.

    Raises:
        ValueError: no release of that name can be upgraded to; the text says which can.
    """
    target = parse(text)
    if target not in TARGETS:
        raise ValueError(f"{text} is not a release this collection upgrades to: write one of {', '.join(TARGETS)}")
    return target


def path_problem(running: Version, target: Version) -> str | None:
    """Why `running` cannot be upgraded to `target`, as a sentence; None where it can or is the same."""
    if is_upgrade(target, running):
        return f"It runs {running}, which is later than {target}: an upgrade never goes back."
    if running not in KNOWN:
        return f"It runs {running}, which is none of the known releases ({', '.join(KNOWN)})."
    return None
