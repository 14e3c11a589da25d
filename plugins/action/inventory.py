# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks the inventory variables of the whole fleet before anything is connected to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from ..plugin_utils.bridge.connections import connect, refuse_unsafe
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.inventory import gathered
from ..plugin_utils.controller.action import ControllerAction, usable_fleet
from ..plugin_utils.controller.fleet import Fleet, made_problems


class ActionModule(ControllerAction):
    """Validates all hosts of the group, those that --limit excludes as well. It runs in the first play of every playbook."""

    ARGUMENTS = {"site": {"type": "str"}}

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        _refuse_parts(task_vars)
        _refuse("Some variables are not for you to set.", made_problems(task_vars["hostvars"], task_vars["groups"]))
        fleet = usable_fleet(task_vars)
        _refuse("Connections of this inventory cannot be used.", gathered(self._unsafe(fleet, task_vars)))
        selected = fleet.selected(_wanted(fleet, given["site"], task_vars))
        if not selected:
            raise Refused(_nothing(given["site"], task_vars), "Nothing was done, which is not a success.")
        return _described(fleet, selected)

    def connect(self, task_vars: Mapping[str, Any], host: str) -> object:
        """The connection that a task on the host would have, not opened. Raises AnsibleConnectionFailure."""
        return connect(self, task_vars, host)

    def _unsafe(self, fleet: Fleet, task_vars: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What is wrong with each connection. The first message of Basic has the password already: nothing is sent for this."""
        for host in fleet.variables:
            try:
                refuse_unsafe(self.connect(task_vars, host))
            except OptionError as error:
                yield host, f"{error.what}. {error.remedy}"
            except AnsibleConnectionFailure as error:
                yield host, str(error)


def _refuse(what: str, problems: list[str]) -> None:
    if problems:
        raise Refused(what, "Correct that, then run the same command again.", problems=problems)


def _refuse_parts(task_vars: Mapping[str, Any]) -> None:
    """A run in parts leaves out tasks that guard the others."""
    if list(task_vars["ansible_run_tags"]) != ["all"] or task_vars["ansible_skip_tags"]:
        raise Refused("This playbook cannot be run in parts.", "Run it without --tags and --skip-tags.")


def _wanted(fleet: Fleet, site: str | None, task_vars: Mapping[str, Any]) -> set[str]:
    """The appliances that this play, and so --limit, and `site` leave."""
    if site is not None and site not in fleet.sites:
        raise Refused(
            f"There is no site {site} in the inventory.", f"The sites are {', '.join(fleet.sites) or 'none'}."
        )
    return {host for host in task_vars["ansible_play_hosts_all"] if site is None or fleet.site_of.get(host) == site}


def _nothing(site: str | None, task_vars: Mapping[str, Any]) -> str:
    where = f" in site {site}" if site else ""
    limit = f" under --limit {task_vars['ansible_limit']}" if task_vars.get("ansible_limit") else ""
    return f"There is no appliance to work on{where}{limit}: none of the hosts of this run is in the group cloud_connector."


def _described(fleet: Fleet, selected: Mapping[str, list[str]]) -> dict[str, Any]:
    sites = {
        site: {
            "hosts": fleet.sites[site],
            "selected": members,
            "outside": [host for host in fleet.sites[site] if host not in members],
        }
        for site, members in selected.items()
    }
    return {"sites": sites, "readers": {members[0]: site for site, members in selected.items()}}
