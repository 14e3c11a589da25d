"""Operations on several appliances of one simulated site at the same time, each exchange in turn: a race without chance."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import slot

from lab.inprocess import Lab
from tests import bench, leases
from tests.bench import SHARE, describe, reach
from tests.operations import InProcessConnection, operate, prepare

JOB = {**bench.JOB, "poll_interval": 60}
"""Looks often enough to see a host that is down for a while."""


class Turns:
    """Lets one runner after the other do one thing: exchange, or wait."""

    def __init__(self, names: Sequence[str]) -> None:
        self._order = list(names)
        self._changed = threading.Condition()

    @contextmanager
    def mine(self, name: str) -> Iterator[None]:
        """Waits for the turn of `name`, and passes it on afterwards."""
        with self._changed:
            self._changed.wait_for(lambda: self._order[0] == name)
            try:
                yield
            finally:
                self._order.append(self._order.pop(0))
                self._changed.notify_all()

    def leave(self, name: str) -> None:
        """`name` has nothing more to do."""
        with self._changed:
            self._order.remove(name)
            self._changed.notify_all()


class InTurn(InProcessConnection):
    """A connection that exchanges when it is its turn."""

    def __init__(self, appliance: Any, wait: Callable[[], Any]) -> None:
        super().__init__(appliance)
        self._wait = wait

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        with self._wait():
            return super().exec_command(cmd, in_data, sudoable)


def at_once(lab: Lab, actions: Mapping[str, Any], line: Callable[[], Any]) -> dict[str, dict[str, Any] | str]:
    """What several controllers get that work on `cce-1` at the same time, each exchange and each wait in turn.

    Args:
        lab: the lab.
        actions: one of each controller, not run yet.
        line: makes a connection to the appliance.

    Returns:
        The result of each; the message where the appliance counts as unreachable.
    """
    turns = Turns(list(actions))

    def run(name: str) -> dict[str, Any] | str:
        def wait(seconds: float) -> None:
            with turns.mine(name):
                lab.sleep(seconds)

        action = actions[name]
        action._connection = InTurn(line(), lambda: turns.mine(name))
        action.clock = replace(action.clock, sleep=wait)
        try:
            return dict(action.run(task_vars={"inventory_hostname": bench.HOST}))
        except AnsibleConnectionFailure as lost:
            return str(lost)
        finally:
            turns.leave(name)

    with ThreadPoolExecutor(len(actions)) as pool:
        return dict(zip(actions, pool.map(run, actions), strict=True))


class Race:
    """The appliances `cce-1`, `cce-2`, ... of the quiet site `oslo`, all described alike."""

    def __init__(
        self, number: int, staged: Mapping[str, Any], peak_calls: int, switches: Mapping[str, Any] | None = None
    ) -> None:
        self.names = [f"cce-{one}" for one in range(1, number + 1)]
        described = describe(dict.fromkeys(self.names, staged), peak_calls=peak_calls, switches=dict(switches or {}))
        self.lab = Lab.from_description(described)
        leases.hold(self.lab)
        self.peak_calls = peak_calls

    def reach(self, name: str) -> dict[str, Any]:
        """Where things are."""
        return reach(name)

    def site(self) -> dict[str, Any]:
        """The option `site`."""
        places = [{"name": name, **self.reach(name)} for name in self.names]
        return {"name": "oslo", "peak_calls": self.peak_calls, "appliances": places}

    def run(self, module: str, **options: Any) -> dict[str, dict[str, Any]]:
        """What the module returns on each appliance, all of them at once."""
        options = {"site": self.site(), **JOB, **options}
        turns = Turns(self.names)
        with ThreadPoolExecutor(len(self.names)) as pool:
            found = {name: pool.submit(self._run_one, turns, name, module, options) for name in self.names}
        return {name: one.result() for name, one in found.items()}

    def one(self, name: str, module: str, **options: Any) -> dict[str, Any]:
        """What the module returns on one appliance."""
        return operate(self.lab, name, module, **{**self.reach(name), "site": self.site(), **JOB, **options})

    def prepare(self, name: str, module: str, **options: Any) -> Any:
        """The action on one appliance, not run yet."""
        return prepare(self.lab, name, module, {**self.reach(name), "site": self.site(), **JOB, **options})

    def over(self, before_each: Callable[[], Any], name: str, module: str, **options: Any) -> dict[str, Any]:
        """The same over a connection that calls `before_each` before it exchanges; that gives a context manager."""
        action = self.prepare(name, module, **options)
        action._connection = InTurn(self.lab.connection(name), before_each)
        return dict(action.run(task_vars={"inventory_hostname": name}))

    def _run_one(self, turns: Turns, name: str, module: str, options: Mapping[str, Any]) -> dict[str, Any]:
        def wait(seconds: float) -> None:
            with turns.mine(name):
                self.lab.sleep(seconds)

        action = prepare(self.lab, name, module, {**self.reach(name), **options})
        action._connection = InTurn(self.lab.connection(name), lambda: turns.mine(name))
        action.clock = replace(action.clock, sleep=wait)
        try:
            return dict(action.run(task_vars={"inventory_hostname": name}))
        finally:
            turns.leave(name)

    def files(self) -> list[str]:
        """The files of the slot in the site directory."""
        entries = self.lab.world.network.files.list(SHARE)
        return [entry.name for entry in entries if entry.name.startswith(slot.NAME)]
