#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certification_authority
short_description: Look after the internal certification authority of the appliance
version_added: 0.1.0
description:
  - Runs one of the documented cmdlets for the internal certification authority, which gives the VMs their certificates.
  - The backup is decided by its file in the site directory. What the other cmdlets have done no documented cmdlet tells, so O(generation)
    says it, and is written down on the appliance.
  - "Near expiry, by Microsoft's documentation: V(renew_root) on all appliances of the site (the root is valid for 5 years), V(renew_servers)
    (2 years), V(remove_legacy), V(export_root) and give it to the gateways."
  - "Compromised: maintenance mode, V(reset), V(renew_servers), V(remove_legacy), V(export_root) and give it to the gateways, leave
    maintenance mode. With several appliances, first V(remove_backup), then the first appliance and V(backup), then the others."
  - V(reset) revokes all certificates. It is refused on an appliance in service.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.job
options:
  operation:
    description:
      - V(backup) runs C(Backup-CcCertificationAuthority), unless C(CA\SfB CCE Root.p12) is in the site directory.
      - V(remove_backup) runs C(Remove-CcCertificationAuthorityFile), if that file is there.
      - V(export_root) runs C(Export-CcRootCertificate) to the folder O(path).
      - V(renew_root) runs C(Update-CcCACertificate), on 1.4.2 C(Renew-CcCACertificate).
      - V(renew_servers) runs C(Update-CcServerCertificate) for O(roles), on 1.4.2 C(Renew-CcServerCertificate).
      - V(remove_legacy) runs C(Remove-CcLegacyServerCertificate) for O(roles).
      - V(reset) runs C(Reset-CcCACertificate).
    type: str
    required: true
    choices: [backup, remove_backup, export_root, renew_root, renew_servers, remove_legacy, reset]
  generation:
    description:
      - Any name for this round of work, such as its date; 1 to 64 letters, digits, dots, dashes and underscores.
      - Required for everything but the backup. Another generation than the one written down does the work again.
    type: str
  roles:
    description: The servers whose certificates are meant. Each is written down for itself.
    type: list
    elements: str
    choices: [Cms, MS, Edge]
    default: [Cms, MS, Edge]
  path:
    description: The folder that gets C(CCERootCertificates.p7b); required for V(export_root).
    type: str
  timeout:
    description: Seconds to wait; how long the cmdlets take is not documented. The work goes on after that.
    type: int
    default: 3600
attributes:
  check_mode:
    description: Says what would be done.
    support: full
  diff_mode:
    description: Shows the backup file, or the generations, before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Renew the certificates of the servers
  sfb.cloud_connector.certification_authority:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    task_user: CceAdmin
    task_password: "{{ cloud_connector_deployment_password }}"
    operation: renew_servers
    generation: "2026"

- name: Keep a backup of the certification authority in the site directory
  sfb.cloud_connector.certification_authority:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    task_user: CceAdmin
    task_password: "{{ cloud_connector_deployment_password }}"
    operation: backup
"""

RETURN = r"""
certification_authority:
  description: Whether the backup and the exported file are there, and what was written down.
  returned: success
  type: dict
  sample: {backup_file: true, record: {"renew_servers Edge": {generation: "2026", running: "2.1"}}}
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
  sample: ["renew the certificates of the servers (generation 2026)"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not ...", remedy: "...", class: unknown}
"""
