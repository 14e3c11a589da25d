# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules whose work outlives the connection."""

from __future__ import annotations


class ModuleDocFragment:
    """Equal to `operation.arguments.JOB` by test."""

    DOCUMENTATION = r"""
options:
  task_user:
    description:
      - Account of the scheduled task that does the work. It has to be the account the appliance was deployed with, because only
        that account can read the cached credentials.
    type: str
    required: true
  task_password:
    description:
      - Password of O(task_user). Windows keeps it with the task until the task is removed, which is when its answer was fetched.
    type: str
    required: true
  poll_interval:
    description: Seconds between two looks at the running task.
    type: int
    default: 15
notes:
  - The work runs as a scheduled task on the appliance. It goes on when the connection or the controller is lost; the same
    command finds it again and never starts it twice.
"""
