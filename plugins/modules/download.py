#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: download
short_description: Fetch the bits of a version into the site directory
version_added: 0.1.0
description:
  - >-
    Runs C(Start-CcDownload -DownloadBitsOnly) as a job, unless the version is deployed already. By its documentation the cmdlet does
    nothing when the bits are there, so a version file in the site directory is no reason to leave it out: the product's own update
    downloads that first, and a download may be cut.
  - >-
    After the cmdlet has succeeded it writes down on the appliance what lies in the folder of the bits then. As long as that is the same,
    the cmdlet is not run again.
  - Fails where a version file names other versions only, since the download site has another one then.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.job
options:
  version:
    description: The version to upgrade to, such as V(2.1).
    type: str
    required: true
  url_root:
    description: A private download site, see C(-DownloadUrlRoot). Mind which version it holds.
    type: str
  timeout:
    description:
      - Seconds to wait for the download.
      - When they are over the module fails and says so; the work goes on, and the same command finds it again.
    type: int
    default: 14400
attributes:
  check_mode:
    description: Predicts the bits of the version.
    support: full
  diff_mode:
    description: Shows the record of the bits.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Download the bits
  sfb.cloud_connector.download:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
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
  sample: ["download the bits of 2.1 to the site directory"]
download:
  description: The files of the bits (how many, how many bytes, a hash of names and lengths), and what was written down of them.
  returned: success
  type: dict
  sample: {bits: {files: 12, bytes: 9663676416, listing: 9f86...}, record: {bits: {version: "2.1", files: 12, bytes: 9663676416, listing: 9f86...}}}
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not deploy 2.1: ...", remedy: "...", class: state-key}
"""
