"""The topology is published when the Mediation Servers of the site are others than before, judged by what the VMs got."""

from __future__ import annotations

import pytest

from lab.world.tenant import TenantAppliance
from tests.bench import DIRECTORY, HOST, JOB
from tests.cycle import Cycle

POINT = "Publish-CcAppliance"


@pytest.fixture
def bench() -> Cycle:
    return Cycle()


def join(bench: Cycle, site: str, number: int) -> TenantAppliance:
    """Another appliance is registered with the tenant."""
    made = TenantAppliance(
        f"0000000{number}-0000-0000-0000-000000000000", f"cce-{number}", site, f"ms{number}.cce", "1.1.1.1"
    )
    bench.lab.world.tenant.appliances[made.identity] = made
    return made


def test_the_cycle_with_a_neighbour_that_comes_and_goes(bench: Cycle) -> None:
    bench.cycle("topology", POINT, **JOB)
    new = join(bench, "oslo", 3)
    bench.cycle("topology", POINT, **JOB)
    assert bench.appliance.published["ms3.cce"] == "1.1.1.1"
    del bench.lab.world.tenant.appliances[new.identity]
    bench.cycle("topology", POINT, **JOB)
    assert len(bench.appliance.published) == 2


def test_another_address_is_published(bench: Cycle) -> None:
    new = join(bench, "oslo", 3)
    bench.must("topology", **JOB)
    new.mediation_address = "2.2.2.2"
    assert bench.must("topology", **JOB)["changed"] and bench.appliance.published["ms3.cce"] == "2.2.2.2"


def test_an_appliance_of_another_site_does_not_matter(bench: Cycle) -> None:
    bench.must("topology", **JOB)
    join(bench, "bergen", 4)
    assert not bench.must("topology", **JOB)["changed"]


def test_older_vms_after_a_rollback_get_it_again(bench: Cycle) -> None:
    bench.must("topology", **JOB)
    bench.appliance.running = "2.0.1"
    assert bench.must("topology", check=True, **JOB)["changed"]


def test_an_unreachable_tenant_is_not_an_empty_one(bench: Cycle) -> None:
    bench.lab.world.tenant.reachable = False
    assert "Unable to connect to the tenant" in bench.refused("topology", **JOB)


def test_half_a_registration_is_not_published(bench: Cycle) -> None:
    bench.lab.fault(HOST, trouble="T6")
    assert "half match" in bench.refused("topology", **JOB)


def test_an_appliance_that_is_not_deployed_has_nothing_to_tell(bench: Cycle) -> None:
    bench.appliance.running = None
    assert "its own deployment takes the topology" in bench.refused("topology", **JOB)


def test_a_killed_job_is_run_again(bench: Cycle) -> None:
    bench.lab.fault(HOST, cmdlet=POINT, when="during", action="die_host")
    assert bench.do("topology", **JOB)["failed"]
    bench.settle(600)
    assert bench.must("topology", **JOB)["changed"] and bench.appliance.published


def test_a_server_that_comes_while_the_job_runs_is_published_again(bench: Cycle) -> None:
    """The record says what the job was begun with, whoever collects it."""
    assert bench.do("topology", **{**JOB, "timeout": 1, "poll_interval": 1})["failed"]
    bench.settle()
    join(bench, "oslo", 3)
    result = bench.do("topology", **JOB)
    assert result["failure"]["class"] == "not-confirmed" and "ms3.cce" in result["msg"]
    assert bench.must("topology", **JOB)["changed"] and bench.appliance.published["ms3.cce"] == "1.1.1.1"


def test_an_ini_without_an_identity_is_told(bench: Cycle) -> None:
    for path in (r"C:\ProgramData\CloudConnector\CloudConnector.ini", rf"{DIRECTORY}\CloudConnector.ini"):
        bench.computer.files.write_text(path, "[Common]\n")
    assert "does not tell the identity of its site" in bench.refused("topology", **JOB)


def test_check_mode_asks_for_the_servers_also_where_the_registration_is_predicted(bench: Cycle) -> None:
    facts = bench.must("registration", check=True, version="2.1")["ansible_facts"]
    predicted = bench.must("topology", check=True, facts=facts, **JOB)
    assert predicted["changed"] and "publish S1A1-MED.cce.local" in predicted["changes"][0]
