"""A site of two appliances for which updates of Windows wait, and runs of patch_fleet.yml over it in this process."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lab.world.record import CmdletRun, Event
from tests import bench, runs
from tests.runs import PATIENCE
from tests.windows import ROLES

TARGETS = ("ad", "cms", "mediation", "edge", "host")
"""The computers in the order in which they are patched (`appliance_patch_targets`)."""
ROUNDS = 5
ROLE = "roles/appliance_patch/tasks"
MAIN = f"{ROLE}/main.yml"
UPDATES: Mapping[str, Sequence[Any]] = {
    "CMS": ["KB5000001"],
    "Edge": [{"kb": "KB5000002", "restart": False}, {"kb": "KB5000003", "after": "KB5000002"}],
    "host": ["KB5000004"],
}
"""What waits on each appliance: one round, two of which the first needs no restart, and one on the host."""
FEW: Mapping[str, Sequence[Any]] = {"Mediation": ["KB5000001"], "host": ["KB5000002"]}
"""The same for fewer exchanges."""

INSTALLS = re.compile(r"windows-update-(\w+)")
RESTARTS = re.compile(r"^(?:VM restarts: (\w+)|host restarts)$")


class Run(runs.Run):
    """One run of the patch."""

    def plan(self) -> list[dict[str, Any]]:
        """The queue, by the filter `patch_queue` from what is read here."""
        read = {"gather_subset": ["!min", "ours", "slot", "versions", "host"], "exchange_timeout": int(PATIENCE)}
        hosts, sites = self.world.hosts, self.world.SITES
        states = [self.do("appliance_info", host, **self.reach(host), **read)["appliance"] for host in hosts]
        known = {name: {"hosts": list(members), "selected": list(members)} for name, members in sites.items()}
        return list(runs.FILTERS.patch_queue(states, known, self.TARGET))

    def work(self, turn: Mapping[str, Any]) -> None:
        """The role `appliance_patch`."""
        name = turn["name"]
        where, site = self.where(name), {"site": self.site(turn["site"])}
        read = ["!min", "ours", "slot", "services", "machines", "versions", "configuration"]
        answer = self.do("appliance_info", name, **where, gather_subset=read)
        before, known = answer["appliance"], {"appliance_patch_before": answer, "inventory_hostname": name}
        is_back = runs.says(MAIN, "appliance_patch_is_back", **known)
        self._end_what_was_begun(name, before["jobs"], is_back, where | site)
        known["appliance_patch_searches"] = {"results": [self._search(name, one, where | site) for one in TARGETS]}
        wanted = runs.says(MAIN, "appliance_patch_is_wanted", **known)
        if wanted:
            self._patch(name, where | site)
        if runs.says(MAIN, "appliance_patch_needs_proof", **known):
            self.do("health", name, **where, version=before["running"], wait=900, poll_interval=30)
            self.do("call_proof", name, **where, **site, version=before["running"], **bench.PROVEN)

    def _end_what_was_begun(self, name: str, jobs: Collection[str], is_back: bool, common: Mapping[str, Any]) -> None:
        """The file begun.yml."""
        if is_back or "maintenance-enter" in jobs:
            self.do("maintenance", name, **common, **bench.JOB, state="absent" if is_back else "present")
        for target in TARGETS:
            if f"windows-search-{target}" in jobs:
                self._search(name, target, common)
        for target in TARGETS:
            if f"restart-{target}" in jobs:
                self._restart(name, target, common)
        for target in TARGETS:
            if f"windows-update-{target}" in jobs:
                self._install(name, target, common)

    def _patch(self, name: str, common: Mapping[str, Any]) -> None:
        """The file patch.yml."""
        self.do("automatic_update", name, **common, state="suspended")
        self.do("maintenance", name, **common, **bench.JOB, state="present", on_active_calls="wait")
        for target in TARGETS:
            self._computer(name, target, common)
        self.do("maintenance", name, **common, **bench.JOB, state="absent")

    def _computer(self, name: str, target: str, common: Mapping[str, Any]) -> None:
        """The files computer.yml and round.yml."""
        self._restart(name, target, common)
        for _number in range(ROUNDS):
            changed = self._install(name, target, common)["changed"]
            self._restart(name, target, common)
            if not changed:
                return
        self.fail("assert", f"after {ROUNDS} rounds {target} still found more")

    def _search(self, name: str, target: str, common: Mapping[str, Any]) -> dict[str, Any]:
        return self.do("windows_update", name, **common, target=target, state="searched", poll_interval=60)

    def _install(self, name: str, target: str, common: Mapping[str, Any]) -> dict[str, Any]:
        return self.do("windows_update", name, **common, target=target, poll_interval=60)

    def _restart(self, name: str, target: str, common: Mapping[str, Any]) -> None:
        self.do("restart", name, **common, target=target, poll_interval=60)


class World(runs.World):
    """The site at 2.1, its calls, and every patch of it."""

    RUN = Run
    AUTO_UPDATE = ("oslo",)
    SITES = {"oslo": ("cce-1", "cce-2")}
    # So few and so short that there are moments without any.
    CALLS = {"calls_per_hour": 12.0, "mean_seconds": 60.0, "emergency_share": 0.2}

    def __init__(self, updates: Mapping[str, Sequence[Any]] = UPDATES, **switches: Any) -> None:
        self.updates = updates
        self.STAGED = {"scripts": "2.1", "running": "2.1", "windows_updates": {k: list(v) for k, v in updates.items()}}
        super().__init__(**switches)

    # --- what the record and the world show

    def dump(self) -> dict[str, Any]:
        """With what is in, and what is left over, in Windows of host and VMs."""
        windows = {host: {role: self._windows(host, role) for role in ("host", *ROLES.values())} for host in self.hosts}
        return {**super().dump(), "windows": windows}

    def _windows(self, host: str, role: str) -> dict[str, Any]:
        computer = self._computer(host, role)
        agent, folder = computer.updates, rf"{bench.OURS}\jobs"
        return {
            "installed": list(agent.installed),
            "waits": [one.kb for one in [*agent.available, *agent.awaiting]],
            "jobs": [one.name for one in computer.files.list(folder)] if computer.files.exists(folder) else [],
            "tasks": [task.name for task in computer.tasks],
        }

    def begun(self) -> Counter[tuple[str, str]]:
        """The acts, each installation, and each restart."""
        return self.acts() + Counter((host, what) for host in self.hosts for what in self.order(host))

    def order(self, host: str) -> list[str]:
        """What was begun on the computers of an appliance: `install on <target>`, and `restart of <target>`, in order."""
        found = []
        for entry in self.lab.record.entries:
            if isinstance(entry, CmdletRun) and entry.appliance == host and entry.name == "Register-ScheduledTask":
                if name := INSTALLS.search(str(entry.parameters["TaskName"])):
                    found.append(f"install on {name[1]}")
            elif isinstance(entry, Event) and entry.appliance == host and (name := RESTARTS.search(entry.text)):
                found.append(f"restart of {(name[1] or 'host').casefold()}")
        return found

    def wrongs(self, last: str) -> Iterator[str]:
        """Who is left in maintenance, is not proven to carry calls, or was worked on in another order than Microsoft's.

        And, in the end, a site whose automatic update is not as it was.
        """
        for host in self.hosts[: self.hosts.index(last) + 1]:
            if self.lab.appliance(host).maintenance:
                yield f"{host} is left in maintenance mode"
            files, proof = self.lab.appliance(host).computer.files, rf"{bench.OURS}\records\proof.json"
            if not files.exists(proof) or '"proof": {' not in files.read_text(proof):
                yield f"{host} is not proven to carry calls"
        if last == self.hosts[-1] and not self.lab.world.tenant.sites["oslo"].enable_auto_update:
            yield "automatic update was not put back"
        for host in self.hosts:
            # A host restarts by itself where that is the disturbance; what is begun on it is always last.
            done = [TARGETS.index(one.rpartition(" ")[2]) for one in self.order(host) if one != "restart of host"]
            if done != sorted(done):
                yield f"{host}: {', '.join(self.order(host))}"

    def _computer(self, host: str, role: str) -> Any:
        appliance = self.lab.appliance(host)
        running = appliance.running_set
        assert running is not None
        return appliance.computer if role == "host" else running.machines[role].computer  # type: ignore[index]
