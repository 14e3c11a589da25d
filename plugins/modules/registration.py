#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registration
short_description: Register the appliance with the tenant, or take it out of it
version_added: 0.1.0
description:
  - >-
    With O(state=present), runs C(Register-CcAppliance) unless the tenant knows the appliance in full, the management service runs as
    CceService, and the cmdlet was run with the MSI that is there: registering is a step of every upgrade. For which MSI it was run is
    written down on the appliance; one whose VMs are of the version of the scripts was registered with them.
  - That the cmdlet accepts an appliance that the tenant knows in full is inferred. Where it says that it conflicts and the
    tenant agrees, that is taken for success.
  - A conflict, where the tenant knows only one half of the identity, is found before the cmdlet is run.
  - >-
    With O(state=absent), runs C(Unregister-CcAppliance) unless the tenant does not know the appliance. Documented is that the
    management service runs as NetworkService afterwards. What becomes of live calls is not documented. So it refuses unless no
    call can live on the appliance, because its services are stopped (maintenance mode) or none of its VMs is on, and unless the
    rest of the site carries the calls or somebody consented to an outage. Needs O(site).
  - An appliance without VMs that is unregistered gives back the out-of-service slot of the site, if it holds that.
  - How the real cmdlet words its prompts is not known; O(prompts) are patterns and belong in the inventory.
  - >-
    C(Register-CcAppliance) may ask for passwords, so it runs in the session of the task. It is claimed on the appliance like a job,
    by a file that names the process that is at it. Where the connection or the controller is lost, or the cmdlet takes longer than
    O(exchange_timeout), the same command, and this very task, waits until that process has ended, and does only what is missing then.
  - C(Unregister-CcAppliance) asks nothing and runs as a scheduled task, which O(task_user) and O(task_password) are needed for.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
options:
  state:
    description:
      - V(present) registers, V(absent) unregisters. Unregistering is no part of an upgrade.
      - Microsoft's texts differ on whether it comes before or after the deployment is removed.
    type: str
    choices: [present, absent]
    default: present
  version:
    description: The version of the scripts that do it, such as V(2.1). Those of another version are refused.
    type: str
    required: true
  prompts:
    description: Answers to what the cmdlet may ask; each is used once. A question without an answer fails at once with its text.
    type: list
    elements: dict
    default: []
    suboptions:
      prompt:
        description: A regular expression of PowerShell that the question matches.
        type: str
        required: true
      user:
        description: The user name, where the question asks for a credential.
        type: str
        default: ""
      password:
        description: The password, or the text where a text is asked.
        type: str
        required: true
  task_user:
    description: With O(state=absent), the account of the scheduled task, the one the appliance was deployed with.
    type: str
  task_password:
    description: With O(state=absent), its password.
    type: str
  poll_interval:
    description: Seconds between two looks at what is waited for.
    type: int
    default: 15
  timeout:
    description: Seconds after which it is not waited for any more. It goes on by itself, and the same command finds it.
    type: int
    default: 3600
attributes:
  check_mode:
    description: Predicts the registration.
    support: full
  diff_mode:
    description: Shows registration and service account before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Register the appliance
  sfb.cloud_connector.registration:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    prompts: "{{ cloud_connector_prompts }}"

- name: Take an appliance without VMs out of the tenant
  sfb.cloud_connector.registration:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    state: absent
    task_user: CceAdmin
    task_password: "{{ cloud_connector_deployment_password }}"
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
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["register the appliance with the tenant"]
registration:
  description: What is written down, with which MSI the cmdlet was run last.
  returned: success
  type: dict
  sample: {record: {registered: {scripts: "2.1", product_codes: ["{6D5E0B61-0000-0000-0000-000000000000}"]}}}
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not deploy 2.1: ...", remedy: "...", class: state-key}
"""
