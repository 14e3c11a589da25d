# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The drain of a switch: how long it has lasted, and whether a person had the last calls cut.

A drain ends when the last call does, and no source gives it a limit (cloud-connector.md 1.1). `-Force` of `Switch-CcVersion`
stops services forcibly *if draining fails*; whether a drain that lasts ever fails, and what becomes of one that is under way when
a second cmdlet begins, no source says. So force begins with the end of the drain that is under way, and never runs beside it.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ..cce import site_file, slot, steps
from ..cce.appliance import Appliance
from ..cce.exceptions import NotReadError, WorkFailed
from ..cce.failure_classes import FailureClass
from ..cce.reading import Unknown, need
from ..cce.state import calls_survey
from ..cce.steps import Step
from .host import Host
from .jobs import JobRunner


@dataclass(frozen=True)
class Force:
    """Consent to cut the calls that a drain waits for: of which site, by whom, and why."""

    site: str
    by: str
    reason: str


@dataclass
class Drain:
    """The drain of one appliance, which its switch begins with.

    Attributes:
        jobs: the job of the switch.
        operation: what the slot says while it is drained.
        limit: seconds after which it has lasted too long; 0: it may last.
        reread: reads the appliance; None where it cannot be read.
    """

    host: Host
    jobs: JobRunner
    operation: str
    limit: float
    reread: Callable[[], Appliance | None]

    _begun: float = field(default=0.0)
    _over: bool = field(default=False)

    def watch(self, state: Appliance, *, found: bool) -> None:
        """From now on the wait for the job ends with a failure of its own when the drain lasts too long.

        Args:
            state: the appliance, as it was read last.
            found: whether the job was begun before; then the slot tells since when.
        """
        self._begun = self.host.clock.monotonic() - (self._seconds(state) if found else 0.0)
        self._over = self.limit <= 0
        self.jobs.while_running = self._look

    def has_live_calls(self, state: Appliance) -> bool:
        """Whether it is under way, and waits for calls that were counted."""
        return _is_before_the_exchange(state) and not isinstance(state.calls, Unknown) and state.calls.total > 0

    def end(self, fences: Sequence[Step], mediation: str) -> bool:
        """End the drain, so that it can be begun anew with force: only while calls are live, so never in the exchange after it.

        Args:
            fences: stop it where the versions are not those that were read.
            mediation: address of the Mediation VM, whose counters are read right before the end.

        Returns:
            Whether it was ended. It goes on where the last call ended meanwhile.

        Raises:
            ConnectionLost, NoAnswer.
        """
        counters = calls_survey(mediation).steps
        return self.jobs.end([*counters, *fences, steps.calls_live("calls_live", "mediation")])

    def is_forced(self) -> bool:
        """Whether the switch that is under way was begun with force."""
        return any(one.get("name") == "switch" and one.get("parameters") for one in self.jobs.asked())

    def _look(self) -> None:
        """Raises WorkFailed when it lasts too long."""
        lasted = self.host.clock.monotonic() - self._begun
        if self._over or lasted <= self.limit:
            return
        state = self.reread()
        if state is None:
            return
        unread = isinstance(state.calls, Unknown)
        if not _is_before_the_exchange(state) or not (unread or need(state.calls).total):
            self._over = not unread
            return
        raise self._too_long(state, lasted)

    def _too_long(self, state: Appliance, lasted: float) -> WorkFailed:
        calls = None if isinstance(state.calls, Unknown) else state.calls
        live = (
            "How many calls are live could not be read"
            if calls is None
            else (f"{calls.total} calls are live ({calls.inbound} inbound, {calls.outbound} outbound)")
        )
        since = self.host.clock.now() - timedelta(seconds=lasted)
        moment = site_file.moment(since)
        return WorkFailed(
            f"{self.host.name} drains since {moment}, {lasted:.0f} seconds, which is longer than cloud_connector_drain_limit "
            f"({self.limit:.0f}). {live}; while it drains it takes no new ones.",
            failure=FailureClass.DRAIN_LIMIT,
            live_calls=None if calls is None else calls.total,
            since=moment,
            seconds=round(lasted),
        )

    def _seconds(self, state: Appliance) -> float:
        """How long it has lasted, by the claim that the job itself made right before it; 0 where that is not to be told."""
        try:
            claimed = need(state.slot) if slot.is_own(state) else None
            if claimed is None or claimed.operation != self.operation:
                return 0.0
            since = site_file.parse_moment(claimed.since)
        except (NotReadError, ValueError):
            return 0.0
        return max(0.0, (self.host.clock.now() - since).total_seconds())


def _is_before_the_exchange(state: Appliance) -> bool:
    """Whether the running set is on and connected, as it is until its drain is over."""
    if isinstance(state.machines, Unknown) or not isinstance(state.running, str):
        return False
    machines = [machine for machine in state.machines if machine.version == state.running]
    return bool(machines) and all(
        machine.is_running and not isinstance(machine.switches, Unknown) and machine.switches for machine in machines
    )
