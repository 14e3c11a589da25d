"""What only a VM of an appliance answers: the call counters of Mediation (cloud-connector.md 6.2), and whether it gets to a
gateway.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import simpy

from lab.cmdlets.session import session_of
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.world.calls import Direction

REGISTRY = Registry()
COUNTER = re.compile(
    r"(?:\\\\[^\\]+)?\\LS:MediationServer - (Inbound|Outbound) Calls\(_Total\)\\- Current", re.IGNORECASE
)
NO_OBJECT = "The specified object was not found on the computer."


@REGISTRY.implements("Get-Counter")
def get_counter(call: Invocation) -> Generator[simpy.Event, Any, None]:
    """One sample set after the sample interval. Counters are there only on Mediation and while its service runs."""
    yield call.sleep(call.get("SampleInterval", 1))
    paths = call.get("Counter", [])
    values = [_value(call, path) for path in paths]
    if None in values or not values:
        call.error(NO_OBJECT, "CounterApiError,Microsoft.PowerShell.Commands.GetCounterCommand", "InvalidResult")
        return
    machine = call.machine.name.lower()
    samples = [(rf"\\{machine}{path.lower()}", value) for path, value in zip(paths, values, strict=True)]
    readings = "".join(f"{path} :\n{value}\n\n" for path, value in samples)
    rows = [PSObject({"Path": path, "CookedValue": float(value or 0)}) for path, value in samples]
    text = "Microsoft.PowerShell.Commands.GetCounter.PerformanceCounterSampleSet"
    call.write(PSObject({"Timestamp": call.machine.now(), "CounterSamples": rows, "Readings": readings}, text))


@REGISTRY.implements("Test-NetConnection")
def test_net_connection(call: Invocation) -> Generator[simpy.Event, Any, None]:
    """A TCP connection to a gateway; whoever does not answer is pinged, too, which takes its time. Other computers: none."""
    machine, network = session_of(call).virtual_machine, session_of(call).appliance.world.network
    address, port = call.get("ComputerName"), call.get("Port")
    there = machine is not None and machine.connected and (address, port) in network.listening
    yield call.sleep(0.1 if there else 25)
    kind = "TestNetConnectionResult"
    call.write(PSObject({"ComputerName": address, "RemotePort": port, "TcpTestSucceeded": there}, kind))


def _value(call: Invocation, path: str) -> int | None:
    """How many calls of that direction are alive, or None where there is no such counter."""
    found = COUNTER.fullmatch(path)
    machine = session_of(call).virtual_machine
    if found is None or machine is None or machine.role != "Mediation":
        return None
    if machine.computer.services["RTCMEDSRV"].state != "Running":
        return None
    direction: Direction = "inbound" if found[1].lower() == "inbound" else "outbound"
    appliance = session_of(call).appliance
    ringing = appliance.calls.ringing[direction] if appliance.world.switches.counters_show_ringing else 0
    return appliance.calls.count(direction) + ringing if machine.carries else 0
