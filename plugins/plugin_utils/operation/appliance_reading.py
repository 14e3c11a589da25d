# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules that only read an appliance.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from ..cce.appliance import Appliance
from ..cce.exceptions import ConnectionLost, OperationError
from ..cce.site import Unreadable, observed
from .appliance import ApplianceOperation
from .arguments import Arguments
from .changes import Change

A = TypeVar("A", bound=Arguments)
S = TypeVar("S", bound=Appliance)


class ApplianceReading(ApplianceOperation[A, S], Generic[A, S]):
    """A module that only reads an appliance, and may fail for what it finds.

    Its hooks are `validate`, `survey`, `problem` and `result`.
    """

    HEEDS = False
    PREDICTS = False
    """What was predicted still stands, and a narrow reading would hide the rest of it."""
    WHOLE: ClassVar[bool] = False
    """Whether every result has the whole state, or why there is none."""

    def problem(self, state: S) -> OperationError | None:
        """Judge what was read.

        Where `NEEDS_TENANT` says so it is asked a second time, once nothing local is wrong, and with the tenant's records.

        Args:
            state: the state of the appliance.

        Returns:
            Why the task fails; None where it does not.
        """
        return None

    def missing(self, state: S) -> list[Change]:
        """Nothing is ever changed."""
        return []

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """With `report_only`, what would be a failure or an unreachable host is the return value `problem`."""
        result = super().run(tmp, task_vars)
        if not (result.get("failed") and self._report_only):
            return result
        failure = result["failure"]
        reason = " ".join(filter(None, (failure["what"], failure["remedy"])))
        return self._reported(reason, {name: result[name] for name in ("appliance",) if name in result})

    def _run(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return super()._run(task_vars)
        except ConnectionLost as lost:
            if not self._report_only:
                raise
            return self._reported(f"{self.host.name} cannot be reached: {lost}.", {})

    def _operate(self) -> dict[str, Any]:
        state = self._read().inherit(self._predictions.inherited)
        if not self._task.check_mode:
            self.lease.adopt(state)
            if self.HEEDS and self.control.wait_while_held():
                state = self._read_anew()
        error = self.problem(state)
        until = self.clock.monotonic() + self.arguments.timeout
        while error and not self._task.check_mode and self.clock.monotonic() < until:
            self.host.pause(self.arguments.poll_interval)
            state = self._read()
            error = self.problem(state)
        if error is None and self._needs_tenant(state):
            state = self.ask_tenant(state)
            error = self.problem(state)
        if error is not None:
            raise error
        return self._report(state, [])

    def _summary(self, state: S) -> dict[str, Any]:
        return {"appliance": observed(self.host.name, state)} if self.WHOLE else super()._summary(state)

    def _reported(self, reason: str, found: Mapping[str, Any]) -> dict[str, Any]:
        if self.WHOLE:
            return {"changed": False, "appliance": observed(self.host.name, Unreadable(reason))}
        return {"changed": False, "problem": reason, **found}

    @property
    def _report_only(self) -> bool:
        """Wrong options fail in any case: there are no arguments then."""
        return hasattr(self, "arguments") and self.arguments.report_only
