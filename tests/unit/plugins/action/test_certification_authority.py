"""The internal certification authority, judged by the cmdlets the lab recorded and the files it wrote."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import HOST, JOB
from tests.cycle import Cycle

MODULE = "certification_authority"
BACKUP = r"\\files\oslo\CA\SfB CCE Root.p12"
DECLARED = {
    "export_root": "Export-CcRootCertificate",
    "renew_root": "Update-CcCACertificate",
    "renew_servers": "Update-CcServerCertificate",
    "remove_legacy": "Remove-CcLegacyServerCertificate",
    "reset": "Reset-CcCACertificate",
}


@pytest.fixture
def bench() -> Cycle:
    return Cycle()


def options(operation: str, generation: str | None = "1") -> dict[str, Any]:
    given = {**JOB, "operation": operation, "generation": generation}
    return given | ({"path": r"C:\export"} if operation == "export_root" else {})


def test_the_cycle_of_the_backup(bench: Cycle) -> None:
    files = bench.lab.world.network.files
    bench.cycle(MODULE, "Backup-CcCertificationAuthority", **options("backup", None))
    assert files.exists(BACKUP)
    bench.cycle(MODULE, "Remove-CcCertificationAuthorityFile", **options("remove_backup", None))
    assert not files.exists(BACKUP)


@pytest.mark.parametrize("operation", DECLARED)
def test_the_cycle_of_what_a_generation_decides(bench: Cycle, operation: str) -> None:
    bench.run("Enter-CcUpdate")
    bench.cycle(MODULE, DECLARED[operation], **options(operation))
    bench.cycle(MODULE, DECLARED[operation], **options(operation, "2"))


def test_roots_that_were_removed_are_exported_again(bench: Cycle) -> None:
    bench.must(MODULE, **options("export_root"))
    bench.computer.files.remove(r"C:\export\CCERootCertificates.p7b")
    assert bench.must(MODULE, **options("export_root"))["changed"]


def test_only_roles_that_were_not_renewed_are_left(bench: Cycle) -> None:
    bench.must(MODULE, **options("renew_servers"), roles=["Edge"])
    assert bench.ran("Update-CcServerCertificate")[0].parameters["Roles"] == ["Edge"]
    assert not bench.must(MODULE, **options("renew_servers"), roles=["Edge"])["changed"]
    assert bench.must(MODULE, **options("renew_servers"), roles=["Edge", "MS"])["changed"]


def test_a_reset_needs_maintenance_mode(bench: Cycle) -> None:
    assert "enters maintenance mode first" in bench.refused(MODULE, **options("reset"))


@pytest.mark.parametrize("operation", DECLARED)
def test_a_generation_is_required(bench: Cycle, operation: str) -> None:
    assert "generation" in bench.refused(MODULE, **options(operation, None))


def test_nothing_is_begun_on_an_appliance_without_vms(bench: Cycle) -> None:
    bench.appliance.running = None
    assert "Nothing is deployed" in bench.refused(MODULE, **options("renew_root"))


def test_before_1_4_2_there_are_no_such_cmdlets(bench: Cycle) -> None:
    action = bench.prepare(MODULE, **options("renew_root"))
    read = action._read
    action._read = lambda: read().with_changes(scripts="1.4.1")
    assert "came with 1.4.2" in action.run(task_vars={"inventory_hostname": HOST})["msg"]


@pytest.mark.parametrize("operation", ["renew_root", "renew_servers"])
def test_the_cmdlet_of_1_4_2_has_another_name(operation: str) -> None:
    bench = Cycle(before="package", version="1.4.2")
    bench.do(MODULE, **options(operation))
    assert bench.ran(DECLARED[operation].replace("Update", "Renew")) and not bench.ran(DECLARED[operation])


def test_an_unreadable_share_says_nothing_about_the_backup(bench: Cycle) -> None:
    assert "cannot be judged" in bench.refused(MODULE, **options("backup", None), method="ntlm")
