#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_info
short_description: Read the state of every appliance of a site at once
version_added: 0.1.0
description:
  - >-
    Reads the appliances at the same time, each over a connection of its own. What decides whether an appliance may leave service
    must not be older than a minute, and reading an appliance may take half of that.
  - An appliance that cannot be reached or read does not fail the task. It is returned as unreadable, and counts as no capacity wherever something is decided.
  - >-
    Each connection is made as for a task with C(delegate_to): by the connection plugin and the connection variables of that
    host. No connection to the host that the task runs for is needed.
  - In check mode the state of an appliance is the one that the operations before would have made of it.
options:
  appliances:
    description: The appliances, each by its name in the inventory. The filter P(sfb.cloud_connector.site_appliances#filter) makes it from inventory variables.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name in the inventory.
        type: str
        required: true
      appliance_directory:
        description: The appliance directory on that host, as C(Get-CcApplianceDirectory) gives it.
        type: str
        required: true
      site_directory:
        description: The directory that all appliances of the site share, as C(Get-CcSiteDirectory) gives it.
        type: str
        required: true
      vms:
        description: Addresses of its VMs. Without it services and calls are reported as unknown.
        type: dict
        suboptions:
          cms:
            description: Address of the Central Management Store VM.
            type: str
            required: true
          mediation:
            description: Address of the Mediation Server VM.
            type: str
            required: true
          edge:
            description: Internal address of the Edge Server VM.
            type: str
            required: true
          ad:
            description: Address of the VM with Active Directory.
            type: str
  gather_subset:
    description:
      - What is read of each appliance, as O(sfb.cloud_connector.appliance_info#module:gather_subset) has it.
      - >-
        V(tenant) logs on to the tenant through one appliance, the first that was read, and what the records say is put into the states
        of all of them. Where that appliance cannot log on, the next one is tried, once. Where as many sessions are open as the tenant
        allows, the logon is tried again for a quarter of an hour.
      - With V(['!min', tenant]) no appliance is read, and RV(tenant) is all that is returned.
    type: list
    elements: str
    default: [all]
  update_windows:
    description:
      - With V(tenant) in O(gather_subset), also the windows in which the product updates itself. They are read in the same session, and returned as
        C(update_windows) of RV(tenant), for the filter P(sfb.cloud_connector.own_update#filter).
    type: bool
    default: false
  exchange_timeout:
    description:
      - Seconds after which reading an appliance is given up and the appliance is reported as unreadable.
      - All of the up to sixteen appliances of a site are read at the same time, so that this is the time the task takes at most, but for ending the sessions.
    type: int
    default: 300
attributes:
  check_mode:
    description: Reads only.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
  become:
    description: Refused, because it would be ignored on this platform. Log on as the deployment account.
    support: none
  async:
    description: Refused. The task ends within O(exchange_timeout).
    support: none
notes:
  - >-
    With Kerberos and tickets that Ansible fetches (C(ansible_winrm_kinit_mode=managed)) all appliances must be logged on to with the
    same principal: the ticket cache is a variable of the process, which the connections share.
  - It is not in the action group C(all), since it does not take the options of a single appliance.
seealso:
  - module: sfb.cloud_connector.appliance_info
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Read a site
  sfb.cloud_connector.site_info:
    appliances: "{{ groups.berlin | sfb.cloud_connector.site_appliances(hostvars) }}"
  register: berlin

- name: Fail when an appliance of it cannot be read
  ansible.builtin.assert:
    that: berlin.states | selectattr('unreadable', 'defined') | length == 0
"""

RETURN = r"""
states:
  description:
    - The RV(sfb.cloud_connector.appliance_info#module:appliance) of each appliance, in the order given.
    - Of an appliance that could not be read C({name, unreadable}), with the reason.
    - C(read_at) is the time of the controller at which the readings that say who carries calls were begun.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: cce-ber-1, read_at: "2026-01-01T00:00:00+00:00", running: "2.0.1", backup: null}
    - {name: cce-ber-2, unreadable: "cce-ber-2 cannot be reached: no answer within 300 seconds."}
tenant:
  description: >-
    The tenant's records, for the option C(tenant) of M(sfb.cloud_connector.health) and M(sfb.cloud_connector.plan). C(logon) is the
    appliance through which they were read, or why they could not be.
  returned: success, when O(gather_subset) has V(tenant)
  type: dict
  sample: {logon: cce-ber-1, sites: [{Identity: berlin, EdgeFQDN: ap.contoso.com, EnableAutoUpdate: false}], appliances: []}
failure:
  description: >-
    Why it failed: C(what) happened, the C(remedy), the C(class), and whether a C(retry) makes sense without anybody changing anything.
  returned: failure
  type: dict
  sample: {what: "The inventory cannot be used as it is.", remedy: "Correct it, then run the same command again.", class: refused, retry: false}
"""
