#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: windows_update
short_description: Search, download or install updates of Windows on the host or in a VM
version_added: 0.1.0
description:
  - Asks the update agent of one computer of an appliance, its host or one of its four VMs, what is missing, and downloads or
    installs what is chosen. It never restarts anything; that is M(sfb.cloud_connector.restart).
  - >-
    The agent works for no logon that came over the network. So the module runs one fixed, small text of Windows PowerShell 4.0 as a
    scheduled task of C(SYSTEM), on the host or, through the host, inside the VM. What to do is a file of JSON beside it, and so is
    its answer. The task needs no password. It goes on when the connection or the controller is lost; the same command finds it again
    and never starts it twice.
  - B(That text was never run on Windows.) It was written from the documentation of the Windows Update Agent API, and tried against a
    lab that simulates it by its protocol. A grammar of PowerShell reads it to its end; that says nothing of what it does.
  - >-
    O(state=installed) refuses while calls can live on the appliance, because an installation may stop services. Microsoft's procedure
    is C(Enter-CcUpdate), update, C(Exit-CcUpdate). It also refuses while Windows waits for a restart.
  - An installation takes the proof of calls away that M(sfb.cloud_connector.call_proof) made before it, and writes down that a new one is due, before
    it begins.
  - Check mode searches, too, since a search changes nothing of Windows. It predicts what would be installed.
  - >-
    An update that has to be installed alone comes first and alone. Where it needs no restart the others follow in the same task, else
    after the restart. Updates that may ask a person are left out and named, and so are optional ones, which Windows does not install by itself
    either, unless they are named in O(accept).
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
  - sfb.cloud_connector.windows
options:
  state:
    description: How far the chosen updates are to come.
    type: str
    choices: [searched, downloaded, installed]
    default: installed
  source:
    description:
      - Who is asked. V(configured) asks the server that policy names, and Windows Update where it names none. C(WSUSServer) and
        C(WSUSStatusServer) of CloudConnector.ini are documented as the servers for the VMs; that the product writes them into that
        policy is inferred, and RV(windows_update.server) shows what policy says.
      - V(windows_update) asks Windows Update itself, which a policy may forbid (0x8024002E).
    type: str
    choices: [configured, windows_update]
    default: configured
  categories:
    description:
      - Classifications to take, such as V(Security Updates), V(Critical Updates), V(Update Rollups), or their ids. V(*) takes all.
      - The names that Microsoft documents are also known by their ids, so that they fit in every display language.
    type: list
    elements: str
    default: ['*']
  accept:
    description: KBs, such as V(KB5000001). Where some are given no others are taken.
    type: list
    elements: str
    default: []
  reject:
    description: KBs that are not taken.
    type: list
    elements: str
    default: []
  poll_interval:
    description: Seconds between two looks at the running task.
    type: int
    default: 15
  search_timeout:
    description: Seconds that a search may take. Then Windows ends its task.
    type: int
    default: 1800
  timeout:
    description:
      - Seconds that download and installation may take. Then Windows ends the task, and the module fails and says so.
      - An installation that hangs may go on without the task; a restart of that computer ends it.
    type: int
    default: 7200
attributes:
  check_mode:
    description: Searches, by a task that is taken away again, and predicts. Downloads and installs nothing.
    support: full
  diff_mode:
    description: Shows the updates that are missing before and after.
    support: full
seealso:
  - module: sfb.cloud_connector.restart
  - module: ansible.windows.win_updates
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: What is missing on the host
  sfb.cloud_connector.windows_update:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    target: host
    state: searched

- name: Install all but one update in the Mediation VM of an appliance in maintenance mode
  sfb.cloud_connector.windows_update:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14, ad: 192.168.10.11}
    target: mediation
    categories: [Security Updates, Critical Updates, Update Rollups]
    reject: [KB5000002]
"""

RETURN = r"""
windows_update:
  description: What the update agent of the computer says.
  returned: when the agent was asked
  type: dict
  contains:
    target:
      description: The computer.
      returned: always
      type: str
      sample: mediation
    boot_time:
      description: When its Windows was started.
      returned: always
      type: str
      sample: "2026-01-05T08:00:00+00:00"
    pending_restart:
      description: What waits for a restart, of C(servicing), C(windows_update) and C(file_renames).
      returned: always
      type: list
      elements: str
      sample: [windows_update]
    server:
      description: The update server that policy names and has asked (C(UseWUServer)); null where that is not so.
      returned: always
      type: str
      sample: http://wsus.contoso.com:8530
    found:
      description:
        - The updates that were found and are chosen, each with C(id), C(title), C(kbs), C(categories), C(size) in bytes,
          C(downloaded), C(installed), C(optional) and C(waits_for_restart). One that something was done with has C(code) too, and one that failed
          C(meaning) and C(remedy).
      returned: always
      type: list
      elements: dict
      sample:
        - {id: 6f1c, title: Security Update, kbs: [KB5000001], categories: [Security Updates], size: 52428800, downloaded: true,
           installed: true, optional: false, waits_for_restart: false, code: "0x00000000"}
    left_out:
      description: The updates that were found and are not chosen, each as in C(found), with C(reason).
      returned: always
      type: list
      elements: dict
      sample: []
    installed:
      description: Those of C(found) that were installed now.
      returned: always
      type: list
      elements: dict
      sample: []
    restart_required:
      description: Whether Windows Update wants a restart.
      returned: always
      type: bool
      sample: true
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: [install KB5000001 on the Mediation VM]
appliance:
  description:
    - The state of the appliance after the operation, in short; in check mode the state it would have.
    - >-
      It has C(name), C(read_at), C(scripts), C(running), C(backup), C(calls), C(registration), C(management_service), C(jobs) and
      C(slot), each as in RV(sfb.cloud_connector.appliance_info#module:appliance), which has the rest.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.1", backup: null, scripts: "2.1"}
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure.
  returned: failure
  type: dict
  sample: {what: "Could not enter maintenance mode: ...", remedy: "...", class: module-cache}
"""
