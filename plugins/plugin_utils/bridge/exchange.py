# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps out, answer in: the one place that talks to an appliance.

The command line is one constant bootstrap; `bridge.ps1` and the request travel as one ASCII JSON line on stdin, the answer
is the marked line of stdout. Nothing that came from the appliance leaves this file unmasked.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import pathlib
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar

from ..cce.answers import Answer, marked_lines, parse_line
from ..cce.exceptions import ConnectionLost, NoAnswer, Refused
from .connections import log_on
from .masking import MASK, PROTOCOL, Masker

BOOTSTRAP = (
    "$doc = ConvertFrom-Json ([string]::Join('', @($input))); & ([ScriptBlock]::Create($doc.bridge)) $doc.request"
)
# Exactly this prefix: another one would make the winrm plugin encode the command a second time.
PREFIX = "PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand "
LARGEST = 8 * 1024 * 1024
"""Bytes of stdout or stderr that are looked at; a whole state has some hundred thousand."""

_MASKED = re.compile(rf"(?<!\*){re.escape(MASK)}(?!\*)")

T = TypeVar("T")


class Connection(Protocol):
    """What is used of an Ansible connection plugin.

    Used where there is one: `reset()`, which forgets a broken session, and the property `connected`, whether the logon to the
    host succeeded.
    """

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command, after a logon where there was none; returns exit code, stdout and stderr."""

    def close(self) -> None:
        """End the session; a later command opens a new one."""


class _TimeOver(Exception):
    """The call has not returned within its time. It goes on in its thread, unseen."""


def encode_command(script: str) -> str:
    """The PowerShell command line that runs `script`."""
    return PREFIX + base64.b64encode(script.encode("utf-16-le")).decode("ascii")


@cache
def bridge_text() -> str:
    """`bridge.ps1` as it stands."""
    return (pathlib.Path(__file__).parent / "bridge.ps1").read_text(encoding="utf-8")


def document(request: Mapping[str, Any]) -> str:
    """Bridge and request as one ASCII line: what stdin, and the request file of a job, carry."""
    return json.dumps({"bridge": bridge_text(), "request": request}, ensure_ascii=True)


def update_document(request: Mapping[str, Any]) -> str:
    """The request file of a job that asks the update agent of Windows: its program and what it is to do."""
    program = (pathlib.Path(__file__).parent / "windows_update.ps1").read_text(encoding="utf-8")
    return json.dumps({"bridge": program, "request": request}, ensure_ascii=True)


def find_answer(text: str) -> Answer | None:
    """The last answer in a text that PowerShell wrote, the answer file of a job say.

    None where there is none, or not all of it: a power cut may leave a file that was not written to its end.
    """
    lines = marked_lines(text)
    try:
        return Answer(parse_line(lines[-1])) if lines else None
    except ValueError:
        return None


def exchange(
    connection: Connection, request: Mapping[str, Any], timeout: float, masker: Masker, now: Callable[[], datetime]
) -> Answer:
    """Send the steps of a request and return what they gave, masked.

    Args:
        timeout: seconds, logon included, after which the exchange is given up: winrm itself polls for ever.
        masker: takes out the secrets that the appliance may echo.
        now: the controller's time, asked before the request is sent and after the answer came.

    Raises:
        Refused: a text of the request holds a mask, see `masking`; nothing was sent.
        ConnectionLost: the appliance cannot be reached, the line was lost or the time is over.
        NoAnswer: PowerShell did not run the bridge, or what it gave is no answer.
    """
    end = time.monotonic() + timeout
    _refuse_masked(request)
    payload = document(request).encode("ascii") + b"\n"
    stands = _log_on(connection, timeout, masker)
    left = end - time.monotonic()
    if left <= 0:
        raise ConnectionLost(f"no logon within {timeout:g} seconds", sent=False)
    begun = now()
    try:
        code, stdout, stderr = _bounded(
            lambda: connection.exec_command(encode_command(BOOTSTRAP), in_data=payload, sudoable=False),
            left,
        )
    except _TimeOver:
        raise ConnectionLost(f"no answer within {timeout:g} seconds", sent=True) from None
    except Exception as error:
        raise _lost(connection, error, masker, stands=stands) from None
    ended = now()
    return Answer(_raw(code, stdout, stderr, request, masker), begun, ended)


def _refuse_masked(request: Mapping[str, Any]) -> None:
    """A text in which a secret was masked must not be written back: the mask would become its content."""
    # The request of a job holds bridge.ps1, which has a mask of its own.
    if _MASKED.search(json.dumps(request.get("steps", ())).replace(_bridge_in_a_job(), "")):
        raise Refused(
            f"What would be sent to the appliance holds {MASK}: a text that was read there has a secret in it, or a password is "
            "a part of an ordinary word.",
            "Take the secret out of that text, or choose another password, then run the same command again.",
        )


@cache
def _bridge_in_a_job() -> str:
    """`bridge.ps1` as it stands in the JSON text within the JSON of a request."""
    return json.dumps(json.dumps(bridge_text())[1:-1])[1:-1]


def hang_up(connection: Connection, timeout: float) -> None:
    """End the session, so that the next exchange begins with a new one; a broken one is forgotten.

    Args:
        timeout: seconds for each of at most three calls.
    """
    if not _succeeds(connection.close, timeout):
        # `reset` of winrm forgets the session and opens another one, or fails and still says that it is connected.
        _succeeds(getattr(connection, "reset", None), timeout)
        _succeeds(connection.close, timeout)


def abandon(connection: Connection, timeout: float) -> None:
    """Leave the session alone, with whatever runs in it, so that the next exchange begins with a new one.

    Windows ends the commands of a session that is closed, not of one whose client is lost (bridge.md 15).

    Args:
        timeout: seconds for the logon of the new one.
    """
    _succeeds(getattr(connection, "reset", None), timeout)


def _succeeds(call: Callable[[], Any] | None, timeout: float) -> bool:
    """Whether the call can be made and ends without an error in time."""
    if call is not None:
        with contextlib.suppress(Exception):
            _bounded(call, timeout)
            return True
    return False


def _log_on(connection: Connection, timeout: float, masker: Masker) -> bool:
    """Log on by itself: when that takes too long, the thread that goes on with it has nothing to send."""
    try:
        return _bounded(lambda: log_on(connection), timeout)
    except _TimeOver:
        raise ConnectionLost(f"no logon within {timeout:g} seconds", sent=False) from None
    except Exception as error:
        raise ConnectionLost(explain(error, masker), sent=False) from None


def _lost(connection: Connection, error: Exception, masker: Masker, *, stands: bool) -> ConnectionLost:
    """What an error of `exec_command` means. Its text may show what was sent, so it is told only when nothing was."""
    if not stands and not getattr(connection, "connected", True):
        return ConnectionLost(explain(error, masker), sent=False)
    return ConnectionLost(f"the connection broke after the logon ({type(error).__name__})", sent=True)


def _bounded(call: Callable[[], T], timeout: float) -> T:
    """What `call` gives, or raises, within `timeout` seconds; raises _TimeOver after them.

    In a thread, because a signal would disturb the task keyword `timeout`.
    """
    done: queue.Queue[tuple[T | None, Exception | None]] = queue.Queue()

    def work() -> None:
        try:
            done.put((call(), None))
        except Exception as error:  # the connection plugins raise what their libraries raise
            done.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        value, error = done.get(timeout=timeout)
    except queue.Empty:
        raise _TimeOver from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]


def _raw(code: int, stdout: bytes, stderr: bytes, request: Mapping[str, Any], masker: Masker) -> Mapping[str, Any]:
    """The answer in stdout, masked and whole. Raises NoAnswer."""
    if len(stdout) > LARGEST:
        raise NoAnswer(f"the appliance gave {len(stdout) >> 20} MiB, which is more than any answer has")
    lines = marked_lines(stdout.decode("utf-8", "replace"))
    if not lines:
        said = _stderr(stderr, masker)
        raise NoAnswer(f"PowerShell on the appliance ended with {code} and no answer: {said}")
    try:
        return _checked(_masked(parse_line(lines[-1]), request, masker))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        ours = isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError | UnicodeError)
        reason = str(error) if ours else "it is not as the bridge writes it"
        raise NoAnswer(f"the answer of the appliance cannot be used: {reason}") from None


def _masked(found: Mapping[str, Any], request: Mapping[str, Any], masker: Masker) -> Mapping[str, Any]:
    """The answer without secrets. The names that come from the request stay, whatever the secrets are."""
    steps: Sequence[Mapping[str, Any]] = request.get("steps", ())
    names = {step["name"] for step in steps}
    kept = PROTOCOL.union(*(step.get("keep") or () for step in steps))
    masked: dict[str, Any] = masker.value(found, known=kept)
    before = [*found["results"], found.get("stopped")]
    for given, result in zip(before, [*masked["results"], masked.get("stopped")], strict=True):
        if given is not None and given["name"] in names:
            result["name"] = given["name"]
    if masked.get("stopped") and found["stopped"]["reason"] in ("error", "expect"):
        masked["stopped"]["reason"] = found["stopped"]["reason"]
    return masked


def _checked(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same answer when it has the shape of one; whatever it raises otherwise."""
    answer = Answer(raw)
    for read in (answer.results, answer.unanswered, answer.stopped):
        len(read or ())
    return raw


EXPLANATIONS: Sequence[tuple[str, str]] = (
    (
        r"credentials were rejected|0x8009030c|0x8009030d|\b401\b",
        "the logon was rejected: check ansible_user, ansible_password and that the transport is allowed on the host",
    ),
    (
        r"certificate verify failed|CERTIFICATE_VERIFY_FAILED",
        "the certificate of the host is not trusted: set ansible_winrm_ca_trust_path to the CA that signed it",
    ),
    (r"Connection refused", "nothing listens at this address and port: check ansible_host and ansible_port"),
    (
        r"Name or service not known|No address associated|getaddrinfo|Temporary failure in name",
        "the host name does not resolve: check ansible_host",
    ),
    (r"No route to host|Network is unreachable", "there is no route to the host: check ansible_host and the network"),
)


def explain(error: Exception, masker: Masker) -> str:
    """Why there was no logon, one sentence for a person; the library's own text, masked, follows it."""
    text = " ".join(masker.text(str(error)).split()) or type(error).__name__
    for pattern, sentence in EXPLANATIONS:
        if re.search(pattern, text, re.IGNORECASE):
            return f"{sentence} ({text[:300]})"
    return text[:500]


def _stderr(stderr: bytes, masker: Masker) -> str:
    """The readable part of PowerShell's stderr, masked."""
    if len(stderr) > LARGEST:
        return "too much on stderr"
    text = stderr.decode("utf-8", "replace")
    if text.startswith("#< CLIXML"):
        errors = "".join(re.findall(r'<S S="Error">(.*?)</S>', text, re.DOTALL))
        text = html.unescape(re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), errors))
    # PowerShell breaks its errors at the width of a console, in the middle of a secret as well.
    masked, unbroken = masker.text(text), masker.text(re.sub(r"\r?\n", "", text))
    shown = unbroken if unbroken.count(MASK) > masked.count(MASK) else masked
    return " ".join(shown.split())[:500] or "nothing on stderr either"
