# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base class of all operations: validate, read, say what is missing, guard, act.

A module states its ARGUMENTS and implements hooks, each in one place:

validate   typed arguments; nothing behind it sees the text of an option
survey     what is read, in one exchange
missing    what is left to do: a pure function of state and arguments. It is check mode, diff and idempotence, and after the act
           it is the confirmation
guard      may the work begin? May read the neighbours; runs once, before the act, and not when a job of ours is collected
act        does it
result     more return values

Its collaborators are objects with one job each, made here and handed on: `host`, and for appliances `jobs`, `site` and `service`
(`appliance.py`).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ..bridge.connections import refuse_unsafe, warnings_of
from ..bridge.masking import Masker
from ..cce.exceptions import (
    ConnectionLost,
    NoAnswer,
    NotConfirmed,
    NotReadError,
    OperationError,
    OptionError,
    Refused,
)
from ..cce.failure_classes import FailureClass
from ..cce.state import Survey
from . import failures
from .changes import Change, Kind, diff, predicted
from .clock import Clock
from .host import Host
from .options import Spec, options, refuse_keywords, secrets
from .predictions import Parts, PredictionStore


class State(Protocol):
    """What an operation reads and decides on."""

    def parts(self) -> Parts:
        """The parts of the state that check mode hands on."""

    def inherit(self, parts: Parts) -> Self:
        """The state as operations before this one would have left it, from what `parts` gave."""

    def with_changes(self, **changes: Any) -> Self:
        """The same state with other fields."""


class CommonArguments(Protocol):
    """What the arguments of every operation have."""

    @property
    def exchange_timeout(self) -> float:
        """Seconds after which one exchange is given up."""


A = TypeVar("A", bound=CommonArguments)
S = TypeVar("S", bound=State)


class Operation(ActionBase, Generic[A, S]):
    """One operation, whatever its state is."""

    ARGUMENTS: ClassVar[Spec] = {}
    PREDICTS: ClassVar[bool] = True
    """Whether check mode hands the state on to the operations after it."""
    RULES: ClassVar[Mapping[str, Any]] = {}
    """What options need each other, as `validate_argument_spec` takes it (`required_if` and so on)."""

    RESUMES: ClassVar[str] = "reads what was done"
    """What the same command does after the line was lost, before it goes on."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    clock: Clock = Clock()
    arguments: A
    host: Host

    _predictions: PredictionStore
    _state: S | None = None
    """The last one read."""
    _acted: tuple[S, Sequence[Change]] | None = None
    """The state before the act and what was to be changed; None: the act has not begun."""

    # --- hooks ----------------------------------------------------------------------------------------------------------

    def validate(self, given: Mapping[str, Any]) -> A:
        """Make typed arguments.

        Args:
            given: the options, validated by ARGUMENTS and RULES.

        Returns:
            The arguments; nothing else of the operation sees `given`.

        Raises:
            OptionError: something that a spec cannot say is wrong.
        """
        raise NotImplementedError

    def survey(self) -> Survey[S]:
        """Say what is read.

        Returns:
            The steps of one exchange, none of which changes anything, and what their answer means.
        """
        raise NotImplementedError

    def missing(self, state: S) -> list[Change]:
        """Say what is left to do. Pure: asks nobody, warns of nothing, keeps nothing.

        Args:
            state: the state before the act, or after it.

        Returns:
            The changes, in their order; empty when the goal is reached.

        Raises:
            NotReadError: a reading that is needed is unknown.
        """
        raise NotImplementedError

    def guard(self, state: S, changes: Sequence[Change]) -> None:
        """Let the work begin, or refuse.

        Args:
            state: the state before the act.
            changes: what `missing` said; empty only where an operation is always guarded.

        Raises:
            Refused: it must not begin; nothing was changed.
            NotReadError: a reading that is needed is unknown.
        """

    def act(self, state: S, changes: Sequence[Change]) -> None:
        """Do the work.

        Args:
            state: the state before it.
            changes: what `missing` said, or the one change that collects a job.

        Raises:
            WorkFailed, Refused, NotReadError, ConnectionLost, NoAnswer.
        """
        raise NotImplementedError

    def result(self, state: S) -> dict[str, Any]:
        """Say more about the state.

        Args:
            state: the state after the act; in check mode the predicted one.

        Returns:
            Return values of the module beside those that all of them have.
        """
        return {}

    # --- what a kind of operation defines ---------------------------------------------------------------------------------

    def _assemble(self, task_vars: Mapping[str, Any]) -> None:
        """Make the collaborators; `arguments` and `host` are there."""

    def _plan(self, state: S) -> tuple[S, list[Change]]:
        """What is to be done, let through by the guard, and the state that was decided on."""
        changes = self.missing(state)
        if changes:
            self.guard(state, changes)
        return state, changes

    def _summary(self, state: S) -> dict[str, Any]:
        """The state as every result has it."""
        return {}

    def _progress(self, state: S) -> str:
        """The state in one sentence, for the message of a failure."""
        return ""

    def _calls(self, *, reached: bool) -> str:
        """Who carries the calls now, one sentence. Not `reached`: the appliance does not answer any more."""
        raise NotImplementedError

    # --- the moves --------------------------------------------------------------------------------------------------------

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._begin(task_vars or {})
        try:
            result.update(self._run(task_vars or {}))
        except OperationError as error:
            result.update(self._failure(error))
        except NotReadError as unread:
            result.update(self._failure(self._not_read(unread)))
        except NoAnswer as silence:
            result.update(self._failure(failures.from_text(f"{silence}.", str(silence), FailureClass.NO_ANSWER)))
        except ConnectionLost as lost:
            # The library's own exception may hold what was sent, so it does not go with ours.
            raise AnsibleConnectionFailure(self.host.masker.text(self._lost(lost))) from None
        if self._task.delegate_to and self._state is not None:
            # Of a loop Ansible closes the last connection only, and Windows allows a user 30 shells.
            self.host.hang_up()
        if self.host.warnings:
            result["warnings"] = list(self.host.warnings)
        masked: dict[str, Any] = self.host.masker.value(result)
        return masked

    def _begin(self, task_vars: Mapping[str, Any]) -> None:
        delegate = self._task.delegate_to
        name = str(delegate or task_vars.get("inventory_hostname", "the appliance"))
        masker = Masker(secrets(self.ARGUMENTS, self._task.args))
        self.host = Host(name, self._connection, 0.0, masker, self.clock)
        self._predictions = PredictionStore.of(name, delegate, task_vars, check_mode=self._task.check_mode)

    def _run(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        refuse_keywords(self)
        refuse_unsafe(self._connection)
        self.arguments = self.validate(options(self, self.ARGUMENTS, self.RULES))
        self.host.timeout = self.arguments.exchange_timeout
        for text in warnings_of(self._connection):
            self.host.warn(text)
        self._assemble(task_vars)
        return self._operate()

    def _operate(self) -> dict[str, Any]:
        state, changes = self._plan(self._read().inherit(self._predictions.inherited))
        if self._task.check_mode:
            return self._report(state.with_changes(**self._after(state, changes)), changes)
        if changes:
            self._acted = state, changes
            before = state
            self.act(state, changes)
            state = self._read_after()
            self._confirm(state)
            changes = [change for change in changes if change.is_proven(before, state)]
        return self._report(state, changes)

    def _read(self) -> S:
        self._state = self.host.read(self.survey())
        return self._state

    def _read_after(self) -> S:
        """The state after the act, by which it is confirmed."""
        return self._read()

    def _after(self, state: S, changes: Sequence[Change]) -> dict[str, Any]:
        """The fields that the changes would give the state."""
        return predicted(changes)

    def _confirm(self, state: S) -> None:
        """A cmdlet that returns without an error has not proven anything: the state has to say so."""
        left = [change for change in self.missing(state) if change.kind not in (Kind.RELEASE, Kind.RECORD)]
        if left:
            raise NotConfirmed(
                f"{self.host.name} was asked to {left[0].what} and reported no error, but its state does not show it."
            )

    def _report(self, state: S, changes: Sequence[Change]) -> dict[str, Any]:
        changes = [change for change in changes if change.kind is not Kind.RECORD]
        report: dict[str, Any] = {
            "changed": bool(changes),
            "changes": [change.what for change in changes],
            **self._summary(state),
            **self.result(state),
        }
        if self._task.diff and changes:
            report["diff"] = diff(changes)
        if self._task.check_mode and self.PREDICTS:
            report["ansible_facts"] = self._predictions.facts(state.parts())
        return report

    # --- failures ---------------------------------------------------------------------------------------------------------

    def _failure(self, error: OperationError) -> dict[str, Any]:
        """Every failure of an appliance that was asked begins with who carries the calls now and whether waiting is safe."""
        described = failures.describe(error)
        if isinstance(error, OptionError):
            return _failed(described, "", changed=False)
        described["calls"] = self._calls(reached=True)
        untouched = "Nothing was changed." if isinstance(error, Refused) and self._acted is None else ""
        progress = "" if self._state is None else self._progress(self._state)
        failed = _failed(described, " ".join(filter(None, (untouched, progress))), changed=self._has_changed())
        return failed | ({} if self._state is None else self._summary(self._state))

    def _not_read(self, unread: NotReadError) -> OperationError:
        what = f"{self.host.name} cannot be judged: {unread}."
        return failures.from_text(what, str(unread), FailureClass.UNREAD)

    def _has_changed(self) -> bool:
        """A failure may come after a change; what cannot be read any more counts as changed."""
        if self._acted is None:
            return False
        before, changes = self._acted
        names = {name for change in changes for name in change.before}
        return self._state is None or any(getattr(before, name) != getattr(self._state, name) for name in names)

    def _after_failure(self) -> S | None:
        """The state after a failure; None where it cannot be had: the one before is not to be shown as if it were now."""
        try:
            return self._read()
        except (ConnectionLost, NoAnswer, OperationError, NotReadError):
            self._state = None
            return None

    def _lost(self, lost: ConnectionLost) -> str:
        if lost.sent or self._acted is not None:
            outcome = (
                "The outcome of what was running there is unknown. Run the same command again when it answers: "
                f"it {self.RESUMES}, and goes on."
            )
        else:
            outcome = "Nothing was sent to it. Repair that, then run the same command again."
        return f"{self._calls(reached=False)} {self.host.name} cannot be reached: {lost}. {outcome}"


def _failed(described: dict[str, Any], more: str, *, changed: bool) -> dict[str, Any]:
    parts = (described.get("calls"), described["what"], described["remedy"], more)
    return {
        "failed": True,
        "changed": changed,
        "msg": " ".join(str(part) for part in parts if part),
        "failure": described,
    }
