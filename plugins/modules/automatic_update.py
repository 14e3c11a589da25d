#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: automatic_update
short_description: Suspend automatic update of a site for the time of an upgrade, and put it back
version_added: 0.1.0
description:
  - Switches C(EnableAutoUpdate) of the PSTN site off that the appliance belongs to. That it was on is written down in the site directory before, once; a rerun
    leaves that as it is. Where it was off before, nothing is changed and nothing is written down.
  - Puts it back only where that is written down, and removes the file last, when the tenant says that it is on. So a run that is cut off at any
    moment can be run again, and what the operator had is never lost.
  - Who switches it on by hand meanwhile has the last word in the end, since on is what is put back; the gates of an upgrade refuse as long as it is on. Who
    wants it to stay off says so with O(state=forgotten); that it was switched off by hand once more cannot be seen.
  - An automatic update that is under way goes on all the same; the modules that take an appliance out of service wait for its end.
  - The role C(appliance_upgrade) and the playbooks do this; C(restore) puts it back after a run that nobody goes on with.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
options:
  state:
    description:
      - V(suspended) writes it down and switches it off. Without the CloudConnector module, between two MSIs, the tenant cannot be asked, and nothing is done.
      - V(restored) switches it on again where it is written down that it was on.
      - V(forgotten) removes what is written down, and leaves the setting as it is.
    type: str
    choices: [suspended, restored, forgotten]
    required: true
  unfinished:
    description:
      - With O(state=restored), put it back also while an appliance of the site holds the out-of-service slot, or has a
        job of this collection, or while the site is on
        hold after a rollback.
      - The product may update the site beside that work then.
    type: bool
    default: false
  tenant:
    description:
      - The records of the tenant, as M(sfb.cloud_connector.site_info) returns them, instead of a logon to read them.
        What they say is asked again in the session
        that changes it.
    type: dict
seealso:
  - module: sfb.cloud_connector.tenant_site
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Suspend automatic update of the site of this appliance
  sfb.cloud_connector.automatic_update:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    state: suspended

- name: Put it back
  sfb.cloud_connector.automatic_update:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    state: restored
"""

RETURN = r"""
automatic_update:
  description:
    - Automatic update of the site after the operation; in check mode as it would be.
    - C(enabled) is a dictionary with the key C(unknown) where the tenant was not asked, because nothing had to be done.
    - C(suspended) is what is written down in the site directory; null where nothing is.
  returned: success
  type: dict
  sample: {enabled: false, suspended: {site: berlin, since: "2026-01-31 01:00:00 UTC", by: awx-4711-1234, text: "..."}}
appliance:
  description: The state of the appliance in short.
  returned: always, where it could be read
  type: dict
changes:
  description: What was done, or in check mode would be done, in words.
  returned: success
  type: list
  elements: str
  sample: [write down in the site directory that automatic update of berlin is on, switch automatic update of berlin off]
failure:
  description: Why the operation failed; who carries the calls now, what happened, the remedy, and where known the class of the trouble.
  returned: failure
  type: dict
  sample: {calls: "...", what: "Could not suspend automatic update of berlin: ...", remedy: "...", class: tenant-logon}
"""
