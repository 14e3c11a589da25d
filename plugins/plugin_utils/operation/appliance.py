# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Operations on one appliance: how they come to act on it, and what they are handed for that.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from ansible.plugins.connection import ConnectionBase

from ..bridge.connections import connect
from ..cce.appliance import Appliance
from ..cce.codec import encode
from ..cce.exceptions import JobDied, NotReadError, OperationError, Refused
from ..cce.failure_classes import FailureClass
from ..cce.reading import Unknown, need
from ..cce.state import Survey, appliance_survey
from ..cce.steps import Step
from ..cce.tenant_records import FIELDS, TenantRecords
from . import outlook
from .arguments import Account, Arguments
from .base import Operation
from .changes import Change, Kind, is_release, merged, merged_before, predicted
from .claims import ClaimRunner
from .control import RunControl
from .gates import Gates
from .jobs import JobRunner
from .lease import SiteLease, Taken
from .owner import Owner
from .service import Service
from .site_guard import SiteGuard
from .site_reader import SiteReader
from .tenant_access import TenantAccess
from .update_wait import UpdateWait

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

    NEEDS_TENANT: ClassVar[staticmethod[[Any, Any], bool]] = staticmethod(lambda arguments, state: False)
    """Whether what is missing depends on the tenant's records, by the arguments and the state read without them.

    An appliance is read without them: a logon is slow, few may be open at once, and what is local needs none. They are read
    before the gates are asked, where this says so, and again after an act that changes them.
    """

    HEEDS: ClassVar[bool] = True
    """Whether it waits, before it begins, while a person holds the run."""

    owner: Owner | None = None
    """This run; None: it is found out."""
    jobs: JobRunner
    control: RunControl
    claims: ClaimRunner
    site: SiteGuard
    lease: SiteLease
    gates: Gates
    tenant: TenantAccess[S]
    service: Service

    # --- one more hook --------------------------------------------------------------------------------------------------------

    def take_records(self, state: S, records: TenantRecords) -> S:
        """Take more from the tenant's records than every appliance has.

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
        return self.jobs.is_found(state)

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
            self.jobs.do(state, acts, doing)
        except JobDied as died:
            if died.failure is not FailureClass.HOST_RESTARTED:
                raise
            self.host.tell(f"{died.what} What is missing is done now.")
        state = self._read_after()
        left = self.missing(state)
        if left and not is_release(left):
            self.guard(state, left)
        return state, left

    def ask_tenant(self, state: S) -> S:
        """The state with what the tenant's records say of it, read now in a session that ends with the request.

        In check mode what operations before this one have read of the tenant, or predicted, still stands.
        """
        if self._is_predicted(state) and not self._takes_records():
            return state
        self._state = self.tenant.ask(state)
        return self._state

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
        given, check, host = self.arguments, self._task.check_mode, self.host
        owner = self.owner or Owner.current(task_vars)
        self.jobs = JobRunner(
            host=host,
            name=given.job,
            account=given.account or Account("", ""),
            poll=given.poll_interval,
            limit=given.timeout,
            run=owner.run,
            is_done=self._is_done,
            hint=self.JOB_HINT,
            outlook=outlook.of_task(given, task_vars),
        )
        self.control = RunControl(host, None if check else given.control, given.hold_wait, owner.run)
        self.claims = ClaimRunner(self.jobs)
        reader = SiteReader(self.connect, given.exchange_timeout, host.masker, self.clock)
        self.site = SiteGuard(host, given.place, given.site, reader, check)
        self.lease = SiteLease.of(host, self.site, owner, given.poll_interval)
        host.fences = self.lease.fence
        self.gates = Gates(host, given.site)
        self.tenant = TenantAccess(host, given.place, given.records, self.take_records, self._is_predicted)
        self.service = Service(host, self.site, self.jobs, self.SLOT, self._read, self._after_failure)

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
            self.lease.give_back_if_alone()

    # --- from the state to what is done about it ----------------------------------------------------------------------------

    def _plan(self, state: S) -> tuple[S, list[Change]]:
        """What is to be done: a job of its own that is found comes first, then the word of a person, then what is missing.

        What is missing is done with the lease of the site, beside no other job, and where gates and guard let it through. After
        each wait all of it is asked anew.
        """
        if self.job_found(state):
            return self._plan_found(state)
        if self._heed(state):
            return self._plan(self._read_anew())
        state = self._with_records(state)
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
        if changes or self.arguments.always_guarded:
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

        When the wait is over it is left to the guard to refuse. Check mode does not wait.
        """
        given = self.arguments
        limit = 0.0 if self._task.check_mode else given.update_wait
        return UpdateWait(self.host, given.poll_interval, limit, self.ask_tenant, self._read_anew).over(state)

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

    # --- reading --------------------------------------------------------------------------------------------------------------

    def _read(self) -> S:
        """The state read without the tenant; what was read of that before in this task still stands."""
        state = super()._read()
        if self.tenant.records is not None:
            self._state = state = self.tenant.applied(state, self.tenant.records)
        return state

    def _read_anew(self) -> S:
        """The state without what was read of the tenant before."""
        self.tenant.forget()
        return self._read()

    def _read_after(self) -> S:
        """With the tenant's records, where the act was to change them, or collected a job for which they were not read."""
        state = self._read()
        if self._acted is not None and _changes_records(self._acted[1]) and not self.tenant.read_after_act:
            self.tenant.forget()
        return self._with_records(state)

    def _with_records(self, state: S) -> S:
        """With the tenant's records, where it is decided by them and they were not read yet."""
        return self.ask_tenant(state) if self.tenant.records is None and self._needs_tenant(state) else state

    def _after_failure(self) -> S | None:
        """What the act may have changed of the tenant's records is unknown: after a failure nobody logs on."""
        if self._acted is not None and _changes_records(self._acted[1]):
            self.tenant.forget()
        return super()._after_failure()

    def _needs_tenant(self, state: S) -> bool:
        return type(self).NEEDS_TENANT(self.arguments, state)

    def _is_predicted(self, state: S) -> bool:
        """Whether what the tenant's records say is known already, from an operation before this one in check mode."""
        return self._task.check_mode and not isinstance(state.tenant_logon, Unknown)

    def _takes_records(self) -> bool:
        """Whether the module takes more of them than is predicted."""
        return type(self).take_records is not ApplianceOperation.take_records

    # --- what is said of it -------------------------------------------------------------------------------------------------

    def _report(self, state: S, changes: Sequence[Change]) -> dict[str, Any]:
        report = super()._report(state, changes)
        return report | ({"control": self.control.heeded} if self.control.heeded else {})

    def _summary(self, state: S) -> dict[str, Any]:
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
