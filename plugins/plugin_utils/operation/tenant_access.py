# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task on an appliance knows of the tenant's records.

An appliance is read without them: a logon is slow, few may be open at once, and what is local needs none.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..cce import steps, tenant_records
from ..cce.appliance import Appliance
from ..cce.site import Place
from ..cce.state import tenant_survey
from ..cce.steps import Step
from ..cce.tenant_records import TenantRecords
from .host import Host
from .tenant_logon import patiently
from .tenant_session import run_in_tenant

S = TypeVar("S", bound=Appliance)


@dataclass
class TenantAccess(Generic[S]):
    """The tenant, as one task asks it through an appliance.

    Attributes:
        given: the records, where they were read before the task; then nobody logs on to read them.
        take: the state with what the module needs of them beside what every appliance has.
        is_predicted: whether what they say of the appliance is known already, from an operation before this one in check mode.
        records: what was read in this task; None: nothing, or it may not be true any more.
        read_after_act: whether they were read by the act itself, after its work.
    """

    host: Host
    place: Place
    given: TenantRecords | None
    take: Callable[[S, TenantRecords], S]
    is_predicted: Callable[[S], bool]
    records: TenantRecords | None = None
    read_after_act: bool = False

    def ask(self, state: S) -> S:
        """The state with what the records say of it, read in a session that ends with the request.

        Raises:
            ConnectionLost, NoAnswer.
        """
        records = self._read() if self.given is None else self.given
        known = self.applied(state, records)
        self.records = records
        return known

    def act(self, asked: Sequence[Step], doing: str) -> None:
        """Run steps in a session with the tenant, and read its records in the same session after them.

        So what they did is confirmed by what the tenant says then, without another logon. `doing` follows "could not".

        Raises:
            WorkFailed, ConnectionLost, NoAnswer.
        """
        answer = run_in_tenant(self.host, [*asked, steps.tenant_appliances(), steps.tenant_sites()], doing)
        self.records, self.read_after_act = tenant_records.within(answer, self.host.name), True

    def applied(self, state: S, records: TenantRecords) -> S:
        """The state with what these records say of it."""
        known: Any = state if self.is_predicted(state) else records.applied(state)
        return self.take(known, records)

    def forget(self) -> None:
        """What was read of them may not be true any more."""
        self.records = None

    def _read(self) -> TenantRecords:
        survey = tenant_survey(self.place)
        return patiently(
            lambda: self.host.read(survey), lambda found: found.sessions_are_full, self.host.tell, self.host.pause
        )
