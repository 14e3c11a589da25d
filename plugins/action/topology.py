# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells the VMs of an appliance which Mediation Servers its site has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._operation import (
    APPLIANCE,
    JOB,
    SITE,
    Change,
    Refused,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._recorded import RecordedOperation, has_it
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Results, attempt
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.ini import identity
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import need

PARTS = ("SiteName", "MediationServerFqdn", "MediationServerIPAddress")


class ActionModule(RecordedOperation):
    """What `Publish-CcAppliance` reads, the tenant's Mediation Servers of the site, decides whether it has to run again."""

    RECORD = "topology"
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "timeout": {"type": "int", "default": 3600},
    }

    job_name = "publish"

    def learn(self, results: Results) -> dict[str, Any]:
        """The survey asks for them already."""
        return {"mediation_servers": attempt(_mediation_servers, results)}

    def decide(self, state: Appliance) -> list[Change]:
        servers = self._servers_of_site(state)
        done = self.record
        if not self.begun(state) and done.get("servers") == servers and has_it(state, done["running"]):
            return []
        if not self.begun(state):
            self._check_start(state)
        what = f"publish {', '.join(servers)} to the VMs of {state.running}"
        return [self.record_change(what, servers=servers, running=state.running)]

    def _servers_of_site(self, state: Appliance) -> dict[str, str]:
        """FQDN and address of each, in a fixed order."""
        own = identity(need(state.ini))
        if own is None:
            raise Refused(
                f"CloudConnector.ini of {self._host} does not tell the identity of its site.",
                "Complete it and import it.",
            )
        found = need(self.subject["mediation_servers"])
        return {fqdn: address for site, fqdn, address in found if site.casefold() == own.site_name.casefold()}

    def _check_start(self, state: Appliance) -> None:
        self.require_idle_host(state)
        if need(state.running) is None:
            raise Refused(
                f"Nothing is deployed on {self._host}: its own deployment takes the topology of its day.",
                "Publish on the other appliances of the site.",
            )
        if need(state.registration) != "full":
            raise Refused(
                f"The tenant does not know {self._host} as it is ({state.registration} match).",
                "Register the appliance first; nothing was published.",
            )

    def act(self, state: Appliance, changes: Sequence[Change]) -> None:
        """What is written down is what was read before: a server that the tenant gets meanwhile is published again."""
        self.run_job(state, [steps.publish()], "publish the topology")
        self.write_record(**{name: changes[0].after["record"][name] for name in ("servers", "running")})


def _mediation_servers(results: Results) -> list[tuple[str, str, str]]:
    results.some("tenant_session")
    return sorted(
        (str(one["SiteName"]), str(one["MediationServerFqdn"]), str(one["MediationServerIPAddress"]))
        for one in results.objects("tenant_appliances", of=PARTS)
    )
