# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The MSI of a release that lies on an appliance before its upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from . import paths, steps
from .answers import Answer, attempt
from .appliance import Appliance
from .reading import Reading, Unknown
from .state import Survey

_STEP = "staged_hash"
_PART = "staged_msi"
_FIELDS = tuple(field.name for field in fields(Appliance))


@dataclass(frozen=True)
class Staged(Appliance):
    """An appliance, and what lies where the MSI of one release is installed from."""

    staged: Reading[str | None]
    """Its SHA-256 in upper case; None: there is no such file."""

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """The appliance, and beside it what lies there."""
        own = {} if isinstance(self.staged, Unknown) else {"staged": self.staged}
        return {**Appliance(**_of(self)).parts(), _PART: own}

    def inherit(self, parts: Mapping[str, Mapping[str, Any]]) -> Self:
        """The state as operations before this one would have left it."""
        return super().inherit(parts).with_changes(**parts.get(_PART, {}))


def survey(base: Survey[Appliance], release: str) -> Survey[Staged]:
    """The survey of an appliance with the MSI of that release.

    The file is read first: what says who carries calls has to be read last, and hashing takes its time.
    """

    def parse(answer: Answer) -> Staged:
        return Staged(**_of(base.parse(answer)), staged=attempt(_hash, answer))

    return Survey([steps.hash_of(_STEP, paths.package(release)), *base.steps], parse)


def _of(appliance: Appliance) -> dict[str, Any]:
    return {name: getattr(appliance, name) for name in _FIELDS}


def _hash(answer: Answer) -> str | None:
    """Raises NotReadError."""
    return None if answer.result(_STEP).is_absent() else answer.text(_STEP, "Hash")
