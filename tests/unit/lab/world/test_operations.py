"""The operations beside an upgrade: certificates, call logging, topology, the cache entered again."""

from __future__ import annotations

from lab.cmdlets.cloudconnector.certificates import WRONG_PASSWORD, certificate

PFX = r"C:\new.pfx"


def test_a_certificate_is_imported_with_the_cached_password_only(lab, run):
    cached = lab.appliance("cce-1").caches["cceadmin"]["ExternalCert"].password.value
    files = lab.appliance("cce-1").computer.files
    for password, message in (("another", WRONG_PASSWORD), (cached, None)):
        files.write(PFX, certificate("ap.contoso.com", password))
        errors = run(lab, "Set-CcExternalCertificateFilePath", Target="EdgeServer", Path=PFX, Import=True)["errors"]
        assert [error["message"] for error in errors] == ([message] if message else [])
    assert lab.appliance("cce-1").imported["EdgeServer"] == files.read(PFX)


def test_logging_stops_by_itself_after_four_hours(lab, run):
    run(lab, "Start-CcLogging")
    lab.advance(4 * 3600 - 60)
    assert lab.appliance("cce-1").logging
    lab.advance(120)
    assert not lab.appliance("cce-1").logging


def test_logging_can_be_stopped(lab, run):
    run(lab, "Start-CcLogging")
    run(lab, "Stop-CcLogging", RemoveCache=True)
    assert not lab.appliance("cce-1").logging


def test_publishing_takes_the_mediation_servers_of_the_site_from_the_tenant(lab, run):
    run(lab, "Publish-CcAppliance")
    assert len(lab.appliance("cce-1").published) == 2


def test_local_registration_asks_for_all_or_for_what_is_missing(lab, make, run):
    asked = run(lab, "Register-CcAppliance", Local=True)["prompts"]
    assert [prompt["answered"] for prompt in asked] == [False]
    assert run(make(switches={"local_asks_again": False}), "Register-CcAppliance", Local=True)["prompts"] == []
