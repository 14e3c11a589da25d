"""Would the product's own update run: as the lab's tenant and host have it."""

from __future__ import annotations

from typing import Any

from tests.bench import HOST
from tests.cycle import Cycle


def bench(auto_update: bool = True, **more: Any) -> Cycle:
    made = Cycle(**more)
    made.lab.world.tenant.sites["oslo"].enable_auto_update = auto_update
    return made


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {check["id"]: check["status"] for check in result["checks"]}


def test_one_that_would_run() -> None:
    found = bench()
    result = found.must("auto_update_info", require_ready=True)
    assert (result["auto_update"]["would_run"], result["auto_update"]["running"]) == ("yes", "no"), result[
        "auto_update"
    ]
    assert not result["changed"] and found.changes() == []
    assert {run.name for run in found.ran()} >= {"Get-CsTenantUpdateTimeWindow", "Get-CsHybridPSTNSite"}
    assert not [one for one in found.lab.world.tenant.sessions if one.end is None]


def test_one_that_is_switched_off_is_told_with_what_to_do() -> None:
    found = bench(auto_update=False)
    result = found.must("auto_update_info")
    assert result["auto_update"]["would_run"] == "no" and "EnableAutoUpdate" in result["auto_update"]["answer"]
    assert statuses(result)["enable_auto_update"] == "FAIL"
    failed = found.do("auto_update_info", require_ready=True)
    assert failed["failed"] and failed["failure"]["class"] == "auto-update-off" and failed["changed"] is False
    reported = found.must("auto_update_info", require_ready=True, report_only=True)
    assert "tenant_site" in reported["problem"]


def test_one_that_is_under_way() -> None:
    found = bench()
    found.lab.update(HOST)
    found.lab.advance(60)
    result = found.must("auto_update_info")
    assert result["auto_update"]["running"] == "yes" and "One is under way" in result["auto_update"]["answer"]


def test_a_host_in_another_time_zone() -> None:
    found = bench()
    found.computer.zone_minutes = -480
    assert found.must("auto_update_info")["auto_update"]["zone_minutes"] == -480


def test_a_tenant_that_refuses_the_logon_is_unknown() -> None:
    found = bench()
    found.lab.world.tenant.reachable = False
    result = found.must("auto_update_info")
    assert result["auto_update"]["would_run"] == "unknown"
    assert statuses(result)["tenant_logon"] == "ERROR" and statuses(result)["bits_window"] == "ERROR"


def test_the_policy_that_1_4_1_needs() -> None:
    found = bench(version="1.4.1", before="package")
    assert statuses(found.must("auto_update_info"))["user_registry"] == "FAIL"
    found.computer.registry.set(r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\System", {"DisableForceUnload": 1})
    assert statuses(found.must("auto_update_info"))["user_registry"] == "PASS"
