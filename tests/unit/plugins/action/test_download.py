"""The bits: fetched once, by scripts of the right version, as a job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.world.bits import whole, write_version_file
from lab.world.files import Files
from tests.bench import HOST, OURS, Bench
from tests.late import before_the_job, over

FILE, BITS = r"\\files\oslo\VersionInfo.txt", r"\\files\oslo\SfBBits\2.1"
RECORD = rf"{OURS}\records\download.json"


def share(bench: Bench) -> Files:
    return bench.lab.world.network.files


def must(bench: Bench, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = bench.do("download", **options)
    assert "failed" not in result, result["msg"]
    return result


def test_a_version_file_proves_no_bits() -> None:
    """The product's own update downloads it first."""
    bench = Bench("download")
    write_version_file(share(bench), r"\\files\oslo", "2.1")
    assert must(bench)["changed"] is True
    assert bench.count("download") == 1 and whole(share(bench), r"\\files\oslo", "2.1")
    assert "failed" not in bench.do("deployment")


def test_a_download_that_was_cut_is_healed_by_the_same_command() -> None:
    bench = Bench("download", switches={"version_file": "first", "bits_come": "one by one"})
    bench.lab.fault(HOST, cmdlet="Start-CcDownload", when="during", point="half", action="die_host")
    assert bench.do("download", poll_interval=600)["failure"]["class"] == "host-restarted"
    assert share(bench).exists(FILE) and not whole(share(bench), r"\\files\oslo", "2.1")
    assert must(bench)["changed"] is True and whole(share(bench), r"\\files\oslo", "2.1")
    assert must(bench)["changed"] is False and bench.changes() == []


def test_the_cmdlet_is_run_once_where_the_bits_are_there_and_has_changed_nothing() -> None:
    bench = Bench("deployment")
    first = must(bench)
    assert bench.count("download") == 1 and first["changed"] is False and first["changes"] == []
    assert first["download"]["bits"]["files"] > 0
    assert must(bench)["changed"] is False and bench.count("download") == 1


def test_it_is_written_down_which_bits_were_there() -> None:
    bench = Bench("download")
    assert must(bench)["changed"] is True
    written = json.loads(bench.text(RECORD) or "")["bits"]
    assert written["version"] == "2.1" and written["files"] == 2 and len(written["listing"]) == 64


@pytest.mark.parametrize("spoil", ["lost", "shorter", "another"])
def test_other_bits_than_were_written_down_are_downloaded_again(spoil: str) -> None:
    bench = Bench("download")
    must(bench)
    if spoil == "lost":
        share(bench).remove(BITS)
    elif spoil == "shorter":
        share(bench).write(rf"{BITS}\bits.txt", b"")
    else:
        share(bench).write(rf"{BITS}\more.txt", b"1")
    again = must(bench)
    assert bench.count("download") == 2 and again["changed"] is (spoil == "lost")
    assert must(bench)["changed"] is False and bench.count("download") == 2


def test_the_record_of_another_version_proves_nothing() -> None:
    bench = Bench("download")
    must(bench)
    bench.computer.files.write_text(RECORD, (bench.text(RECORD) or "").replace('"2.1"', '"2.0.1"'))
    must(bench)
    assert bench.count("download") == 2


def test_what_check_mode_says() -> None:
    bench = Bench("download")
    assert must(bench, check=True)["changed"] is True and bench.changes() == [] and bench.text(RECORD) is None


def test_a_folder_that_cannot_be_listed_is_not_believed() -> None:
    bench = Bench("download")
    result = bench.do("download", method="ntlm")
    assert result["failed"] and bench.count("download") == 0


def test_bits_are_not_fetched_for_what_is_deployed() -> None:
    bench = Bench("version")
    assert bench.do("download")["changed"] is False


def test_only_the_bits_are_fetched() -> None:
    """Without the switch the cmdlet may swap the MSI under the session."""
    bench = Bench("download")
    bench.do("download")
    (run,) = bench.ran("Start-CcDownload")
    assert run.parameters["DownloadBitsOnly"] is True and run.method == "batch"


def test_another_address_may_be_given() -> None:
    bench = Bench("download")
    bench.lab.world.private_downloads["https://bits.lab"] = "2.1"
    assert "failed" not in bench.do("download", url_root="https://bits.lab")
    assert bench.ran("Start-CcDownload")[0].parameters["DownloadUrlRoot"] == "https://bits.lab"


def test_a_site_that_is_retired_is_named() -> None:
    bench = Bench("download")
    bench.lab.world.network.down.add("download.microsoft.com")
    result = bench.do("download")
    assert "Could not download the bits: Start-CcDownload said: Unable to download" in result["msg"]
    assert bench.claims() == []


def test_a_download_of_another_version_is_noticed() -> None:
    """Microsoft's site may offer another version than the target."""
    bench = Bench("download")
    bench.lab.world.latest = "2.0"
    result = bench.do("download")
    assert "was asked to download the bits of 2.1" in result["msg"]
    assert result["failure"]["class"] == "other-bits-offered" and bench.text(RECORD) is None


def test_scripts_of_another_version_do_not_download() -> None:
    bench = Bench()
    assert "Run the package operation first" in bench.do("download")["msg"]
    assert bench.changes() == []


@pytest.mark.parametrize("late", [False, True], ids=["at the start", "in the job"])
def test_scripts_that_were_changed_meanwhile_stop_the_job_on_the_appliance(late: bool) -> None:
    bench = Bench("download")

    def change() -> None:
        bench.appliance.msi = "2.0.1"

    if late:
        before_the_job(bench, change)
    result = over(bench, "download", lambda number: number == 2 and not late and change())
    assert "Get-CcVersion (scripts) on the appliance gave 2.0.1" in result["msg"]
    assert bench.count("download") == 0 and bench.claims() == []
    assert bool(bench.ran("Register-ScheduledTask")) is late


def test_a_version_file_that_names_no_version_is_a_warning() -> None:
    bench = Bench("download", switches={"version_info": "absent"})
    result = bench.do("download")
    assert "failed" not in result and result["changed"] is True
    assert bench.do("download")["changed"] is False
    assert len(result["warnings"]) == 1 and r"\\files\oslo names no version" in result["warnings"][0]


def test_bits_that_are_named_are_no_warning() -> None:
    assert "warnings" not in Bench("download").do("download")


def test_a_job_that_died_is_not_believed_where_the_version_file_names_no_version() -> None:
    """Only the cmdlet's word tells then, and there is none."""
    bench = Bench("download", switches={"version_info": "absent"})
    bench.lab.fault(HOST, cmdlet="Start-CcDownload", action="die_host")
    result = bench.do("download", poll_interval=600)
    assert result["failure"]["class"] == "host-restarted" and "warnings" not in result


def test_nothing_is_fetched_beside_another_job() -> None:
    bench = Bench("download")
    bench.computer.files.write_text(r"C:\Program Files\sfb.cloud_connector\jobs\install-2.1.claim", "{}")
    result = bench.do("download")
    assert result["failure"]["class"] == "job-open" and bench.changes() == []


def test_one_version_is_one_job_however_it_is_written() -> None:
    bench = Bench("download")
    assert bench.do("download", version="2.1.0", timeout=1)["failure"]["class"] == "unfinished"
    result = bench.do("download", version="2.1")
    assert "failed" not in result and result["changes"] == ["wait for the job download-2.1, which was begun before"]
    assert bench.count("download") == 1


def test_what_could_not_be_written_down_is_collected_by_the_same_command() -> None:
    """The job stays until it is."""
    bench = Bench("download")
    bench.lab.fault(HOST, cmdlet="Move-Item", text="The disk is full.")
    assert "Could not write down what was done: Move-Item said: The disk is full." in bench.do("download")["msg"]
    assert bench.claims() == ["download-2.1.claim"]
    must(bench)
    assert bench.count("download") == 1 and bench.claims() == [] and must(bench)["changed"] is False
