"""The directories of an appliance, judged by what the product says they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import DIRECTORY
from tests.cycle import Cycle

NEW = {"appliance_directory": r"D:\Cce\ApplianceRoot", "site_directory": r"\\files\bergen"}
OLD = {"appliance_directory": DIRECTORY, "site_directory": r"\\files\oslo"}


@pytest.fixture
def bench() -> Cycle:
    """An appliance on which nothing is deployed."""
    bench = Cycle()
    bench.lab.world.network.add_share(NEW["site_directory"])
    bench.appliance.running = bench.appliance.backup = None
    return bench


def directories(bench: Cycle) -> dict[str, Any]:
    found = bench.appliance.directories["cceadmin"]
    return {"appliance_directory": found.appliance, "site_directory": found.site}


@pytest.mark.parametrize("name", NEW)
def test_the_cycle_of_one(bench: Cycle, name: str) -> None:
    cmdlet = {"appliance_directory": "Set-CcApplianceDirectory", "site_directory": "Set-CcSiteDirectory"}[name]
    bench.cycle("directories", cmdlet, **{name: NEW[name]})
    assert directories(bench) == {**OLD, name: NEW[name]}
    bench.cycle("directories", cmdlet)
    assert directories(bench) == OLD


def test_case_and_a_last_backslash_make_no_difference(bench: Cycle) -> None:
    assert not bench.must("directories", site_directory="\\\\FILES\\oslo\\")["changed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"appliance_directory": r"C:\My Cce"},
        {"appliance_directory": r"\\files\oslo\a"},
        {"appliance_directory": "ApplianceRoot"},
        {"site_directory": r"\\files"},
        {"site_directory": "C:/Site"},
    ],
)
def test_a_path_the_product_cannot_have_is_refused(bench: Cycle, wrong: dict[str, str]) -> None:
    assert next(iter(wrong)) in bench.refused("directories", **wrong)


@pytest.mark.parametrize("deployed", ["running", "backup"])
def test_after_a_deployment_it_is_refused_unless_said_in_words(bench: Cycle, deployed: str) -> None:
    setattr(bench.appliance, deployed, "2.1")
    assert "2.1 is deployed on cce-1" in bench.refused("directories", **NEW)
    bench.must("directories", **NEW, redeploy_afterwards=True)
    assert directories(bench) == NEW


def test_what_is_as_wanted_is_not_refused_after_a_deployment() -> None:
    assert not Cycle().must("directories")["changed"]


def test_a_moved_appliance_directory_reminds_of_the_certificates(bench: Cycle) -> None:
    assert "warnings" not in bench.must("directories", site_directory=NEW["site_directory"])
    (warning,) = bench.must("directories", **NEW)["warnings"]
    assert "external certificates" in warning
