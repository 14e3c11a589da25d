"""The MSI ahead of its upgrade: brought in once, compared each time, and nothing of the product is changed by it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import hold

from lab.world.bits import write_version_file
from lab.world.product import cached_package, uninstall_msi
from tests.bench import HOST, OURS, SHARE, Bench
from tests.late import before_the_job, held
from tests.operations import Overtaken, starts_a_job

MSI = rf"{OURS}\packages\CloudConnector-2.1.msi"


def staged(bench: Bench, **options: Any) -> dict[str, Any]:
    """What the module returns."""
    return dict(bench.do("package", state="staged", **options))


def fetched(bench: Bench) -> list[Any]:
    """The copies of the MSI since the mark."""
    return [run for run in bench.ran("Invoke-WebRequest") if run.parameters["OutFile"] == MSI]


def refused(bench: Bench, **options: Any) -> str:
    """The message of a staging that refuses, having changed nothing."""
    result = staged(bench, **options)
    assert result["failed"] is True and result["changed"] is False and bench.changes() == []
    return str(result["msg"])


def of_the_product(bench: Bench) -> list[str]:
    """The mutating cmdlets since the mark that are of the product, or that run a program such as Windows Installer."""
    return [
        run.name
        for run in bench.ran()
        if run.mutating
        and (re.search("-C[cs]", run.name) or run.name == "Start-Process" and "msiexec" in str(run.parameters))
    ]


def test_it_is_predicted_staged_once_and_then_there() -> None:
    bench = Bench()
    predicted = staged(bench, check=True)
    assert predicted["changes"] == ["stage the MSI 2.1"] and bench.changes() == []
    done = staged(bench)
    assert done["changed"] and done["changes"] == predicted["changes"] and len(fetched(bench)) == 1
    assert hashlib.sha256(bench.computer.files.read(MSI)).hexdigest() == bench.lab.package("2.1")[1].lower()
    again = staged(bench)
    assert "failed" not in again and not again["changed"] and bench.changes() == []


def test_nothing_of_the_product_is_changed_and_nobody_logs_on_to_the_tenant() -> None:
    bench = Bench()
    before = bench.lab.snapshot(HOST)
    assert staged(bench)["changed"]
    assert of_the_product(bench) == [] and bench.ran("New-CsOnlineSession") == []
    after = bench.lab.snapshot(HOST)
    assert {name: after[name] for name in ("scripts", "running", "backup")} == {
        name: before[name] for name in ("scripts", "running", "backup")
    }
    assert bench.info()["slot"] is None and bench.claims() == []
    assert bench.text(rf"{OURS}\saved\state.json") is None, "such a record would let a missing module pass"


def test_the_upgrade_does_not_fetch_it_a_second_time_but_compares_it() -> None:
    bench = Bench()
    assert staged(bench)["changed"]
    result = bench.do("package")
    assert "failed" not in result and bench.lab.snapshot(HOST)["scripts"] == "2.1"
    assert fetched(bench) == []
    compared = [
        run for run in bench.ran("Get-FileHash") if run.method == "batch" and run.parameters["LiteralPath"] == [MSI]
    ]
    assert len(compared) == 1
    assert not staged(bench)["changed"] and bench.changes() == []


def test_one_that_is_spoiled_after_its_staging_is_fetched_again() -> None:
    bench = Bench()
    staged(bench)
    bench.computer.files.write(MSI, b"spoiled")
    assert "failed" not in bench.do("package") and len(fetched(bench)) == 1
    assert bench.lab.snapshot(HOST)["scripts"] == "2.1"


def test_another_hash_than_declared_is_not_staged() -> None:
    bench = Bench()
    result = staged(bench, sha256="0" * 64)
    assert result["failed"] and "has another SHA-256 than cloud_connector_package_sha256" in result["msg"]
    assert of_the_product(bench) == [] and bench.claims() == []
    assert "failed" not in staged(bench)


def test_a_host_that_dies_in_the_copy_is_staged_by_the_same_command() -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="Invoke-WebRequest", action="die_host")
    with pytest.raises(Exception, match="outcome"):
        staged(bench)
    bench.settle(600)
    bench.computer.files.write(MSI, b"half of it")
    assert "failed" not in staged(bench)
    assert not staged(bench)["changed"] and bench.claims() == []
    assert "failed" not in bench.do("package") and fetched(bench) == []


def test_a_run_that_is_killed_in_the_copy_finds_it_done() -> None:
    bench = Bench()
    action = bench.prepare("package", state="staged")
    begun: list[bool] = []

    def die(request: dict[str, Any]) -> None:
        if begun:
            raise ConnectionError("the controller is gone")
        begun.extend([True] * starts_a_job(request))

    action._connection = Overtaken(bench.lab.connection(HOST), die)
    with pytest.raises(Exception, match="outcome"):
        action.run(task_vars={"inventory_hostname": HOST})
    bench.settle(1000)
    assert len(bench.claims()) == 1
    assert "failed" not in staged(bench) and fetched(bench) == []
    assert not staged(bench)["changed"] and bench.claims() == []


def test_a_start_that_comes_late_copies_nothing() -> None:
    bench = Bench()
    line = held(bench, "package", "Register-ScheduledTask", state="staged")
    bench.settle(600)
    bench.mark()
    line.deliver()
    bench.settle(600)
    assert fetched(bench) == [] and not bench.computer.files.exists(MSI)


def test_an_msi_that_is_swapped_before_the_job_of_the_upgrade_is_not_installed() -> None:
    bench = Bench()
    staged(bench)
    before_the_job(bench, lambda: bench.computer.files.write(MSI, b"other"))
    assert "Nothing was uninstalled" in bench.do("package")["msg"]
    assert of_the_product(bench) == []


def test_check_mode_hands_on_what_would_be_staged() -> None:
    bench = Bench()
    predicted = staged(bench, check=True)
    again = staged(bench, check=True, facts=predicted["ansible_facts"])
    assert predicted["changed"] and not again["changed"]
    assert bench.do("package", check=True, facts=again["ansible_facts"])["changes"] == ["replace the MSI 2.0.1 by 2.1"]


def test_a_copy_that_takes_longer_than_the_wait_is_found_again() -> None:
    bench = Bench()
    bench.lab.fault(HOST, cmdlet="Invoke-WebRequest", action="hang")
    first = staged(bench, timeout=600)
    assert first["failed"] and len(bench.claims()) == 1
    assert "is under way" in bench.do("package")["msg"] and bench.lab.snapshot(HOST)["scripts"] == "2.0.1"
    bench.appliance.restart()
    bench.settle(600)
    assert "failed" not in staged(bench)
    assert not staged(bench)["changed"]


# --- refusing ----------------------------------------------------------------------------------------------------------


def with_a_hold(bench: Bench) -> None:
    made = hold.make("oslo", "Ann Lee", "no calls", "2.1", "2.0.1", bench.lab.world.now(), "0" * 32)
    bench.lab.world.network.files.write_text(hold.path(SHARE), made.text)


def with_other_bits(bench: Bench) -> None:
    write_version_file(bench.lab.world.network.files, bench.appliance.site.directory, "2.1.1")


def without_the_module(bench: Bench) -> None:
    uninstall_msi(bench.appliance)


def without_the_old_msi(bench: Bench) -> None:
    bench.computer.files.remove(cached_package("2.0.1"))


@pytest.mark.parametrize("before", [False, True], ids=["never staged", "staged before"])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (with_a_hold, "cce-1 stays as it is"),
        (with_other_bits, "Start-CcDownload would not fetch the bits of 2.1"),
        (without_the_module, "an exchange of the MSI is not finished there"),
        (without_the_old_msi, "cannot be saved"),
    ],
)
def test_what_would_refuse_the_upgrade_refuses_the_staging(spoil: Any, said: str, before: bool) -> None:
    bench = Bench()
    if before:
        staged(bench)
    spoil(bench)
    assert said in refused(bench)


def test_the_ini_of_another_appliance_is_refused() -> None:
    bench = Bench()
    staged(bench, content=bench.content)
    result = staged(bench, content=bench.lab.ini("cce-2"))
    assert result["failure"]["class"] == "wrong-host" and bench.changes() == []


def test_an_appliance_that_is_upgraded_needs_nothing() -> None:
    """Nor does it matter any more what would refuse an upgrade."""
    bench = Bench("configuration")
    with_other_bits(bench)
    result = staged(bench)
    assert "failed" not in result and not result["changed"] and bench.changes() == []


# --- the ini -----------------------------------------------------------------------------------------------------------


def checked(bench: Bench, **options: Any) -> dict[str, Any]:
    """What checking the ini ahead returns; nothing is changed, whatever it says."""
    result = dict(bench.do("configuration", state="checked", **options))
    assert bench.changes() == [] and result["changed"] is False
    return result


def test_the_ini_is_checked_with_the_scripts_of_the_release_before() -> None:
    bench = Bench()
    assert bench.lab.snapshot(HOST)["scripts"] == "2.0.1"
    assert "failed" not in checked(bench)


def test_an_ini_that_changes_more_than_declared_is_refused_ahead() -> None:
    bench = Bench()
    bench.content = re.sub(r"(?m)^City=.*$", "City=Elsewhere", bench.content, count=1)
    assert "would get another configuration" in checked(bench)["msg"]
    assert "failed" not in checked(bench, accept_changes=["Common/City"])


def test_an_ini_of_another_appliance_is_refused_ahead() -> None:
    bench = Bench()
    bench.content = bench.lab.ini("cce-2")
    assert checked(bench)["failure"]["class"] == "wrong-host"


def test_an_ini_that_is_not_one_of_the_release_is_refused_ahead() -> None:
    bench = Bench()
    bench.content = re.sub(r"(?m)^SIPDomains=.*\r?\n", "", bench.content, count=1)
    assert "SIPDomains is missing" in checked(bench)["msg"]
