#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: inventory
short_description: Check the inventory variables of the fleet
version_added: 0.1.0
description:
  - Checks the variables of all hosts of the group C(cloud_connector), also of those outside the limit, and fails with one sentence for each mistake.
  - >-
    Refuses connections that are not winrm, or that would send passwords in clear, such as Basic over HTTP, by the connection options each
    host has in this task.
  - Refuses values that the playbooks of this collection make themselves while they run, since with C(-e) they would win over what is made.
  - Fails too when the run has no appliance to work on, because a run that does nothing must not look like a success.
  - Runs once for all hosts, on the controller, and connects to nothing.
options:
  site:
    description: The one site the run is about. It has to be a child group of C(cloud_connector).
    type: str
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
  bypass_host_loop:
    description: Runs once for all hosts of the play.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Check the inventory before anything is connected to
  sfb.cloud_connector.inventory:
  register: cloud_connector_inventory
  run_once: true
"""

RETURN = r"""
sites:
  description: >-
    The sites of this run: all appliances of each (C(hosts)), those of the run (C(selected)) and those it leaves out (C(outside)),
    each in the order of the inventory.
  returned: success
  type: dict
  sample: {berlin: {hosts: [cce-ber-1, cce-ber-2], selected: [cce-ber-1], outside: [cce-ber-2]}}
readers:
  description: The first appliance of each site that is part of the run, and its site.
  returned: success
  type: dict
  sample: {cce-ber-1: berlin}
problems:
  description: One sentence for each thing that is wrong.
  returned: failure
  type: list
  elements: str
  sample: ["cce-ber-1: cloud_connector_ini is not set."]
failure:
  description: >-
    Why it failed: C(what) happened, the C(remedy), the C(class), and whether a C(retry) makes sense without anybody changing anything.
  returned: failure
  type: dict
  sample: {what: "The inventory cannot be used as it is.", remedy: "Correct it, then run the same command again.", class: refused, retry: false}
"""
