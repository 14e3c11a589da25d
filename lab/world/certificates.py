"""The certificates in the store of an Edge VM: their names and times, nothing else is modelled (cloud-connector.md 1.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from lab.world.computer import Computer, StoredCertificate
from lab.world.configuration import Ini, identity

EXTERNAL_DAYS = 365
INTERNAL_DAYS = 730
"""Internal certificates are valid for two years (documented)."""
EXTERNAL_ISSUER = "CN=Simulated Public CA"
INTERNAL_ISSUER = "CN=SfB CCE Root"


def put_in_store(edge: Computer, ini: Ini, start: datetime) -> None:
    """Fills the store of an Edge VM deployed at `start`: the external certificate and one of the appliance's own authority."""
    names = ((identity(ini).edge_fqdn, EXTERNAL_ISSUER), (f"{edge.name}.{_domain(ini)}", INTERNAL_ISSUER))
    edge.certificates = [
        StoredCertificate(f"CN={name}", issuer, start, start + timedelta(days=_days(issuer))) for name, issuer in names
    ]


def _domain(ini: Ini) -> str:
    return ini["Common"]["VirtualMachineDomain"]


def _days(issuer: str) -> int:
    return EXTERNAL_DAYS if issuer == EXTERNAL_ISSUER else INTERNAL_DAYS


def renew(edges: Iterable[Computer], issuer: str, now: datetime) -> None:
    """A new certificate beside the old one, as a renewal leaves it."""
    for edge in edges:
        for old in [one for one in edge.certificates if one.issuer == issuer]:
            new = replace(old, begins=now, expires=now + timedelta(days=_days(issuer)))
            edge.certificates += [new] if new not in edge.certificates else []


def remove_legacy(edges: Iterable[Computer]) -> None:
    """Only the newest certificate of each name stays."""
    for edge in edges:
        newest = {one.subject: one for one in sorted(edge.certificates, key=lambda one: one.expires)}
        edge.certificates = [one for one in edge.certificates if newest[one.subject] == one]


def expire(edges: Iterable[Computer], issuer: str, now: datetime) -> None:
    """The certificates of that issuer ran out a day before `now`."""
    for edge in edges:
        edge.certificates = [
            replace(one, expires=now - timedelta(days=1)) if one.issuer == issuer else one for one in edge.certificates
        ]
