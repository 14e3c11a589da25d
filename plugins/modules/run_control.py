#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_control
short_description: Take up what a person says about a run
version_added: 0.1.0
description:
  - For the turn of an appliance in a rolling play. Waits while the run is held, fails where it is to stop, and says whether the appliance is left out.
  - An appliance whose upgrade has begun cannot be left out, since it has no high availability as it is. The module fails then.
  - A stop is for the run that takes it up. The next run goes on.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
attributes:
  check_mode:
    description: Says whether the appliance is left out. Waits for nothing, and stops nothing.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
seealso:
  - module: sfb.cloud_connector.control
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Take up what a person says about the run
  sfb.cloud_connector.run_control:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    control: .cloud_connector/control.json
  register: said

- name: Upgrade it
  ansible.builtin.include_role:
    name: sfb.cloud_connector.appliance_upgrade
  when: not said.left_out
"""

RETURN = r"""
appliance:
  description: The state of the appliance in short; only C(scripts), C(running), C(backup) and C(jobs) are read.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.0.1", backup: null, scripts: "2.0.1"}
changes:
  description: Always empty, since nothing is changed.
  returned: success
  type: list
  elements: str
  sample: []
left_out:
  description: Who left the appliance out (C(by)), why (C(reason)), and when (C(at)); null where nobody did.
  returned: success
  type: dict
  sample: {by: anna, reason: its disk is being replaced, at: "2026-05-04T01:00:00+00:00"}
control:
  description: What was taken up, in words.
  returned: success
  type: list
  elements: str
  sample: ["cce-ber-1: goes on after 600 s; it was held by anna (storm)"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and the class of the failure (C(held), C(stopped) or C(left-out)).
  returned: failure
  type: dict
  sample: {what: "The run stops before cce-ber-2, as was said by anna (shift ends).", remedy: "...", class: stopped}
"""
