"""The rest of the product's cmdlets, and that none is missing."""

from __future__ import annotations

import pytest

from lab.powershell.syntax import known
from lab.sessions import cmdlets


def test_every_cmdlet_of_the_product_and_the_tenant_is_simulated():
    wanted = {one.name for one in known().values() if one.module in ("CloudConnector", "SkypeOnlineConnector")}
    assert wanted - set(cmdlets()) == set()


def test_a_certificate_is_copied_to_the_appliance_directory(lab, run):
    lab.appliance("cce-1").computer.files.write_text(r"C:\new\edge.pfx", "x")
    run(lab, "Set-CcExternalCertificateFilePath", Target="EdgeServer", Path=r"C:\new\edge.pfx", Import=True)
    path = r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\edge.pfx"
    assert run(lab, "Get-CcExternalCertificateFilePath")["output"] == [path]
    assert lab.appliance("cce-1").computer.files.exists(path)


def test_the_backup_of_the_ca_comes_and_goes(lab, run):
    path = r"\\files\oslo\CA\SfB CCE Root.p12"
    run(lab, "Backup-CcCertificationAuthority")
    assert lab.world.network.files.exists(path)
    run(lab, "Remove-CcCertificationAuthorityFile")
    assert not lab.world.network.files.exists(path)


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "path"),
    [
        ("Export-CcConfiguration", {"Path": r"C:\out.ini"}, r"C:\out.ini"),
        ("Export-CcRootCertificate", {"Path": r"C:\out"}, r"C:\out\CCERootCertificates.p7b"),
        (
            "Export-CcConfigurationSampleFile",
            {},
            r"C:\Users\cceadmin\CloudConnector\ApplianceRoot\CloudConnector.Sample.ini",
        ),
    ],
)
def test_exports_write_a_file(lab, run, cmdlet, parameters, path):
    assert run(lab, cmdlet, **parameters)["errors"] == []
    assert lab.appliance("cce-1").computer.files.exists(path)


def test_the_agent_asks_for_a_workspace_that_was_never_set(lab, run):
    lab.appliance("cce-1").msi = "2.1"
    assert run(lab, "Install-CcOMSAgent")["prompts"][0]["answered"] is False


def test_directories_can_be_set(lab, run):
    run(lab, "Set-CcSiteDirectory", Path=r"\\files\other")
    assert run(lab, "Get-CcSiteDirectory")["output"] == [r"\\files\other"]
    assert run(lab, "Get-CcSiteLogDirectory")["output"] == [r"\\files\other\Logs"]
    assert run(lab, "Set-CcApplianceDirectory", Path=r"C:\a b")["thrown"]


def test_unregistering_takes_the_appliance_out_of_the_tenant(lab, run):
    run(lab, "Unregister-CcAppliance")
    assert lab.appliance("cce-1").in_tenant is None
    assert lab.snapshot("cce-1")["management_service"]["account"] == r"NT AUTHORITY\NetworkService"


def tenant(lab, cmdlet, **parameters):
    names = [("who", "Get-CcCredential", {}), ("on", "New-CsOnlineSession", {"Credential": {"$output": "who"}})]
    names += [("in", "Import-PSSession", {"Session": {"$output": "on"}}), ("it", cmdlet, parameters)]
    steps = [{"name": name, "cmdlet": one, "parameters": given} for name, one, given in names]
    return lab.connection("cce-1").exchange({"protocol": 1, "steps": steps, "answers": []})["results"][-1]


def test_automatic_update_is_a_setting_of_the_site(lab):
    tenant(lab, "Set-CsHybridPSTNSite", Identity="oslo", EnableAutoUpdate=True)
    assert lab.world.tenant.sites["oslo"].enable_auto_update


def test_time_windows_are_added_and_replaced(lab):
    tenant(lab, "Set-CsHybridPSTNSite", Identity="oslo", BitsUpdateTimeWindow={"add": ["a", "b"]})
    tenant(lab, "Set-CsHybridPSTNSite", Identity="oslo", BitsUpdateTimeWindow={"remove": "a"})
    assert lab.world.tenant.sites["oslo"].bits_windows == ["b"]


def test_the_deployment_status_is_set(lab):
    known = lab.appliance("cce-1").in_tenant
    given = {"Identity": known.identity, "Action": "Deploy", "Status": "Error"}
    assert tenant(lab, "Set-CsCceApplianceDeploymentStatus", **given)["errors"] == []
    assert (known.action, known.action_status) == ("Deploy", "Error")


def test_an_unknown_site_is_an_error(lab):
    assert tenant(lab, "Set-CsHybridPSTNSite", Identity="nowhere")["thrown"]


def test_hyper_v_tells_and_changes_machines(lab, run):
    assert run(lab, "Get-VM", Name=["none"])["errors"][0]["category"] == "InvalidArgument"
    run(lab, "Stop-VM", Name=["*-EDGE-*"], Force=True)
    assert not lab.snapshot("cce-1")["in_service"]
    run(lab, "Start-VM", Name=["*-EDGE-*"])
    assert lab.snapshot("cce-1")["in_service"]
