"""Every documented trouble that the lab can play is met by the operation it belongs to, and named."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.failure_classes import EXIT_CODES, FailureClass

from lab.cmdlets.cloudconnector.certificates import certificate
from lab.world.building import SERVICE_PASSWORD
from tests.bench import HOST, JOB, Bench
from tests.cycle import Cycle

CLASSES = {failure.value for failure in FailureClass}


def failure(result: dict[str, Any]) -> dict[str, Any]:
    """What a failed module says of its failure, with the parts that every one has."""
    assert result["failed"] is True
    found: dict[str, Any] = result["failure"]
    assert found["remedy"] and isinstance(found["retry"], bool)
    assert found["class"] in CLASSES
    return found


@pytest.mark.parametrize(
    ("trouble", "module", "name", "retry"),
    [
        ("T2", "deployment", "domain-join", False),
        ("T3", "deployment", "management-switch-in-use", False),
        ("T4", "version", "edge-authentication-service", False),
        ("T6", "registration", "registration-conflict", False),
        ("T6", "package", "registration-conflict", False),
        ("T7", "package", "version-unknown", False),
        ("T10", "package", "tenant-logon", False),
        ("T10", "registration", "tenant-logon", False),
        ("T11", "package", "credential-cache", False),
        ("T11", "registration", "credential-cache", False),
        ("T12", "package", "dotnet", False),
        ("T12", "deployment", "dotnet", False),
        ("T13", "deployment", "state-key", False),
        ("T14", "deployment", "windows-image", False),
        ("T19", "package", "module-missing", False),
        ("T19", "version", "module-missing", False),
        ("T20", "package", "hyper-v-module", False),
        ("T20", "health", "hyper-v-module", False),
    ],
)
def test_the_trouble_is_named(trouble: str, module: str, name: str, retry: bool) -> None:
    bench = Bench(module)
    bench.lab.fault(HOST, trouble=trouble)
    found = failure(bench.do(module))
    assert (found["class"], found["retry"]) == (name, retry)


def test_a_deployment_that_does_not_end_names_t1() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, trouble="T1")
    found = failure(bench.do("deployment", timeout=20_000))
    assert (found["class"], found["retry"]) == ("unfinished", True)
    assert "new-vm-network in docs/troubles.md" in found["remedy"]


def test_a_host_that_restarts_under_a_job_is_told() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", when="during", point="AD", action="die_host")
    found = failure(bench.do("deployment"))
    assert (found["class"], found["retry"]) == ("host-restarted", True)


def test_an_older_set_in_production_is_no_high_availability() -> None:
    bench = Bench("version")
    assert failure(bench.do("health"))["class"] == "no-high-availability"


def test_internal_certificates_that_expired_are_told_to_a_person() -> None:
    bench = Bench("health")
    bench.lab.fault(HOST, trouble="T9")
    (check,) = [one for one in bench.do("health")["checks"] if one["failure"] == "internal-certificates"]
    assert check["status"] == "MANUAL" and "S1A1-EDGE.cce.local".lower() in check["evidence"]


def test_an_external_certificate_that_expired_is_ill() -> None:
    bench = Bench("health")
    bench.lab.fault(HOST, trouble="external certificate")
    found = failure(bench.do("health"))
    assert (found["class"], found["check"]) == ("external-certificate", "external_certificate")


def test_a_damaged_module_cache_is_named() -> None:
    bench = Cycle()
    bench.lab.fault(HOST, trouble="T18")
    result = bench.do("maintenance", **JOB, state="present", site=bench.site())
    assert failure(result)["class"] == "module-cache"


def test_a_known_warning_is_passed_on_with_its_meaning() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, trouble="T21")
    result = bench.do("deployment")
    (warning,) = result["warnings"]
    assert "failed" not in result and "[automatic-updating]" in warning and "EnableAutoUpdate" in warning


def test_a_certificate_with_another_password_is_named() -> None:
    bench = Cycle()
    bench.run("Enter-CcUpdate")
    bench.computer.files.make_folder(r"C:\certs")
    bench.computer.files.write(r"C:\certs\new.pfx", certificate("new", SERVICE_PASSWORD))
    bench.lab.fault(HOST, trouble="T24")
    result = bench.do("certificate", **JOB, path=r"C:\certs\new.pfx", **{"import": True})
    assert failure(result)["class"] == "certificate-password"


@pytest.mark.parametrize(
    ("switch", "disk", "name"),
    [({}, 50, "disk-full"), ({"ram_for_two_sets": False}, 600, "memory-short")],
)
def test_a_host_without_room_is_named(switch: dict[str, Any], disk: int, name: str) -> None:
    bench = Bench("deployment", switches=switch)
    bench.computer.disks["C:"].free = disk * 2**30
    assert failure(bench.do("deployment"))["class"] == name


def test_a_network_logon_is_named_by_what_it_cannot_do() -> None:
    bench = Bench("package")
    assert failure(bench.do("package", method="ntlm"))["class"] == "credential-cache"


def test_a_task_that_windows_refuses_is_named() -> None:
    bench = Bench("download")
    assert failure(bench.do("download", task_password="wrong"))["class"] == "logon-failure"


@pytest.mark.parametrize(("code", "retry"), [(1603, False), (1618, True), (3010, False), (4711, False)])
def test_an_exit_code_of_windows_installer_is_a_class(code: int, retry: bool) -> None:
    bench = Bench("package")
    bench.lab.fault(HOST, cmdlet="msiexec.exe", point="/x", action="exit_code", code=code)
    found = failure(bench.do("package"))
    assert (found["class"], found["retry"]) == (EXIT_CODES.get(code, FailureClass.MSI_OTHER).value, retry)


def test_an_unknown_error_is_passed_on_whole() -> None:
    bench = Bench("deployment")
    text = "Something\nnobody knows: " + "x" * 900
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", text=text)
    found = failure(bench.do("deployment"))
    assert (found["class"], found["message"], found["errors"][0]["message"]) == ("unknown", text, text)
    assert " ".join(text.split()) in found["what"]
