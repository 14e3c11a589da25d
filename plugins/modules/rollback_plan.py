#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollback_plan
short_description: Plan the rollback of a site
version_added: 0.1.0
description:
  - Decides from what a survey has read which appliances of one site go back to the older release O(version), in which order and by which steps.
  - Fails, with one sentence for each reason, when it must not begin. The old set is not whole, the backup is another version, the MSI of before
    is not saved, a job is under way, the others cannot carry the calls, or something could not be read.
  - Plans for the hosts of the play only, which have to be of one site. The others of the site have to be among O(states).
  - Runs once for all hosts, on the controller, and connects to nothing.
options:
  version:
    description: The older release to go back to.
    type: str
    required: true
  by:
    description: Who answers for it.
    type: str
    required: true
  reason:
    description: Why.
    type: str
    required: true
  states:
    description: The RV(sfb.cloud_connector.appliance_info#module:appliance) of every appliance of the site.
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    description: Plans as usual.
    support: full
  diff_mode:
    description: The plan itself is the difference.
    support: none
  bypass_host_loop:
    description: Runs once for all hosts of the play.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Plan the rollback of what was surveyed
  sfb.cloud_connector.rollback_plan:
    version: "2.0.1"
    by: J. Doe
    reason: CHG4711, calls to outside fail since the upgrade
    states: "{{ ansible_play_hosts_all | map('extract', hostvars, ['survey', 'appliance']) | list }}"
  register: plan
  run_once: true
"""

RETURN = r"""
queue:
  description: >-
    The appliances that go back, in their order, each with its C(steps), C(removes) (the version of a set that was never switched to, or null),
    C(site), C(site_appliances), C(number), C(last_of_site), C(mixed) and C(announcement), and what else the turn of an appliance has, as
    M(sfb.cloud_connector.plan) returns it. C(window_consent) is O(by) and O(reason), unless C(cloud_connector_rollback_in_windows) is true.
  returned: success
  type: list
  elements: dict
skips:
  description: The appliances that are left as they are, with the reason.
  returned: success
  type: list
  elements: dict
  sample: [{name: cce-ber-2, reason: at 2.0.1}]
summary:
  description: The plan as lines for a person.
  returned: success
  type: list
  elements: str
  sample: ["1 to go back to 2.0.1, one at a time: cce-ber-1."]
target:
  description: The release to go back to.
  returned: success
  type: str
  sample: "2.0.1"
problems:
  description: Why nothing may begin, one sentence each.
  returned: failure
  type: list
  elements: str
  sample: ["cce-ber-1 does not go back: its backup version is none, and that is what Switch-CcVersion would go to."]
failure:
  description: >-
    Why it failed: C(what) happened, the C(remedy), the C(class), and whether a C(retry) makes sense without anybody changing anything.
  returned: failure
  type: dict
  sample: {what: "The rollback to 2.0.1 is refused and nothing was begun.", remedy: "Remove these reasons, then run the same command again."}
"""
