#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: leftovers
short_description: Remove what this collection left for versions that are gone, and of runs that died
version_added: 0.1.0
description:
  - >-
    Removes staged packages, saved MSIs with what was saved beside them, logs of Windows Installer, and copies of
    C(CloudConnector.ini), of versions that are older than the running one and are neither running, nor the backup, nor those of the
    scripts. Of the copies of inis of the other versions the newest ten stay.
  - >-
    Also removes the file C(sfb.cloud_connector.probe.<host>) that a run of M(sfb.cloud_connector.commissioning) on this appliance has left in the
    site directory. One that is alive holds the lease of the site or has its job open, and nothing is removed beside either.
  - Removes also the answer, and what else lies beside it, of a job of this collection that ended after its claim was taken away.
  - Only names that this collection gives are removed. What is of a newer version than the running one stays, since it may be about to come.
  - >-
    It refuses while an exchange of the MSI is not finished, while a job of this collection is open, and where one of the versions cannot
    be read. The appliance looks at the versions once more right before.
  - VMs are not touched. Those of a version are removed by M(sfb.cloud_connector.deployment) with its O(sfb.cloud_connector.deployment#module:version).
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
attributes:
  check_mode:
    description: Names each file and folder. Removes nothing.
    support: full
  diff_mode:
    description: Shows the files and folders.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Remove what is left of versions that are gone
  sfb.cloud_connector.leftovers:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
"""

RETURN = r"""
appliance:
  description:
    - The state of the appliance after the operation, in short.
    - >-
      It has C(name), C(read_at), C(scripts), C(running), C(backup), C(calls), C(registration), C(management_service), C(jobs) and
      C(slot), each as in RV(sfb.cloud_connector.appliance_info#module:appliance), which has the rest.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.1", backup: null, scripts: "2.1"}
changes:
  description: What was removed, or in check mode would be, in words.
  returned: always
  type: list
  elements: str
  sample: ['remove what was saved of versions that are gone: C:\Program Files\sfb.cloud_connector\saved\2.0']
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "cce-ber-1 cannot be judged: ...", remedy: "...", class: unread}
"""
