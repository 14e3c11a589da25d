"""The management service of an appliance as an actor of its own (cloud-connector.md 4.2, 5.4).

It looks every 60 seconds, as documented: at its appliance, which it brings back into service (`automatic_recovery`), and at the
update windows of its site (`automatic_update`). Both are off unless a switch turns them on.
"""

from __future__ import annotations

from lab.server import automatic_update
from lab.server.automatic_recovery import Recovery
from lab.world.activity import Activity
from lab.world.appliance import Appliance

LOOK_SECONDS = 60.0


def employ(appliance: Appliance) -> None:
    """Puts the service of an appliance to work, where the switches say so."""
    switches, env = appliance.world.switches, appliance.world.env
    if switches.automatic_update:
        env.process(_updating(appliance))
    if switches.automatic_recovery:
        env.process(_recovering(appliance))


def _updating(appliance: Appliance) -> Activity:
    """After an update that failed it waits before the next try; how long is the lab's choice."""
    while True:
        yield appliance.world.env.timeout(LOOK_SECONDS)
        action = automatic_update.due(appliance)
        if action is not None and not (yield from automatic_update.work(appliance, action)):
            yield appliance.world.env.timeout(automatic_update.RETRY_SECONDS)


def _recovering(appliance: Appliance) -> Activity:
    recovery = Recovery(appliance)
    while True:
        yield appliance.world.env.timeout(LOOK_SECONDS)
        if recovery.needed():
            yield from recovery.work()
