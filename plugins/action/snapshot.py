# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes down what an appliance is like before an upgrade, and says what is different after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..plugin_utils.cce import snapshot
from ..plugin_utils.cce.answers import attempt
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import Refused
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.reading import Unknown, need
from ..plugin_utils.cce.snapshot import Difference, Snapshot
from ..plugin_utils.cce.tenant_records import NOT_ASKED
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.arguments import APPLIANCE, TENANT_RECORDS, Arguments, common, target, tenant_records
from ..plugin_utils.operation.changes import Change, Kind
from ..plugin_utils.operation.record import Recorded, RecordedOperation
from ..plugin_utils.operation.site_option import SITE

TAKEN, COMPARED = "taken", "compared"

NAMED = 12
"""How many differences a message names; the result has all of them."""


@dataclass(frozen=True, kw_only=True)
class SnapshotArguments(Arguments):
    """`accepted`: names of differences that are meant; `compares`: the snapshot is compared, not taken.

    `only_open`: one with which a comparison has passed already is not compared again.
    """

    target: Version
    compares: bool
    only_open: bool
    accepted: tuple[str, ...]
    check: bool


class ActionModule(RecordedOperation[SnapshotArguments]):
    """The record is of one target: it is taken once, before the first change, and kept until it was compared."""

    RECORD = snapshot.NAME
    BESIDE_JOBS = True
    """A job that is under way is found by the module that began it."""
    HEEDS = False
    """It is taken of appliances whose turn has not come, too."""
    PREDICTS = False
    """It is taken of other appliances, too, and what is predicted of this one still stands."""
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **TENANT_RECORDS,
        "version": {"type": "str", "required": True},
        "state": {"type": "str", "choices": [TAKEN, COMPARED], "default": TAKEN},
        "only_open": {"type": "bool", "default": False},
        "accept_changes": {"type": "list", "elements": "str", "default": []},
        "accept_ini_changes": {"type": "list", "elements": "str", "default": []},
    }

    def validate(self, given: Mapping[str, Any]) -> SnapshotArguments:
        inis = (f"{snapshot.INI}/{name.strip()}" for name in given["accept_ini_changes"])
        return SnapshotArguments(
            **common(given, self.host.name),
            records=tenant_records(given["tenant"]),
            target=target(given),
            compares=given["state"] == COMPARED,
            only_open=given["only_open"],
            accepted=(*given["accept_changes"], *inis),
            check=bool(self._task.check_mode),
        )

    def missing(self, state: Recorded) -> list[Change]:
        if not self.arguments.compares:
            return (
                []
                if _is_taken(self.arguments, state)
                else [Change(f"take a snapshot before the upgrade to {self.arguments.target}")]
            )
        if self.arguments.check or _compared_with(self.arguments, state) is None:
            return []
        return [Change("note that it was compared with the snapshot", kind=Kind.RECORD)]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        stopping = snapshot.stopping(self._differences(state))
        if not stopping:
            return
        names = "; ".join(str(one) for one in stopping[:NAMED])
        more = f" and {len(stopping) - NAMED} more" if len(stopping) > NAMED else ""
        raise Refused(
            f"{self.host.name} is not as it was before the upgrade: {names}{more}.",
            failure=FailureClass.STATE_CHANGED,
            differences=[one.to_dict() for one in stopping],
        )

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        kept = _compared_with(self.arguments, state)
        if kept is None:
            made = snapshot.take(self._with_tenant(state), self.arguments.target, self.arguments.records)
            for name, area in made.found.items():
                if isinstance(area, Unknown) and area.reason != NOT_ASKED:
                    self.host.warn(f"{name} is not in the snapshot, since it could not be read: {area.reason}")
        else:
            made = replace(kept, compared=need(state.clock))
        # As a whole, over whatever was there; under no claim, since it takes no time.
        fences = [self.record.fence(state)]
        self.record.write(replace(state, record={}), "write down the snapshot", fences=fences, **made.to_dict())

    def result(self, state: Recorded) -> dict[str, Any]:
        kept = attempt(_read, state)
        if isinstance(kept, Unknown):
            return {self.RECORD: {"unknown": kept.reason}, "differences": []}
        described = None if kept is None else kept.head()
        looked = self.arguments.compares and not (self.arguments.check or self.arguments.only_open)
        if looked and _kept(self.arguments, state) is None:
            there = "there is no snapshot" if kept is None else f"the snapshot there is of an upgrade to {kept.target}"
            self.host.warn(f"{self.host.name} was not compared with what it was before the upgrade: {there}")
        return {self.RECORD: described, "differences": [one.to_dict() for one in self._differences(state)]}

    def _differences(self, state: Recorded) -> list[Difference]:
        kept = _compared_with(self.arguments, state)
        if kept is None:
            return []
        return snapshot.compare(kept, self._with_tenant(state), self.arguments.records, self.arguments.accepted)

    def _with_tenant(self, state: Recorded) -> Appliance:
        """The state with what the tenant's records say of it, where they were given: nobody logs on for a comparison."""
        records = self.arguments.records
        return state if records is None else records.applied(state)


def _read(state: Recorded) -> Snapshot | None:
    return snapshot.parse(need(state.record_text))


def _kept(arguments: SnapshotArguments, state: Recorded) -> Snapshot | None:
    """The snapshot of this target; None where there is none. Raises NotReadError."""
    found = _read(state)
    return found if found is not None and found.target == arguments.target else None


def _compared_with(arguments: SnapshotArguments, state: Recorded) -> Snapshot | None:
    """The snapshot to compare with; None where nothing is compared. Raises NotReadError."""
    found = _kept(arguments, state) if arguments.compares else None
    return None if found is None or (arguments.only_open and not found.is_open) else found


def _is_taken(arguments: SnapshotArguments, state: Recorded) -> bool:
    """Whether nothing is to be taken: it is there, or there is no before any more.

    One that was compared is of an upgrade that is over: where another version runs since, another upgrade begins. What
    runs cannot be asked while the MSI is replaced; where the product does not know it, there is nothing to compare with.
    """
    found = _kept(arguments, state)
    if found is not None and found.is_open:
        return True
    return isinstance(state.running, Unknown) or state.running in (None, arguments.target)
