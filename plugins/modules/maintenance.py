#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: maintenance
short_description: Bring an appliance into maintenance mode and back into service
version_added: 0.1.0
description:
  - >-
    Runs C(Enter-CcUpdate) or C(Exit-CcUpdate) as a job. Microsoft's texts contradict each other on whether entering drains. The
    later, corrected one says that it stops all services at once and ends running calls, so that is what this module assumes.
  - >-
    Maintenance mode is for Windows updates, certificates and passwords. Do not enter it for an upgrade. It cuts the calls that
    C(Switch-CcVersion) lets end.
  - >-
    Entering reads all appliances of the O(site) right before. It refuses without O(site), when the rest of the site cannot carry the
    calls and nobody consented to an outage, while another job of this collection is under way on the appliance, and when the live
    calls cannot be read. Neighbours count by what they show themselves, without the tenant. It claims the out-of-service slot of
    the site in the same request, a file in O(site_directory) that one
    appliance at a time can have. The slot is held until O(state=absent) has brought the appliance back into service.
  - >-
    It refuses to enter where a person has set C(MaintenanceMode) of the appliance in the tenant, or has brought it into maintenance mode, since
    C(Exit-CcUpdate) may take the flag back. Where the tenant cannot be asked it refuses, too. See O(adopt). Leaving needs no tenant.
  - >-
    Right before C(Enter-CcUpdate), in the same request, the counters are read once more on the appliance, and the list stops there
    unless they are zero. A call that begins in the moment between that reading and the cmdlet is cut. Nothing the product offers
    closes that gap.
  - >-
    No cmdlet says whether an appliance is in maintenance mode. That is inferred. Its services are stopped, and either the site's
    slot says that this collection brought it there, or the tenant says C(MaintenanceMode). Whether C(Enter-CcUpdate) sets that
    flag is not documented. Stopped services alone may be a fault and count as neither; then O(state=present) is refused because no
    call counter can be read, and O(state=absent) runs C(Exit-CcUpdate), which is documented to start the services.
  - That the state survives a restart of the host is documented.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.job
options:
  state:
    description:
      - V(present) enters maintenance mode and needs O(site).
      - V(absent) leaves it, waits up to five minutes until all services run, and gives the slot back. Without that it keeps the slot.
    type: str
    choices: [present, absent]
    required: true
  on_active_calls:
    description:
      - What to do when calls are live on the appliance.
      - >-
        V(wait) looks again every O(poll_interval) seconds until none is, for O(timeout) seconds at most. New calls keep coming all
        the while. When they have ended, all appliances of the site are read again, because the neighbours may have changed.
      - V(fail) fails at once and says how many there are.
      - V(cut) enters all the same and says with a warning how many calls were cut. Counters that cannot be read stop it, too.
    type: str
    choices: [wait, fail, cut]
    default: wait
  adopt:
    description:
      - >-
        Enter also where a person has set C(MaintenanceMode) of the appliance in the tenant, or take over the maintenance mode that a person has
        begun. Then the flag may be gone in the end.
      - The tenant is not asked then, which is for an outage of it, when a hotfix is urgent.
    type: bool
    default: false
  timeout:
    description:
      - Seconds to wait for the calls to end, and then again for the job.
      - When the job's are over the module fails and says so; the work goes on, and the same command finds it again.
    type: int
    default: 3600
attributes:
  check_mode:
    description: Predicts the services and the slot. Claims nothing.
    support: full
  diff_mode:
    description: Shows the services before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Enter maintenance mode when no call is live
  sfb.cloud_connector.maintenance:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    state: present
    task_user: "{{ cloud_connector_deployment_user }}"
    task_password: "{{ cloud_connector_deployment_password }}"
    site:
      name: berlin
      peak_calls: 600
      appliances: "{{ groups.berlin | sfb.cloud_connector.site_appliances(hostvars) }}"

- name: Return to service
  sfb.cloud_connector.maintenance:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    state: absent
    task_user: "{{ cloud_connector_deployment_user }}"
    task_password: "{{ cloud_connector_deployment_password }}"
"""

RETURN = r"""
calls_cut:
  description:
    - How many calls were counted right before C(Enter-CcUpdate), in the same request; it cuts them.
    - More than 0 only with O(on_active_calls=cut). A call that begins between the counting and the act is not in it.
  returned: when the appliance entered maintenance mode and the counters could be read
  type: int
  sample: 0
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
  sample: ["wait until 3 calls (2 inbound, 1 outbound) have ended, then enter maintenance mode"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not enter maintenance mode: ...", remedy: "...", class: module-cache}
"""
