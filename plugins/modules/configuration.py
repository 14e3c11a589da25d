#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: configuration
short_description: Put CloudConnector.ini in place and import it
version_added: 0.1.0
description:
  - Checks the ini against the template of the version, writes it to the appliance directory (keeping the one before
    beside it) and runs C(Import-CcConfiguration -Force).
  - >-
    Refuses an ini of another appliance. Where one is in force, both have to name the same site, Edge Server and Mediation Server.
    Another address of the host in the inventory would otherwise put the ini of one appliance in force on another.
  - >-
    Refuses an ini that differs from the one in force in more than the keys that the release brings, unless each difference is
    among O(accept_changes). An upgrade is no change of the configuration: for that Microsoft documents another procedure.
  - Refuses an ini whose build number is known to be that of another release. Only the build number of 2.1 is known.
  - A change after the VMs of the version were deployed is not taken over into them. M(sfb.cloud_connector.version) refuses to switch to them then.
  - Microsoft documents that the ini of an older release must not be used; take the template of the new release and carry the values over.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.job
options:
  state:
    description:
      - V(present) puts the ini in force.
      - >-
        V(checked) judges it only, and changes nothing: whether it is one of O(version), is of this appliance, and differs from the one in
        force in nothing but what O(accept_changes) has. The scripts may still be those of the older release.
    type: str
    choices: [present, checked]
    default: present
  version:
    description: The version to upgrade to, such as V(2.1).
    type: str
    required: true
  content:
    description: The whole text of CloudConnector.ini.
    type: str
    required: true
  accept_changes:
    description:
      - Differences to the ini in force that are meant, each as C(Section/Key), such as V(Gateway1/IP).
      - One that is no difference any more is no error. Site, Edge Server and Mediation Server cannot be changed in this way.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds after which the import is not waited for any more. It goes on by itself, and the same command finds it.
    type: int
    default: 3600
attributes:
  check_mode:
    description: Checks the text and compares it with both copies.
    support: full
  diff_mode:
    description: Shows both copies before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Put the ini of 2.1 in force
  sfb.cloud_connector.configuration:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    content: "{{ lookup('ansible.builtin.file', 'ini/cce-ber-1.ini', rstrip=false) }}"
    task_user: CceAdmin
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
  sample: ["import CloudConnector.ini"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not deploy 2.1: ...", remedy: "...", class: state-key}
"""
