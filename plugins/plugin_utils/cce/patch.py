# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The queue of a run that installs Windows updates: the same turns as those of an upgrade, in another order.

Whether anything is to be installed is found on the appliance, in its own turn; so every appliance of the run has one. In each
site those come first that an earlier run has left out of service or at work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from . import maintenance, slot
from .appliance import Appliance, Slot
from .pace import APPLIANCE_SECONDS
from .site import Observation
from .turn import Expected, Turn, one_by_one
from .versions import Version


def make_queue(
    sites: Mapping[str, Sequence[str]], hosts: Collection[str], found: Mapping[str, Observation], otherwise: Version
) -> list[Turn]:
    """The turns of a run.

    Args:
        sites: the sites in the order of the run, each with all its appliances.
        hosts: the appliances of the run.
        found: what was read of each appliance.
        otherwise: the version that an appliance is held to whose own could not be read.
    """
    return one_by_one(
        [turn for site, members in sites.items() for turn in _turns(site, members, hosts, found, otherwise)]
    )


def _turns(
    site: str, members: Sequence[str], hosts: Collection[str], found: Mapping[str, Observation], otherwise: Version
) -> Iterator[Turn]:
    expected = tuple(Expected(name, _running(found.get(name)) or otherwise) for name in members)
    mine = sorted((name for name in members if name in hosts), key=lambda name: not begun(found.get(name)))
    for number, name in enumerate(mine, 1):
        left = begun(found.get(name))
        why = "what an earlier run began is ended first" if left else "updates of Windows are searched"
        where = f"site {site}, appliance {name} ({number} of {len(mine)} in this site)"
        yield Turn(
            name,
            site,
            True,
            number == len(mine),
            expected,
            f"{where}, {why}",
            resumes=left,
            # What an earlier run has left in maintenance mode is brought back whatever the window says.
            asks_for_window=not is_out(found.get(name)),
            expected=APPLIANCE_SECONDS,
            first_of_site=number == 1,
            # No update of Windows is taken back.
            keeps_way_back=False,
            compares=False,
        )


def begun(state: Observation | None) -> bool:
    """Whether an earlier run has left the appliance out of service or at work, or without the proof of calls that is due then."""
    return is_out(state) or (isinstance(state, Appliance) and isinstance(state.proof_due, datetime))


def is_out(state: Observation | None) -> bool:
    """Whether an earlier run has left the appliance in maintenance mode, or something of ours under way.

    One of which only a proof is due is in service: what its agent finds beside may wait for a window.
    """
    if not isinstance(state, Appliance):
        return False
    held = state.slot
    in_maintenance = isinstance(held, Slot) and held.operation == maintenance.OPERATION and slot.is_own(state)
    return in_maintenance or (isinstance(state.jobs, tuple) and bool(state.jobs))


def _running(state: Observation | None) -> Version | None:
    running = state.running if isinstance(state, Appliance) else None
    return running if isinstance(running, str) else None
