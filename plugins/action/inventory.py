# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks the inventory variables of the whole fleet before anything is connected to."""

from __future__ import annotations

from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._controller import (
    ControllerAction,
    Refused,
    usable_fleet,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._fleet import Fleet


class ActionModule(ControllerAction):
    """All appliances of the group, one sentence for each thing that is wrong, and none of them passes by being left out."""

    ARGUMENTS = {"site": {"type": "str"}}

    def answer(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        _refuse_parts(task_vars)
        fleet = usable_fleet(task_vars)
        selected = fleet.selected(_wanted(fleet, arguments["site"], task_vars))
        if not selected:
            raise Refused(_nothing(arguments["site"], task_vars), ["Nothing was done, which is not a success."])
        return _described(fleet, selected)


def _refuse_parts(task_vars: dict[str, Any]) -> None:
    """A run in parts leaves out tasks that guard the others."""
    if list(task_vars["ansible_run_tags"]) != ["all"] or task_vars["ansible_skip_tags"]:
        raise Refused("This playbook cannot be run in parts.", ["Run it without --tags and --skip-tags."])


def _wanted(fleet: Fleet, site: str | None, task_vars: dict[str, Any]) -> set[str]:
    """The appliances that this play, and so --limit, and `site` leave."""
    if site is not None and site not in fleet.sites:
        raise Refused(
            f"There is no site {site} in the inventory.", [f"The sites are {', '.join(fleet.sites) or 'none'}."]
        )
    return {host for host in task_vars["ansible_play_hosts_all"] if site is None or fleet.site_of.get(host) == site}


def _nothing(site: str | None, task_vars: dict[str, Any]) -> str:
    where = f" in site {site}" if site else ""
    limit = f" under --limit {task_vars['ansible_limit']}" if task_vars.get("ansible_limit") else ""
    return f"There is no appliance to work on{where}{limit}: none of the hosts of this run is in the group cloud_connector."


def _described(fleet: Fleet, selected: dict[str, list[str]]) -> dict[str, Any]:
    sites = {
        site: {
            "hosts": fleet.sites[site],
            "selected": members,
            "outside": [host for host in fleet.sites[site] if host not in members],
        }
        for site, members in selected.items()
    }
    return {"sites": sites, "readers": {members[0]: site for site, members in selected.items()}}
