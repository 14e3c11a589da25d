"""What went over the wire of one computer: sums for the control API, and one entry a request for a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class LogEntry:
    """One HTTP request."""

    machine: str
    connection: int
    """Number of the TCP connection, from 1."""
    secure: bool
    operation: str
    """WS-Management operation, or `HTTP` for a request that did not come so far (a logon, a refusal)."""
    user: str
    """Who was logged on; empty for nobody."""
    status: int
    """HTTP status; 0 when there was no answer."""
    bytes_in: int
    bytes_out: int
    fault: str
    """The action of the injected fault that hit it, or empty."""


@dataclass
class Counters:
    """Sums since the server was made."""

    connections: int = 0
    """TCP connections that sent a request."""
    requests: int = 0
    """HTTP requests, those of logons and those that were never answered included."""
    bytes_in: int = 0
    """Bytes of HTTP requests, head and body, before TLS."""
    bytes_out: int = 0
    """Bytes of HTTP answers, before TLS; the head without the lines the HTTP library adds (Date, Content-Length)."""
    commands: int = 0
    """Commands started: exchanges of the bridge."""
    auth_failures: int = 0
    """Logons with wrong credentials."""
    faults: int = 0
    """Injected faults that hit a request."""

    def add(self, entry: LogEntry) -> None:
        """Count one request."""
        self.requests += 1
        self.bytes_in += entry.bytes_in
        self.bytes_out += entry.bytes_out


Log = Callable[[LogEntry], None]


def discard(entry: LogEntry) -> None:
    """The log of whoever wants none."""
