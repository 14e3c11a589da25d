from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import ini, state, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import MARK
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance, Calls, Service
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from hypothesis import given
from hypothesis import strategies as st

from lab.inprocess import Lab
from lab.powershell.syntax import known

HOST = "cce-ber-1"
DIRECTORY = r"C:\Users\CceAdmin\CloudConnector\ApplianceRoot"
SHARE = r"\\files\berlin"
VMS = {"cms": "10.2.1.2", "mediation": "10.2.1.3", "edge": "10.2.1.4"}
MISSING = {"id": "PathNotFound,Get-Content", "message": "Cannot find path", "category": "ObjectNotFound"}
NO_COMMAND = {
    "id": "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand",
    "message": "Le terme n'est pas reconnu",
    "category": "ObjectNotFound",
}
DENIED = {"id": "Unauthorized,Get-Content", "message": "Access is\n denied", "category": "PermissionDenied"}


def result(name: str, *output: Any, errors: tuple[dict[str, str], ...] = ()) -> dict[str, Any]:
    return {"name": name, "output": list(output), "errors": list(errors), "warnings": [], "thrown": False, "seconds": 0}


def parse(*results: dict[str, Any]) -> Appliance:
    return state.parse_survey({"protocol": 1, "results": list(results), "stopped": None, "prompts": []})


def inner(*results: dict[str, Any]) -> str:
    return f"noise\n{MARK}{json.dumps({'protocol': 1, 'results': list(results)})}"


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_every_step_names_a_cmdlet_and_parameters_of_the_host() -> None:
    for step in state.survey_steps(DIRECTORY, SHARE, VMS):
        syntax = known()[step["cmdlet"].rpartition("\\")[2].casefold()]
        assert {name.casefold() for name in step["parameters"]} <= {
            parameter.name.casefold() for parameter in syntax.parameters
        }
        assert step["on_error"] == "continue"


def test_names_of_steps_are_unique() -> None:
    names = [step["name"] for step in state.survey_steps(DIRECTORY, SHARE, VMS)]
    assert len(names) == len(set(names))


def test_a_credential_comes_before_the_step_that_uses_it() -> None:
    names = [step["name"] for step in state.survey_steps(DIRECTORY, SHARE, VMS, ["tenant", "services"])]
    assert names.index("credential_VmAdmin") < names.index("cms")
    assert names.index("credential_TenantAdmin") < names.index("tenant_session")


def test_a_subset_asks_less() -> None:
    names = {step["name"] for step in state.survey_steps(DIRECTORY, SHARE, VMS, ["ours"])}
    assert names == {"jobs", "saved"}


def test_a_vm_without_an_address_is_not_asked() -> None:
    names = {step["name"] for step in state.survey_steps(DIRECTORY, SHARE, None, ["services"])}
    assert names == {"credential_VmAdmin"}


def test_an_unknown_subset_is_refused() -> None:
    with pytest.raises(ValueError, match="everything: write some of .*versions"):
        state.survey_steps(DIRECTORY, SHARE, VMS, ["everything"])


# --- what the answer says ---------------------------------------------------------------------------------------------

JSON = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)
NAMES = sorted(step["name"] for step in state.survey_steps(DIRECTORY, SHARE, VMS))
OBJECTS = st.dictionaries(st.sampled_from(["Name", "State", "Version", "Readings", "CSName", "Identity"]), JSON)
RESULTS = st.builds(result, st.sampled_from(NAMES), JSON | OBJECTS)
ANSWERS = st.lists(RESULTS, unique_by=lambda made: str(made["name"]))


@given(ANSWERS)
def test_no_answer_makes_a_traceback(results: list[dict[str, Any]]) -> None:
    json.dumps(parse(*results).to_dict())


def test_what_is_not_answered_is_unknown() -> None:
    assert parse() == Appliance.unread("").with_changes(**{name: getattr(parse(), name) for name in vars(parse())})
    assert parse().running == Unknown("running was not asked or not answered")
    assert parse().module_present == Unknown("scripts was not asked or not answered")


@pytest.mark.parametrize(
    ("output", "version"),
    [(["2.0.1"], "2.0.1"), (["Running bits: 2.1.0"], "2.1"), ([], None), ([""], None), ([None], None)],
)
def test_a_version_is_found_in_what_the_product_says(output: list[str], version: str | None) -> None:
    appliance = parse(result("scripts", "2.0.1"), result("running", *output))
    assert appliance.running == version
    assert appliance.raw_versions["running"] == tuple(text for text in output if text is not None)


def test_a_version_that_is_not_understood_is_unknown() -> None:
    assert parse(result("scripts", "2.0.1"), result("backup", "2.0 or 2.1")).backup == Unknown(
        "the version cmdlet answered '2.0 or 2.1'"
    )


def test_without_the_module_there_are_no_scripts_and_the_rest_is_unknown() -> None:
    appliance = parse(result("scripts", errors=(NO_COMMAND,)), result("running", errors=(DENIED,)))
    assert (appliance.module_present, appliance.scripts) == (False, None)
    assert isinstance(appliance.running, Unknown)


def test_a_module_whose_cmdlets_fail_is_there() -> None:
    appliance = parse(result("scripts", errors=(DENIED,)))
    assert (appliance.module_present, appliance.scripts) == (True, Unknown("Access is denied"))


def test_a_file_that_is_not_there_is_none_and_one_that_is_denied_unknown() -> None:
    appliance = parse(
        result("ini_appliance", errors=(MISSING,)), result("ini_imported", errors=(DENIED,)), result("saved")
    )
    assert appliance.ini_appliance is None
    assert appliance.ini_imported == Unknown("Access is denied")
    assert isinstance(appliance.saved, Unknown)


@pytest.mark.parametrize(("text", "saved"), [('{"scripts": "2.0.1"}', {"scripts": "2.0.1"}), ("{", None), ("[]", None)])
def test_the_saved_record_is_json(text: str, saved: dict[str, str] | None) -> None:
    found = parse(result("saved", text)).saved
    assert isinstance(found, Unknown) if saved is None else found == saved


def test_a_job_is_open_until_its_claim_is_removed() -> None:
    names = ["install-2.1.claim", "install-2.1.request", "package-2.1.last", "package-2.1.request"]
    assert parse(result("jobs", *({"Name": name} for name in names))).jobs == ("install-2.1",)
    assert parse(result("jobs", errors=(MISSING,))).jobs == ()


def test_two_management_services_are_not_understood() -> None:
    service = {"Name": "CCE", "State": "Running", "StartName": r".\CceService"}
    assert isinstance(parse(result("management_service", service, service)).management_service, Unknown)
    assert parse(result("management_service")).management_service is None


@pytest.mark.parametrize("text", ["20260131030000.000000+120", "2026-01-31T01:00:00.0000000Z"])
def test_times_of_wmi_and_of_the_bridge(text: str) -> None:
    assert parse(result("memory", {"LastBootUpTime": text})).boot_time == datetime(2026, 1, 31, 1, tzinfo=UTC)


def test_memory_is_counted_in_bytes() -> None:
    space = parse(result("memory", {"FreePhysicalMemory": 1024, "TotalVisibleMemorySize": "2048"})).memory
    assert not isinstance(space, Unknown)
    assert (space.free, space.total) == (2**20, 2**21)


def test_a_vm_belongs_to_the_version_in_its_name() -> None:
    adapters = [
        {"VMName": "AD-2.1", "SwitchName": name, "Connected": on} for name, on in (("Corp", True), ("Net", False))
    ]
    appliance = parse(
        result("machines", {"Name": "AD-2.1", "State": "Running"}, {"Name": "base", "State": "Off"}),
        result("network_adapters", *adapters),
    )
    (machine,) = appliance.machines_of("2.1")
    assert (machine.is_running, machine.switches) == (True, ("Corp",))


def test_counters_are_read_inside_the_mediation_vm() -> None:
    text = r"\\ms\ls:mediationserver - inbound calls(_total)\- current :" + "\n12\n\n"
    text += r"\\ms\ls:mediationserver - outbound calls(_total)\- current :" + "\n3\n"
    credential = result("credential_VmAdmin", {"UserName": "a"})
    appliance = parse(credential, result("mediation", inner(result("calls", {"Readings": text}))))
    assert appliance.calls == Calls(12, 3)


@pytest.mark.parametrize("output", [(), ("text",), (MARK + "{",), (inner(), inner())])
def test_a_vm_that_gives_no_answer_is_unknown(output: tuple[str, ...]) -> None:
    appliance = parse(result("credential_VmAdmin", {"UserName": "a"}), result("cms", *output))
    found = appliance.services["cms"]
    assert isinstance(found, Unknown)
    assert "the cms VM could not be asked" in found.reason or "services was not asked" in found.reason


def test_a_service_that_is_not_installed_is_not_there() -> None:
    gone = {"id": "NoServiceFoundForGivenName,Get-Service", "message": "no RTCSRV"}
    answered = inner(result("services", {"Name": "replica", "Status": "Running"}, errors=(gone,)))
    appliance = parse(result("credential_VmAdmin", {"UserName": "a"}), result("cms", answered))
    assert appliance.services["cms"] == {"REPLICA": "Running"}


# --- the tenant's records ---------------------------------------------------------------------------------------------

SITE = {"Identity": "berlin", "EdgeFQDN": "ap.contoso.com", "EnableAutoUpdate": True}
OWN = {
    "Name": "CCE-BER-1",
    "SiteName": "berlin",
    "MediationServerFqdn": "ms.cce.local",
    "MediationServerIPAddress": "10.2.1.3",
    "MaintenanceMode": False,
}
OTHER = {**OWN, "Name": "cce-ber-2", "MediationServerFqdn": "ms2.cce.local", "MediationServerIPAddress": "10.2.2.3"}
OWN_INI = (
    "[Common]\nSiteName=Berlin\nSIPDomains=contoso.com\nVirtualMachineDomain=cce.local\n"
    "[EdgeServer]\nExternalSIPPoolName=ap\n[MediationServer]\nServerName=ms\nIP=10.2.1.3\n"
)


def registered(sites: list[dict[str, Any]], appliances: list[dict[str, Any]]) -> Appliance:
    return parse(
        result("memory", {"CSName": "cce-ber-1"}),
        result("ini_imported", OWN_INI),
        result("credential_TenantAdmin", {"UserName": "a"}),
        result("tenant_session", {"State": "Opened"}),
        result("tenant_sites", *sites),
        result("tenant_appliances", *appliances),
    )


@pytest.mark.parametrize(
    ("sites", "appliances", "registration"),
    [
        ([SITE], [OWN, OTHER], "full"),
        ([SITE], [OTHER], "none"),
        ([], [], "none"),
        ([SITE], [{**OWN, "MediationServerIPAddress": "10.2.1.9"}], "half"),
        ([SITE], [{**OWN, "Name": "renamed"}], "half"),
        ([SITE], [OWN, {**OTHER, "MediationServerIPAddress": "10.2.1.3"}], "half"),
        ([{**SITE, "EdgeFQDN": "ap2.contoso.com"}], [OWN], "half"),
        ([{**SITE, "Identity": "hamburg"}], [], "half"),
        ([], [OWN], "half"),
    ],
)
def test_registration(sites: list[dict[str, Any]], appliances: list[dict[str, Any]], registration: str) -> None:
    assert registered(sites, appliances).registration == registration


def test_a_record_without_the_properties_is_unknown() -> None:
    assert registered([SITE], [{**OWN, "Name": None}]).registration == Unknown(
        "an object of tenant_appliances has no Name"
    )


def test_flags_of_the_tenant() -> None:
    appliance = registered([SITE], [OWN, OTHER])
    assert (appliance.auto_update, appliance.tenant_maintenance) == (True, False)
    unknown = registered([], [OWN, OWN])
    assert isinstance(unknown.auto_update, Unknown)
    assert isinstance(unknown.tenant_maintenance, Unknown)


# --- the simulated product --------------------------------------------------------------------------------------------


def survey(lab: Lab, method: Any = "credssp") -> Appliance:
    vms = ini.vm_addresses(ini.parse(lab.ini(HOST)))
    asked = steps.request(state.survey_steps(DIRECTORY, SHARE, vms))
    return state.parse_survey(lab.connection(HOST, method).exchange(asked))


def test_all_of_a_simulated_appliance_is_read() -> None:
    """All but the skew of its clock, which takes the controller's."""
    read = survey(Lab.from_description()).with_changes(clock_skew=None)
    assert '"unknown"' not in json.dumps(read.to_dict())


def test_a_survey_changes_nothing() -> None:
    lab = Lab.from_description()
    survey(lab)
    assert lab.record.cmdlets(mutating=True) == []


def test_a_network_logon_says_why_it_cannot_read() -> None:
    appliance = survey(Lab.from_description(), "ntlm")
    assert appliance.site_files == Unknown("Access is denied")
    for found in (appliance.registration, appliance.services["edge"], appliance.credentials["CceService"]):
        assert isinstance(found, Unknown)
        assert "Key not valid" in found.reason


def test_without_the_module_a_version_is_not_asked_for() -> None:
    found = parse(result("scripts", errors=(NO_COMMAND,)), result("backup", "2.0.1"))
    assert found.backup == Unknown("the CloudConnector module is not there, so no version can be asked for")


def test_unread_adapters_are_unknown_for_each_vm() -> None:
    found = parse(
        result("machines", {"Name": "AD-2.1", "State": "Running"}), result("network_adapters", errors=(DENIED,))
    )
    assert found.machines_of("2.1")[0].switches == Unknown("Access is denied")


def test_readings_without_a_counter_are_unknown() -> None:
    credential = result("credential_VmAdmin", {"UserName": "a"})
    found = parse(credential, result("mediation", inner(result("calls", {"Readings": "nothing"}))))
    assert isinstance(found.calls, Unknown)
    assert found.calls.reason.startswith("the readings do not hold")


def test_the_management_service_and_its_account() -> None:
    service = {"Name": "CCE", "State": "Running", "StartName": r".\CceService"}
    assert parse(result("management_service", service)).management_service == Service("CCE", "Running", r".\CceService")


def test_the_release_of_dotnet() -> None:
    assert parse(result("dotnet", {"Release": 394271})).dotnet_release == 394271
    assert parse(result("dotnet", errors=(MISSING,))).dotnet_release is None


def test_an_ini_without_the_identity_leaves_the_registration_unknown() -> None:
    found = parse(result("memory", {"CSName": "cce-ber-1"}), result("ini_imported", "[Common]\n"))
    assert found.registration == Unknown("the ini lacks a part of the identity of site and appliance")


def test_only_programs_of_the_product_are_named() -> None:
    ours = {
        "DisplayName": "Skype for Business CLOUD CONNECTOR Edition",
        "DisplayVersion": "2.0.1",
        "PSChildName": "{1}",
    }
    others = [{"DisplayName": name, "DisplayVersion": "1", "PSChildName": "{2}"} for name in ("Backup Agent", None)]
    assert parse(result("programs", *others, ours)).programs == (ours,)


def test_a_session_that_was_not_opened_is_no_logon() -> None:
    found = parse(result("credential_TenantAdmin", {"UserName": "a"}), result("tenant_session"))
    assert found.tenant_logon == Unknown("tenant_session gave nothing")


@pytest.mark.parametrize("output", [(), ("",), (" ",), (5,), ("a", "b")])
def test_a_directory_is_one_text(output: tuple[Any, ...]) -> None:
    assert isinstance(parse(result("site_directory", *output)).site_directory, Unknown)
    assert parse(result("site_directory", SHARE)).site_directory == SHARE
