# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of the time that the job of a task takes, and of the rest of the run: for people.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ..cce import pace, progress, upgrade
from ..cce.progress import Outlook
from .arguments import Arguments


def of_task(given: Arguments, task_vars: Mapping[str, Any]) -> Outlook:
    """The outlook of a task; nothing wrong with what was measured before matters."""
    measures: list[pace.Measure] = []
    if given.job and given.control is not None:
        with contextlib.suppress(OSError, ValueError):
            measures = pace.parse(given.control.path.with_name(pace.NAME).read_text("utf-8"))
    found = upgrade.step_of_job(given.job)
    step, target = (found[0].name, found[1]) if found else ("", "")
    queue = task_vars.get("groups", {}).get("cloud_connector_queue")
    return progress.outlook(measures, target, step, queue, task_vars.get("cloud_connector_entry"))
