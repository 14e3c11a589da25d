# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The turn of an appliance in a rolling play: what begins and ends it has to know, whatever is done in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from .versions import Version


@dataclass(frozen=True)
class Expected:
    """An appliance and the version it has to run when its site is validated."""

    name: str
    version: Version


@dataclass(frozen=True)
class Turn:
    """One appliance in a rolling play. Without `upgrade` it stands for its site, which is validated only.

    Attributes:
        upgrade: whether the appliance is worked on.
        first_site: whether it is of the first site of a run with several sites, which is done before any other is begun.
        resumes: whether its work was begun before.
        asks_for_window: whether the window of its site has to be open for as long as it may take; not where its switch is done.
        expected: how many seconds it may take.
        number: its place, from 1; `row`: that of its row; `row_begins`: the number of the first turn of the row.
        row_appliances: all of its row, which is one batch of the play.
        watched: whether the site is watched for a while after it, since it is the first one of the run and others are to be
            upgraded.
        keeps_way_back: whether the window needs room for a way back, too.
        window_consent: `by` and `reason`, where a named person has it begun outside of windows and in spite of freezes.
        compares: whether the validation compares each appliance of the site with its snapshot of before.
        puts_back: whether automatic update of the site is put back after its validation.
    """

    name: str
    site: str
    upgrade: bool
    last_of_site: bool
    site_appliances: tuple[Expected, ...]
    announcement: str
    first_site: bool = False
    resumes: bool = False
    asks_for_window: bool = True
    expected: float = 0.0
    number: int = 0
    row: int = 0
    row_begins: int = 0
    row_appliances: tuple[str, ...] = ()
    first_of_site: bool = True
    watched: bool = False
    keeps_way_back: bool = True
    window_consent: Mapping[str, str] | None = None
    compares: bool = True
    puts_back: bool = True

    @property
    def mixed(self) -> bool:
        """Whether the run leaves the site with two versions, because its limit leaves appliances out."""
        return len({expected.version for expected in self.site_appliances}) > 1

    def to_dict(self) -> dict[str, Any]:
        """The turn as the variable `cloud_connector_entry` of a play: lists and dictionaries, and `mixed`."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {**plain, "mixed": self.mixed}


T = TypeVar("T", bound=Turn)


def one_by_one(turns: Sequence[T]) -> list[T]:
    """The turns numbered in their order, each a row of its own."""
    return [
        replace(
            turn,
            number=number,
            row=number,
            row_begins=number,
            row_appliances=(turn.name,),
            announcement=f"{number} of {len(turns)}: {turn.announcement}",
        )
        for number, turn in enumerate(turns, 1)
    ]
