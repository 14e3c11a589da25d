# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Operations on the Windows of one computer of an appliance, its host or a VM: its updates and its restart.

The update agent works for no logon that came over the network. So it is asked by a job, on the host or inside the VM, that runs
as SYSTEM; the job of a VM has a claim on the host beside, so that every other operation sees it.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ..bridge.exchange import update_document
from ..cce import guests, paths, proof, steps, windows_update
from ..cce.answers import Answer
from ..cce.exceptions import JobDied, NotReadError, OptionError, Refused, WorkFailed
from ..cce.failure_classes import FailureClass
from ..cce.guests import HOST, WithWindows
from ..cce.reading import Unknown, need
from ..cce.state import Survey
from ..cce.windows_update import Choice, Goal, Report, Source, Update
from . import failures
from .appliance import ApplianceOperation
from .arguments import Arguments
from .changes import Change
from .guest import GuestHost
from .host import Host
from .job import SYSTEM
from .jobs import JobRunner

GRACE_SECONDS = 300.0
"""How much longer than Windows lets the task of a job run its answer is waited for."""


TERMINATED = "0x00041306"
"""What a task ends with that Windows has ended at its time limit (SCHED_S_TASK_TERMINATED)."""


@dataclass(frozen=True, kw_only=True)
class TargetArguments(Arguments):
    """What operations on the Windows of one computer have in common.

    Attributes:
        target: which computer.
        consent: who agreed that it is worked on while calls can live on the appliance, and why; None: nobody.
    """

    target: str
    consent: Mapping[str, str] | None


@dataclass(frozen=True, kw_only=True)
class UpdateArguments(TargetArguments):
    """What is asked of the update agent. `search_timeout`: seconds that a search may take."""

    goal: Goal
    source: Source
    choice: Choice
    search_timeout: float


A = TypeVar("A", bound=TargetArguments)
U = TypeVar("U", bound=UpdateArguments)


def require_target(target: str, vms: Mapping[str, str]) -> str:
    """The option `target`. Raises OptionError where the address of that VM was not given."""
    if target != HOST and target not in vms:
        raise OptionError(
            f"vms: the address of {guests.name(target)} is not given.",
            "Give vms with the address of every VM, as the filter vm_addresses finds them in the ini.",
        )
    return target


def require_no_calls(operation: ApplianceOperation[A, WithWindows], state: WithWindows, doing: str) -> None:
    """No call can live on the appliance, or somebody agreed by name. Raises Refused, NotReadError.

    Microsoft's procedure is Enter-CcUpdate, update, Exit-CcUpdate (cloud-connector.md 6.3 T5, T16).
    """
    if not guests.calls_can_live(state):
        return
    host, consent = operation.host, operation.arguments.consent
    if consent is None:
        raise Refused(
            f"{host.name} is in service: to {doing} now would cut its calls.",
            "Enter maintenance mode with the maintenance operation, then run the same command again. Or have somebody agree "
            "by name: in_service_consent.",
            failure=FailureClass.IN_SERVICE,
        )
    operation.site.require_way_out(state)
    host.warn(f"{host.name} is in service while it is asked to {doing}, as {consent['by']} agreed: {consent['reason']}")


class WindowsOperation(ApplianceOperation[A, WithWindows], Generic[A]):
    """An operation on the Windows of one computer."""

    def survey(self) -> Survey[WithWindows]:
        """The whole appliance, and what its Windows, or that of the VM, says."""
        return guests.survey(self.arguments.place, self.arguments.target)

    def _confirm(self, state: WithWindows) -> None:
        """The act itself waits for what proves it: a new start of Windows, and what runs then."""


class UpdateOperation(ApplianceOperation[U, WithWindows], Generic[U]):
    """An operation that asks the update agent before it decides anything."""

    _report_read: Report | None = None

    def survey(self) -> Survey[WithWindows]:
        """The whole appliance, and what its Windows, or that of the VM, says beside its agent."""
        return guests.survey(self.arguments.place, self.arguments.target)

    def _confirm(self, state: WithWindows) -> None:
        """What became of each update is read in the answer of the job itself."""

    # --- asking -------------------------------------------------------------------------------------------------------

    def search(self, state: WithWindows) -> WithWindows:
        """The state with what the agent finds now, also in check mode: a search changes nothing of Windows.

        The job of an earlier search is put away first, since its answer may be old.

        Raises:
            WorkFailed, NotReadError, ConnectionLost, NoAnswer.
        """
        given = self.arguments
        name = guests.search_job(given.target)
        request = windows_update.request(given.source)
        runner = self._runner(name, request, given.search_timeout, needs_answer=False)
        doing = f"search for updates on {guests.name(given.target)}"
        if name in need(state.target_jobs):
            self._wait_for(runner, doing, found=True)
        report = self._ask(replace(runner, is_done=lambda: False), doing)
        if report.trouble is not None:
            raise self._troubled(doing, report)
        return self._known(state, report)

    def take(self, state: WithWindows, chosen: Sequence[Update]) -> WithWindows:
        """Download these updates, and install them where that is the goal; the state with what became of each.

        Raises:
            WorkFailed: the agent refused; that a single update failed stands in the report.
        """
        given = self.arguments
        ids = [one.id for one in chosen]
        request = windows_update.request(given.source, ids, install=given.goal is Goal.INSTALLED)
        runner = self._runner(given.job, request, given.timeout, needs_answer=True)
        doing = f"get updates {given.goal.value} on {guests.name(given.target)}"
        self._hold()
        report = self._ask(runner, doing)
        self._let_go()
        if report.trouble is not None:
            raise self._troubled(doing, report)
        return self._known(state, windows_update.merged(need(state.updates), report))

    def collect(self, state: WithWindows) -> WithWindows | None:
        """What an earlier run began: the state with its report, or None where it left none and all is to be searched anew."""
        given = self.arguments
        report = None
        if given.job in need(state.target_jobs):
            runner = self._runner(given.job, {}, given.timeout, needs_answer=False)
            answer = self._wait_for(runner, f"get updates {given.goal.value}", found=True)
            report = None if answer is None else windows_update.parse(answer)
        self._let_go()
        if report is None or report.trouble is not None:
            return None
        return self._known(state, report)

    def _ask(self, runner: JobRunner, doing: str) -> Report:
        answer = self._wait_for(runner, doing, found=False)
        if answer is None:
            raise NotReadError(f"the job {runner.name} left no answer")
        report = windows_update.parse(answer)
        for text in report.warnings:
            self.host.warn(
                f"The search for updates on {guests.name(self.arguments.target)} may have missed some: {text}"
            )
        return report

    def _wait_for(self, runner: JobRunner, doing: str, *, found: bool) -> Answer | None:
        try:
            return runner.work([], doing, found=found)
        except JobDied as died:
            if TERMINATED not in died.what:
                raise
            raise WorkFailed(
                f"{died.what} Windows ends such a task after {self.arguments.timeout:.0f} seconds.",
                failure=FailureClass.WINDOWS_UPDATE_HANGS,
            ) from died

    def _runner(self, name: str, request: Mapping[str, Any], limit: float, *, needs_answer: bool) -> JobRunner:
        given = self.arguments
        return JobRunner(
            host=self._computer(),
            name=name,
            account=SYSTEM,
            poll=given.poll_interval,
            limit=limit + GRACE_SECONDS,
            run=self.jobs.run,
            is_done=lambda: not needs_answer,
            program=update_document(request),
            task_limit=int(limit),
        )

    def _computer(self) -> Host:
        """The computer. In check mode, which takes no lease, a search gets there all the same: it changes nothing of Windows."""
        given = self.arguments
        host = replace(self.host, fences=None) if self._task.check_mode else self.host
        if given.target == HOST:
            return host
        return GuestHost.behind(host, given.target, given.place.vms[given.target])

    def _troubled(self, doing: str, report: Report) -> WorkFailed:
        trouble = report.trouble
        if trouble is None:
            raise ValueError("nothing is wrong")
        found = windows_update.code(trouble.code)
        asked = report.server or "Windows Update"
        return WorkFailed(
            f"Could not {doing}: the update agent failed in its {trouble.stage} ({asked}): {trouble.code}, {found.meaning}",
            found.remedy,
            failure=FailureClass.WINDOWS_UPDATE,
            retry=found.retry,
            code=trouble.code,
            code_name=found.name,
            stage=trouble.stage,
            message=trouble.message,
        )

    # --- the claim on the host of a job inside a VM ----------------------------------------------------------------------

    def _hold(self) -> None:
        """What stands on the host before anything is begun: that a proof of calls is due after an installation, and the claim.

        Where the claim is there already it is ours, or that of a run whose job we then find.
        """
        given = self.arguments
        asked = proof.ended(self.host.clock.now()) if given.goal is Goal.INSTALLED else []
        if given.target != HOST:
            asked.append(steps.claim("claim", self._claim_path, self.jobs.claim_text(uuid.uuid4().hex)))
        if not asked:
            return
        asked = [*steps.job_folder(), *asked]
        answer = self.host.exchange(asked)
        if answer.failed and (answer.stopped or ("", ""))[0] != "claim":
            raise failures.steps_failed("claim the work on the appliance", asked, answer)

    def _let_go(self) -> None:
        if self.arguments.target != HOST:
            self.host.run([steps.remove_file("remove_claim", self._claim_path)], "give the claim back")

    @property
    def _claim_path(self) -> str:
        return rf"{paths.JOBS}\{self.arguments.job}{paths.CLAIM}"

    # --- what is read ---------------------------------------------------------------------------------------------------

    def _plan(self, state: WithWindows) -> tuple[WithWindows, list[Change]]:
        """Nothing is decided before the agent was asked; what was begun is collected first."""
        if not self.job_found(state) and self._report_read is None:
            state = self._with_lease(state) or state
            if not self.job_found(state):
                self._require_no_other_job(state)
                state = self.search(state)
        return super()._plan(state)

    def _require_no_other_job(self, state: Any) -> None:
        """A search that a dead run has left is put away by our own."""
        jobs = tuple(name for name in need(state.jobs) if name != guests.search_job(self.arguments.target))
        super()._require_no_other_job(replace(state, jobs=jobs))

    def _read(self) -> WithWindows:
        """With what the agent said last: it is asked where that is said, and not whenever the state is read."""
        state = super()._read()
        return state if self._report_read is None else self._known(state, self._report_read)

    def _known(self, state: WithWindows, report: Report) -> WithWindows:
        self._report_read = report
        self._state = replace(state, updates=report)
        return self._state


def open_updates(state: WithWindows, given: UpdateArguments) -> tuple[Update, ...]:
    """The updates that are wanted and not there yet. Raises NotReadError."""
    found = windows_update.wanted(need(state.updates), given.choice, given.goal)
    return tuple(one for one in found if one.id not in state.done)


def proof_ended(state: WithWindows) -> dict[str, Any]:
    """The fields of the state after a change of Windows: what was proven before is of another one."""
    return {"proof": None, "proof_due": state.read_at}


def is_searched(state: WithWindows) -> bool:
    """Whether the agent was asked."""
    return not isinstance(state.updates, Unknown)
