#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: call_proof
short_description: Prove that an appliance carries calls, or stop
version_added: 0.1.0
description:
  - A release may read perfectly well and carry no call. Microsoft's validation after an upgrade is a login and two calls by a person. This
    module looks for a proof in the way that O(way) says, writes it down on the appliance, and fails as long as there is none.
  - A proof counts for the version it was made of, as long as that runs. M(sfb.cloud_connector.version) removes it when it switches; a
    switch to and fro by hand, of which no operation saw anything, is not noticed.
  - Calls and sign-offs count from the moment on in which this module first saw the appliance with the version and without a proof.
    That moment is written down, so that it stays the same when a run is killed and begun anew; what the counters showed is not, so
    that they are watched from the beginning then.
  - Whatever O(way) is, a sign-off in O(signoffs) that names the appliance or its site proves its calls, too.
extends_documentation_fragment:
  - sfb.cloud_connector.appliance
  - sfb.cloud_connector.site
options:
  version:
    description: The version that has to run, and that is proven, such as V(2.1).
    type: str
    required: true
  way:
    description:
      - V(counters) watches the two documented counters of live calls and the documented events of calls that fail. Of each direction a
        call has to be carried to its end. There is no counter of completed calls and no event of one, so what counts is inferred -
        the counter was above 0 in all readings of O(call_seconds), then fell, and no event of a failed call (25062, 25064, 14353) and
        no start or stop of the Mediation service came since. After each of those events it begins anew. Whether a call
        that only rings is counted is not known; neither is seen that both ends hear each other.
      - V(probe) makes a call from the controller to the Mediation Server with SIPp. It is the direction from the phone to the client only.
        A Mediation Server takes calls from the gateways of its topology, so the controller has to be one of them.
      - V(command) runs a program of yours on the controller; exit code 0 proves the calls.
      - V(signoff) always stops, until the same task is given a sign-off.
    type: str
    default: counters
    choices: [counters, probe, command, signoff]
  wait:
    description:
      - Seconds to watch the counters before the module fails. V(0) looks once, which proves nothing.
      - With V(way=counters) only.
    type: int
    default: 1800
  poll_interval:
    description: Seconds between two readings of the counters.
    type: int
    default: 15
  call_seconds:
    description:
      - For how many seconds a counter has to be above 0, in all readings, before its fall counts as the end of a call that was carried.
      - Longer than anybody lets it ring, where the counters should count such calls. Many short calls one after the other look like one.
    type: int
    default: 60
  probe:
    description: The call of V(way=probe), which needs it.
    type: dict
    suboptions:
      executable:
        description: SIPp on the controller, by its path or to be found there. Debian has it as C(sip-tester).
        type: str
        default: sipp
      scenario:
        description:
          - Path of a scenario of SIPp on the controller. It is given the keyword C(caller) and the service O(probe.callee).
          - Without it C(OPTIONS) is asked, then a call is made, answered, held for O(probe.seconds), and ended.
        type: path
      target:
        description: Name or address that is called. By default the Mediation VM of O(vms).
        type: str
      port:
        description: Its port. A Mediation Server of Cloud Connector takes SIP over TCP on 5068 (documented).
        type: int
        default: 5068
      transport:
        description: V(tcp) or V(udp). A Mediation Server takes TCP and TLS; SIPp of Debian has no TLS, V(udp) is for a gateway before it.
        type: str
        default: tcp
        choices: [tcp, udp]
      caller:
        description: The calling number or user.
        type: str
        required: true
      callee:
        description: The called number. It has to answer by itself, an auto attendant say.
        type: str
        required: true
      seconds:
        description: For how long the call is held.
        type: int
        default: 5
      timeout:
        description: Seconds that the whole of it may take.
        type: int
        default: 60
  command:
    description:
      - The program of V(way=command), which needs it. No shell is used.
      - Its environment is that of Ansible, with C(CLOUD_CONNECTOR_APPLIANCE), C(CLOUD_CONNECTOR_SITE), C(CLOUD_CONNECTOR_VERSION), and the
        addresses of the VMs as C(CLOUD_CONNECTOR_CMS), C(CLOUD_CONNECTOR_MEDIATION) and C(CLOUD_CONNECTOR_EDGE), and what
        O(command.environment) and O(secrets) give.
      - While it runs the run keeps the lease of the site.
    type: dict
    suboptions:
      argv:
        description: The program on the controller and its arguments.
        type: list
        elements: str
        required: true
      environment:
        description:
          - More of its environment, texts by their names. No secrets, for which O(secrets) is.
          - A name that begins with C(CLOUD_CONNECTOR_) is refused.
        type: dict
      timeout:
        description: Seconds after which it is ended, with what it has begun, and nothing is proven.
        type: int
        default: 300
  signoffs:
    description: What persons say of calls they have made.
    type: list
    elements: dict
    default: []
    suboptions:
      appliance:
        description: The appliance by its name in the inventory. Either it or O(signoffs[].site) is given.
        type: str
      site:
        description: The site, all of whose appliances carried calls.
        type: str
      by:
        description: Who made the calls.
        type: str
        required: true
      at:
        description:
          - When, as ISO 8601 with a time zone. Not in the future, and later than the appliance was first seen with what runs now; the
            message of the failure names that time.
        type: str
        required: true
      reason:
        description: What else is to be said.
        type: str
  secrets:
    description:
      - More of the environment of O(command), texts by their names, such as the token of a test system. Each text is masked wherever the program
        says it, and stands in no plan, record or report.
    type: dict
  hide:
    description: A text that is masked wherever a program says it, such as the password of the deployment account.
    type: str
attributes:
  check_mode:
    description: Says that calls would have to be proven. Runs no program, watches nothing, and predicts that they are proven.
    support: full
  diff_mode:
    description: Shows the proof before and after.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Wait until a call of each direction was carried
  sfb.cloud_connector.call_proof:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    wait: 3600

- name: Call an auto attendant over the appliance
  sfb.cloud_connector.call_proof:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    vms: {cms: 192.168.10.12, mediation: 192.168.10.13, edge: 192.168.10.14}
    version: "2.1"
    way: probe
    probe: {caller: "+4930123", callee: "+4930456"}

- name: Let the test system of the telephony decide
  sfb.cloud_connector.call_proof:
    appliance_directory: C:\Users\CceAdmin\CloudConnector\ApplianceRoot
    site_directory: \\files\berlin
    version: "2.1"
    way: command
    command:
      argv: [/usr/local/bin/two-calls, --over, cce-ber-1]
      environment: {TWO_CALLS_GATEWAY: sbc1.berlin.example}
      timeout: 120
    secrets:
      TWO_CALLS_TOKEN: "{{ vault_two_calls_token }}"
"""

RETURN = r"""
proof:
  description: What is written down of it on the appliance.
  returned: success
  type: dict
  sample:
    record:
      watch: {version: "2.1", since: "2026-01-31T03:00:00+00:00"}
      proof: {version: "2.1", way: signoff, at: "2026-01-31T03:20:00+00:00", by: Ann, evidence: signed off for cce-ber-1}
appliance:
  description:
    - The state of the appliance after the operation, in short; in check mode the state it would have.
    - >-
      It has C(name), C(read_at), C(scripts), C(running), C(backup), C(calls), C(registration), C(management_service), C(jobs) and
      C(slot), each as in RV(sfb.cloud_connector.appliance_info#module:appliance), which has the rest.
    - What could not be read is a dictionary with the one key C(unknown) and the reason, never a guess.
  returned: when the appliance could be read
  type: dict
  sample: {name: cce-ber-1, running: "2.1", backup: "2.0.1", scripts: "2.1"}
changes:
  description: What was done, or in check mode would be done, in words.
  returned: always
  type: list
  elements: str
  sample: ["prove by counters that calls are carried at 2.1"]
failure:
  description: >-
    Why the operation failed: what happened, the remedy, who carries the calls now, and where known the cmdlet, its error id
    and the class of the failure. Where no call was proven the class is C(calls-not-proven), C(failure.since) has the time that sign-offs
    have to be later than, and the remedy what to give with the same command.
  returned: failure
  type: dict
  sample: {what: "It is not proven that cce-ber-1 carries calls at 2.1: ...", remedy: "...", class: calls-not-proven}
"""
