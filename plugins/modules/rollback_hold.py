#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollback_hold
short_description: Put a site on hold before it goes back to an older release, or clear that
version_added: 0.1.0
description:
  - Writes the file C(sfb.cloud_connector.hold) into O(site_directory), with who went back, when, why, from which release and to which.
  - While it stands nothing in the site goes forward. M(sfb.cloud_connector.package), M(sfb.cloud_connector.deployment) and
    M(sfb.cloud_connector.version) refuse, a plan of an upgrade too, and each of these modules asks once more on the appliance in the request
    that begins its work. To go back needs it.
  - The first hold stands. It is never written over. One for another release is refused until it is cleared.
  - Clearing needs a name and a reason, too. The hold stays beside it as a file that ends with a number of its own, with a file about who
    cleared it.
  - Work that is under way on an appliance is not stopped by it.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site.required
options:
  state:
    description: V(present) puts the site on hold, V(absent) clears that.
    type: str
    choices: [present, absent]
    default: present
  version:
    description: The older release that the site goes back to. Required with O(state=present).
    type: str
  by:
    description: Who answers for it; one line.
    type: str
    required: true
  reason:
    description: Why; one line.
    type: str
    required: true
attributes:
  check_mode:
    description: Predicts the hold. Writes nothing.
    support: full
  diff_mode:
    description: Shows the hold before and after.
    support: full
  async:
    description: Refused. The work takes seconds.
    support: none
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Put the site on hold
  sfb.cloud_connector.rollback_hold:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    version: "2.0.1"
    by: J. Doe
    reason: CHG4711, calls to outside fail since the upgrade
    site:
      name: berlin
      peak_calls: 600
      appliances: "{{ groups.berlin | sfb.cloud_connector.site_appliances(hostvars) }}"
"""

RETURN = r"""
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
hold:
  description: The hold of the site, as in RV(sfb.cloud_connector.appliance_info#module:appliance); null when there is none.
  returned: when the appliance could be read
  type: dict
  sample: {site: berlin, by: J. Doe, reason: CHG4711, leaves: "2.1", goes_to: "2.0.1", since: "2026-05-06 21:14:00 UTC"}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["set the site directory to \\\\files\\berlin"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not ...", remedy: "...", class: unknown}
"""
