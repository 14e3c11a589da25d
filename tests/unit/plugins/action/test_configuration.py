"""CloudConnector.ini: refused when it is not one of the release, never half-written, imported in the end."""

from __future__ import annotations

import re

import pytest

from tests.bench import DIRECTORY, HOST, Bench

INI = rf"{DIRECTORY}\CloudConnector.ini"
IMPORTED = r"C:\ProgramData\CloudConnector\CloudConnector.ini"


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


def test_an_import_that_did_nothing_is_noticed() -> None:
    bench = Bench("configuration")
    bench.lab.fault(HOST, cmdlet="Import-CcConfiguration", action="half_done")
    result = bench.do("configuration")
    assert "was asked to import CloudConnector.ini" in result["msg"] and result["changed"] is True
    assert bench.do("configuration")["changes"] == ["import CloudConnector.ini"]


def test_only_what_differs_is_done() -> None:
    bench = Bench("configuration")
    bench.computer.files.write_text(INI, bench.content)
    assert bench.do("configuration")["changes"] == ["import CloudConnector.ini"]
    assert bench.changes() == ["Import-CcConfiguration"]


def test_what_is_not_ascii_arrives_as_it_is() -> None:
    bench = Bench("configuration")
    bench.content = bench.content.replace("City=", "City=Zürich – Ωμέγα 東京")
    assert bench.content.isascii() is False
    bench.do("configuration")
    assert bench.text(IMPORTED) == bench.content
    assert bench.do("configuration")["changed"] is False


def test_it_can_be_put_back() -> None:
    bench = Bench("configuration")
    bench.do("configuration")
    first, bench.content = bench.content, bench.content.replace("City=", "City=Oslo")
    assert bench.do("configuration")["changed"] is True
    assert bench.do("configuration", content=first)["changed"] is True
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
        bench.do("configuration")
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
    bench.lab.fault(HOST, cmdlet="Get-Content", text="Access is denied.", times=9)
    result = bench.do("configuration")
    assert "cce-1 cannot be judged: Access is denied." in result["msg"]
    assert bench.changes() == []


def test_an_ini_is_not_changed_under_a_job_that_runs() -> None:
    bench = Bench("configuration")
    bench.computer.files.write_text(r"C:\Program Files\sfb.cloud_connector\jobs\install-2.1.claim", "{}")
    result = bench.do("configuration")
    assert "install-2.1 is under way" in result["msg"]
    assert bench.changes() == []
