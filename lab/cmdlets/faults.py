"""Applies the faults of an appliance inside every cmdlet that runs on it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from lab.cmdlets.session import session_of
from lab.powershell.catalogue import Implementation, Registry
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.faults import Fault, When

Work = Generator[simpy.Event, Any, None]


class HalfDone(Exception):
    """The cmdlet ends here, without an error."""


def with_faults(registry: Registry) -> Registry:
    """The same cmdlets, each open to the faults of the appliance it runs on."""
    made = Registry()
    made.merge(registry)
    for name in registry:
        found = registry.find(name)
        if found is not None:
            made.implements(name)(_with_faults(found[1]))
    return made


def _with_faults(implementation: Implementation) -> Implementation:
    def run(call: Invocation) -> Work:
        session = session_of(call)
        try:
            yield from reach(call, session.appliance, "before")
            work = implementation(call)
            if work is not None:
                yield from work
            yield from _cross_network(call, session.appliance)
            yield from reach(call, session.appliance, "after")
        except HalfDone:
            return
        except simpy.Interrupt:
            session.recorder.killed()
            raise

    return run


def _cross_network(call: Invocation, appliance: Appliance) -> Work:
    """What the way to a share costs a cmdlet that used one (switch `share_latency`)."""
    latency, network = appliance.world.switches.share_latency, appliance.world.network
    if network.was_reached(call.logon) and latency:
        yield call.sleep(latency)


def reach(call: Invocation, appliance: Appliance, when: When, point: str | None = None) -> Work:
    """A moment of a cmdlet is reached: applies the fault that waits for it."""
    fault = appliance.faults.take(call.name, when, point)
    if fault is None:
        return
    where = f"{when} {point}" if point else when
    appliance.world.record.event(f"fault: {fault.action} {where} {call.name}", appliance.name)
    yield from _apply(call, appliance, fault)


def _apply(call: Invocation, appliance: Appliance, fault: Fault) -> Work:
    if fault.action == "half_done":
        raise HalfDone
    if fault.action == "services_fail":
        _break_edge(appliance)
    elif fault.action == "warn":
        call.warn(fault.text)
    elif fault.action == "die_host":
        appliance.restart()
        yield call.env.event()
    elif fault.action == "hang":
        yield call.env.event()
    else:
        call.throw(fault.text)


def _break_edge(appliance: Appliance) -> None:
    """The certificate chain is not trusted: these two services of the Edge do not start (T4), where they do not run yet."""
    for machine in appliance.machines:
        for name in ("RTCMRAUTH", "RTCSRV") if machine.role == "Edge" else ():
            service = machine.computer.services[name]
            service.broken = service.state != "Running"
