"""What the wire needs to know of the computer behind an address."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol

from lab.wire.shell import Process

METHODS = frozenset({"Basic", "Negotiate", "CredSSP"})


@dataclass
class WireSettings:
    """The WinRM service's settings on one computer; they may be changed while it runs.

    The sizes, quotas and times are those of Windows Server 2012 R2. Two defaults are not: Windows refuses Basic and
    unencrypted traffic until an administrator allows them; the lab allows both, so that every client can be tried.
    """

    methods: frozenset[str] = METHODS
    allow_unencrypted: bool = True
    max_shells: int = 30
    """Open shells a user may have (MaxShellsPerUser)."""
    max_operations: int = 1500
    """Commands a user may have open, finished or not (MaxConcurrentOperationsPerUser)."""
    max_envelope_kb: int = 500
    """Largest request that is taken in, in units of 1024 bytes (MaxEnvelopeSizekb)."""
    idle_timeout: float = 120.0
    """Seconds until an idle TCP connection is closed, and with it the logon it carries. Read when listening begins."""
    shell_idle_timeout: float = 7200.0
    """Seconds until a shell nobody has used is removed (IdleTimeout)."""


class Machine(Protocol):
    """A simulated computer. Read-only to the wire, except that it runs command lines."""

    @property
    def name(self) -> str:
        """Computer name; also the domain part of its local accounts."""

    @property
    def address(self) -> str:
        """The loopback address (127.x.y.z) it answers on."""

    @property
    def accounts(self) -> Mapping[str, str]:
        r"""User name -> password, read at every logon. Names compare without regard to case.

        A plain name is a local account; an account of a domain is written `DOMAIN\user`, and logs on under that name only.
        """

    @property
    def wire(self) -> WireSettings:
        """The settings of its WinRM service."""

    def run(self, process: Process) -> Awaitable[int]:
        """Run `process.line` to its end and return the exit code.

        Cancelled when the client signals the command, deletes the shell, or the computer goes down; not when the
        client vanishes. It has to end soon when it is cancelled.
        """
