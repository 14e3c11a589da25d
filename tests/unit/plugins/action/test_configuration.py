"""CloudConnector.ini: refused when it is not one of the release, never half-written, imported in the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.bench import DIRECTORY, HOST, NEIGHBOUR, Bench
from tests.late import held, over

INI = rf"{DIRECTORY}\CloudConnector.ini"
IMPORTED = r"C:\ProgramData\CloudConnector\CloudConnector.ini"


CITY = ["Common/City"]


def without(text: str, key: str) -> str:
    return re.sub(rf"(?m)^{key}=.*\r?\n", "", text, count=1)


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
@pytest.mark.parametrize("key", ["State", "SIPDomains", "CorpnetSwitchName"])
def test_an_ini_without_a_key_of_the_release_is_refused(key: str, check: bool) -> None:
    bench = Bench("configuration")
    bench.content = without(bench.content, key)
    result = bench.do("configuration", check=check)
    assert result["failed"] and f"{key} is missing" in result["msg"] and "cloud_connector_ini" in result["msg"]
    assert result["changed"] is False and bench.changes() == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    bench = Bench("configuration")
    bench.content = without(without(bench.content, "State"), "SIPDomains")
    message = bench.do("configuration")["msg"]
    assert "State is missing" in message and "SIPDomains is missing" in message


@pytest.mark.parametrize("cmdlet", ["New-Item", "Copy-Item", "Move-Item", "Import-CcConfiguration"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failure_at_any_step_leaves_a_whole_ini_and_the_rerun_repairs(cmdlet: str, when: str) -> None:
    bench = Bench("configuration")
    old = bench.text(INI)
    bench.lab.fault(HOST, cmdlet=cmdlet, when=when, text="The disk is full.")
    result = bench.do("configuration")
    assert f"{cmdlet} said: The disk is full." in result["msg"]
    assert bench.text(INI) in (old, bench.content) and bench.text(IMPORTED) in (old, bench.content)
    assert "failed" not in bench.do("configuration")
    assert bench.text(INI) == bench.text(IMPORTED) == bench.content


def test_a_host_that_dies_between_write_and_move_has_the_old_ini() -> None:
    bench = Bench("configuration")
    old = bench.text(INI)
    bench.lab.fault(HOST, cmdlet="Move-Item", action="die_host")
    with pytest.raises(Exception, match="outcome"):
        bench.do("configuration")
    assert bench.text(INI) == old
    bench.settle(600)
    assert "failed" not in bench.do("configuration")
    assert bench.text(INI) == bench.content


def test_a_job_that_began_though_windows_said_that_it_could_not_be_started_is_waited_for() -> None:
    """Its claim stays as long as it runs, and nothing of it is left."""
    bench = Bench("configuration")
    bench.lab.fault(HOST, cmdlet="Start-ScheduledTask", when="after", text="The service is not available.")
    result = bench.do("configuration")
    assert "failed" not in result and bench.our_files("jobs") == []
    assert len(bench.lab.record.cmdlets(HOST, name="Import-CcConfiguration")) == 1


def test_a_job_that_could_not_be_started_leaves_nothing() -> None:
    bench = Bench("configuration")
    bench.lab.fault(HOST, cmdlet="Start-ScheduledTask", text="The service is not available.")
    result = bench.do("configuration")
    assert "Start-ScheduledTask said: The service is not available." in result["msg"] and bench.our_files("jobs") == []
    bench.settle(600)
    assert bench.our_files("jobs") == [] and "failed" not in bench.do("configuration")


def test_an_import_that_did_nothing_is_noticed() -> None:
    bench = Bench("configuration")
    bench.lab.fault(HOST, cmdlet="Import-CcConfiguration", action="half_done")
    result = bench.do("configuration")
    assert "was asked to import CloudConnector.ini" in result["msg"] and result["changed"] is True
    assert result["failure"]["class"] == "not-confirmed" and "othing was changed" not in result["msg"]
    assert bench.do("configuration")["changes"] == ["import CloudConnector.ini"]


def test_only_what_differs_is_done() -> None:
    bench = Bench("configuration")
    bench.computer.files.write_text(INI, bench.content)
    assert bench.do("configuration")["changes"] == ["import CloudConnector.ini"]
    of_the_job = [run.name for run in bench.ran() if run.method == "batch" and run.mutating]
    assert of_the_job == ["Import-CcConfiguration"]


def test_what_is_not_ascii_arrives_as_it_is() -> None:
    bench = Bench("configuration")
    bench.content = bench.content.replace("City=", "City=Zürich – Ωμέγα 東京")
    assert bench.content.isascii() is False
    bench.do("configuration", accept_changes=CITY)
    assert bench.text(IMPORTED) == bench.content
    assert bench.do("configuration")["changed"] is False


def test_it_can_be_put_back() -> None:
    bench = Bench("configuration")
    bench.do("configuration")
    first, bench.content = bench.content, bench.content.replace("City=", "City=Oslo")
    assert bench.do("configuration", accept_changes=CITY)["changed"] is True
    assert bench.do("configuration", content=first, accept_changes=CITY)["changed"] is True
    assert bench.text(IMPORTED) == first


def backups(bench: Bench) -> list[str | None]:
    """The texts of the inis that were kept."""
    names = [one.name for one in bench.computer.files.list(DIRECTORY)]
    return [bench.text(rf"{DIRECTORY}\{name}") for name in names if ".ini.before-2.1-" in name]


def test_the_ini_before_is_kept_also_when_it_is_changed_again() -> None:
    bench = Bench("configuration")
    old = bench.text(INI)
    for city in ("Oslo", "Bergen", "Oslo"):
        bench.content = bench.content.replace("City=", f"City={city}")
        bench.do("configuration", accept_changes=CITY)
    assert len(backups(bench)) == 3 and old in backups(bench)


def test_a_byte_order_mark_is_left_out() -> None:
    """Windows takes it off when the file is read: with it, the same command would never come to an end."""
    bench = Bench("configuration")
    assert "failed" not in bench.do("configuration", content=f"\ufeff{bench.content}")
    assert bench.do("configuration", content=f"\ufeff{bench.content}")["changed"] is False


def test_scripts_of_another_version_do_not_import() -> None:
    bench = Bench("package")
    result = bench.do("configuration")
    assert "The scripts on cce-1 are 2.0.1, not 2.1." in result["msg"] and bench.changes() == []


def test_an_ini_that_cannot_be_read_is_not_overwritten() -> None:
    bench = Bench("configuration")
    bench.options("configuration")
    bench.lab.fault(HOST, cmdlet="Get-Content", text="Access is denied.", times=99)
    result = bench.do("configuration")
    assert "cce-1 cannot be judged: Access is denied." in result["msg"]
    assert bench.changes() == []


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
@pytest.mark.parametrize(
    ("line", "other", "said"),
    [
        ("SiteName=.*", "SiteName=bergen", "site name bergen in the new ini, oslo in force"),
        (r"(\[MediationServer\](?:.*\n)+?ServerName=)\S+", r"\1other", "mediation fqdn other"),
    ],
)
def test_the_ini_of_another_appliance_is_not_put_in_force(line: str, other: str, said: str, check: bool) -> None:
    """The address in the inventory may be that of another host."""
    bench = Bench("configuration")
    before = bench.text(INI), bench.text(IMPORTED)
    content = re.sub(line, other, bench.content, count=1)
    assert content != bench.content
    result = bench.do("configuration", content=content, check=check)
    assert result["failure"]["class"] == "wrong-host" and said in result["msg"] and "ansible_host" in result["msg"]
    assert "Nothing was changed." in result["msg"] and bench.changes() == []
    assert (bench.text(INI), bench.text(IMPORTED)) == before


def test_the_ini_of_the_neighbour_is_not_put_in_force() -> None:
    bench = Bench("configuration")
    result = bench.do("configuration", content=bench.lab.ini(NEIGHBOUR))
    assert result["failure"]["class"] == "wrong-host" and bench.changes() == []


def test_the_first_ini_of_an_appliance_is_compared_with_none() -> None:
    bench = Bench("configuration")
    for path in (INI, IMPORTED):
        bench.computer.files.remove(path)
    assert "failed" not in bench.do("configuration")
    assert bench.text(INI) == bench.text(IMPORTED) == bench.content


@pytest.mark.parametrize("check", [False, True], ids=["done", "checked"])
@pytest.mark.parametrize(
    ("line", "other", "name"),
    [
        ("EnableReferSupport=true", "EnableReferSupport=false", "TrunkConfiguration/EnableReferSupport"),
        (r"(\[Gateway1\](?:.*\n)+?IP=)\S+", r"\g<1>10.9.9.9", "Gateway1/IP"),
        (r"ExternalSIPIPs=\S+", "ExternalSIPIPs=198.51.100.77", "EdgeServer/ExternalSIPIPs"),
        (r"(?ms)^\[Gateway2\].*", "", "Gateway2/IP"),
    ],
)
def test_a_change_that_nobody_declared_is_not_put_in_force(line: str, other: str, name: str, check: bool) -> None:
    bench = Bench("configuration")
    before = bench.text(INI), bench.text(IMPORTED)
    content = re.sub(line, other, bench.content, count=1)
    assert content != bench.content
    result = bench.do("configuration", content=content, check=check, accept_changes=CITY)
    assert f"{name} is " in result["msg"] and "cloud_connector_accepted_ini_changes" in result["msg"]
    assert "Nothing was changed." in result["msg"] and bench.changes() == []
    assert (bench.text(INI), bench.text(IMPORTED)) == before


def test_a_declared_change_is_put_in_force_and_may_stay_declared() -> None:
    bench = Bench("configuration")
    bench.content = bench.content.replace("EnableReferSupport=true", "EnableReferSupport=false")
    declared = ["trunkconfiguration/enablerefersupport"]
    assert bench.do("configuration", accept_changes=declared)["changed"] is True
    assert bench.text(IMPORTED) == bench.content
    assert bench.do("configuration", accept_changes=declared)["changed"] is False


def test_the_site_cannot_be_changed_by_declaring_it() -> None:
    bench = Bench("configuration")
    content = re.sub("SiteName=.*", "SiteName=bergen", bench.content)
    result = bench.do("configuration", content=content, accept_changes=["Common/SiteName"])
    assert result["failure"]["class"] == "wrong-host" and bench.changes() == []


@pytest.mark.parametrize("name", ["EnableReferSupport", "[Gateway1] IP", "a/b/c"])
def test_a_change_is_declared_by_section_and_key(name: str) -> None:
    result = Bench("configuration").do("configuration", accept_changes=[name])
    assert result["failed"] and "Section/Key" in result["msg"]


@pytest.mark.parametrize(
    ("kind", "meddle"),
    [
        ("scripts", lambda bench: setattr(bench.appliance, "msi", "2.0.1")),
        ("ini_unchanged", lambda bench: bench.computer.files.write_text(IMPORTED, bench.content)),
    ],
)
def test_another_state_than_was_read_stops_it_on_the_appliance(kind: str, meddle: Callable[[Bench], Any]) -> None:
    bench = Bench("configuration")
    result = over(bench, "configuration", lambda number: number == 2 and meddle(bench))
    assert result["failure"]["class"] == "fence" and result["failure"]["step"] == kind
    assert bench.changes() == []


def test_a_request_that_arrives_late_does_not_bring_back_an_ini_that_was_corrected() -> None:
    bench = Bench("configuration")
    late = held(bench, "configuration", "Register-ScheduledTask")
    corrected = bench.content.replace("City=", "City=Oslo")
    assert "failed" not in bench.do("configuration", content=corrected, accept_changes=CITY)
    late.deliver()
    assert bench.text(INI) == bench.text(IMPORTED) == corrected


def test_an_ini_is_not_changed_under_a_job_that_runs() -> None:
    bench = Bench("configuration")
    bench.computer.files.write_text(r"C:\Program Files\sfb.cloud_connector\jobs\install-2.1.claim", "{}")
    result = bench.do("configuration")
    assert "install-2.1 is under way" in result["msg"]
    assert bench.changes() == []


def test_an_ini_that_was_put_in_force_meanwhile_where_none_was_stays() -> None:
    bench = Bench("configuration")
    bench.computer.files.remove(IMPORTED)
    corrected = bench.content.replace("City=", "City=Oslo")
    result = over(
        bench, "configuration", lambda number: number == 2 and bench.computer.files.write_text(IMPORTED, corrected)
    )
    assert result["failure"]["step"] == "ini_unchanged" and bench.text(IMPORTED) == corrected


def test_a_job_that_was_begun_for_another_ini_is_collected_and_then_this_one_imported() -> None:
    bench = Bench("configuration", switches={"import_seconds": 600})
    first, bench.content = bench.content, bench.content.replace("City=", "City=Oslo")
    assert bench.do("configuration", content=first, timeout=0)["failure"]["class"] == "unfinished"
    result = bench.do("configuration", accept_changes=CITY)
    assert "failed" not in result and bench.text(INI) == bench.text(IMPORTED) == bench.content


def test_after_such_a_job_the_guard_is_asked() -> None:
    bench = Bench("configuration", switches={"import_seconds": 600})
    first, bench.content = bench.content, bench.content.replace("City=", "City=Oslo")
    assert bench.do("configuration", content=first, timeout=0)["failure"]["class"] == "unfinished"
    result = bench.do("configuration")
    assert "Common/City" in result["msg"] and bench.text(IMPORTED) == first
