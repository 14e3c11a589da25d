"""The four VMs of an appliance and the sets they come in (cloud-connector.md 4, 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import simpy

from lab.world.computer import Activity, Computer, Service

Role = Literal["AD", "CMS", "Mediation", "Edge"]
ROLES: tuple[Role, ...] = ("AD", "CMS", "Mediation", "Edge")
"""In the order they are deployed and started."""

REPLICA = "Skype for Business Replica Replicator Agent"
SERVICES: dict[Role, dict[str, str]] = {
    "AD": {},
    "CMS": {"REPLICA": REPLICA, "MASTER": "Skype for Business Master Replicator Agent"},
    "Mediation": {
        "REPLICA": REPLICA,
        "RTCSRV": "Skype for Business Server Front-End",
        "RTCMEDSRV": "Skype for Business Server Mediation",
    },
    "Edge": {
        "REPLICA": REPLICA,
        "RTCSRV": "Skype for Business Access Edge",
        "RTCDATAPROXY": "Skype for Business Web Conferencing Edge",
        "RTCMRAUTH": "Skype for Business Audio/Video Authentication",
        "RTCMEDIARELAY": "Skype for Business Audio/Video Edge",
    },
}
"""Windows name -> display name. RTCMEDSRV is the name in the firewall rule and in OMS; one text says MEDSVC (9.1 item 17)."""

CARRYING: dict[Role, frozenset[str]] = {
    "AD": frozenset(),
    "CMS": frozenset(),
    "Mediation": frozenset({"RTCMEDSRV"}),
    "Edge": frozenset({"RTCSRV", "RTCMRAUTH", "RTCMEDIARELAY"}),
}
"""The services without which no call lives: signalling on the Edge, its media relay, and Mediation (inferred)."""


class VirtualMachine:
    """One VM: a computer of its own inside the host, and the switches its adapters belong to."""

    def __init__(self, name: str, role: Role, computer: Computer, address: str, switches: tuple[str, ...]) -> None:
        self.name = name
        """The name in Hyper-V; `computer.name` is the one inside."""
        self.role = role
        self.computer = computer
        self.address = address
        self.switches = switches
        """Corporate first, then (Edge) Internet."""
        self.connected = False
        """Plugged into those switches."""
        self.saved_on = False
        """Whether it was on when the host went down."""

    @property
    def on(self) -> bool:
        """Whether it is turned on (Hyper-V: Running); it answers when `computer.up`."""
        return self.computer.up

    @property
    def carries(self) -> bool:
        """Whether calls can live in this machine, as far as it is needed for calls."""
        needed = CARRYING[self.role]
        up = not needed or (self.on and self.connected)
        return up and all(self.computer.services[name].state == "Running" for name in needed)

    def turn_on(self) -> None:
        """On at once, its services as their start mode says; whoever calls has waited for the boot."""
        self.computer.up = True
        self.computer.boot_time = self.computer.now()
        for service in self.computer.services.values():
            if service.start_mode == "Auto" and not service.broken:
                service.become("Running")

    def turn_off(self) -> None:
        """Off at once."""
        if self.on:
            self.computer.power_off()


class VmSet:
    """The VMs of one version; `complete` once its deployment has finished."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.machines: dict[Role, VirtualMachine] = {}
        self.complete = False

    def __iter__(self) -> Iterator[VirtualMachine]:
        return iter(self.machines.values())

    @property
    def carries(self) -> bool:
        """Whether calls can live in this set."""
        return self.complete and all(machine.carries for machine in self)

    @property
    def services(self) -> list[Service]:
        """The services of all its machines, in the order they start."""
        return [service for machine in self for service in machine.computer.services.values()]

    def connect(self, plugged: bool) -> None:
        """Plugs all adapters into the corporate and Internet networks, or out of them."""
        for machine in self:
            machine.connected = plugged

    def engage(self) -> None:
        """Puts the set in production at once: on, connected, its services running."""
        self.connect(True)
        self.start_mode("Auto")
        for machine in self:
            machine.turn_on()

    def start_mode(self, mode: str) -> None:
        """`Auto`: the services come back by themselves after a restart; `Manual`: they do not (maintenance mode)."""
        for service in self.services:
            service.start_mode = mode

    def start_services(self) -> list[Service]:
        """Starts the services of the machines that are on; returns those that do not start."""
        for machine in self:
            for service in machine.computer.services.values():
                if machine.on and not service.broken:
                    service.become("Running")
        return [service for service in self.services if service.state != "Running"]

    def stop_services(self) -> None:
        """Stops them all at once."""
        for service in self.services:
            service.become("Stopped")


def guest(env: simpy.Environment, server: str, role: Role, changed: Callable[[Service], None]) -> Computer:
    """The computer inside a new VM: off, its services installed, stopped and not started by themselves."""
    computer = Computer(env, server)
    computer.up = False
    for name, display_name in SERVICES[role].items():
        computer.services.add(Service(name, display_name, start_mode="Manual", watchers=[changed]))
    return computer


def booted(env: simpy.Environment, machines: list[VirtualMachine], seconds: float) -> Activity:
    """Turns machines on, in order, after the time their boot takes."""
    yield env.timeout(seconds)
    for machine in machines:
        machine.turn_on()
