# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps out, results in: the one place that talks to an appliance.

The command line is one constant bootstrap; `bridge.ps1` and the request travel as one ASCII JSON line on stdin, the answer
is the marked line of stdout (winrm.md 4 and 5, bridge/README.md 1).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import base64
import contextlib
import json
import pathlib
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

MARK = "#cc-bridge# "
BOOTSTRAP = (
    "$doc = ConvertFrom-Json ([string]::Join('', @($input))); & ([ScriptBlock]::Create($doc.bridge)) $doc.request"
)
# Exactly this prefix: another one would make the winrm plugin encode the command a second time.
PREFIX = "PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand "

T = TypeVar("T")


class Connection(Protocol):
    """What is used of an Ansible connection plugin."""

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command; returns exit code, stdout and stderr."""

    def close(self) -> None:
        """End the session; a later command opens a new one."""


class ConnectionLost(Exception):
    """The appliance could not be reached, or the line was lost. `sent`: whether steps may have run there."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class NoAnswer(Exception):
    """PowerShell ran and gave no answer of the bridge: its own text is the message."""


@dataclass(frozen=True)
class Problem:
    """One error record: `id` and `category` do not depend on the display language, the message may."""

    message: str
    id: str
    category: str
    exception: str
    command: str | None


@dataclass(frozen=True)
class Result:
    """What one step gave. `thrown`: the cmdlet ended at its last error instead of going on after it."""

    name: str
    output: list[Any]
    errors: list[Problem]
    warnings: list[str]
    thrown: bool
    seconds: float


@dataclass(frozen=True)
class Answer:
    """The answer to a request: results by step name, why the list stopped, what was asked."""

    raw: Mapping[str, Any]

    @property
    def results(self) -> dict[str, Result]:
        return {found["name"]: _result(found) for found in self.raw["results"]}

    @property
    def unanswered(self) -> list[str]:
        """Questions nobody had an answer for: their step has failed, whatever its errors say."""
        return [prompt["text"] for prompt in self.raw.get("prompts", []) if not prompt["answered"]]

    @property
    def stopped(self) -> tuple[str, str] | None:
        """The step after which the others did not run, and why: `error` or `expect`."""
        found = self.raw.get("stopped")
        return (found["name"], found["reason"]) if found else None

    @property
    def failed(self) -> bool:
        return self.stopped is not None or bool(self.unanswered)


def _result(found: Mapping[str, Any]) -> Result:
    errors = [Problem(**{key: error[key] for key in Problem.__dataclass_fields__}) for error in found["errors"]]
    return Result(found["name"], found["output"], errors, found["warnings"], found["thrown"], found["seconds"])


def encode_command(script: str) -> str:
    """The PowerShell command line that runs `script`."""
    return PREFIX + base64.b64encode(script.encode("utf-16-le")).decode("ascii")


def bridge_text() -> str:
    """`bridge.ps1` as it stands."""
    return (pathlib.Path(__file__).parent / "bridge.ps1").read_text(encoding="utf-8")


def document(request: Mapping[str, Any]) -> str:
    """Bridge and request as one ASCII line: what stdin, and the request file of a job, carry."""
    return json.dumps({"bridge": bridge_text(), "request": request}, ensure_ascii=True)


def find_answer(text: str) -> Answer | None:
    """The answer in what PowerShell wrote; a product's own lines before it do not matter.

    None where there is none, or not all of it: a power cut may leave a file that was not written to its end.
    """
    lines = [line for line in text.splitlines() if line.startswith(MARK)]
    try:
        return Answer(json.loads(lines[-1][len(MARK) :])) if lines else None
    except ValueError:
        return None


def exchange(connection: Connection, request: Mapping[str, Any], timeout: float) -> Answer:
    """Send the steps of `request` and return what they gave.

    `timeout` in seconds bounds the whole exchange, since winrm itself polls for ever. Raises ConnectionLost when the
    appliance cannot be reached, the line is lost or the time is over, NoAnswer when PowerShell did not run the bridge.
    """
    begun = time.monotonic()
    _open(connection, timeout)
    payload = document(request).encode("ascii") + b"\n"
    code, stdout, stderr = _bounded(
        lambda: connection.exec_command(encode_command(BOOTSTRAP), in_data=payload, sudoable=False),
        timeout,
        sent=True,
        since=begun,
    )
    answer = find_answer(stdout.decode("utf-8", "replace"))
    if answer is None:
        raise NoAnswer(f"PowerShell on the appliance ended with {code} and no answer: {_clean(stderr)}")
    return answer


def _open(connection: Connection, timeout: float) -> None:
    """Log on first, so that a failure up to here is known to have run nothing."""
    connect = getattr(connection, "_connect", None)
    if connect is not None:
        _bounded(connect, timeout, sent=False)


def hang_up(connection: Connection, timeout: float) -> None:
    """End the session, so that the next exchange begins with a new one; a broken one is forgotten."""
    try:
        _bounded(connection.close, timeout, sent=False)
    except ConnectionLost:
        reset = getattr(connection, "reset", None)
        if reset is not None:
            with contextlib.suppress(ConnectionLost):
                _bounded(reset, timeout, sent=False)


def _bounded(call: Callable[[], T], timeout: float, *, sent: bool, since: float | None = None) -> T:
    """Run `call`, at most `timeout` seconds, counted from `since` on the monotonic clock where that was earlier than now.

    In a thread, because a signal would disturb the task keyword `timeout`.
    """
    left = timeout if since is None else max(since + timeout - time.monotonic(), 0.0)
    done: queue.Queue[tuple[T | None, Exception | None]] = queue.Queue()

    def work() -> None:
        try:
            done.put((call(), None))
        except Exception as error:  # the connection plugins raise what their libraries raise
            done.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        value, error = done.get(timeout=left)
    except queue.Empty:
        raise ConnectionLost(f"no answer within {timeout:g} seconds", sent=sent) from None
    if error is not None:
        raise ConnectionLost(explain(error), sent=sent) from error
    return value  # type: ignore[return-value]


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


def explain(error: Exception) -> str:
    """One sentence for a person; the library's own text follows it."""
    text = " ".join(str(error).split()) or type(error).__name__
    for pattern, sentence in EXPLANATIONS:
        if re.search(pattern, text, re.IGNORECASE):
            return f"{sentence} ({text[:300]})"
    return text[:500]


def _clean(stderr: bytes) -> str:
    """The readable part of PowerShell's stderr, which may be CLIXML."""
    text = stderr.decode("utf-8", "replace")
    if text.startswith("#< CLIXML"):
        text = " ".join(re.findall(r'<S S="Error">(.*?)</S>', text, re.DOTALL))
    return " ".join(re.sub(r"_x[0-9A-Fa-f]{4}_", " ", text).split())[:500] or "nothing on stderr either"
