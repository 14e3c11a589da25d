# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options and notes of every module that works on records of the tenant."""

from __future__ import annotations


class ModuleDocFragment:
    """Equal to `operation.tenant.TENANT` by test."""

    DOCUMENTATION = r"""
options:
  exchange_timeout:
    description:
      - Seconds after which one exchange with the appliance is given up as lost, its outcome unknown.
      - Keep it shorter than a C(timeout) keyword of the task.
    type: int
    default: 300
notes:
  - Microsoft ended the service behind these records on 31 July 2021 together with Skype for Business Online. Where nothing answers any more the
    module fails and changes nothing.
  - Any appliance will do, because it only lends its PowerShell and the tenant administrator that is cached on it. Run the task on one appliance,
    for instance with C(run_once), as the account that cached the administrator and with a logon that can read the cache (CredSSP).
  - The administrator needs no second factor; with one an unattended logon is not possible.
attributes:
  check_mode:
    description: Reads the records and predicts what would be changed. The next task in check mode goes on from the prediction.
    support: full
  diff_mode:
    description: Shows what changes in the record.
    support: full
  become:
    description: Refused, because it would be ignored on this platform. Log on as the deployment account.
    support: none
  async:
    description: Refused.
    support: none
"""
