# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A call over SIP, made by SIPp: its command line, and the scenario that is used where none is given.

A Mediation Server takes SIP from the gateways of its topology only, over TCP 5068 or TLS 5067 (cloud-connector.md 3.2, 4). So
who probes has to be one of them: a controller on a gateway's address, or behind one. It is the direction from the phone to the
client: the other one a probe does not show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TRANSPORTS: Mapping[str, str] = {"tcp": "t1", "udp": "u1"}
"""How SIPp names them. A Mediation Server takes TCP and TLS; Debian's SIPp has no TLS, and UDP is for a gateway before it."""

_NAME = re.compile(r"[A-Za-z0-9+*#_][A-Za-z0-9+*#_.-]{0,63}")
_ADDRESS = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")

SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="a call of sfb.cloud_connector">
  <send retrans="500">
    <![CDATA[

      OPTIONS sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 1 OPTIONS
      Contact: <sip:[caller]@[local_ip]:[local_port];transport=[transport]>
      Max-Forwards: 70
      Content-Length: 0

    ]]>
  </send>
  <recv response="200"/>
  <send retrans="500">
    <![CDATA[

      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>
      Call-ID: [call_id]
      CSeq: 2 INVITE
      Contact: <sip:[caller]@[local_ip]:[local_port];transport=[transport]>
      Max-Forwards: 70
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=- 53655765 2353687637 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 0 8 101
      a=rtpmap:0 PCMU/8000
      a=rtpmap:8 PCMA/8000
      a=rtpmap:101 telephone-event/8000

    ]]>
  </send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rrs="true"/>
  <send>
    <![CDATA[

      ACK [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      [routes]
      From: <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: 2 ACK
      Max-Forwards: 70
      Content-Length: 0

    ]]>
  </send>
  <pause milliseconds="{held}"/>
  <send retrans="500">
    <![CDATA[

      BYE [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      [routes]
      From: <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: 3 BYE
      Max-Forwards: 70
      Content-Length: 0

    ]]>
  </send>
  <recv response="200"/>
</scenario>
"""
"""The far end is asked whether it is there, called, answered, kept for a while and hung up on. `{held}`: milliseconds."""


@dataclass(frozen=True)
class Probe:
    """A call to be made.

    Attributes:
        executable: SIPp, by its path or to be found.
        scenario: the path of a scenario; empty for `SCENARIO`.
        target, port, transport: where the call goes.
        caller, callee: numbers or names of users.
        seconds: for how long the call is held.
        timeout: seconds that all of it may take.
    """

    executable: str
    scenario: str
    target: str
    port: int
    transport: str
    caller: str
    callee: str
    seconds: int
    timeout: int

    @classmethod
    def of(cls, given: Mapping[str, Any], mediation: str) -> Probe:
        """The probe of an option; `mediation` is the target where none is given.

        Raises:
            ValueError: something of it cannot be handed to SIPp; the text says what to write.
        """
        probe = cls(**{**given, "scenario": given["scenario"] or "", "target": given["target"] or mediation})
        if not _ADDRESS.fullmatch(probe.target):
            raise ValueError(f"the target {probe.target!r} is no name or address")
        for name, value in (("caller", probe.caller), ("callee", probe.callee)):
            if not _NAME.fullmatch(value):
                raise ValueError(f"the {name} {value!r} is no number or user: write letters, digits, + * # . _ and -")
        if not 0 < probe.port < 65536:
            raise ValueError(f"the port {probe.port} is none")
        if probe.timeout <= 0 or probe.seconds < 0:
            raise ValueError("timeout must be more than 0, and seconds not less")
        return probe

    @property
    def text(self) -> str:
        """The scenario that is used where none was given."""
        return SCENARIO.replace("{held}", str(self.seconds * 1000))

    def argv(self, scenario: str, errors: str) -> list[str]:
        """The command line of one call. Exit code 0 means that it went well.

        Args:
            scenario: the path of the scenario.
            errors: the path of the file that gets what came instead of what was waited for.
        """
        return [
            self.executable,
            f"{self.target}:{self.port}",
            *("-sf", scenario),
            *("-t", TRANSPORTS[self.transport]),
            *("-s", self.callee),
            *("-key", "caller", self.caller),
            *("-m", "1", "-nostdin", "-trace_err", "-error_file", errors),
            *("-recv_timeout", str(self.timeout * 1000)),
            *("-timeout", f"{self.timeout}s", "-timeout_error"),
        ]

    def told(self) -> str:
        """In words."""
        return f"a call from {self.caller} to {self.callee} at {self.target}:{self.port} over {self.transport}"
