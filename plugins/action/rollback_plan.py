# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the rollback of a site, or of one appliance of it, from what a survey has read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugin_utils.cce import hold, inventory, rollback, site_file, versions
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.pace import WAY_BACK_SECONDS
from ..plugin_utils.cce.rollback import Terms
from ..plugin_utils.cce.site import Site, Unreadable, observation
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.controller.action import ControllerAction, usable_fleet
from ..plugin_utils.operation.clock import Clock
from ..plugin_utils.operation.options import BY_NAME

UNREAD = Unreadable("it was not read in this run")
SOURCE = "cloud_connector_previous_source"


class ActionModule(ControllerAction):
    """Reads the inventory and the survey, lets the domain decide, and returns what it decided."""

    ARGUMENTS = {
        "version": {"type": "str", "required": True},
        **BY_NAME,
        "states": {"type": "list", "elements": "dict", "required": True},
    }

    clock = Clock()

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        goes_to = _version(given)
        fleet = usable_fleet(task_vars)
        hosts = list(task_vars["ansible_play_hosts_all"])
        chosen = fleet.selected(hosts)
        if len(chosen) != 1:
            raise Refused(
                f"A rollback is of one site, and this run is about {', '.join(chosen) or 'none'}.",
                "Give cloud_connector_site with -e, or a --limit within one site.",
            )
        (name,) = chosen
        states = {str(state.get("name")): observation(state) for state in given["states"]}
        variables = fleet.variables[chosen[name][0]]
        policy = inventory.policy(variables)
        site = Site(name, policy, {host: states.get(host, UNREAD) for host in fleet.sites[name]})
        have_source = [host for host, found in fleet.variables.items() if found.get(SOURCE)]
        plan = rollback.make_plan(site, hosts, goes_to, self.clock.now(), have_source, _terms(given, variables))
        if plan.refusals:
            raise Refused(
                f"The rollback to {goes_to} is refused and nothing was begun.",
                "Remove these reasons, then run the same command again.",
                failure=FailureClass.NO_WAY_BACK,
                problems=list(plan.refusals),
            )
        return {
            "target": goes_to,
            "queue": [turn.to_dict() for turn in plan.turns],
            "skips": [{"name": host, "reason": reason} for host, reason in plan.skips.items()],
            "summary": plan.summary,
        }


def _terms(given: Mapping[str, Any], variables: Mapping[str, Any]) -> Terms:
    """Windows and freezes stop it only where the owner of the site says so: who answers for it may not be able to wait."""
    consent = {"by": given["by"].strip(), "reason": given["reason"].strip()}
    heeds = variables.get("cloud_connector_rollback_in_windows", False)
    return Terms(variables.get("cloud_connector_way_back_time", WAY_BACK_SECONDS), None if heeds else consent)


def _version(given: Mapping[str, Any]) -> Version:
    """The release to go back to; who goes back has to say so and why. Raises OptionError."""
    if not all(hold.is_part(given[name]) for name in ("by", "reason")):
        raise OptionError(f"by and reason are each one line of at most {site_file.MOST_CHARACTERS} characters.")
    try:
        return versions.parse(given["version"])
    except ValueError as error:
        raise OptionError(f"cloud_connector_rollback.to cannot be used: {error}.") from error
