"""One table of failure classes; errors are known by what does not depend on the display language."""

from __future__ import annotations

import re

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import failure_classes
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.failure_classes import (
    EXIT_CODES,
    FAILURES,
    NOT_MET,
    FailureClass,
    Found,
    most_special,
    recognise,
)

GET_COMMAND = "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand"
PS = "System.Management.Automation."
NOT_FOUND_FR = "Le terme «{}» n'est pas reconnu comme nom d'applet de commande, fonction, fichier de script."

FOREIGN = [
    (
        FailureClass.VM_NOT_TRUSTED,
        "ServerNotTrusted,PSSessionStateBroken",
        "Le client WinRM ne peut pas traiter la demande.",
        f"{PS}Remoting.PSRemotingTransportException",
    ),
    (
        FailureClass.PROGRAM_KEY,
        "System.InvalidCastException,Microsoft.PowerShell.Commands.GetItemPropertyCommand",
        "Le cast spécifié n'est pas valide.",
        "System.InvalidCastException",
    ),
    (FailureClass.PASSWORD_NOT_STORED, "HRESULT 0x80070520,Register-ScheduledTask", "Une ouverture de session", ""),
    (FailureClass.BITS_LOGON, "", "L'opération n'a pas été effectuée. (0x800704DD)", ""),
    (
        FailureClass.CREDENTIAL_CACHE,
        "ImportSecureString_InvalidArgument_CryptographicError,Microsoft.PowerShell.Commands.ConvertToSecureStringCommand",
        "Clé non valide pour l'utilisation dans l'état spécifié.",
        "System.Security.Cryptography.CryptographicException",
    ),
    (
        FailureClass.DOTNET,
        "PropertyNotFoundStrict",
        "La propriété «Common» est introuvable dans cet objet.",
        f"{PS}PropertyNotFoundException",
    ),
    (
        FailureClass.STATE_KEY,
        "XmlNodeSetShouldBeAString",
        "Impossible de définir «State», car seules des chaînes sont admises.",
        f"{PS}SetValueException",
    ),
    (
        FailureClass.WINDOWS_IMAGE,
        "DismError",
        "Échec de Dismount-WindowsImage. Code d'erreur = 0xc1550115",
        "System.Runtime.InteropServices.COMException",
    ),
    (
        FailureClass.MODULE_CACHE,
        "CommandNotFoundException",
        NOT_FOUND_FR.format("Stop-CsWindowsService"),
        f"{PS}CommandNotFoundException",
    ),
    (FailureClass.MODULE_MISSING, GET_COMMAND, NOT_FOUND_FR.format(r"CloudConnector\Get-CcVersion"), ""),
    (
        FailureClass.MODULE_MISSING,
        "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand",
        "Le module CloudConnector",
        "",
    ),
    (FailureClass.HYPER_V_MODULE, GET_COMMAND, NOT_FOUND_FR.format("Get-VMSwitch"), ""),
    (FailureClass.TENANT_MODULE_MISSING, GET_COMMAND, NOT_FOUND_FR.format("New-CsOnlineSession"), ""),
    (FailureClass.CMDLET_MISSING, GET_COMMAND, NOT_FOUND_FR.format("Get-FileHash"), ""),
    (
        FailureClass.NETWORK_LOGON,
        "GetContentReaderUnauthorizedAccessError,Microsoft.PowerShell.Commands.GetContentCommand",
        "L'accès est refusé",
        "",
    ),
    (
        FailureClass.VM_REFUSED,
        "AccessDenied,PSSessionStateBroken",
        "Accès refusé.",
        f"{PS}Remoting.PSRemotingTransportException",
    ),
    (
        FailureClass.VM_UNREACHABLE,
        "CannotConnect,PSSessionStateBroken",
        "WinRM ne peut pas",
        f"{PS}Remoting.PSRemotingTransportException",
    ),
    (
        FailureClass.LOGON_FAILURE,
        "HRESULT 0x8007052e,Register-ScheduledTask",
        "Le nom d'utilisateur est incorrect.",
        "",
    ),
    (
        FailureClass.BATCH_LOGON,
        "HRESULT 0x80070569,Start-ScheduledTask",
        "Échec d'ouverture de session: le type n'a pas été autorisé.",
        "",
    ),
    (
        FailureClass.EXECUTION_POLICY,
        "UnauthorizedAccess,Microsoft.PowerShell.Commands.ImportModuleCommand",
        "l'exécution de scripts est désactivée",
        f"{PS}PSSecurityException",
    ),
    (
        FailureClass.DOWNLOAD_FAILED,
        "WebCmdletWebResponseException,Microsoft.PowerShell.Commands.InvokeWebRequestCommand",
        "Le nom distant n'a pas pu être résolu",
        "System.Net.WebException",
    ),
    (FailureClass.PROMPT_PAST_THE_BRIDGE, "PSInvalidOperationException", "PowerShell est en mode NonInteractif.", ""),
    (
        FailureClass.SERVICE_NOT_STARTED,
        "CouldNotStartService,Microsoft.PowerShell.Commands.StartServiceCommand",
        "Le service ne peut pas démarrer",
        "",
    ),
    (
        FailureClass.DOMAIN_JOIN,
        "FailToJoinDomainFromWorkgroup,Microsoft.PowerShell.Commands.AddComputerCommand",
        "L'ordinateur n'a pas pu joindre",
        "",
    ),
]
"""As a French Windows words them; the ids are PowerShell's own."""

ENGLISH = [
    (
        FailureClass.TENANT_SESSIONS_FULL,
        "The WS-Management service cannot process the request. The maximum number of concurrent shells for this user has been "
        "exceeded. Close existing shells or raise the quota for this user.",
    ),
    (FailureClass.SECURE_CHANNEL, "The request was aborted: Could not create SSL/TLS secure channel."),
    (FailureClass.NOT_ELEVATED, "Access is denied. You need to run this cmdlet from an elevated process."),
    (FailureClass.PROGRAM_KEY, "Specified cast is not valid."),
    (
        FailureClass.PASSWORD_NOT_STORED,
        "A specified logon session does not exist. It may already have been terminated.",
    ),
    (FailureClass.BITS_LOGON, "The operation was not performed because the user has not logged on to the network"),
    (
        FailureClass.MANAGEMENT_SWITCH_IN_USE,
        "Remove-VMSwitch : Failed while removing virtual Ethernet switch. The virtual switch 'Cloud Connector Management "
        "Switch' cannot be deleted because it is being used by running virtual machines or assigned to child pools.",
    ),
    (
        FailureClass.EDGE_AUTHENTICATION_SERVICE,
        "Service RTCMRAUTH failed to start. Check to make sure the service is not disabled.",
    ),
    (
        FailureClass.REGISTRATION_CONFLICT,
        "Cannot register appliance because your current input/configuration S conflicts with existing appliance(s).",
    ),
    (
        FailureClass.TENANT_LOGON,
        "Unexpected exception when reporting status to online: System.Management.Automation.CmdletInvocationException: Logon "
        "failed for the user 'x'",
    ),
    (FailureClass.CREDENTIAL_CACHE, "ConvertTo-SecureString : Key not valid for use in specified state."),
    (
        FailureClass.DOTNET,
        r"The property 'Common' cannot be found on this object. Verify that ... Internal\MtHostCommon.ps1:681 char:14",
    ),
    (
        FailureClass.STATE_KEY,
        'Failed to install new instance with error: Cannot set "State" because only strings can be used as values to set '
        "XmlNode properties",
    ),
    (FailureClass.WINDOWS_IMAGE, "Dismount-WindowsImage failed. Error code = 0xc1550115"),
    (FailureClass.MODULE_CACHE, "The term 'Stop-CsWindowsService' is not recognized as the name of a cmdlet"),
    (
        FailureClass.MODULE_MISSING,
        'Import-Module: The specified module "CloudConnector" was not loaded because no valid module file was found in any '
        "module directory",
    ),
    (
        FailureClass.HYPER_V_MODULE,
        r"Get-VM : The term 'Get-VM' is not recognized as the name of a cmdlet ... Internal\MtCommon.ps1:1824",
    ),
    (FailureClass.AUTOMATIC_UPDATING, "Windows automatic updating is not enabled. To ensure that ..."),
    (FailureClass.ROUTE_WITHOUT_GATEWAY, "No gateway specified for the route"),
    (
        FailureClass.BASE_VM_UPDATES,
        "Failed to install Windows updates. Please manually update the VM (Password: x) and run Convert-CcIsoToVhdx",
    ),
    (
        FailureClass.TENANT_MULTI_FACTOR,
        "AADSTS50076: Due to a configuration change you must use multi-factor authentication",
    ),
    (FailureClass.TENANT_LOGON, "AADSTS50126: Invalid username or password"),
    (FailureClass.DISK_FULL, "There is not enough space on the disk."),
    (FailureClass.MEMORY_SHORT, "Not enough memory in the system to start the virtual machine"),
    (FailureClass.SHARE_UNREACHABLE, r"Could not find a part of the path '\\files\berlin'."),
    (
        FailureClass.FILE_IN_USE,
        "The process cannot access the file because it is being used by another process. (0x80070020)",
    ),
    (FailureClass.SHUTTING_DOWN, "A system shutdown is in progress. (Exception from HRESULT: 0x8007045B)"),
]
"""What Microsoft's page and Windows say."""


@pytest.mark.parametrize(("name", "id", "message", "exception"), FOREIGN, ids=[one[0] for one in FOREIGN])
def test_an_error_in_another_language_is_known_by_its_id(
    name: FailureClass, id: str, message: str, exception: str
) -> None:
    assert recognise(id, message, exception=exception) is name


@pytest.mark.parametrize(("name", "message"), ENGLISH, ids=[one[0] for one in ENGLISH])
def test_a_documented_text_is_known_without_any_id(name: FailureClass, message: str) -> None:
    assert recognise("", message) is name


def test_a_category_and_a_cmdlet_may_say_it() -> None:
    cmdlet = r"CloudConnector\Set-CcExternalCertificateFilePath"
    assert recognise("X", "Nicht erlaubt", category="PermissionDenied") is FailureClass.NETWORK_LOGON
    assert recognise("X", "Das Kennwort", cmdlet=cmdlet, exception=CRYPTO) is FailureClass.CERTIFICATE_PASSWORD
    assert recognise("X", "Das Kennwort", exception=CRYPTO) is None


def test_what_nobody_knows_is_not_named() -> None:
    assert recognise("Some,Id", "Something else") is None


# --- of several classes that fit --------------------------------------------------------------------------------------

CRYPTO = "System.Security.Cryptography.CryptographicException"
NOT_FOUND = f"{PS}CommandNotFoundException"
ONLINE = "New-CsOnlineSession"

PAIRS: list[tuple[FailureClass, FailureClass, dict[str, str]]] = [
    (
        FailureClass.EDGE_AUTHENTICATION_SERVICE,
        FailureClass.SERVICE_NOT_STARTED,
        {"error_id": "StartServiceFailed", "message": "Service RTCMRAUTH failed to start."},
    ),
    (
        FailureClass.TENANT_MULTI_FACTOR,
        FailureClass.TENANT_LOGON,
        {"message": "Logon failed for the user 'x': AADSTS50076: use multi-factor authentication"},
    ),
    (
        FailureClass.TENANT_LOGON,
        FailureClass.NETWORK_LOGON,
        {"cmdlet": ONLINE, "category": "PermissionDenied", "message": "The password is wrong"},
    ),
    (
        FailureClass.TENANT_LOGON,
        FailureClass.LOGON_FAILURE,
        {"cmdlet": ONLINE, "message": "The user name or password is incorrect."},
    ),
    (
        FailureClass.TENANT_LOGON,
        FailureClass.VM_UNREACHABLE,
        {"cmdlet": ONLINE, "exception": f"{PS}Remoting.PSRemotingTransportException", "message": "logon refused"},
    ),
    (
        FailureClass.CREDENTIAL_CACHE,
        FailureClass.CERTIFICATE_PASSWORD,
        {
            "cmdlet": "Set-CcExternalCertificateFilePath",
            "exception": CRYPTO,
            "message": "Key not valid for use in specified state.",
        },
    ),
    (
        FailureClass.MODULE_CACHE,
        FailureClass.TENANT_MODULE_MISSING,
        {"error_id": "CommandNotFoundException", "message": NOT_FOUND_FR.format("Stop-CsWindowsService")},
    ),
    (
        FailureClass.MODULE_CACHE,
        FailureClass.CMDLET_MISSING,
        {"message": "The term 'Stop-CsWindowsService' is not recognized as the name of a cmdlet"},
    ),
    (
        FailureClass.MODULE_MISSING,
        FailureClass.TENANT_MODULE_MISSING,
        {"error_id": GET_COMMAND, "message": NOT_FOUND_FR.format(r"CloudConnector\Set-CsCceApplianceDeploymentStatus")},
    ),
    (
        FailureClass.MODULE_MISSING,
        FailureClass.CMDLET_MISSING,
        {"error_id": GET_COMMAND, "message": NOT_FOUND_FR.format(r"CloudConnector\Get-CcVersion")},
    ),
    (
        FailureClass.HYPER_V_MODULE,
        FailureClass.CMDLET_MISSING,
        {"error_id": GET_COMMAND, "message": NOT_FOUND_FR.format("Get-VM")},
    ),
    (
        FailureClass.TENANT_MODULE_MISSING,
        FailureClass.CMDLET_MISSING,
        {"error_id": GET_COMMAND, "message": NOT_FOUND_FR.format(ONLINE)},
    ),
    (
        FailureClass.TENANT_MODULE_MISSING,
        FailureClass.TENANT_LOGON,
        {"cmdlet": ONLINE, "error_id": GET_COMMAND, "message": f"{NOT_FOUND_FR.format(ONLINE)} (logon script)"},
    ),
    (
        FailureClass.PROMPT_PAST_THE_BRIDGE,
        FailureClass.TENANT_LOGON,
        {"cmdlet": ONLINE, "message": "PowerShell is in NonInteractive mode: Enter the password"},
    ),
    (
        FailureClass.EXECUTION_POLICY,
        FailureClass.NETWORK_LOGON,
        {"error_id": "UnauthorizedAccess,ImportModule", "exception": f"{PS}PSSecurityException"},
    ),
    (
        FailureClass.VM_NOT_TRUSTED,
        FailureClass.VM_UNREACHABLE,
        {"error_id": "ServerNotTrusted,PSSessionStateBroken"},
    ),
    (
        FailureClass.TENANT_SESSIONS_FULL,
        FailureClass.VM_UNREACHABLE,
        {
            "exception": f"{PS}Remoting.PSRemotingTransportException",
            "message": "The maximum number of concurrent shells for this user has been exceeded.",
        },
    ),
    (
        FailureClass.TENANT_SESSIONS_FULL,
        FailureClass.TENANT_LOGON,
        {"cmdlet": ONLINE, "message": "logon: the maximum number of concurrent shells for this user has been exceeded"},
    ),
    (
        FailureClass.NOT_ELEVATED,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "message": "Requested registry access is not allowed."},
    ),
    (
        FailureClass.PASSWORD_NOT_STORED,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "message": "(0x80070520)"},
    ),
    (
        FailureClass.BITS_LOGON,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "message": "(0x800704DD)"},
    ),
    (
        FailureClass.SECURE_CHANNEL,
        FailureClass.DOWNLOAD_FAILED,
        {"error_id": "WebCmdletWebResponseException", "message": "Could not create SSL/TLS secure channel."},
    ),
    (
        FailureClass.VM_REFUSED,
        FailureClass.VM_UNREACHABLE,
        {"error_id": "AccessDenied,PSSessionStateBroken"},
    ),
    (
        FailureClass.VM_REFUSED,
        FailureClass.NETWORK_LOGON,
        {"error_id": "AccessDenied,PSSessionStateBroken", "message": "Access is denied."},
    ),
    (
        FailureClass.VM_UNREACHABLE,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "exception": f"{PS}Remoting.PSRemotingTransportException"},
    ),
    (
        FailureClass.BATCH_LOGON,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "message": "(0x80070569)"},
    ),
    (
        FailureClass.LOGON_FAILURE,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "message": "(0x8007052e)"},
    ),
    (
        FailureClass.SHARE_UNREACHABLE,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "message": "The network path was not found."},
    ),
    (
        FailureClass.DISK_FULL,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "message": "There is not enough space on the disk."},
    ),
    (
        FailureClass.FILE_IN_USE,
        FailureClass.NETWORK_LOGON,
        {"category": "PermissionDenied", "message": "It is being used by another process."},
    ),
]
"""The more special one, the more general one, and an error which both fit."""


@pytest.mark.parametrize(("special", "general", "error"), PAIRS, ids=[f"{one[0]}-{one[1]}" for one in PAIRS])
def test_the_more_special_class_counts(special: FailureClass, general: FailureClass, error: dict[str, str]) -> None:
    whole = {"error_id": "", "category": "", "exception": "", "message": "", "cmdlet": "", **error}
    text = "\n".join(whole[key] for key in ("cmdlet", "error_id", "category", "exception", "message"))
    for each in (special, general):
        assert re.search(FAILURES[each].pattern, text, re.IGNORECASE | re.DOTALL), each
    assert recognise(**whole) is special


def test_every_pair_of_the_table_is_tried_here() -> None:
    declared = {(name, other) for name, row in FAILURES.items() for other in row.instead_of}
    assert declared == {(special, general) for special, general, error in PAIRS}


def test_a_class_stands_back_behind_the_special_case_of_its_special_case_too() -> None:
    found = [FailureClass.NETWORK_LOGON, FailureClass.TENANT_MULTI_FACTOR, FailureClass.DOTNET]
    assert most_special(found) == [FailureClass.TENANT_MULTI_FACTOR, FailureClass.DOTNET]


def test_of_classes_that_have_nothing_to_do_with_each_other_the_first_in_the_text_counts() -> None:
    assert recognise("", "(0x80070070) and (0x8007045B)") is FailureClass.DISK_FULL
    assert recognise("", "(0x8007045B) and (0x80070070)") is FailureClass.SHUTTING_DOWN


def test_the_order_of_the_rows_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [{"error_id": "", "message": "", **error} for special, general, error in PAIRS]
    before = [recognise(**sample) for sample in samples]
    monkeypatch.setattr(failure_classes, "FAILURES", dict(reversed(list(FAILURES.items()))))
    assert [recognise(**sample) for sample in samples] == before


def test_a_path_into_the_module_is_not_a_missing_module() -> None:
    text = r"The term 'Get-VM' is not recognized at C:\Modules\CloudConnector\Internal\MtCommon.ps1:1824"
    assert recognise("CommandNotFoundException", text) is FailureClass.HYPER_V_MODULE


# --- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", FailureClass)
def test_every_class_has_a_row_that_says_what_to_do(failure: FailureClass) -> None:
    row = FAILURES[failure]
    assert row.meaning.endswith((".", ")")) and row.remedy.endswith(".")
    assert (row.exit_code is not None) <= (row.found is Found.EXIT_CODE)


def test_nothing_else_has_a_row() -> None:
    assert set(FAILURES) == set(FailureClass)


@pytest.mark.parametrize("failure", FailureClass)
def test_every_class_that_shows_in_a_text_is_tried_here(failure: FailureClass) -> None:
    row, tried = FAILURES[failure], {one[0] for one in (*FOREIGN, *ENGLISH)} | {FailureClass.CERTIFICATE_PASSWORD}
    assert (row.found in (Found.ERROR, Found.WARNING)) == bool(row.pattern) == (failure in tried)


@pytest.mark.parametrize("failure", FailureClass)
def test_a_remedy_that_ends_calls_sends_through_maintenance_mode(failure: FailureClass) -> None:
    remedy = FAILURES[failure].remedy
    if failure is FailureClass.MSI_RESTARTS:
        assert "ends the calls of this appliance" in remedy
    elif re.search(r"restart|reboot|shut down|stop the|stop-cs", remedy, re.IGNORECASE):
        assert "ends every call" in remedy and "`maintenance` operation with state present" in remedy


@pytest.mark.parametrize("failure", FailureClass)
def test_a_remedy_that_turns_machines_off_says_which_ones_never(failure: FailureClass) -> None:
    remedy = FAILURES[failure].remedy
    if re.search(r"turn (it |them )?off", remedy, re.IGNORECASE):
        assert re.search(r"never .*\brunning|the other one carries the calls", remedy)


@pytest.mark.parametrize("failure", FailureClass)
def test_no_remedy_uninstalls_every_version(failure: FailureClass) -> None:
    remedy = FAILURES[failure].remedy
    assert remedy.count("Uninstall-CcAppliance") == remedy.count("Uninstall-CcAppliance -Version <")


def test_remedies_are_of_one_class_each() -> None:
    """What is said in the same words twice is one failure, but for those which say only that it can be tried again."""
    texts = [row.remedy for row in FAILURES.values() if row.remedy != "Run the same command again."]
    assert len(set(texts)) == len(texts)


def test_t1_to_t25_are_accounted_for() -> None:
    numbers = [row.documented_as for row in FAILURES.values() if row.documented_as] + list(NOT_MET)
    assert sorted(numbers) == sorted(f"T{number}" for number in range(1, 26))


def test_exit_codes_of_windows_installer_are_classes() -> None:
    assert EXIT_CODES[3010] is FailureClass.MSI_RESTART_NEEDED and FAILURES[EXIT_CODES[1618]].retry
    assert sorted(EXIT_CODES) == [1602, 1603, 1605, 1618, 1619, 1620, 1638, 1641, 3010]
    assert {name for name, row in FAILURES.items() if row.found is Found.EXIT_CODE} == {
        *EXIT_CODES.values(),
        FailureClass.MSI_OTHER,
    }


# --- the reason why something could not be read -----------------------------------------------------------------------


def reason(error: dict[str, str]) -> str:
    result = {"name": "it", "output": [], "errors": [error], "warnings": [], "thrown": False, "seconds": 0}
    with pytest.raises(NotReadError) as raised:
        Answer({"results": [result]}).output("it")
    return str(raised.value)


def test_a_reason_stays_known_in_another_language() -> None:
    name, id, message, exception = FOREIGN[0]
    assert recognise("", reason({"id": id, "message": message, "exception": exception})) is name


def test_a_reason_that_is_known_by_its_words_is_left_as_it_is() -> None:
    assert (
        reason({"id": "Unauthorized,Get-Content", "message": "Access is denied", "category": "PermissionDenied"})
        == "Access is denied"
    )
