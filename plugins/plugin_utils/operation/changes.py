# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operation would do: check mode, diff and idempotence in one.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..cce.codec import encode


class Kind(enum.Enum):
    """What a change is, for decisions; its text is for people only."""

    WORK = "work"
    COLLECT = "collect a job that was begun before"
    RELEASE = "release the slot"
    RECORD = "put a record of ours away whose work is done"


@dataclass(frozen=True)
class Change:
    """One thing an operation would do.

    Attributes:
        what: what it does, for people; follows the words "asked to".
        before, after: fields as the diff shows them, mostly those of the state.
        becomes: the fields of the state after it, where they are not those of `after`.
        proof: what of a state shows that the work changed anything: the same before and after, it did not. Without it, it did.
    """

    what: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind = Kind.WORK
    becomes: Mapping[str, Any] | None = None
    proof: Callable[[Any], Any] | None = None

    def is_proven(self, before: Any, after: Any) -> bool:
        """Whether the work has changed anything, by the states before and after it."""
        return self.proof is None or self.proof(before) != self.proof(after)


def merged(changes: Sequence[Change]) -> dict[str, Any]:
    """What the fields are after the changes."""
    return {name: value for change in changes for name, value in change.after.items()}


def predicted(changes: Sequence[Change]) -> dict[str, Any]:
    """The fields of the state after the changes."""
    made = (change.after if change.becomes is None else change.becomes for change in changes)
    return {name: value for fields in made for name, value in fields.items()}


def merged_before(changes: Sequence[Change]) -> dict[str, Any]:
    """What those fields are before them."""
    return {name: value for change in reversed(changes) for name, value in change.before.items()}


def is_release(changes: Sequence[Change]) -> bool:
    """Whether all there is to do is to give the slot back."""
    return [change.kind for change in changes] == [Kind.RELEASE]


def diff(changes: Sequence[Change]) -> dict[str, Any]:
    """The changes as Ansible shows a difference."""
    return {"before": _as_lines(merged_before(changes)), "after": _as_lines(merged(changes))}


def _as_lines(values: Mapping[str, Any]) -> dict[str, Any]:
    """A text as its lines, or a changed line would be lost in one that is a page long."""
    return {
        name: value.splitlines() if isinstance(value, str) and "\n" in value else value
        for name, value in encode(values).items()
    }
