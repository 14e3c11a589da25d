# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Suspends automatic update of a site for the time of our work, and puts it back."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import suspended, tenant_steps
from ..plugin_utils.cce.appliance import Appliance, Suspension
from ..plugin_utils.cce.codec import encode
from ..plugin_utils.cce.exceptions import NotReadError, Refused, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.ini_document import identity
from ..plugin_utils.cce.reading import Reading, need
from ..plugin_utils.cce.steps import Step
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, TENANT_RECORDS, Arguments, common, tenant_records
from ..plugin_utils.operation.changes import Change, merged
from ..plugin_utils.operation.predictions import run_id
from ..plugin_utils.operation.site_option import SITE

STILL_ON, STILL_OFF, ON_AGAIN = "still_on", "still_off", "on_again"
FENCES = (*suspended.STEPS, STILL_ON, STILL_OFF, ON_AGAIN)
"""The steps that stop the list where somebody else was at work meanwhile."""


class Goal(enum.StrEnum):
    """What the module is to reach."""

    SUSPENDED = "suspended"
    RESTORED = "restored"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, kw_only=True)
class UpdateArguments(Arguments):
    """`unfinished`: put it back also while an appliance of the site is in the middle of a work of ours."""

    goal: Goal
    unfinished: bool


def _needs_tenant(arguments: UpdateArguments, state: Appliance) -> bool:
    """Without the CloudConnector module nobody can log on; where nothing is written down there is nothing to put back."""
    if arguments.goal is Goal.SUSPENDED:
        return state.module_present is not False
    return arguments.goal is Goal.RESTORED and isinstance(state.suspended, Suspension)


class ActionModule(ApplianceOperation[UpdateArguments, Appliance]):
    """`Set-CsHybridPSTNSite -EnableAutoUpdate`, for the site of the appliance it runs on.

    That it was on is written down in the site directory first; the file goes last, when it is on again (`cce/suspended.py`).
    """

    NEEDS_TENANT = staticmethod(_needs_tenant)
    BESIDE_JOBS = True
    """A setting of the tenant does not disturb a job, and a job that runs needs the product to keep still."""
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **TENANT_RECORDS,
        "state": {"type": "str", "choices": [goal.value for goal in Goal], "required": True},
        "unfinished": {"type": "bool", "default": False},
    }

    def validate(self, given: Mapping[str, Any]) -> UpdateArguments:
        return UpdateArguments(
            **common(given, self.host.name),
            records=tenant_records(given["tenant"]),
            goal=Goal(given["state"]),
            unfinished=given["unfinished"],
        )

    # --- what is left to do -------------------------------------------------------------------------------------------

    def missing(self, state: Appliance) -> list[Change]:
        found = need(state.suspended)
        if self.arguments.goal is Goal.SUSPENDED:
            return self._suspending(state, found) if need(state.module_present) else []
        if found is None:
            return []
        if self.arguments.goal is Goal.FORGOTTEN:
            return [_note(f"forget that automatic update of {found.site} was on; it stays as it is", found, None)]
        suspended.require_site(found, _site_name(state))
        forget = _note(f"remove what is written down of automatic update of {found.site}", found, None)
        return [forget] if need(state.auto_update) else [_switch(found.site, on=True), forget]

    def _suspending(self, state: Appliance, found: Suspension | None) -> list[Change]:
        """A site that has it off is left as it is, and nothing is written that would switch it on."""
        name = _site_name(state)
        if found is not None:
            suspended.require_site(found, name)
        if not need(state.auto_update):
            return []
        switch = _switch(name, on=False)
        if found is not None:
            return [switch]
        made = suspended.make(name, state.read_at, run_id())
        return [_note(f"write down in the site directory that automatic update of {name} is on", None, made), switch]

    def guard(self, state: Appliance, changes: Sequence[Change]) -> None:
        if self.arguments.goal is not Goal.RESTORED or self.arguments.unfinished:
            return
        begun = _begun(state)
        if begun:
            raise Refused(
                f"Automatic update of {_site_name(state)} stays suspended: {begun}. It would update the site beside that work.",
                "Run the upgrade again, which puts it back when the site is done; or, where that has to wait, run this with "
                "unfinished: true (cloud_connector_restore_unfinished).",
                failure=FailureClass.WORK_UNFINISHED,
            )

    # --- acting -------------------------------------------------------------------------------------------------------

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        try:
            self._act(state, changes)
        except WorkFailed as failed:
            if failed.details.get("step") not in FENCES:
                raise
            if self._is_done_by_another():
                return
            raise WorkFailed(
                f"{failed.what} Somebody else has changed automatic update, or what is written down of it, meanwhile.",
                "Run the same command again.",
                failure=FailureClass.FENCE,
                retry=True,
                **failed.details,
            ) from failed

    def _act(self, state: Appliance, changes: Sequence[Change]) -> None:
        after, found = merged(changes), need(state.suspended)
        if self.arguments.goal is Goal.SUSPENDED:
            self._suspend(after.get("suspended"), found, self._tenant_name(state))
        elif found is not None and self.arguments.goal is Goal.RESTORED:
            self._restore(found, self._tenant_name(state), switch="auto_update" in after)
        elif found is not None:
            asked = [suspended.unchanged(self._directory, found), *suspended.remove_steps(self._directory)]
            self.host.run(asked, f"forget the suspension of automatic update of {found.site}")

    def _suspend(self, made: Suspension | None, found: Suspension | None, site: str) -> None:
        """It is written down in the same session, between the look that it is on and the switch."""
        written: list[Step] = []
        if made is not None:
            written = suspended.write_steps(self._directory, made)
        elif found is not None:
            written = [suspended.unchanged(self._directory, found)]
            self.host.warn(
                f"Automatic update of {site} was on though it is suspended since {found.since}: somebody has switched it on, or "
                "that run ended before it had switched it off. It is off now, and on again when the work is done."
            )
        asked = [tenant_steps.auto_update_is(STILL_ON, site, True), *written, _set(site, on=False)]
        self.tenant.act(asked, f"suspend automatic update of {site}")

    def _restore(self, found: Suspension, site: str, *, switch: bool) -> None:
        """The file goes only where the tenant itself says that it is on again."""
        back = [tenant_steps.auto_update_is(STILL_OFF, site, False), _set(site, on=True)] if switch else []
        asked = [
            suspended.unchanged(self._directory, found),
            *back,
            tenant_steps.auto_update_is(ON_AGAIN, site, True),
            *suspended.remove_steps(self._directory),
        ]
        self.tenant.act(asked, f"put automatic update of {site} back")

    def _is_done_by_another(self) -> bool:
        return not self.missing(self._with_records(self._read_anew()))

    @property
    def _directory(self) -> str:
        return self.arguments.place.site_directory

    def _tenant_name(self, state: Appliance) -> str:
        """The name of the site, spelt as the tenant has it."""
        name = _site_name(state)
        known = () if self.tenant.records is None else need(self.tenant.records.sites)
        spelt = [str(one["Identity"]) for one in known if str(one.get("Identity")).lower() == name.lower()]
        return spelt[0] if spelt else name

    def result(self, state: Appliance) -> dict[str, Any]:
        if self.arguments.goal is Goal.SUSPENDED and state.module_present is False:
            self.host.warn(
                f"The CloudConnector module is missing on {self.host.name}, so the tenant was not asked whether automatic update "
                "is on. It is asked before the switch."
            )
        return {"automatic_update": {"enabled": encode(state.auto_update), "suspended": encode(state.suspended)}}


def _site_name(state: Appliance) -> str:
    """The name of the PSTN site. Raises NotReadError."""
    found = identity(need(state.ini))
    if found is None:
        raise NotReadError("the ini lacks a part of the identity of site and appliance")
    return found.site_name


def _begun(state: Appliance) -> str:
    """Why automatic update should stay off: a hold, or work of ours that is not finished, as a clause; empty: nothing.

    Raises NotReadError.
    """
    held, jobs, hold = need(state.slot), need(state.jobs), need(state.hold)
    if hold is not None:
        return f"the site is on hold since {hold.since} ({hold.by}: {hold.reason}), and it would go forward by itself"
    if held is not None:
        return f"{held.appliance} holds the site's out-of-service slot since {held.since} ({held.operation})"
    return f"{', '.join(jobs)} is under way here, or its answer was not fetched yet" if jobs else ""


def _switch(site: str, *, on: bool) -> Change:
    what = f"switch automatic update of {site} {'on again' if on else 'off'}"
    return Change(what, {"auto_update": not on}, {"auto_update": on})


def _note(what: str, before: Reading[Suspension | None], after: Suspension | None) -> Change:
    return Change(what, {"suspended": before}, {"suspended": after})


def _set(site: str, *, on: bool) -> Step:
    return tenant_steps.set_site(site, {"EnableAutoUpdate": on})
