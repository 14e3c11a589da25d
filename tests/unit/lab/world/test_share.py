"""The files of the product in the share of a site, and how slow the way there is."""

from __future__ import annotations

import pytest

LOCK = r"\\files\oslo\CcLockFile"


def test_the_share_holds_the_files_of_the_product(lab):
    names = {entry.name for entry in lab.world.network.files.list(r"\\files\oslo")}
    fqdn = "ap-oslo.contoso.com"
    assert {f"Site_{fqdn}", f"Tenant_{fqdn}", f"TenantConfigLock_{fqdn}"} <= names
    assert "CcLockFile" not in names


@pytest.mark.parametrize("stays", [True, False])
def test_the_lock_file_stays_or_goes(make, stays):
    lab = make(switches={"lock_file_stays": stays})
    assert lab.world.network.files.exists(LOCK) == stays
    lab.world.env.run(until=lab.update("cce-1", "Deploy"))
    assert lab.world.network.files.exists(LOCK) == stays


def test_an_update_needs_the_share(lab):
    lab.world.network.shares[r"\\files\oslo"].online = False
    lab.world.env.run(until=lab.update("cce-1"))
    assert lab.appliance("cce-1").in_tenant.error == "the site directory cannot be reached"
    assert lab.snapshot("cce-1")["running"] == "2.0.1"


def test_a_share_that_goes_away_keeps_the_lock(lab):
    process = lab.update("cce-1", "Deploy")
    lab.advance(0)
    lab.world.env.step()
    lab.world.network.shares[r"\\files\oslo"].online = False
    lab.world.env.run(until=process)
    lab.world.network.shares[r"\\files\oslo"].online = True
    assert lab.world.network.files.exists(LOCK)


@pytest.mark.parametrize("seconds", [0, 7.5])
def test_the_way_to_the_share_takes_time(make, run, seconds):
    lab = make(switches={"share_latency": seconds})
    assert run(lab, "Get-Content", Path=[r"\\files\oslo\VersionInfo.txt"])["seconds"] == seconds
    assert run(lab, "Test-Path", Path=[r"\\files\oslo\none"])["seconds"] == seconds


def test_the_way_to_a_drive_of_its_own_does_not(make, run):
    lab = make(switches={"share_latency": 30})
    paths = {"far": r"\\files\oslo", "near": r"C:\Windows"}
    steps = [{"name": name, "cmdlet": "Test-Path", "parameters": {"Path": [path]}} for name, path in paths.items()]
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": steps})
    assert [result["seconds"] for result in answer["results"]] == [30, 0]
    assert run(lab, "Test-Path", Path=[r"C:\Windows"])["seconds"] == 0
