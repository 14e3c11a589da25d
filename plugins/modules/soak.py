#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: soak
short_description: Watch an upgraded site for a while before any other site is begun
version_added: 0.1.0
description:
  - Reads every appliance of the site again and again, and fails at the first fault. Each look is held against the first one, right after the
    site was validated.
  - A fault is an appliance that is not healthy at the version it runs, or not as it was at the first look (services, VMs, certificates, firewall rules,
    events of calls that cannot be carried, the ini in force), or that had at least ten live calls and has none any more, or that could not be read
    three times in a row. That the calls went is inferred to be a fault.
  - When the time is over a note is written to the site directory, and the same target is not watched again. A run that was cut watches again from the
    beginning.
  - Nobody logs on to the tenant for it.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site.required
options:
  version:
    description: The version that the site was upgraded to, such as V(2.1).
    type: str
    required: true
  duration:
    description: Seconds to watch; V(0) watches nothing.
    type: int
    default: 900
  poll_interval:
    description: Seconds between two looks.
    type: int
    default: 60
attributes:
  check_mode:
    description: Says that it would watch. Waits for nothing.
    support: full
  diff_mode:
    description: Shows the note.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Watch the first site for half an hour
  sfb.cloud_connector.soak:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    version: "2.1"
    duration: 1800
    site:
      name: berlin
      peak_calls: 500
      appliances: "{{ groups.berlin | sfb.cloud_connector.site_appliances(hostvars) }}"
"""

RETURN = r"""
appliance:
  description: The state of the appliance that keeps the note, in short.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.1", backup: "2.0.1", scripts: "2.1"}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: success
  type: list
  elements: str
  sample: ["watch site berlin for 30 min"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and the class of the failure. C(failure.faults) has what went wrong.
  returned: failure
  type: dict
  sample: {what: "Site berlin was well when it was validated, and after 7 min it is not: ...", remedy: "...", class: fault-in-soak}
"""
