# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small pure helpers of roles and playbooks; each is documented in the file of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible import context
from ansible.errors import AnsibleFilterError

from ..plugin_utils.cce import auto_update, ini, patch, status
from ..plugin_utils.cce.site import observation
from ..plugin_utils.cce.tenant_records import RecordsAndWindows
from ..plugin_utils.cce.versions import Version

PARTS = {"start_at_task": "--start-at-task", "step": "--step"}
"""What makes ansible-playbook leave tasks out without asking the playbook."""


def vm_addresses(text: str) -> dict[str, str]:
    return ini.vm_addresses(ini.Ini.parse(text))


def appliance_directory(variables: Mapping[str, Any]) -> str:
    given = variables.get("cloud_connector_appliance_directory")
    # The account may be written DOMAIN\user or user@domain; its profile is named by the user alone.
    user = str(variables["cloud_connector_deployment_user"]).rpartition("\\")[2].partition("@")[0]
    return str(given) if given else rf"C:\Users\{user}\CloudConnector\ApplianceRoot"


def site_appliances(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [_place(host, hostvars[host]) for host in hosts]


def _place(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": host,
        "appliance_directory": appliance_directory(variables),
        "site_directory": variables["cloud_connector_site_directory"],
        "vms": vm_addresses(variables["cloud_connector_ini"]),
    }


def take_over_of(take_over: Mapping[str, Any] | None, site: str) -> dict[str, Any] | None:
    """A word for one site is none for another."""
    given = take_over or {}
    return {name: given[name] for name in ("by", "reason")} if given.get("site") == site else None


def running_versions(states: Iterable[Mapping[str, Any]], otherwise: str) -> list[dict[str, str]]:
    """What could not be read is held against `otherwise`, so that it is judged and cannot pass."""
    return [{"name": state["name"], "version": _version(state) or otherwise} for state in states]


def _version(state: Mapping[str, Any]) -> str | None:
    running = state.get("running")
    return running if isinstance(running, str) else None


def validation_problems(results: Iterable[Mapping[str, Any]], mixed: bool = False) -> list[str]:
    found = list(results)
    problems = [sentence for result in found if (sentence := _problem(result))]
    versions = sorted({version for result in found if (version := _version(result.get("appliance") or {}))})
    if len(versions) > 1 and not mixed:
        problems.append(f"The appliances of the site run different versions: {', '.join(versions)}.")
    return problems


def _problem(result: Mapping[str, Any]) -> str | None:
    """Why the health check did not pass; a result of any other kind is no pass either."""
    if "problem" in result:
        return str(result["problem"])
    name = result.get("site_validation_appliance", {}).get("name", "An appliance")
    return None if "checks" in result else f"{name} was not checked: {result.get('msg', 'no reason was given')}."


def patch_queue(
    states: Iterable[Mapping[str, Any]], sites: Mapping[str, Mapping[str, Any]], otherwise: str
) -> list[dict[str, Any]]:
    found = {str(state["name"]): observation(state) for state in states}
    members = {name: site["hosts"] for name, site in sites.items()}
    hosts = {host for site in sites.values() for host in site["selected"]}
    return [turn.to_dict() for turn in patch.make_queue(members, hosts, found, Version(otherwise))]


def put_back(states: Iterable[Mapping[str, Any]]) -> list[str]:
    return status.put_back(observation(state) for state in states)


def own_update(states: Iterable[Mapping[str, Any]], tenant: Mapping[str, Any]) -> list[str]:
    found = {str(state["name"]): observation(state) for state in states}
    if "update_windows" not in tenant:
        raise AnsibleFilterError(
            "own_update needs the tenant's records as site_info returns them with update_windows: true."
        )
    return auto_update.remarks(found, RecordsAndWindows.from_dict(tenant))


def whole_run(pattern: str) -> str:
    given = [option for name, option in PARTS.items() if context.CLIARGS.get(name)]
    if given:
        raise AnsibleFilterError(
            f"This playbook cannot be run in parts: what {' and '.join(given)} leaves out guards the rest. Nothing was done. "
            "Run it without."
        )
    return pattern


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "appliance_directory": appliance_directory,
            "own_update": own_update,
            "patch_queue": patch_queue,
            "put_back": put_back,
            "running_versions": running_versions,
            "site_appliances": site_appliances,
            "take_over_of": take_over_of,
            "validation_problems": validation_problems,
            "vm_addresses": vm_addresses,
            "whole_run": whole_run,
        }
