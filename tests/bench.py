"""One appliance of a small simulated fleet on the bench: its modules with their options, and what the lab recorded of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import lease, upgrade

from lab.inprocess import Lab
from lab.world.appliance import PROGRAM_DATA
from lab.world.bits import write_bits
from lab.world.product import install_msi, own_service, uninstall_msi
from tests import leases
from tests.operations import operate, prepare

QUIET = {"inbound": {"calls_per_hour": 0}, "outbound": {"calls_per_hour": 0}}
DIRECTORY = r"C:\Users\cceadmin\CloudConnector\ApplianceRoot"
SHARE = r"\\files\oslo"
JOB = {"task_user": "CceAdmin", "task_password": "Lab-Passw0rd!", "poll_interval": 120}
OURS = r"C:\Program Files\sfb.cloud_connector"
HOST, NEIGHBOUR = "cce-1", "cce-2"
ORDER = upgrade.NAMES
"""The modules of an upgrade, in the order of Microsoft's procedure."""

CLAIMED = {step.name: f"{step.job}-2.1" for step in upgrade.STEPS if step.job}
"""The modules that change something, and the name of the claim they do it under."""

JOBS = {step.name: CLAIMED[step.name] for step in upgrade.STEPS if step.job and not step.attached}
"""Those of them that run a job."""

WORK = {step.name: step.cmdlet for step in upgrade.STEPS if step.cmdlet}
"""The cmdlet that is the point of each module."""

PROVEN: Mapping[str, Any] = {"way": "command", "command": {"argv": ["true"]}}
"""How calls are proven where they are not what a test is about."""

STAGED: Mapping[str, Mapping[str, Any]] = {
    "version": {"scripts": "2.1", "backup": "2.1"},
    "health": {"scripts": "2.1", "running": "2.1"},
    "call_proof": {"scripts": "2.1", "running": "2.1"},
}
"""How the appliance is described where its stage is not reached from its old version."""


def describe(staged: Mapping[str, Mapping[str, Any]], *, peak_calls: int = 500, **more: Any) -> dict[str, Any]:
    """A fleet of one quiet site: each appliance with how it is staged."""
    appliances = [{"name": name, **stage} for name, stage in staged.items()]
    return {"sites": [{"name": "oslo", "peak_calls": peak_calls, "appliances": appliances, "calls": QUIET}], **more}


def reach(host: str) -> dict[str, Any]:
    """Where things are of the appliance `cce-<number>`, for any module."""
    prefix = f"10.0.1.{host.removeprefix('cce-')}"
    vms = {"cms": f"{prefix}2", "mediation": f"{prefix}3", "edge": f"{prefix}4"}
    return {"appliance_directory": DIRECTORY, "site_directory": SHARE, "vms": vms}


def is_of_lease(run: Any) -> bool:
    """Whether a cmdlet was of the lease of the site: every act begins with it."""
    return lease.NAME in str(run.parameters)


class Watched:
    """Modules on the appliance `cce-1`, and what the lab recorded since the last one began."""

    lab: Lab
    marked = 0

    def do(
        self, module: str, *, check: bool = False, facts: Any = None, method: str = "credssp", **options: Any
    ) -> Any:
        """What the module returns."""
        self.mark()
        return operate(self.lab, HOST, module, check=check, facts=facts, method=method, **options)

    def mark(self) -> None:
        """From here on `ran` and `changes` look."""
        self.marked = len(self.lab.record.entries)

    def ran(self, name: str | None = None, host: str = HOST) -> list[Any]:
        """The cmdlets that were run since the mark."""
        return list(self.lab.record.cmdlets(host, name=name, since=self.marked))

    def changes(self) -> list[str]:
        """The names of the cmdlets since the mark that may have changed something, but for the lease of the site."""
        return [run.name for run in self.ran() if run.mutating and not is_of_lease(run)]


class Bench(Watched):
    """The appliance `cce-1` of the site `oslo`, by default with a neighbour that can carry the calls."""

    def __init__(self, before: str = "package", *, lone: bool = False, backup: str | None = None, **more: Any) -> None:
        own: dict[str, Any] = {**STAGED.get(before, {}), **({"backup": backup} if backup else {})}
        staged = {HOST: own} | ({} if lone else {NEIGHBOUR: {}})
        self.lab = Lab.from_description(describe(staged, **more))
        leases.hold(self.lab)
        self.appliance = self.lab.appliance(HOST)
        self.computer = self.appliance.computer
        self.consent: dict[str, str] | None = None
        self.proof: Mapping[str, Any] = PROVEN
        self.content = self.lab.ini(HOST)
        if before not in STAGED:
            self._stage(ORDER.index(before))

    def _stage(self, done: int) -> None:
        """Leaves the appliance as the first modules of an upgrade would."""
        for stage in (self._exchange_msi, self._configure, self._register, self._download)[:done]:
            stage()

    def _exchange_msi(self) -> None:
        uninstall_msi(self.appliance)
        install_msi(self.appliance, "2.1")

    def _configure(self) -> None:
        for folder in (DIRECTORY, PROGRAM_DATA):
            self.computer.files.write_text(rf"{folder}\CloudConnector.ini", self.content)

    def _register(self) -> None:
        own_service(self.appliance)
        self.appliance.registered = True

    def _download(self) -> None:
        write_bits(self.lab.world.network.files, self.appliance.site.directory, "2.1")

    # --- running modules

    def options(self, module: str) -> dict[str, Any]:
        """The options of a module as the role gives them."""
        url, sha256 = self.lab.package("2.1")
        own: dict[str, Any] = {
            "package": {**JOB, "source": url, "sha256": sha256},
            "configuration": {**JOB, "content": self.content},
            "download": JOB,
            "deployment": JOB,
            "version": JOB,
            "call_proof": self.proof,
        }.get(module, {})
        return {**self.reach(HOST), "version": "2.1", "site": self.site(), **own}

    def reach(self, host: str) -> dict[str, Any]:
        """Where things are, for any module."""
        return reach(host)

    def site(self) -> dict[str, Any]:
        """The option `site`."""
        places = [{"name": name, **self.reach(name)} for name in self.hosts]
        site: dict[str, Any] = {"name": "oslo", "peak_calls": 500, "appliances": places}
        return site | ({"outage_consent": self.consent} if self.consent else {})

    @property
    def hosts(self) -> list[str]:
        return list(self.lab.world.appliances)

    def info(self, host: str = HOST) -> dict[str, Any]:
        """The state of an appliance as `appliance_info` returns it."""
        found: dict[str, Any] = operate(self.lab, host, "appliance_info", **self.reach(host), report_only=True)
        return dict(found["appliance"])

    def do(
        self, module: str, *, check: bool = False, facts: Any = None, method: str = "credssp", **options: Any
    ) -> Any:
        """What the module returns; options given here replace those of `options`, and None leaves one out."""
        given = {**self.options(module), **options}
        kept = {name: value for name, value in given.items() if value is not None}
        return super().do(module, check=check, facts=facts, method=method, **kept)

    def prepare(self, module: str, *, keywords: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """The action, not run yet."""
        return prepare(self.lab, HOST, module, {**self.options(module), **options}, keywords=keywords)

    # --- what the lab recorded

    def count(self, module: str) -> int:
        """How often the point of a module was run, ever. For `package` it is the pair of uninstall and install."""
        runs = self.lab.record.cmdlets(HOST, name=WORK[module])
        return sum("msiexec.exe" in str(run.parameters) for run in runs) // 2 if module == "package" else len(runs)

    # --- what is on the appliance

    def text(self, path: str) -> str | None:
        """The text of a file; None where there is none."""
        return self.computer.files.read_text(path) if self.computer.files.exists(path) else None

    def claims(self) -> list[str]:
        """The jobs that are claimed."""
        return [name for name in self.our_files("jobs") if name.endswith(".claim")]

    def our_files(self, folder: str) -> list[str]:
        """The names in a folder of the collection's own."""
        path = rf"{OURS}\{folder}"
        return [one.name for one in self.computer.files.list(path)] if self.computer.files.exists(path) else []

    def settle(self, seconds: float = 20_000) -> None:
        """Lets whatever runs on the appliance come to its end."""
        self.lab.advance(seconds)
