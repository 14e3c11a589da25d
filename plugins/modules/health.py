#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: health
short_description: Say whether an appliance is at a version and well
version_added: 0.1.0
description:
  - Reads the appliance and fails unless every check passes. What could not be read blocks like what is wrong.
  - The checks are those of this collection; Microsoft documents only two test calls, which need a person.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
options:
  version:
    description: The version to upgrade to, such as V(2.1).
    type: str
    required: true
  report_only:
    description:
      - Do not fail when the appliance is not healthy or cannot be reached, and return RV(problem).
      - For a loop over the appliances of a site, in which one must not hide the others.
    type: bool
    default: false
  tenant:
    description:
      - The tenant's records as RV(sfb.cloud_connector.site_info#module:tenant) has them, to judge many appliances by one logon.
      - Without it the module logs on itself, once, when all that is local is well.
    type: dict
  require_proof:
    description:
      - Fail also where M(sfb.cloud_connector.call_proof) has not proven that the appliance carries calls at O(version).
      - Without it that is the check C(test_calls), for a person to judge.
    type: bool
    default: false
  wait:
    description: Seconds to go on reading until all checks pass, since services need a while after a switch.
    type: int
    default: 0
  poll_interval:
    description: Seconds between two reads.
    type: int
    default: 15
attributes:
  check_mode:
    description: Judges the state that the operations before it would have made.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Check the appliance
  sfb.cloud_connector.health:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    wait: 600
"""

RETURN = r"""
appliance:
  description:
    - The state of the appliance in short; in check mode the state it would have.
    - >-
      It has C(name), C(read_at), C(scripts), C(running), C(backup), C(calls), C(registration), C(management_service), C(jobs) and
      C(slot), each as in RV(sfb.cloud_connector.appliance_info#module:appliance), which has the rest.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.0.1", backup: null, scripts: "2.0.1"}
changes:
  description: Always empty, since nothing is changed.
  returned: when every check passes
  type: list
  elements: str
  sample: []
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure. Where checks stopped it, C(failure.checks) has each with its evidence and remedy.
  returned: failure
  type: dict
  sample: {what: "cce-ber-2 is not healthy at 2.1: ...", remedy: "...", class: services-down}
problem:
  description: Why the appliance does not pass.
  returned: when O(report_only=true) and the appliance does not pass
  type: str
  sample: "cce-ber-2 is not healthy at 2.1: services: RTCMEDSRV is Stopped."
checks:
  description: Every check with its result.
  returned: when every check passes
  type: list
  elements: dict
  contains:
    id:
      description: Its name.
      returned: always
      type: str
      sample: running_version
    status:
      description: V(PASS), V(FAIL), V(ERROR) when it could not be read, V(MANUAL) when only a person can judge, or V(N/A). FAIL and ERROR block.
      returned: always
      type: str
    evidence:
      description: What was read.
      returned: always
      type: str
      sample: 2.1 runs, wanted 2.1
    remedy:
      description: What to do; empty when it passes.
      returned: always
      type: str
    consequence:
      description: What happens when one goes on all the same, V(calls) are lost or the V(upgrade) fails later.
      returned: always
      type: str
    failure:
      description: The class of what it found, or of what could not be read; empty when there is none.
      returned: always
      type: str
      sample: no-high-availability
"""
