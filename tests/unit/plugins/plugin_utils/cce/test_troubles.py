"""Errors are known by what does not depend on the display language; the table for people is that of the data."""

from __future__ import annotations

import html
import pathlib
import re

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import troubles
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Results
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import NotReadError

ROOT = pathlib.Path(__file__).parents[5]
GET_COMMAND = "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand"
PS = "System.Management.Automation."
NOT_FOUND_FR = "Le terme «{}» n'est pas reconnu comme nom d'applet de commande, fonction, fichier de script."

FOREIGN = [
    (
        "T11-credential-cache",
        "ImportSecureString_InvalidArgument_CryptographicError,Microsoft.PowerShell.Commands.ConvertToSecureStringCommand",
        "Clé non valide pour l'utilisation dans l'état spécifié.",
        "System.Security.Cryptography.CryptographicException",
    ),
    (
        "T12-dotnet",
        "PropertyNotFoundStrict",
        "La propriété «Common» est introuvable dans cet objet.",
        f"{PS}PropertyNotFoundException",
    ),
    (
        "T13-state-key",
        "XmlNodeSetShouldBeAString",
        "Impossible de définir «State», car seules des chaînes sont admises.",
        f"{PS}SetValueException",
    ),
    (
        "T14-windows-image",
        "DismError",
        "Échec de Dismount-WindowsImage. Code d'erreur = 0xc1550115",
        "System.Runtime.InteropServices.COMException",
    ),
    (
        "T18-module-cache",
        "CommandNotFoundException",
        NOT_FOUND_FR.format("Stop-CsWindowsService"),
        f"{PS}CommandNotFoundException",
    ),
    ("T19-module-missing", GET_COMMAND, NOT_FOUND_FR.format(r"CloudConnector\Get-CcVersion"), ""),
    (
        "T19-module-missing",
        "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand",
        "Le module CloudConnector",
        "",
    ),
    ("T20-hyper-v-module", GET_COMMAND, NOT_FOUND_FR.format("Get-VMSwitch"), ""),
    ("tenant-module-missing", GET_COMMAND, NOT_FOUND_FR.format("New-CsOnlineSession"), ""),
    ("cmdlet-missing", GET_COMMAND, NOT_FOUND_FR.format("Get-FileHash"), ""),
    (
        "network-logon",
        "GetContentReaderUnauthorizedAccessError,Microsoft.PowerShell.Commands.GetContentCommand",
        "L'accès est refusé",
        "",
    ),
    ("vm-refused", "AccessDenied,PSSessionStateBroken", "Accès refusé.", f"{PS}Remoting.PSRemotingTransportException"),
    (
        "vm-unreachable",
        "CannotConnect,PSSessionStateBroken",
        "WinRM ne peut pas",
        f"{PS}Remoting.PSRemotingTransportException",
    ),
    ("logon-failure", "HRESULT 0x8007052e,Register-ScheduledTask", "Le nom d'utilisateur est incorrect.", ""),
    (
        "batch-logon",
        "HRESULT 0x80070569,Start-ScheduledTask",
        "Échec d'ouverture de session: le type n'a pas été autorisé.",
        "",
    ),
    (
        "execution-policy",
        "UnauthorizedAccess,Microsoft.PowerShell.Commands.ImportModuleCommand",
        "l'exécution de scripts est désactivée",
        f"{PS}PSSecurityException",
    ),
    (
        "download-failed",
        "WebCmdletWebResponseException,Microsoft.PowerShell.Commands.InvokeWebRequestCommand",
        "Le nom distant n'a pas pu être résolu",
        "System.Net.WebException",
    ),
    ("prompt-past-the-bridge", "PSInvalidOperationException", "PowerShell est en mode NonInteractif.", ""),
    (
        "service-not-started",
        "CouldNotStartService,Microsoft.PowerShell.Commands.StartServiceCommand",
        "Le service ne peut pas démarrer",
        "",
    ),
    (
        "T2-domain-join",
        "FailToJoinDomainFromWorkgroup,Microsoft.PowerShell.Commands.AddComputerCommand",
        "L'ordinateur n'a pas pu joindre",
        "",
    ),
]
"""As a French Windows words them; the ids are PowerShell's own."""

ENGLISH = [
    (
        "T3-management-switch-in-use",
        "Remove-VMSwitch : Failed while removing virtual Ethernet switch. The virtual switch 'Cloud Connector Management "
        "Switch' cannot be deleted because it is being used by running virtual machines or assigned to child pools.",
    ),
    (
        "T4-edge-authentication-service",
        "Service RTCMRAUTH failed to start. Check to make sure the service is not disabled.",
    ),
    (
        "T6-registration-conflict",
        "Cannot register appliance because your current input/configuration S conflicts with existing appliance(s).",
    ),
    (
        "T10-tenant-logon",
        "Unexpected exception when reporting status to online: System.Management.Automation.CmdletInvocationException: Logon "
        "failed for the user 'x'",
    ),
    ("T11-credential-cache", "ConvertTo-SecureString : Key not valid for use in specified state."),
    (
        "T12-dotnet",
        r"The property 'Common' cannot be found on this object. Verify that ... Internal\MtHostCommon.ps1:681 char:14",
    ),
    (
        "T13-state-key",
        'Failed to install new instance with error: Cannot set "State" because only strings can be used as values to set '
        "XmlNode properties",
    ),
    ("T14-windows-image", "Dismount-WindowsImage failed. Error code = 0xc1550115"),
    ("T18-module-cache", "The term 'Stop-CsWindowsService' is not recognized as the name of a cmdlet"),
    (
        "T19-module-missing",
        'Import-Module: The specified module "CloudConnector" was not loaded because no valid module file was found in any '
        "module directory",
    ),
    (
        "T20-hyper-v-module",
        r"Get-VM : The term 'Get-VM' is not recognized as the name of a cmdlet ... Internal\MtCommon.ps1:1824",
    ),
    ("T21-automatic-updating", "Windows automatic updating is not enabled. To ensure that ..."),
    ("T22-route-without-gateway", "No gateway specified for the route"),
    (
        "T25-windows-updates-of-the-base-vm",
        "Failed to install Windows updates. Please manually update the VM (Password: x) and run Convert-CcIsoToVhdx",
    ),
    ("tenant-multi-factor", "AADSTS50076: Due to a configuration change you must use multi-factor authentication"),
    ("T10-tenant-logon", "AADSTS50126: Invalid username or password"),
    ("disk-full", "There is not enough space on the disk."),
    ("memory-short", "Not enough memory in the system to start the virtual machine"),
    ("share-unreachable", r"Could not find a part of the path '\\files\berlin'."),
    ("file-in-use", "The process cannot access the file because it is being used by another process. (0x80070020)"),
    ("shutting-down", "A system shutdown is in progress. (Exception from HRESULT: 0x8007045B)"),
]
"""What Microsoft's page and Windows say."""


@pytest.mark.parametrize(("name", "id", "message", "exception"), FOREIGN, ids=[one[0] for one in FOREIGN])
def test_an_error_in_another_language_is_known_by_its_id(name: str, id: str, message: str, exception: str) -> None:
    found = troubles.recognise(id, message, exception=exception)
    assert found is not None and found.name == name


@pytest.mark.parametrize(("name", "message"), ENGLISH, ids=[one[0] for one in ENGLISH])
def test_a_documented_text_is_known_without_any_id(name: str, message: str) -> None:
    assert troubles.named(message, name)


def test_a_category_and_a_cmdlet_may_say_it() -> None:
    crypto = "System.Security.Cryptography.CryptographicException"
    denied = troubles.recognise("X", "Nicht erlaubt", category="PermissionDenied")
    wrong = troubles.recognise(
        "X", "Das Kennwort", cmdlet=r"CloudConnector\Set-CcExternalCertificateFilePath", exception=crypto
    )
    assert denied is not None and denied.name == "network-logon"
    assert wrong is not None and wrong.name == "T24-certificate-password"
    assert troubles.recognise("X", "Das Kennwort", exception=crypto) is None


def test_what_nobody_knows_is_not_named() -> None:
    assert troubles.recognise("Some,Id", "Something else") is None
    assert troubles.find("none") is None


@pytest.mark.parametrize("trouble", troubles.TROUBLES, ids=lambda trouble: trouble.name)
def test_every_trouble_that_shows_in_a_text_is_tried_here(trouble: troubles.Trouble) -> None:
    tried = {one[0] for one in (*FOREIGN, *ENGLISH)} | {"T24-certificate-password"}
    assert (trouble.found in (troubles.ERROR, troubles.WARNING)) == bool(trouble.pattern) == (trouble.name in tried)


def test_names_are_unique() -> None:
    names = [trouble.name for trouble in troubles.TROUBLES]
    assert len(names) == len(set(names)) and not set(names) & set(troubles.GENERAL)


# --- the reason why something could not be read


def reason(error: dict[str, str]) -> str:
    results = Results({"results": [{"name": "it", "output": [], "errors": [error]}]})
    with pytest.raises(NotReadError) as raised:
        results.output("it")
    return str(raised.value)


def test_a_reason_stays_known_in_another_language() -> None:
    name, id, message, exception = FOREIGN[0]
    assert troubles.named(reason({"id": id, "message": message, "exception": exception}), name)


def test_a_reason_that_is_known_by_its_words_is_left_as_it_is() -> None:
    assert (
        reason({"id": "Unauthorized,Get-Content", "message": "Access is denied", "category": "PermissionDenied"})
        == "Access is denied"
    )


# --- docs/troubles.md


def rows(section: str) -> dict[str, list[str]]:
    """The cells of a table of the page, by the first of them."""
    page = html.unescape((ROOT / "docs" / "troubles.md").read_text(encoding="utf-8"))
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    lines = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("|")
    ]
    return {cells[0].strip("`"): cells[1:] for cells in lines[2:]}


def test_the_page_has_every_class() -> None:
    wanted = {
        one.name: [one.meaning, one.remedy, "yes" if one.retry else "no", one.found, one.source]
        for one in troubles.TROUBLES
    }
    assert rows("Classes of errors") == wanted


def test_the_page_has_the_general_classes_and_exit_codes() -> None:
    assert rows("General classes") == {name: [meaning] for name, meaning in troubles.GENERAL.items()}
    codes = {
        f"msi-{code}": [meaning, remedy, "yes" if retry else "no"]
        for code, (meaning, remedy, retry) in troubles.EXIT_CODES.items()
    }
    assert rows("Exit codes of Windows Installer") == codes
    assert rows("Documented troubles that are not met") == {name: [why] for name, why in troubles.NOT_MET.items()}
