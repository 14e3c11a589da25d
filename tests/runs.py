"""Runs of a playbook over a simulated fleet, in this process: what the drivers of upgrade, patch and rollback share.

Every exchange with any appliance is counted over the whole run and told to a script, which may kill the run there: from then on
neither exchange nor clock answers it, whatever its code catches, and what it has begun on an appliance goes on by itself.

A driver is a `World`, which says what the fleet is, and a `Run`, which plays survey and role of its playbook by `do`, each task
under its condition; a test of each compares the modules it has run with those of the files (`modules_of`).
"""

from __future__ import annotations

import importlib
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import yaml
from ansible.errors import AnsibleConnectionFailure
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import lease, slot
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.owner import Owner

from lab.inprocess import Lab
from lab.world.faults import Fault, Faults
from lab.world.record import Call
from tests import bench, leases
from tests.fleet import think
from tests.operations import InProcessConnection, prepare

ROOT = Path(__file__).parents[1]
PEAK = 500
SHORT: Mapping[str, Any] = {
    "msi_seconds": 20.0,
    "register_seconds": 10.0,
    "download_seconds": 40.0,
    "install_hours": 0.02,
    "switch_duration": 30.0,
    "services_seconds": 5.0,
    "boot_seconds": 60.0,
    # What an interrupted deployment left is replaced by the next one; otherwise a person has to remove it first.
    "install_over_unfinished": "replaced",
}
"""Cmdlets that take so long that a run looks at each a few times, and no longer."""

PATIENCE = 300.0
"""Simulated seconds after which an exchange is given up (`exchange_timeout`)."""
REST = 120.0
"""Seconds after a run in which calls meet what it left."""
FILTERS = importlib.import_module("ansible_collections.sfb.cloud_connector.plugins.filter.filters")
TURN_BEGINS, TURN_ENDS = "playbooks/tasks/turn_begins.yml", "playbooks/tasks/turn_ends.yml"
VALIDATION = "roles/site_validation/tasks/main.yml"
COLLECTION = "sfb.cloud_connector."
ACT = re.compile(r"-Cc[A-Z]\w*$")


class Killed(BaseException):
    """The controller's process group was killed."""


@dataclass(frozen=True)
class Exchange:
    """One exchange of a run: its number from 1 on, with which appliance, what was asked, and in which module at whose turn."""

    number: int
    host: str
    request: Mapping[str, Any]
    turn: str
    module: str

    @property
    def aim(self) -> str:
        """The cmdlet that is the point of it: the last one that may change something, or else the last one."""
        names = [str(step["cmdlet"]).rpartition("\\")[2] for step in self.request["steps"]]
        acting = [name for name, step in zip(names, self.request["steps"], strict=True) if leases.may_change(step)]
        return (acting or names)[-1]


Send = Callable[[], dict[str, Any]]
Script = Callable[["Run", Exchange, Send], dict[str, Any]]
"""What happens at an exchange; it delivers the request by calling the last argument, which gives the answer, and may raise."""


def deliver(run: Run, exchange: Exchange, send: Send) -> dict[str, Any]:
    """The script of an undisturbed run."""
    return send()


@dataclass(frozen=True)
class Stop:
    """Where a run ended before its end: at whose turn, in which module, and what it said. No turn: before the first one."""

    turn: str
    module: str
    failure: str
    message: str


class HookedFaults(Faults):
    """The faults of an appliance; each moment of a cmdlet is told first."""

    def __init__(self, told: Callable[[str, str, str | None], object]) -> None:
        super().__init__()
        self._told = told

    def take(self, cmdlet: str, when: Any, point: str | None = None) -> Fault | None:
        self._told(cmdlet, when, point)
        return super().take(cmdlet, when, point)


Moment = tuple[str, str, str]
"""A point inside a long cmdlet: the appliance, the cmdlet, and the point of its work."""


class World:
    """A fleet, its calls, and every run over it."""

    SITES: Mapping[str, tuple[str, ...]]
    CALLS: Mapping[str, Any]
    STAGED: Mapping[str, Any] = {}
    """How each appliance is described beside its name."""
    AUTO_UPDATE: Collection[str] = ()
    """The sites that have automatic update on."""
    RUN: type[Run]
    """What a run over it is."""

    def __init__(self, **switches: Any) -> None:
        self.switches = {**SHORT, **switches}
        self.hosts = tuple(host for hosts in self.SITES.values() for host in hosts)
        self.site_of = {host: site for site, hosts in self.SITES.items() for host in hosts}
        self.lab = Lab.from_description(
            {"sites": [self._described(site) for site in self.SITES], "switches": self.switches}
        )
        self.runs = 0
        self.at_moment: Callable[[Moment], object] = lambda moment: None
        self.reached: Counter[tuple[str, str, str, str | None]] = Counter()
        """How often which moment of a cmdlet was reached on each appliance."""
        for name in self.hosts:
            self.lab.appliance(name).faults = HookedFaults(lambda *place, name=name: self._reached(name, *place))

    def _described(self, site: str) -> dict[str, Any]:
        return {
            "name": site,
            "peak_calls": PEAK,
            "appliances": [{"name": host, **self.STAGED} for host in self.SITES[site]],
            "auto_update": site in self.AUTO_UPDATE,
            "calls": {"inbound": self.CALLS, "outbound": self.CALLS},
        }

    def _reached(self, host: str, cmdlet: str, when: str, point: str | None) -> None:
        self.reached[host, cmdlet, when, point] += 1
        if when == "during" or cmdlet == "msiexec.exe":
            self.at_moment((host, cmdlet, str(point)))

    def run(self, script: Script = deliver, accepted: Sequence[str] = ()) -> Run:
        """The next run of the same command, not begun yet: another owner, whose predecessors have ended.

        `accepted`: what a person says of `cloud_connector_accepted_changes`.
        """
        self.runs += 1
        return self.RUN(self, self.runs, script, accepted)

    def rest(self, seconds: float = REST) -> None:
        """Lets time pass."""
        self.lab.advance(seconds)

    # --- what the record and the world show

    def acts(self, since: int = 0) -> Counter[tuple[str, str]]:
        """How often each cmdlet of the product that changes something, and the installer, was run on each appliance."""
        runs = self.lab.record.cmdlets(mutating=True, since=since)
        installs = [run for run in runs if run.name == "Start-Process" and "msiexec" in str(run.parameters)]
        acts = [run for run in runs if ACT.search(run.name)]
        return Counter((run.appliance, run.name) for run in [*acts, *installs])

    def touched(self, since: int) -> set[str]:
        """The appliances on which something was begun, but for the snapshot, which is taken of a whole site at first, and
        the lease and the slot, which are the site's."""
        return {name for name, _ in self._begun(since)}

    def touches(self, since: int, hosts: Collection[str]) -> str:
        """What was begun on these appliances, in words."""
        return "; ".join(text for name, text in self._begun(since) if name in hosts)

    def _begun(self, since: int) -> list[tuple[str, str]]:
        runs = self.lab.record.cmdlets(mutating=True, since=since)
        begun = [run for run in runs if ACT.search(run.name) or (run.name in STARTS and OWN not in str(run.parameters))]
        return [(run.appliance, f"{run.name} {dict(run.parameters)} by {run.user}"[:200]) for run in begun]

    def begun(self) -> Counter[tuple[str, str]]:
        """How often each thing was begun that may be done once only: the acts, for a fleet on which there is nothing more."""
        return self.acts()

    def left(self) -> list[str]:
        """What a fleet that is done has none of: lease and slot of its sites, claims and tasks of jobs on its hosts."""
        files, found = self.lab.world.network.files, list[str]()
        for name in self.SITES:
            directory = self.lab.world.sites[name].directory
            paths = (lease.path(directory), slot.path(directory))
            found += [path for path in paths if files.exists(path)]
        for host in self.hosts:
            computer, folder = self.lab.appliance(host).computer, rf"{bench.OURS}\jobs"
            jobs = computer.files.list(folder) if computer.files.exists(folder) else ()
            found += [f"{host}: {one.name}" for one in (*jobs, *computer.tasks)]
        return found

    def wrongs(self, last: str) -> Iterator[str]:
        """What is wrong with the fleet after the turn of the appliance `last`, in words, beside calls and outages."""
        yield from ()

    def lost_calls(self, counts: Callable[[Call], bool] = lambda call: True) -> list[str]:
        """The calls that were cut, or that no appliance took, and that count."""
        lost = (call for call in self.lab.record.calls() if call.outcome in ("cut", "refused"))
        return [f"{call.site} at {call.time:%H:%M:%S}: {call.outcome}, {call.why}" for call in lost if counts(call)]

    def overlaps(self) -> list[str]:
        """When an appliance was taken out while another one of its site was out."""
        found, out = [], self.lab.record.outages()
        for late in out:
            for early in out:
                begun = early.time < late.time and (early.end is None or early.end > late.time)
                if begun and early.site == late.site and early.appliance != late.appliance:
                    found.append(f"{late.appliance} ({late.why}) while {early.appliance} was out ({early.why})")
        return found

    def dump(self) -> dict[str, Any]:
        """Everything that two ways to the same end must agree in, as data without times, tokens and names of runs."""
        files, tenant = self.lab.world.network.files, self.lab.world.tenant
        return {
            "appliances": {name: self._appliance(name) for name in self.hosts},
            "shares": {site: _texts(files, self.lab.world.sites[site].directory) for site in self.SITES},
            "automatic_update": {name: repr(tenant.sites[name]) for name in self.SITES},
            "tenant": {name: repr(one) for name, one in sorted(tenant.appliances.items())},
        }

    def _appliance(self, name: str) -> dict[str, Any]:
        appliance = self.lab.appliance(name)
        state = {key: value for key, value in appliance.state().items() if key != "calls"}
        ours = _texts(appliance.computer.files, bench.OURS)
        return {**state, "ours": ours, "tasks": sorted(task.name for task in appliance.computer.tasks)}


STARTS = ("Register-ScheduledTask", "Start-Process", "Start-ScheduledTask", "Start-Service", "Stop-Service")
"""What begins a job, or changes a service, beside the product's own cmdlets."""

OWN = "icacls"
"""The program that makes the collection's own folder, in which the snapshot is kept."""

VARIES = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?|\b[0-9a-f]{32}\b|"
    rf"run-\d+(@\w+)?|{re.escape(os.uname().nodename)}-\d+-\d+|\d{{14,}}|\d+\.\d+"
    r'|(?<="after": )"[^"]*"|(?<="seconds": )\d+|(?<="by": )"run [^"]*"'
)
"""Times, tokens, names of runs; and of a lease whom it was taken over from, and for how long it is."""


def _texts(files: Any, root: str) -> dict[str, str]:
    """Path -> text of every file below a folder, without what varies."""
    if not files.exists(root):
        return {}
    found = ((path, files) for path, entry in files.walk(root) if not files.is_folder(path))
    return {VARIES.sub("*", path): VARIES.sub("*", one.read(path).decode("utf-8", "replace")) for path, one in found}


class Line(InProcessConnection):
    """A connection of a run to one appliance."""

    def __init__(self, run: Run, host: str) -> None:
        super().__init__(run.world.lab.connection(host))
        self._run, self._host = run, host

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Nothing leaves a controller that is gone; the clock says so to whoever goes on."""
        if self._run.dead:
            raise ConnectionError("the controller is gone")
        return super().exec_command(cmd, in_data, sudoable)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """As the script of the run has it."""

        def send(seconds: float = PATIENCE) -> dict[str, Any]:
            answered: dict[str, Any] = self._appliance.exchange(request, seconds)
            return answered

        answered = self._run.at(self._host, request, send)
        if self._run.dead or self._run.dropped:
            self._run.dropped = False
            raise ConnectionError("the line is broken")
        return answered


class Run:
    """One run of the command."""

    TARGET = "2.1"
    """The release that the inventory names (`cloud_connector_target_version`)."""

    def __init__(self, world: World, number: int, script: Script, accepted: Sequence[str] = ()) -> None:
        here = Owner.current({}).machine
        same = {"boot": here.boot, "namespace": here.namespace, "pid": "999999999"}
        self.world, self.owner, self.dead, self.dropped = world, leases.other(f"run-{number}", **same), False, False
        self.accepted = list(accepted)
        self.exchanges: list[Exchange] = []
        self.modules: list[tuple[str, str]] = []
        """At whose turn which was run."""
        self.turn_ended: Callable[[str], object] = lambda turn: None
        self._script, self._turn, self._module = script, "", ""

    def kill(self) -> None:
        """From now on nothing of the run has an effect; what it began goes on."""
        self.dead = True

    def drop(self) -> None:
        """The answer to what is under way is lost, or the next one where nothing is."""
        self.dropped = True

    def at(self, host: str, request: Mapping[str, Any], send: Send) -> dict[str, Any]:
        """An exchange is made."""
        exchange = Exchange(len(self.exchanges) + 1, host, request, self._turn, self._module)
        self.exchanges.append(exchange)
        return self._script(self, exchange, send)

    def play(self, last: str = "") -> Stop | None:
        """Plays it to its end, or to the end of the turn of the appliance `last`.

        Returns:
            Where it stopped; None when all is done.

        Raises:
            Killed: it was killed.
        """
        try:
            for turn in self.plan():
                if last and self.world.hosts.index(turn["name"]) > self.world.hosts.index(last):
                    return None
                self._turn = turn["name"]
                self.play_turn(turn)
                self.turn_ended(turn["name"])
        except _Failed as failed:
            return failed.stop
        except _NotAlive:
            raise Killed from None
        return None

    # --- one task

    def do(self, module: str, host: str, *, delegated: bool = False, **options: Any) -> dict[str, Any]:
        """What a module returns, having succeeded. Raises _Failed."""
        self._module = module
        self.modules.append((self._turn, module))
        keywords = {"delegate_to": host} if delegated else None
        action = leases.owned(prepare(self.world.lab, host, module, options, keywords=keywords), self.owner)
        self._give_line(action, host)
        try:
            result = dict(action.run(task_vars={"inventory_hostname": self._turn or host, "ansible_facts": {}}))
        except AnsibleConnectionFailure as lost:
            result = {"failed": True, "msg": str(lost), "failure": {"class": "connection"}}
        self._live()
        if result.get("failed"):
            self.fail(str(result["failure"]["class"]), str(result["msg"]))
        return result

    def _give_line(self, action: Any, host: str) -> None:
        clock, lab = action.clock, self.world.lab

        def alive(call: Callable[..., Any]) -> Callable[..., Any]:
            def asked(*arguments: Any) -> Any:
                self._live()
                found = call(*arguments)
                self._live()
                return found

            return asked

        action._connection = Line(self, host)
        action.connect = lambda *names: Line(self, names[-1])
        action.clock = type(clock)(alive(lab.world.now), alive(lab.now), alive(lab.sleep))

    def _live(self) -> None:
        if self.dead:
            raise _NotAlive

    # --- the playbook

    def plan(self) -> list[dict[str, Any]]:
        """The turns, in their order, from what is read of the fleet. Raises _Failed."""
        raise NotImplementedError

    def work(self, turn: Mapping[str, Any]) -> None:
        """What is done on the appliance in its turn: the role. Raises _Failed."""
        raise NotImplementedError

    def play_turn(self, turn: Mapping[str, Any]) -> None:
        """The turn of one appliance, nobody having given windows. Raises _Failed."""
        self.do("run_control", turn["name"], **self.where(turn["name"]))
        if turn["upgrade"]:
            self.work(turn)
        if turn["last_of_site"]:
            self._end_site(turn)

    def _end_site(self, turn: Mapping[str, Any]) -> None:
        name, where, site = turn["name"], self.where(turn["name"]), self.site(turn["site"])
        tenant = self._validate(turn)
        if turn["puts_back"]:
            self.do("automatic_update", name, **where, tenant=tenant, state="restored", site=site)
        if turn["watched"]:
            self.do("soak", name, **where, version=self.TARGET, duration=120, poll_interval=60, site=site)
        self.do("site_lease", name, **where, state="released", site=site)

    def where(self, host: str) -> dict[str, Any]:
        """What every module is told of an appliance."""
        return {**self.reach(host), "exchange_timeout": int(PATIENCE)}

    # --- what playbooks have in common

    def think(self, module: str, **options: Any) -> dict[str, Any]:
        """What a module that only thinks returns of the inventory, in check mode. Raises _Failed."""
        self._module = module
        hosts, sites = self.world.hosts, self.world.SITES
        variables = {
            "hostvars": {host: self.variables(host) for host in hosts},
            "groups": {"all": list(hosts), "cloud_connector": list(hosts), **{k: list(v) for k, v in sites.items()}},
            "ansible_play_hosts_all": list(hosts),
            "ansible_run_tags": ["all"],
            "ansible_skip_tags": [],
        }
        thought = think(module, variables, check=True, **options)
        if thought.get("failed"):
            self.fail(str(thought["failure"]["class"]), str(thought["msg"]))
        return thought

    def fail(self, failure: str, message: str) -> NoReturn:
        """The run stops here. Raises _Failed."""
        raise _Failed(Stop(self._turn, self._module, failure, message))

    def variables(self, host: str) -> dict[str, Any]:
        """The inventory variables of an appliance."""
        url, sha256 = self.world.lab.package(self.TARGET)
        return {
            "cloud_connector_target_version": self.TARGET,
            "cloud_connector_package_source": url,
            "cloud_connector_package_sha256": sha256,
            "cloud_connector_deployment_user": "CceAdmin",
            "cloud_connector_deployment_password": bench.JOB["task_password"],
            "cloud_connector_site_directory": self.world.lab.world.sites[self.world.site_of[host]].directory,
            "cloud_connector_peak_calls": PEAK,
            "cloud_connector_ini": self.world.lab.ini(host),
        }

    def reach(self, host: str) -> dict[str, Any]:
        """Where things are of an appliance."""
        directory = self.world.lab.world.sites[self.world.site_of[host]].directory
        vms = FILTERS.vm_addresses(self.world.lab.ini(host))
        return {"appliance_directory": bench.DIRECTORY, "site_directory": directory, "vms": vms}

    def site(self, name: str) -> dict[str, Any]:
        """The option `site`."""
        places = [{"name": host, **self.reach(host)} for host in self.world.SITES[name]]
        return {"name": name, "peak_calls": PEAK, "appliances": places}

    def tenant(self, site: str) -> Any:
        """The tenant's records of a site, read through its first appliance."""
        places = self.site(site)["appliances"]
        return self.do(
            "site_info",
            self.world.SITES[site][0],
            appliances=places,
            gather_subset=["!min", "tenant"],
            exchange_timeout=int(PATIENCE),
        )["tenant"]

    def _validate(self, turn: Mapping[str, Any]) -> Any:
        """The role `site_validation`; returns the tenant's records that it has read."""
        site, results = turn["site"], []
        tenant = self.tenant(site)
        for one in turn["site_appliances"]:
            given = {**self.where(one["name"]), "version": one["version"], "tenant": tenant}
            judged = {"wait": 300, "poll_interval": 60, "report_only": True}
            proven = one["version"] == self.TARGET
            results.append(self.do("health", one["name"], delegated=True, **given, **judged, require_proof=proven))
        problems = FILTERS.validation_problems(results, turn["mixed"])
        if problems:
            self._module = "validation"
            self.fail("check", " ".join(problems))
        for one in turn["site_appliances"] if turn["compares"] else ():
            given = {**self.where(one["name"]), "version": self.TARGET, "tenant": tenant, "site": self.site(site)}
            compared = {"state": "compared", "only_open": not turn["upgrade"], "accept_changes": self.accepted}
            self.do("snapshot", one["name"], delegated=True, **given, **compared)
        return tenant


class _Failed(Exception):
    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.message)
        self.stop = stop


class _NotAlive(BaseException):
    """Thrown by everything a killed run asks; nothing catches it."""


@cache
def _vars(path: Path) -> Mapping[str, Any]:
    first = DataLoader().load_from_file(str(path), trusted_as_template=True)[0]
    return dict(first["vars"])


def says(path: str, name: str, **known: Any) -> bool:
    """What a variable of the first block of a file of tasks says, of these variables of the run."""
    own = _vars(ROOT / path)
    return bool(Templar(loader=DataLoader(), variables={**own, **known}).template(own[name]))


def modules_of(path: Path) -> Iterator[str]:
    """The modules of the collection that a file of tasks, or of plays, runs, in their order, those of its blocks included."""
    for item in yaml.safe_load(path.read_text("utf-8")):
        yield from _modules(item)


def _modules(item: Mapping[str, Any]) -> Iterator[str]:
    for key, value in item.items():
        if key.startswith(COLLECTION):
            yield key.removeprefix(COLLECTION)
        if key in ("block", "tasks"):
            for inner in value:
                yield from _modules(inner)
