#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: appliance_info
short_description: Read the whole state of an appliance
version_added: 0.1.0
description:
  - >-
    Reads versions, directories, both CloudConnector.ini, registration, services, VMs, live calls, certificates, disk, memory, a
    pending restart, the clock, signs of automatic recovery and more, in one exchange. Nothing is changed.
  - What could not be read is reported as unknown with the reason, never guessed.
  - >-
    Readings and what is inferred from them are returned apart: RV(appliance) holds what cmdlets, files and Windows said,
    RV(inferred) what this collection concludes, since no documented cmdlet says it.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
options:
  gather_subset:
    description:
      - What to read, in the manner of M(ansible.builtin.setup). The rest is reported as unknown.
      - >-
        V(all), V(min), or names; a name with V(!) before it leaves that out. V(min), which is V(versions) and V(host), is always
        read unless V(!min) is there; so V(!all) reads nothing else.
      - V(versions) are the versions of scripts, running and backup VMs and the directories, V(programs) the installed programs of the product.
      - V(configuration) is CloudConnector.ini of the appliance directory and the one in force.
      - >-
        V(host) is the computer itself: management service, disk, memory, .NET release, clock, start of Windows, and whether it
        waits for a restart.
      - V(machines) are the VMs with their network connections, and the virtual switches.
      - V(services) and V(calls) are read inside the VMs, and so are the certificates of V(certificates) and the start modes of V(recovery).
      - V(certificates) are the paths of the external certificates and the certificates in the Edge VM.
      - V(recovery) are the signs of automatic recovery.
      - V(credentials) tells which cached credentials this logon can read. Passwords are never returned.
      - V(tenant) is registration, automatic update and maintenance flag, for which it logs on to the tenant; it takes longest.
      - V(site) is what is in the site directory, V(slot) which run works on the site, who holds its out-of-service slot, and whether it is on hold.
      - V(ours) is what this collection left on the appliance, jobs that are not collected and the saved record.
    type: list
    elements: str
    default: [all]
  report_only:
    description:
      - Return C({name, unreadable}) for an appliance that cannot be read, instead of a failure.
      - For reading the neighbours of an appliance, of which one that is down must not hide the others.
    type: bool
    default: false
attributes:
  check_mode:
    description: Reads only. Returns the state that the operations before it would have made.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
notes:
  - >-
    Documented by Microsoft are the cmdlets and files that are read, the services, the two call counters, the two events of
    automatic recovery and C(AutoMaintenanceStatus) 3. Not documented are the output of the version cmdlets, of which a version number is
    taken, the properties of the tenant's appliance records, and whether the VMs let the host in.
  - >-
    The expiry of the external certificate is read from the store of the Edge VM, where the certificate is found by the name of the
    Access Edge. Its file cannot be asked without its password.
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Read the state of an appliance
  sfb.cloud_connector.appliance_info:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}

- name: How many calls are live on it
  sfb.cloud_connector.appliance_info:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    gather_subset: [calls]

- name: Everything but what needs the tenant
  sfb.cloud_connector.appliance_info:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    gather_subset: [all, "!tenant"]
"""

RETURN = r"""
appliance:
  description:
    - The state of the appliance; in check mode the state it would have.
    - What could not be read, or was not asked, is a dictionary with the one key C(unknown) and the reason, whatever its type here.
  returned: always
  type: dict
  contains:
    name:
      description: Its name in the inventory.
      returned: always
      type: str
      sample: cce-ber-1
    read_at:
      description: When it was read, by the controller's clock, UTC.
      returned: when it could be read
      type: str
      sample: '2026-01-01T00:00:00+00:00'
    unreadable:
      description: Why it could not be read; nothing else is returned then but its name.
      returned: when O(report_only=true) and it could not be read
      type: str
    computer_name:
      description: Its Windows name.
      returned: when it could be read
      type: str
      sample: CCE-BER-1
    module_present:
      description: Whether PowerShell finds the CloudConnector module, which is gone between two MSIs.
      returned: when it could be read
      type: bool
    scripts:
      description: Version of the CloudConnector module; null when it is not there.
      returned: when it could be read
      type: str
      sample: "2.1"
    running:
      description: Version of the VMs in production; null when nothing is deployed.
      returned: when it could be read
      type: str
      sample: "2.0.1"
    backup:
      description: Version of the other VMs; null when there are none.
      returned: when it could be read
      type: str
    raw_versions:
      description: What the product answered for C(scripts), C(running) and C(backup), word by word.
      returned: when it could be read
      type: dict
      sample: {scripts: ["2.1"], running: ["2.0.1"], backup: []}
    programs:
      description: Installed programs with C(Cloud Connector) in their name, each with C(DisplayName), C(DisplayVersion) and C(PSChildName).
      returned: when it could be read
      type: list
      elements: dict
    appliance_directory:
      description: The appliance directory as the product has it.
      returned: when it could be read
      type: str
    site_directory:
      description: The site directory as the product has it.
      returned: when it could be read
      type: str
    ini_appliance:
      description: Text of CloudConnector.ini in the appliance directory; null when there is none.
      returned: when it could be read
      type: str
    ini_imported:
      description: Text of CloudConnector.ini in force; null when there is none.
      returned: when it could be read
      type: str
    management_service:
      description: The Cloud Connector management service, found by its program; null when there is none.
      returned: when it could be read
      type: dict
      contains:
        name:
          description: Its Windows name.
          returned: always
          type: str
        state:
          description: Its state, such as V(Running).
          returned: always
          type: str
        account:
          description: What it logs on as.
          returned: always
          type: str
          sample: .\CceService
    machines:
      description: All VMs of the host.
      returned: when it could be read
      type: list
      elements: dict
      contains:
        name:
          description: Its name in Hyper-V.
          returned: always
          type: str
        state:
          description: Its state in Hyper-V, such as V(Running) or V(Off).
          returned: always
          type: str
        version:
          description: The version in its name; null when it names none.
          returned: always
          type: str
        switches:
          description: The virtual switches it is connected to.
          returned: always
          type: list
          elements: str
    switches:
      description: The virtual switches of the host.
      returned: when it could be read
      type: list
      elements: str
    services:
      description: For each VM (C(cms), C(mediation), C(edge)) its monitored services with their state. One that is not installed is not in it.
      returned: when it could be read
      type: dict
      sample: {cms: {REPLICA: Running, MASTER: Running}}
    calls:
      description: Live calls by the counters of the Mediation Server.
      returned: when it could be read
      type: dict
      contains:
        inbound:
          description: From the PSTN.
          returned: always
          type: int
        outbound:
          description: To the PSTN.
          returned: always
          type: int
    registration:
      description: How the tenant's records match this appliance and its site, V(full), V(half) or V(none).
      returned: when it could be read
      type: str
    tenant_logon:
      description: The appliance through whose cached administrator the tenant's records were read.
      returned: when it could be read
      type: str
    auto_update:
      description: C(EnableAutoUpdate) of the site.
      returned: when it could be read
      type: bool
    tenant_maintenance:
      description: C(MaintenanceMode) of the appliance in the tenant.
      returned: when it could be read
      type: bool
    credentials:
      description: For each account type whether it is cached and this logon can read it.
      returned: when it could be read
      type: dict
      sample: {TenantAdmin: true, ExternalCert: true, CceService: true, CABackupFile: false}
    disk:
      description: Space on drive C.
      returned: when it could be read
      type: dict
      contains:
        free:
          description: Bytes that are free.
          returned: always
          type: int
        total:
          description: Bytes in all.
          returned: always
          type: int
    memory:
      description: Memory of the host.
      returned: when it could be read
      type: dict
      contains:
        free:
          description: Bytes that are free.
          returned: always
          type: int
        total:
          description: Bytes in all.
          returned: always
          type: int
    dotnet_release:
      description: Release number of the .NET Framework, 394254 is 4.6.1; null when it is older than 4.5.
      returned: when it could be read
      type: int
    clock:
      description: The time of the host when it was read, UTC.
      returned: when it could be read
      type: str
      sample: "2026-01-05T08:00:00+00:00"
    clock_skew:
      description: How far the clock of the host is off the controller's.
      returned: when it could be read
      type: dict
      contains:
        seconds:
          description: Seconds it is ahead; negative when it is behind.
          returned: always
          type: float
        tolerance:
          description: How exact that is, half of the seconds that the exchange took.
          returned: always
          type: float
    boot_time:
      description: When Windows started, UTC.
      returned: when it could be read
      type: str
    zone_minutes:
      description: How many minutes the host's own time is ahead of UTC.
      returned: when it could be read
      type: int
    pending_restart:
      description: What of Windows waits for a restart of the host, V(servicing), V(windows_update), V(file_renames).
      returned: when it could be read
      type: list
      elements: str
    certificate_files:
      description: For C(EdgeServer) and C(MediationServer) the path of the external certificate; null when none was set.
      returned: when it could be read
      type: dict
    certificates:
      description: The certificates in the Edge VM's own store, the external one and those of the appliance's own authority.
      returned: when it could be read
      type: list
      elements: dict
      contains:
        subject:
          description: Whom it names.
          returned: always
          type: str
          sample: CN=ap-berlin.contoso.com
        issuer:
          description: Who issued it.
          returned: always
          type: str
        expires:
          description: The end of its validity, UTC.
          returned: always
          type: str
        thumbprint:
          description: Its hash.
          returned: always
          type: str
    recovery_status:
      description: C(AutoMaintenanceStatus) in the file C(CceSevicePersistent). 3 is automatic recovery, other values are not documented; null without it.
      returned: when it could be read
      type: int
    recovery_events:
      description: The newest events 304 and 20006 of the host's Application log that speak of recovery.
      returned: when it could be read
      type: list
      elements: dict
      contains:
        id:
          description: Number of the event.
          returned: always
          type: int
        time:
          description: When it was logged, UTC.
          returned: always
          type: str
        message:
          description: Its text.
          returned: always
          type: str
    start_modes:
      description: For each VM (C(cms), C(mediation), C(edge)) how its monitored services start, V(Auto), V(Manual) or V(Disabled).
      returned: when it could be read
      type: dict
    lease:
      description: Which run works on the site; null when none does.
      returned: when it could be read
      type: dict
      contains:
        run:
          description: Names one run of ansible-playbook.
          returned: always
          type: str
        who:
          description: The person or the AWX job that runs it, and on which controller.
          returned: always
          type: str
        since:
          description: When it was taken, by the clock of that controller.
          returned: always
          type: str
        token:
          description: Tells this lease from every other.
          returned: always
          type: str
        seconds:
          description: After how many seconds without a sign of life another run may take it over.
          returned: always
          type: int
        boot:
          description: The boot of the computer that the run is a process of.
          returned: always
          type: str
        namespace:
          description: The name space of process ids that it is in.
          returned: always
          type: str
        pid:
          description: Its process id there.
          returned: always
          type: str
        started:
          description: When that process began, in ticks since the boot.
          returned: always
          type: str
        after:
          description: The run that it was taken over from; empty when it was free.
          returned: always
          type: str
        by:
          description: Who took it over by name; empty when nobody did.
          returned: always
          type: str
        reason:
          description: Why.
          returned: always
          type: str
        text:
          description: The file word by word.
          returned: always
          type: str
    slot:
      description: Who holds the out-of-service slot of the site; null when nobody does.
      returned: when it could be read
      type: dict
      contains:
        appliance:
          description: Its name in the inventory of the run that claimed it.
          returned: always
          type: str
        computer:
          description: Its Windows name.
          returned: always
          type: str
        operation:
          description: What it is held for.
          returned: always
          type: str
        since:
          description: When it was claimed.
          returned: always
          type: str
        token:
          description: Tells this claim from every other.
          returned: always
          type: str
        text:
          description: The file word by word.
          returned: always
          type: str
    elevated:
      description: Whether the logon has the full token of an administrator.
      returned: when it could be read
      type: bool
    trusted_hosts:
      description: TrustedHosts of the host's WinRM client, by which it may reach its VMs.
      returned: when it could be read
      type: str
      sample: 10.2.1.*
    stores_passwords:
      description: Whether Windows may store the password of a scheduled task.
      returned: when it could be read
      type: bool
    strong_crypto:
      description: Whether .NET of the host offers TLS 1.2 by itself.
      returned: when it could be read
      type: bool
    firewall_rules:
      description: The inbound rules of calls in the Mediation and Edge VMs, and whether each is enabled; null when there is none of that name.
      returned: when it could be read
      type: dict
      sample: {mediation CS RTCMEDSRV: true, edge CS RTCSRV: true}
    call_events:
      description: Events of the Mediation and Edge VMs that speak of calls that cannot be carried (25062, 25064, 14353).
      returned: when it could be read
      type: list
      elements: dict
      contains:
        id:
          description: Its number.
          returned: always
          type: int
        time:
          description: When it was logged.
          returned: always
          type: str
        message:
          description: Its text; empty when Windows has none.
          returned: always
          type: str
    update_action:
      description: >-
        The last action of the product on the appliance and its status, by the tenant's record; null when the record shows none.
        The names of these properties are inferred.
      returned: when it could be read
      type: str
      sample: BitsUpdate Finished
    update_lock:
      description: When V(CcLockFile) in the site directory was written; null when there is none.
      returned: when it could be read
      type: str
    site_files:
      description: Names in the site directory.
      returned: when it could be read
      type: list
      elements: str
    site_versions:
      description: Versions that the version files of the site directory name.
      returned: when it could be read
      type: list
      elements: str
    suspended:
      description: What is written down in the site directory while automatic update of the site is suspended; null when nothing is.
      returned: when it could be read
      type: dict
      contains:
        site:
          description: The site's name in the tenant.
          returned: always
          type: str
        since:
          description: When it was written down.
          returned: always
          type: str
        by:
          description: The run that wrote it down.
          returned: always
          type: str
        text:
          description: The file, word by word.
          returned: always
          type: str
    jobs:
      description: Jobs of this collection that are claimed and not yet collected; one of them may run now.
      returned: when it could be read
      type: list
      elements: str
    jobs_since:
      description: When each of them was claimed, by the clock of the host, as ISO 8601.
      returned: when it could be read
      type: dict
      sample: {install-2.1: "2026-01-31T01:00:00+00:00"}
    console_work:
      description:
        - Processes of the host that were started with C(Switch-CcVersion), C(Enter-CcUpdate) or C(Uninstall-CcAppliance) in their command line.
        - What was typed into a console that was open already is not among them.
      returned: when it could be read
      type: list
      elements: dict
      contains:
        id:
          description: Its number.
          returned: always
          type: int
        name:
          description: Its program.
          returned: always
          type: str
        since:
          description: When it was started, as ISO 8601.
          returned: always
          type: str
    saved:
      description: What was written down before the MSI was removed; null when nothing was.
      returned: when it could be read
      type: dict
    saved_last:
      description: >-
        The same record of the last replacement that is finished, which says where the MSI lies that M(sfb.cloud_connector.package) with
        O(sfb.cloud_connector.package#module:state=previous) puts back; null when there is none.
      returned: when it could be read
      type: dict
    deployed_by:
      description: >-
        What was written down of the last deployment by this collection, its C(version), as C(ini) the SHA-256 of the CloudConnector.ini
        that was in force, and C(ended), false as long as it has not come to its end; null when nothing was.
      returned: when it could be read
      type: dict
      sample: {version: "2.1", ini: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}
    hold:
      description: Why no appliance of the site goes forward, written by M(sfb.cloud_connector.rollback_hold); null when nothing says so.
      returned: when it could be read
      type: dict
      contains:
        site:
          description: Name of the site.
          returned: always
          type: str
        by:
          description: Who answers for it.
          returned: always
          type: str
        reason:
          description: Why the site goes back.
          returned: always
          type: str
        leaves:
          description: The release that is left.
          returned: always
          type: str
        goes_to:
          description: The release that is gone back to.
          returned: always
          type: str
        since:
          description: When it was made.
          returned: always
          type: str
        token:
          description: Tells this hold from every other.
          returned: always
          type: str
        text:
          description: The file word by word.
          returned: always
          type: str
    snapshot:
      description:
        - Of the snapshot that was taken before an upgrade its C(target), the version that was C(running), when it was C(taken), and when a comparison
          with it passed (C(compared)). Null means there is none.
      returned: when it could be read
      type: dict
    soaked:
      description: The version at which the site was watched to the end after its upgrade; null when it was not.
      returned: when it could be read
      type: str
    proof:
      description: >-
        The last proof that the appliance carries calls, of whichever version, as M(sfb.cloud_connector.call_proof) wrote it down; null when
        there is none.
      returned: when it could be read
      type: dict
      contains:
        version:
          description: What ran then.
          returned: always
          type: str
        way:
          description: C(counters), C(probe), C(command) or C(signoff).
          returned: always
          type: str
        at:
          description: When, as ISO 8601.
          returned: always
          type: str
        by:
          description: The person, or the run.
          returned: always
          type: str
        evidence:
          description: What was seen, for people.
          returned: always
          type: str
    proof_due:
      description: >-
        Since when a proof is due because updates were installed, or a restart was ordered for which Windows waited; null when that is not so. It
        stands there before the first of these changes, and until the next proof or switch.
      returned: when it could be read
      type: str
    commissioned:
      description: >-
        When the host was commissioned last, by which version of the collection, and the status of each check, as
        M(sfb.cloud_connector.commissioning) wrote it down; null when it never was.
      returned: when it could be read
      type: dict
      sample: {at: "2026-01-10T09:00:00+00:00", collection: 0.1.0, results: {elevation: PASS, batch_logon: PASS}}
      contains:
        at:
          description: When.
          returned: always
          type: str
        collection:
          description: The version of the collection that did it.
          returned: always
          type: str
        results:
          description: The check -> V(PASS), V(FAIL), V(ERROR) (it could not be read), V(MANUAL) (a person judges) or V(N/A).
          returned: always
          type: dict
    site_marker:
      description: The text of the file that tells whether two appliances see the same site directory; null when there is none.
      returned: when it could be read
      type: str
configuration:
  description: Both CloudConnector.ini as sections with their keys; a key that comes twice is the first.
  returned: when the appliance could be read
  type: dict
  contains:
    appliance:
      description: The one in the appliance directory; null when there is none.
      returned: always
      type: dict
      sample: {Common: {SiteName: berlin}}
    in_force:
      description: The one in force.
      returned: always
      type: dict
inferred:
  description: What follows from the readings; no documented cmdlet says it.
  returned: when the appliance could be read
  type: dict
  contains:
    mode:
      description:
        - V(production), calls can live on it; V(maintenance); V(stopped), all its services are, and nothing says it is maintenance; or V(ill).
        - Maintenance mode is told by stopped services with the tenant's flag, or with the site's slot.
      returned: always
      type: str
    recovery:
      description: Why automatic recovery seems to be under way; empty when it does not.
      returned: always
      type: str
    management_switches:
      description: Left-over management switches, which a deployment makes and deletes again.
      returned: always
      type: list
      elements: str
    external_certificate_expires:
      description: When the certificate of the Access Edge expires, UTC; null when none in the Edge VM has that name.
      returned: always
      type: str
changes:
  description: Always empty.
  returned: always
  type: list
  elements: str
  sample: []
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, the class of the trouble, and whether a retry
    makes sense.
  returned: failure
  type: dict
  sample: {what: "...", remedy: "...", class: network-logon, retry: false}
"""
