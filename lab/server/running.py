"""A lab in a process of its own, and playbooks run against it: for the demo, the benchmarks and the integration tests."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
GRACE_SECONDS = 10.0
"""What a process group gets between SIGTERM and SIGKILL."""
SHORT_WAITS: Mapping[str, int] = {
    "cloud_connector_poll_interval": 1,
    "cloud_connector_idle_wait": 5,
    "cloud_connector_soak": 1,
}
"""Variables of the playbooks: seconds of the controller, in which hours of a fast fleet may pass."""
PROVEN: Mapping[str, Any] = {"cloud_connector_call_proof": {"way": "command", "command": {"argv": ["true"]}}}
"""Variables with which calls count as proven, for runs that are about something else."""


class NotReady(RuntimeError):
    """The lab did not start; the message holds what it said."""


def end_group(process: subprocess.Popen[Any], first: int = signal.SIGTERM) -> None:
    """Ends a process that leads a group, with all of its children."""
    for number in (first, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
            # Children that outlive their leader keep the group; they have had their signal too.
            if not _group_lives(process.pid):
                return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningLab:
    """`python -m lab serve`, as a context: entered when the fleet answers, left when its process is gone."""

    directory: Path
    speed: float
    """Simulated seconds a second."""
    network: int
    """Its appliances answer on 127.<network>.x.y; no other lab may run there."""
    fleet: Mapping[str, Any] | None = None
    """The description of the fleet; the demo fleet where it is None."""
    control: int = field(default_factory=free_port)
    """Port of the control API on 127.0.0.1."""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.yml"

    @property
    def record(self) -> Path:
        return self.directory / "record.jsonl"

    @property
    def log(self) -> Path:
        return self.directory / "lab.log"

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "lab", "serve", *self._options()]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._await_ready(self.process)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _options(self) -> list[str]:
        options = ["--dir", str(self.directory), "--record", str(self.record), "--control", str(self.control)]
        options += ["--speed", f"{self.speed:g}", "--network", str(self.network)]
        if self.fleet is None:
            return options
        description = self.directory / "fleet.json"
        description.write_text(json.dumps(dict(self.fleet)), "utf-8")
        return [*options, "--fleet", str(description)]

    def stop(self) -> None:
        """Ends it; the record is complete afterwards."""
        if self.process is not None:
            end_group(self.process)

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_SECONDS
        while "ready" not in self.log.read_text("utf-8").splitlines():
            if process.poll() is not None or time.monotonic() > until:
                raise NotReady(f"the lab did not start: {self.log.read_text('utf-8')}")
            time.sleep(0.05)

    def arguments(self, run_directory: Path, variables: Mapping[str, Any] = SHORT_WAITS) -> list[str]:
        """Arguments of ansible-playbook: this fleet, with waits that fit its speed. `run_directory`: where a run writes."""
        given = {"cloud_connector_run_directory": str(run_directory), **variables}
        return ["-i", str(self.inventory), "-e", json.dumps(given)]

    def get(self, path: str) -> Any:
        """What the control API answers; raises urllib.error.HTTPError where it refuses."""
        return self._ask("GET", path)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """All of one kind in the record so far: cmdlet, call, shortage, outage or event."""
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"next": 0, "more": True}
        while page["more"]:
            page = self.get(f"/record?kind={kind}&since={page['next']}")
            found += page["entries"]
        return found

    def post(self, path: str, data: Any = None) -> Any:
        """Sends data to the control API."""
        return self._ask("POST", path, data)

    def delete(self, path: str) -> Any:
        """Takes something back at the control API."""
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: str, data: Any = None) -> Any:
        body = None if data is None else json.dumps(data).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.control}{path}", body, headers, method=method)
        # A proxy of the environment cannot reach 127.0.0.1.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            error.add_note(error.read().decode("utf-8", "replace"))
            raise


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment of a playbook: this checkout's collections, none of the user's own ANSIBLE_* settings, no proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    ours = {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": str(ROOT / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": f"{ROOT / '.tree'}:{ROOT / '.vendor'}",
        "no_proxy": "*",
        "NO_PROXY": "*",
        # Into a file Ansible flushes nothing by itself, and what a run that waits says would be seen when it is over.
        "PYTHONUNBUFFERED": "1",
    }
    return {**kept, **ours, **changes}


@contextmanager
def running_playbook(
    playbook: str,
    arguments: Sequence[str],
    output: Path,
    changes: Mapping[str, str] | None = None,
    *,
    keep: Sequence[int] = (),
    end: int = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """An ansible-playbook on a playbook of the collection, as the leader of a process group.

    `changes` to its environment; `keep`: file descriptors it inherits; `end`: the signal for what is left of it afterwards.
    """
    tool = Path(sys.executable).with_name("ansible-playbook")
    command = [str(tool), str(ROOT / "playbooks" / playbook), *arguments]
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(changes or {}),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            pass_fds=keep,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end_group(process, end)
