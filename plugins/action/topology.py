# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells the VMs of an appliance which Mediation Servers its site has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..plugin_utils.cce import steps
from ..plugin_utils.cce.answers import attempt
from ..plugin_utils.cce.exceptions import NotReadError, Refused
from ..plugin_utils.cce.failure_classes import FailureClass
from ..plugin_utils.cce.ini_document import identity
from ..plugin_utils.cce.reading import Unknown, need
from ..plugin_utils.cce.tenant_records import NOT_ASKED, TenantRecords
from ..plugin_utils.cce.version_fences import same_versions
from ..plugin_utils.operation.arguments import APPLIANCE, JOB, Arguments, common
from ..plugin_utils.operation.changes import Change
from ..plugin_utils.operation.record import Recorded, RecordedOperation, has_it, record_change
from ..plugin_utils.operation.site_option import SITE

PARTS = ("SiteName", "MediationServerFqdn", "MediationServerIPAddress")


class ActionModule(RecordedOperation[Arguments]):
    """What `Publish-CcAppliance` reads, the tenant's Mediation Servers of the site, decides whether it has to run again."""

    RECORD = "topology"
    NEEDS_TENANT = staticmethod(lambda arguments, state: True)
    """What is published are records of the tenant."""
    ARGUMENTS = {
        **APPLIANCE,
        **SITE,
        **JOB,
        "timeout": {"type": "int", "default": 3600},
    }

    def validate(self, given: Mapping[str, Any]) -> Arguments:
        return Arguments(**common(given, self.host.name), job="publish")

    def missing(self, state: Recorded) -> list[Change]:
        servers, done = self._servers_of_site(state), need(state.record)
        if done.get("servers") == servers and has_it(state, done.get("running")):
            return []
        what = f"publish {', '.join(servers)} to the VMs of {state.running}"
        return [record_change(what, state, servers=servers, running=state.running)]

    def guard(self, state: Recorded, changes: Sequence[Change]) -> None:
        if need(state.running) is None:
            raise Refused(
                f"Nothing is deployed on {self.host.name}: its own deployment takes the topology of its day.",
                "Publish on the other appliances of the site.",
                failure=FailureClass.NOTHING_DEPLOYED,
            )
        if need(state.registration) != "full":
            raise Refused(
                f"The tenant does not know {self.host.name} as it is ({state.registration} match).",
                "Register the appliance first.",
                failure=FailureClass.NOT_REGISTERED,
            )

    def act(self, state: Recorded, changes: Sequence[Change]) -> None:
        """What is written down is what was read before: a server that the tenant gets meanwhile is published again."""
        doing = "publish the topology"
        if self.job_found(state):
            self.jobs.do(state, [steps.publish()], doing)
            return
        fences = same_versions(state, "running")
        published = {"servers": self._servers_of_site(state), "running": state.running}
        self.run_recorded_job(state, [steps.publish()], doing, fences=fences, **published)

    def take_records(self, state: Recorded, records: TenantRecords) -> Recorded:
        return replace(state, subject={"mediation_servers": attempt(_mediation_servers, records)})

    def _servers_of_site(self, state: Recorded) -> dict[str, str]:
        """FQDN and address of each, in a fixed order."""
        own = identity(need(state.ini))
        if own is None:
            raise NotReadError("CloudConnector.ini does not tell the identity of its site; complete it and import it")
        found = need(state.subject.get("mediation_servers", Unknown(NOT_ASKED)))
        return {fqdn: address for site, fqdn, address in found if site.casefold() == own.site_name.casefold()}


def _mediation_servers(records: TenantRecords) -> list[tuple[str, str, str]]:
    found = need(records.appliances)
    if any(one.get(part) is None for one in found for part in PARTS):
        raise NotReadError("an appliance of the tenant lacks a part of its Mediation Server")
    return sorted(
        (str(one["SiteName"]), str(one["MediationServerFqdn"]), str(one["MediationServerIPAddress"])) for one in found
    )
