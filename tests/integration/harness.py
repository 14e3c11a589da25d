"""A simulated fleet and playbooks run against it. Tests judge by the exit code and by the record of the lab."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from lab.server.running import PROVEN, SHORT_WAITS, RunningLab, running_playbook
from lab.wire.server import HTTPS_PORT
from lab.world.building import SERVICE_PASSWORD
from lab.world.tenant import Tenant

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = 8
"""So many may run at once without ever asking for the same network."""
PLAY_SECONDS = 300.0
PROMPT_PASSWORD = "Prompt-Passw0rd!"

WAITS = {**SHORT_WAITS, **PROVEN, "cloud_connector_idle_wait": 2}

NAMES = ("north", "south", "east")
LOAD = {"calls_per_hour": 60, "emergency_share": 0.2}


def fleet(*sizes: int, **more: Any) -> dict[str, Any]:
    """A fleet of sites of so many appliances; `more` are keys of the description.

    The first site is `north` with `north-1`, `north-2` and so on, the others `south` and `east`.
    """
    return {"sites": [_site(name, size) for name, size in zip(NAMES, sizes, strict=False)], **more}


def _site(name: str, size: int) -> dict[str, Any]:
    return {
        "name": name,
        "peak_calls": max(100, 500 * (size - 1)),
        "appliances": [f"{name}-{position}" for position in range(1, size + 1)],
        "calls": {"inbound": dict(LOAD), "outbound": dict(LOAD)},
    }


def later() -> dict[str, str]:
    """A window that opens in two hours, for long enough."""
    now = datetime.now(UTC)
    begins, ends = (now + timedelta(hours=hours) for hours in (2, 20))
    return {"from": begins.strftime("%H:%M"), "to": ends.strftime("%H:%M"), "zone": "UTC"}


@dataclass(frozen=True)
class Run:
    """An ansible-playbook that has ended."""

    code: int
    output: str

    def says(self, pattern: str) -> bool:
        """Whether the pattern is in the output; line breaks and quoting do not matter."""
        text = " ".join(self.output.replace("\\n", " ").replace('\\"', '"').replace("\\\\", "\\").split())
        return re.search(pattern, text) is not None


@dataclass
class Stage:
    """A running lab, and the playbooks that were run against it."""

    lab: RunningLab
    run_directory: Path
    secrets: Sequence[str]
    variables: dict[str, Any] = field(default_factory=lambda: dict(WAITS))
    inventories: list[Path] = field(default_factory=list)
    """Inventories after the lab's own."""
    outputs: int = 0

    # --- playing

    def play(self, *arguments: str, playbook: str = "upgrade_fleet.yml", env: Mapping[str, str] | None = None) -> Run:
        """Runs a playbook to its end."""
        with self.playing(*arguments, playbook=playbook, env=env) as running:
            return running.ended()

    @contextmanager
    def playing(
        self, *arguments: str, playbook: str = "upgrade_fleet.yml", env: Mapping[str, str] | None = None
    ) -> Iterator[Playing]:
        """A playbook that runs meanwhile; whatever is left of it is killed in the end."""
        self.outputs += 1
        output = self.lab.directory / f"output-{self.outputs}.log"
        more = [part for one in self.inventories for part in ("-i", str(one))]
        command = [*self.lab.arguments(self.run_directory, self.variables), *more, *arguments]
        with running_playbook(playbook, command, output, env, end=signal.SIGKILL) as process:
            yield Playing(self, process, output)

    def add_inventory(self, name: str, content: Mapping[str, Any]) -> None:
        """Lets later runs read one more inventory, whose variables win over the lab's."""
        path = self.lab.directory / name
        path.write_text(yaml.safe_dump(dict(content)), "utf-8")
        self.inventories.append(path)

    # --- what happened

    def cmdlets(self, **wanted: Any) -> list[dict[str, Any]]:
        """The cmdlets of the record, in order of their start, whose fields are as wanted."""
        return [run for run in self.lab.entries("cmdlet") if all(run[key] == value for key, value in wanted.items())]

    def mutating(self, since: int = 0, until: int | None = None) -> list[dict[str, Any]]:
        """The cmdlets that may change something, among those of the record from `since` to `until`.

        Without our notes: the snapshot is written on every appliance of a site, also on those that are not upgraded, and
        what stands in the site directory through any of them.
        """
        return [run for run in self.cmdlets()[since:until] if run["mutating"] and not is_note(run)]

    def state(self, name: str) -> dict[str, Any]:
        """An appliance as it is now."""
        found: dict[str, Any] = self.lab.get("/state")["appliances"][name]
        return found

    def fault(self, appliance: str, **described: Any) -> None:
        """Adds a fault inside the appliance."""
        self.lab.post(f"/appliances/{appliance}/faults", described)

    def reachable(self, appliance: str, yes: bool) -> None:
        """Cuts the wire of an appliance, or mends it."""
        self.lab.post(f"/appliances/{appliance}/unreachable", {"unreachable": not yes})

    def speed(self, speed: float) -> None:
        """Changes how many simulated seconds pass in one."""
        self.lab.post("/clock", {"speed": speed})


def is_note(run: Mapping[str, Any]) -> bool:
    """Whether a cmdlet works on the folder of our records, the lease or a note of the site only, or makes our folder."""
    text = str(run["parameters"]).replace("\\\\", "\\")
    if re.search(r"sfb\.cloud_connector\.(lease|soaked)", text):
        return True
    places = re.findall(r"C:\\Program Files\\sfb\.cloud_connector([\w\\]*)", text)
    return bool(places) and all(place in ("", "\\") or place.startswith("\\records") for place in places)


@dataclass
class Playing:
    """An ansible-playbook that runs."""

    stage: Stage
    process: subprocess.Popen[bytes]
    output: Path

    def until_running(self, appliance: str, cmdlet: str) -> None:
        """Waits until the cmdlet runs on the appliance."""
        until = time.monotonic() + PLAY_SECONDS
        while not self.stage.cmdlets(appliance=appliance, name=cmdlet, outcome="running"):
            assert time.monotonic() < until and self.process.poll() is None, self.output.read_text("utf-8")
            time.sleep(0.05)

    def until_restarted(self, appliance: str, machine: str) -> None:
        """Waits until the Windows of a VM, by its role, or of the host restarts."""
        until, wanted = (
            time.monotonic() + PLAY_SECONDS,
            {"host": "host restarts"}.get(machine, f"VM restarts: {machine}"),
        )
        while not any(
            (one["appliance"], one["text"]) == (appliance, wanted) for one in self.stage.lab.entries("event")
        ):
            assert time.monotonic() < until and self.process.poll() is None, self.output.read_text("utf-8")
            time.sleep(0.05)

    def until_said(self, words: str) -> None:
        """Waits until the words are in its output."""
        until = time.monotonic() + PLAY_SECONDS
        while words not in self.output.read_text("utf-8"):
            assert time.monotonic() < until and self.process.poll() is None, self.output.read_text("utf-8")
            time.sleep(0.05)

    def ended(self) -> Run:
        """Waits for its end; its output must not hold any secret."""
        code = self.process.wait(PLAY_SECONDS)
        text = self.output.read_text("utf-8", "replace")
        assert not [secret for secret in self.stage.secrets if secret in text], f"a secret is shown in {self.output}"
        return Run(code, text)

    def signal(self, number: int) -> None:
        """A signal to it and all that it has started: a worker of Ansible leads a process group of its own."""
        parents: dict[int, int] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parents[int(path.parent.name)] = int(path.read_text("utf-8").rpartition(")")[2].split()[1])
        family = [self.process.pid]
        for member in family:
            family += [child for child, parent in parents.items() if parent == member]
        for member in family:
            with suppress(ProcessLookupError):
                os.kill(member, number)

    def kill(self) -> None:
        """SIGKILL to the whole process group, as a controller that cancels a job."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PLAY_SECONDS)


_MINE = range(100 + WORKER % WORKERS, 252, WORKERS)
_TURN: Iterator[int] = itertools.cycle([*_MINE[os.getpid() % len(_MINE) :], *_MINE[: os.getpid() % len(_MINE)]])


def free_network() -> int:
    """The second number of loopback addresses on which nobody answers now; never one that another worker of pytest takes."""
    for network in itertools.islice(_TURN, len(_MINE)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((f"127.{network}.1.1", HTTPS_PORT))
                return network
    raise RuntimeError("every loopback network for a lab is taken")


@contextmanager
def stage(directory: Path, description: Mapping[str, Any], speed: float = 4000) -> Iterator[Stage]:
    """A lab with this fleet in `directory`, ended afterwards; nothing it or a run has written holds a secret."""
    with RunningLab(directory / "lab", speed, free_network(), description) as lab:
        made = Stage(lab, directory / "run", sorted(passwords(lab.inventory)))
        made.add_inventory("prompts.yml", PROMPTS)
        yield made
        assert lab.get("/state")["failures_of_the_lab"] == []
    for file in (lab.record, *made.run_directory.rglob("*")):
        text = file.read_text("utf-8") if file.is_file() else ""
        assert not [secret for secret in made.secrets if secret in text], f"a secret is in {file}"


def passwords(inventory: Path) -> set[str]:
    """Every password of a lab: those its inventory names, those in the credential caches, the tenant's."""
    values = yaml.safe_load(inventory.read_text("utf-8"))["cloud_connector"]["vars"]
    named = {str(value) for name, value in values.items() if name.endswith("password")}
    return named | {SERVICE_PASSWORD, Tenant().password, PROMPT_PASSWORD}


PROMPTS = {
    "cloud_connector": {
        "vars": {
            "cloud_connector_prompts": [{"prompt": "never asked", "user": "nobody", "password": PROMPT_PASSWORD}],
        }
    }
}
