# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fleet as the inventory has it: the appliances, their sites, and which of them this run is about.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError

from ..operation.predictions import FACT

GROUP = "cloud_connector"
"""The group of all appliances; its child groups are the sites."""

MARKS = (
    "cloud_connector_queue",
    "cloud_connector_validators",
    "cloud_connector_confirmed",
    "cloud_connector_validated",
    "cloud_connector_left_out",
)
"""Groups the playbooks make while they run. They are the record of what is done, so an inventory must not have them."""

PREFIX = "cloud_connector_"
SITE_NAME = "cloud_connector_site_name"
"""Names the site of an appliance that is in several groups which could be it."""

MADE = (
    "cloud_connector_inventory",
    "cloud_connector_survey",
    "cloud_connector_tenant",
    "cloud_connector_plan",
    "cloud_connector_read",
    "cloud_connector_entry",
    "appliance_staging_site",
    "appliance_staging_site_hosts",
    "appliance_rollback_proof",
    "appliance_rollback_site",
    "appliance_rollback_site_hosts",
    "appliance_rollback_steps",
    "appliance_rollback_removes",
    "appliance_rollback_whole_site",
    "cloud_connector_control",
    "appliance_upgrade_site",
    "appliance_upgrade_site_hosts",
    "appliance_upgrade_snapshot_of",
    "appliance_upgrade_snapshots",
    "appliance_upgrade_tenant",
    "appliance_upgrade_proof",
    "appliance_patch_agents",
    "appliance_patch_before",
    "appliance_patch_computer",
    "appliance_patch_holds",
    "appliance_patch_installed",
    "appliance_patch_is_back",
    "appliance_patch_is_wanted",
    "appliance_patch_needs_proof",
    "appliance_patch_policy",
    "appliance_patch_proof",
    "appliance_patch_round",
    "appliance_patch_searches",
    "appliance_patch_site",
    "appliance_patch_site_hosts",
    "appliance_patch_slot",
    "appliance_patch_target",
    "appliance_patch_whole_site",
    "appliance_upgrade_host",
    "appliance_upgrade_not_signs",
    "appliance_upgrade_whole_site",
    "site_survey_hosts",
    "site_survey_results",
    "site_survey_states",
    "site_validation_appliance",
    "site_validation_appliances",
    "site_validation_compare",
    "site_validation_lacks",
    "site_validation_left_out",
    "site_validation_only_open",
    "site_validation_mixed",
    "site_validation_problems",
    "site_validation_results",
    "site_validation_tenant",
    "site_validation_site",
    "site_validation_survey",
)
"""Values that playbooks and roles make themselves while they run; some are as large as the state of the whole fleet."""


@dataclass(frozen=True)
class Fleet:
    """Appliances with their variables and sites; `problems` are sentences about what could not be read."""

    variables: Mapping[str, Mapping[str, Any]]
    site_of: Mapping[str, str]
    problems: Sequence[str]

    @property
    def sites(self) -> dict[str, list[str]]:
        """The appliances of each site, both in the order of the inventory."""
        found: dict[str, list[str]] = {}
        for host, site in self.site_of.items():
            found.setdefault(site, []).append(host)
        return found

    def selected(self, hosts: Collection[str]) -> dict[str, list[str]]:
        """The appliances among `hosts`, by site; sites without any are left out."""
        chosen = {site: [host for host in members if host in hosts] for site, members in self.sites.items()}
        return {site: members for site, members in chosen.items() if members}


def read_fleet(hostvars: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> Fleet:
    """The fleet of the group `cloud_connector`, all of it, whatever the limit of the run is."""
    variables: dict[str, dict[str, Any]] = {}
    site_of: dict[str, str] = {}
    problems = [_mark_problem(mark) for mark in MARKS if mark in groups]
    for host in groups.get(GROUP, ()):
        variables[host], unread = _variables(host, hostvars[host])
        problems += unread
        candidates = _sites(host, variables[host], groups)
        if len(candidates) == 1:
            site_of[host] = candidates[0]
        else:
            problems.append(_site_problem(host, candidates))
    return Fleet(variables, site_of, problems)


def made_problems(hostvars: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """What must not be there before the first play has made it: one sentence for each of `MADE` that an appliance has.

    With `-e` such a value would win over the one that is made: an empty plan, or a site without a problem.
    """
    appliances = [hostvars[host] for host in groups.get(GROUP, ())]
    return [
        f"{name} is made by the playbooks while they run: leave it out of -e and of the inventory, "
        "and run one playbook at a time."
        for name in MADE
        if any(name in variables for variables in appliances)
    ]


def _mark_problem(mark: str) -> str:
    return f"The group {mark} is what the playbooks remember a run by: rename yours, and run one of them at a time."


def _variables(host: str, found: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The variables of our convention, and one sentence for each that cannot be resolved."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name in _names(found):
        try:
            values[name] = found[name]
        except AnsibleError as error:
            problems.append(f"{host}: {name} cannot be resolved: {' '.join(str(error).split())}")
    return values, problems


def _names(found: Mapping[str, Any]) -> Iterator[str]:
    """Without what playbooks make, and without what check mode hands on."""
    ours = (name for name in sorted(found) if name.startswith(PREFIX))
    return (name for name in ours if name not in MADE and name != FACT)


def _sites(host: str, variables: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """The groups that could be the site of `host`: those that hold appliances only."""
    appliances = set(groups[GROUP])
    holding = [name for name, hosts in groups.items() if host in hosts and appliances >= set(hosts)]
    candidates = [name for name in holding if name not in ("all", "ungrouped", GROUP, *MARKS)]
    return [name for name in candidates if name == variables.get(SITE_NAME, name)]


def _site_problem(host: str, candidates: Sequence[str]) -> str:
    if not candidates:
        return f"{host} is in no site: put it into a child group of {GROUP} that has the name of its site."
    return f"{host} could belong to any of the sites {', '.join(candidates)}: set {SITE_NAME} in the group that is its site."
