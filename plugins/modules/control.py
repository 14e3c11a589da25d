#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: control
short_description: Hold a run, let it go on, stop it, or leave an appliance out
version_added: 0.1.0
description:
  - Writes down on the controller what a person says about a run that is under way, or about the next one. The run takes it up between two steps.
  - What is said together holds together. Each word is kept with its time in C(control.jsonl) beside the file.
  - Connects to nothing.
options:
  action:
    description:
      - V(hold) has the run wait before its next step, V(go_on) takes that and V(stop_after_appliance) back.
      - V(stop_after_appliance) ends the run before its next appliance.
      - V(leave_out) leaves O(appliance) out; V(go_on) with O(appliance) takes it in again.
      - V(show) says what is in force.
    type: str
    choices: [hold, go_on, stop_after_appliance, leave_out, show]
    default: show
  by:
    description: Who says it. Required for all but V(show).
    type: str
  reason:
    description: Why. Required for all but V(show) and V(go_on).
    type: str
  appliance:
    description: The name of an appliance in the inventory.
    type: str
  path:
    description: The file, in the folder of the run.
    type: path
    default: .cloud_connector/control.json
attributes:
  check_mode:
    description: Says what is in force, and writes nothing.
    support: full
  diff_mode:
    description: Shows nothing.
    support: none
seealso:
  - module: sfb.cloud_connector.run_control
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Hold the run
  sfb.cloud_connector.control:
    action: hold
    by: anna
    reason: thunderstorm over Berlin

- name: Leave an appliance out
  sfb.cloud_connector.control:
    action: leave_out
    appliance: cce-ber-3
    by: anna
    reason: its disk is being replaced
"""

RETURN = r"""
control:
  description: What is in force, as the file holds it.
  returned: success
  type: dict
  sample: {hold: {by: anna, reason: thunderstorm over Berlin, at: "2026-05-04T01:00:00+00:00"}}
sentences:
  description: The same in words.
  returned: success
  type: list
  elements: str
  sample: ["The run is held by anna at 2026-05-04T01:00:00+00:00 (thunderstorm over Berlin)."]
path:
  description: The file.
  returned: success
  type: str
  sample: /srv/ansible/.cloud_connector/control.json
failure:
  description: "Why it failed: what happened, the remedy, and the class of the failure."
  returned: failure
  type: dict
  sample: {what: "hold needs reason.", remedy: "...", class: option}
"""
