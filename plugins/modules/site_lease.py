#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: site_lease
short_description: Say which run works on a site, and give the lease of this run back
version_added: 0.1.0
description:
  - >-
    The lease is a file in the site directory that names the run which works on the site. The first module of a run that changes
    something on an appliance of the site takes it by itself; a module of another run then refuses to work there, and says who has it.
  - >-
    A run gives it back with O(state=released) after its last appliance of the site. A run that ends without is not waited for where it
    was on the same computer, and else for as long as its lease says. It is taken over as soon as nothing is unfinished on the other
    appliances of the site.
  - A module that is used without O(site) takes the lease for itself only, and gives it back at its end.
  - Check mode takes nothing and gives nothing back. Modules that only read need no lease.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
options:
  state:
    description:
      - V(read) only says who holds the lease.
      - V(released) gives it back where it is that of this run.
      - >-
        With O(site) also where it is that of a run on the same computer that has ended: it was killed after its last act, and this one
        had nothing to do. Where that left something unfinished on an appliance of the site, the module fails.
      - The lease of any other run is never touched.
    type: str
    choices: [released, read]
    default: read
attributes:
  check_mode:
    description: Gives nothing back.
    support: full
  diff_mode:
    description: Shows the lease before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Give the site back after its last appliance
  sfb.cloud_connector.site_lease:
    appliance_directory: 'C:\Users\cceadmin\CloudConnector\ApplianceRoot'
    site_directory: '\\files\berlin'
    state: released

- name: Say who works on the site
  sfb.cloud_connector.site_lease:
    appliance_directory: 'C:\Users\cceadmin\CloudConnector\ApplianceRoot'
    site_directory: '\\files\berlin'
  register: site_lease
"""

RETURN = r"""
lease:
  description: Which run works on the site, as RV(sfb.cloud_connector.appliance_info#module:appliance.lease); null when none does.
  returned: success
  type: dict
own:
  description: Whether that is this run.
  returned: success
  type: bool
takeovers:
  description: Who took the site over by name, the latest last; at most 20.
  returned: success
  type: list
  elements: dict
  contains:
    at:
      description: When, by the clock of the controller.
      returned: always
      type: str
    by:
      description: Who.
      returned: always
      type: str
    reason:
      description: Why.
      returned: always
      type: str
    run:
      description: The run that took it.
      returned: always
      type: str
    from:
      description: Who had it before.
      returned: always
      type: str
appliance:
  description:
    - The state of the appliance, in short, as far as this module reads it.
    - What was not read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, jobs: []}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: [give back the lease of the site]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not give back the lease of the site: ...", remedy: "...", class: network-logon}
"""
