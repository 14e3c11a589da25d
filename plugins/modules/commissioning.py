#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: commissioning
short_description: Try once on a host what upgrades depend on
version_added: 0.1.0
description:
  - Readings say how a host is set up. Whether a job begins at all, what a job may do, and whether all appliances of a site see one folder,
    only a try shows. This module tries it, writes down on the host what it found with its date and the version of the collection, and
    fails where something is not as upgrades need it.
  - What it writes beside that is a file in the site directory and a scheduled task, both of which are gone when it ends. No cmdlet of the
    product that changes anything is run; calls notice nothing.
  - It checks what the gates of an upgrade check of logon, accounts, clock, tenant and TrustedHosts; that a job begins under the
    batch logon of O(task_user) (C(batch_logon)), is elevated, reads the site directory and the credential cache (C(job_elevation),
    C(job_site_share), C(job_credential_cache)); that the site directory can be written (C(site_share_write)) and that what is written
    there is seen by the other appliances of O(site) (C(one_site_share)); that the host gets into its four VMs (C(vm_cms),
    C(vm_mediation), C(vm_edge), C(vm_ad)); and that the Mediation VM gets a TCP connection to each gateway of the CloudConnector.ini
    in force (C(gateways)).
  - C(vm_ad) is asked for at the address of the ini with the cached C(DomainAdmin), which is inferred. Nothing of an upgrade needs it, so that it
    never fails. C(gateways) makes a TCP connection with C(Test-NetConnection) and sends nothing on it; whether the gateway takes calls is not asked.
  - Every run tries everything anew and keeps its date. It is reported as changed where a check has another result than is written down, where another
    version of the collection had written it, where there was no record, or where it was older than O(age) days.
  - C(site_share) and C(elevation) come first. Where one of them fails nothing can be tried or written down, so the module refuses then.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site.required
  - sfb.cloud_connector.job
options:
  age:
    description: After how many days a commissioning is old.
    type: int
    default: 90
  timeout:
    description: Seconds to wait for the job. One that is still at work then goes on, and the next run waits for it.
    type: int
    default: 600
attributes:
  check_mode:
    description: Says whether there is no commissioning, or an old one. Tries nothing and writes nothing.
    support: full
  diff_mode:
    description: Shows what is written down before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Commission the host
  sfb.cloud_connector.commissioning:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    site: "{{ site }}"
    task_user: CceAdmin
    task_password: "{{ vault_deployment_password }}"
"""

RETURN = r"""
commissioning:
  description: What is written down on the host.
  returned: success
  type: dict
  contains:
    record:
      description: C(commissioning) has the date, the version of the collection and the results; C(checks) what each check has read.
      returned: always
      type: dict
      sample:
        commissioning: {at: "2026-01-10T09:00:00+00:00", collection: 0.1.0, results: {elevation: PASS, batch_logon: PASS}}
        checks: []
appliance:
  description:
    - The state of the appliance after the operation, in short.
    - >-
      It has C(name), C(read_at), C(scripts), C(running), C(backup), C(calls), C(registration), C(management_service), C(jobs) and
      C(slot), each as in RV(sfb.cloud_connector.appliance_info#module:appliance), which has the rest.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.1", backup: "2.0.1", scripts: "2.1"}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["try what upgrades depend on, and write down what was found"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, the class of the first check that says stop, and all
    C(checks), each with C(id), C(status), C(evidence) and C(remedy). What was found is written down all the same, unless the module refused.
  returned: failure
  type: dict
  sample: {what: "cce-ber-1 is not ready for upgrades: ...", remedy: "...", class: batch-logon}
"""
