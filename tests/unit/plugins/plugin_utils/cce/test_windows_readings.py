"""What a survey says of services, certificates, restarts, clocks and recovery, and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import derived, maintenance, windows_readings
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Answer, attempt
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Certificate, Skew
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown

from .builders import NOW, healthy


def answer(*errors: dict[str, str], **outputs: list[Any]) -> Answer:
    more = {"errors": errors, "warnings": [], "thrown": False, "seconds": 0}
    return Answer({"results": [{"name": name, "output": output, **more} for name, output in outputs.items()]})


def error(id: str, message: str = "no") -> dict[str, str]:
    return {"id": f"{id},Some.Command", "message": message}


@pytest.mark.parametrize(
    ("keys", "renames", "waiting"),
    [
        ([False, False], None, ()),
        ([False, False], [], ()),
        ([True, False], None, ("servicing",)),
        ([False, True], ["a", ""], ("windows_update", "file_renames")),
    ],
)
def test_what_waits_for_a_restart(keys: list[bool], renames: Any, waiting: tuple[str, ...]) -> None:
    found = answer(restart_keys=keys, file_renames=[{"PendingFileRenameOperations": renames}])
    assert windows_readings.pending_restart(found) == waiting


@pytest.mark.parametrize(("keys", "session"), [([True], [{}]), ([False, False], [])])
def test_a_restart_that_could_not_be_asked_for_is_unknown(keys: list[bool], session: list[Any]) -> None:
    found = attempt(windows_readings.pending_restart, answer(restart_keys=keys, file_renames=session))
    assert isinstance(found, Unknown)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("AutoMaintenanceStatus=3", 3),
        ("<AutoMaintenanceStatus>0</AutoMaintenanceStatus>", 0),
        ('{"autoMaintenanceStatus": 12}', 12),
        ("Other=3", None),
    ],
)
def test_the_status_is_the_number_behind_its_name(text: str, status: int | None) -> None:
    assert windows_readings.recovery_status(answer(recovery_status=[text])) == status


def test_without_the_file_there_is_no_status() -> None:
    assert windows_readings.recovery_status(answer(error("PathNotFound"), recovery_status=[])) is None


def test_events_of_other_programs_are_left_out() -> None:
    own = {"Id": 304, "TimeCreated": "2026-01-05T08:00:00.0000000Z", "Message": "Completed Recovery"}
    (found,) = windows_readings.recovery_events(answer(recovery_events=[own, {**own, "Message": "Backup done"}]))
    assert (found.id, found.time, found.message) == (304, datetime(2026, 1, 5, 8, tzinfo=UTC), "Completed Recovery")


@pytest.mark.parametrize("message", [None, "", " "])
def test_an_event_without_a_text_may_be_one_of_recovery(message: Any) -> None:
    """Its text is in the program that wrote it, which is gone between two MSIs."""
    entry = {"Id": 20006, "TimeCreated": "2026-01-05T08:00:00.0000000Z", "Message": message}
    (found,) = windows_readings.recovery_events(answer(recovery_events=[entry]))
    assert (found.id, found.message.strip()) == (20006, "")


def test_the_logon_is_elevated_where_the_key_opens() -> None:
    refused = {**error("System.Security.SecurityException"), "category": "PermissionDenied"}
    assert windows_readings.full_token(answer(full_token=[{"PSChildName": "S-1-5-19"}])) is True
    assert windows_readings.full_token(answer(refused, full_token=[])) is False
    assert isinstance(attempt(windows_readings.full_token, answer(error("Other"), full_token=[])), Unknown)
    assert isinstance(attempt(windows_readings.full_token, answer(full_token=[])), Unknown)


@pytest.mark.parametrize(("value", "text"), [(None, ""), ("", ""), ("10.2.1.*", "10.2.1.*")])
def test_the_list_of_trusted_hosts(value: Any, text: str) -> None:
    assert windows_readings.trusted_hosts(answer(trusted_hosts=[{"Value": value}])) == text


@pytest.mark.parametrize(("value", "good"), [(None, True), (0, True), (1, False)])
def test_a_policy_may_forbid_stored_passwords(value: Any, good: bool) -> None:
    assert windows_readings.stores_passwords(answer(password_policy=[{"DisableDomainCreds": value}])) is good


@pytest.mark.parametrize(("value", "good"), [(None, False), (0, False), (1, True)])
def test_strong_crypto_has_to_be_set(value: Any, good: bool) -> None:
    assert windows_readings.strong_crypto(answer(strong_crypto=[{"SchUseStrongCrypto": value}])) is good


@pytest.mark.parametrize(("found", "enabled"), [([], None), ([1], True), ([2], False), ([1, 2], False)])
def test_a_firewall_rule_is_enabled_disabled_or_not_there(found: list[int], enabled: bool | None) -> None:
    rules = [{"DisplayName": "CS RTCSRV", "Enabled": one} for one in found]
    assert windows_readings.firewall_rule(answer(firewall_rule=rules)) is enabled


def test_no_event_is_no_error_but_no_log_is() -> None:
    assert windows_readings.recovery_events(answer(error("NoMatchingEventsFound"), recovery_events=[])) == ()
    with pytest.raises(NotReadError):
        windows_readings.recovery_events(answer(error("NoMatchingLogsFound"), recovery_events=[]))


def test_the_path_of_a_certificate() -> None:
    assert (
        windows_readings.certificate_file(answer(certificate_EdgeServer=[r"C:\edge.pfx"]), "EdgeServer")
        == r"C:\edge.pfx"
    )
    assert windows_readings.certificate_file(answer(certificate_EdgeServer=[]), "EdgeServer") is None


@pytest.mark.parametrize(("ahead", "took", "skew"), [(0, 4, Skew(0, 2)), (-400, 1, Skew(-400, 0.5))])
def test_the_skew_of_a_clock_is_told_with_half_of_what_the_exchange_took(ahead: int, took: int, skew: Skew) -> None:
    clock = NOW + timedelta(seconds=took / 2 + ahead)
    assert windows_readings.skew(clock, NOW, NOW + timedelta(seconds=took)) == skew


def test_without_a_clock_there_is_no_skew() -> None:
    assert windows_readings.skew(Unknown("line cut"), NOW, NOW) == Unknown("line cut")


@pytest.mark.parametrize(
    "subject",
    [
        "CN=AP-Berlin.contoso.com, O=Contoso, C=DE",
        "O=Contoso, CN=ap-berlin.contoso.com",
        'CN="ap-berlin.contoso.com", O=x',
    ],
)
def test_the_common_name_of_a_subject(subject: str) -> None:
    known = Certificate(subject, "CN=root", NOW, "1")
    assert derived.external_certificate(healthy(certificates=(known,))) == known


def test_without_a_common_name_the_whole_subject_is_the_name() -> None:
    strange = Certificate("O=Contoso", "CN=root", NOW, "1")
    assert list(derived.newest_certificates(healthy(certificates=(strange,)))) == ["o=contoso"]


def test_an_ini_without_the_names_tells_no_external_name() -> None:
    with pytest.raises(NotReadError, match="identity"):
        derived.external_name(healthy(ini_imported="[Common]\n"))


@pytest.mark.parametrize(
    ("services", "state"),
    [
        ({"RTCMEDSRV": "Running"}, "Running"),
        ({"MEDSVC": "Running"}, "Running"),
        ({"MEDSVC": "Stopped"}, "Stopped"),
        ({"RTCMEDSRV": "Stopped", "MEDSVC": "Running"}, "Running"),
        ({"RTCSRV": "Running"}, None),
    ],
)
def test_the_mediation_service_has_two_names(services: dict[str, str], state: str | None) -> None:
    assert windows_readings.service_state(services, "RTCMEDSRV") == state


def test_a_service_with_two_names_is_asked_for_by_both() -> None:
    assert windows_readings.with_aliases(["REPLICA", "RTCMEDSRV"]) == ("REPLICA", "RTCMEDSRV", "MEDSVC")


@pytest.mark.parametrize(("state", "stopped"), [("Running", False), ("Stopped", True)])
def test_an_appliance_is_stopped_by_either_name_of_the_mediation_service(state: str, stopped: bool) -> None:
    edge = dict.fromkeys(healthy().services["edge"], "Stopped")
    assert maintenance.is_stopped(healthy(services={"edge": edge, "mediation": {"MEDSVC": state}})) is stopped
