"""How Windows is set up on a host, and what that stands in the way of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.inprocess import Lab
from lab.world.policy import STRONG_CRYPTO, STRONG_CRYPTO_KEY, HostPolicy

MEDIATION, EDGE = "10.0.1.13", "10.0.1.14"
TASK = (
    '<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Principals><Principal><LogonType>Password</LogonType>'
    "<RunLevel>HighestAvailable</RunLevel></Principal></Principals><Actions><Exec><Command>cmd.exe</Command></Exec></Actions>"
    "</Task>"
)
FETCH = {"Uri": "https://packages.lab/CloudConnector-2.1.msi", "OutFile": r"C:\x.msi", "UseBasicParsing": True}


def staged(**windows: Any) -> Lab:
    """A lab of one appliance whose Windows is set up so."""
    return Lab.from_description({"sites": [{"name": "oslo", "appliances": [{"name": "cce-1", "windows": windows}]}]})


def inside(lab: Lab, *addresses: str) -> dict[str, Any]:
    """The result of asking the VMs at these addresses for a service."""
    nested = {"protocol": 1, "steps": [{"name": "s", "cmdlet": "Get-Service", "keep": ["Name"]}]}
    parameters = {
        "ComputerName": list(addresses),
        "Credential": {"$output": "who"},
        "ScriptBlock": {"$bridge": True},
        "ArgumentList": [json.dumps(nested)],
    }
    steps = [{"name": "who", "cmdlet": "Get-CcCredential", "parameters": {"AccountType": "VmAdmin"}}]
    steps += [{"name": "it", "cmdlet": "Invoke-Command", "parameters": parameters}]
    result: dict[str, Any] = lab.connection("cce-1").exchange({"protocol": 1, "steps": steps})["results"][-1]
    return result


def ids(result: dict[str, Any]) -> list[str]:
    return [error["id"] for error in result["errors"]]


@pytest.mark.parametrize("seconds", [0, 20, 180])
def test_a_vm_that_is_off_costs_time(make, run, seconds):
    lab = make(switches={"vm_off_seconds": seconds})
    run(lab, "Stop-VM", Name=["S1A1-MED-2.0.1"])
    found = inside(lab, MEDIATION)
    assert (ids(found), found["seconds"]) == (["WinRMOperationTimeout,PSSessionStateBroken"], seconds)


def test_a_vm_that_is_not_plugged_in_and_one_that_lets_nobody_in_cost_time_too(make):
    lab = make(switches={"vm_off_seconds": 20})
    lab.appliance("cce-1").running_set.machines["Mediation"].connected = False
    assert inside(lab, MEDIATION)["seconds"] == 20
    assert inside(make(switches={"vm_access": False, "vm_off_seconds": 20}), MEDIATION)["seconds"] == 20


def test_computers_are_asked_at_the_same_time(make, run):
    lab = make(switches={"vm_off_seconds": 20})
    run(lab, "Stop-VM", Name=["S1A1-MED-2.0.1"])
    found = inside(lab, MEDIATION, EDGE, "10.9.9.9")
    assert (len(found["output"]), len(found["errors"]), found["seconds"]) == (1, 2, 20)


def test_a_vm_that_answers_costs_nothing(make):
    lab = make(switches={"vm_off_seconds": 20})
    assert (inside(lab, MEDIATION)["errors"], inside(lab, MEDIATION)["seconds"]) == ([], 0)


@pytest.mark.parametrize("trusted", ["*", MEDIATION, "10.0.1.*", "other, 10.0.1.13"])
def test_a_vm_in_the_trusted_hosts_is_reached(trusted):
    assert ids(inside(staged(trusted_hosts=trusted), MEDIATION)) == []


@pytest.mark.parametrize("trusted", ["", EDGE, "<local>"])
def test_a_vm_that_is_not_in_them_is_refused_at_once(trusted):
    lab = staged(trusted_hosts=trusted)
    found = inside(lab, MEDIATION)
    assert (ids(found), found["seconds"]) == (["ServerNotTrusted,PSSessionStateBroken"], 0)
    assert "must be added to the TrustedHosts configuration setting" in found["errors"][0]["message"]


def test_local_names_are_trusted_by_a_mark_of_their_own():
    assert HostPolicy(trusted_hosts="<local>").trusts("S1A1-MED") and not HostPolicy(trusted_hosts="").trusts(
        "S1A1-MED"
    )


@pytest.mark.parametrize("method", ["basic", "ntlm", "credssp"])
def test_a_logon_without_the_full_token_is_refused_by_the_product(run, method):
    (error,) = run(staged(elevated=False), "Get-CcVersion", method=method)["errors"]
    assert error["category"] == "PermissionDenied"
    assert run(staged(elevated=True), "Get-CcVersion", method=method)["errors"] == []


def test_windows_itself_answers_it(run):
    assert run(staged(elevated=False), "Get-VM")["errors"] == []


def test_a_task_holds_the_full_token():
    lab = staged(elevated=False)
    step = {"name": "it", "cmdlet": "Get-CcVersion"}
    answer = lab.connection("cce-1", method="batch").exchange({"protocol": 1, "steps": [step]})  # type: ignore[arg-type]
    assert answer["results"][0]["output"] == ["2.0.1"]


def registered(lab: Lab, run: Any) -> dict[str, Any]:
    account = lab.fleet.account
    result: dict[str, Any] = run(
        lab, "Register-ScheduledTask", TaskName="job", Xml=TASK, User=account.name, Password=account.password
    )
    return result


def test_without_the_batch_right_a_task_is_registered_with_a_warning_and_does_not_run(run):
    lab = staged(batch_logon=False)
    found = registered(lab, run)
    assert found["errors"] == [] and "Batch logon privilege" in found["warnings"][0]
    assert run(lab, "Start-ScheduledTask", TaskName="job")["errors"] == []
    lab.advance(60)
    task = lab.appliance("cce-1").computer.tasks.find("job")
    assert (task.state, hex(task.last_result), task.program) == ("Ready", "0x80070569", None)


def test_with_it_there_is_no_warning(run):
    assert registered(staged(), run)["warnings"] == []


def test_the_system_account_needs_no_right(run):
    assert (
        run(staged(batch_logon=False), "Register-ScheduledTask", TaskName="j", Xml=TASK, User="SYSTEM")["warnings"]
        == []
    )


def test_a_policy_against_stored_passwords_refuses_the_task(run):
    (error,) = registered(staged(stores_passwords=False), run)["errors"]
    assert error["id"].startswith("HRESULT 0x80070520,")
    assert error["message"].startswith("A specified logon session does not exist.")
    assert (
        run(staged(stores_passwords=False), "Register-ScheduledTask", TaskName="j", Xml=TASK, User="SYSTEM")["errors"]
        == []
    )


def test_without_strong_crypto_there_is_no_secure_channel(run):
    (error,) = run(staged(strong_crypto=False), "Invoke-WebRequest", **FETCH)["errors"]
    assert error["message"] == "The request was aborted: Could not create SSL/TLS secure channel."
    assert run(staged(), "Invoke-WebRequest", **FETCH)["errors"] == []


def test_plain_http_needs_no_secure_channel(run):
    lab = staged(strong_crypto=False)
    lab.world.network.add_url("http://files.lab/a.msi", b"x")
    assert run(lab, "Invoke-WebRequest", **{**FETCH, "Uri": "http://files.lab/a.msi"})["errors"] == []


def test_strong_crypto_is_what_the_registry_says(run):
    lab = staged(strong_crypto=False)
    computer = lab.appliance("cce-1").computer
    computer.registry.set(STRONG_CRYPTO_KEY, {STRONG_CRYPTO: 1})
    computer.set_policy(trusted_hosts="")
    assert not computer.policy.trusts(MEDIATION)
    assert run(lab, "Invoke-WebRequest", **FETCH)["errors"] == []


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="windows: unknown colour"):
        staged(colour="blue")
