#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: auto_update_info
short_description: Say whether the product's own update would run within a day
version_added: 0.1.0
description:
  - Reads what Microsoft's own update of an appliance depends on, and says in words whether one would run within the next 24 hours, why not, and
    whether one is under way now. Changes nothing.
  - Documented conditions that are checked - C(EnableAutoUpdate) of the site, C(MaintenanceMode) of the appliance, the management service and
    its account, a logon to the tenant with the cached administrator (and with it the PowerShell module of Skype for Business Online),
    .NET 4.6.1, which 2.1 needs, for 1.4.1 the policy of the user's registry, and the update windows of the site.
  - Not checked are the access of host and VMs to the Internet or WSUS, and whether the account CceService reads its own credential cache;
    what is read here is read with the cache of the account that logs on.
  - Windows count in the host's own time (a field report says so, no page of Microsoft). How a window of weeks of a month is counted is
    inferred. A site without a window may be updated at any time.
  - An update under way is told by the tenant's record of the last action (its properties are inferred), or by C(CcLockFile) in the site
    directory.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
options:
  require_ready:
    description: Fail where an update would not run, or where that is not known.
    type: bool
    default: false
  report_only:
    description: Return what would be a failure, or an unreachable host, as RV(problem).
    type: bool
    default: false
attributes:
  check_mode:
    description: Reads the same, since it changes nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Would the appliance be updated tonight
  sfb.cloud_connector.auto_update_info:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    require_ready: true
"""

RETURN = r"""
auto_update:
  description: The answer.
  returned: success
  type: dict
  contains:
    would_run:
      description: V(yes), V(no) or V(unknown), for updates of the product or of Windows, whichever comes first.
      returned: always
      type: str
    running:
      description: Whether one is under way now, V(yes), V(no) or V(unknown).
      returned: always
      type: str
    answer:
      description: Both in words, with the reasons.
      returned: always
      type: str
    openings:
      description: >-
        For C(bits) and C(os) the names of the site's C(windows), and as C(at) when the first of them is open, in the host's own time; null when
        none opens within a day.
      returned: always
      type: dict
    zone_minutes:
      description: Minutes that the host's own time is ahead of UTC.
      returned: always
      type: int
  sample:
    would_run: "no"
    running: "no"
    answer: "Microsoft's own update would not run within a day on cce-ber-1: enable_auto_update: EnableAutoUpdate of the site is False. ..."
    openings: {bits: {windows: [Night], at: "2026-01-31T22:00:00"}, os: {windows: [Night], at: "2026-01-31T22:00:00"}}
    zone_minutes: 60
checks:
  description: What it depends on, each with its result, what was read, and what to do.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: enable_auto_update, status: PASS, evidence: EnableAutoUpdate of the site is True, remedy: "", consequence: upgrade, failure: ""}
appliance:
  description: The state of the appliance in short, as every module returns it.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.1", backup: "2.0.1", scripts: "2.1"}
problem:
  description: With O(report_only), why it would have failed.
  returned: when O(report_only) and something is wrong
  type: str
changes:
  description: Always empty.
  returned: always
  type: list
  elements: str
  sample: []
failure:
  description: Why the module failed - what happened, the remedy, who carries the calls now, and the class of the first check that says stop.
  returned: failure
  type: dict
  sample: {what: "Microsoft's own update would not run on cce-ber-1: ...", remedy: "...", class: auto-update-off}
"""
