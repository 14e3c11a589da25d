# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of the modules that work on records of the tenant, through the administrator cached on an appliance.

Any appliance will do: it only lends its PowerShell and its credential cache. Log on to the tenant, read or change, all in
one request, because the session ends with it.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from . import _bridge
from ._failures import StepsFailed
from ._moves import Change, Moves, Refused, Spec, merged
from .cce import tenant_steps
from .cce.codec import encode
from .cce.steps import Step
from .cce.tenant import Tenant, parse_sites, parse_windows

__all__ = ["PREDICTED_TENANT", "TENANT", "Change", "Refused", "Tenant", "TenantOperation", "merged"]

PREDICTED_TENANT = "cloud_connector_predicted_tenant"
"""The fact by which check mode hands on the records it would have made."""

NO_OUTPUT = "NoOutput"
"""The id of the bridge's error where a step is to take what an earlier one did not give."""

TENANT: Spec = {"exchange_timeout": {"type": "int", "default": 300}}
"""Options of every module that works on records of the tenant (doc fragment `tenant`)."""


class TenantOperation(Moves[Tenant]):
    """One operation on one record of the tenant."""

    FACT = PREDICTED_TENANT
    RECORD: ClassVar[str]
    """The name of the return value that has the record."""

    def asks(self) -> list[Step]:
        """What is read once the tenant is logged on to."""
        return [tenant_steps.site_records(), tenant_steps.update_windows()]

    def understand(self, answer: Mapping[str, Any]) -> Tenant:
        """What the answer to `asks` says. Raises NotReadError."""
        return Tenant(parse_sites(answer), parse_windows(answer))

    def read(self) -> Tenant:
        return self.understand(self.run_in_tenant(self.asks(), "read the tenant's records").raw)

    def run_in_tenant(self, asked: Sequence[Step], doing: str) -> _bridge.Answer:
        """Log on and run the steps. Raises Refused, or StepsFailed when one of them failed."""
        try:
            return self.run_steps([*tenant_steps.logon(), *asked], doing)
        except StepsFailed as failed:
            if failed.details.get("id") != NO_OUTPUT:
                raise
            raise Refused(
                f"Could not {doing}: no tenant administrator is cached on {self._host}.",
                "Run Set-CcCredential -AccountType TenantAdmin there, or use another appliance.",
            ) from failed

    # --- the record it is about -----------------------------------------------------------------------------------

    def seen(self, state: Tenant) -> Mapping[str, Any] | None:
        """The record this operation is about; None: there is none."""
        raise NotImplementedError

    def shown(self, state: Tenant) -> dict[str, Any]:
        before = state if self.found is None else self.found
        return {self.RECORD: encode(self.seen(state)), "before": encode(self.seen(before))}

    def _has_changed(self) -> bool:
        if self._begun is None:
            return False
        return self.state is None or self.seen(self.state) != self.seen(self._begun[0])

    # --- check mode ---------------------------------------------------------------------------------------------------

    def recall(self, encoded: Mapping[str, Any]) -> Tenant:
        return Tenant.from_dict(encoded)

    def _predict(self, state: Tenant) -> Tenant:
        """Another task may have read other records."""
        handed = super()._predict(state)
        return state if handed is state else state.under(handed)

    def _predicted(self, state: Tenant, changes: Sequence[Change]) -> Tenant:
        raise NotImplementedError

    def calls_sentence(self, *, reached: bool) -> str:
        if reached:
            self.fresh_state()
        return "This task works on records of the tenant only: no appliance was touched."
