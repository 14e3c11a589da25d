# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of every module: an operation reads, decides, acts, confirms.

A module states its ARGUMENTS and implements `decide` (a pure function from state to changes) and `act`. The list of changes
is check mode, is the diff, and when empty is idempotence. In check mode the state an operation would have made is handed to
the next one as a fact, so that `--check` of a whole upgrade works on a fresh fleet.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from . import _bridge, _failures, _jobs
from .cce import capacity, health, steps
from .cce.appliance import Appliance
from .cce.codec import encode
from .cce.reading import NotReadError, need
from .cce.state import parse_survey, survey_steps
from .cce.steps import Step
from .cce.versions import check_target

Spec = dict[str, dict[str, Any]]

PREDICTED = "cloud_connector_predicted"
"""The fact by which check mode hands on the state it would have made. It names the run, because facts may be cached."""

APPLIANCE: Spec = {
    "appliance_directory": {"type": "str", "required": True},
    "site_directory": {"type": "str", "required": True},
    "vms": {
        "type": "dict",
        "options": {
            "cms": {"type": "str", "required": True},
            "mediation": {"type": "str", "required": True},
            "edge": {"type": "str", "required": True},
        },
    },
    "exchange_timeout": {"type": "int", "default": 300},
}
"""Options of every module that talks to an appliance (doc fragment `appliance`)."""

SITE: Spec = {
    "site": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "states": {"type": "list", "elements": "dict", "required": True},
            "peak_calls": {"type": "int", "required": True},
            "outage_consent": {
                "type": "dict",
                "options": {
                    "until": {"type": "str", "required": True},
                    "emergency_calls": {"type": "str", "required": True},
                    "reason": {"type": "str", "required": True},
                },
            },
        },
    },
}
"""What is known of the whole site (doc fragment `site`): who carries the calls, and may one more appliance leave."""

REQUIRED_SITE: Spec = {"site": {**SITE["site"], "required": True}}
"""For the operations that may take an appliance out of service."""

JOB: Spec = {
    "task_user": {"type": "str", "required": True},
    "task_password": {"type": "str", "required": True, "no_log": True},
    "poll_interval": {"type": "int", "default": 15},
}
"""Options of the modules that run a job (doc fragment `job`)."""


@dataclass(frozen=True)
class Change:
    """One thing an operation would do. `before` and `after` are fields of the appliance's state: diff and prediction."""

    what: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """The operation must not or cannot go on; `what` is wrong and `remedy` says what to do. Returned as a failure."""

    def __init__(self, what: str, remedy: str = "", **details: Any) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.details = details


class Unfinished(Refused):
    """The wait for a job is over, the job is not."""


class Died(Refused):
    """A job has ended without an answer and without having done its work."""


class Operation(ActionBase):
    """One operation on one appliance."""

    ARGUMENTS: ClassVar[Spec] = {}
    RULES: ClassVar[Mapping[str, Any]] = {}
    """What options need each other, in the words of ArgumentSpecValidator (`required_if` and so on)."""
    SUBSET: ClassVar[Sequence[str] | None] = None
    """What of the appliance's state this operation reads; None is all."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    arguments: dict[str, Any]
    state: Appliance | None = None
    _begun: tuple[Appliance, Sequence[Change]] | None = None
    """The state and the changes that `act` was given."""
    _secrets: frozenset[str] = frozenset()

    # --- what a module implements ---------------------------------------------------------------------------------

    def decide(self, state: Appliance) -> list[Change]:
        """What has to be done, from the state and `self.arguments` alone; empty when nothing. Raises Refused."""
        raise NotImplementedError

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        """Do it. Raises Refused or what `run_steps` and `run_job` raise."""
        raise NotImplementedError

    def extra(self, state: Appliance) -> dict[str, Any]:
        """More return values of the module."""
        return {}

    # --- the four moves ---------------------------------------------------------------------------------------------

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._host, self._facts = _whose(self._task.delegate_to, task_vars or {})
        try:
            self._refuse_ignored_keywords()
            self.arguments = self._validate()
            result.update(self._operate())
        except Refused as refusal:
            result.update(self._failure(refusal.what, refusal.remedy, refusal.details))
        except NotReadError as unread:
            remedy = "What is not known counts as bad: repair that, then run the same command again."
            result.update(self._failure(f"{self._host} cannot be judged: {unread}.", remedy))
        except _failures.StepsFailed as failed:
            result.update(self._failure(failed.what, failed.remedy, failed.details))
        except _bridge.NoAnswer as silence:
            result.update(
                self._failure(str(silence), "Look at PowerShell on the host; then run the same command again.")
            )
        except _bridge.ConnectionLost as lost:
            # The library's own exception may hold what was sent, so it does not go with ours.
            cause = _bridge.ConnectionLost(self._masked(str(lost)), sent=lost.sent)
            raise AnsibleConnectionFailure(self._masked(self._lost_message(lost))) from cause
        if self._task.delegate_to and self.state is not None:
            # Of a loop Ansible closes the last connection only, and Windows allows a user 30 shells.
            self.hang_up()
        return self._masked(result)  # type: ignore[no-any-return]

    def _operate(self) -> dict[str, Any]:
        state = self.state = self._predict(self.read())
        changes = self.decide(state)
        if self._task.check_mode:
            return self._report(self._predicted(state, changes), changes)
        if changes:
            self._begun = state, changes
            self.act(state, changes)
            state = self.state = self.read()
            self._confirm(state)
        return self._report(state, changes)

    def _confirm(self, state: Appliance) -> None:
        """A cmdlet that returns without an error has not proven anything: the state has to say so."""
        left = self.decide(state)
        if left:
            raise Refused(
                f"{self._host} was asked to {left[0].what} and reported no error, but its state does not show it.",
                "Look at the appliance's log directory before you run the same command again.",
            )

    def _report(self, state: Appliance, changes: Sequence[Change]) -> dict[str, Any]:
        report: dict[str, Any] = {
            "changed": bool(changes),
            "changes": [change.what for change in changes],
            "appliance": self.described(state),
            **self.extra(state),
        }
        if self._task.diff and changes:
            report["diff"] = {"before": _shown(_merged_before(changes)), "after": _shown(_merged(changes))}
        if self._task.check_mode:
            fact = {"run": run_id(), "appliance": self._host, "state": state.to_dict()}
            report["ansible_facts"] = {PREDICTED: fact}
        return report

    def described(self, state: Appliance) -> dict[str, Any]:
        """The state as it is returned: with its name and the time it was read (seconds since 1970 of the controller)."""
        return {"name": self._host, "read_at": time.time(), **state.to_dict()}

    # --- what decisions share ------------------------------------------------------------------------------------------

    @property
    def target(self) -> str:
        """The version the option `version` names. Raises Refused."""
        try:
            return check_target(self.arguments["version"])
        except ValueError as error:
            raise Refused(f"{error}.", "Correct cloud_connector_target_version; nothing was changed.") from error

    @property
    def job_name(self) -> str:
        """The claim of the job this operation runs; empty where it runs none."""
        return ""

    def begun(self, state: Appliance) -> bool:
        """The operation's job is on the appliance, running or with an answer nobody has fetched yet."""
        return self.job_name in need(state.jobs)

    def require_scripts(self, state: Appliance) -> None:
        """The cmdlets have to be those of the target version."""
        if need(state.scripts) != self.target:
            raise Refused(
                f"The scripts on {self._host} are {state.scripts}, not {self.target}.",
                "Run the package operation first.",
            )

    def require_spare(self) -> None:
        """The rest of the site carries the calls, or its owner consented to an outage (design.md 5, gates)."""
        refusal = capacity.refusal(str(self._host), self.arguments["site"], time.time())
        if refusal:
            what = refusal.removeprefix(f"{self.arguments['site']['name']}: ")
            raise Refused(f"{self._host} stays as it is: {what}", "This operation has changed nothing.")

    def require_gates(self, state: Appliance) -> None:
        """Nothing begins that cannot be finished, or that calls would notice in a bad moment (design.md 5, gates)."""
        stopping = health.blocking(health.gates(state, self.target))
        if stopping:
            raise Refused(
                f"{self._host} is not ready for {self.target}: {told(stopping)}.",
                f"{stopping[0].remedy} Then run the same command again.",
                checks=[check.to_dict() for check in stopping],
            )

    def fence(self, kind: str, name: str, state: Appliance) -> Step:
        """Stops the list on the appliance itself when a version is no longer what this decision was made on.

        What the cmdlet prints is not documented, so the very output that was read is what is expected.
        """
        return steps.version(kind, name, expect=state.raw_versions[name])

    # --- talking to the appliance -------------------------------------------------------------------------------------

    def read(self) -> Appliance:
        """The state of the appliance, in one exchange."""
        return self.understand(self.exchange(self.questions()))

    def questions(self) -> list[Step]:
        """What `read` asks."""
        return survey_steps(
            self.arguments["appliance_directory"],
            self.arguments["site_directory"],
            self.arguments["vms"] or {},
            self.SUBSET,
        )

    def understand(self, answer: _bridge.Answer) -> Appliance:
        """What the answer to `questions` says."""
        return parse_survey(answer.raw)

    def exchange(self, asked: Sequence[Step], answers: Sequence[Mapping[str, str]] = ()) -> _bridge.Answer:
        """Send steps; the answer may hold errors."""
        return _bridge.exchange(self._connection, steps.request(asked, answers), self.arguments["exchange_timeout"])

    def run_steps(self, asked: Sequence[Step], doing: str, answers: Sequence[Mapping[str, str]] = ()) -> _bridge.Answer:
        """Send steps that act. Raises StepsFailed when one of them failed."""
        answer = self.exchange(asked, answers)
        if answer.failed:
            raise _failures.StepsFailed(doing, asked, answer)
        return answer

    def run_job(self, state: Appliance, job_steps: Sequence[Step], doing: str) -> None:
        """Start or find the job, wait for it, and fail when its answer is a failure or its wait is over."""
        job = _jobs.Job(self.job_name, job_steps)
        try:
            answer = self._runner().run(job, begun=self.begun(state))
        except _jobs.JobUnfinished as unfinished:
            raise Unfinished(
                f"{unfinished}; it goes on by itself on {self._host}.",
                "Wait, then run the same command again: it finds the job and does not start a second one.",
            ) from unfinished
        except _jobs.JobNotStarted as refused:
            asked = _jobs.start_steps(job, self._account, "")
            raise _failures.StepsFailed(f"start the job {job.name}", asked, refused.answer) from refused
        except _jobs.JobDied as died:
            self._after_death(died, doing)
            return
        if answer.failed:
            raise _failures.StepsFailed(doing, job_steps, answer)

    def _after_death(self, died: _jobs.JobDied, doing: str) -> None:
        """A job that left no answer may have done its work all the same: only the state can tell."""
        try:
            done = not self.decide(self.read())
        except (Refused, NotReadError):
            done = False
        if not done:
            raise Died(
                f"Could not {doing}: the job {died}.",
                "`appliance` in this result is the state it left. Run the same command again: it goes on from there.",
            ) from died

    def _runner(self) -> _jobs.Runner:
        def quiet_exchange(asked: Sequence[Step]) -> _bridge.Answer:
            try:
                return self.exchange(asked)
            finally:
                self.hang_up()

        return _jobs.Runner(
            exchange=quiet_exchange,
            account=self._account,
            claim={"run": run_id(), "host": str(self._host)},
            poll=self.arguments["poll_interval"],
            limit=self.arguments["timeout"],
            tell=lambda text: Display().display(f"  {self._host}: {self._masked(text)}"),
            sleep=self.sleep,
            now=self.now,
        )

    @property
    def _account(self) -> _jobs.Account:
        return _jobs.Account(self.arguments["task_user"], self.arguments["task_password"])

    def hang_up(self) -> None:
        """Before a long pause: Windows drops idle connections after two minutes, and a sealed session does not survive that."""
        _bridge.hang_up(self._connection, self.arguments["exchange_timeout"])

    sleep = staticmethod(time.sleep)
    now = staticmethod(time.monotonic)

    # --- arguments, secrets, failures ---------------------------------------------------------------------------------

    def _refuse_ignored_keywords(self) -> None:
        """On Windows these keywords would be ignored in silence (ansible-craft.md 7)."""
        if getattr(self._connection, "become", None):
            raise Refused("become is not supported: it would be ignored.", "Log on as the deployment account instead.")
        environment = self._task.environment or []
        if any(environment):
            raise Refused("environment is not supported: it would be ignored.", "Remove the keyword from the task.")

    def _validate(self) -> dict[str, Any]:
        checked = ArgumentSpecValidator(self.ARGUMENTS, **self.RULES).validate(dict(self._task.args))
        self._secrets = frozenset(checked._no_log_values)
        problems = list(checked.error_messages) or _problems(checked.validated_parameters)
        if problems:
            raise Refused("; ".join(problems) + ".", "See ansible-doc for the options of this module.")
        return dict(checked.validated_parameters)

    def _failure(self, what: str, remedy: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Every failure begins with who carries the calls now and whether waiting is safe."""
        calls = self._calls_sentence()
        failed: dict[str, Any] = {
            "failed": True,
            "changed": self._has_changed(),
            "msg": " ".join(part for part in (calls, what, remedy) if part),
            "failure": {"what": what, "remedy": remedy, "calls": calls, **(details or {})},
        }
        if self.state is not None:
            failed["appliance"] = self.described(self.state)
        return failed

    def _has_changed(self) -> bool:
        """A failure may come after a change; what cannot be read any more counts as changed."""
        if self._begun is None:
            return False
        before, changes = self._begun
        names = {name for change in changes for name in change.before}
        return self.state is None or any(getattr(before, name) != getattr(self.state, name) for name in names)

    def _calls_sentence(self) -> str:
        site = getattr(self, "arguments", {}).get("site")
        return capacity.calls_sentence(str(self._host), self.fresh_state(), site)

    def fresh_state(self) -> Appliance | None:
        """The state after the failure when it can be had; the one before it is not to be told as if it were now."""
        if self.state is None:
            return None
        try:
            self.state = Operation.read(self)
        except (_bridge.ConnectionLost, _bridge.NoAnswer):
            self.state = None
        return self.state

    def _lost_message(self, lost: _bridge.ConnectionLost) -> str:
        site = getattr(self, "arguments", {}).get("site")
        outcome = "The outcome of what was running there is unknown." if lost.sent else "Nothing was sent to it."
        return (
            f"{capacity.calls_sentence(str(self._host), None, site)} {self._host} cannot be reached: {lost}. {outcome} "
            "Run the same command again when it answers: it finds what is running there and goes on."
        )

    def _masked(self, value: Any) -> Any:
        return remove_values(value, self._secrets)

    # --- check mode ---------------------------------------------------------------------------------------------------

    def _predict(self, state: Appliance) -> Appliance:
        """In check mode, the state the operations before this one would have made."""
        handed = self._facts.get(PREDICTED) if self._task.check_mode else None
        if not handed or (handed["run"], handed["appliance"]) != (run_id(), self._host):
            return state
        return Appliance.from_dict(handed["state"])

    def _predicted(self, state: Appliance, changes: Sequence[Change]) -> Appliance:
        """What the changes would make of `state`; the job's answer would be fetched, too."""
        jobs = (
            tuple(name for name in state.jobs if name != self.job_name) if isinstance(state.jobs, tuple) else state.jobs
        )
        return state.with_changes(**_merged(changes), jobs=jobs)


def told(checks: Sequence[health.Check]) -> str:
    """Checks as one clause; those with the same evidence, mostly of one cause, together."""
    by_evidence: dict[str, list[str]] = {}
    for check in checks:
        by_evidence.setdefault(check.evidence.rstrip("."), []).append(check.id)
    return "; ".join(f"{', '.join(ids)}: {evidence}" for evidence, ids in by_evidence.items())


POSITIVE = ("exchange_timeout", "poll_interval")


def _problems(parameters: Mapping[str, Any]) -> list[str]:
    """What an argument spec cannot say: every wait has an end, every state a name."""
    problems = [f"{name} must be more than 0" for name in POSITIVE if parameters.get(name, 1) <= 0]
    states = (parameters.get("site") or {}).get("states", [])
    if any(not isinstance(state.get("name"), str) for state in states):
        problems.append("site.states: one has no name; give the values appliance that appliance_info returns")
    return problems


def _whose(delegate: str | None, task_vars: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The appliance that is talked to, and its facts: with `delegate_to` not those of the host the task runs for.

    Facts that a delegated task returns are kept with the host it runs for, unless it says `delegate_facts`.
    """
    facts = task_vars.get("ansible_facts") or {}
    if not delegate:
        return task_vars.get("inventory_hostname", "the appliance"), facts
    hostvars = task_vars["hostvars"]
    own = (hostvars[delegate].get("ansible_facts") or {}) if delegate in hostvars else {}
    return delegate, own if _is_about(own, delegate) else facts


def _is_about(facts: Mapping[str, Any], host: str) -> bool:
    return PREDICTED in facts and facts[PREDICTED].get("appliance") == host


def run_id() -> str:
    """Names this run of ansible-playbook: the same in all of its worker processes."""
    return f"{os.uname().nodename}-{os.getppid()}"


def _merged(changes: Sequence[Change]) -> dict[str, Any]:
    return {name: value for change in changes for name, value in change.after.items()}


def _merged_before(changes: Sequence[Change]) -> dict[str, Any]:
    return {name: value for change in reversed(changes) for name, value in change.before.items()}


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """For a diff: a text as its lines, or a changed line would be lost in one that is a page long."""
    return {
        name: value.splitlines() if isinstance(value, str) and "\n" in value else value
        for name, value in encode(values).items()
    }
