# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waits for the end of the product's own update, beside which no work begins.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..cce import health
from ..cce.appliance import Appliance
from ..cce.exceptions import ConnectionLost, NoAnswer
from .host import Host

S = TypeVar("S", bound=Appliance)

TENANT_SECONDS = 300.0
"""Between two logons while an update is waited for of which only the tenant tells: sessions are few, updates take hours."""


@dataclass(frozen=True)
class UpdateWait(Generic[S]):
    """One wait. An update may take hours, restarts the host, and goes on though it was switched off meanwhile.

    Attributes:
        poll: seconds between two looks.
        limit: seconds after which it is not waited for any more.
        ask_tenant: the state with the tenant's records, read now.
        read_anew: the state read now, without them.
    """

    host: Host
    poll: float
    limit: float
    ask_tenant: Callable[[S], S]
    read_anew: Callable[[], S]

    def over(self, state: S) -> S:
        """The state with the tenant's records, when the product does not update itself, or not any more, or the wait is over.

        While it lasts the file it leaves in the site directory tells; the tenant is asked now and then.
        """
        clock = self.host.clock
        until = clock.monotonic() + self.limit
        has_records = state.module_present is not False
        if has_records:
            state = self.ask_tenant(state)
        asked, told = clock.monotonic(), ""
        check = health.update_under_way(state)
        while check.status == health.FAIL and clock.monotonic() < until:
            if check.evidence != told:
                told = check.evidence
                self.host.tell(f"waits for the end of an automatic update: {told}")
            self.host.pause(self.poll)
            has_records = False
            try:
                state = self.read_anew()
                found = health.update_under_way(state)
                if found.status == health.FAIL:
                    check = found
                elif clock.monotonic() - asked >= TENANT_SECONDS:
                    state, asked = self.ask_tenant(state), clock.monotonic()
                    has_records, check = True, health.update_under_way(state)
            except (ConnectionLost, NoAnswer) as silence:
                self.host.tell(f"does not answer, which an update of Windows may cause: {silence}")
        return state if has_records or state.module_present is False else self.ask_tenant(state)
