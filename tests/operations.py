"""Runs one operation of the collection in this process, its exchanges answered by the lab.

The only seam is the connection: what Ansible's winrm plugin is to `_bridge`, `InProcessConnection` is here.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from lab.powershell.answer import answer_line

IN_TURN = threading.Lock()
"""Simulated time belongs to one thread at a time."""


class InProcessConnection:
    """An Ansible connection whose other end is the lab's `answer()`."""

    become = None

    def __init__(self, appliance: Any) -> None:
        self._appliance = appliance
        self._shell = SimpleNamespace(tmpdir=None)

    def _connect(self) -> None:
        self._appliance._connect()

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Takes the request out of what would be stdin and gives the answer as PowerShell would print it."""
        with IN_TURN:
            answer = self._appliance.exchange(json.loads(in_data or b"")["request"])
        return 0, answer_line(answer).encode("ascii"), b""

    def close(self) -> None:
        """Nothing to close."""


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
    """The action, not run yet, waiting in simulated time. `keywords` are those of the task, such as `delegate_to`."""
    action = importlib.import_module(f"ansible_collections.sfb.cloud_connector.plugins.action.{module}").ActionModule
    task = {"async_val": 0, "environment": None, "delegate_to": None, **(keywords or {})}
    made = action(
        SimpleNamespace(args=dict(arguments), check_mode=check, diff=True, action=module, **task),
        InProcessConnection(lab.connection(host, method=method)),
        None,
        None,
        None,
    )
    made.sleep, made.now, made.clock = lab.sleep, lab.now, lab.world.now
    made.connect = lambda other: InProcessConnection(lab.connection(other, method=method))
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
