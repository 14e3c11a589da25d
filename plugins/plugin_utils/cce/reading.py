# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A reading is a value or `Unknown`, which says why it could not be read. Nothing here guesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from .exceptions import NotReadError

T = TypeVar("T")


@dataclass(frozen=True)
class Unknown:
    """What could not be read, and why. It counts as bad wherever something is decided."""

    reason: str

    def __bool__(self) -> bool:
        """An unknown is neither true nor false: asking is a mistake of the program."""
        raise TypeError(f"unknown: {self.reason}")


Reading: TypeAlias = T | Unknown


def need(reading: T | Unknown) -> T:
    """The value.

    Raises:
        NotReadError: it could not be read.
    """
    if isinstance(reading, Unknown):
        raise NotReadError(reading.reason)
    return reading
