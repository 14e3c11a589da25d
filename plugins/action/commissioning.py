# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tries once on a host what upgrades depend on, and writes down what was found."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.bridge.masking import MASK
from ..plugin_utils.cce import commissioning, health, steps
from ..plugin_utils.cce.answers import Answer, attempt
from ..plugin_utils.cce.appliance import Commissioned
from ..plugin_utils.cce.commissioning import FIRST, READ, Gateway, Tried, Trouble
from ..plugin_utils.cce.exceptions import OptionError, Refused, Unfinished, WorkFailed
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.health import Check
from ..plugin_utils.cce.reading import Reading, Unknown
from ..plugin_utils.cce.site import Place, Unreadable
from ..plugin_utils.cce.state import Survey
from ..plugin_utils.operation import failures
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.record import Recorded, RecordedOperation
from ..plugin_utils.operation.site_option import REQUIRED_SITE


@dataclass(frozen=True, kw_only=True)
class CommissioningArguments(Arguments):
    """`age`: days after which a commissioning is old."""

    age: float


class ActionModule(RecordedOperation[CommissioningArguments]):
    """Every run tries everything anew; changed is what the record then says otherwise, or an old record that is renewed."""

    RECORD = commissioning.NAME
    NEEDS_TENANT = staticmethod(lambda arguments, state: True)
    ARGUMENTS = {
        **APPLIANCE,
        **REQUIRED_SITE,
        **JOB,
        "age": {"type": "int", "default": commissioning.AGE_DAYS},
        "timeout": {"type": "int", "default": 600},
    }

    _made: Commissioned | None = None
    """What this task has written down."""

    def validate(self, given: Mapping[str, Any]) -> CommissioningArguments:
        if given["age"] <= 0:
            raise OptionError("age must be more than 0.")
        return CommissioningArguments(**common(given, self.host.name), job=commissioning.NAME, age=given["age"])

    def missing(self, state: Recorded) -> list[Change]:
        if self._made is not None and state.commissioned == self._made:
            return []
        if self._task.check_mode and self._shown(state) is not None:
            return []
        after = commissioning.made(state.read_at, [])
        what = "try what upgrades depend on, and write down what was found"
        return [Change(what, {"commissioned": state.commissioned}, {"commissioned": after}, proof=self._shown)]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        checks = health.chosen(READ, state)
        if any(check.blocks for check in checks if check.id in FIRST):
            what = f"{self.host.name} cannot be commissioned"
            raise failures.checks_failed(Refused, what, health.blocking(checks), checks)

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        if self.tenant.records is None:
            # A job of an earlier run is collected before anybody logs on to the tenant.
            state = self.ask_tenant(state)
        checks = [self._writable(check) for check in commissioning.checks(state, self._try(state))]
        made = commissioning.made(self.clock.now(), checks)
        self.run_and_record(state, [], "write down what was found", **commissioning.entries(made, checks))
        self._made = made
        if stopping := health.blocking(checks):
            raise failures.checks_failed(WorkFailed, f"{self.host.name} is not ready for upgrades", stopping, checks)

    def _writable(self, check: Check) -> Check:
        """What stands where a secret was is not sent to an appliance: it would be taken for a value that was masked there."""
        evidence = self.host.masker.text(check.evidence).replace(MASK, "(masked)")
        return Check(check.id, check.status, evidence, check.consequence, check.failure)

    def _shown(self, state: Recorded) -> tuple[str, Mapping[str, str]] | None:
        """What of a record counts for a change; None where there is none, or an old one."""
        found = state.commissioned
        if found is None or isinstance(found, Unknown):
            return None
        if commissioning.is_old(found, self.clock.now(), self.arguments.age):
            return None
        return found.collection, found.results

    # --- trying -------------------------------------------------------------------------------------------------------

    def _try(self, state: Recorded) -> Tried:
        own = commissioning.probe_path(self.arguments.place.site_directory, self.host.name)
        text = uuid.uuid4().hex
        probe = self._write(own, text)
        job = self._run_job(state, own)
        seen = self._seen(text) if probe is None else {}
        self.host.run([steps.remove_file("remove_probe", own)], "remove the probe from the site directory")
        gateways = attempt(self._gateways, state)
        return Tried(probe, job, seen, self._domain_controller(state), gateways)

    def _write(self, path: str, text: str) -> Trouble | None:
        """Why the probe could not be written; None: it was."""
        try:
            self.host.run([steps.write_file("probe", path, text)], "write a probe into the site directory")
        except WorkFailed as failed:
            return Trouble(failed.what.rstrip("."), failed.failure)
        return None

    def _run_job(self, state: Recorded, probe: str) -> Answer | Trouble:
        """The answer of a job, or why there was none. One that is still at work is waited for by the next run."""
        try:
            answer = self.jobs.do(state, commissioning.job_steps(state, probe), "run a job that changes nothing")
        except Unfinished:
            raise
        except WorkFailed as failed:
            return Trouble(failed.what.rstrip("."), failed.failure)
        return Trouble("the job left no answer", FailureClass.HOST_RESTARTED) if answer is None else answer

    def _seen(self, text: str) -> dict[str, Reading[bool]]:
        """The other appliances of the site, and whether each of them sees the probe with its text."""
        option, own = self.arguments.site, self.host.name
        others = [place for place in option.places if place.name != own] if option else []
        found = self.site.reader.read(others, lambda place: _probe_survey(place, own))
        return {
            name: Unknown(one.reason) if isinstance(one, Unreadable) else one == text for name, one in found.items()
        }

    def _gateways(self, state: Recorded) -> dict[str, Reading[bool]]:
        """One exchange for each: a connection that is not answered takes its time. Raises NotReadError."""
        mediation = self.arguments.place.vms.get("mediation")
        wanted = commissioning.gateways(state)
        if not mediation:
            return {str(one): Unknown("the option vms does not say where the Mediation VM is") for one in wanted}
        return {str(one): self._connected(one, mediation) for one in wanted}

    def _connected(self, gateway: Gateway, mediation: str) -> Reading[bool]:
        asked = commissioning.gateway_steps(gateway, mediation)
        return self.host.read(Survey(asked, lambda answer: attempt(commissioning.connected, answer)))

    def _domain_controller(self, state: Recorded) -> Reading[str]:
        address = None if isinstance(state.ini, Unknown) else state.ini.get("Common", "IP")
        if not address:
            return Unknown("the ini has no address of the AD VM")
        asked = commissioning.domain_controller_steps(address)
        return self.host.read(Survey(asked, lambda answer: attempt(commissioning.domain_controller, answer)))


def _probe_survey(place: Place, host: str) -> Survey[str | None]:
    """Another appliance's look at the probe of a host. A file that is not found proves nothing as long as nothing is listed."""
    path = commissioning.probe_path(place.site_directory, host)

    def parse(answer: Answer) -> str | None:
        answer.names("site_files")
        return answer.file("probe")

    return Survey([steps.folder("site_files", place.site_directory), steps.file_text("probe", path)], parse)
