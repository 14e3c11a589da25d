"""Lets faults strike inside every cmdlet of an appliance, whoever implements it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from lab.powershell.catalogue import Implementation, Registry
from lab.powershell.invocation import Invocation
from lab.world.appliance import Appliance
from lab.world.faults import Fault, When

Work = Generator[simpy.Event, Any, None]


class HalfDone(Exception):
    """The cmdlet ends here, without an error."""


def exposed(registry: Registry) -> Registry:
    """The same cmdlets, each open to the faults of the appliance it runs on."""
    made = Registry()
    made.merge(registry)
    for name in registry:
        found = registry.find(name)
        if found is not None:
            made.implements(name)(_exposed(found[1]))
    return made


def _exposed(implementation: Implementation) -> Implementation:
    def run(call: Invocation) -> Work:
        appliance: Appliance = call.session.state["appliance"]
        try:
            yield from reach(call, appliance, "before")
            work = implementation(call)
            if work is not None:
                yield from work
            yield from reach(call, appliance, "after")
        except HalfDone:
            return
        except simpy.Interrupt:
            call.session.state["recorder"].killed()
            raise

    return run


def reach(call: Invocation, appliance: Appliance, when: When, point: str | None = None) -> Work:
    """A moment of a cmdlet is reached: the fault that waits for it strikes."""
    fault = appliance.faults.take(call.name, when, point)
    if fault is None:
        return
    where = f"{when} {point}" if point else when
    appliance.world.record.event(f"fault: {fault.action} {where} {call.name}", appliance.name)
    yield from _strike(call, appliance, fault)


def _strike(call: Invocation, appliance: Appliance, fault: Fault) -> Work:
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
