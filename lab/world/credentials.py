"""The credential cache of an appliance (cloud-connector.md 1.1 Get-CcCredential, 6.3 T11, 8)."""

from __future__ import annotations

from lab.powershell.objects import Credential
from lab.world.appliance import PROGRAM_DATA, Appliance
from lab.world.configuration import number
from lab.world.network import Logon, account

KEY_NOT_VALID = "ConvertTo-SecureString : Key not valid for use in specified state."
"""The documented text of a cache that cannot be decrypted."""

OLD_TYPES = ("ExternalCert", "SafeModeAdmin", "DomainAdmin", "VmAdmin", "TenantAdmin")
NEW_TYPES = ("TenantAdmin", "ExternalCert", "CceService", "CABackupFile")
DERIVED = ("VmAdmin", "DomainAdmin")
"""From 2.0 on these have the password of CceService unless they were set (6.4)."""


class Sealed(Exception):
    """The cache is there and cannot be decrypted."""


def wanted(version: str) -> tuple[str, ...]:
    """The account types that registration needs."""
    return NEW_TYPES if number(version) >= (2, 0) else OLD_TYPES


def path(user: str) -> str:
    """The cache file of an account."""
    return rf"{PROGRAM_DATA}\credentials.{account(user)}.xml"


def store(appliance: Appliance, user: str, cached: dict[str, Credential]) -> None:
    """Writes the cache of an account anew; it is readable from now on."""
    appliance.caches[account(user)] = dict(cached)
    appliance.sealed.discard(account(user))
    appliance.computer.files.write_text(path(user), "<simulated/>")
    appliance.computer.files.write_text(rf"{PROGRAM_DATA}\credentials..CceService.xml", "<simulated/>")


def cache(appliance: Appliance, logon: Logon) -> dict[str, Credential]:
    """What the account of this logon has cached, empty when there is no cache file. Raises Sealed.

    DPAPI: only the account that stored it, and only a logon that holds the account's password.
    """
    user = account(logon.user)
    if not appliance.computer.files.exists(path(user)):
        return {}
    reads = logon.delegates or appliance.world.switches.network_logon_reads_cache
    if user in appliance.sealed or not reads:
        raise Sealed(KEY_NOT_VALID)
    return appliance.caches.get(user, {})


def cached(appliance: Appliance, logon: Logon, kind: str) -> Credential | None:
    """One cached credential. Raises Sealed."""
    known = cache(appliance, logon)
    found = known.get(kind)
    if kind not in DERIVED:
        return found
    if found is not None and found.user != kind:
        return found
    secret = found or known.get("CceService")
    return None if secret is None else Credential("Administrator", secret.password)


def opens(appliance: Appliance, user: str, password: str) -> bool:
    """Whether a VM of the appliance lets this account in: VmAdmin, DomainAdmin or CceService, whoever cached them."""
    for known in appliance.caches.values():
        passwords = {known[kind].password.value for kind in ("CceService", *DERIVED) if kind in known}
        if account(user) in ("administrator", "cceservice") and password in passwords:
            return True
    return False
