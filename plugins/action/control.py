# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes down what a person says about a run: hold, go on, stop after this appliance, leave an appliance out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..plugin_utils.cce import control
from ..plugin_utils.cce.control import Word
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.controller.action import ControllerAction
from ..plugin_utils.controller.fleet import GROUP
from ..plugin_utils.operation.clock import Clock
from ..plugin_utils.operation.control_file import ControlFile


class ActionModule(ControllerAction):
    """Works on a file of the controller only."""

    ARGUMENTS = {
        "action": {"type": "str", "choices": list(control.ACTIONS), "default": control.SHOW},
        "by": {"type": "str"},
        "reason": {"type": "str"},
        "appliance": {"type": "str"},
        "path": {"type": "path", "default": f".cloud_connector/{control.NAME}"},
    }

    clock = Clock()

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        file, action = ControlFile(Path(given["path"])), given["action"]
        said = {name: given[name] or "" for name in ("by", "reason", "appliance")}
        if action != control.SHOW:
            _require(action, said, task_vars)
        if action == control.SHOW or self._task.check_mode:
            return _described(file, file.read())
        at = self.clock.now().isoformat(timespec="seconds")
        word = Word(said["by"], said["reason"] or "no reason was given", at)
        try:
            found = file.update(
                lambda before: control.applied(before, action, word, said["appliance"]), time=at, action=action, **said
            )
        except (ValueError, OSError) as error:
            raise Refused(f"Nothing was written down: {error}.", "Correct that, then say it again.") from error
        return _described(file, found)


def _require(action: str, said: Mapping[str, str], task_vars: Mapping[str, Any]) -> None:
    """Who says something is kept, and why, unless it is that all goes on. Raises OptionError."""
    missing = [name for name in ("by", "reason") if not said[name] and (name == "by" or action != control.GO_ON)]
    if missing:
        raise OptionError(f"{action} needs {' and '.join(missing)}.", "Give who says it (by), and why (reason).")
    appliances = task_vars.get("groups", {}).get(GROUP, [])
    if said["appliance"] and said["appliance"] not in appliances:
        raise OptionError(f"{said['appliance']} is no appliance of the inventory.", "Write its name in the inventory.")


def _described(file: ControlFile, found: control.Control) -> dict[str, Any]:
    sentences = found.sentences() or ["Nobody holds the run, and no appliance is left out."]
    return {"control": found.to_dict(), "sentences": sentences, "path": str(file.path.absolute())}
