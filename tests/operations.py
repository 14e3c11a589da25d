"""Runs one operation of the collection in this process, its exchanges answered by the lab.

The only seam is the connection: what Ansible's winrm plugin is to `_bridge`, `InProcessConnection` is here.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from lab.powershell.answer import answer_line
from tests import leases

IN_TURN = threading.Lock()
"""Simulated time belongs to one thread at a time."""


class Unfenced(Exception):
    """A module has sent an act without the lease of its site: a fault of the collection, whatever the test is about."""


class InProcessConnection:
    """An Ansible connection whose other end is the lab's `answer()`. No ConnectionBase, so nobody asks for its transport."""

    become = None
    connected = False

    def __init__(self, appliance: Any) -> None:
        self._appliance = appliance
        self._shell = SimpleNamespace(tmpdir=None)

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Takes the request out of what would be stdin and gives the answer as PowerShell would print it."""
        self.connected = False
        self._appliance._connect()
        self.connected = True
        request = json.loads(in_data or b"")["request"]
        if not leases.is_fenced(request):
            raise Unfenced(str(request["steps"])[:500])
        with IN_TURN:
            answer = self.answer(request)
        return 0, answer_line(answer).encode("ascii"), b""

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the appliance answers; for tests that hold a request back, or change an answer."""
        answered: dict[str, Any] = self._appliance.exchange(request)
        return answered

    def close(self) -> None:
        """Nothing to close."""


class Tapped(InProcessConnection):
    """A connection on which somebody sits: `before` is told each request, `after` each answer before it is delivered."""

    def __init__(
        self,
        appliance: Any,
        before: Callable[[dict[str, Any]], Any] = lambda request: None,
        after: Callable[[dict[str, Any]], Any] = lambda answer: None,
    ) -> None:
        super().__init__(appliance)
        self._before, self._after = before, after

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The appliance's answer, between the two."""
        self._before(request)
        answered = super().answer(request)
        self._after(answered)
        return answered


class Hasty:
    """The lab's connection to an appliance, given up after some simulated seconds: what was begun there goes on, unseen."""

    def __init__(self, line: Any, seconds: float = 300.0) -> None:
        self._line, self._seconds = line, seconds

    def _connect(self) -> None:
        self._line._connect()

    def exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        answered: dict[str, Any] = self._line.exchange(request, self._seconds)
        return answered


class Overtaken(InProcessConnection):
    """A connection on which `meanwhile` happens before a request is delivered, other operations say."""

    def __init__(self, appliance: Any, meanwhile: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(appliance)
        self._meanwhile = meanwhile

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Not in turn yet: what happens meanwhile has turns of its own."""
        self._meanwhile(json.loads(in_data or b"")["request"])
        return super().exec_command(cmd, in_data, sudoable)


def starts_a_job(request: Mapping[str, Any]) -> bool:
    """Whether it is the request that starts a job."""
    return any(step["cmdlet"] == "Register-ScheduledTask" for step in request["steps"])


def prepare(
    lab: Any,
    host: str,
    module: str,
    arguments: Mapping[str, Any],
    *,
    check: bool = False,
    method: str = "credssp",
    keywords: Mapping[str, Any] | None = None,
) -> Any:
    """The action, not run yet, waiting in simulated time.

    `method`: how it logs on to the appliance it is for; `keywords`: those of the task, such as `delegate_to`.
    """
    action = importlib.import_module(f"ansible_collections.sfb.cloud_connector.plugins.action.{module}").ActionModule
    task = {"async_val": 0, "environment": None, "delegate_to": None, **(keywords or {})}
    made = action(
        SimpleNamespace(args=dict(arguments), check_mode=check, diff=True, action=module, **task),
        InProcessConnection(lab.connection(host, method=method)),
        None,
        None,
        None,
    )
    clock = importlib.import_module("ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock")
    made.clock = clock.Clock(lab.world.now, lab.now, lab.sleep)
    made._load_name = module
    made.connect = lambda other: InProcessConnection(lab.connection(other))
    return made


def operate(
    lab: Any,
    host: str,
    module: str,
    *,
    check: bool = False,
    facts: dict[str, Any] | None = None,
    method: str = "credssp",
    **arguments: Any,
) -> dict[str, Any]:
    """What the module returns; raises AnsibleConnectionFailure as Ansible would see it."""
    made = prepare(lab, host, module, arguments, check=check, method=method)
    return dict(made.run(task_vars={"inventory_hostname": host, "ansible_facts": facts or {}}))
