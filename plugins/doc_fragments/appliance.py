# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options and attributes of every module that talks to an appliance."""

from __future__ import annotations


class ModuleDocFragment:
    """Equal to `operation.arguments.APPLIANCE` by test."""

    DOCUMENTATION = r"""
options:
  appliance_directory:
    description:
      - The appliance directory on the host, as C(Get-CcApplianceDirectory) gives it.
      - It has to be said because no cmdlet answers while the old module is uninstalled and the new one is not there yet.
    type: str
    required: true
  site_directory:
    description:
      - The directory that all appliances of the site share, as C(Get-CcSiteDirectory) gives it; normally a UNC path.
      - A network logon (NTLM) cannot reach a UNC path from the host. Use CredSSP.
    type: str
    required: true
  vms:
    description:
      - Addresses of the VMs that are asked for their services and live calls, as in CloudConnector.ini.
      - Without it services and calls are reported as unknown, and unknown blocks an upgrade.
      - Whether a real appliance lets its host into the VMs in this way is not known; the health check C(counters) finds out.
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
        description: Address of the VM with Active Directory, which only Windows updates and restarts ask.
        type: str
  exchange_timeout:
    description:
      - Seconds after which one exchange with the appliance is given up as lost, its outcome unknown.
      - Keep it shorter than a C(timeout) keyword of the task.
    type: int
    default: 300
  control:
    description:
      - The file on the controller in which a person says that the run is held, or that this appliance is left out; M(sfb.cloud_connector.control)
        writes it. No file says nothing. One that cannot be read or understood holds the run.
      - A module that changes something looks before it begins, and not in check mode. Without this option nobody can hold it.
    type: path
  hold_wait:
    description: Seconds to wait while the run is held, after which the module refuses.
    type: int
    default: 14400
attributes:
  become:
    description: Refused, because it would be ignored on this platform. Log on as the deployment account.
    support: none
  async:
    description: Refused. Long work runs as a scheduled task on the appliance, which outlives the connection.
    support: none
notes:
  - The state is read and changed by cmdlets on the appliance through one PowerShell script; nothing is copied to the host.
  - What Cloud Connector does is documented by Microsoft only in part. Where the documentation is silent this page says so.
"""
