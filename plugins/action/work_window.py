# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says whether an appliance may be begun now, by the windows of its site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..plugin_utils.cce import windows
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.pace import APPLIANCE_SECONDS, WAY_BACK_SECONDS, span
from ..plugin_utils.cce.windows import Calendar
from ..plugin_utils.controller.action import ControllerAction
from ..plugin_utils.operation.clock import Clock
from ..plugin_utils.operation.options import BY_NAME


class ActionModule(ControllerAction):
    """Looks at the clock of the controller, for each host by itself."""

    ARGUMENTS = {
        "windows": {"type": "list", "elements": "dict", "default": []},
        "freeze": {"type": "list", "elements": "dict", "default": []},
        "site": {"type": "str", "required": True},
        "expected": {"type": "float", "default": APPLIANCE_SECONDS},
        "way_back": {"type": "float", "default": WAY_BACK_SECONDS},
        "begun": {"type": "bool", "default": False},
        "consent": {"type": "dict", "options": BY_NAME},
    }

    BYPASS_HOST_LOOP = False

    clock = Clock()

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        now, needed = self.clock.now(), timedelta(seconds=given["expected"] + given["way_back"])
        calendar = _calendar(given)
        begins, open_until = calendar.fit(now, needed), calendar.open_until(now)
        found = {
            "fits": begins == now,
            "begins": None if begins is None else begins.isoformat(),
            "open_until": None if open_until is None else open_until.isoformat(),
        }
        if not found["fits"] and given["consent"]:
            host = str(task_vars["inventory_hostname"])
            return {**found, "warnings": [_in_spite(host, given, calendar, now)]}
        if not found["fits"] and not self._task.check_mode:
            raise Refused(
                _sentence(task_vars["inventory_hostname"], given, begins, open_until),
                _again(given["site"], begins),
                failure=FailureClass.WINDOW_CLOSED,
                retry=begins is not None,
                **found,
            )
        return found


def _calendar(given: Mapping[str, Any]) -> Calendar:
    try:
        return windows.parse(given["windows"], given["freeze"])
    except (KeyError, TypeError, ValueError) as error:
        raise OptionError(f"The windows of {given['site']} cannot be used: {error}.") from error


def _sentence(host: str, given: Mapping[str, Any], begins: datetime | None, open_until: datetime | None) -> str:
    is_open = f"is open until {_at(open_until)}" if open_until else "is closed now"
    between = " It is between two versions: without high availability until then, while its old VMs carry calls."
    return (
        f"{host} stays as it is, and nothing after its row is begun: what is left of its work may take "
        f"{_span(given['expected'])}, a way back {_span(given['way_back'])} more, and the window of {given['site']} "
        f"{is_open}.{between if given['begun'] else ''}"
    )


def _in_spite(host: str, given: Mapping[str, Any], calendar: Calendar, now: datetime) -> str:
    """What somebody answers for who begins it all the same."""
    consent, site, open_until = given["consent"], given["site"], calendar.open_until(now)
    frozen = [freeze.reason for freeze in calendar.freezes if freeze.begins <= now < freeze.ends]
    is_open = f"is open until {_at(open_until)}, which is too short" if open_until else "is closed now"
    why = f"{site} is frozen now ({', '.join(frozen)})" if frozen else f"the window of {site} {is_open}"
    return f"{host} is begun though {why}: {consent['by']} answers for that ({consent['reason']})."


def _again(site: str, begins: datetime | None) -> str:
    if begins is None:
        return f"It fits into no window of {site} within {windows.HORIZON.days} days: declare a longer one."
    return f"Run the same command again: the work fits from {_at(begins)} on. What is done is skipped."


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _span(seconds: float) -> str:
    return span(timedelta(seconds=seconds))
