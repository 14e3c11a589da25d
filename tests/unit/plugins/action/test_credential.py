"""Passwords are entered into the cache, judged by what the lab has in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.world.building import SERVICE_PASSWORD
from lab.world.credentials import store
from tests.cycle import CREDENTIALS, Cycle

TENANT = CREDENTIALS[0]
VM = {"account_type": "VmAdmin", "old_password": SERVICE_PASSWORD, "password": "vm-secret"}


def cached(bench: Cycle, kind: str) -> str:
    return str(bench.appliance.caches["cceadmin"][kind].password.value)


def one(kind: str, password: str) -> dict[str, Any]:
    named = {"user": "ops@contoso.com"} if kind in ("TenantAdmin", "OMSWorkspace") else {}
    return {"account_type": kind, "password": password, "old_password": SERVICE_PASSWORD, **named}


@pytest.mark.parametrize("kind", ["TenantAdmin", "VmAdmin", "DomainAdmin", "OMSWorkspace"])
def test_the_cycle_of_each_account_type(kind: str) -> None:
    bench = Cycle()
    bench.cycle("credential", "Set-CcCredential", credentials=[one(kind, "first-secret")], generation="1")
    assert cached(bench, kind) == "first-secret"
    undo = {**one(kind, "second-secret"), "old_password": "first-secret"}
    bench.cycle("credential", "Set-CcCredential", credentials=[undo], generation="2")
    assert cached(bench, kind) == "second-secret"


def test_several_are_set_in_their_order() -> None:
    bench = Cycle()
    bench.must("credential", credentials=[one("DomainAdmin", "a-secret"), one("VmAdmin", "b-secret")], generation="1")
    kinds = [run.parameters["AccountType"] for run in bench.ran("Set-CcCredential")]
    assert kinds == ["DomainAdmin", "VmAdmin"] and cached(bench, "VmAdmin") == "b-secret"


@pytest.mark.parametrize(
    ("operation", "cmdlet"), [("restore", "Restore-CcCredentials"), ("register_local", "Register-CcAppliance")]
)
def test_the_whole_cache_is_entered_again(operation: str, cmdlet: str) -> None:
    bench = Cycle()
    bench.cycle("credential", cmdlet, operation=operation, credentials=CREDENTIALS, generation="1")
    assert cached(bench, "CABackupFile") == "backup-secret"


def test_the_whole_cache_is_not_begun_without_an_answer_for_each() -> None:
    message = Cycle().refused("credential", operation="restore", credentials=CREDENTIALS[:3], generation="1")
    assert "may ask for CABackupFile too" in message


def test_restore_is_refused_before_2_1() -> None:
    bench = Cycle()
    bench.appliance.msi = "2.0.1"
    message = bench.refused("credential", operation="restore", credentials=CREDENTIALS, generation="1")
    assert "came with 2.1" in message and "2.0.1" in message


@pytest.mark.parametrize(
    ("credential", "wrong"),
    [
        ({"account_type": "CceService", "password": "a-secret"}, "does not take CceService"),
        ({"account_type": "VmAdmin", "password": "a-secret"}, "VmAdmin needs old_password"),
        ({"account_type": "VmAdmin", "password": "a-secret", "old_password": ""}, "VmAdmin needs old_password"),
        ({"account_type": "TenantAdmin", "password": "a-secret"}, "TenantAdmin needs a user"),
    ],
)
def test_what_set_cannot_do_is_refused(credential: dict[str, Any], wrong: str) -> None:
    assert wrong in Cycle().refused("credential", credentials=[credential], generation="1")


def test_a_workspace_is_refused_before_2_1() -> None:
    bench = Cycle()
    bench.appliance.msi = "2.0.1"
    message = bench.refused("credential", credentials=[one("OMSWorkspace", "a-secret")], generation="1")
    assert "OMSWorkspace came with 2.1" in message


def test_an_account_type_is_named_once() -> None:
    assert "twice" in Cycle().refused("credential", credentials=[VM, VM], generation="1")


def test_an_empty_generation_is_none() -> None:
    assert "missing required arguments: generation" in Cycle().refused("credential", credentials=[VM], generation="")


@pytest.mark.parametrize("generation", ["a b", r"..\x", "x" * 65])
def test_a_generation_is_fit_for_a_file_name(generation: str) -> None:
    assert "is no generation" in Cycle().refused("credential", credentials=[VM], generation=generation)


@pytest.mark.parametrize("patterns", [{"VmAdmins": "x"}, {"old": "("}])
def test_wrong_patterns_are_refused(patterns: dict[str, str]) -> None:
    assert "patterns." in Cycle().refused("credential", credentials=[VM], generation="1", patterns=patterns)


def test_a_question_without_an_answer_fails_with_the_line_for_the_inventory() -> None:
    bench = Cycle()
    result = bench.do("credential", credentials=[VM], generation="1", patterns={"new": "never asked"})
    assert result["failure"]["prompt"] == "Enter the password of the new virtual machine administrator (VmAdmin)"
    assert "cloud_connector_prompts" in result["msg"] and bench.record("credential") is None


def test_a_question_can_be_answered_from_the_inventory() -> None:
    bench = Cycle()
    prompts = [{"prompt": "new virtual machine", "password": "vm-secret"}]
    bench.must("credential", credentials=[VM], generation="1", patterns={"new": "never"}, prompts=prompts)
    assert cached(bench, "VmAdmin") == "vm-secret"


def test_what_was_not_asked_is_not_said_to_be_done() -> None:
    bench = Cycle(switches={"local_asks_again": False})
    result = bench.do("credential", operation="register_local", credentials=CREDENTIALS, generation="1")
    assert result["failed"] and "did not ask for" in result["msg"] and "TenantAdmin" in result["msg"]
    assert bench.record("credential") is None


def test_what_was_asked_is_written_down_though_something_was_not() -> None:
    bench = Cycle(switches={"local_asks_again": False})
    known = bench.appliance.caches["cceadmin"]
    store(bench.appliance, "CceAdmin", {kind: one for kind, one in known.items() if kind != "CABackupFile"})
    result = bench.do("credential", operation="register_local", credentials=CREDENTIALS, generation="1")
    assert result["failed"] and "did not ask for" in result["msg"]
    assert json.loads(bench.record("credential") or "") == {"CABackupFile": "1"}


def test_a_cmdlet_that_asks_nothing_has_not_set_anything() -> None:
    bench = Cycle()
    bench.lab.fault("cce-1", cmdlet="Set-CcCredential", when="before", action="half_done")
    result = bench.do("credential", credentials=[VM], generation="1")
    assert "asked 0 of 2 questions" in result["msg"] and bench.record("credential") is None


def test_passwords_of_the_vms_come_with_a_warning_for_the_rollback() -> None:
    (warning,) = Cycle(backup="2.0.1").must("credential", credentials=[VM], generation="1")["warnings"]
    assert "VMs of 2.0.1 on cce-1" in warning and "VmAdmin" in warning
    assert "warnings" not in Cycle(backup="2.0.1").must("credential", credentials=[TENANT], generation="1")


class TestUnreadableCache:
    """T11: the Windows password of the deployment account was changed."""

    @pytest.fixture
    def bench(self) -> Cycle:
        bench = Cycle()
        bench.lab.fault("cce-1", trouble="T11")
        return bench

    def test_it_is_named_with_its_remedy(self, bench: Cycle) -> None:
        result = bench.do("credential", credentials=[VM], generation="1")
        assert result["failure"]["class"] == "credential-cache" and bench.changes() == []
        assert "discard_cache_of" in result["failure"]["remedy"]

    def test_it_is_entered_again_on_request(self, bench: Cycle) -> None:
        options = {"operation": "register_local", "credentials": CREDENTIALS, "discard_cache_of": "CceAdmin"}
        bench.cycle("credential", "Register-CcAppliance", generation="1", **options)
        assert cached(bench, "TenantAdmin") == "tenant-secret"
        assert bench.text(r"C:\ProgramData\CloudConnector\credentials.CceAdmin.xml.unreadable-1") is not None

    def test_it_is_not_discarded_by_another_operation(self, bench: Cycle) -> None:
        options = {"operation": "restore", "credentials": CREDENTIALS, "discard_cache_of": "CceAdmin"}
        assert "cannot decrypt" in bench.refused("credential", generation="1", **options)


def test_a_good_cache_is_not_discarded_by_a_network_logon() -> None:
    bench = Cycle()
    options = {
        "operation": "register_local",
        "credentials": CREDENTIALS,
        "discard_cache_of": "CceAdmin",
        "method": "ntlm",
    }
    assert "cannot be judged" in bench.refused("credential", generation="1", **options)


def test_a_changed_generation_is_predicted_for_the_next_task() -> None:
    bench = Cycle()
    first = bench.must("credential", check=True, credentials=[VM], generation="1")
    again = bench.must("credential", check=True, credentials=[VM], generation="1", facts=first["ansible_facts"])
    assert (first["changed"], again["changed"]) == (True, False)
    assert first["diff"]["after"] == {"record": {"VmAdmin": "1"}}


@pytest.mark.parametrize("name", [r"CORP\admin", r"..\x", "a b", "x*"])
def test_the_owner_of_a_cache_is_the_name_of_an_account(name: str) -> None:
    options = {"operation": "register_local", "credentials": CREDENTIALS, "discard_cache_of": name}
    assert "discard_cache_of" in Cycle().refused("credential", generation="1", **options)


def test_a_cache_that_is_put_aside_is_predicted_as_entered() -> None:
    bench = Cycle()
    bench.lab.fault("cce-1", trouble="T11")
    options = {"operation": "register_local", "credentials": CREDENTIALS, "discard_cache_of": "CceAdmin"}
    first = bench.must("credential", check=True, generation="1", **options)
    again = bench.must("credential", check=True, generation="1", facts=first["ansible_facts"], **options)
    assert (first["changed"], again["changed"]) == (True, False)
