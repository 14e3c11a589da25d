"""A site of two appliances at 2.1, and runs of rollback.yml over it in this process, which take both back to 2.0.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import hold

from tests import bench, runs
from tests.runs import PATIENCE
from tests.saved import save_before

ROLE = "roles/appliance_rollback/tasks/main.yml"
OLD = "2.0.1"
WHO = {"by": "J. Doe", "reason": "CHG4711"}


class Run(runs.Run):
    """One run of the rollback."""

    def plan(self) -> list[dict[str, Any]]:
        """The queue, by the module `rollback_plan` from what is read here."""
        read = {"gather_subset": ["all", "!tenant"], "exchange_timeout": int(PATIENCE)}
        states = [self.do("appliance_info", host, **self.reach(host), **read)["appliance"] for host in self.world.hosts]
        return list(self.think("rollback_plan", version=OLD, states=states, **WHO)["queue"])

    def work(self, turn: Mapping[str, Any]) -> None:
        """The role `appliance_rollback`."""
        name, job = turn["name"], {**bench.JOB, "poll_interval": 30, "timeout": 1500}
        common = {**self.where(name), "site": self.site(turn["site"])}
        if "version" in turn["steps"]:
            self.do("automatic_update", name, **common, state="suspended")
        self.do("rollback_hold", name, **common, version=OLD, **WHO)
        if "version" in turn["steps"]:
            self.do("version", name, **common, version=OLD, rollback=True, **job)
        if turn["removes"]:
            self.do("deployment", name, **common, state="absent", version=turn["removes"], **job)
        self.do("package", name, **common, version=OLD, state="previous", **job)
        self.do("registration", name, **common, version=OLD, poll_interval=30, timeout=1500)
        self.do("health", name, **common, version=OLD, wait=900, poll_interval=30)
        self.do("call_proof", name, **common, version=OLD, **bench.PROVEN)


class World(runs.World):
    """The site as an upgrade has left it, its calls, and every rollback of it."""

    RUN = Run
    AUTO_UPDATE = ("oslo",)
    SITES = {"oslo": ("cce-1", "cce-2")}
    CALLS = {"calls_per_hour": 60.0, "emergency_share": 0.2}
    STAGED = {"scripts": "2.1", "running": "2.1", "backup": OLD}

    def __init__(self, **switches: Any) -> None:
        super().__init__(**switches)
        for host in self.hosts:
            save_before(self.lab.appliance(host).computer, self.lab.ini(host))

    def wrongs(self, last: str) -> Iterator[str]:
        """Who is not back at the old version, and a site that is not on hold."""
        for host in self.hosts[: self.hosts.index(last) + 1]:
            found = self.lab.snapshot(host)
            if (found["scripts"], found["running"], found["in_service"]) != (OLD, OLD, True):
                yield f"{host} has scripts {found['scripts']}, runs {found['running']}"
        files = self.lab.world.network.files
        for site in self.SITES:
            path = hold.path(self.lab.world.sites[site].directory)
            if not files.exists(path) or f'"goes_to": "{OLD}"' not in files.read_text(path):
                yield f"{site} is not on hold"
            if self.lab.world.tenant.sites[site].enable_auto_update:
                yield f"automatic update of {site} is on and would lead it forward again"
