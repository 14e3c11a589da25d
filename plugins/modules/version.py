#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: version
short_description: Make a deployed version the running one
version_added: 0.1.0
description:
  - Runs C(Switch-CcVersion) as a job, only when the running version differs from O(version) and the backup version is O(version).
  - The cmdlet is a toggle without a version parameter, so both versions are compared again on the appliance in the same process.
  - It drains first. Running calls end by themselves and new ones are refused. A drain has no documented limit.
  - Where nobody takes over the new calls, because the site has no spare and its owner consented to an outage, it waits for a moment without calls first.
  - Reads the other appliances of O(site) right before, and refuses when they cannot carry the calls of the site and nobody consented to an
    outage.
  - >-
    Claims the out-of-service slot of the site in the same request as the switch, a file in O(site_directory) that one appliance
    at a time can have. So a playbook with many forks cannot take out two appliances of a site. The slot is given back when the
    appliance was read to serve again. As long as it does not, it is kept, with a warning; the same command again gives it back.
  - The slot of an appliance that was read healthy and without unfinished work since it took the slot is taken over.
  - >-
    A slot that was given back stays beside it as C(sfb.cloud_connector.slot.) with a number of its own, a record of who was out of
    service and when. These files may be deleted while no run is under way.
  - >-
    While the site is on hold (M(sfb.cloud_connector.rollback_hold)) nothing goes forward. With O(rollback=true) it goes back, only then.
    Microsoft describes the switch back with scripts of the newer release, and supports no high availability until scripts and VMs are of
    one version again.
  - Fails when VMs of another version are still on after the switch, since both sets have the same addresses.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site.required
  - sfb.cloud_connector.job
options:
  version:
    description:
      - The version to upgrade to, such as V(2.1).
      - With O(rollback=true) the older version to go back to, such as V(2.0.1).
    type: str
    required: true
  rollback:
    description:
      - Go back to O(version). It must be the backup version and older than the running one, its four VMs must be there, and the scripts
        must be those of the running version. Where it runs already there is nothing to do, so that a second run never goes forward.
      - The site must be on hold for going back to that version.
      - Counters that cannot be read do not stop it where the appliance is known not to serve. The switch drains what is left.
    type: bool
    default: false
  force:
    description:
      - Adds C(-Force) to the cmdlet, which stops services forcibly if draining fails. That cuts the calls that are left.
      - It is never added to a switch that was begun before. What it does to a drain that is under way is not documented. See O(force_drain).
    type: bool
    default: false
  drain_limit:
    description:
      - Seconds after which a drain has lasted too long. The module then fails with the class C(drain-limit), and says how many calls are live,
        since when it drains, and what can be done. The drain goes on. V(0) is no limit.
      - Counted from the moment the drain began, also where another run began it.
    type: int
    default: 3600
  force_drain:
    description:
      - Consent of a named person to cut the calls that a drain of this site waits for. Of another site it changes nothing.
      - Microsoft documents that C(-Force) stops services forcibly where draining fails. That it ends a drain that lasts, or one that is
        under way, is not documented. So a drain that is under way is ended first, only while a call is live on it, and the switch is
        begun anew with C(-Force). Whether that cuts the calls is seen then; where it does not, O(drain_limit) tells.
      - A drain that was begun with force is not ended again.
    type: dict
    suboptions:
      site:
        description: Name of the site.
        type: str
        required: true
      by:
        description: Who answers for it.
        type: str
        required: true
      reason:
        description: Why the calls may be cut.
        type: str
        required: true
  timeout:
    description:
      - Seconds to wait for drain and switch.
      - When they are over the module fails and says so; the work goes on, and the same command finds it again.
    type: int
    default: 7200
  idle_wait:
    description:
      - Seconds to wait for a moment without a live call, where the site cannot do without this appliance. V(0) is not to wait.
      - >-
        When they are over the drain begins all the same, with a warning: it cuts no call, but new ones are refused until the
        running ones have ended.
      - Where the others carry the calls there is no wait.
    type: int
    default: 1800
  update_wait:
    description:
      - >-
        Seconds to wait for the end of an automatic update of the product or of Windows that is under way on the appliance or in its
        site. V(0) is not to wait.
      - When they are over and the update is not, the module refuses, and nothing is changed.
    type: int
    default: 3600
attributes:
  check_mode:
    description: Predicts running and backup version.
    support: full
  diff_mode:
    description: Shows running and backup version before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Switch to 2.1
  sfb.cloud_connector.version:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    task_user: "{{ cloud_connector_deployment_user }}"
    task_password: "{{ cloud_connector_deployment_password }}"
    site:
      name: berlin
      peak_calls: 600
      appliances: "{{ groups.berlin | sfb.cloud_connector.site_appliances(hostvars) }}"

- name: Go back to 2.0.1
  sfb.cloud_connector.version:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.0.1"
    rollback: true
    task_user: "{{ cloud_connector_deployment_user }}"
    task_password: "{{ cloud_connector_deployment_password }}"
    site:
      name: berlin
      peak_calls: 600
      appliances: "{{ groups.berlin | sfb.cloud_connector.site_appliances(hostvars) }}"
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
  sample: ["switch from 2.0.1 to 2.1"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure. Where checks stopped it, C(failure.checks) has each with its evidence and remedy.
  returned: failure
  type: dict
  sample: {what: "Could not deploy 2.1: ...", remedy: "...", class: state-key}
"""
