#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: directories
short_description: Set the directories of an appliance before it is deployed
version_added: 0.1.0
description:
  - Runs C(Set-CcApplianceDirectory) and C(Set-CcSiteDirectory) where C(Get-CcApplianceDirectory) and C(Get-CcSiteDirectory) say
    something else. Case and a last backslash make no difference.
  - Microsoft documents that the appliance directory is a local folder without spaces that is set before the deployment, and that after a
    move of either directory the appliance is uninstalled and deployed again. So it is refused while anything is deployed.
  - The directories belong to the Windows account that sets them (inferred, their defaults being in its profile). Log on as the account that
    deploys, and give it as O(task_user), too.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.job
options:
  appliance_directory:
    description: What the appliance directory should be; a local folder without spaces.
    type: str
    required: true
  site_directory:
    description:
      - What the site directory should be; normally a share, the same one on all appliances of the site and never that of another site.
      - The deployment account and C(CceService) have to reach it.
    type: str
    required: true
  redeploy_afterwards:
    description: Set the directories although something is deployed. The appliance then has to be uninstalled and deployed again.
    type: bool
    default: false
  timeout:
    description: Seconds after which it is not waited for any more. It goes on by itself, and the same command finds it.
    type: int
    default: 600
attributes:
  check_mode:
    description: Compares and predicts.
    support: full
  diff_mode:
    description: Shows the directories before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Set the directories of a new appliance
  sfb.cloud_connector.directories:
    appliance_directory: D:\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
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
  sample: ["set the site directory to \\\\files\\berlin"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not ...", remedy: "...", class: unknown}
"""
