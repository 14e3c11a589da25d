# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the upgrade of what a survey has read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..plugin_utils.cce import inventory, pace, queue, support, versions
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.plan import Plan, Refusal, make_plan
from ..plugin_utils.cce.queue import Turn
from ..plugin_utils.cce.reading import Unknown
from ..plugin_utils.cce.site import Observation, Site, Unreadable, observation
from ..plugin_utils.cce.tenant_records import TenantRecords
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.controller import files
from ..plugin_utils.controller.action import ControllerAction, usable_fleet
from ..plugin_utils.controller.fleet import Fleet
from ..plugin_utils.operation.arguments import tenant_records
from ..plugin_utils.operation.clock import Clock

ACCEPTED = "cloud_connector_accepted_ini_changes"
RELEASE_DATES = "cloud_connector_release_dates"
UNREAD = Unreadable("it was not read in this run")


class ActionModule(ControllerAction):
    """Reads the inventory and the survey, lets the domain decide, returns and writes what it decided."""

    ARGUMENTS = {
        "target_version": {"type": "str", "required": True},
        "states": {"type": "list", "elements": "dict", "required": True},
        "tenant": {"type": "dict", "default": {}},
        "site": {"type": "str"},
        "dest": {"type": "path", "default": ".cloud_connector/plan.json"},
        "history": {"type": "path"},
        "expected_hash": {"type": "str"},
    }

    clock = Clock()

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        target = _target(given["target_version"])
        fleet = usable_fleet(task_vars)
        hosts = _hosts(fleet, given["site"], task_vars["ansible_play_hosts_all"])
        states = {str(state.get("name")): observation(state) for state in given["states"]}
        sites = _sites(fleet, hosts, states, {site: tenant_records(one) for site, one in given["tenant"].items()})
        inis = {host: variables["cloud_connector_ini"] for host, variables in fleet.variables.items()}
        accepted = {host: variables.get(ACCEPTED) or () for host, variables in fleet.variables.items()}
        plan = make_plan(target, sites, hosts, self.clock.now(), inis, accepted)
        history = given["history"] or Path(given["dest"]).with_name(pace.NAME)
        outlook = [*self._support(fleet, sites), *self._finish(plan, Path(history))]
        turns = queue.make_queue(plan, sites, hosts)
        described = _described(plan, turns, queue.summary(plan, len(fleet.site_of), outlook))
        if not self._task.check_mode:
            self._write(Path(given["dest"]), plan, described)
        _refuse(plan, given["expected_hash"], described)
        return described

    def _support(self, fleet: Fleet, sites: Sequence[Site]) -> list[str]:
        found = [pair for site in sites for pair in site.appliances.items()]
        running = {
            host: one.running for host, one in found if isinstance(one, Appliance) and isinstance(one.running, str)
        }
        given = next(iter(fleet.variables.values())).get(RELEASE_DATES) or {}
        return support.sentences(running, support.parse_dates(given), self.clock.now().date())

    def _finish(self, plan: Plan, history: Path) -> list[str]:
        if not plan.entries:
            return []
        try:
            measures = pace.parse(history.read_text("utf-8"))
        except FileNotFoundError:
            measures = []
        except (OSError, ValueError) as error:
            return [f"When this will be finished is not known: {history} cannot be read ({error})."]
        return [pace.sentence(measures, plan.target, len(plan.entries), self.clock.now())]

    def _write(self, dest: Path, plan: Plan, described: Mapping[str, Any]) -> None:
        found = {"planned_at": self.clock.now().isoformat(), **plan.to_dict(), **described}
        files.replace(dest, f"{json.dumps(found, indent=2)}\n")


def _described(plan: Plan, turns: Sequence[Turn], summary: Sequence[str]) -> dict[str, Any]:
    return {
        "target": plan.target,
        "hash": plan.hash,
        "queue": [turn.to_dict() for turn in turns],
        "skips": [{"name": skip.host, "site": skip.site, "reason": skip.reason} for skip in plan.skips],
        "summary": list(summary),
    }


def _refuse(plan: Plan, expected: str | None, described: Mapping[str, Any]) -> None:
    if plan.refusals:
        raise Refused(
            "The plan is refused and nothing was begun.",
            "Remove these reasons, then run the same command again.",
            **described,
            problems=_sentences(plan.refusals),
        )
    if expected is not None and expected != plan.hash:
        raise Refused(
            f"This is not the plan that was approved: its hash is {plan.hash}, not {expected}.",
            "Another target, order, limit or policy was given. Nothing was begun. Have the new plan approved.",
            **described,
        )


def _sentences(refusals: Sequence[Refusal]) -> list[str]:
    """One sentence a reason: what is wrong with many appliances in the same way is said once."""
    hosts: dict[str, list[str]] = {}
    for refusal in refusals:
        hosts.setdefault(refusal.reason.removeprefix(f"{refusal.host} "), []).append(refusal.host)
    return [_sentence([name for name in named if name], reason) for reason, named in hosts.items()]


def _sentence(hosts: Sequence[str], reason: str) -> str:
    return f"{', '.join(hosts)}: {reason}" if len(hosts) > 1 else " ".join([*hosts, reason])


def _target(text: str) -> Version:
    try:
        return versions.parse_target(text)
    except ValueError as error:
        raise OptionError(f"cloud_connector_target_version cannot be used: {error}.") from error


def _hosts(fleet: Fleet, site: str | None, play_hosts: Sequence[str]) -> list[str]:
    """The hosts of the play; `site` must not promise another run than the play is."""
    strange = [host for host in play_hosts if site is not None and fleet.site_of.get(host) != site]
    if strange:
        raise Refused(
            f"cloud_connector_site is {site}, but the play works on {', '.join(strange)} too.",
            "Give cloud_connector_site with -e: as a variable of the inventory it does not choose any host.",
        )
    return list(play_hosts)


def _sites(
    fleet: Fleet,
    hosts: Sequence[str],
    states: Mapping[str, Observation],
    tenant: Mapping[str, TenantRecords | None],
) -> list[Site]:
    """The sites of the run with all their appliances, and what the tenant's records of each site say of them."""
    return [
        Site(
            site,
            inventory.policy(fleet.variables[members[0]]),
            {host: _known(states.get(host, UNREAD), tenant.get(site)) for host in fleet.sites[site]},
        )
        for site, members in fleet.selected(hosts).items()
    ]


def _known(found: Observation, records: TenantRecords | None) -> Observation:
    """The observation with what the tenant's records say of it, unless that was read with it."""
    if records is None or isinstance(found, Unreadable) or not isinstance(found.tenant_logon, Unknown):
        return found
    return records.applied(found)
