# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tenant's records of appliances, read through any one of them, and what they say of each.

Microsoft allows an administrator three sessions at once, and the product needs some of them (cloud-connector.md 10). So the
records are read once for many appliances: which of them are those of an appliance follows from its own ini and its own name. The
properties of the record of an appliance are not documented; they are inferred from its setters (2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeAlias

from . import steps
from .answers import Answer, attempt
from .appliance import Appliance
from .codec import decode, encode
from .exceptions import NotReadError
from .failure_classes import FailureClass, recognise
from .ini_document import Identity, identity
from .reading import Reading, Unknown, need
from .tenant import Tenant, parse_sites, parse_windows

NOT_ASKED = "the tenant was not asked"
"""Why what the tenant's records say is unknown as long as nobody has logged on."""

ADMINISTRATOR = "credential_TenantAdmin"
"""The step that takes the administrator from the cache."""

Records: TypeAlias = Reading[tuple[Mapping[str, Any], ...]]


@dataclass(frozen=True)
class TenantRecords:
    """What one logon has read.

    Attributes:
        logon: the appliance, by its name in the inventory, through whose cached administrator it was; unknown with the tenant's
            reason.
        sites, appliances: the records.
    """

    logon: Reading[str]
    sites: Records
    appliances: Records

    @classmethod
    def unread(cls, reason: str) -> Self:
        """Records that could not be read."""
        return cls(**{field.name: Unknown(reason) for field in fields(cls)})

    @classmethod
    def from_dict(cls, encoded: Mapping[str, Any]) -> Self:
        """The records that `to_dict` gave.

        Raises:
            ValueError: they are not what it gives.
        """
        try:
            return decode(encoded, cls)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"these are no records of a tenant: {error!r}") from error

    def to_dict(self) -> dict[str, Any]:
        """As JSON can carry them."""
        encoded: dict[str, Any] = encode(self)
        return encoded

    @property
    def sessions_are_full(self) -> bool:
        """Whether the logon failed because as many sessions are open as the tenant allows."""
        return isinstance(self.logon, Unknown) and recognise("", self.logon.reason) == FailureClass.TENANT_SESSIONS_FULL

    def applied(self, appliance: Appliance) -> Appliance:
        """The appliance with what these records say of it."""
        found: dict[str, Any] = {name: attempt(judge, self, appliance) for name, judge in _JUDGES.items()}
        return replace(appliance, **found)


@dataclass(frozen=True)
class RecordsAndWindows(TenantRecords):
    """The records, and beside them when the sites may be updated.

    Attributes:
        update_windows: the sites with the names of their windows, and the windows.
    """

    update_windows: Reading[Tenant] = Unknown(NOT_ASKED)


def parse_with_windows(answer: Answer, through: str) -> RecordsAndWindows:
    """What the answer to `state.windows_survey` says; `through`: the appliance that was asked."""
    found = parse(answer, through)
    if isinstance(found.logon, Unknown):
        return RecordsAndWindows.unread(found.logon.reason)
    windows: Reading[Tenant] = attempt(lambda one: Tenant(parse_sites(one), parse_windows(one)), answer)
    return RecordsAndWindows(found.logon, found.sites, found.appliances, windows)


def parse(answer: Answer, through: str) -> TenantRecords:
    """What the answer to `state.tenant_survey` says; `through`: the appliance that was asked."""
    logon = attempt(_logon, answer, through)
    if isinstance(logon, Unknown):
        return TenantRecords.unread(logon.reason)
    sites, appliances = (attempt(_read, answer, name) for name in ("tenant_sites", "tenant_appliances"))
    return TenantRecords(logon, sites, appliances)


def within(answer: Answer, through: str) -> TenantRecords:
    """What the steps `tenant_appliances` and `tenant_sites` said in a session that others had opened for their work."""
    sites, appliances = (attempt(_read, answer, name) for name in ("tenant_sites", "tenant_appliances"))
    return TenantRecords(through, sites, appliances)


def _logon(answer: Answer, through: str) -> str:
    answer.non_empty(ADMINISTRATOR)
    answer.non_empty(steps.TENANT_SESSION)
    return through


def _read(answer: Answer, name: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(answer.objects(name))


# --- what they say of an appliance ------------------------------------------------------------------------------------


def _tenant_logon(records: TenantRecords, own: Appliance) -> str:
    return need(records.logon)


def _registration(records: TenantRecords, own: Appliance) -> str:
    """A site is known by name and Edge FQDN, an appliance by name and Mediation FQDN; its address is unique, too."""
    wanted, name = _identity(own), need(own.computer_name)
    site = {"Identity": wanted.site_name, "EdgeFQDN": wanted.edge_fqdn}
    found = _match(_complete("tenant_sites", records.sites, site), site)
    parts = {
        "Name": name,
        "MediationServerFqdn": wanted.mediation_fqdn,
        "MediationServerIPAddress": wanted.mediation_address,
    }
    appliance = _match(_complete("tenant_appliances", records.appliances, parts), parts)
    if "half" in (found, appliance) or (found, appliance) == ("none", "full"):
        return "half"
    return appliance


def _auto_update(records: TenantRecords, own: Appliance) -> bool:
    wanted = _identity(own).site_name
    return _flag(records.sites, "Identity", wanted, "EnableAutoUpdate")


def _tenant_maintenance(records: TenantRecords, own: Appliance) -> bool:
    return _flag(records.appliances, "Name", need(own.computer_name), "MaintenanceMode")


def _update_action(records: TenantRecords, own: Appliance) -> str | None:
    """Action and status, in the words of the record."""
    name = need(own.computer_name)
    found = [one for one in need(records.appliances) if _same(one.get("Name"), name)]
    if len(found) != 1:
        raise NotReadError(f"the tenant has no one record of {name}")
    words = [str(found[0][key]) for key in steps.ACTION_PROPERTIES if found[0].get(key) is not None]
    return " ".join(words) or None


_JUDGES: Mapping[str, Callable[[TenantRecords, Appliance], Any]] = {
    "tenant_logon": _tenant_logon,
    "registration": _registration,
    "auto_update": _auto_update,
    "tenant_maintenance": _tenant_maintenance,
    "update_action": _update_action,
}

FIELDS = tuple(_JUDGES)
"""The fields of `Appliance` that follow from the tenant's records."""


def _identity(own: Appliance) -> Identity:
    """The identity that the ini in force stands for, else the ini in the appliance directory."""
    found = identity(need(own.ini))
    if found is None:
        raise NotReadError("the ini lacks a part of the identity of site and appliance")
    return found


def _complete(name: str, records: Records, of: Collection[str]) -> tuple[Mapping[str, Any], ...]:
    """The records that step `name` has read, each with a value in every property of `of`."""
    found = need(records)
    for key in of:
        if any(record.get(key) is None for record in found):
            raise NotReadError(f"an object of {name} has no {key}")
    return found


def _match(records: Collection[Mapping[str, Any]], wanted: Mapping[str, str]) -> str:
    """full: one record has all of it and no other any of it; none: no record has any of it."""
    counts = [sum(_same(record[key], value) for key, value in wanted.items()) for record in records]
    matching = [count for count in counts if count]
    if not matching:
        return "none"
    return "full" if matching == [len(wanted)] else "half"


def _same(left: Any, right: str) -> bool:
    return str(left).lower() == right.lower()


def _flag(records: Records, key: str, name: str, flag: str) -> bool:
    found = [record.get(flag) for record in need(records) if _same(record.get(key), name)]
    if len(found) != 1 or not isinstance(found[0], bool):
        raise NotReadError(f"the tenant has no one record of {name} with {flag}")
    return found[0]
