# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads several appliances at once, each over a connection of its own.

A decision to take an appliance out of service rests on readings that are at most a minute old: one appliance after the other,
a site would never be read in time.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from ansible.errors import AnsibleConnectionFailure

from ..bridge import exchange
from ..bridge.connections import refuse_unsafe
from ..bridge.exchange import Connection
from ..bridge.masking import Masker
from ..cce import steps
from ..cce.exceptions import ConnectionLost, NoAnswer, NotReadError, OptionError
from ..cce.site import Place, Unreadable
from ..cce.state import Survey
from .clock import Clock

T = TypeVar("T")

AT_ONCE = 16
"""Appliances that are read at the same time: as many as a site can have."""

CLOSE_SECONDS = 10.0
"""What the end of a session may take, after which nobody waits for it."""


@dataclass(frozen=True)
class SiteReader:
    """Reads appliances of the inventory.

    Attributes:
        connect: makes the connection to an appliance of that name; raises AnsibleConnectionFailure.
        timeout: seconds after which one of them is given up and counts as unreadable.
    """

    connect: Callable[[str], Connection]
    timeout: float
    masker: Masker
    clock: Clock

    def read(
        self,
        places: Sequence[Place],
        survey: Callable[[Place], Survey[T]],
        known: Mapping[str, Connection] | None = None,
    ) -> dict[str, T | Unreadable]:
        """Read the appliances at these places.

        Takes at most `timeout` seconds for each sixteen of them, and a few for ending the sessions.

        Args:
            places: where they are.
            survey: what to ask each.
            known: connections that are there already, by name.

        Returns:
            What was found of each, by name, in the order of `places`.
        """
        # Only the exchanges are for threads: making a connection resolves templates.
        connections = [(known or {}).get(place.name) or self._connection(place.name) for place in places]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(self._observe, places, connections, map(survey, places)))
        return {place.name: one for place, one in zip(places, found, strict=True)}

    def _connection(self, name: str) -> Connection | Unreadable:
        try:
            made = self.connect(name)
            refuse_unsafe(made)
        except AnsibleConnectionFailure as error:
            return Unreadable(self.masker.text(str(error)))
        except OptionError as error:
            return Unreadable(f"{error.what} {error.remedy}")
        return made

    def _observe(self, place: Place, connection: Connection | Unreadable, survey: Survey[T]) -> T | Unreadable:
        if isinstance(connection, Unreadable):
            return connection
        found: T | Unreadable
        try:
            request = steps.request(survey.steps)
            found = survey.parse(exchange.exchange(connection, request, self.timeout, self.masker, self.clock.now))
        except ConnectionLost as lost:
            return Unreadable(f"{place.name} cannot be reached: {lost}.")
        except NoAnswer as silence:
            found = Unreadable(f"{silence}.")
        except NotReadError as unread:
            found = Unreadable(str(unread))
        except Exception as error:  # one hostile answer must not hide the others
            found = Unreadable(self.masker.text(f"the answer of {place.name} is not as expected: {error!r}")[:300])
        exchange.hang_up(connection, CLOSE_SECONDS)
        return found
