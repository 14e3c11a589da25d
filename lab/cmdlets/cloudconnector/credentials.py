"""The credential cmdlets (cloud-connector.md 1.1, 1.3). How the product asks is not documented: the questions are the lab's."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.product import Work, at_least, product, scripts, work
from lab.cmdlets.session import session_of
from lab.powershell.errors import no_prompt
from lab.powershell.invocation import Invocation
from lab.powershell.objects import MASK, Credential, Secret
from lab.world import credentials
from lab.world.appliance import Appliance
from lab.world.switches import Switches

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
OTHER_WORDS = {
    "TenantAdmin": "Office 365 administrator",
    "ExternalCert": "certificate file of the Edge Server",
    "CceService": "account of the management service",
    "CABackupFile": "backup of the root certificate",
    "SafeModeAdmin": "directory restore mode",
    "DomainAdmin": "administrator of the internal domain",
    "VmAdmin": "local administrator of the servers",
    "OMSWorkspace": "monitoring",
}
"""What another author might call the same (switch `prompt_style`)."""
SET_SINCE = {"VmAdmin": "2.0", "DomainAdmin": "2.0", "OMSWorkspace": "2.1"}
"""The first release whose Set-CcCredential takes the account type (1.1)."""
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
def set_credential(call: Invocation, appliance: Appliance) -> Work:
    """Asks for the credential; for VmAdmin and DomainAdmin for the old and then the new one."""
    kind = call.get("AccountType")
    if not at_least(call, SET_SINCE.get(kind, "0")):
        call.throw(f"'{kind}' is not an account type of this release. (simulated)")
    if kind in credentials.DERIVED:
        ask(call, kind, "old ")
    new = ask(call, kind, "new " if kind in credentials.DERIVED else "")
    yield from work(call, appliance, "stored", appliance.world.switches.credential_seconds)
    change(call, appliance, {kind: new})


@product("Restore-CcCredentials")
def restore_credentials(call: Invocation, appliance: Appliance) -> Work:
    """Deletes the whole cache and asks for everything again."""
    ask_all(call, appliance)
    yield from work(call, appliance, "stored", appliance.world.switches.credential_seconds)


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
    """Asks for one account, as the switches `prompt_style`, `confirm_twice` and `host_ui` say."""
    switches = session_of(call).appliance.world.switches
    first, again = _questions(kind, which, switches.prompt_style)
    known = _answer(call, kind, first, switches)
    new = which != "old "
    if switches.confirm_twice and new and _answer(call, kind, again, switches).password != known.password:
        call.throw("The passwords do not match. (simulated)")
    return known


def _questions(kind: str, which: str, style: str) -> tuple[str, str]:
    """The question for one account, and the one for the same password again."""
    if style == "other words":
        return f"Please provide the {which}password for {OTHER_WORDS[kind]}:", "Please type it once more:"
    asked = "user name and password" if kind in WITH_NAME else "password"
    text = f"the {asked} of the {which}{ACCOUNTS[kind]} ({kind})"
    return f"Enter {text}", f"Confirm {text}"


def _answer(call: Invocation, kind: str, question: str, switches: Switches) -> Credential:
    """Asks one question with Get-Credential or Read-Host, or past the bridge, where nobody answers."""
    whole = kind in WITH_NAME or switches.prompt_style == "credential"
    if switches.host_ui:
        raise no_prompt("PromptForCredential", 4) if whole else no_prompt("ReadLineAsSecureString", 0)
    if whole:
        return call.get_credential(question, "" if kind in WITH_NAME else kind)
    secret = call.read_host(question, secure=True)
    return Credential(kind, secret if isinstance(secret, Secret) else Secret(secret))
