#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: package
short_description: Replace the CloudConnector MSI
version_added: 0.1.0
description:
  - Saves what is there (both ini files, module.ini, versions, directories), fetches the new MSI, compares its SHA-256,
    uninstalls the old MSI and installs the new one.
  - Nothing is uninstalled unless the new MSI is there and has the declared hash.
  - That the running VMs go on carrying calls meanwhile is inferred from the documented procedure; Microsoft does not say it.
  - A host whose module is missing is finished only when the saved record of this module is there.
  - >-
    Claims the out-of-service slot of the site, a file in O(site_directory), and keeps it until M(sfb.cloud_connector.version) has
    switched. While scripts and VMs are of different versions there is no high availability, so two appliances of a site must
    not be like that at the same time.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site.required
  - sfb.cloud_connector.job
options:
  state:
    description:
      - V(present) replaces the MSI by that of O(version).
      - V(absent) removes the MSI of O(version), which is refused while any VMs are deployed, since only its cmdlets can drain
        and remove them.
    type: str
    choices: [present, absent]
    default: present
  version:
    description: The version to upgrade to, such as V(2.1); with O(state=absent) the one that is there.
    type: str
    required: true
  source:
    description:
      - Required with O(state=present).
      - URL (http, https) or path of the MSI, as seen from the appliance.
      - Windows PowerShell on Windows Server 2012 R2 offers a web server TLS 1.0 only, unless C(SchUseStrongCrypto) of the .NET
        Framework is set on the host.
    type: str
  sha256:
    description: The SHA-256 of the MSI, hexadecimal. Required with O(state=present).
    type: str
  timeout:
    description:
      - Seconds to wait for download, removal and installation.
      - When they are over the module fails and says so; the work goes on, and the same command finds it again.
    type: int
    default: 3600
attributes:
  check_mode:
    description: Predicts the new scripts version.
    support: full
  diff_mode:
    description: Shows the scripts version before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Replace the MSI
  sfb.cloud_connector.package:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    source: https://packages.example.com/CloudConnector-2.1.msi
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    task_user: "{{ cloud_connector_deployment_user }}"
    task_password: "{{ cloud_connector_deployment_password }}"
    site:
      name: berlin
      peak_calls: 600
      states: "{{ cloud_connector_site_states }}"
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
    and the class of the trouble. Where checks stopped it, C(failure.checks) has each with its evidence and remedy.
  returned: failure
  type: dict
  sample: {what: "Could not deploy 2.1: ...", remedy: "...", class: T13-state-key}
"""
