# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says which run works on the site of an appliance, and gives the lease of this run back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plugin_utils.cce import lease
from ..plugin_utils.cce.answers import Answer, attempt
from ..plugin_utils.cce.appliance import Appliance
from ..plugin_utils.cce.codec import encode
from ..plugin_utils.cce.reading import Reading, Unknown, need
from ..plugin_utils.cce.state import Survey, appliance_survey
from ..plugin_utils.operation.appliance import ApplianceOperation
from ..plugin_utils.operation.arguments import APPLIANCE, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.site_option import SITE


@dataclass(frozen=True, kw_only=True)
class LeaseArguments(Arguments):
    """`released`: this run gives the lease back."""

    released: bool


class ActionModule(ApplianceOperation[LeaseArguments, Appliance]):
    """The operations of a run take the lease by themselves: all there is left to do is to give it back."""

    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        "state": {"type": "str", "choices": ["released", "read"], "default": "read"},
    }
    BESIDE_JOBS = True
    TAKES_LEASE = False

    _takeovers: Reading[list[dict[str, str]]] = Unknown("not asked")

    def validate(self, given: Mapping[str, Any]) -> LeaseArguments:
        return LeaseArguments(**common(given, self.host.name), released=given["state"] == "released")

    def survey(self) -> Survey[Appliance]:
        """The short one; who took leases over by name is read beside it."""
        base = appliance_survey(self.arguments.place, ("slot", "ours"))

        def parse(answer: Answer) -> Appliance:
            self._takeovers = attempt(lambda: lease.entries(answer.file("takeovers") or ""))
            return base.parse(answer)

        return Survey([*base.steps, lease.log_text("takeovers", self.arguments.place.site_directory)], parse)

    def missing(self, state: Appliance) -> list[Change]:
        """A lease of another run is none of this one's business, unless that has ended: a rerun may have had nothing to do."""
        if not (self.arguments.released and self.lease.may_be_given_back(state)):
            return []
        return [Change("give back the lease of the site", {"lease": need(state.lease)}, {"lease": None})]

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        self.lease.give_back(state)

    def result(self, state: Appliance) -> dict[str, Any]:
        found = need(state.lease)
        return {
            "lease": encode(found),
            "own": self.lease.is_own(state),
            "takeovers": encode(self._takeovers),
        }
