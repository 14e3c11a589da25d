# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searches, downloads or installs updates of Windows on the host or in a VM of an appliance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..plugin_utils.cce import guests, windows_update
from ..plugin_utils.cce.exceptions import NotConfirmed, OptionError, Refused, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.guests import TARGETS, WithWindows
from ..plugin_utils.cce.reading import Unknown, need
from ..plugin_utils.cce.windows_readings import FILE_RENAMES, WINDOWS_UPDATE
from ..plugin_utils.cce.windows_update import Choice, Goal, Report, Source, Update
from ..plugin_utils.operation.arguments import APPLIANCE, IN_SERVICE_CONSENT, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.site_option import SITE
from ..plugin_utils.operation.windows import (
    UpdateArguments,
    UpdateOperation,
    is_searched,
    open_updates,
    proof_ended,
    require_no_calls,
    require_target,
)


class ActionModule(UpdateOperation[UpdateArguments]):
    """It never restarts anything: that is the work of `restart`."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **IN_SERVICE_CONSENT,
        "target": {"type": "str", "choices": list(TARGETS), "required": True},
        "state": {"type": "str", "choices": [goal.value for goal in Goal], "default": "installed"},
        "source": {"type": "str", "choices": [source.value for source in Source], "default": "configured"},
        "categories": {"type": "list", "elements": "str", "default": ["*"]},
        "accept": {"type": "list", "elements": "str", "default": []},
        "reject": {"type": "list", "elements": "str", "default": []},
        "poll_interval": {"type": "int", "default": 15},
        "search_timeout": {"type": "int", "default": 1800},
        "timeout": {"type": "int", "default": 7200},
    }

    def validate(self, given: Mapping[str, Any]) -> UpdateArguments:
        fields = common(given, self.host.name)
        return UpdateArguments(
            **fields,
            job=guests.update_job(given["target"]),
            target=require_target(given["target"], fields["place"].vms),
            consent=given["in_service_consent"],
            goal=Goal(given["state"]),
            source=Source(given["source"]),
            choice=Choice(tuple(given["categories"]), _kbs(given["accept"]), _kbs(given["reject"])),
            search_timeout=given["search_timeout"],
        )

    def missing(self, state: WithWindows) -> list[Change]:
        found = open_updates(state, self.arguments)
        if not found:
            return []
        names = [one.name for one in found]
        verb, becomes = "download", {"done": (*state.done, *(one.id for one in found))}
        if self.arguments.goal is Goal.INSTALLED:
            verb, becomes = "install", {**becomes, "waiting": (WINDOWS_UPDATE,), **proof_ended(state)}
        what = f"{verb} {', '.join(names)} on {guests.name(self.arguments.target)}"
        return [Change(what, {"updates": names}, {"updates": []}, becomes=becomes)]

    def guard(self, state: WithWindows, changes: Sequence[Change]) -> None:
        if self.arguments.goal is not Goal.INSTALLED:
            return
        require_no_calls(self, state, "install updates of Windows")
        waiting = [one for one in need(state.waiting) if one != FILE_RENAMES]
        if waiting or need(state.updates).waits:
            raise Refused(
                f"{guests.name(state.target)} of {self.host.name} waits for a restart ({', '.join(waiting) or 'update agent'}), "
                "and nothing is installed on top of that.",
                "Restart it with the restart operation, then run the same command again.",
                failure=FailureClass.PENDING_RESTART,
            )

    def act(self, state: WithWindows, changes: Sequence[Change]) -> None:
        if self.job_found(state):
            collected = self.collect(state)
            if collected is not None:
                self._require_success(need(collected.updates))
            state = self.search(self._read())
            if not open_updates(state, self.arguments) or need(state.updates).waits:
                return
            self.guard(state, changes)
        while wanted := open_updates(state, self.arguments):
            state = self.take(state, windows_update.batch(wanted))
            self._require_success(need(state.updates))
            if need(state.updates).waits:
                return
            if open_updates(state, self.arguments) == wanted:
                raise NotConfirmed(
                    f"The update agent of {guests.name(state.target)} was asked for {wanted[0].name} and did nothing with it."
                )

    def result(self, state: WithWindows) -> dict[str, Any]:
        shown = guests.as_data(state)
        if is_searched(state):
            shown |= _shown(need(state.updates), self.arguments.choice, state)
        return {"windows_update": shown}

    def _require_success(self, report: Report) -> None:
        failed = [one for one in report.updates if one.failed and not one.installed]
        if not failed:
            return
        told = "; ".join(f"{one.name}: {windows_update.told(str(one.code))}" for one in failed)
        first = windows_update.code(str(failed[0].code))
        raise WorkFailed(
            f"On {guests.name(self.arguments.target)} of {self.host.name} {len(failed)} updates failed: {told}",
            "Or leave a KB out with reject, then run the same command again.",
            failure=FailureClass.WINDOWS_UPDATE,
            retry=first.retry,
            failed=[_as_data(one) for one in failed],
            installed=[_as_data(one) for one in report.updates if one.installed],
        )


def _kbs(given: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(windows_update.kb(str(one)) for one in given)
    except ValueError as error:
        raise OptionError(f"{error}.") from error


def _shown(report: Report, choice: Choice, state: WithWindows) -> dict[str, Any]:
    reasons = {one.id: windows_update.left_out(one, choice) for one in report.updates}
    waits = bool(report.waits) or (not isinstance(state.waiting, Unknown) and WINDOWS_UPDATE in state.waiting)
    return {
        "server": report.server,
        "found": [_as_data(one) for one in report.updates if reasons[one.id] is None],
        "left_out": [_as_data(one) | {"reason": reason} for one in report.updates if (reason := reasons[one.id])],
        "installed": [_as_data(one) for one in report.updates if one.installed],
        "restart_required": waits,
    }


def _as_data(one: Update) -> dict[str, Any]:
    shown = {
        "id": one.id,
        "title": one.title,
        "kbs": list(one.kbs),
        "categories": list(one.categories),
        "size": one.size,
        "downloaded": one.downloaded,
        "installed": one.installed,
        "optional": one.optional,
        "waits_for_restart": one.waits,
    }
    if one.code is None:
        return shown
    found = windows_update.code(one.code)
    return shown | {"code": one.code, **({"meaning": found.meaning, "remedy": found.remedy} if one.failed else {})}
