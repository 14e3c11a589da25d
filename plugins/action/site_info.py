# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the state of every appliance of a site at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._bridge import Connection
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._connections import connect
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._controller import ControllerAction, Refused
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._moves import ignored_keyword, predicted
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import APPLIANCE, PLACES, PREDICTED
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._site import Reader


class ActionModule(ControllerAction):
    """Runs for one host and talks to many: the connection of the task is not used."""

    ARGUMENTS = {
        "appliances": {**PLACES["appliances"], "required": True},
        "exchange_timeout": APPLIANCE["exchange_timeout"],
    }

    BYPASS_HOST_LOOP = False

    def answer(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        ignored = ignored_keyword(self)
        if ignored:
            raise Refused(ignored[0], ignored[1:])
        reader = Reader(lambda host: self.connect(task_vars, host), arguments["exchange_timeout"], self.clock)
        states = reader.read(arguments["appliances"])
        return {"states": [self._predicted(state, task_vars) for state in states]}

    def _predicted(self, state: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """In check mode, the state that the operations before this one would have made of an appliance."""
        handed = predicted(state["name"], task_vars, PREDICTED) if self._task.check_mode else None
        return state if handed is None or "unreadable" in state else {**state, **handed}

    def connect(self, task_vars: Mapping[str, Any], host: str) -> Connection:
        """A connection to an appliance of the inventory."""
        return connect(self, task_vars, host)

    clock = staticmethod(lambda: datetime.now(UTC))
