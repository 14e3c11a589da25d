# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restarts the host or a VM of an appliance and waits until all of it is back."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import guests, slot
from ..plugin_utils.cce.appliance import Slot
from ..plugin_utils.cce.guests import TARGETS, WithWindows
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.steps import Step, not_after
from ..plugin_utils.operation.arguments import APPLIANCE, IN_SERVICE_CONSENT, common
from ..plugin_utils.operation.changes import Change, is_release
from ..plugin_utils.operation.restarting import Bounds, Restart
from ..plugin_utils.operation.service import holds
from ..plugin_utils.operation.site_option import SITE
from ..plugin_utils.operation.windows import (
    TargetArguments,
    WindowsOperation,
    proof_ended,
    require_no_calls,
    require_target,
)


class Condition(enum.StrEnum):
    """When it restarts."""

    PENDING = "pending"
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True)
class RestartArguments(TargetArguments):
    """When it restarts, and how long each wait may last."""

    condition: Condition
    bounds: Bounds


class ActionModule(WindowsOperation[RestartArguments]):
    """It restarts Windows, not the machine: `shutdown.exe`, inside a VM through the nested bridge."""

    SLOT = "restart"
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **IN_SERVICE_CONSENT,
        "target": {"type": "str", "choices": list(TARGETS), "required": True},
        "condition": {"type": "str", "choices": [one.value for one in Condition], "default": "pending"},
        "poll_interval": {"type": "int", "default": 15},
        "boot_timeout": {"type": "int", "default": 3600},
        "vm_timeout": {"type": "int", "default": 1200},
        "services_timeout": {"type": "int", "default": 900},
    }

    def validate(self, given: Mapping[str, Any]) -> RestartArguments:
        fields = common(given, self.host.name)
        return RestartArguments(
            **fields,
            job=guests.job(given["target"]),
            target=require_target(given["target"], fields["place"].vms),
            consent=given["in_service_consent"],
            condition=Condition(given["condition"]),
            bounds=Bounds(given["boot_timeout"], given["vm_timeout"], given["services_timeout"]),
        )

    def missing(self, state: WithWindows) -> list[Change]:
        waiting = need(state.waiting)
        if self.arguments.condition is Condition.PENDING and not waiting:
            return self.service.release_change(state) if self._is_out(state) else []
        what = f"restart {guests.name(self.arguments.target)}"
        why = f", for which {', '.join(waiting)} wait" if waiting else ""
        becomes = {"waiting": (), **({"pending_restart": ()} if self.arguments.target == guests.HOST else {})}
        if waiting:
            becomes |= proof_ended(state)
        return [Change(what + why, {"boot": state.boot}, {"boot": "later"}, becomes=becomes)]

    def guard(self, state: WithWindows, changes: Sequence[Change]) -> None:
        if not is_release(changes):
            require_no_calls(self, state, f"restart {guests.name(self.arguments.target)}")

    def act(self, state: WithWindows, changes: Sequence[Change]) -> None:
        if is_release(changes):
            self.service.release(state)
            return
        given = self.arguments
        restart = Restart(self.host, given.place, given.target, given.poll_interval, given.bounds)
        begun = need(state.restart)
        restart.finish(begun or restart.begin(state, self._leaving(state)))
        if self._is_out(self._read()):
            self.service.hand_back()

    def result(self, state: WithWindows) -> dict[str, Any]:
        return {"restart": guests.as_data(state)}

    def _leaving(self, state: WithWindows) -> list[Step]:
        """Where calls can live on it the restart takes it out of service: the slot is claimed in the same request."""
        if not guests.calls_can_live(state):
            return []
        directory, own = self.arguments.place.site_directory, self.service.claim(state)
        claim = slot.claim_steps(directory, own, need(state.slot), slot.leftovers(state))
        return [*not_after(self.site.deadline(state)), *claim]

    def _is_out(self, state: WithWindows) -> bool:
        """Whether it holds the slot for a restart, and for nothing else."""
        found = state.slot
        return isinstance(found, Slot) and found.operation == self.SLOT and holds(state)
