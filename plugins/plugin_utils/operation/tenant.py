# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Operations on records of the tenant, through the administrator cached on an appliance.

Any appliance will do: it only lends its PowerShell and its credential cache. Log on to the tenant, read or change, and end the
session, all in one request: Microsoft allows an administrator three sessions at once.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from ..cce import tenant_steps
from ..cce.answers import Answer
from ..cce.codec import encode
from ..cce.exceptions import Refused
from ..cce.state import Survey
from ..cce.steps import Step
from ..cce.tenant import Tenant, parse_sites, parse_windows
from .base import Operation
from .changes import Change
from .options import Spec
from .tenant_session import run_in_tenant

READING = "read the tenant's records"
"""What every survey of the tenant does."""

TENANT: Spec = {"exchange_timeout": {"type": "int", "default": 300}}
"""Options of every module that works on records of the tenant (doc fragment `tenant`)."""


@dataclass(frozen=True, kw_only=True)
class TenantArguments:
    """What these modules have in common.

    Attributes:
        exchange_timeout: seconds after which one exchange is given up.
        name: the name of the record; that of an appliance is the one of its host.
    """

    exchange_timeout: float
    name: str

    @property
    def subject(self) -> str:
        """The record, in words that follow "the tenant has no"."""
        return f"record {self.name}"


A = TypeVar("A", bound=TenantArguments)


class TenantOperation(Operation[A, Tenant], Generic[A]):
    """One operation on one record of the tenant. A module implements `entry` in place of `result`."""

    RECORD: ClassVar[str]
    """The name of the return value that has the record."""

    NOT_THERE: ClassVar[str] = ""
    """What to do where the tenant has no such record."""

    _found: Tenant | None = None
    """The records before the act."""

    def entry(self, state: Tenant) -> Mapping[str, Any] | None:
        """Find the record this operation is about.

        Args:
            state: what was read of the tenant.

        Returns:
            Its fields; None where there is none.
        """
        raise NotImplementedError

    def survey(self) -> Survey[Tenant]:
        """All sites and update windows; the steps of a survey of the tenant run between logon and logoff."""
        asked = [tenant_steps.site_records(), tenant_steps.update_windows()]
        return Survey(asked, lambda answer: Tenant(parse_sites(answer), parse_windows(answer)), READING)

    def guard(self, state: Tenant, changes: Sequence[Change]) -> None:
        """The record has to be there; a module that makes records has a guard of its own."""
        if self.entry(state) is None:
            raise Refused(f"The tenant has no {self.arguments.subject}.", self.NOT_THERE)

    def result(self, state: Tenant) -> dict[str, Any]:
        """The record, and what it was before."""
        before = state if self._found is None else self._found
        return {self.RECORD: encode(self.entry(state)), "before": encode(self.entry(before))}

    def run_in_tenant(self, asked: Sequence[Step], doing: str) -> Answer:
        """Log on, run the steps, log off, also where one of them failed. Raises WorkFailed for that one.

        Where no session is to be had nothing was run, and it is tried again.
        """
        return run_in_tenant(self.host, asked, doing)

    def _read(self) -> Tenant:
        survey = self.survey()
        self._state = survey.parse(self.run_in_tenant(survey.steps, survey.doing))
        return self._state

    def _plan(self, state: Tenant) -> tuple[Tenant, list[Change]]:
        self._found = state
        return super()._plan(state)

    def _summary(self, state: Tenant) -> dict[str, Any]:
        return self.result(state)

    def _has_changed(self) -> bool:
        if self._acted is None:
            return False
        return self._state is None or self.entry(self._state) != self.entry(self._acted[0])

    def _calls(self, *, reached: bool) -> str:
        if reached:
            self._after_failure()
        return "This task works on records of the tenant only: no appliance was touched."


def tenant_change(what: str, before: Mapping[str, Any], after: Mapping[str, Any], **becomes: Any) -> Change:
    """A change of one record, shown by its own fields. `becomes`: the fields of the state after it."""
    return Change(what, before, after, becomes=becomes)
