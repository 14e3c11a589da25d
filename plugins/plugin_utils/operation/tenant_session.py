# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps in a session with the tenant, through the administrator who is cached on an appliance.

Log on, run them and log off, all in one request: Microsoft allows an administrator three sessions at once.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..cce import tenant_steps
from ..cce.answers import Answer
from ..cce.exceptions import WorkFailed
from ..cce.failure_classes import FailureClass, recognise
from ..cce.steps import TENANT_SESSION, Step
from . import failures
from .host import Host
from .tenant_logon import patiently

NO_OUTPUT = "NoOutput"
"""The id of the bridge's error where a step is to take what an earlier one did not give."""


def run_in_tenant(host: Host, asked: Sequence[Step], doing: str) -> Answer:
    """Log on, run the steps, log off, also where one of them failed; returns what they gave.

    Where no session is to be had nothing was run, and it is tried again. `doing` follows the words "could not".

    Raises:
        WorkFailed: one of the steps, or the logon, failed; ConnectionLost, NoAnswer.
    """
    sent = tenant_steps.in_session(asked)
    answer = patiently(lambda: host.exchange(sent), _is_full, host.tell, host.pause)
    host.take_warnings(sent, answer)
    found = _session_answer(answer)
    if found.failed:
        raise _explained(failures.steps_failed(doing, [*sent, *asked], found), doing, host)
    return found


def _explained(failed: WorkFailed, doing: str, host: Host) -> WorkFailed:
    if failed.details.get("id") != NO_OUTPUT:
        return failed
    return WorkFailed(
        f"Could not {doing}: no tenant administrator is cached on {host.name}.",
        "Run Set-CcCredential -AccountType TenantAdmin there, or use another appliance.",
        failure=FailureClass.TENANT_LOGON,
    )


def _is_full(answer: Answer) -> bool:
    """Whether the logon failed because as many sessions are open as the tenant allows."""
    logon = answer.results.get(TENANT_SESSION)
    errors = logon.errors if logon else ()
    return any(recognise(one.id, one.message) == FailureClass.TENANT_SESSIONS_FULL for one in errors)


def _session_answer(answer: Answer) -> Answer:
    """The answer to what was asked, within the answer to `tenant_steps.in_session`.

    Where logon or import failed it is the answer of their failure.

    Raises:
        NotReadError: the steps gave no answer.
    """
    if answer.failed:
        return answer
    if answer.result(tenant_steps.IMPORT).errors:
        return replace(answer, raw={**answer.raw, "stopped": {"name": tenant_steps.IMPORT, "reason": "error"}})
    return answer.nested(tenant_steps.INSIDE)
