#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: appliance_info
short_description: Read the whole state of an appliance
version_added: 0.1.0
description:
  - Reads versions, directories, both CloudConnector.ini, registration, services, VMs, live calls, disk, memory and more, in one exchange.
  - What could not be read is reported as unknown with the reason.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
options:
  report_only:
    description:
      - Return C({name, unreadable}) for an appliance that cannot be read, instead of a failure.
      - For reading the neighbours of an appliance, of which one that is down must not hide the others.
    type: bool
    default: false
attributes:
  check_mode:
    description: Reads only.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
  become:
    description: Refused, because it would be ignored on this platform. Log on as the deployment account.
    support: none
  async:
    description: Refused. Long work runs as a scheduled task on the appliance, which outlives the connection.
    support: none
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Read the state of an appliance
  sfb.cloud_connector.appliance_info:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
"""

RETURN = r"""
appliance:
  description:
    - The state of the appliance after the operation; in check mode the state it would have.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: always
  type: dict
  sample: {name: cce-ber-1, running: "2.0.1", backup: null, scripts: "2.0.1"}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["deploy the VMs of 2.1"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the trouble.
  returned: failure
  type: dict
  sample: {what: "Could not deploy 2.1: ...", remedy: "...", class: T13-state-key}
"""
