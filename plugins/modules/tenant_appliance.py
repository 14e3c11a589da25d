#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_appliance
short_description: Set the maintenance flag of an appliance in the tenant
version_added: 0.1.0
description:
  - Sets C(MaintenanceMode) of an appliance with C(Set-CsHybridPSTNAppliance). It tells the management service to keep its hands off. No checks for
    updates run, and a failure is not detected and repaired, so that a person can work on the host.
  - It does not stop calls, and it does not take the appliance out of service. That is what C(Enter-CcUpdate) does on the host. Whether C(Enter-CcUpdate)
    sets this flag too is not documented.
  - The appliance is looked up by its site and name and changed by its identity. This module never unregisters an appliance.
extends_documentation_fragment:
  - sfb.cloud_connector.tenant
options:
  site:
    description: Name of the PSTN site of the appliance.
    type: str
    required: true
  name:
    description: Name of the appliance, which is the computer name of the host. It need not be the host that the task runs on.
    type: str
    required: true
  maintenance_mode:
    description:
      - Whether the management service keeps its hands off.
      - Switched off, it detects failures again, and updates the appliance where automatic update of its site is on.
    type: bool
    required: true
notes:
  - The properties of the record are not documented. The flag is read by the name of the parameter that sets it; where the record has no such property
    the module fails and changes nothing.
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Keep the management service from acting on cce-ber-1
  sfb.cloud_connector.tenant_appliance:
    site: berlin
    name: cce-ber-1
    maintenance_mode: true

- name: Let it act again
  sfb.cloud_connector.tenant_appliance:
    site: berlin
    name: cce-ber-1
    maintenance_mode: false
"""

RETURN = r"""
tenant_appliance:
  description: The record after the operation; in check mode as it would be. The identity is a GUID.
  returned: always, where the tenant has the appliance
  type: dict
  sample: {site: berlin, name: cce-ber-1, identity: 8c1f0d32-0f3c-5f6a-9d0e-3f1f5a0f5b11, maintenance_mode: true}
before:
  description: The record as it was found.
  returned: always, where the tenant has the appliance
  type: dict
  sample: {site: berlin, name: cce-ber-1, identity: 8c1f0d32-0f3c-5f6a-9d0e-3f1f5a0f5b11, maintenance_mode: false}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: success
  type: list
  elements: str
  sample: [switch the tenant's maintenance mode of berlin/cce-ber-1 on]
failure:
  description: Why the operation failed; what happened, the remedy, and where known the cmdlet, its error id and the class of the trouble.
  returned: failure
  type: dict
  sample: {what: "Could not read the records of the tenant: ...", remedy: "...", class: tenant-logon}
"""
