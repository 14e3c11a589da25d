# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every exception of the collection. One that ends an operation carries the class of the failure and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .failure_classes import FailureClass


class NotReadError(Exception):
    """A reading that is needed could not be read; the text is the reason."""


class ConnectionLost(Exception):
    """The appliance could not be reached, or the line was lost. `sent`: whether steps may have run there."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class NoAnswer(Exception):
    """PowerShell ran and gave no answer of the bridge: its own text is the message."""


class OperationError(Exception):
    """An operation cannot begin, or has failed.

    Args:
        what: what is wrong, a sentence.
        remedy: what to do next, a sentence; empty means that of the class.
        failure: the class of the failure.
        retry: whether the same command may succeed without anybody changing anything; None means that of the class.
        details: more fields of the return value `failure`.
    """

    DEFAULT: FailureClass = FailureClass.REFUSED

    def __init__(
        self,
        what: str,
        remedy: str = "",
        *,
        failure: FailureClass | None = None,
        retry: bool | None = None,
        **details: Any,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.failure = failure or self.DEFAULT
        self.retry = retry
        self.details = details


class OptionError(OperationError):
    """The options of the task are wrong: nothing was asked of anybody."""

    DEFAULT = FailureClass.OPTION


class Refused(OperationError):
    """The operation refuses to begin: nothing was changed."""


class WorkFailed(OperationError):
    """The work was begun and did not succeed; the state says what it left.

    Attributes:
        outputs: what the steps of a failed job gave, by their names; of other failures nothing.
    """

    DEFAULT = FailureClass.UNKNOWN
    outputs: Mapping[str, Sequence[Any]] = {}


class LeaseLost(OperationError):
    """Another run has taken the site over: the appliance refused what this one sent, and nothing of it was run."""

    DEFAULT = FailureClass.LEASE_LOST


class NotConfirmed(WorkFailed):
    """The work reported no error, but the state does not show it."""

    DEFAULT = FailureClass.NOT_CONFIRMED


class Unfinished(WorkFailed):
    """The wait for a job is over, the job is not: it goes on by itself."""

    DEFAULT = FailureClass.UNFINISHED


class JobDied(WorkFailed):
    """A job ended without an answer and without having done its work."""

    DEFAULT = FailureClass.HOST_RESTARTED


class AnswerLost(WorkFailed):
    """An act has ended, nobody got its answer, and its work is not done."""

    DEFAULT = FailureClass.ANSWER_LOST
