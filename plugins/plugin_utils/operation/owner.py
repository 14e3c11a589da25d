# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who runs this playbook, where, and whether another run on this computer has ended.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cce import lease
from ..cce.appliance import Lease
from ..cce.lease import Machine
from .predictions import run_id

PROC = Path("/proc")
ENDED_STATES = ("Z", "X", "x")
"""States of a process that has ended though its entry is still there."""


@dataclass(frozen=True)
class Owner:
    """A run of ansible-playbook.

    Attributes:
        run: names it, and no other one.
        who: the person or the job, and the controller, for people.
        machine: its process.
    """

    run: str
    who: str
    machine: Machine

    @classmethod
    def current(cls, task_vars: Mapping[str, Any]) -> Owner:
        """This run: its process is the parent of the one that runs a task."""
        pid = str(os.getppid())
        machine = Machine(_boot(), _namespace(), pid, process_began(pid) or "")
        return cls(run_id(), _who(task_vars), machine)

    def is_run_of(self, found: Lease) -> bool:
        """Whether the lease is this run's own."""
        return (found.run, found.boot) == (self.run, self.machine.boot)

    def knows_dead(self, found: Lease) -> bool:
        """Whether the owner of the lease is known to have ended."""
        return lease.is_dead(found, self.machine, process_began)


def process_began(pid: str) -> str | None:
    """When a process of this computer began, in ticks since the boot; None where there is none, or it has ended."""
    if not pid.isdecimal():
        return None
    try:
        fields = (PROC / pid / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return None if fields[0] in ENDED_STATES else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        return None
    except (OSError, IndexError):
        return ""


def _boot() -> str:
    """The id of this boot; empty where it cannot be read, which proves nothing of anybody."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _who(task_vars: Mapping[str, Any]) -> str:
    """AWX gives a job its number in the environment, and more as variables of the run."""
    controller = os.uname().nodename
    job = _first(task_vars, ("awx_job_id", "tower_job_id")) or os.environ.get("JOB_ID", "")
    if not job:
        return f"{_user()}@{controller}"
    user = _first(task_vars, ("awx_user_name", "tower_user_name"))
    template = _first(task_vars, ("awx_job_template_name", "tower_job_template_name"))
    web = os.environ.get("AWX_HOST", "") or os.environ.get("TOWER_HOST", "")
    parts = (f"AWX job {job}", template and f"of template {template}", user and f"by {user}", web and f"at {web}")
    return f"{' '.join(filter(None, parts))} on {controller}"


def _first(task_vars: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(task_vars[name]) for name in names if task_vars.get(name)), "")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
