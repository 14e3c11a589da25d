# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A time in which an upgraded site is watched, before any other site is begun.

Each look is held against the first one, which came right after the validation of the site: health, the snapshot, calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from . import health, site_file, snapshot
from .appliance import Appliance
from .exceptions import NotReadError
from .reading import need
from .site import Observation, Unreadable
from .snapshot import Snapshot
from .versions import Version, key

FILE = "sfb.cloud_connector.soaked"
"""The file of the site directory that says which version the site was watched at."""

SILENT_LOOKS = 2
"""Looks in a row in which an appliance may not answer: a lost line is no fault of the site."""

ENOUGH_CALLS = 10
"""So many live calls on an appliance do not all end at once by chance; that none is left then is inferred to be a fault."""


def path(site_directory: str) -> str:
    """The file."""
    return site_file.path(site_directory, FILE)


def note(target: Version, begun: datetime, ended: datetime, run: str) -> str:
    """Its text: the site was watched from `begun` to `ended` (aware) at that version."""
    return json.dumps({"target": target, "begun": begun.isoformat(), "ended": ended.isoformat(), "run": run})


def parse(text: str) -> str:
    """The version that a note names.

    Raises:
        NotReadError: it is no note, half of one for instance.
    """
    try:
        target = json.loads(text)["target"]
        key(target)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError("the note of the time in which the site was watched is not as expected") from error
    return str(target)


@dataclass
class Watch:
    """What was seen of a site so far. `looks`: how often it was looked at."""

    looks: int = 0
    _before: dict[str, Snapshot] = field(default_factory=dict)
    _silent: dict[str, int] = field(default_factory=dict)
    _most: dict[str, int] = field(default_factory=dict)

    def faults(self, found: Mapping[str, Observation]) -> list[str]:
        """What is wrong by one more look at every appliance of the site; sentences without their full stop."""
        self.looks += 1
        return [fault for name, one in found.items() for fault in self._faults_of(name, one)]

    @property
    def silent(self) -> bool:
        """Whether one of them did not answer at the last look: nobody knows how it is then."""
        return any(self._silent.values())

    def _faults_of(self, name: str, found: Observation) -> Iterator[str]:
        if isinstance(found, Unreadable):
            self._silent[name] = self._silent.get(name, 0) + 1
            if self._silent[name] > SILENT_LOOKS:
                yield f"{name} could not be read {self._silent[name]} times in a row ({found.reason})"
            return
        self._silent[name] = 0
        stopping = health.blocking(health.asked(health.own_health(found)))
        if stopping:
            yield f"{name} is not well any more: {health.summary(stopping)}"
            return
        yield from self._changes(name, found)
        yield from self._lost_calls(name, found)

    def _changes(self, name: str, found: Appliance) -> Iterator[str]:
        if name not in self._before:
            self._before[name] = snapshot.take(found, Version(str(found.running)))
            return
        different = snapshot.stopping(snapshot.compare(self._before[name], found))
        if different:
            yield f"{name} is not as it was when it was validated: {'; '.join(map(str, different))}"

    def _lost_calls(self, name: str, found: Appliance) -> Iterator[str]:
        """The counters were read, or it would not be well."""
        calls = need(found.calls).total
        most = self._most[name] = max(self._most.get(name, 0), calls)
        if not calls and most >= ENOUGH_CALLS:
            yield f"{name} had {most} calls, and has none any more"
