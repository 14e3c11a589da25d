"""The credential cmdlets (cloud-connector.md 1.1, 1.3). How the product asks is not documented: the questions are the lab's."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import product, scripts
from lab.powershell.invocation import Invocation
from lab.powershell.objects import MASK, Credential, Secret
from lab.world import credentials
from lab.world.appliance import Appliance

ACCOUNTS = {
    "TenantAdmin": "tenant administrator",
    "ExternalCert": "external certificate",
    "CceService": "CceService account",
    "CABackupFile": "certification authority backup file",
    "SafeModeAdmin": "safe mode administrator",
    "DomainAdmin": "domain administrator",
    "VmAdmin": "virtual machine administrator",
    "OMSWorkspace": "OMS workspace",
}
WITH_NAME = ("TenantAdmin", "OMSWorkspace")
"""Asked for a name and a password; the others for a password only."""


@product("Get-CcCredential")
def get_credential(call: Invocation, appliance: Appliance) -> None:
    """Writes the cached credential as an object; its password is never shown by the lab, not with -DisplayPassword either."""
    kind = call.get("AccountType", "TenantAdmin")
    try:
        found = credentials.cached(appliance, call.logon, kind)
    except credentials.Sealed as sealed:
        call.throw(str(sealed))
        raise
    if found is not None:
        call.write(found)
        call.write(*([MASK] if call.flag("DisplayPassword") else []))


@product("Set-CcCredential")
def set_credential(call: Invocation, appliance: Appliance) -> None:
    """Asks for the credential; for VmAdmin and DomainAdmin for the old and then the new one."""
    kind = call.get("AccountType")
    if kind in credentials.DERIVED:
        ask(call, kind, "old ")
        change(call, appliance, {kind: ask(call, kind, "new ")})
    else:
        change(call, appliance, {kind: ask(call, kind)})


@product("Restore-CcCredentials")
def restore_credentials(call: Invocation, appliance: Appliance) -> None:
    """Deletes the whole cache and asks for everything again."""
    ask_all(call, appliance)


def ask_all(call: Invocation, appliance: Appliance) -> None:
    """Empties the cache and asks for every account type of the release."""
    credentials.store(appliance, call.logon.user, {})
    complete(call, appliance)


def enter_again(call: Invocation, appliance: Appliance) -> None:
    """Asks for every account type of the release and puts the answers over what is cached."""
    change(call, appliance, {kind: ask(call, kind) for kind in credentials.wanted(scripts(call))})


def complete(call: Invocation, appliance: Appliance) -> dict[str, Credential]:
    """The cache with every account type of the release: what is missing is asked for, once."""
    try:
        known = dict(credentials.cache(appliance, call.logon))
    except credentials.Sealed as sealed:
        call.throw(str(sealed))
        raise
    missing = {kind: ask(call, kind) for kind in credentials.wanted(scripts(call)) if kind not in known}
    if missing:
        credentials.store(appliance, call.logon.user, known | missing)
    return known | missing


def change(call: Invocation, appliance: Appliance, new: dict[str, Credential]) -> None:
    """Puts credentials into the cache over those that are there."""
    try:
        known = credentials.cache(appliance, call.logon)
    except credentials.Sealed as sealed:
        call.throw(str(sealed))
        raise
    credentials.store(appliance, call.logon.user, {**known, **new})


def ask(call: Invocation, kind: str, which: str = "") -> Credential:
    """Asks for one account."""
    text = f"{which}{ACCOUNTS[kind]} ({kind})"
    if kind in WITH_NAME:
        return call.get_credential(f"Enter the user name and password of the {text}")
    secret = call.read_host(f"Enter the password of the {text}", secure=True)
    return Credential(kind, secret if isinstance(secret, Secret) else Secret(secret))
