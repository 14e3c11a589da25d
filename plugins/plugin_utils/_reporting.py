# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of the modules that only look: they can report what is wrong instead of failing.

For loops over the appliances of a site, in which one that cannot be reached must not hide the others.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._operation import Operation, Spec, Unreachable

REPORT: Spec = {"report_only": {"type": "bool", "default": False}}


class ReportingOperation(Operation):
    """With `report_only`, what would be a failure or an unreachable host is what `reported` makes of its reason."""

    def reported(self, reason: str, result: Mapping[str, Any]) -> dict[str, Any]:
        """The return values; `result` is what there is of the failed one."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            result = super().run(tmp, task_vars)
        except Unreachable as lost:
            if not self._report_only:
                raise
            return self.reported(f"{self._host} cannot be reached: {lost.reason}.", {})
        if not (result.get("failed") and self._report_only):
            return result
        failure = result["failure"]
        return self.reported(" ".join(filter(None, (failure["what"], failure["remedy"]))), result)

    @property
    def _report_only(self) -> bool:
        """Arguments that are wrong fail in any case: then there are none."""
        return bool(getattr(self, "arguments", {}).get("report_only"))
