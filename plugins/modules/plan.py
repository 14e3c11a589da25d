#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Plan the upgrade of the fleet
version_added: 0.1.0
description:
  - Decides from what a survey has read which appliances are upgraded, in which order, and which are skipped for which reason.
  - >-
    The site C(cloud_connector_canary) comes first, then sites by C(cloud_connector_site_priority), the rest in the order of the
    inventory. With C(cloud_connector_sites_at_once) above 1, appliances of so many sites go side by side after the first site, one of
    each.
  - Says when each appliance can begin by the windows of its site, and fails where it fits into none.
  - Fails, with one sentence for each reason, when the upgrade must not begin. What could not be read is a reason.
  - >-
    Fails as well where the ini of an appliance differs from the one in force in more than the keys that the release brings, and
    C(cloud_connector_accepted_ini_changes) of the inventory does not name the difference.
  - Plans for the hosts of the play only, but judges their sites as a whole. Hosts of these sites that the limit leaves out have to be among O(states).
  - An appliance whose ini in force is that of another one than the inventory says is a reason, as are two names behind which the same computer answers.
  - Writes the plan to a file on the controller, and a page for people beside it, unless in check mode. Changes nothing on any appliance.
  - Runs once for all hosts, on the controller, and connects to nothing.
options:
  target_version:
    description: The version to upgrade to, such as V(2.1).
    type: str
    required: true
  states:
    description:
      - The RV(sfb.cloud_connector.appliance_info#module:appliance) of every appliance of the sites that are planned.
      - An appliance that could not be read belongs in the list too, as C({name, unreadable}).
    type: list
    elements: dict
    required: true
  tenant:
    description:
      - The tenant's records of each site by its name, as RV(sfb.cloud_connector.site_info#module:tenant) has them.
      - They are used for the appliances in O(states) that were read without V(tenant).
    type: dict
    default: {}
  site:
    description: The one site the run is about. The hosts of the play have to be appliances of it.
    type: str
  dest:
    description:
      - The file on the controller that gets the plan, as JSON (C(schemas/plan.json) of the collection describes it); a page for people
        gets the same name with C(.md). Its folder is created where it is missing.
      - It is replaced at once as a whole, so that nobody reads half a plan.
    type: path
    default: .cloud_connector/plan.json
  history:
    description:
      - How long upgrades took, as the callback P(sfb.cloud_connector.report#callback) writes it down. It is read only.
      - By default C(history.json) beside O(dest).
    type: path
  expected_hash:
    description:
      - The RV(hash) of the plan that was approved. Another plan is refused, and then O(dest) is not replaced.
      - The hash covers what is intended (target, order, policy, pace, windows, waivers, MSI, inis) and not what is done already, so a
        run that was interrupted keeps it.
    type: str
  approved_plan:
    description:
      - The plan of O(expected_hash), as it was written when it was approved. What differs is said in words then, and work is refused that
        is not a part of it, such as a step that was done before.
      - By default the file O(dest), where it has that hash.
    type: path
attributes:
  check_mode:
    description: Plans as usual and writes no file.
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
- name: Plan the upgrade of what was surveyed
  sfb.cloud_connector.plan:
    target_version: "2.1"
    states: "{{ ansible_play_hosts_all | map('extract', hostvars, ['survey', 'appliance']) | list }}"
  register: plan
  run_once: true
"""

RETURN = r"""
queue:
  description: >-
    What the upgrade goes through, in order. A site of which every appliance is skipped is there once, without an upgrade, so that it
    is validated too.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Inventory name of the appliance.
      type: str
    site:
      description: Its site.
      type: str
    number:
      description: Its place in the queue, from 1.
      type: int
    row:
      description: The number of its row; those of one row go side by side.
      type: int
    row_begins:
      description: The number of the first of its row.
      type: int
    row_appliances:
      description: All of its row.
      type: list
      elements: str
    first_site:
      description: Whether it is of the first site of a run with several sites, which is done before any other is begun.
      type: bool
    resumes:
      description: Whether its upgrade was begun before.
      type: bool
    asks_for_window:
      description: Whether it is begun only in a window of its site. Not where its switch is done or under way, so that it takes no more calls away.
      type: bool
    expected:
      description: How many seconds it may take.
      type: float
    upgrade:
      description: Whether it is upgraded; if not, it stands for its site, which is only validated.
      type: bool
    last_of_site:
      description: Whether the site is validated after it.
      type: bool
    site_appliances:
      description: Every appliance of the site and the version it has to run when the site is validated.
      type: list
      elements: dict
    mixed:
      description: Whether the limit leaves out appliances of the site, so that it may be left with two versions.
      type: bool
    watched:
      description: Whether its site is watched for a while after it, before any other is begun.
      type: bool
    keeps_way_back:
      description: Whether the window needs room for a way back, too.
      type: bool
    window_consent:
      description: Who has it begun outside of windows and in spite of freezes, with C(by) and C(reason). Of a rollback only.
      type: dict
    compares:
      description: Whether the validation compares each appliance of the site with its snapshot of before.
      type: bool
    puts_back:
      description: Whether automatic update of the site is put back after its validation.
      type: bool
    announcement:
      description: What is said before it begins.
      type: str
batches:
  description: How many appliances each row has, for C(serial).
  returned: success
  type: list
  elements: int
  sample: [1, 1, 1, 2, 2]
skips:
  description: The appliances that need nothing, with the reason.
  returned: success
  type: list
  elements: dict
  sample: [{name: cce-ber-1, site: berlin, reason: "at 2.1 and healthy"}]
summary:
  description: >-
    The plan as lines for a person. It also says how long what runs is supported, and when the plan will be finished at the pace
    that is recorded.
  returned: success
  type: list
  elements: str
  sample: ["Upgrade to 2.1: 2 appliances in 1 site.", "1. cce-ber-1 (berlin): from 2.0.1"]
target:
  description: The version to upgrade to.
  returned: success
  type: str
  sample: "2.1"
hash:
  description: Names what is intended.
  returned: success
  type: str
  sample: 0d5a1f9a
problems:
  description: Why nothing may begin, one sentence each.
  returned: failure
  type: list
  elements: str
  sample: ["cce-ber-2 could not be read: no answer within 300 seconds.", "The target is 2.1, approved was 2.0.1."]
failure:
  description: >-
    Why it failed: C(what) happened, the C(remedy), the C(class), and whether a C(retry) makes sense without anybody changing anything.
  returned: failure
  type: dict
  sample: {what: "The inventory cannot be used as it is.", remedy: "Correct it, then run the same command again.", class: refused, retry: false}
"""
