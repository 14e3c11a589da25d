# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads all appliances of a site at once, each over a connection of its own.

A decision to take an appliance out of service rests on readings that are at most a minute old (`cce/capacity.py`), and one
reading may take half a minute: one after the other, a site of three would never be read in time.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from . import _bridge
from .cce import signs, steps
from .cce.state import parse_survey, survey_steps

AT_ONCE = 16
"""Appliances that are read at the same time: as many as a site can have."""

CLOSE_SECONDS = 10.0
"""What the end of a session may take, after which nobody waits for it."""

Place = Mapping[str, Any]
"""Where an appliance is: an element of `_operation.PLACES`."""


@dataclass(frozen=True)
class Reader:
    """Reads appliances. `timeout`: seconds after which one of them is given up."""

    connect: Callable[[str], _bridge.Connection]
    """Makes the connection to an appliance of that name; raises AnsibleConnectionFailure."""
    timeout: float
    clock: Callable[[], datetime]

    def read(self, places: Sequence[Place]) -> list[dict[str, Any]]:
        """The states in this order; of an appliance that could not be read `{name, unreadable}`.

        Takes at most `timeout` seconds for each sixteen of them, and a few for ending the sessions.
        """
        # Only the exchanges are for threads: making a connection resolves templates.
        connections = [self._connection(place["name"]) for place in places]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._state, places, connections))

    def _connection(self, name: str) -> _bridge.Connection | str:
        """A text says why there is none."""
        try:
            return self.connect(name)
        except AnsibleConnectionFailure as error:
            return str(error)

    def _state(self, place: Place, connection: _bridge.Connection | str) -> dict[str, Any]:
        name = place["name"]
        if isinstance(connection, str):
            return unreadable(name, connection)
        # What is read is at least as new as this.
        began = time.time()
        try:
            state = self._survey(place, connection)
        except _bridge.ConnectionLost as lost:
            return unreadable(name, f"{name} cannot be reached: {lost}.")
        except _bridge.NoAnswer as silence:
            return unreadable(name, f"{silence}.")
        _bridge.hang_up(connection, CLOSE_SECONDS)
        return {"name": name, "read_at": began, **state}

    def _survey(self, place: Place, connection: _bridge.Connection) -> dict[str, Any]:
        asked = survey_steps(place["appliance_directory"], place["site_directory"], place["vms"] or {})
        before = self.clock()
        answer = _bridge.exchange(connection, steps.request(asked), self.timeout)
        state = parse_survey(answer.raw)
        return state.with_changes(clock_skew=signs.skew(state.clock, before, self.clock())).to_dict()


def unreadable(name: str, reason: str) -> dict[str, Any]:
    """What stands for the state of an appliance that could not be read."""
    return {"name": name, "unreadable": reason}
