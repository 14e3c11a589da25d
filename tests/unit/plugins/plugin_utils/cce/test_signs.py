"""What a survey says of certificates, restarts, clocks and recovery, and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import inference, signs
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Results, attempt
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Certificate, Skew
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import NotReadError, Unknown

from .builders import NOW, healthy


def results(*errors: dict[str, str], **outputs: list[Any]) -> Results:
    return Results(
        {"results": [{"name": name, "output": output, "errors": errors} for name, output in outputs.items()]}
    )


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
    found = results(restart_keys=keys, file_renames=[{"PendingFileRenameOperations": renames}])
    assert signs.pending_restart(found) == waiting


@pytest.mark.parametrize(("keys", "session"), [([True], [{}]), ([False, False], [])])
def test_a_restart_that_could_not_be_asked_for_is_unknown(keys: list[bool], session: list[Any]) -> None:
    found = attempt(signs.pending_restart, results(restart_keys=keys, file_renames=session))
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
    assert signs.recovery_status(results(recovery_status=[text])) == status


def test_without_the_file_there_is_no_status() -> None:
    assert signs.recovery_status(results(error("PathNotFound"), recovery_status=[])) is None


def test_events_of_other_programs_are_left_out() -> None:
    own = {"Id": 304, "TimeCreated": "2026-01-05T08:00:00.0000000Z", "Message": "Completed Recovery"}
    (found,) = signs.recovery_events(results(recovery_events=[own, {**own, "Message": "Backup done"}]))
    assert (found.id, found.time, found.message) == (304, datetime(2026, 1, 5, 8, tzinfo=UTC), "Completed Recovery")


def test_no_event_is_no_error_but_no_log_is() -> None:
    assert signs.recovery_events(results(error("NoMatchingEventsFound"), recovery_events=[])) == ()
    with pytest.raises(NotReadError):
        signs.recovery_events(results(error("NoMatchingLogsFound"), recovery_events=[]))


def test_the_path_of_a_certificate() -> None:
    assert signs.certificate_file(results(certificate_EdgeServer=[r"C:\edge.pfx"]), "EdgeServer") == r"C:\edge.pfx"
    assert signs.certificate_file(results(certificate_EdgeServer=[]), "EdgeServer") is None


@pytest.mark.parametrize(("ahead", "took", "skew"), [(0, 4, Skew(0, 2)), (-400, 1, Skew(-400, 0.5))])
def test_the_skew_of_a_clock_is_told_with_half_of_what_the_exchange_took(ahead: int, took: int, skew: Skew) -> None:
    clock = NOW + timedelta(seconds=took / 2 + ahead)
    assert signs.skew(clock, NOW, NOW + timedelta(seconds=took)) == skew


def test_without_a_clock_there_is_no_skew() -> None:
    assert signs.skew(Unknown("line cut"), NOW, NOW) == Unknown("line cut")


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
    assert inference.external_certificate(healthy(certificates=(known,))) == known


def test_without_a_common_name_the_whole_subject_is_the_name() -> None:
    strange = Certificate("O=Contoso", "CN=root", NOW, "1")
    assert list(inference.newest_certificates(healthy(certificates=(strange,)))) == ["o=contoso"]


def test_an_ini_without_the_names_tells_no_external_name() -> None:
    with pytest.raises(NotReadError, match="identity"):
        inference.external_name(healthy(ini_imported="[Common]\n"))
