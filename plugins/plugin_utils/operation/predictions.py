# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Predictions: in check mode the state an operation would have made is handed to the next one as a fact.

So `--check` of a whole upgrade works on a fresh fleet.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FACT = "cloud_connector_predicted"
"""The fact. It names the run, because facts may be cached, and the appliance, because it may be of a delegated task."""

Parts = Mapping[str, Mapping[str, Any]]
"""Parts of a state by name, as JSON can carry them: `appliance`, `tenant`, or the name of a record."""


@dataclass(frozen=True)
class PredictionStore:
    """What the operations before this one predicted of an appliance in this run.

    Attributes:
        host: the appliance.
        inherited: parts of its state; empty outside check mode.
    """

    host: str
    inherited: Parts

    @classmethod
    def of(cls, host: str, delegate: str | None, task_vars: Mapping[str, Any], *, check_mode: bool) -> PredictionStore:
        """The store of a task.

        Facts that a delegated task returns are kept with the host it runs for, unless it says `delegate_facts`.
        """
        if not check_mode:
            return cls(host, {})
        facts = [task_vars.get("ansible_facts") or {}]
        if delegate and delegate in task_vars.get("hostvars", {}):
            facts.insert(0, task_vars["hostvars"][delegate].get("ansible_facts") or {})
        return cls(host, next((parts for one in facts if (parts := _parts(one.get(FACT), host))), {}))

    def facts(self, parts: Parts) -> dict[str, Any]:
        """The facts that hand on these parts, beside those that were inherited."""
        return {FACT: {"run": run_id(), "appliance": self.host, "parts": {**self.inherited, **parts}}}


def _parts(fact: Mapping[str, Any] | None, host: str) -> Parts:
    if not fact or (fact.get("run"), fact.get("appliance")) != (run_id(), host):
        return {}
    parts: Parts = fact["parts"]
    return parts


def run_id() -> str:
    """Names this run of ansible-playbook: the same in all of its worker processes, and never again.

    Process numbers recur, so the time at which that process began is part of it.
    """
    parent = os.getppid()
    try:
        began = Path(f"/proc/{parent}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        began = "0"
    return f"{os.uname().nodename}-{parent}-{began}"
