#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential
short_description: Enter passwords into the credential cache of the appliance
version_added: 0.1.0
description:
  - Runs C(Set-CcCredential), C(Restore-CcCredentials) or C(Register-CcAppliance -Local) and answers what they ask.
  - The product's cmdlets give no way to compare a password, so "changed" goes by O(generation). The generation of each account type
    is kept in a small file of this collection on the appliance; no password, and nothing made from one, is kept anywhere.
  - Documented by Microsoft are the cmdlets, that they prompt, and that C(VmAdmin) and C(DomainAdmin) are asked for the old and then
    for the new credential. Not documented is how the questions are worded. O(patterns) are guesses; a question that none of them
    fits fails at once with its text, and nothing after it is run.
  - >-
    What asks runs in the session of the task. It is claimed on the appliance like a job, by a file that names the process that is at
    it. Where the connection or the controller is lost, or the cmdlet takes longer than O(exchange_timeout), the same command, and
    this very task, waits until that process has ended. The generation is written down in the same request, so that nothing is
    entered twice; which questions were asked is not known then, and the result has a warning.
  - C(Install-CcAppliance -UpdateAllCredentials) is not used. By its page it asks for every password B(and then installs).
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
options:
  operation:
    description:
      - With V(set), runs C(Set-CcCredential) for each of O(credentials), in their order.
      - With V(restore), runs C(Restore-CcCredentials) (2.1), which deletes the whole cache and asks for all of it.
      - With V(register_local), runs C(Register-CcAppliance -Local), which asks for the cached passwords again and does not connect to
        the tenant. Whether it asks for those that are cached already is not documented; one that it did not ask for is a failure.
      - V(restore) and V(register_local) need C(TenantAdmin), C(ExternalCert), C(CceService) and C(CABackupFile) in O(credentials), so
        that they do not stop half way.
    type: str
    choices: [set, restore, register_local]
    default: set
  generation:
    description:
      - Any name for these passwords, such as the date of the change; 1 to 64 letters, digits, dots, dashes and underscores.
      - Another generation than the one that was written down enters the passwords again.
    type: str
    required: true
  credentials:
    description: What to enter, each account type once.
    type: list
    elements: dict
    required: true
    suboptions:
      account_type:
        description: >-
          The account type. V(set) takes C(TenantAdmin), C(VmAdmin), C(DomainAdmin), and from 2.1 on C(OMSWorkspace).
        type: str
        required: true
        choices: [TenantAdmin, VmAdmin, DomainAdmin, OMSWorkspace, ExternalCert, CceService, CABackupFile, SafeModeAdmin]
      user:
        description: The user name. C(TenantAdmin) and C(OMSWorkspace) (its workspace ID) need one.
        type: str
        default: ""
      password:
        description: The password; for C(OMSWorkspace) the key.
        type: str
        required: true
      old_user:
        description: The user name of the old credential, where it differs.
        type: str
      old_password:
        description: The password until now. V(set) needs it for C(VmAdmin) and C(DomainAdmin).
        type: str
  patterns:
    description:
      - Regular expressions of PowerShell for the questions of the product, by account type; C(old) and C(new) are those of
        C(Set-CcCredential) for C(VmAdmin) and C(DomainAdmin). Case does not matter. Those that are given replace single guesses.
      - A pattern should not fit a question for a user name alone, which would get the password. All guesses ask for a word such as
        C(password) for that reason.
    type: dict
    default:
      TenantAdmin: '^(?=.*(password|credential|key)).*(tenant\s*admin|office\s*365|online)'
      VmAdmin: '^(?=.*(password|credential|key)).*(vm\s*admin|virtual machine admin)'
      DomainAdmin: '^(?=.*(password|credential|key)).*domain\s*admin'
      OMSWorkspace: '^(?=.*(password|credential|key)).*(oms|workspace)'
      ExternalCert: '^(?=.*(password|credential|key)).*external\s*cert'
      CceService: '^(?=.*(password|credential|key)).*cceservice'
      CABackupFile: '^(?=.*(password|credential|key)).*(ca\s*backup|backup\s*file)'
      SafeModeAdmin: '^(?=.*(password|credential|key)).*safe\s*mode'
      old: '^(?=.*(password|credential|key)).*\b(old|current|existing)\b'
      new: '^(?=.*(password|credential|key)).*\bnew\b'
  prompts:
    description: More answers, for what the product asks beside these; each is used once, after those made from O(credentials).
    type: list
    elements: dict
    default: []
    suboptions:
      prompt:
        description: A regular expression of PowerShell that the question matches.
        type: str
        required: true
      user:
        description: The user name, where the question asks for a credential.
        type: str
        default: ""
      password:
        description: The password, or the text where a text is asked.
        type: str
        required: true
  discard_cache_of:
    description:
      - For a cache that cannot be decrypted any more, because the password of the Windows account of this name was changed. With
        O(operation=register_local) its file is put aside (Microsoft's documentation says to delete it) and everything entered again.
      - Microsoft's procedure restarts the host first, and has the B(same) passwords entered as before.
    type: str
  poll_interval:
    description: Seconds between two looks at what is waited for.
    type: int
    default: 15
  timeout:
    description: Seconds after which it is not waited for any more. It goes on by itself, and the same command finds it.
    type: int
    default: 3600
notes:
  - After a change of C(VmAdmin), C(DomainAdmin) or C(CceService) the VMs of the older version, which are off, keep the old passwords
    (inferred). The result then holds a warning for the case of a rollback.
  - A new password of the tenant administrator has to be entered on every appliance (documented).
  - When the host dies after a password was set and before its generation was written down, the same task sets it again. For
    C(VmAdmin) and C(DomainAdmin) the product may then refuse the old password; give the new one as old, too.
attributes:
  check_mode:
    description: Says which account types would be entered.
    support: full
  diff_mode:
    description: Shows generations before and after, never a password.
    support: full
  async:
    description: Refused. What can prompt runs attached, under a claim.
    support: none
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Enter the new password of the tenant administrator
  sfb.cloud_connector.credential:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    generation: "2026-05"
    credentials:
      - account_type: TenantAdmin
        user: cceadmin@contoso.onmicrosoft.com
        password: "{{ vault_tenant_password }}"

- name: Give the VMs another administrator's password
  sfb.cloud_connector.credential:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    generation: "2026-05"
    credentials:
      - account_type: VmAdmin
        user: Administrator
        old_password: "{{ vault_vm_password_2025 }}"
        password: "{{ vault_vm_password_2026 }}"
"""

RETURN = r"""
credential:
  description: Which account types are cached and readable, and the generations that were written down. No password.
  returned: success
  type: dict
  sample: {cached: {TenantAdmin: true, VmAdmin: true}, record: {TenantAdmin: "2026-05"}}
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
  sample: ["enter TenantAdmin (generation 2026-05) by Set-CcCredential"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure. C(prompt) is the text of a question that nobody had an answer for.
  returned: failure
  type: dict
  sample: {what: "The credential cache ...", remedy: "...", class: credential-cache}
"""
