#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: package
short_description: Replace the CloudConnector MSI
version_added: 0.1.0
description:
  - Saves what is there (both ini files, module.ini, versions, directories), fetches the new MSI, compares its SHA-256,
    uninstalls the old MSI and installs the new one.
  - >-
    Nothing is uninstalled unless the new MSI is there and has the declared hash, and the old one is saved: Windows Installer's own copy
    of it, or that of O(previous_source). It stays below C(C:\Program Files\sfb.cloud_connector\saved) with its SHA-256 for a way back.
  - >-
    Whether the old MSI is gone decides between the two halves, not the exit code of C(msiexec). Exit codes 0, 3010 and 1641 are success
    where the state shows it; any other is a failure. C(msiexec) writes a log, which a failure names.
  - >-
    Refuses where the version file in O(site_directory) names a later version than O(version), since C(Start-CcDownload) would fetch other
    bits then. Not with O(url_root): what a private site has, its owner knows.
  - That the running VMs go on carrying calls meanwhile is inferred from the documented procedure; Microsoft does not say it.
  - Refuses to go forward while the site is on hold.
  - A host whose module is missing is finished only when the saved record of this module is there.
  - >-
    Claims the out-of-service slot of the site, a file in O(site_directory), and keeps it until M(sfb.cloud_connector.version) has
    switched. While scripts and VMs are of different versions there is no high availability, so two appliances of a site must
    not be like that at the same time.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site.required
  - sfb.cloud_connector.job
options:
  state:
    description:
      - V(present) replaces the MSI by that of O(version).
      - V(absent) removes the MSI of O(version), which is refused while any VMs are deployed, since only its cmdlets can drain
        and remove them.
      - >-
        V(previous) puts the MSI of the older O(version) back, and both CloudConnector.ini, as this module has saved them when it replaced
        them. The VMs of O(version) must run, so a switch is taken back first (M(sfb.cloud_connector.version)), and the site must be
        on hold for it (M(sfb.cloud_connector.rollback_hold)). The slot is given back when scripts and VMs are of one version again.
        Register the appliance afterwards. Microsoft documents none of this; it is the only way to high availability but forward.
      - >-
        V(staged) brings the MSI of O(version) in ahead, days before the upgrade, and compares its SHA-256. Nothing is uninstalled or
        installed, no cmdlet of the product changes anything, the tenant is not asked, and no slot is taken. What would refuse the upgrade and
        can be known ahead is refused: a hold, no path from the installed release, an ini of another appliance, other bits in the site
        directory, and an old MSI that cannot be saved. V(present) compares the staged MSI again and fetches it only where it is not the right one.
    type: str
    choices: [present, absent, previous, staged]
    default: present
  version:
    description: >-
      The version to upgrade to, such as V(2.1); with O(state=absent) the one that is there, with O(state=previous) the older one to
      go back to.
    type: str
    required: true
  source:
    description:
      - Required with O(state=present) and O(state=staged). With O(state=previous) what this module saved is used where it is left out.
      - URL (http, https) or path of the MSI, as seen from the appliance.
      - Windows PowerShell on Windows Server 2012 R2 offers a web server TLS 1.0 only, unless C(SchUseStrongCrypto) of the .NET
        Framework is set on the host.
    type: str
  sha256:
    description: The SHA-256 of the MSI, hexadecimal. Required with O(state=present) and O(state=staged).
    type: str
  content:
    description:
      - The text of the CloudConnector.ini that will be imported after this.
      - The MSI is replaced only where it is of the same appliance as the one in force, since the address of the host may be that of another one.
    type: str
  url_root:
    description: The private download site that M(sfb.cloud_connector.download) will be given, if any.
    type: str
  previous_source:
    description:
      - URL or path of the MSI that is installed now, as seen from the appliance. By default Windows Installer's own copy is saved.
      - Needs O(previous_sha256).
    type: str
  previous_sha256:
    description: The SHA-256 of O(previous_source), hexadecimal.
    type: str
  require_previous:
    description:
      - Whether the MSI is replaced only when the old one could be saved.
      - V(false) gives up the way back to the old MSI where its copy is not found.
    type: bool
    default: true
  on_restart_required:
    description:
      - What to do where Windows Installer wants a restart of the host (exit code 3010 or 1641).
      - >-
        V(stop) fails after the new MSI is installed, so that the host can be restarted in maintenance mode; the same command fails
        until it was restarted, then it goes on.
      - >-
        V(go_on) warns. Where Windows counts it as a pending restart (servicing or Windows Update), M(sfb.cloud_connector.version)
        refuses to switch until the host was restarted.
      - With O(state=absent) it is a warning in any case.
    type: str
    choices: [stop, go_on]
    default: stop
  timeout:
    description:
      - Seconds to wait for download, removal and installation.
      - When they are over the module fails and says so; the work goes on, and the same command finds it again.
    type: int
    default: 3600
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
    description: Predicts the new scripts version, or what would be staged.
    support: full
  diff_mode:
    description: Shows the scripts version before and after, or the SHA-256 of what is staged.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Replace the MSI
  sfb.cloud_connector.package:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    source: https://packages.example.com/CloudConnector-2.1.msi
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    content: "{{ cloud_connector_ini }}"
    task_user: "{{ cloud_connector_deployment_user }}"
    task_password: "{{ cloud_connector_deployment_password }}"
    site:
      name: berlin
      peak_calls: 600
      appliances: "{{ groups.berlin | sfb.cloud_connector.site_appliances(hostvars) }}"

- name: Bring the MSI in days before
  sfb.cloud_connector.package:
    state: staged
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    source: https://packages.example.com/CloudConnector-2.1.msi
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    content: "{{ cloud_connector_ini }}"
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
  sample: ["replace the MSI 2.0.1 by 2.1"]
restart_required:
  description: Whether the host waits for a restart, by Windows Installer or by the signs of Windows (servicing, Windows Update).
  returned: success
  type: bool
  sample: false
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure. Where checks stopped it, C(failure.checks) has each with its evidence and remedy.
  returned: failure
  type: dict
  sample: {what: "Could not deploy 2.1: ...", remedy: "...", class: state-key}
"""
