#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restart
short_description: Restart the host or a VM of an appliance and wait until all of it is back
version_added: 0.1.0
description:
  - Restarts the Windows of one computer of an appliance with C(shutdown.exe), that of a VM through the host, and waits until it is
    back.
  - >-
    It refuses while calls can live on the appliance, that is, unless it is in maintenance mode or none of the services that calls need
    runs. A named person can agree to cut them.
  - >-
    A restart is noted on the host before it is ordered, with the time at which Windows had been started. It counts as done when
    Windows says that it was started at another time, not when a port answers. A run that finds such a note orders nothing and
    waits.
  - After a restart of the host its VMs are waited for in the order in which they need each other, AD, CMS, Mediation, Edge, each until
    its Windows answers and its services run that start by themselves. In maintenance mode those of the product do not.
  - Where Windows waited for it, a restart makes another Windows of the computer. Then it takes the proof of calls away that
    M(sfb.cloud_connector.call_proof) made before it, and writes down that a new one is due, before it begins.
  - Each wait has a bound, and a message that says what is lacking.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.windows
options:
  condition:
    description:
      - V(pending) restarts only where Windows waits for a restart. Keys of servicing and of Windows Update count, and files that are to
        be replaced.
      - V(always) restarts each time.
    type: str
    choices: [pending, always]
    default: pending
  poll_interval:
    description: Seconds between two looks.
    type: int
    default: 15
  boot_timeout:
    description: Seconds until Windows was started anew. Updates are finished meanwhile, which may take long.
    type: int
    default: 3600
  vm_timeout:
    description: Seconds until the Windows of a VM answers, for each VM.
    type: int
    default: 1200
  services_timeout:
    description: Seconds until the services of a VM run, for each VM.
    type: int
    default: 900
attributes:
  check_mode:
    description: Predicts whether it would restart.
    support: full
  diff_mode:
    description: Shows when Windows was started.
    support: full
seealso:
  - module: sfb.cloud_connector.windows_update
  - module: sfb.cloud_connector.maintenance
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Restart the Edge VM of an appliance in maintenance mode, where Windows waits for it
  sfb.cloud_connector.restart:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14, ad: 192.168.10.11}
    target: edge

- name: Restart the host in any case
  sfb.cloud_connector.restart:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14, ad: 192.168.10.11}
    target: host
    condition: always
"""

RETURN = r"""
restart:
  description: The Windows of the computer.
  returned: when the appliance could be read
  type: dict
  contains:
    target:
      description: The computer.
      returned: always
      type: str
      sample: edge
    boot_time:
      description: When its Windows was started.
      returned: always
      type: str
      sample: "2026-01-05T08:00:00+00:00"
    pending_restart:
      description: What waits for a restart, of C(servicing), C(windows_update) and C(file_renames).
      returned: always
      type: list
      elements: str
      sample: []
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["restart the Edge VM, for which windows_update wait"]
appliance:
  description:
    - The state of the appliance after the operation, in short; in check mode the state it would have.
    - >-
      It has C(name), C(read_at), C(scripts), C(running), C(backup), C(calls), C(registration), C(management_service), C(jobs) and
      C(slot), each as in RV(sfb.cloud_connector.appliance_info#module:appliance), which has the rest.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.1", backup: null, scripts: "2.1"}
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not enter maintenance mode: ...", remedy: "...", class: module-cache}
"""
