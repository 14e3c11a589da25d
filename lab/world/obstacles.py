"""What keeps every call from a set of VMs that reads well: its VMs run, are connected, and their services run.

Microsoft's validation (cloud-connector.md 6.1) is a person with a phone, because such faults exist. An obstacle belongs to a
version of an appliance, also to one that is not deployed yet, and works as soon as that set is in production. What of it can be
read is documented: events 25062, 25064 and 14353 (6.2) and the inbound firewall rules (4.1). The counters of calls stay at 0,
unless they show calls that ring, which no source tells (`counters_show_ringing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lab.world.machines import FIREWALL_RULES, Role, VmSet

Way = Literal["gateway", "tls", "firewall_mediation", "firewall_edge", "certificate", "completion", "ringing"]
LOG = "Lync Server"


@dataclass(frozen=True)
class Obstacle:
    """One way to carry no call. What an event says besides its number, and its source, are the lab's."""

    why: str
    """For the record of the world."""
    role: Role
    event: int | None = None
    source: str = "LS Mediation Server"
    at_once: bool = False
    """The event comes when the set goes into production; the others come with each call that fails."""
    answered: bool = False
    """The call is answered and then ends, so that nobody tries another appliance."""
    rings: float = 0.0
    """Seconds for which the call rings before it is given up."""
    sip: int | None = None
    """How a call over SIP from a gateway is answered, where that is not with 200; None: not at all. All of it is the lab's."""


OBSTACLES: Mapping[Way, Obstacle] = {
    "gateway": Obstacle("the gateway rejects it", "Mediation", 25064, sip=503),
    "tls": Obstacle("TLS between it and the gateway fails", "Mediation", 25062, at_once=True),
    "firewall_mediation": Obstacle("a firewall rule of Mediation lets no call in", "Mediation"),
    "firewall_edge": Obstacle("a firewall rule of the Edge lets no call in", "Edge", sip=480),
    "certificate": Obstacle(
        "the certificate of its Edge is not accepted", "Edge", 14353, "LS Protocol Stack", at_once=True, sip=480
    ),
    "completion": Obstacle("the call was not completed", "Mediation", 25064, answered=True, sip=200),
    "ringing": Obstacle("it rings and nobody is reached", "Mediation", rings=45.0, sip=180),
}
"""By name. Which event comes of which fault is documented for 25062, 25064 and 14353 as far as their titles go (6.2)."""

BLOCKED: Mapping[Way, Role] = {"firewall_mediation": "Mediation", "firewall_edge": "Edge"}
"""The ways that are a rule of that VM."""


def obstacle_of(ways: set[Way], carrying: VmSet | None) -> Obstacle | None:
    """What keeps calls from the set that is in production, if anything: one of its `ways`, or a rule that lets nothing in."""
    if carrying is None:
        return None
    closed = {way for way, role in BLOCKED.items() if not carrying.machines[role].lets_calls_in}
    return next((obstacle for way, obstacle in OBSTACLES.items() if way in (ways - set(BLOCKED)) | closed), None)


def close_firewall(ways: set[Way], one: VmSet, rule: Literal["disabled", "missing"]) -> None:
    """Disables the inbound rule of calls in the VMs of a set, or removes it, as far as `ways` say so."""
    for way, role in BLOCKED.items():
        machine = one.machines.get(role)
        if way not in ways or machine is None:
            continue
        name = FIREWALL_RULES[role]
        if rule == "missing":
            machine.computer.firewall.pop(name, None)
        else:
            machine.computer.firewall[name] = False


def open_firewall(one: VmSet) -> None:
    """Every rule of calls is there and enabled."""
    for machine in one:
        if machine.role in FIREWALL_RULES:
            machine.computer.firewall[FIREWALL_RULES[machine.role]] = True


def log(obstacle: Obstacle, carrying: VmSet) -> None:
    """Writes the obstacle's event, if it has one, in the VM where it is noticed."""
    if obstacle.event is not None:
        text = f"{obstacle.why[0].upper()}{obstacle.why[1:]}. (simulated)"
        carrying.machines[obstacle.role].computer.log(obstacle.source, obstacle.event, "Error", text, LOG)
