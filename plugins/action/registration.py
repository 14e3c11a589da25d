# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registers the appliance with the tenant, or takes it out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..plugin_utils.cce import health, maintenance, steps, upgrade
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.exceptions import Refused, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.reading import need
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.cce.versions import Version
from ..plugin_utils.operation.arguments import APPLIANCE, PROMPTS, WAIT, Arguments, common, version
from ..plugin_utils.operation.changes import Change, Kind, is_release
from ..plugin_utils.operation.record import Recorded, RecordedOperation, record_entry
from ..plugin_utils.operation.service import holds
from ..plugin_utils.operation.site_option import SITE

UNREGISTER = "unregister the appliance"


@dataclass(frozen=True, kw_only=True)
class RegistrationArguments(Arguments):
    """`prompts`: answers to what the cmdlet may ask."""

    target: Version
    present: bool
    prompts: Sequence[Mapping[str, str]] = field(repr=False)


class ActionModule(RecordedOperation[RegistrationArguments]):
    """Registering runs attached under a claim, because the cmdlet may ask for passwords (cloud-connector.md 1.3); what takes the
    appliance out of the tenant asks nothing, and is a job.

    Registering is a step of every upgrade (5.3), also of an appliance that the tenant knows: on the new scripts it asks for new
    account types and moves what has to be moved. So it is written down for which MSI it was done.
    """

    RECORD = "registration"
    NEEDS_TENANT = staticmethod(lambda arguments, state: True)
    """What is registered is a record of the tenant."""
    RULES = {"required_if": [("state", "absent", ("task_user", "task_password"))]}
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **WAIT,
        "task_user": {"type": "str"},
        "task_password": {"type": "str", "no_log": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "version": {"type": "str", "required": True},
        **PROMPTS,
    }

    def validate(self, given: Mapping[str, Any]) -> RegistrationArguments:
        release, present = version(given), given["state"] == "present"
        return RegistrationArguments(
            **common(given, self.host.name),
            job=upgrade.job_name("registration", release) if present else "unregister",
            attached=present,
            target=release,
            present=present,
            prompts=tuple(given["prompts"]),
        )

    def missing(self, state: Recorded) -> list[Change]:
        before = {"registration": need(state.registration), "management_service": need(state.management_service)}
        if self.arguments.present:
            if health.registered(state) and _is_done(state):
                return []
            registered = {"registration": "full", "management_service": health.REGISTERED_SERVICE}
            record = need(state.record)
            return [
                Change(
                    "register the appliance with the tenant",
                    {**before, "record": dict(record)},
                    {**registered, "record": {**record, **_entry(state)}},
                )
            ]
        if state.registration == "none":
            return _release_change(state)
        unregistered = {"registration": "none", "management_service": health.UNREGISTERED_SERVICE}
        return [Change("unregister the appliance from the tenant", before, unregistered), *_release_change(state)]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        if is_release(changes):
            return
        if state.registration == "half":
            raise Refused(
                "The tenant knows one half of this appliance's identity with another other half, so it cannot be "
                f"{'registered' if self.arguments.present else 'unregistered'}.",
                failure=FailureClass.REGISTRATION_CONFLICT,
            )
        self.gates.require_scripts(state, self.arguments.target)
        if not self.arguments.present:
            self._require_silent(state)

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        if self.arguments.present:
            self._register(state)
            return
        state, changes = self.after_job(state, [steps.unregister()], UNREGISTER)
        if any(change.kind is not Kind.RELEASE for change in changes):
            fences = same_versions(state, "scripts")
            self.jobs.do(state, [*fences, steps.unregister()], UNREGISTER, fences=fences)
        if any(change.kind is Kind.RELEASE for change in changes):
            self.service.release(state)

    def _require_silent(self, state: Appliance) -> None:
        """What becomes of its calls when the tenant forgets an appliance is not documented, so none may live on it."""
        if not maintenance.is_silent(state):
            raise Refused(
                f"{self.host.name} stays registered: calls can live on it.",
                "Bring it into maintenance mode, or remove its deployment, before it is unregistered.",
            )
        self.site.require_spare(state, silent=True)

    def _register(self, state: Recorded) -> None:
        fences, entry = same_versions(state, "scripts"), _entry(state)
        answers, doing = self.arguments.prompts, "register the appliance"
        try:
            self.run_and_record(state, [steps.register()], doing, answers=answers, fences=fences, **entry)
        except WorkFailed as failed:
            self._require_accepted(failed)
            self.record.write(state, **entry)

    def _require_accepted(self, failed: WorkFailed) -> None:
        """Whether a failure only says that the appliance is registered already, which Microsoft's page has as an error.

        The tenant agreed before, or the guard had refused. A management service that is not as a registration leaves it shows
        that this one did not come to its end. Raises the failure.
        """
        if failed.failure is not FailureClass.REGISTRATION_CONFLICT:
            raise failed
        after = self._after_failure()
        if after is None or not health.registered(after):
            raise failed
        self.host.warn(
            f"{failed.what} The tenant knows {self.host.name} in full, so this is taken for: registered already."
        )


def _is_done(state: Recorded) -> bool:
    """Whether the cmdlet was run with the MSI that is there.

    An appliance whose VMs are of that version was registered with it, whoever did that: its deployment needs it
    (cloud-connector.md 1.1).
    """
    done = record_entry(state, "registered", "scripts", "product_codes")
    return need(state.running) == need(state.scripts) or dict(done or {}) == _entry(state)["registered"]


def _entry(state: Appliance) -> dict[str, Any]:
    """What tells one MSI from another."""
    codes = sorted(str(program["PSChildName"]) for program in need(state.programs))
    return {"registered": {"scripts": need(state.scripts), "product_codes": codes}}


def _release_change(state: Appliance) -> list[Change]:
    """An appliance without VMs that the tenant does not know belongs to the site no more, and holds nobody up."""
    if need(state.machines) or not holds(state):
        return []
    return [Change("release the out-of-service slot of the site", {"slot": state.slot}, {"slot": None}, Kind.RELEASE)]
