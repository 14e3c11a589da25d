"""Lines to the appliance `cce-1` of a bench that hold a request back, or give somebody time to do something meanwhile."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from tests.bench import HOST, Bench
from tests.operations import InProcessConnection, Overtaken


class Held(InProcessConnection):
    """Holds the first request back that has a step of this cmdlet: the run loses the line, and `deliver` brings it to its end."""

    def __init__(self, bench: Bench, cmdlet: str) -> None:
        super().__init__(bench.lab.connection(HOST))
        self._bench, self._cmdlet = bench, cmdlet
        self.request: dict[str, Any] | None = None

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        request = json.loads(in_data or b"")["request"]
        if self.request is None and any(step["cmdlet"] == self._cmdlet for step in request["steps"]):
            self.request = request
            raise ConnectionError("the line is broken")
        return super().exec_command(cmd, in_data, sudoable)

    def deliver(self) -> dict[str, Any]:
        """What the appliance makes of the request when it arrives at last."""
        assert self.request is not None
        return dict(self._bench.lab.connection(HOST).exchange(self.request))


def over(bench: Bench, module: str, before: Callable[[int], Any], **options: Any) -> dict[str, Any]:
    """What the module returns where somebody does something before an exchange; they are counted from 1 on."""
    action = bench.prepare(module, **options)
    numbers = itertools.count(1)
    action._connection = Overtaken(bench.lab.connection(HOST), lambda request: before(next(numbers)))
    return dict(action.run(task_vars={"inventory_hostname": HOST}))


def held(bench: Bench, module: str, cmdlet: str, **options: Any) -> Held:
    """The line over which a run of the module has lost its request."""
    action = bench.prepare(module, **options)
    line = action._connection = Held(bench, cmdlet)
    with pytest.raises(AnsibleConnectionFailure, match="outcome"):
        action.run(task_vars={"inventory_hostname": HOST})
    return line


def before_the_job(bench: Bench, change: Callable[[], Any]) -> None:
    """Does something between the request that starts a job and the first step of that job."""
    start = bench.computer.tasks.start

    def begin(task: Any) -> Any:
        change()
        return start(task)

    bench.computer.tasks.start = begin  # type: ignore[method-assign]
