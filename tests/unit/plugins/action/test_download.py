"""The bits: fetched once, by scripts of the right version, as a job."""

from __future__ import annotations

import pytest
from ansible.utils.display import Display

from tests.bench import HOST, Bench


def test_bits_that_are_in_the_share_are_not_fetched() -> None:
    bench = Bench("deployment")
    assert bench.do("download")["changed"] is False
    assert bench.changes() == []


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


def test_scripts_of_another_version_do_not_download() -> None:
    bench = Bench()
    assert "Run the package operation first" in bench.do("download")["msg"]
    assert bench.changes() == []


def test_scripts_that_were_changed_meanwhile_stop_the_job_on_the_appliance() -> None:
    bench = Bench("download")
    action = bench.prepare("download")
    reading = action.read

    def read_then_meddle() -> object:
        state = reading()
        bench.appliance.msi = "2.0.1"
        return state

    action.read = read_then_meddle
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert "Get-CcVersion (scripts) on the appliance gave 2.0.1" in result["msg"]
    assert bench.count("download") == 0 and bench.claims() == []


def test_a_version_file_that_names_no_version_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, text, **more: said.append(text))
    bench = Bench("download", switches={"version_info": "absent"})
    assert "failed" not in bench.do("download")
    assert len(said) == 1 and r"\\files\oslo names no version" in said[0]
