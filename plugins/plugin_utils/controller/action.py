# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of the modules that change nothing and do not use the task's own connection: most only think, once for all hosts.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from ..cce import inventory
from ..cce.exceptions import OperationError, Refused
from ..operation import failures
from ..operation.options import Spec, options
from .fleet import Fleet, read_fleet


class ControllerAction(ActionBase):
    """Options in, an answer or a refusal out. Nothing is ever changed by it, so check mode is no different."""

    ARGUMENTS: ClassVar[Spec] = {}

    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Work out the answer.

        Args:
            given: the options, validated by ARGUMENTS.
            task_vars: the variables of the task.

        Returns:
            The return values of the module.

        Raises:
            OperationError: there is none. Its `details` are return values, too; `problems` among them, one sentence each, are
                part of the message.
        """
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            result.update(changed=False, **self.answer(options(self, self.ARGUMENTS, {}), task_vars or {}))
        except OperationError as error:
            result.update(_failed(error))
        return result


def _failed(error: OperationError) -> dict[str, Any]:
    found = failures.describe(error)
    described = {name: found[name] for name in ("what", "remedy", "class", "retry")}
    problems = error.details.get("problems", [])
    msg = " ".join(filter(None, [error.what, *problems, error.remedy]))
    return {"failed": True, "changed": False, "msg": msg, "problems": problems, **error.details, "failure": described}


def usable_fleet(task_vars: Mapping[str, Any]) -> Fleet:
    """The whole fleet of the inventory. Raises Refused with everything that is wrong with it."""
    fleet = read_fleet(task_vars["hostvars"], task_vars["groups"])
    problems = [*fleet.problems, *inventory.problems(fleet.variables, fleet.site_of)]
    if problems:
        raise Refused(
            "The inventory cannot be used as it is.", "Correct it, then run the same command again.", problems=problems
        )
    return fleet
