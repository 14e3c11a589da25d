# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of the modules that change nothing and do not use the task's own connection: most only think, once for all hosts.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ._fleet import Fleet, read_fleet
from ._moves import SEE_OPTIONS, Spec, endless_waits
from .cce import inventory


class Refused(Exception):
    """`what` is wrong, and one sentence for each reason or remedy. Returned as a failure."""

    def __init__(self, what: str, sentences: Sequence[str] = (), **more: Any) -> None:
        super().__init__(what)
        self.result = {"failed": True, "msg": " ".join([what, *sentences]), "problems": list(sentences), **more}


class ControllerAction(ActionBase):
    """Arguments in, an answer or a refusal out. Nothing is ever changed by it, so check mode is no different."""

    ARGUMENTS: ClassVar[Spec] = {}

    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def answer(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The return values of the module. Raises Refused."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            result.update(changed=False, **self.answer(self._validate(), task_vars or {}))
        except Refused as refused:
            result.update(changed=False, **refused.result)
        return result

    def _validate(self) -> dict[str, Any]:
        checked = ArgumentSpecValidator(self.ARGUMENTS).validate(dict(self._task.args))
        problems = list(checked.error_messages) or endless_waits(checked.validated_parameters)
        if problems:
            raise Refused("; ".join(problems) + ".", [SEE_OPTIONS])
        return dict(checked.validated_parameters)


def usable_fleet(task_vars: Mapping[str, Any]) -> Fleet:
    """The whole fleet of the inventory. Raises Refused with everything that is wrong with it."""
    fleet = read_fleet(task_vars["hostvars"], task_vars["groups"])
    problems = [*fleet.problems, *inventory.problems(fleet.variables, fleet.site_of)]
    if problems:
        raise Refused("The inventory cannot be used as it is.", problems)
    return fleet
