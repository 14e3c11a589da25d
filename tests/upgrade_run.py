"""A fleet of two sites with two appliances each, and runs of the upgrade over it in this process, as upgrade_fleet.yml has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import upgrade

from tests import bench, runs
from tests.runs import (
    PATIENCE,
    REST,
    TURN_BEGINS,
    TURN_ENDS,
    VALIDATION,
    Exchange,
    Killed,
    Moment,
    Send,
    Stop,
    modules_of,
)

__all__ = [
    "HOSTS",
    "REST",
    "ROLE",
    "SITES",
    "TURN_BEGINS",
    "TURN_ENDS",
    "VALIDATION",
    "Exchange",
    "Killed",
    "Moment",
    "Run",
    "Send",
    "Stop",
    "World",
    "modules_of",
]
SITES = {"oslo": ("cce-1", "cce-2"), "rome": ("cce-3", "cce-4")}
HOSTS = tuple(host for hosts in SITES.values() for host in hosts)
ROLE = "roles/appliance_upgrade/tasks/main.yml"


class Run(runs.Run):
    """One run of the upgrade."""

    def plan(self) -> list[dict[str, Any]]:
        """The queue, by the module `plan` from what is read here."""
        read = {"gather_subset": ["all", "!tenant"], "exchange_timeout": int(PATIENCE)}
        states = [self.do("appliance_info", host, **self.reach(host), **read)["appliance"] for host in HOSTS]
        tenant = {site: self.tenant(site) for site in SITES}
        planned = self.think(
            "plan", target_version=self.TARGET, states=states, tenant=tenant, dest="/nowhere/plan.json"
        )
        return list(planned["queue"])

    def work(self, turn: Mapping[str, Any]) -> None:
        """The role `appliance_upgrade`."""
        name, site = turn["name"], turn["site"]
        common = {"exchange_timeout": int(PATIENCE), "version": self.TARGET, "site": self.site(site)}
        self.do("automatic_update", name, **self.where(name), site=self.site(site), state="suspended")
        for host in SITES[site] if turn["first_of_site"] else [name]:
            self.do("snapshot", host, delegated=True, **self.reach(host), **common)
        for step in upgrade.NAMES:
            self.do(step, name, **self.reach(name), **common, **self._own(step, name))
        compared = {"state": "compared", "only_open": True, "accept_changes": self.accepted}
        self.do("snapshot", name, **self.reach(name), **common, **compared)

    def _own(self, step: str, host: str) -> Mapping[str, Any]:
        """The options of a step beside those that all have."""
        known = self.variables(host)
        job = {**bench.JOB, "poll_interval": 30, "timeout": 1500}
        own: Mapping[str, Mapping[str, Any]] = {
            "package": {
                **job,
                "source": known["cloud_connector_package_source"],
                "sha256": known["cloud_connector_package_sha256"],
                "content": known["cloud_connector_ini"],
            },
            "configuration": {**job, "content": known["cloud_connector_ini"]},
            "registration": {"poll_interval": 30, "timeout": 1500},
            "download": job,
            "deployment": job,
            "version": job,
            "health": {"wait": 900, "poll_interval": 30},
            "call_proof": bench.PROVEN,
        }
        return own[step]


class World(runs.World):
    """The fleet, its calls, and every upgrade of it."""

    SITES = SITES
    CALLS = {"calls_per_hour": 60.0, "emergency_share": 0.2}
    AUTO_UPDATE = ("oslo",)
    RUN = Run
