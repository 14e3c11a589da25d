# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A VM of an appliance, reached through its host: what is sent goes through the nested bridge (bridge.md 13).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..cce import guests, steps
from ..cce.answers import Answer
from ..cce.exceptions import NoAnswer, NotReadError
from ..cce.steps import Step
from .host import Host


@dataclass(kw_only=True)
class GuestHost(Host):
    """One VM; its steps travel as text inside a step of the host, so they cannot answer prompts, nor hold an output of it.

    Attributes:
        outer: the host.
        target: which VM.
        address: where the host finds it.
    """

    outer: Host
    target: str
    address: str

    @classmethod
    def behind(cls, outer: Host, target: str, address: str) -> GuestHost:
        """The VM behind a host, whose warnings it shares."""
        return cls(
            name=f"{guests.name(target)} of {outer.name}",
            connection=outer.connection,
            timeout=outer.timeout,
            masker=outer.masker,
            clock=outer.clock,
            warnings=outer.warnings,
            outer=outer,
            target=target,
            address=address,
        )

    def exchange(self, asked: Sequence[Step], answers: Sequence[Mapping[str, str]] = ()) -> Answer:
        """Send steps into the VM. Raises ConnectionLost; NoAnswer also where the host does not get into the VM."""
        credential = steps.credential(guests.ACCOUNTS[self.target], guests.CREDENTIAL)
        inside = steps.inside(guests.STEP, self.address, guests.CREDENTIAL, asked)
        answer = self.outer.exchange([credential, inside])
        try:
            return answer.inside(guests.STEP)
        except NotReadError as error:
            raise NoAnswer(f"{self.name} could not be asked: {error}") from error
