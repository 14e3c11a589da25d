"""The credential cache, registration and what asks."""

from __future__ import annotations

from lab.world.credentials import KEY_NOT_VALID
from lab.world.tenant import CONFLICT

ANSWERS = [
    {"prompt": "TenantAdmin", "user": "cceadmin@contoso.onmicrosoft.com", "password": "tenant-secret"},
    *({"prompt": kind, "user": "", "password": "x"} for kind in ("ExternalCert", "CceService", "CABackupFile")),
]


def test_the_cache_gives_an_object_and_never_the_password(lab, run):
    result = run(lab, "Get-CcCredential", AccountType="TenantAdmin", DisplayPassword=True)
    assert result["output"] == ["********", "********"]


def test_a_network_logon_cannot_decrypt(lab, make, run):
    assert run(lab, "Get-CcCredential", method="ntlm")["errors"][0]["message"] == KEY_NOT_VALID
    assert run(make(switches={"network_logon_reads_cache": True}), "Get-CcCredential", method="ntlm")["errors"] == []


def test_a_changed_windows_password_seals_the_cache_until_it_is_deleted_and_entered_again(lab, run):
    appliance = lab.appliance("cce-1")
    appliance.sealed.add("cceadmin")
    assert run(lab, "Register-CcAppliance")["errors"][0]["message"] == KEY_NOT_VALID
    appliance.computer.files.remove(r"C:\ProgramData\CloudConnector\credentials.cceadmin.xml")
    assert run(lab, "Register-CcAppliance", ANSWERS, Local=True)["errors"] == []
    assert run(lab, "Get-CcCredential")["output"] == ["********"]


def test_another_account_has_no_cache_and_is_asked(lab):
    lab.appliance("cce-1").computer.add_account("Other", "x")
    step = {"name": "it", "cmdlet": "Register-CcAppliance", "parameters": {}}
    lab.appliance("cce-1").computer.files.write_text(
        r"C:\Users\other\CloudConnector\ApplianceRoot\CloudConnector.ini", ""
    )
    answer = lab.connection("cce-1", user="Other").exchange({"protocol": 1, "steps": [step], "answers": []})
    assert answer["prompts"][0]["answered"] is False


def test_registration_is_accepted_again_and_hands_the_service_over(lab, run):
    appliance = lab.appliance("cce-1")
    appliance.registered = False
    appliance.computer.services.find("CCEManagementService").account = "NetworkService"
    assert run(lab, "Register-CcAppliance")["errors"] == []
    assert lab.snapshot("cce-1")["registered"]
    assert lab.snapshot("cce-1")["management_service"]["account"] == r".\CceService"


def test_half_a_match_is_a_conflict(lab, run):
    lab.appliance("cce-1").in_tenant.mediation_address = "10.9.9.9"
    assert run(lab, "Register-CcAppliance")["errors"][0]["message"] == CONFLICT


def test_half_a_site_is_a_conflict(lab, run):
    lab.world.tenant.sites["oslo"].edge_fqdn = "other.contoso.com"
    assert run(lab, "Register-CcAppliance")["errors"][0]["message"] == CONFLICT


def test_registration_needs_the_tenant(lab, run):
    lab.world.tenant.password = "changed"
    assert run(lab, "Register-CcAppliance")["errors"][0]["message"].startswith("Logon failed for the user")


def test_all_account_types_are_asked_for_when_the_cache_is_restored(lab, run):
    lab.appliance("cce-1").msi = "2.1"
    result = run(lab, "Restore-CcCredentials", ANSWERS)
    assert [prompt["answered"] for prompt in result["prompts"]] == [True] * 4


def test_set_credential_asks_for_old_and_new(lab, run):
    answers = [{"prompt": "old", "user": "", "password": "a"}, {"prompt": "new", "user": "", "password": "b"}]
    assert run(lab, "Set-CcCredential", answers, AccountType="VmAdmin")["errors"] == []
    assert lab.appliance("cce-1").caches["cceadmin"]["VmAdmin"].password.value == "b"


def test_import_asks_before_it_overwrites(lab, run):
    result = run(lab, "Import-CcConfiguration")
    assert result["prompts"][0]["answered"] is False
    assert run(lab, "Import-CcConfiguration", Force=True)["prompts"] == []
