"""From 1.4.1 and 1.4.2, which read their versions in another way and have other accounts, all the way to the target."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.world import credentials
from lab.world.building import SERVICE_PASSWORD
from tests.bench import HOST, NEIGHBOUR, ORDER, Bench

EARLY = ("1.4.1", "1.4.2")
PROMPTS = [
    {"prompt": "CceService", "password": SERVICE_PASSWORD},
    {"prompt": "CABackupFile", "password": "canary-of-the-authority"},
]


def must(bench: Bench, module: str, **options: Any) -> dict[str, Any]:
    given = {"prompts": PROMPTS} if module == "registration" else {}
    result: dict[str, Any] = bench.do(module, **{**given, **options})
    assert "failed" not in result, f"{module}: {result['msg']}"
    return result


@pytest.mark.parametrize("version", EARLY)
def test_the_versions_of_an_early_release_are_read(version: str) -> None:
    found = Bench(version=version).info()
    assert (found["scripts"], found["running"]) == (version, version)
    assert "before 2.0 no cmdlet says" in found["backup"]["unknown"]
    assert found["raw_versions"] == {"scripts": [version], "running": [version], "backup": []}


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_those_of_later_ones_are_read_as_before(version: str) -> None:
    found = Bench(version=version, switches={"running_version_stays": True}).info()
    assert (found["scripts"], found["running"], found["backup"]) == (version, version, None)


@pytest.mark.parametrize("version", EARLY)
def test_an_early_appliance_whose_version_is_not_known_is_not_upgraded(version: str) -> None:
    """T7: module.ini was not moved."""
    bench = Bench(version=version)
    bench.computer.files.write_text(r"C:\ProgramData\CloudConnector\module.ini", "; simulated\r\nRunningVersion=\r\n")
    found = bench.info()
    assert found["running"] is None
    assert "failed" in bench.do("package") and bench.lab.snapshot(HOST)["scripts"] == version


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("version", EARLY)
def test_an_early_appliance_is_upgraded_and_serves(version: str, copied: bool) -> None:
    bench = Bench(version=version, switches={"early_ini_copied": copied})
    for module in ORDER:
        result = must(bench, module)
        assert result["changed"] is (module != "health")
    state = bench.lab.snapshot(HOST)
    assert (state["scripts"], state["running"], state["backup"]) == ("2.1", "2.1", version)
    assert state["in_service"] and state["registered"]
    assert [outage.appliance for outage in bench.lab.record.outages()] == [HOST]
    assert [must(bench, module)["changed"] for module in ORDER] == [False] * len(ORDER)


def test_the_new_account_types_are_answered_from_the_inventory() -> None:
    bench = Bench(version="1.4.2")
    for module in ("package", "configuration"):
        must(bench, module)
    refused = bench.do("registration")
    assert refused["failure"]["class"] == "prompt" and "CceService" in refused["msg"]
    result = must(bench, "registration")
    cached = bench.appliance.caches["cceadmin"]
    assert cached["CceService"].password.value == SERVICE_PASSWORD and "CABackupFile" in cached
    assert "canary-of-the-authority" not in json.dumps(result)


@pytest.mark.parametrize("account", credentials.OLD_TYPES)
def test_the_accounts_of_the_release_have_to_be_cached(account: str) -> None:
    bench = Bench(version="1.4.2")
    known = dict(bench.appliance.caches["cceadmin"])
    del known[account]
    credentials.store(bench.appliance, "CceAdmin", known)
    result = bench.do("package")
    assert "credential_cache" in [one["id"] for one in result["failure"]["checks"]]
    assert f"not cached: {account}" in result["msg"] and bench.lab.snapshot(HOST)["scripts"] == "1.4.2"


def test_another_ini_than_that_of_the_appliance_is_noticed_where_none_is_imported() -> None:
    bench = Bench(version="1.4.2", switches={"early_ini_copied": False})
    content = bench.lab.ini(NEIGHBOUR)
    assert bench.do("package", content=content)["failure"]["class"] == "wrong-host"


def test_scripts_that_were_changed_meanwhile_stop_it_on_the_appliance() -> None:
    bench = Bench(version="1.4.2")
    action = bench.prepare("package")
    save = action._save

    def change(*given: Any) -> Any:
        saved = save(*given)
        bench.appliance.msi = "1.4.1"
        return saved

    action._save = change
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failure"]["class"] == "fence" and result["failure"]["step"] == "scripts"


def test_an_early_neighbour_counts() -> None:
    """What carries the calls is read of it in the same way."""
    bench = Bench(version="1.4.2")
    assert "cce-1, cce-2 carry the calls" in bench.do("package", source="https://nowhere.lab/a.msi")["msg"]


def test_check_mode_goes_all_the_way() -> None:
    bench = Bench(version="1.4.2")
    facts: Any = None
    for module in ORDER:
        result = bench.do(module, check=True, facts=facts)
        assert "failed" not in result, f"{module}: {result['msg']}"
        facts = {**(facts or {}), **result.get("ansible_facts", {})}
    assert bench.changes() == []
