#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_site
short_description: Set automatic update and update windows of a PSTN site in the tenant
version_added: 0.1.0
description:
  - Sets properties of a PSTN site with C(Set-CsHybridPSTNSite). What is not given stays as it is.
  - A site is made by C(Register-CcAppliance); this module neither makes nor removes one.
  - To switch automatic update off for the time of some work there is M(sfb.cloud_connector.automatic_update), which writes down what it was and puts it back.
extends_documentation_fragment:
  - sfb.cloud_connector.tenant
options:
  name:
    description: Name of the PSTN site, the C(SiteName) of CloudConnector.ini.
    type: str
    required: true
  auto_update:
    description:
      - Whether the appliances of the site update themselves, both Windows and Cloud Connector. Microsoft's default is on.
      - Without it they miss Windows updates; Microsoft advises to keep it on.
    type: bool
  edge_fqdn:
    description:
      - The external name of the site's Edge Servers.
      - A site is known by its name and this one, so it has to be the one that CloudConnector.ini gives. What happens to calls while it is changed is not
        documented.
    type: str
  bits_windows:
    description: Names of the update windows in which Cloud Connector may be updated.
    type: dict
    suboptions: &lists
      add:
        description: Windows that have to be in the list.
        type: list
        elements: str
      remove:
        description: Windows that must not be in the list.
        type: list
        elements: str
      set:
        description: The whole list. What an empty list means to the product is not documented.
        type: list
        elements: str
  os_windows:
    description: Names of the update windows in which Windows may be updated, on the host and in the VMs.
    type: dict
    suboptions: *lists
seealso:
  - module: sfb.cloud_connector.automatic_update
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Switch automatic update off, to stay so
  sfb.cloud_connector.tenant_site:
    name: berlin
    auto_update: false
  run_once: true

- name: Update Cloud Connector at night only, besides the windows there are
  sfb.cloud_connector.tenant_site:
    name: berlin
    bits_windows:
      add: [Night]
  run_once: true
"""

RETURN = r"""
site:
  description:
    - The site after the operation; in check mode as it would be. A property that could not be read is a dictionary with the key C(unknown) and the reason.
  returned: always, where the tenant has the site
  type: dict
  sample: {name: berlin, edge_fqdn: ap-berlin.contoso.com, auto_update: false, bits_windows: [], os_windows: []}
before:
  description: The site as it was found.
  returned: always, where the tenant has the site
  type: dict
  sample: {name: berlin, edge_fqdn: ap-berlin.contoso.com, auto_update: true, bits_windows: [], os_windows: []}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: success
  type: list
  elements: str
  sample: [switch automatic update of berlin off]
failure:
  description: Why the operation failed; what happened, the remedy, and where known the cmdlet, its error id and the class of the trouble.
  returned: failure
  type: dict
  sample: {what: "Could not read the records of the tenant: ...", remedy: "...", class: tenant-logon}
"""
