#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot
short_description: Compare an appliance after an upgrade with what it was before
version_added: 0.1.0
description:
  - Before an upgrade it writes down what the appliance is like, in a record on the appliance. After it, the module fails for each difference
    that an upgrade does not make and that nobody accepted.
  - The record is of one target. It is taken once, before the first change, and kept until it was compared, whichever run or controller comes next.
  - Areas are C(versions), C(programs), C(directories), C(management_service), C(machines), C(switches), C(services), C(start_modes),
    C(certificates), C(certificate_files), C(firewall_rules), C(events), C(counters), C(ini), C(registration), C(tenant_record), C(credentials),
    C(host), C(trusted_hosts), C(recovery) and C(site).
  - Of the ini only the keys of Microsoft's templates are kept. A snapshot holds no password.
  - An area that could not be read before is not compared, which the module warns of when it takes the snapshot. One that cannot be read
    afterwards is a difference.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
options:
  version:
    description: The version that the upgrade leads to, such as V(2.1).
    type: str
    required: true
  state:
    description:
      - V(taken) writes the snapshot down where there is none of this upgrade yet, unless the product does not know which version runs.
      - V(compared) compares the appliance with it, and notes in the record when nothing was found.
    type: str
    choices: [taken, compared]
    default: taken
  only_open:
    description: Compare only where no comparison with this snapshot has passed yet. Of an upgrade that is long over nothing is compared then.
    type: bool
    default: false
  accept_changes:
    description:
      - Names of differences that are meant, each as C(area/item) as a message names it. Case means nothing; V(*) stands for anything.
    type: list
    elements: str
    default: []
  accept_ini_changes:
    description: Keys of the ini that are meant to differ, each as C(Section/Key).
    type: list
    elements: str
    default: []
  tenant:
    description:
      - The tenant's records as RV(sfb.cloud_connector.site_info#module:tenant) has them. The module never logs on itself.
      - Without it C(registration) and C(tenant_record) are neither taken nor compared.
    type: dict
attributes:
  check_mode:
    description: Says that it would take a snapshot. Compares nothing, since nothing was done.
    support: full
  diff_mode:
    description: Shows nothing.
    support: none
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Write down what it is like
  sfb.cloud_connector.snapshot:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"

- name: Compare after the upgrade
  sfb.cloud_connector.snapshot:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    state: compared
    accept_changes: [certificates/*]
"""

RETURN = r"""
appliance:
  description:
    - The state of the appliance in short.
    - >-
      It has C(name), C(read_at), C(scripts), C(running), C(backup), C(calls), C(registration), C(management_service), C(jobs) and
      C(slot), each as in RV(sfb.cloud_connector.appliance_info#module:appliance), which has the rest.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.0.1", backup: null, scripts: "2.0.1"}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: success
  type: list
  elements: str
  sample: ["take a snapshot before the upgrade to 2.1"]
snapshot:
  description: Of the snapshot C(target), C(running) before the upgrade, when it was C(taken) and C(compared); null where there is none.
  returned: success
  type: dict
  sample: {target: "2.1", running: "2.0.1", taken: "2026-05-04T01:00:00+00:00", compared: null}
differences:
  description: What is not as it was, with the reason why it does not stop. Of a failure see C(failure.differences).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The area and the item.
      returned: always
      type: str
      sample: services/edge RTCMRAUTH
    kind:
      description: V(missing), V(added), V(changed) or V(unread).
      returned: always
      type: str
    before:
      description: The value before.
      returned: always
      type: raw
    after:
      description: The value now.
      returned: always
      type: raw
    reason:
      description: Why it does not stop.
      returned: always
      type: str
      sample: the new set is in production
    source:
      description: How that is known, V(documented), V(inferred), V(of this collection) or V(accepted).
      returned: always
      type: str
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and the class of the failure. Where differences stopped it,
    C(failure.differences) has each of them.
  returned: failure
  type: dict
  sample: {what: "cce-ber-1 is not as it was before the upgrade: ...", remedy: "...", class: state-changed}
"""
