# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says where the fleet stands, from what a survey has read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.utils.display import Display

from ..plugin_utils.cce import control, inventory, status, support
from ..plugin_utils.cce.exceptions import Refused
from ..plugin_utils.cce.site import Site, Unreadable, observation
from ..plugin_utils.controller import files
from ..plugin_utils.controller.action import ControllerAction, usable_fleet
from ..plugin_utils.operation.clock import Clock
from ..plugin_utils.operation.control_file import ControlFile

RELEASE_DATES = "cloud_connector_release_dates"
UNREAD = Unreadable("it was not read in this run")


class ActionModule(ControllerAction):
    """Shows a table, returns and writes the same as data. What is wrong is no failure of it: it reads, `health` judges."""

    ARGUMENTS = {
        "states": {"type": "list", "elements": "dict", "required": True},
        "dest": {"type": "path", "default": ".cloud_connector/status.json"},
        "control": {"type": "path", "default": f".cloud_connector/{control.NAME}"},
    }

    clock = Clock()

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        fleet = usable_fleet(task_vars)
        states = {str(state.get("name")): observation(state) for state in given["states"]}
        sites = [
            Site(
                name,
                inventory.policy(fleet.variables[members[0]]),
                {host: states.get(host, UNREAD) for host in fleet.sites[name]},
            )
            for name, members in fleet.selected(task_vars["ansible_play_hosts_all"]).items()
        ]
        dates = support.parse_dates(next(iter(fleet.variables.values())).get(RELEASE_DATES) or {})
        file = ControlFile(Path(given["control"]))
        found = status.fleet(sites, dates, self.clock.now(), file.read(), file.went_on())
        lines, described = status.lines(found), found.to_dict()
        for line in lines:
            Display().display(line)
        self._write(Path(given["dest"]), described)
        return {"status": described, "lines": lines}

    def _write(self, dest: Path, described: Mapping[str, Any]) -> None:
        """Also in check mode: it is about what was read, and nothing else depends on it."""
        try:
            files.replace(dest, f"{json.dumps(described, indent=2)}\n")
        except OSError as error:
            raise Refused(
                f"The status could not be written to {dest}: {error}.",
                "It stands above, and in the result of this task.",
            ) from error
