#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: call_logging
short_description: Start and stop call logging, and export what was logged
version_added: 0.1.0
description:
  - Runs C(Start-CcLogging), C(Stop-CcLogging) or C(Search-CcLog).
  - Logging stops by itself after four hours (documented). How to read whether calls are logged now is not documented, so what this module
    began, and when by the clock of the host, is written down on the appliance.
  - Logging that was begun less than four hours ago, and before which the host last started, counts as running. Without a record
    V(stopped) runs C(Stop-CcLogging) all the same, since somebody else may have begun it; what the cmdlet does where nothing is logged
    is not documented.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
options:
  state:
    description:
      - V(started) and V(stopped) say whether calls are logged.
      - V(exported) says that the calls between O(start_time) and O(end_time) are in the file O(path). This runs as a scheduled task.
    type: str
    required: true
    choices: [started, stopped, exported]
  remove_cache:
    description: With V(stopped), C(-RemoveCache). Once, until logging is started again.
    type: bool
    default: false
  start_time:
    description: >-
      Beginning, such as V(2026-01-31 04:00:00), without a zone, as one would type it at the console of the host. That the product takes it
      as its local time is inferred. Required for V(exported).
    type: str
  end_time:
    description: End, likewise. Required for V(exported).
    type: str
  path:
    description:
      - The file on the appliance, such as C(C:\Logs\calls.txt). Required for V(exported).
      - Name a folder where only administrators may write, because the file is written with the highest privileges.
      - A file that is there and does not come from this search is refused; whether the product would overwrite it is not documented.
    type: str
  task_user:
    description: Account of the scheduled task, the one the appliance was deployed with. Required for V(exported).
    type: str
  task_password:
    description: Its password; Windows keeps it with the task until its answer was fetched. Required for V(exported).
    type: str
  poll_interval:
    description: Seconds between two looks at the running task, or at what another session is at.
    type: int
    default: 15
  timeout:
    description: Seconds to wait for the export, or for another session; how long it takes is not documented. The work goes on after that.
    type: int
    default: 3600
attributes:
  check_mode:
    description: Says what would be done.
    support: full
  diff_mode:
    description: Shows what is written down, before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Log calls for the next four hours
  sfb.cloud_connector.call_logging:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    state: started

- name: Export what was logged
  sfb.cloud_connector.call_logging:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    state: exported
    start_time: "2026-01-31 04:00:00"
    end_time: "2026-01-31 05:00:00"
    path: C:\logs\calls.txt
    task_user: CceAdmin
    task_password: "{{ cloud_connector_deployment_password }}"
"""

RETURN = r"""
call_logging:
  description: What was written down - when logging was started (by the clock of the host), and the exports.
  returned: success
  type: dict
  sample: {record: {started: "2026-01-31T03:00:00+00:00", cache: true}}
appliance:
  description:
    - The state of the appliance after the operation, in short; in check mode the state it would have.
    - >-
      It has C(name), C(read_at), C(scripts), C(running), C(backup), C(calls), C(registration), C(management_service), C(jobs) and
      C(slot), each as in RV(sfb.cloud_connector.appliance_info#module:appliance), which has the rest.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.0.1", backup: null, scripts: "2.0.1"}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["start call logging"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not ...", remedy: "...", class: unknown}
"""
