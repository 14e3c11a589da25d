# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the upgrade of what a survey has read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..plugin_utils.cce import intent, inventory, pace, plan_page, queue, support, versions
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import OptionError, Refused
from ..plugin_utils.cce.pace import Measure
from ..plugin_utils.cce.plan import Plan, Refusal
from ..plugin_utils.cce.planning import make_plan
from ..plugin_utils.cce.reading import Unknown
from ..plugin_utils.cce.schema import faults
from ..plugin_utils.cce.settings import Settings
from ..plugin_utils.cce.site import Observation, Site, Unreadable, observation
from ..plugin_utils.cce.tenant_records import TenantRecords
from ..plugin_utils.cce.turn import Turn
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
        "approved_plan": {"type": "path"},
    }

    clock = Clock()

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        target, now = _target(given["target_version"]), self.clock.now()
        fleet = usable_fleet(task_vars)
        hosts = _hosts(fleet, given["site"], task_vars["ansible_play_hosts_all"])
        states = {str(state.get("name")): observation(state) for state in given["states"]}
        sites = _sites(fleet, hosts, states, {site: tenant_records(one) for site, one in given["tenant"].items()})
        inis = {host: variables["cloud_connector_ini"] for host, variables in fleet.variables.items()}
        accepted = {host: variables.get(ACCEPTED) or () for host, variables in fleet.variables.items()}
        measures, unread = _history(Path(given["history"] or Path(given["dest"]).with_name(pace.NAME)))
        settings = inventory.settings(fleet.variables, fleet.site_of, measures, target)
        _refuse_narrow(settings, task_vars)
        plan = make_plan(target, sites, hosts, now, inis, accepted, settings)
        outlook = [*self._support(fleet, sites), *unread, *self._finish(plan, fleet, sites, settings)]
        turns = queue.make_queue(plan, sites, hosts)
        described = _described(plan, turns, queue.summary(plan, len(fleet.site_of), outlook))
        document = {"planned_at": now.isoformat(), **plan.to_dict(), **described}
        approval = _approval(given)
        if not plan.refusals:
            _refuse_other(approval, document, described)
        if not self._task.check_mode:
            self._write(Path(given["dest"]), document, plan_page.page(plan, now, described["summary"]), approval)
        _refuse(plan, described)
        return described

    def _write(self, dest: Path, document: Mapping[str, Any], page: str, approval: _Approval | None) -> None:
        """The page always; the plan unless the one that was approved is there, which later runs are held against."""
        files.replace(dest.with_suffix(".md"), page)
        if approval is None or (not document["refusals"] and not approval.is_at(dest)):
            files.replace(dest, f"{json.dumps(document, indent=2)}\n")

    def _support(self, fleet: Fleet, sites: Sequence[Site]) -> list[str]:
        return support.sentences(_running(sites), _dates(fleet), self.clock.now().date())

    def _finish(self, plan: Plan, fleet: Fleet, sites: Sequence[Site], settings: Settings) -> list[str]:
        now = self.clock.now()
        if not plan.entries or plan.ends is None:
            return []
        until = support.next_end(_running(sites).values(), _dates(fleet), now.date())
        at_once = settings.sites_at_once
        return [
            pace.sentence(settings.pace, plan.target, len(plan.entries), plan.ends, now, at_once),
            pace.against_support(plan.ends, now, at_once, plan.width, until),
        ]


def _running(sites: Sequence[Site]) -> dict[str, Version]:
    """What is known to run."""
    found = [pair for site in sites for pair in site.appliances.items()]
    return {host: one.running for host, one in found if isinstance(one, Appliance) and isinstance(one.running, str)}


def _dates(fleet: Fleet) -> support.Dates:
    return support.parse_dates(next(iter(fleet.variables.values())).get(RELEASE_DATES) or {})


def _history(path: Path) -> tuple[list[Measure], list[str]]:
    """The measures, and a sentence where they could not be read."""
    try:
        return pace.parse(path.read_text("utf-8")), []
    except FileNotFoundError:
        return [], []
    except (OSError, ValueError) as error:
        return [], [f"When this will be finished is not known from {path}, which cannot be read ({error})."]


def _described(plan: Plan, turns: Sequence[Turn], summary: Sequence[str]) -> dict[str, Any]:
    return {
        "target": plan.target,
        "hash": plan.hash,
        "queue": [turn.to_dict() for turn in turns],
        "batches": [len(row) for row in plan.rows],
        "skips": [{"name": skip.host, "site": skip.site, "reason": skip.reason} for skip in plan.skips],
        "summary": list(summary),
    }


def _refuse(plan: Plan, described: Mapping[str, Any]) -> None:
    if plan.refusals:
        raise Refused(
            "The plan is refused and nothing was begun.",
            "Remove these reasons, then run the same command again.",
            **described,
            problems=_sentences(plan.refusals),
        )


def _refuse_narrow(settings: Settings, task_vars: Mapping[str, Any]) -> None:
    """Ansible would do the rest of a row after the others, hours later."""
    forks = task_vars.get("ansible_forks")
    if forks and int(forks) < settings.sites_at_once:
        raise Refused(
            f"cloud_connector_sites_at_once is {settings.sites_at_once}, but Ansible works on {forks} appliances at a time.",
            f"Give --forks {settings.sites_at_once} (in AWX: forks of the job template), or fewer sites at once.",
        )


# --- an approved plan -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Approval:
    """The hash that was approved; its plan where that is at hand, and the file it is in."""

    hash: str
    plan: Mapping[str, Any] | None
    file: Path

    def is_at(self, path: Path) -> bool:
        """Whether that file holds the approved plan."""
        return self.plan is not None and self.file == path


def _approval(given: Mapping[str, Any]) -> _Approval | None:
    """What was approved, None where nothing was. Without the option, the plan that is there counts if it has that hash.

    Raises:
        OptionError: the file that was given is not the plan of that hash.
    """
    expected, named = given["expected_hash"], given["approved_plan"]
    if expected is None:
        if named is not None:
            raise OptionError(
                "cloud_connector_plan_file was given without cloud_connector_plan_hash.",
                "Give the hash that was approved, too.",
            )
        return None
    file = Path(named or given["dest"])
    try:
        plan = _planned(file, expected)
    except (OSError, ValueError) as error:
        if named is not None:
            raise OptionError(
                f"cloud_connector_plan_file is not the plan that was approved: {error}.",
                f"Give the plan.json whose hash is {expected}.",
            ) from error
        plan = None
    return _Approval(expected, plan, file)


def _planned(path: Path, expected: str) -> Mapping[str, Any]:
    """The plan in a file. Raises OSError, ValueError."""
    found = json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict) or faults("plan.json", found):
        raise ValueError(f"{path} is no plan of this collection")
    if intent.hash_of(found["intent"]) != expected:
        raise ValueError(f"the hash of {path} is {intent.hash_of(found['intent'])}, not {expected}")
    if found["refusals"]:
        raise ValueError(f"the plan in {path} was refused itself")
    return found


def _refuse_other(approval: _Approval | None, found: Mapping[str, Any], described: Mapping[str, Any]) -> None:
    """What was approved is done, or what is left of it, or nothing."""
    if approval is None:
        return
    problems = _not_approved(approval, found)
    if problems or approval.hash != found["hash"]:
        raise Refused(
            f"This is not the plan that was approved: its hash is {found['hash']}, not {approval.hash}."
            if approval.hash != found["hash"]
            else "This is more than what is left of the plan that was approved.",
            "Nothing was begun, and plan.json was not replaced. Run it as it was approved, or have the new plan approved: the "
            "playbook plan writes it.",
            **described,
            problems=problems,
        )


def _not_approved(approval: _Approval, found: Mapping[str, Any]) -> list[str]:
    if approval.plan is not None:
        return [
            *intent.differences(approval.plan["intent"], found["intent"]),
            *intent.more_work(approval.plan["entries"], found["entries"], found["target"]),
        ]
    if approval.hash == found["hash"]:
        return []
    return [
        "What differs cannot be said without the approved plan.json: give it as cloud_connector_plan_file. "
        f"This plan is for {found['target']}, {len(found['sites'])} sites ({', '.join(found['sites'][:4])}"
        f"{', ...' if len(found['sites']) > 4 else ''}), {found['intent']['sites_at_once']} at once."
    ]


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
