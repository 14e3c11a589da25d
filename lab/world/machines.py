"""The four VMs of an appliance and the sets they come in (cloud-connector.md 4, 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import simpy

from lab.world.activity import Activity
from lab.world.computer import Computer, Service

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

SERVICE_EVENTS: dict[str, tuple[int, int, str]] = {
    "RTCMEDSRV": (25002, 25003, "LS Mediation Server"),
    "RTCSRV": (12288, 12289, "LS Server"),
    "RTCMRAUTH": (19002, 19003, "LS A/V Authentication"),
    "RTCMEDIARELAY": (22002, 22003, "LS A/V Edge"),
}
"""The events of start and stop in the log Lync Server (6.2); their sources are from memory."""

FIREWALL_RULES: dict[Role, str] = {"Mediation": "CS RTCMEDSRV", "Edge": "CS RTCSRV"}
"""The inbound firewall rules that the product monitors (4.1)."""

CARRYING: dict[Role, frozenset[str]] = {
    "AD": frozenset(),
    "CMS": frozenset(),
    "Mediation": frozenset({"RTCMEDSRV"}),
    "Edge": frozenset({"RTCSRV", "RTCMRAUTH", "RTCMEDIARELAY"}),
}
"""The services without which no call lives: signalling on the Edge, its media relay, and Mediation (inferred)."""


NEEDS: dict[Role, tuple[Role, ...]] = {"CMS": ("AD",), "Mediation": ("AD", "CMS")}
"""The VMs without which the services of another do not start; those that run go on (4)."""


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
        """Whether it was on when the host went down, and has not been turned on since."""
        self.restarting = False
        """Its Windows restarts: for Hyper-V it runs, and it does not answer."""

    def join(self, peers: dict[Role, VirtualMachine]) -> None:
        """Makes it one of a set: its services start only while the VMs they need are on."""
        peers[self.role] = self
        needed = NEEDS.get(self.role, ())
        for service in self.computer.services.values():
            service.blocked = lambda: not all(role in peers and peers[role].on for role in needed)

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

    @property
    def lets_calls_in(self) -> bool:
        """Whether the inbound firewall rule of calls is there and enabled, where the machine has one."""
        rule = FIREWALL_RULES.get(self.role)
        return rule is None or self.computer.firewall.get(rule, False)

    def answers_to(self, address: str) -> bool:
        """Whether it can be reached on the corporate network by this address, server name or FQDN."""
        wanted, server = address.casefold(), self.computer.name.casefold()
        named = wanted in (self.address, server) or wanted.startswith(f"{server}.")
        return named and self.on and self.connected

    def turn_on(self, service_seconds: float = 0.0) -> None:
        """On at once, its services as their start mode says; whoever calls has waited for the boot.

        `service_seconds`: how long after that the services run.
        """
        self.computer.up = True
        self.saved_on = self.restarting = False
        self.computer.boot_time = self.computer.now()
        self.computer.forget_restart()
        starting = [one for one in self.computer.services.values() if one.start_mode == "Auto" and one.startable]
        for service in starting:
            service.become("StartPending" if service_seconds else "Running")
        if service_seconds:
            self.computer.run(self._start(starting, service_seconds))

    def _start(self, services: list[Service], seconds: float) -> Activity:
        yield self.computer.env.timeout(seconds)
        for service in services:
            if service.state == "StartPending":
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
                if machine.on and service.startable:
                    service.draining = False
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
    computer.events["Lync Server"] = []
    if role in FIREWALL_RULES:
        computer.firewall[FIREWALL_RULES[role]] = True

    def log(service: Service) -> None:
        started, stopped, source = SERVICE_EVENTS.get(service.name, (0, 0, ""))
        number = {"Running": started, "Stopped": stopped}.get(service.state, 0) if computer.up else 0
        if number:
            text = f"{service.display_name}: {service.state.lower()}. (simulated)"
            computer.log(source, number, "Information", text, "Lync Server")

    for name, display_name in SERVICES[role].items():
        computer.services.add(Service(name, display_name, start_mode="Manual", watchers=[log, changed]))
    return computer


def booted(
    env: simpy.Environment,
    machines: list[VirtualMachine],
    seconds: float,
    *,
    in_order: bool,
    service_seconds: float = 0.0,
) -> Activity:
    """Turns machines on after the time their boot takes: all of them, or (`in_order`) each after the one before."""
    for number, machine in enumerate(machines):
        if in_order or not number:
            yield env.timeout(seconds)
        machine.turn_on(service_seconds)
