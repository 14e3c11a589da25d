#!/usr/bin/env python3
"""Stands in for SIPp where that is not installed: takes the same command line and speaks real SIP, for one call.

It does what the built-in scenario says, message by message, and ends as SIPp does: 0 for a call that went well, 1 for one that
failed, 97 where its time was over.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from pathlib import Path


class CallFailed(Exception):
    """The far end did not answer as it should; the text says how."""


class Line:
    """Messages over TCP or UDP."""

    def __init__(self, host: str, port: int, *, stream: bool, until: float) -> None:
        kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
        self._socket = socket.socket(socket.AF_INET, kind)
        self._stream, self._until, self._text = stream, until, ""
        self._socket.settimeout(max(0.1, until - time.monotonic()))
        self._socket.connect((host, port))

    @property
    def local(self) -> tuple[str, int]:
        host, port = self._socket.getsockname()
        return str(host), int(port)

    def send(self, text: str) -> None:
        self._socket.sendall(text.encode())

    def receive(self) -> str:
        """The next message."""
        while "\r\n\r\n" not in self._text:
            self._socket.settimeout(max(0.05, self._until - time.monotonic()))
            more = self._socket.recv(65536).decode()
            if not more:
                raise CallFailed("the connection was closed")
            self._text += more
        head, _, self._text = self._text.partition("\r\n\r\n")
        return head


def options(arguments: list[str]) -> dict[str, str]:
    """The options that this stand-in knows, each with its value."""
    found: dict[str, str] = {"target": arguments[0]}
    rest = iter(arguments[1:])
    for name in rest:
        if name == "-key":
            keyword = next(rest)
            found[f"key {keyword}"] = next(rest)
        elif name in ("-nostdin", "-timeout_error", "-trace_err"):
            found[name] = ""
        elif name in ("-sf", "-t", "-s", "-m", "-recv_timeout", "-timeout", "-error_file"):
            found[name] = next(rest)
        else:
            raise SystemExit(f"unknown option {name}")
    return found


def call(given: dict[str, str]) -> None:
    """Makes the call. Raises CallFailed, OSError."""
    scenario = Path(given["-sf"]).read_text(encoding="utf-8")
    hold = int(re.findall(r'pause milliseconds="(\d+)"', scenario)[0]) / 1000
    host, _, port = given["target"].partition(":")
    until = time.monotonic() + int(given["-timeout"].removesuffix("s"))
    line = Line(host, int(port), stream=given["-t"] == "t1", until=until)
    tag = ""
    for number, method in enumerate(re.findall(r"(OPTIONS|INVITE|BYE) (?:sip:|\[next_url\])", scenario), 1):
        line.send(request(method, number, given, line, tag))
        answer = final(line, method)
        tag = next(found for found in answer.split("\r\n") if found.lower().startswith("to:")).partition(";")[2]
        if method == "INVITE":
            line.send(request("ACK", number, given, line, tag))
            held(line, hold)


def final(line: Line, method: str) -> str:
    """The final answer, which has to be 200."""
    while True:
        answer = line.receive()
        status = re.match(r"SIP/2.0 (\d+)", answer)
        if status is None:
            raise CallFailed(f"{answer.split()[0]} came while {method} was waiting")
        if status[1] == "200":
            return answer
        if not status[1].startswith("1"):
            raise CallFailed(f"{method} was answered with {answer.splitlines()[0]}")


def held(line: Line, seconds: float) -> None:
    """Nothing may come while the call is held."""
    end = time.monotonic() + seconds
    line._until = end
    try:
        message = line.receive()
    except TimeoutError:
        line._until = time.monotonic() + 5
        return
    raise CallFailed(f"while the call was held came {message.splitlines()[0]}")


def request(method: str, number: int, given: dict[str, str], line: Line, tag: str) -> str:
    """A request of the one dialog."""
    (host, port), transport = line.local, "TCP" if given["-t"] == "t1" else "UDP"
    lines = [
        f"{method} sip:{given['-s']}@{given['target']} SIP/2.0",
        f"Via: SIP/2.0/{transport} {host}:{port};branch=z9hG4bK-{number}-{method}",
        f"From: <sip:{given['key caller']}@{host}:{port}>;tag=stand-in",
        f"To: <sip:{given['-s']}@{given['target']}>{f';{tag}' if tag and method in ('ACK', 'BYE') else ''}",
        f"Call-ID: {port}-stand-in@{host}",
        f"CSeq: {number} {method}",
        f"Contact: <sip:{given['key caller']}@{host}:{port}>",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""])


def main() -> int:
    given = options(sys.argv[1:])
    try:
        call(given)
    except TimeoutError:
        Path(given["-error_file"]).write_text("the time is over\n", encoding="utf-8")
        return 97
    except (CallFailed, OSError) as failed:
        Path(given["-error_file"]).write_text(f"{failed}\n", encoding="utf-8")
        return 1
    print("1 successful call")
    return 0


if __name__ == "__main__":
    sys.exit(main())
