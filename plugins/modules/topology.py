#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: topology
short_description: Tell the VMs of an appliance which Mediation Servers its site has
version_added: 0.1.0
description:
  - Runs C(Publish-CcAppliance), which by its documentation reads names and addresses of all Mediation Servers of the site from the
    tenant, adds them to DNS on the AD VM, and updates the topology.
  - "Needed on B(all other) appliances of a site when one is added, or registered again with another configuration, before that one is
    deployed (documented). An upgrade does not need it: names and addresses stay (inferred)."
  - The cmdlet returns nothing. So the servers that the tenant names are compared with those that were published last, which the job
    writes down on the appliance. Without such a record it is published once. That nothing else makes a publication necessary is inferred.
  - After a rollback the older VMs run, which were not told; they are told again.
  - What calls notice of it is not documented, and no source says that they notice anything.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.job
options:
  timeout:
    description: Seconds to wait; how long it takes is not documented. The work goes on after that.
    type: int
    default: 3600
attributes:
  check_mode:
    description: Compares and says what would be published.
    support: full
  diff_mode:
    description: Shows the published servers before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Publish the appliance that was added to the site
  sfb.cloud_connector.topology:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    task_user: CceAdmin
    task_password: "{{ cloud_connector_deployment_password }}"
"""

RETURN = r"""
topology:
  description: The Mediation Servers that the tenant names (site, name, address), and what was published last.
  returned: success
  type: dict
  sample: {mediation_servers: [[berlin, ms-1.cce.local, 192.168.10.13]], record: {running: "2.1", servers: {ms-1.cce.local: 192.168.10.13}}}
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
  sample: ["publish ms-1.cce.local, ms-2.cce.local to the VMs of 2.1"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not ...", remedy: "...", class: unknown}
"""
