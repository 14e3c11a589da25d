# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the upgrade of what a survey has read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils import _files, _queue
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._controller import (
    ControllerAction,
    Refused,
    usable_fleet,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._fleet import Fleet
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import inventory
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.plan import (
    Plan,
    Refusal,
    Site,
    make_plan,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import check_target


class ActionModule(ControllerAction):
    """Reads the inventory and the survey, lets the domain decide, and says and writes what it decided."""

    ARGUMENTS = {
        "target_version": {"type": "str", "required": True},
        "states": {"type": "list", "elements": "dict", "required": True},
        "site": {"type": "str"},
        "dest": {"type": "path", "default": ".cloud_connector/plan.json"},
        "expected_hash": {"type": "str"},
    }

    def answer(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        fleet = usable_fleet(task_vars)
        hosts = _hosts(fleet, arguments["site"], task_vars["ansible_play_hosts_all"])
        sites = _sites(fleet, hosts, {str(state["name"]): state for state in arguments["states"]})
        plan = make_plan(_target(arguments["target_version"]), sites, hosts, datetime.now(UTC))
        return self._told(plan, _queue.make_queue(plan, sites, hosts), fleet, arguments)

    def _told(
        self, plan: Plan, queue: Sequence[_queue.Turn], fleet: Fleet, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        told = {
            "hash": plan.hash,
            "queue": [turn.to_dict() for turn in queue],
            "skips": [{"name": skip.host, "site": skip.site, "reason": skip.reason} for skip in plan.skips],
            "summary": _queue.summary(plan, len(fleet.site_of)),
        }
        if not self._task.check_mode:
            text = json.dumps({"planned_at": datetime.now(UTC).isoformat(), **plan.to_dict(), **told}, indent=2)
            _files.replace(Path(arguments["dest"]), f"{text}\n")
        if plan.refusals:
            raise Refused("The plan is refused and nothing was begun.", _sentences(plan.refusals), **told)
        expected = arguments["expected_hash"]
        if expected is not None and expected != plan.hash:
            raise Refused(
                f"This is not the plan that was approved: its hash is {plan.hash}, not {expected}.",
                ["Another target, order, limit or policy was given. Nothing was begun. Have the new plan approved."],
                **told,
            )
        return told


def _sentences(refusals: Sequence[Refusal]) -> list[str]:
    """One sentence a reason: what is wrong with many appliances in the same way is said once."""
    hosts: dict[str, list[str]] = {}
    for refusal in refusals:
        hosts.setdefault(refusal.reason.removeprefix(f"{refusal.host} "), []).append(refusal.host)
    return [_sentence([name for name in named if name], reason) for reason, named in hosts.items()]


def _sentence(hosts: Sequence[str], reason: str) -> str:
    return f"{', '.join(hosts)}: {reason}" if len(hosts) > 1 else " ".join([*hosts, reason])


def _target(text: str) -> str:
    try:
        return str(check_target(text))
    except ValueError as error:
        raise Refused(f"cloud_connector_target_version cannot be used: {error}") from error


def _hosts(fleet: Fleet, site: str | None, play_hosts: Sequence[str]) -> list[str]:
    """The hosts of the play; `site` must not promise another run than the play is."""
    strange = [host for host in play_hosts if site is not None and fleet.site_of.get(host) != site]
    if strange:
        raise Refused(
            f"cloud_connector_site is {site}, but the play works on {', '.join(strange)} too.",
            ["Give cloud_connector_site with -e: as a variable of the inventory it does not choose any host."],
        )
    return list(play_hosts)


def _sites(fleet: Fleet, hosts: Sequence[str], states: Mapping[str, Mapping[str, Any]]) -> list[Site]:
    """The sites of the run with all their appliances."""
    return [
        Site(
            site,
            inventory.policy(fleet.variables[members[0]]),
            {host: _appliance(states.get(host)) for host in fleet.sites[site]},
        )
        for site, members in fleet.selected(hosts).items()
    ]


def _appliance(state: Mapping[str, Any] | None) -> Appliance | Unknown:
    if state is None:
        return Unknown("it was not read in this run")
    if "unreadable" in state:
        return Unknown(str(state["unreadable"]))
    try:
        return Appliance.from_dict(state)
    except ValueError as error:
        return Unknown(str(error))
