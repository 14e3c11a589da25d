"""The bench for the Windows of one appliance: updates, restarts, and what the lab recorded of them."""

from __future__ import annotations

from typing import Any

from lab.world.computer import Computer
from lab.world.machines import VirtualMachine
from lab.world.windows_update import described
from tests.bench import HOST, JOB, Bench

ROLES = {"ad": "AD", "cms": "CMS", "mediation": "Mediation", "edge": "Edge"}
TARGETS = ("host", *ROLES)


class Killed(BaseException):
    """The controller is gone."""


class Windows(Bench):
    """An appliance at 2.1 with a neighbour."""

    def __init__(self, **more: Any) -> None:
        super().__init__("health", **more)

    def options(self, module: str) -> dict[str, Any]:
        """Where things are."""
        own = JOB if module == "maintenance" else {"poll_interval": 60}
        return {**self.reach(HOST), "site": self.site(), **own}

    def reach(self, host: str) -> dict[str, Any]:
        """With the address of the AD VM."""
        found = super().reach(host)
        return {**found, "vms": {**found["vms"], "ad": found["vms"]["cms"][:-1] + "1"}}

    def vm(self, target: str) -> VirtualMachine:
        """The VM of the running set."""
        running = self.appliance.running_set
        assert running is not None
        return running.machines[ROLES[target]]  # type: ignore[index]

    def at(self, target: str) -> Computer:
        """The computer."""
        return self.computer if target == "host" else self.vm(target).computer

    def wait(self, target: str, *updates: Any) -> None:
        """From now on these updates wait there."""
        self.at(target).updates.available = described(updates)

    def enter(self) -> None:
        """Brings the appliance into maintenance mode."""
        result = self.do("maintenance", state="present")
        assert "failed" not in result, result["msg"]

    def must(self, module: str, **options: Any) -> dict[str, Any]:
        """What the module returns, having succeeded."""
        result: dict[str, Any] = self.do(module, **options)
        assert "failed" not in result, result["msg"]
        return result

    def restarts(self) -> list[str]:
        """What was restarted, in order: host, or the role of a VM."""
        texts = [event.text for event in self.lab.record.events(HOST)]
        return [
            text.removeprefix("VM restarts: ").replace("host restarts", "host") for text in texts if "restarts" in text
        ]

    def leftovers(self) -> list[str]:
        """Files and tasks of ours on the host and in the VMs that a finished operation leaves none of."""
        found = []
        for target in TARGETS:
            computer = self.at(target)
            folder = r"C:\Program Files\sfb.cloud_connector\jobs"
            if computer.files.exists(folder):
                found += [f"{target}: {one.name}" for one in computer.files.list(folder)]
            found += [f"{target}: {task.name}" for task in computer.tasks]
        return found

    def abandoned(self, after: int, module: str, **options: Any) -> int:
        """A run that is killed after so many exchanges; returns how many it began, or -1 where it ended before."""
        action, count = self.prepare(module, **options), 0
        begin = action._begin

        def counted(task_vars: Any) -> None:
            begin(task_vars)
            inner = action.host.exchange

            def exchange(*given: Any) -> Any:
                nonlocal count
                count += 1
                if count > after:
                    raise Killed
                return inner(*given)

            action.host.exchange = exchange

        action._begin = counted
        try:
            action.run(task_vars={"inventory_hostname": HOST})
        except Killed:
            return count
        return -1
