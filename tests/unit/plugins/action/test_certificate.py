"""An external certificate is put in place and imported, judged by what the lab's VMs have."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from lab.cmdlets.cloudconnector.certificates import certificate
from lab.world.building import SERVICE_PASSWORD
from tests.bench import DIRECTORY, HOST, JOB
from tests.cycle import CREDENTIALS, Cycle

OLD, NEW = r"C:\certs\old.pfx", r"C:\certs\new.pfx"
IMPORT = {**JOB, "path": NEW, "import": True}
POINT = "Set-CcExternalCertificateFilePath"


@pytest.fixture
def bench() -> Cycle:
    """An appliance in maintenance mode, with two certificates on its disk."""
    bench = Cycle()
    bench.run("Enter-CcUpdate")
    for path in (OLD, NEW):
        bench.computer.files.make_folder(r"C:\certs")
        bench.computer.files.write(path, certificate(path, SERVICE_PASSWORD))
    return bench


def content(bench: Cycle, path: str) -> bytes:
    return bytes(bench.computer.files.read(path))


@pytest.mark.parametrize("target", ["EdgeServer", "MediationServer"])
def test_the_cycle_of_an_import(bench: Cycle, target: str) -> None:
    bench.cycle("certificate", POINT, **IMPORT, target=target)
    assert bench.appliance.imported[target] == content(bench, NEW)
    bench.cycle("certificate", POINT, **{**IMPORT, "path": OLD}, target=target)
    assert bench.appliance.imported[target] == content(bench, OLD)


def test_the_cycle_without_an_import(bench: Cycle) -> None:
    bench.run("Exit-CcUpdate")
    bench.cycle("certificate", POINT, **JOB, path=NEW)
    assert content(bench, rf"{DIRECTORY}\new.pfx") == content(bench, NEW)
    assert bench.appliance.imported == {}


def test_what_is_in_place_is_still_imported(bench: Cycle) -> None:
    bench.must("certificate", **JOB, path=NEW)
    assert bench.must("certificate", **IMPORT)["changes"] == ["import it to the VMs of 2.1"]


def test_another_content_under_the_same_name_is_seen(bench: Cycle) -> None:
    bench.must("certificate", **IMPORT)
    bench.computer.files.write(NEW, certificate("renewed", SERVICE_PASSWORD))
    assert bench.must("certificate", **IMPORT)["changed"]


def test_an_appliance_in_service_is_left_alone(bench: Cycle) -> None:
    bench.run("Exit-CcUpdate")
    message = bench.refused("certificate", **IMPORT)
    assert "cce-1 is in service" in message and "maintenance mode" in message


def test_a_wrong_password_is_named_and_the_retry_succeeds(bench: Cycle) -> None:
    bench.computer.files.write(NEW, certificate("new", "another-secret"))
    result = bench.do("certificate", **IMPORT)
    assert result["failure"]["class"] == "certificate-password" and "register_local" in result["msg"]
    entered = [
        {**one, **({"password": "another-secret"} if one["account_type"] == "ExternalCert" else {})}
        for one in CREDENTIALS
    ]
    bench.must("credential", operation="register_local", credentials=entered, generation="1")
    assert bench.must("certificate", **IMPORT)["changed"]


def test_a_password_that_is_not_cached_would_prompt_and_is_refused(bench: Cycle) -> None:
    del bench.appliance.caches["cceadmin"]["ExternalCert"]
    assert "is not in the credential cache" in bench.refused("certificate", **IMPORT)


def test_the_declared_hash_decides(bench: Cycle) -> None:
    assert "another SHA-256" in bench.refused("certificate", **IMPORT, sha256="0" * 64)
    declared = {**IMPORT, "sha256": hashlib.sha256(content(bench, NEW)).hexdigest()}
    bench.must("certificate", **declared)
    bench.computer.files.remove(NEW)
    assert not bench.must("certificate", **declared)["changed"]


def test_a_missing_file_is_told(bench: Cycle) -> None:
    assert "cannot be judged" in bench.refused("certificate", **{**IMPORT, "path": r"C:\none.pfx"})


def test_older_vms_after_a_rollback_do_not_have_it_and_later_ones_do(bench: Cycle) -> None:
    bench.must("certificate", **IMPORT)
    bench.appliance.running = "2.0.1"
    assert bench.must("certificate", check=True, **IMPORT)["changed"]
    bench.appliance.running = "2.2"
    assert not bench.must("certificate", **IMPORT)["changed"]


def test_nothing_deployed_takes_no_import(bench: Cycle) -> None:
    bench.appliance.running = None
    assert "Nothing is deployed" in bench.refused("certificate", **IMPORT)


def test_a_file_that_changes_meanwhile_is_not_imported(bench: Cycle) -> None:
    action = bench.prepare("certificate", **IMPORT)
    read = action._read

    def read_then_changed() -> Any:
        state = read()
        bench.computer.files.write(NEW, b"something else")
        return state

    action._read = read_then_changed
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failure"]["class"] == "fence" and bench.appliance.imported == {}


@pytest.mark.parametrize("wrong", ["0" * 63, "0" * 65, "g" * 64, "'; Remove-Item C: #", "0" * 64 + "\n"])
def test_a_hash_is_64_hexadecimal_digits(bench: Cycle, wrong: str) -> None:
    bench.mark()
    result = bench.do("certificate", **IMPORT, sha256=wrong)
    assert result["failure"]["class"] == "option" and "is no SHA-256" in result["msg"] and bench.ran() == []


def test_a_job_that_is_collected_is_written_down_with_the_content_it_had(bench: Cycle) -> None:
    old = hashlib.sha256(content(bench, NEW)).hexdigest().upper()
    assert bench.do("certificate", **{**IMPORT, "timeout": 1, "poll_interval": 1})["failed"]
    bench.settle()
    bench.computer.files.write(NEW, certificate("renewed", SERVICE_PASSWORD))
    assert bench.do("certificate", **IMPORT)["failure"]["class"] == "not-confirmed"
    assert json.loads(bench.record("certificate") or "")["EdgeServer"]["sha256"] == old
    assert bench.must("certificate", **IMPORT)["changed"]
    assert bench.appliance.imported["EdgeServer"] == content(bench, NEW)


def test_a_record_of_another_form_is_not_guessed_at(bench: Cycle) -> None:
    path = r"C:\Program Files\sfb.cloud_connector\records\certificate.json"
    for text in ('{"EdgeServer": "done"}', '{"EdgeServer": {"sha256": "%s", "running": "soon"}}'):
        wanted = hashlib.sha256(content(bench, NEW)).hexdigest().upper()
        bench.computer.files.write_text(path, text.replace("%s", wanted))
        assert "not as expected" in bench.refused("certificate", **IMPORT)
