# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The four moves of every operation: it reads, decides, acts, confirms.

A module states its ARGUMENTS and implements `decide` (a pure function from state to changes) and `act`. The list of changes
is check mode, is the diff, and when empty is idempotence. In check mode the state an operation would have made is handed to
the next one as a fact, so that `--check` of a whole upgrade works on a fresh fleet.

What the state is, of an appliance (`_operation.py`) or of the tenant (`_tenant.py`), is left open here.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from . import _bridge, _failures
from .cce import steps
from .cce.codec import encode
from .cce.reading import NotReadError
from .cce.steps import Step
from .cce.troubles import recognise

Spec = dict[str, dict[str, Any]]


class State(Protocol):
    """What an operation reads and decides on."""

    def to_dict(self) -> dict[str, Any]:
        """The state as JSON can carry it."""

    def with_changes(self, **changes: Any) -> Self:
        """The same state with other fields."""


S = TypeVar("S", bound=State)


@dataclass(frozen=True)
class Change:
    """One thing an operation would do. `before` and `after` are fields of the state: diff and prediction."""

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


class Unreachable(AnsibleConnectionFailure):
    """The appliance counts as unreachable; `reason` is the short one."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Moves(ActionBase, Generic[S]):
    """One operation, whatever its state is."""

    ARGUMENTS: ClassVar[Spec] = {}
    RULES: ClassVar[Mapping[str, Any]] = {}
    """What options need each other, in the words of ArgumentSpecValidator (`required_if` and so on)."""
    FACT: ClassVar[str]
    """The fact by which check mode hands on the state it would have made. It names the run, because facts may be cached."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    arguments: dict[str, Any]
    state: S | None = None
    found: S | None = None
    """The state as it was before anything was done."""
    _begun: tuple[S, Sequence[Change]] | None = None
    """The state and the changes that `act` was given."""
    _secrets: frozenset[str] = frozenset()
    _warnings: tuple[str, ...] = ()

    # --- what a module implements ---------------------------------------------------------------------------------

    def read(self) -> S:
        """The state, in one exchange."""
        raise NotImplementedError

    def decide(self, state: S) -> list[Change]:
        """What has to be done, from the state and `self.arguments` alone; empty when nothing. Raises Refused."""
        raise NotImplementedError

    def act(self, state: S, changes: Sequence[Change]) -> None:
        """Do it. Raises Refused or what `run_steps` and `run_job` raise."""
        raise NotImplementedError

    def undone(self, state: S) -> list[Change]:
        """What is left of the work after `act`; empty when it is done."""
        return self.decide(state)

    def extra(self, state: S) -> dict[str, Any]:
        """More return values of the module."""
        return {}

    def shown(self, state: S) -> dict[str, Any]:
        """The state as it is returned."""
        raise NotImplementedError

    def shown_failed(self, state: S) -> dict[str, Any]:
        """The state as it goes with a failure, which people read on a screen."""
        return self.shown(state)

    def standing(self, state: S) -> str:
        """The state in one sentence, for the message of a failure."""
        return ""

    def recall(self, encoded: Mapping[str, Any]) -> S:
        """The state that `to_dict` gave. Raises ValueError."""
        raise NotImplementedError

    def calls_sentence(self, *, reached: bool) -> str:
        """Who carries the calls now. Not `reached`: the appliance does not answer any more."""
        raise NotImplementedError

    # --- the four moves ---------------------------------------------------------------------------------------------

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        self._host, self._facts = _whose(self._task.delegate_to, self._task_vars, self.FACT)
        try:
            self._refuse_ignored_keywords()
            self.arguments = self._validate()
            result.update(self._operate())
        except Refused as refusal:
            result.update(self._failure(refusal.what, refusal.remedy, refusal.details))
        except NotReadError as unread:
            remedy = "What is not known counts as bad: repair that, then run the same command again."
            result.update(self._unread(f"{self._host} cannot be judged: {unread}.", remedy, "unread"))
        except _failures.StepsFailed as failed:
            result.update(self._failure(failed.what, failed.remedy, failed.details))
        except _bridge.NoAnswer as silence:
            remedy = "Look at PowerShell on the host; then run the same command again."
            result.update(self._unread(str(silence), remedy, "no-answer"))
        except _bridge.ConnectionLost as lost:
            # The library's own exception may hold what was sent, so it does not go with ours.
            raise Unreachable(self._masked(self._lost_message(lost)), self._masked(str(lost))) from None
        if self._task.delegate_to and self.state is not None:
            # Of a loop Ansible closes the last connection only, and Windows allows a user 30 shells.
            self.hang_up()
        if self._warnings:
            result["warnings"] = list(self._warnings)
        return self._masked(result)  # type: ignore[no-any-return]

    def _operate(self) -> dict[str, Any]:
        state = self.state = self.found = self._predict(self.read())
        changes = self.decide(state)
        if self._task.check_mode:
            return self._report(self._predicted(state, changes), changes)
        if changes:
            self._begun = state, changes
            self.act(state, changes)
            state = self.state = self.read()
            self._confirm(state)
        return self._report(state, changes)

    def _confirm(self, state: S) -> None:
        """A cmdlet that returns without an error has not proven anything: the state has to say so."""
        left = self.undone(state)
        if left:
            raise Refused(
                f"{self._host} was asked to {left[0].what} and reported no error, but its state does not show it.",
                "Look at the appliance's log directory before you run the same command again.",
            )

    def _report(self, state: S, changes: Sequence[Change]) -> dict[str, Any]:
        report: dict[str, Any] = {
            "changed": bool(changes),
            "changes": [change.what for change in changes],
            **self.shown(state),
            **self.extra(state),
        }
        if self._task.diff and changes:
            report["diff"] = {"before": _shown(_merged_before(changes)), "after": _shown(merged(changes))}
        if self._task.check_mode:
            fact = {"run": run_id(), "appliance": self._host, "state": state.to_dict()}
            report["ansible_facts"] = {self.FACT: fact}
        return report

    # --- talking to the appliance -------------------------------------------------------------------------------------

    def exchange(self, asked: Sequence[Step], answers: Sequence[Mapping[str, str]] = ()) -> _bridge.Answer:
        """Send steps; the answer may hold errors."""
        return _bridge.exchange(self._connection, steps.request(asked, answers), self.arguments["exchange_timeout"])

    def run_steps(self, asked: Sequence[Step], doing: str, answers: Sequence[Mapping[str, str]] = ()) -> _bridge.Answer:
        """Send steps that act. Raises StepsFailed when one of them failed."""
        answer = self.exchange(asked, answers)
        self.take_warnings(asked, answer)
        if answer.failed:
            raise _failures.StepsFailed(doing, asked, answer)
        return answer

    def take_warnings(self, asked: Sequence[Step], answer: _bridge.Answer) -> None:
        """What the product warned of goes into the result of the task."""
        for text in _failures.warned(asked, answer):
            self.warn(text)

    def warn(self, text: str) -> None:
        """A warning of the task's result, also where it fails; the same one only once."""
        if text not in self._warnings:
            self._warnings += (text,)

    def hang_up(self) -> None:
        """Before a long pause: Windows drops idle connections after two minutes, and a sealed session does not survive that."""
        _bridge.hang_up(self._connection, self.arguments["exchange_timeout"])

    # --- arguments, secrets, failures ---------------------------------------------------------------------------------

    def _refuse_ignored_keywords(self) -> None:
        """On Windows these keywords would be ignored in silence (ansible-craft.md 7)."""
        ignored = ignored_keyword(self)
        if ignored:
            raise Refused(*ignored)

    def _validate(self) -> dict[str, Any]:
        checked = ArgumentSpecValidator(self.ARGUMENTS, **self.RULES).validate(dict(self._task.args))
        self._secrets = frozenset(checked._no_log_values)
        problems = list(checked.error_messages) or self.unfit(checked.validated_parameters)
        if problems:
            raise Refused("; ".join(problems) + ".", SEE_OPTIONS)
        return dict(checked.validated_parameters)

    def unfit(self, parameters: Mapping[str, Any]) -> list[str]:
        """What an argument spec cannot say."""
        return endless_waits(parameters)

    def _failure(self, what: str, remedy: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Every failure begins with who carries the calls now and whether waiting is safe."""
        calls = self.calls_sentence(reached=True)
        failed: dict[str, Any] = {
            "failed": True,
            "changed": self._has_changed(),
            "msg": " ".join(part for part in (calls, what, remedy, self._stands()) if part),
            "failure": {"what": what, "remedy": remedy, "calls": calls, **UNNAMED, **(details or {})},
        }
        return failed | (self.shown_failed(self.state) if self.state is not None else {})

    def _stands(self) -> str:
        return "" if self.state is None else self.standing(self.state)

    def _unread(self, what: str, remedy: str, kind: str) -> dict[str, Any]:
        """A failure to read: where its reason is a known trouble, it is that."""
        trouble = recognise("", what)
        if trouble is None:
            return self._failure(what, remedy, {"class": kind, "retry": False})
        remedy = f"{trouble.meaning} {trouble.remedy}"
        return self._failure(what, remedy, {"class": trouble.name, "retry": trouble.retry})

    def _has_changed(self) -> bool:
        """A failure may come after a change; what cannot be read any more counts as changed."""
        if self._begun is None:
            return False
        before, changes = self._begun
        names = {name for change in changes for name in change.before}
        return self.state is None or any(getattr(before, name) != getattr(self.state, name) for name in names)

    def fresh_state(self) -> S | None:
        """The state after the failure when it can be had; the one before it is not to be told as if it were now."""
        if self.state is None:
            return None
        try:
            self.state = self.reread()
        except (_bridge.ConnectionLost, _bridge.NoAnswer, _failures.StepsFailed, NotReadError, Refused):
            self.state = None
        return self.state

    def reread(self) -> S:
        """The state, read once more to tell how things are."""
        return self.read()

    def _lost_message(self, lost: _bridge.ConnectionLost) -> str:
        if lost.sent or self._begun is not None:
            outcome = (
                "The outcome of what was running there is unknown. Run the same command again when it answers: it finds what "
                "is running there and goes on."
            )
        else:
            outcome = "Nothing was sent to it. Repair that, then run the same command again."
        return f"{self.calls_sentence(reached=False)} {self._host} cannot be reached: {lost}. {outcome}"

    def _masked(self, value: Any) -> Any:
        return remove_values(value, self._secrets)

    # --- check mode ---------------------------------------------------------------------------------------------------

    def _predict(self, state: S) -> S:
        """In check mode, the state the operations before this one would have made."""
        handed = _handed(self._facts.get(self.FACT), self._host) if self._task.check_mode else None
        return state if handed is None else self.recall(handed)

    def _predicted(self, state: S, changes: Sequence[Change]) -> S:
        """What the changes would make of `state`."""
        return state.with_changes(**merged(changes))


UNNAMED: Mapping[str, Any] = {"class": "refused", "retry": False}
"""The class of a failure that names none: the operation refused by itself, and the same would be refused again."""

SEE_OPTIONS = "See ansible-doc for the options of this module."

POSITIVE = ("exchange_timeout", "poll_interval")


def endless_waits(parameters: Mapping[str, Any]) -> list[str]:
    """Options of waits that would have no end."""
    return [f"{name} must be more than 0" for name in POSITIVE if parameters.get(name, 1) <= 0]


def _whose(delegate: str | None, task_vars: Mapping[str, Any], fact: str) -> tuple[str, Mapping[str, Any]]:
    """The appliance that is talked to, and its facts: with `delegate_to` not those of the host the task runs for.

    Facts that a delegated task returns are kept with the host it runs for, unless it says `delegate_facts`.
    """
    facts = task_vars.get("ansible_facts") or {}
    if not delegate:
        return task_vars.get("inventory_hostname", "the appliance"), facts
    hostvars = task_vars["hostvars"]
    own = (hostvars[delegate].get("ansible_facts") or {}) if delegate in hostvars else {}
    return delegate, own if _is_about(own, delegate, fact) else facts


def ignored_keyword(action: ActionBase) -> tuple[str, str] | None:
    """What is wrong with a keyword of the task that Windows would ignore, and what to do."""
    if getattr(action._connection, "become", None):
        return "become is not supported: it would be ignored.", "Log on as the deployment account instead."
    if any(action._task.environment or []):
        return "environment is not supported: it would be ignored.", "Remove the keyword from the task."
    return None


def predicted(host: str, task_vars: Mapping[str, Any], fact: str) -> Mapping[str, Any] | None:
    """The state of any appliance that this run has predicted and handed on, as `to_dict` gave it."""
    return _handed(_whose(host, task_vars, fact)[1].get(fact), host)


def _handed(found: Mapping[str, Any] | None, host: str) -> Mapping[str, Any] | None:
    """The state in a fact, if the fact is of this run and of this appliance."""
    if not found or (found["run"], found["appliance"]) != (run_id(), host):
        return None
    state: Mapping[str, Any] = found["state"]
    return state


def _is_about(facts: Mapping[str, Any], host: str, fact: str) -> bool:
    return fact in facts and facts[fact].get("appliance") == host


def run_id() -> str:
    """Names this run of ansible-playbook: the same in all of its worker processes."""
    return f"{os.uname().nodename}-{os.getppid()}"


def merged(changes: Sequence[Change]) -> dict[str, Any]:
    """All fields the changes would give the state."""
    return {name: value for change in changes for name, value in change.after.items()}


def _merged_before(changes: Sequence[Change]) -> dict[str, Any]:
    return {name: value for change in reversed(changes) for name, value in change.before.items()}


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """For a diff: a text as its lines, or a changed line would be lost in one that is a page long."""
    return {
        name: value.splitlines() if isinstance(value, str) and "\n" in value else value
        for name, value in encode(values).items()
    }
