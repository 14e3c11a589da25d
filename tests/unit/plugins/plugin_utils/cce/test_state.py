from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import (
    ini_document,
    paths,
    state,
    steps,
    tenant_records,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import MARK, Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance, Calls, Service
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Place
from hypothesis import given
from hypothesis import strategies as st

from lab.inprocess import Lab
from lab.powershell.syntax import known

from .builders import NOW, answer, result

HOST = "cce-ber-1"
DIRECTORY = r"C:\Users\CceAdmin\CloudConnector\ApplianceRoot"
SHARE = r"\\files\berlin"
VMS = {"cms": "10.2.1.2", "mediation": "10.2.1.3", "edge": "10.2.1.4"}
PLACE = Place(HOST, DIRECTORY, SHARE, VMS)
MISSING = {"id": "PathNotFound,Get-Content", "message": "Cannot find path", "category": "ObjectNotFound"}
NO_COMMAND = {
    "id": "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand",
    "message": "Le terme n'est pas reconnu",
    "category": "ObjectNotFound",
}
DENIED = {"id": "Unauthorized,Get-Content", "message": "Access is\n denied", "category": "PermissionDenied"}


def parse(*results: dict[str, Any]) -> Appliance:
    return state.appliance_survey(PLACE).parse(answer(*results))


def inner(*results: dict[str, Any]) -> str:
    return f"noise\n{MARK}{json.dumps({'protocol': 1, 'results': list(results)})}"


def asked(*subset: str) -> list[steps.Step]:
    return state.appliance_survey(PLACE, subset or None).steps


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_every_step_names_a_cmdlet_and_parameters_of_the_host() -> None:
    for step in [*asked(), *state.tenant_survey(PLACE).steps]:
        syntax = known()[step["cmdlet"].rpartition("\\")[2].casefold()]
        assert {name.casefold() for name in step["parameters"]} <= {
            parameter.name.casefold() for parameter in syntax.parameters
        }
        assert step["on_error"] == "continue"


def test_names_of_steps_are_unique() -> None:
    names = [step["name"] for step in asked()]
    assert len(names) == len(set(names))


def test_a_credential_comes_before_the_step_that_uses_it() -> None:
    names = [step["name"] for step in asked("services")]
    assert names.index("credential_VmAdmin") < names.index("cms")
    names = [step["name"] for step in state.tenant_survey(PLACE).steps]
    assert names.index("credential_TenantAdmin") < names.index("tenant_session")


def test_a_subset_asks_less() -> None:
    names = {step["name"] for step in asked("ours")}
    assert names == {"jobs", "saved", "saved_last", "deployed", "proof", "commissioned", "memory"}


def test_a_vm_without_an_address_is_not_asked() -> None:
    names = {step["name"] for step in state.appliance_survey(Place(HOST, DIRECTORY, SHARE, {}), ["services"]).steps}
    assert names == {"credential_VmAdmin"}


def test_an_unknown_subset_is_refused() -> None:
    with pytest.raises(ValueError, match="everything: write some of .*versions"):
        asked("everything")


# --- what the answer says ---------------------------------------------------------------------------------------------

JSON = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)
NAMES = sorted(step["name"] for step in asked())
OBJECTS = st.dictionaries(st.sampled_from(["Name", "State", "Version", "Readings", "CSName", "Identity"]), JSON)
RESULTS = st.builds(result, st.sampled_from(NAMES), JSON | OBJECTS)
ANSWERS = st.lists(RESULTS, unique_by=lambda made: str(made["name"]))


@given(ANSWERS)
def test_no_answer_makes_a_traceback(results: list[dict[str, Any]]) -> None:
    json.dumps(parse(*results).to_dict())


def test_what_is_not_answered_is_unknown() -> None:
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


@pytest.mark.parametrize(("text", "marker"), [("5f3a", "5f3a"), (None, None)])
def test_the_marker_of_the_site(text: str | None, marker: str | None) -> None:
    read = result("site_marker", errors=(MISSING,)) if text is None else result("site_marker", text)
    assert parse(result("site_files"), read).site_marker == marker


@pytest.mark.parametrize("field", ["site_marker", "slot"])
def test_a_file_of_the_site_is_unknown_while_its_folder_cannot_be_listed(field: str) -> None:
    found = parse(result("site_files", errors=(DENIED,)), result(field, errors=(MISSING,)))
    assert getattr(found, field) == Unknown("Access is denied")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('{"version": "2.1", "ini": "AB"}', True),
        ('{"version": "2.1"}', False),
        ('{"version": 2, "ini": "AB"}', False),
        ("[]", False),
        ("{", False),
        ("[" * 100_000, False),
    ],
)
def test_the_record_of_the_last_deployment(text: str, known: bool) -> None:
    found = parse(result("deployed", text)).deployed_by
    assert found == {"version": "2.1", "ini": "AB"} or (isinstance(found, Unknown) and paths.DEPLOYED in found.reason)
    assert isinstance(found, Unknown) != known
    assert parse(result("deployed", errors=(MISSING,))).deployed_by is None


# --- the order, and the age -------------------------------------------------------------------------------------------


def names(*subset: str) -> list[str]:
    return [step["name"] for step in asked(*subset)]


@pytest.mark.parametrize("subset", [(), state.SERVICE_SUBSET])
def test_who_holds_the_slot_comes_first_and_our_jobs_right_after(subset: tuple[str, ...]) -> None:
    assert names(*subset)[:4] == ["slot", "site_marker", "site_files", "jobs"]


def test_a_job_that_ends_within_the_request_is_seen_before_anything_it_changes() -> None:
    """The request, split in two: a job ends between our jobs and the rest, whose readings may be those from before it."""
    lab = Lab.from_description()
    bridge = lab.connection(HOST, "credssp")
    made, claim = state.appliance_survey(place_in(lab)), rf"{paths.JOBS}\package-2.1{paths.CLAIM}"
    bridge.exchange(steps.request([steps.make_folder("folder", paths.JOBS), steps.claim("claim", claim, "")]))
    first = bridge.exchange(steps.request(made.steps[:4]))
    bridge.exchange(steps.request([steps.remove_file("remove", claim)]))
    rest = bridge.exchange(steps.request(made.steps[4:]))
    assert made.parse(answer(*first["results"], *rest["results"])).jobs == ("package-2.1",)


@pytest.mark.parametrize("subset", [(), state.SERVICE_SUBSET])
def test_what_says_who_carries_calls_comes_last(subset: tuple[str, ...]) -> None:
    last = ["clock", "machines", "network_adapters", "switches", "credential_VmAdmin", "cms", "mediation", "edge"]
    assert names(*subset)[-8:] == last


def test_the_short_survey_asks_neither_tenant_nor_certificates_nor_programs() -> None:
    unwanted = ("tenant", "certificate", "programs", "version_files", "credential_")
    assert [name for name in names(*state.SERVICE_SUBSET) if name.startswith(unwanted)] == ["credential_VmAdmin"]


def test_the_tenant_is_logged_off_after_it_was_read() -> None:
    asked = state.tenant_survey(PLACE).steps
    assert asked[-1]["name"] == "tenant_session_removed"
    assert {step["on_error"] for step in asked} == {"continue"}


def test_no_survey_of_an_appliance_logs_on_to_the_tenant() -> None:
    assert "New-CsOnlineSession" not in {step["cmdlet"] for step in asked()}
    assert {getattr(parse(), field) for field in tenant_records.FIELDS} == {Unknown(tenant_records.NOT_ASKED)}


DECIDING = [result(name, seconds=2.0) for name in names()[-8:]]
BEGUN = NOW - timedelta(minutes=5)


def read_at(*results: dict[str, Any], begun: datetime = BEGUN, subset: tuple[str, ...] = ()) -> datetime:
    made = state.appliance_survey(PLACE, subset or None)
    return made.parse(answer(*results, begun=begun, ended=NOW)).read_at


def test_an_appliance_is_as_old_as_the_first_reading_that_decides() -> None:
    early = [result(name, seconds=30.0) for name in names()[:-8]]
    assert read_at(*early, *DECIDING) == NOW - timedelta(seconds=16)


@pytest.mark.parametrize(
    "results",
    [
        DECIDING[:-1],
        [*DECIDING[:-1], {**DECIDING[-1], "seconds": "soon"}],
        [*DECIDING[:-1], {**DECIDING[-1], "seconds": 1e300}],
        [],
    ],
    ids=["stopped", "text", "endless", "nothing"],
)
def test_where_the_time_of_a_reading_is_not_known_it_is_the_begin_of_the_exchange(results: list[Any]) -> None:
    assert read_at(*results) == BEGUN


def test_a_negative_time_makes_no_reading_younger() -> None:
    assert read_at(*[{**one, "seconds": -100.0} for one in DECIDING]) == NOW


def test_a_survey_that_asks_nothing_that_decides_is_as_old_as_its_begin() -> None:
    assert read_at(result("jobs", seconds=1.0), subset=("ours",)) == BEGUN


def test_the_work_of_other_steps_makes_the_clock_no_less_exact() -> None:
    """A start may be as late as the line is slow, not as late as a logon to the tenant took."""
    made = state.appliance_survey(PLACE, ("host",))
    at = {"clock": (NOW - timedelta(seconds=1)).isoformat()}
    results = [result("slow", seconds=50.0), result("clock", at["clock"], seconds=0.0)]
    found = made.parse(answer(*results, begun=NOW - timedelta(seconds=52), ended=NOW)).clock_skew
    assert not isinstance(found, Unknown) and found.tolerance == 1.0


def test_the_skew_of_the_clock_is_that_within_the_exchange() -> None:
    made = state.appliance_survey(PLACE)
    clock = result("clock", "2026-01-31T01:00:07.0000000Z")
    skew = made.parse(answer(clock, begun=NOW - timedelta(seconds=6), ended=NOW)).clock_skew
    assert not isinstance(skew, Unknown)
    assert (skew.seconds, skew.tolerance) == (10.0, 3.0)


def test_the_time_of_other_steps_does_not_make_the_clock_less_sure() -> None:
    made = state.appliance_survey(PLACE)
    clock = [
        result("slot", seconds=20.0),
        result("clock", "2026-01-31T01:00:07.0000000Z"),
        result("calls", seconds=36.0),
    ]
    skew = made.parse(answer(*clock, begun=NOW - timedelta(seconds=60), ended=NOW)).clock_skew
    assert not isinstance(skew, Unknown) and skew.tolerance == 2.0


def test_every_field_has_one_row() -> None:
    derived = {"read_at", "clock_skew"}
    rows = [row.field for row in state.READINGS]
    assert len(rows) == len(set(rows))
    assert set(rows) == {field.name for field in fields(Appliance)} - derived


def test_the_live_calls_alone() -> None:
    made = state.calls_survey("10.2.1.3")
    assert [step["name"] for step in made.steps] == ["credential_VmAdmin", "mediation"]
    assert isinstance(made.parse(answer()), Unknown)
    text = f"x{steps.INBOUND_CALLS} :\n4\n\nx{steps.OUTBOUND_CALLS} :\n5\n"
    told = answer(
        result("credential_VmAdmin", {"UserName": "a"}), result("mediation", inner(result("calls", {"Readings": text})))
    )
    assert made.parse(told) == Calls(4, 5)


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
    own = parse(result("memory", {"CSName": "cce-ber-1"}), result("ini_imported", OWN_INI))
    return records(sites, appliances).applied(own)


def records(sites: list[dict[str, Any]], appliances: list[dict[str, Any]]) -> tenant_records.TenantRecords:
    answered = answer(
        result("credential_TenantAdmin", {"UserName": "a"}),
        result("tenant_session", {"State": "Opened"}),
        result("tenant_sites", *sites),
        result("tenant_appliances", *appliances),
    )
    return state.tenant_survey(PLACE).parse(answered)


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


def place_in(lab: Lab) -> Place:
    return Place(HOST, DIRECTORY, SHARE, ini_document.vm_addresses(ini_document.parse(lab.ini(HOST))))


# --- the simulated product --------------------------------------------------------------------------------------------


def survey(lab: Lab, method: Any = "credssp") -> Appliance:
    place, connection = place_in(lab), lab.connection(HOST, method)
    found, asked = (
        one.parse(Answer(connection.exchange(steps.request(one.steps)), NOW, NOW))
        for one in (state.appliance_survey(place), state.tenant_survey(place))
    )
    return asked.applied(found)


def test_all_of_a_simulated_appliance_is_read() -> None:
    read = survey(Lab.from_description())
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
    own = parse(result("memory", {"CSName": "cce-ber-1"}), result("ini_imported", "[Common]\n"))
    found = records([SITE], [OWN]).applied(own)
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
    answered = answer(result("credential_TenantAdmin", {"UserName": "a"}), result("tenant_session"))
    found = state.tenant_survey(PLACE).parse(answered)
    assert found.logon == Unknown("tenant_session gave nothing")
    assert found.applied(parse()).tenant_logon == found.logon


def test_the_records_of_one_logon_tell_of_each_appliance() -> None:
    """Registered with another half, in maintenance, known: each by its own name and ini."""
    read = records([SITE], [OWN, {**OTHER, "MaintenanceMode": True}])
    ini = OWN_INI.replace("ServerName=ms", "ServerName=ms2").replace("10.2.1.3", "10.2.2.3")
    second = parse(result("memory", {"CSName": "cce-ber-2"}), result("ini_imported", ini))
    stranger = parse(result("memory", {"CSName": "cce-ber-3"}), result("ini_imported", ini))
    own = registered([SITE], [OWN, OTHER])
    found = [read.applied(one) for one in (own, second, stranger)]
    assert [one.registration for one in found] == ["full", "full", "half"]
    assert [one.tenant_maintenance for one in found[:2]] == [False, True]
    assert isinstance(found[2].tenant_maintenance, Unknown)
    assert {one.tenant_logon for one in found} == {HOST}


def test_records_survive_the_way_through_json() -> None:
    for read in (records([SITE], [OWN, OTHER]), tenant_records.TenantRecords.unread("no line")):
        assert tenant_records.TenantRecords.from_dict(json.loads(json.dumps(read.to_dict()))) == read


@pytest.mark.parametrize("given", [{}, {"logon": "a"}, {"logon": "a", "sites": 1, "appliances": []}])
def test_what_are_no_records_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no records of a tenant"):
        tenant_records.TenantRecords.from_dict(given)


@pytest.mark.parametrize("output", [(), ("",), (" ",), (5,), ("a", "b")])
def test_a_directory_is_one_text(output: tuple[Any, ...]) -> None:
    assert isinstance(parse(result("site_directory", *output)).site_directory, Unknown)
    assert parse(result("site_directory", SHARE)).site_directory == SHARE


MALFORMED = {
    "id": "System.InvalidCastException,Microsoft.PowerShell.Commands.GetItemPropertyCommand",
    "message": "Specified cast is not valid.",
}


def program(name: str) -> dict[str, str]:
    return {"DisplayName": name, "DisplayVersion": "1", "PSChildName": name}


def test_a_malformed_entry_of_another_program_does_not_hide_the_one_that_was_found() -> None:
    ours = program("Skype for Business Cloud Connector Edition")
    assert parse(result("programs", program("Other"), ours, errors=(MALFORMED,))).programs == (ours,)
    for found in ((), (ours, ours)):
        assert parse(result("programs", *found, errors=(MALFORMED,))).programs == Unknown(
            "Specified cast is not valid."
        )
    assert parse(result("programs", ours, errors=(DENIED,))).programs == Unknown("Access is denied")
    ended = {**result("programs", ours, errors=(MALFORMED,)), "thrown": True}
    assert isinstance(parse(ended).programs, Unknown)


def test_a_module_that_shows_no_version_to_a_session_is_not_an_appliance_without_one() -> None:
    found = parse(result("scripts"), result("running"), result("backup", ""))
    assert found.module_present is True
    assert found.scripts == found.running == found.backup == Unknown(state.SILENT)
    assert parse(result("scripts", "2.1"), result("running")).running is None


@pytest.mark.parametrize(
    ("directory", "drive"),
    [(r"D:\CloudConnector", "D:"), (r"c:\CloudConnector", "C:"), (r"\\files\share", "C:"), ("", "C:")],
)
def test_the_disk_is_the_one_that_has_the_vms(directory: str, drive: str) -> None:
    place = Place(HOST, directory, SHARE, VMS)
    (asked_for,) = [step for step in state.appliance_survey(place, ["host"]).steps if step["name"] == "disk"]
    assert asked_for["parameters"]["Filter"] == f"DeviceID='{drive}'"


def test_each_vm_is_asked_with_its_own_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "VM_ACCOUNTS", {**state.VM_ACCOUNTS, "edge": "CceService"})
    made = {step["name"]: step for step in asked("services")}
    assert made["edge"]["parameters"]["Credential"] == {"$output": "credential_CceService"}
    assert made["cms"]["parameters"]["Credential"] == {"$output": "credential_VmAdmin"}
    assert list(made).index("credential_CceService") < list(made).index("edge")
    told = parse(result("credential_VmAdmin", {}), result("edge", inner(result("services"))))
    assert told.services["edge"] == Unknown("credential_CceService was not asked or not answered")


def test_the_lock_file_of_an_update_is_found_in_whatever_case() -> None:
    found = [{"Name": "cclockfile", "LastWriteTime": "2026-01-31T01:00:00.0000000Z"}, {"Name": "VersionInfo.txt"}]
    assert parse(result("site_files", *found)).update_lock == NOW
    assert parse(result("site_files", found[1])).update_lock is None
    assert isinstance(parse(result("site_files", errors=(DENIED,))).update_lock, Unknown)


@pytest.mark.parametrize(
    ("record", "action"),
    [
        ({"Action": "BitsUpdate", "ActionStatus": "Started"}, "BitsUpdate Started"),
        ({"LastAction": "OsUpdate", "LastActionStatus": "Finished", "Action": None}, "OsUpdate Finished"),
        ({}, None),
    ],
)
def test_the_last_action_is_what_the_tenants_record_shows(record: dict[str, Any], action: str | None) -> None:
    own = parse(result("memory", {"CSName": "cce-1"}))
    read = [{"Name": "CCE-1", **record}, {"Name": "cce-2", "Action": "Deploy", "ActionStatus": "Started"}]
    assert records([], read).applied(own).update_action == action
    assert isinstance(records([], read[1:]).applied(own).update_action, Unknown)


def test_a_vm_is_given_up_after_seconds() -> None:
    for vm in VMS:
        (inside,) = [step for step in asked("services") if step["name"] == vm]
        assert inside["parameters"]["SessionOption"]["OpenTimeout"] == "00:00:15"
