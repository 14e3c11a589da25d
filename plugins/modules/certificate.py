#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Put an external certificate in place and import it
version_added: 0.1.0
description:
  - Runs C(Set-CcExternalCertificateFilePath), which copies the file to the appliance directory, and with O(import) also applies it to
    the VMs that are deployed.
  - Whether a file is in place is decided by its content, by C(Get-FileHash) of O(path) and of what the product has. No documented
    cmdlet tells which certificate the VMs use, so an import is written down on the appliance.
  - A certificate in place is used by the next deployment (inferred). So VMs that were deployed after an import count as having it, and
    older ones, after a rollback, as not having it.
  - Microsoft's procedure enters maintenance mode before O(import) and leaves it afterwards. What calls would notice without it is not
    documented, so an appliance in service is refused. Use M(sfb.cloud_connector.maintenance) around this.
  - The expiry of the file is not compared. C(Get-PfxCertificate) would ask for its password.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.job
options:
  target:
    description:
      - With V(EdgeServer), a PFX file with private key and (from 1.4.2 on) the whole chain. Its password is C(ExternalCert) of
        M(sfb.cloud_connector.credential).
      - With V(MediationServer), the chain of the gateways' certificates; needed for TLS.
    type: str
    choices: [EdgeServer, MediationServer]
    default: EdgeServer
  path:
    description: The file, as the appliance can reach it, in a folder where only administrators may write.
    type: str
    required: true
  sha256:
    description: The SHA-256 the file has to have, 64 hexadecimal digits. With it, O(path) may be removed once all is done.
    type: str
  import:
    description: Apply it to the deployed VMs too.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for the import; how long one takes is not documented. The work goes on after that.
    type: int
    default: 3600
notes:
  - When the appliance directory moves, the certificate has to be put in place again (documented).
attributes:
  check_mode:
    description: Compares contents and says what would be done.
    support: full
  diff_mode:
    description: Shows hashes before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Import the new certificate of the Edge Server, the appliance being in maintenance mode
  sfb.cloud_connector.certificate:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    task_user: CceAdmin
    task_password: "{{ cloud_connector_deployment_password }}"
    target: EdgeServer
    path: C:\certs\ap-berlin.pfx
    import: true
"""

RETURN = r"""
certificate:
  description: The hashes of the wanted file and of the one in place, the path of the latter, and the imports written down.
  returned: success
  type: dict
  sample: {source: "9F86...", in_place: "9F86...", record: {EdgeServer: {sha256: "9F86...", running: "2.1"}}}
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
  sample: ["import it to the VMs of 2.1"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not import ...", remedy: "...", class: certificate-password}
"""
