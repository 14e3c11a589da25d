"""The rest of the product's cmdlets."""

from __future__ import annotations


def test_the_root_certificates_are_exported(lab, run):
    assert run(lab, "Export-CcRootCertificate", Path=r"C:\out")["errors"] == []
    assert lab.appliance("cce-1").computer.files.exists(r"C:\out\CCERootCertificates.p7b")


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


def test_directories_can_be_set(lab, run):
    run(lab, "Set-CcSiteDirectory", Path=r"\\files\other")
    assert run(lab, "Get-CcSiteDirectory")["output"] == [r"\\files\other"]
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


def test_the_cmdlets_of_the_tenant_go_with_its_session(lab):
    assert tenant(lab, "Remove-PSSession", Session={"$output": "on"})["errors"] == []
    names = [("who", "Get-CcCredential", {}), ("on", "New-CsOnlineSession", {"Credential": {"$output": "who"}})]
    names += [("in", "Import-PSSession", {"Session": {"$output": "on"}})]
    names += [("out", "Remove-PSSession", {"Session": {"$output": "on"}}), ("it", "Get-CsHybridPSTNSite", {})]
    steps = [{"name": name, "cmdlet": one, "parameters": given} for name, one, given in names]
    last = lab.connection("cce-1").exchange({"protocol": 1, "steps": steps})["results"][-1]
    assert "is not recognized" in last["errors"][0]["message"]


def test_automatic_update_is_a_setting_of_the_site(lab):
    tenant(lab, "Set-CsHybridPSTNSite", Identity="oslo", EnableAutoUpdate=True)
    assert lab.world.tenant.sites["oslo"].enable_auto_update


def test_time_windows_are_added_and_replaced(lab):
    tenant(lab, "Set-CsHybridPSTNSite", Identity="oslo", BitsUpdateTimeWindow={"add": ["a", "b"]})
    tenant(lab, "Set-CsHybridPSTNSite", Identity="oslo", BitsUpdateTimeWindow={"remove": "a"})
    assert lab.world.tenant.sites["oslo"].bits_windows == ["b"]


def test_an_unknown_site_is_an_error(lab):
    assert tenant(lab, "Set-CsHybridPSTNSite", Identity="nowhere")["thrown"]


def test_hyper_v_tells_and_changes_machines(lab, run):
    assert run(lab, "Get-VM", Name=["none"])["errors"][0]["category"] == "InvalidArgument"
    run(lab, "Stop-VM", Name=["*-EDGE-*"], Force=True)
    assert not lab.snapshot("cce-1")["in_service"]
    run(lab, "Start-VM", Name=["*-EDGE-*"])
    assert lab.snapshot("cce-1")["in_service"]
