"""Registration: what the tenant would refuse is not tried, and nobody waits for a person who is not there."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml

from lab.world import credentials
from lab.world.product import product_code
from tests.bench import HOST, ORDER, OURS, Bench
from tests.late import over

REGISTER = "Register-CcAppliance"
CANARY = "canary-bird-Passw0rd"


def forget(bench: Bench, *kinds: str) -> None:
    """Takes account types out of the credential cache: the product asks for them then."""
    known = bench.appliance.caches["cceadmin"]
    credentials.store(bench.appliance, "CceAdmin", {kind: one for kind, one in known.items() if kind not in kinds})


@pytest.mark.parametrize("part", ["mediation_fqdn", "mediation_address", "name"])
def test_half_a_match_is_refused_before_the_cmdlet(part: str) -> None:
    bench = Bench("registration")
    setattr(bench.appliance.in_tenant, part, "other")
    result = bench.do("registration")
    assert result["failed"] and "one half of this appliance's identity" in result["msg"]
    assert "Get-CsHybridPSTNAppliance" in result["msg"]
    assert bench.ran(REGISTER) == []


def test_a_tenant_that_cannot_be_asked_is_not_registered_with() -> None:
    bench = Bench("registration")
    bench.lab.world.tenant.password = "changed"
    result = bench.do("registration")
    assert "cce-1 cannot be judged" in result["msg"] and "Logon failed" in result["msg"]
    assert bench.ran(REGISTER) == []


def test_a_question_nobody_answers_fails_at_once_with_the_line_to_add() -> None:
    bench = Bench("registration")
    forget(bench, "CABackupFile")
    result = bench.do("registration")
    assert "asked 'Enter the password of the certification authority backup file (CABackupFile)'" in result["msg"]
    assert "cloud_connector_prompts" in result["msg"] and "- {prompt: " in result["msg"]
    assert bench.lab.now() < 600


def test_the_line_to_add_answers_that_question() -> None:
    bench = Bench("registration")
    forget(bench, "CABackupFile")
    remedy = bench.do("registration")["failure"]["remedy"]
    (line,) = yaml.safe_load(remedy[remedy.index("- {") :])
    result = bench.do("registration", prompts=[{"prompt": line["prompt"], "password": CANARY}])
    assert "failed" not in result, result["msg"]


def test_a_question_the_product_swallows_is_a_failure_all_the_same() -> None:
    bench = Bench("registration")
    forget(bench, "CABackupFile")
    swallow(bench)
    result = bench.do("registration")
    assert result["failed"] and "CABackupFile" in result["msg"] and "cloud_connector_prompts" in result["msg"]


def swallow(bench: Bench) -> None:
    """Lets the product catch the bridge's refusal and end without an error, as a script with try and catch would."""
    connect = bench.lab.connection

    def connection(*args: Any, **more: Any) -> Any:
        made = connect(*args, **more)
        exchange = made.exchange
        made.exchange = lambda request, *rest: swallowed(exchange(request, *rest))
        return made

    bench.lab.connection = connection  # type: ignore[method-assign]


def swallowed(answer: dict[str, Any]) -> dict[str, Any]:
    for result in answer["results"]:
        if result["name"] == "register":
            result["errors"], result["thrown"], answer["stopped"] = [], False, None
    return answer


def test_answers_are_given_and_appear_nowhere() -> None:
    bench = Bench("registration")
    forget(bench, "CABackupFile", "ExternalCert")
    prompts = [
        {"prompt": "CABackupFile", "password": CANARY},
        {"prompt": "external certificate", "password": f"{CANARY}-2"},
    ]
    result = bench.do("registration", prompts=prompts)
    assert "failed" not in result and bench.lab.snapshot(HOST)["registered"]
    assert bench.appliance.caches["cceadmin"]["CABackupFile"].password.value == CANARY
    assert CANARY not in json.dumps(result) and CANARY not in str(bench.lab.record.since())
    assert canaries(bench) == []


def canaries(bench: Bench) -> list[str]:
    """The files of the appliance that hold the secret, in any encoding that Windows writes."""
    found = [CANARY.encode("utf-8"), CANARY.encode("utf-16-le")]
    files = ((path, getattr(one, "data", b"")) for path, one in bench.computer.files.walk("C:\\"))
    return [path for path, data in files if any(secret in data for secret in found)]


def test_a_secret_that_the_product_repeats_is_masked() -> None:
    bench = Bench("registration")
    bench.lab.fault(HOST, cmdlet=REGISTER, text=f"The password {CANARY} is too short.")
    result = bench.do("registration", prompts=[{"prompt": "anything", "password": CANARY}])
    assert "Register-CcAppliance said: The password" in result["msg"]
    assert CANARY not in json.dumps(result)


def test_a_registration_that_did_nothing_is_noticed() -> None:
    bench = Bench("registration")
    bench.lab.fault(HOST, cmdlet=REGISTER, action="half_done")
    result = bench.do("registration")
    assert "was asked to register the appliance" in result["msg"]
    assert result["failure"]["class"] == "not-confirmed" and "othing was changed" not in result["msg"]
    assert "failed" not in bench.do("registration")


def test_scripts_of_another_version_do_not_register() -> None:
    bench = Bench()
    bench.lab.world.tenant.appliances.clear()
    assert "The scripts on cce-1 are 2.0.1, not 2.1." in bench.do("registration")["msg"]
    assert bench.ran(REGISTER) == []


def test_an_appliance_the_tenant_does_not_know_is_registered() -> None:
    bench = Bench("registration")
    del bench.lab.world.tenant.appliances[bench.appliance.in_tenant.identity]  # type: ignore[union-attr]
    assert "failed" not in bench.do("registration")
    assert bench.appliance.in_tenant is not None


def test_scripts_that_were_changed_meanwhile_stop_it_on_the_appliance() -> None:
    bench = Bench("registration")
    result = over(bench, "registration", lambda number: number == 2 and setattr(bench.appliance, "msi", "2.0.1"))
    assert result["failure"]["class"] == "fence" and result["failure"]["step"] == "scripts"
    assert bench.ran(REGISTER) == []


def test_nothing_is_registered_beside_a_job() -> None:
    bench = Bench("registration")
    bench.computer.files.write_text(r"C:\Program Files\sfb.cloud_connector\jobs\install-2.1.claim", "{}")
    result = bench.do("registration")
    assert result["failure"]["class"] == "job-open" and bench.ran(REGISTER) == []


def test_a_registration_of_which_one_half_cannot_be_read_is_not_begun() -> None:
    """It could not be seen to be done."""
    bench = Bench("registration")
    services = bench.computer.services
    second = copy.copy(services["CCEManagementService"])
    second.name = "Another"
    services.add(second)
    result = bench.do("registration")
    assert "are all management services" in result["msg"] and result["failure"]["class"] == "unread"
    assert bench.ran(REGISTER) == []


# --- once for each new MSI -------------------------------------------------------------------------------------------------

RECORD = rf"{OURS}\records\registration.json"
KEEPS = {"msi_keeps_service_account": True}


def kept(**switches: Any) -> Bench:
    """An appliance whose new MSI leaves the management service its account, so that all looks as after a registration."""
    bench = Bench("package", switches={**KEEPS, **switches})
    for module in ("package", "configuration"):
        result = bench.do(module)
        assert "failed" not in result, result["msg"]
    assert bench.lab.snapshot(HOST)["management_service"]["account"] == r".\CceService"
    return bench


def test_a_new_msi_is_registered_though_all_looks_registered() -> None:
    bench = kept()
    assert bench.do("registration", check=True)["changed"] is True
    assert bench.do("registration")["changed"] is True
    assert len(bench.ran(REGISTER)) == 1 and bench.lab.snapshot(HOST)["registered"]
    assert bench.do("registration")["changed"] is False and bench.ran(REGISTER) == []
    for module in ORDER[ORDER.index("download") :]:
        result = bench.do(module)
        assert "failed" not in result, f"{module}: {result['msg']}"
    assert bench.lab.snapshot(HOST)["running"] == "2.1"
    assert bench.do("registration")["changed"] is False


def test_it_is_written_down_for_which_msi_it_was_done() -> None:
    bench = kept()
    bench.do("registration")
    written = json.loads(bench.text(RECORD) or "")["registered"]
    assert written == {"scripts": "2.1", "product_codes": [product_code("2.1")]}


@pytest.mark.parametrize("other", [{"scripts": "2.0.1"}, {"product_codes": ["{other}"]}])
def test_the_record_of_another_msi_counts_for_nothing(other: dict[str, Any]) -> None:
    bench = kept()
    bench.do("registration")
    written = json.loads(bench.text(RECORD) or "")["registered"]
    bench.computer.files.write_text(RECORD, json.dumps({"registered": {**written, **other}}))
    assert bench.do("registration")["changed"] is True and len(bench.ran(REGISTER)) == 1


def test_cut_before_it_was_written_down_it_is_done_again() -> None:
    bench = kept()
    bench.lab.fault(HOST, cmdlet="Move-Item", text="The disk is full.")
    result = bench.do("registration")
    assert result["failed"] and len(bench.ran(REGISTER)) == 1 and bench.text(RECORD) is None
    assert bench.do("registration")["changed"] is True and len(bench.ran(REGISTER)) == 1


def test_an_appliance_that_runs_the_version_of_its_scripts_was_registered_with_them() -> None:
    """Whoever did it: nothing restarts its management service in passing."""
    bench = Bench("health")
    assert bench.do("registration")["changed"] is False and bench.ran(REGISTER) == []


def test_registered_already_is_success_where_the_tenant_agrees() -> None:
    bench = kept(register_again="refused", msi_keeps_registration=True)
    result = bench.do("registration")
    assert "failed" not in result and len(bench.ran(REGISTER)) == 1
    assert any("taken for: registered already" in text for text in result["warnings"])
    assert bench.do("registration")["changed"] is False and bench.ran(REGISTER) == []


def test_registered_already_is_a_failure_where_the_management_service_says_otherwise() -> None:
    bench = Bench("registration", switches={"register_again": "refused"})
    result = bench.do("registration")
    assert result["failure"]["class"] == "registration-conflict" and bench.text(RECORD) is None


def test_another_failure_is_one_though_all_looks_registered() -> None:
    bench = kept()
    bench.lab.fault(HOST, cmdlet=REGISTER, text="Something nobody has seen")
    result = bench.do("registration")
    assert result["failed"] and "Something nobody has seen" in result["msg"] and bench.text(RECORD) is None
