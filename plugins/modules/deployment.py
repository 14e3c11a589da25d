#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment
short_description: Deploy the VMs of a version beside the running ones, or remove those of a version
version_added: 0.1.0
description:
  - With O(state=present), runs C(Install-CcAppliance -Upgrade) as a job, unless the version is running or is the backup already.
  - >-
    With O(state=absent), runs C(Uninstall-CcAppliance -Version) as a job, unless no VM of the version is there. The version is
    always named, because without it the product removes the running set. That the MSI and the tenant's registration stay is
    inferred from the documented procedures.
  - >-
    The running version is removed only with O(remove_running), and then behind the same conditions as a switch. These are enough
    capacity in the O(site) without this appliance or consent, and the out-of-service slot of the site. The product drains first.
    The slot is kept until the appliance serves again or is unregistered.
  - >-
    It is written down on the appliance of which CloudConnector.ini the VMs were made. M(sfb.cloud_connector.version) refuses to
    switch to them when another one is in force. Remove and deploy them again then, or put that ini back.
  - >-
    The product is given the version to remove in its own spelling, where it was read, such as V(2.0.0) for V(2.0). What it does
    with another spelling is not documented.
  - A deployment takes hours. That the running VMs go on carrying calls meanwhile is inferred from the documented procedure.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.job
options:
  state:
    description: V(present) deploys, V(absent) removes.
    type: str
    choices: [present, absent]
    default: present
  version:
    description: The version to deploy or to remove, such as V(2.1).
    type: str
    required: true
  remove_running:
    description:
      - With O(state=absent), allows that the version is the running one. The appliance carries no calls any more then.
      - A set whose VMs are on and connected counts as running, whatever the product says.
    type: bool
    default: false
  timeout:
    description:
      - Seconds to wait for the deployment or the removal.
      - When they are over the module fails and says so; the work goes on, and the same command finds it again.
    type: int
    default: 28800
attributes:
  check_mode:
    description: Predicts the backup version.
    support: full
  diff_mode:
    description: Shows the backup version before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Deploy 2.1
  sfb.cloud_connector.deployment:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    task_user: "{{ cloud_connector_deployment_user }}"
    task_password: "{{ cloud_connector_deployment_password }}"

- name: Remove the VMs of the version before, which ends the way back to it
  sfb.cloud_connector.deployment:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.0.1"
    state: absent
    task_user: "{{ cloud_connector_deployment_user }}"
    task_password: "{{ cloud_connector_deployment_password }}"
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
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["deploy the VMs of 2.1"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not deploy 2.1: ...", remedy: "...", class: state-key}
"""
