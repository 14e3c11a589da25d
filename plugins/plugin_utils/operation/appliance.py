# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Operations on one appliance, and readings of one.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar

from ansible.plugins.connection import ConnectionBase

from ..bridge.connections import connect
from ..cce import health, hold, pace, progress, steps, tenant_records, upgrade, versions, waivers
from ..cce.answers import Answer
from ..cce.appliance import Appliance
from ..cce.codec import encode
from ..cce.exceptions import ConnectionLost, JobDied, NoAnswer, NotReadError, OperationError, Refused
from ..cce.failure_classes import FailureClass
from ..cce.ini_document import Ini, identity_problem
from ..cce.progress import Outlook
from ..cce.reading import Unknown, need
from ..cce.site import Unreadable, observed
from ..cce.state import Survey, appliance_survey, tenant_survey
from ..cce.steps import Step
from ..cce.tenant_records import FIELDS, TenantRecords
from ..cce.versions import Version
from . import failures
from .arguments import Account, Arguments
from .base import Operation
from .changes import Change, Kind, is_release, merged, merged_before, predicted
from .claims import ClaimRunner
from .control import RunControl
from .jobs import JobRunner
from .lease import SiteLease, Taken
from .owner import Owner
from .service import JOB_SECONDS, Service
from .site_guard import SiteGuard, fresh_until
from .site_reader import SiteReader
from .tenant_logon import patiently
from .tenant_session import run_in_tenant

A = TypeVar("A", bound=Arguments)
S = TypeVar("S", bound=Appliance)

SUMMARY = (
    "read_at",
    "scripts",
    "running",
    "backup",
    "calls",
    "registration",
    "management_service",
    "jobs",
    "slot",
)
"""The fields of the state that every result has; `appliance_info` has all of it."""


TENANT_SECONDS = 300.0
"""Between two logons while an update is waited for of which only the tenant tells: sessions are few, updates take hours."""


class ApplianceOperation(Operation[A, S], Generic[A, S]):
    """One operation on one appliance. It refuses to begin beside another job of ours."""

    SLOT: ClassVar[str] = ""
    """What the out-of-service slot says it is held for, where the operation takes an appliance out of service."""
    JOB_HINT: ClassVar[str] = ""
    """What else is to be said where the operation's job does not end in time."""
    BESIDE_JOBS: ClassVar[bool] = False
    """Whether it may begin while a job of another operation is under way on the appliance."""

    RESUMES = "waits for what still runs there, reads what was done"
    TAKES_LEASE: ClassVar[bool] = True
    """Whether it takes the lease of the site before it changes anything; without it no act gets to an appliance."""

    WHOLE: ClassVar[bool] = False
    """Whether every result has the whole state, or why there is none."""

    NEEDS_TENANT: ClassVar[staticmethod[[Any, Any], bool]] = staticmethod(lambda arguments, state: False)
    """Whether what is missing depends on the tenant's records, by the arguments and the state read without them.

    An appliance is read without them: a logon is slow, few may be open at once, and what is local needs none. They are read
    before the gates are asked, where this says so, and again after an act that changes them.
    """

    ALWAYS_GUARDED: ClassVar[staticmethod[[Any], bool]] = staticmethod(lambda arguments: False)
    """Whether the guard is asked also where nothing is missing: what is only judged is judged on every run."""

    OWN_RECORDS: ClassVar[bool] = False
    """Whether the module takes more from the tenant's records than every appliance has (`take_records`)."""

    HEEDS: ClassVar[bool] = True
    """Whether it waits, before it begins, while a person holds the run."""

    owner: Owner | None = None
    """This run; None: it is found out."""
    jobs: JobRunner
    control: RunControl
    claims: ClaimRunner
    site: SiteGuard
    lease: SiteLease
    service: Service

    _records: TenantRecords | None = None
    """The tenant's records, where they were read in this task."""
    _records_are_after: bool = False
    """Whether they were read by the act itself, after its work."""

    # --- one more hook --------------------------------------------------------------------------------------------------------

    def take_records(self, state: S, records: TenantRecords) -> S:
        """Take more from the tenant's records than every appliance has; with `OWN_RECORDS` only.

        Args:
            state: the state, with what every appliance has from them.
            records: what was read of the tenant.

        Returns:
            The state with what the module needs beside.
        """
        return state

    # --- what operations share --------------------------------------------------------------------------------------------

    def job_found(self, state: Appliance) -> bool:
        """Whether the operation's job is on the appliance, running or with an answer nobody has fetched yet."""
        return bool(self.arguments.job) and self.arguments.job in need(state.jobs)

    def run_job(
        self,
        state: Appliance,
        job_steps: Sequence[Step],
        doing: str,
        *,
        fences: Sequence[Step] = (),
        in_time: bool = False,
        keep: Callable[[Answer], Sequence[Step]] = lambda answer: (),
    ) -> Answer | None:
        """Run the operation's job, or wait for the one that was found.

        Args:
            fences: stop the start of it.
            in_time: start and job are stopped where they come later than the state may be acted on, for work that its own fences
                would let through a second time.
            keep: steps that write down what an answer says (`JobRunner.work`).

        Returns:
            Its answer; None where it left none and had done its work all the same.

        Raises:
            WorkFailed, NotReadError, ConnectionLost, NoAnswer.
        """
        found = self.job_found(state)
        if in_time and not found:
            deadline = fresh_until(state, state.read_at)
            fences = [*steps.not_after(deadline), *fences]
            job_steps = [*steps.not_after(deadline + timedelta(seconds=JOB_SECONDS)), *job_steps]
        return self.jobs.work(job_steps, doing, found=found, fences=fences, keep=keep)

    def after_job(self, state: S, acts: Sequence[Step], doing: str) -> tuple[S, list[Change]]:
        """Wait for the operation's job where one was found, and say what is left: it may have been begun for something else.

        For work that may be begun anew where such a job has died.

        Args:
            state: the state that the job was found in, or not.
            acts: the cmdlets that such a job runs.
            doing: what it is for, in words that follow "could not".

        Returns:
            The state, read anew after such a job, and what is left to do, let through by the guard.

        Raises:
            WorkFailed, Refused, NotReadError, ConnectionLost, NoAnswer.
        """
        if not self.job_found(state):
            return state, self.missing(state)
        try:
            self.run_job(state, acts, doing)
        except JobDied as died:
            if died.failure is not FailureClass.HOST_RESTARTED:
                raise
            self.host.tell(f"{died.what} What is missing is done now.")
        state = self._read_after()
        left = self.missing(state)
        if left and not is_release(left):
            self.guard(state, left)
        return state, left

    def require_scripts(self, state: Appliance, target: Version) -> None:
        """The cmdlets have to be those of `target`. Raises Refused, NotReadError."""
        if need(state.scripts) != target:
            raise Refused(
                f"The scripts on {self.host.name} are {state.scripts}, not {target}.",
                "Run the package operation first.",
                failure=FailureClass.MODULE_MISSING if state.scripts is None else None,
            )

    def require_gates(
        self,
        state: Appliance,
        target: Version,
        gates: Callable[[Appliance, Version], list[health.Check]] = health.gates,
    ) -> None:
        """Nothing begins that could not be finished, or that calls would notice in a bad moment.

        See docs/how-it-works.md, Checks. Raises Refused.
        """
        site = self.arguments.site
        own = waivers.of(site.waivers, self.host.name, site.name) if site else ()
        stopping = health.blocking(waivers.applied(gates(state, target), own, self.clock.now()))
        if stopping:
            raise failures.checks_failed(Refused, f"{self.host.name} is not ready for {target}", stopping)

    def require_no_hold(self, state: Appliance) -> None:
        """Nothing goes forward in a site that was rolled back, until that is cleared. Raises Refused.

        One that could not be read is left to `need(state.hold)`, behind the gates, which say why the site directory is not read.
        """
        if not isinstance(state.hold, Unknown) and (problem := hold.problem(state)):
            raise Refused(f"{self.host.name} stays as it is. {problem}", failure=FailureClass.SITE_ON_HOLD)

    def ask_tenant(self, state: S) -> S:
        """The state with what the tenant's records say of it, read now in a session that ends with the request.

        In check mode what operations before this one have read of the tenant, or predicted, still stands.
        """
        if self._is_predicted(state) and not self.OWN_RECORDS:
            return state
        if self.arguments.records is not None:
            return self._with_records(state, self.arguments.records)
        survey = tenant_survey(self.arguments.place)
        records = patiently(
            lambda: self.host.read(survey), lambda found: found.sessions_are_full, self.host.tell, self.host.pause
        )
        return self._with_records(state, records)

    def act_in_tenant(self, asked: Sequence[Step], doing: str) -> None:
        """Run steps in a session with the tenant, and read its records in the same session after them.

        So what they did is confirmed by what the tenant says then, without another logon. `doing` follows "could not".

        Raises:
            WorkFailed, ConnectionLost, NoAnswer.
        """
        answer = run_in_tenant(self.host, [*asked, steps.tenant_appliances(), steps.tenant_sites()], doing)
        self._records, self._records_are_after = tenant_records.within(answer, self.host.name), True

    def require_own_ini(self, content: str, in_force: str | None) -> None:
        """The address may be that of another appliance: an ini goes only where its like is in force. Raises Refused."""
        problem = None if in_force is None else identity_problem(Ini.parse(content), Ini.parse(in_force))
        if problem:
            raise Refused(f"{self.host.name} {problem}.", failure=FailureClass.WRONG_HOST)

    def fence(self, kind: str, name: str, state: Appliance) -> Step:
        """Stops the list on the appliance itself when a version is no longer what this decision was made on.

        What the cmdlet prints is not documented, so the very output that was read is what is expected.
        """
        expect = state.raw_versions[name]
        if kind == "RunningBits" and isinstance(state.scripts, str) and versions.is_early(state.scripts):
            return steps.early_running_version(name, expect=expect)
        return steps.version(kind, name, expect=expect)

    # --- how it is made -----------------------------------------------------------------------------------------------------

    def survey(self) -> Survey[S]:
        """The whole state of the appliance, without the tenant's records."""
        found: Any = appliance_survey(self.arguments.place)
        return found  # type: ignore[no-any-return]

    def connect(self, host: str) -> ConnectionBase:
        """A connection to another appliance of the inventory. Raises AnsibleConnectionFailure."""
        return connect(self, self._task_vars, host)

    def _assemble(self, task_vars: Mapping[str, Any]) -> None:
        self._task_vars = task_vars
        given, check = self.arguments, self._task.check_mode
        account = given.account or Account("", "")
        owner = self.owner or Owner.current(task_vars)
        self.jobs = JobRunner(
            self.host, given.job, account, given.poll_interval, given.timeout, owner.run, self._is_done, self.JOB_HINT
        )
        self.jobs.outlook = self._outlook(task_vars)
        self.control = RunControl(self.host, None if check else given.control, given.hold_wait, owner.run)
        self.claims = ClaimRunner(self.jobs)
        reader = SiteReader(self.connect, given.exchange_timeout, self.host.masker, self.clock)
        self.site = SiteGuard(self.host, given.place, given.site, reader, check)
        self.lease = self.host.fences = SiteLease(self.host, self.site, owner, given.poll_interval)
        self.service = Service(self.host, self.site, self.jobs, self.SLOT, self._read, self._after_failure)

    def _outlook(self, task_vars: Mapping[str, Any]) -> Outlook:
        """What is known of the time of its job, and of the rest of the run: for people, so nothing wrong with it matters."""
        measures: list[pace.Measure] = []
        if self.arguments.job and self.arguments.control is not None:
            with contextlib.suppress(OSError, ValueError):
                measures = pace.parse(self.arguments.control.path.with_name(pace.NAME).read_text("utf-8"))
        found = upgrade.step_of_job(self.arguments.job)
        step, target = (found[0].name, found[1]) if found else ("", "")
        queue = task_vars.get("groups", {}).get("cloud_connector_queue")
        return progress.outlook(measures, target, step, queue, task_vars.get("cloud_connector_entry"))

    def _is_done(self) -> bool:
        """Whether the state, read now, shows the work as done: for a job that left no answer."""
        try:
            left = self.missing(self._read_after())
        except (NotReadError, OperationError):
            return False
        return all(change.kind in (Kind.RELEASE, Kind.RECORD) for change in left)

    def _operate(self) -> dict[str, Any]:
        try:
            return super()._operate()
        finally:
            self.lease.release_if_alone()

    def _plan(self, state: S) -> tuple[S, list[Change]]:
        if self.job_found(state):
            return self._plan_found(state)
        if self._heed(state):
            return self._plan(self._read_anew())
        if self._records is None and self._needs_tenant(state):
            state = self.ask_tenant(state)
        changes = self._changes(state)
        try:
            newer = self._with_lease(state) if changes else None
        except (NotReadError, Refused) as error:
            if not self.lease.is_held_by_another(error):
                # The guard may know more of why the site directory is out of reach.
                self._let_through(state, changes)
            raise
        return self._let_through(state, changes) if newer is None else self._plan(newer)

    def _plan_found(self, state: S) -> tuple[S, list[Change]]:
        """What is to be done where the operation is under way already: its job is collected, an attached act waited for."""
        newer = self._with_lease(state)
        if newer is not None:
            return self._plan(newer)
        if not self.arguments.attached or self._task.check_mode:
            return state, [self._collection(state)]
        self.claims.wait()
        return self._plan(self._read())

    def _let_through(self, state: S, changes: list[Change]) -> tuple[S, list[Change]]:
        """What is to be done, let through by the guard, once the product does not update itself."""
        if changes and self.arguments.gated and not is_release(changes):
            state = self._when_not_updated(state)
            if self.job_found(state):
                return state, [self._collection(state)]
            changes = self._changes(state)
        if changes or type(self).ALWAYS_GUARDED(self.arguments):
            self.guard(state, changes)
        return state, changes

    def _heed(self, state: S) -> bool:
        """Take up what a person says about the run; whether the state is old by now. Raises Refused."""
        if not self.HEEDS or self._task.check_mode:
            return False
        self.lease.adopt(state)
        held = self.control.wait_while_held()
        if not held:
            given = vars(self.arguments)
            self.control.require_not_left_out(state, given.get("target") or given.get("version"))
        return held

    def _with_lease(self, state: S) -> S | None:
        """Take the lease of the site, without which nothing is done. The state read anew where it may be old by then, else None.

        Check mode takes nothing.
        """
        if not self.TAKES_LEASE:
            return None
        if self._task.check_mode:
            self.lease.warn_if_held(state)
            return None
        taken = self.lease.take(state)
        if taken is Taken.BEFORE:
            return None
        return self._read() if taken is Taken.NOW else self._read_anew()

    def _changes(self, state: S) -> list[Change]:
        changes = self.missing(state)
        if changes:
            self._require_no_other_job(state)
        return changes

    def _when_not_updated(self, state: S) -> S:
        """The state with the tenant's records, when the product does not update itself, or not any more.

        Its update may take hours, restarts the host, and goes on though it was switched off meanwhile. While it lasts the file it
        leaves in the site directory tells; the tenant is asked now and then.
        When the wait is over it is left to the guard to refuse.
        """
        until = self.clock.monotonic() + self.arguments.update_wait
        if state.module_present is not False:
            state = self.ask_tenant(state)
        asked, told = self.clock.monotonic(), ""
        check = health.update_under_way(state)
        while check.status == health.FAIL and self.clock.monotonic() < until and not self._task.check_mode:
            if check.evidence != told:
                told = check.evidence
                self.host.tell(f"waits for the end of an automatic update: {told}")
            self.host.pause(self.arguments.poll_interval)
            try:
                state = self._read_anew()
                found = health.update_under_way(state)
                if found.status == health.FAIL:
                    check = found
                elif self.clock.monotonic() - asked >= TENANT_SECONDS:
                    state, asked = self.ask_tenant(state), self.clock.monotonic()
                    check = health.update_under_way(state)
            except (ConnectionLost, NoAnswer) as silence:
                self.host.tell(f"does not answer, which an update of Windows may cause: {silence}")
        return state if self._records is not None or state.module_present is False else self.ask_tenant(state)

    def _read_anew(self) -> S:
        """The state without what was read of the tenant before."""
        self._records = None
        return self._read()

    def _read(self) -> S:
        """The state read without the tenant; what was read of that before in this task still stands."""
        state = super()._read()
        if self._records is not None:
            state = self._with_records(state, self._records)
        return state

    def _read_after(self) -> S:
        """With the tenant's records, where the act was to change them, or collected a job for which they were not read."""
        state = self._read()
        if self._acted is not None and _changes_records(self._acted[1]) and not self._records_are_after:
            self._records = None
        return self.ask_tenant(state) if self._records is None and self._needs_tenant(state) else state

    def _after_failure(self) -> S | None:
        """What the act may have changed of the tenant's records is unknown: after a failure nobody logs on."""
        if self._acted is not None and _changes_records(self._acted[1]):
            self._records = None
        return super()._after_failure()

    def _needs_tenant(self, state: S) -> bool:
        return type(self).NEEDS_TENANT(self.arguments, state)

    def _is_predicted(self, state: S) -> bool:
        """Whether what the tenant's records say is known already, from an operation before this one in check mode."""
        return self._task.check_mode and not isinstance(state.tenant_logon, Unknown)

    def _with_records(self, state: S, records: TenantRecords) -> S:
        known: Any = state if self._is_predicted(state) else records.applied(state)
        self._records, self._state = records, self.take_records(known, records)
        return self._state

    def _collection(self, state: S) -> Change:
        """Waiting for our job, which is to be done whether or not all can be read while it is at work."""
        try:
            changes = self.missing(state)
        except NotReadError:
            changes = []
        what = f"wait for the job {self.arguments.job}, which was begun before"
        return Change(what, merged_before(changes), merged(changes), Kind.COLLECT, predicted(changes))

    def _require_no_other_job(self, state: Appliance) -> None:
        """What the product does when two of its long cmdlets run at once is not documented."""
        others = need(state.jobs)
        if others and not self.BESIDE_JOBS:
            raise Refused(
                f"On {self.host.name} {', '.join(others)} is under way, or its answer was not fetched yet.",
                failure=FailureClass.JOB_OPEN,
            )

    def _after(self, state: S, changes: Sequence[Change]) -> dict[str, Any]:
        """The job's answer would be fetched, too."""
        after = super()._after(state, changes)
        if isinstance(state.jobs, tuple):
            after["jobs"] = tuple(name for name in state.jobs if name != self.arguments.job)
        return after

    def _report(self, state: S, changes: Sequence[Change]) -> dict[str, Any]:
        report = super()._report(state, changes)
        return report | ({"control": self.control.heeded} if self.control.heeded else {})

    # --- what is said of it -------------------------------------------------------------------------------------------------

    def _summary(self, state: S) -> dict[str, Any]:
        if self.WHOLE:
            return {"appliance": observed(self.host.name, state)}
        return {"appliance": {"name": self.host.name, **encode({name: getattr(state, name) for name in SUMMARY})}}

    def _progress(self, state: S) -> str:
        scripts, running, backup = (
            "unknown" if isinstance(version, Unknown) else version or "none"
            for version in (state.scripts, state.running, state.backup)
        )
        return f"{self.host.name} has scripts {scripts}, running version {running}, backup version {backup}."

    def _calls(self, *, reached: bool) -> str:
        return self.site.calls_sentence(self._after_failure() if reached else None)


def _changes_records(changes: Sequence[Change]) -> bool:
    """Whether the changes are of something that only the tenant's records show."""
    return any(
        name in FIELDS and change.before.get(name) != value
        for change in changes
        for name, value in change.after.items()
    )


class ApplianceReading(ApplianceOperation[A, S], Generic[A, S]):
    """A module that only reads an appliance, and may fail for what it finds.

    Its hooks are `validate`, `survey`, `problem` and `result`.
    """

    HEEDS = False

    def problem(self, state: S) -> OperationError | None:
        """Judge what was read.

        Where `NEEDS_TENANT` says so it is asked a second time, once nothing local is wrong, and with the tenant's records.

        Args:
            state: the state of the appliance.

        Returns:
            Why the task fails; None where it does not.
        """
        return None

    def missing(self, state: S) -> list[Change]:
        """Nothing is ever changed."""
        return []

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """With `report_only`, what would be a failure or an unreachable host is the return value `problem`."""
        result = super().run(tmp, task_vars)
        if not (result.get("failed") and self._report_only):
            return result
        failure = result["failure"]
        reason = " ".join(filter(None, (failure["what"], failure["remedy"])))
        return self._reported(reason, {name: result[name] for name in ("appliance",) if name in result})

    def _run(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return super()._run(task_vars)
        except ConnectionLost as lost:
            if not self._report_only:
                raise
            return self._reported(f"{self.host.name} cannot be reached: {lost}.", {})

    def _operate(self) -> dict[str, Any]:
        state = self._read().inherit(self._predictions.inherited)
        if not self._task.check_mode:
            self.lease.adopt(state)
            if self.HEEDS and self.control.wait_while_held():
                state = self._read_anew()
        error = self.problem(state)
        until = self.clock.monotonic() + self.arguments.timeout
        while error and not self._task.check_mode and self.clock.monotonic() < until:
            self.host.hang_up()
            self.clock.sleep(self.arguments.poll_interval)
            state = self._read()
            error = self.problem(state)
        if error is None and self._needs_tenant(state):
            state = self.ask_tenant(state)
            error = self.problem(state)
        _raise(error)
        return self._report(state, [])

    def _report(self, state: S, changes: Sequence[Change]) -> dict[str, Any]:
        """In check mode nothing is handed on: what was predicted still stands, and a narrow reading would hide the rest of it."""
        report = super()._report(state, changes)
        report.pop("ansible_facts", None)
        return report

    def _reported(self, reason: str, found: Mapping[str, Any]) -> dict[str, Any]:
        if self.WHOLE:
            return {"changed": False, "appliance": observed(self.host.name, Unreadable(reason))}
        return {"changed": False, "problem": reason, **found}

    @property
    def _report_only(self) -> bool:
        """Wrong options fail in any case: there are no arguments then."""
        return hasattr(self, "arguments") and self.arguments.report_only


def _raise(error: OperationError | None) -> None:
    """Raises it where there is one."""
    if error is not None:
        raise error
