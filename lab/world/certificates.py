"""The certificates in the store of an Edge VM: their names and times, nothing else is modelled (cloud-connector.md 1.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lab.world.computer import Computer, StoredCertificate
from lab.world.configuration import Ini, identity

if TYPE_CHECKING:
    from lab.world.appliance import Appliance

EXTERNAL_DAYS = 365
INTERNAL_DAYS = 730
"""Internal certificates are valid for two years (documented)."""
EXTERNAL_ISSUER = "CN=Simulated Public CA"
INTERNAL_ISSUER = "CN=SfB CCE Root"


def put_in_store(appliance: Appliance, edge: Computer, ini: Ini) -> None:
    """What a deployment leaves in the store of the Edge VM: the external certificate and one of the appliance's own authority."""
    start = appliance.world.start
    names = ((identity(ini).edge_fqdn, EXTERNAL_ISSUER), (f"{edge.name}.{_domain(ini)}", INTERNAL_ISSUER))
    edge.certificates = [
        StoredCertificate(f"CN={name}", issuer, start, start + timedelta(days=_days(issuer))) for name, issuer in names
    ]


def _domain(ini: Ini) -> str:
    return ini["Common"]["VirtualMachineDomain"]


def _days(issuer: str) -> int:
    return EXTERNAL_DAYS if issuer == EXTERNAL_ISSUER else INTERNAL_DAYS


def edges(appliance: Appliance) -> list[Computer]:
    """The Edge VMs of all sets."""
    return [machine.computer for machine in appliance.machines if machine.role == "Edge"]


def renew(appliance: Appliance, issuer: str) -> None:
    """A new certificate beside the old one, as a renewal leaves it."""
    now = appliance.world.now()
    for edge in edges(appliance):
        for old in [one for one in edge.certificates if one.issuer == issuer]:
            new = replace(old, begins=now, expires=now + timedelta(days=_days(issuer)))
            edge.certificates += [new] if new not in edge.certificates else []


def remove_legacy(appliance: Appliance) -> None:
    """Only the newest certificate of each name stays."""
    for edge in edges(appliance):
        newest = {one.subject: one for one in sorted(edge.certificates, key=lambda one: one.expires)}
        edge.certificates = [one for one in edge.certificates if newest[one.subject] == one]


def expire(appliance: Appliance, issuer: str) -> None:
    """The certificates of that issuer ran out yesterday."""
    yesterday = appliance.world.now() - timedelta(days=1)
    for edge in edges(appliance):
        edge.certificates = [
            replace(one, expires=yesterday) if one.issuer == issuer else one for one in edge.certificates
        ]
