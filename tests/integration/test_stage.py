"""Staging a fleet: all hosts at once, nothing of the product, a host that fails hides no other, and the sites are given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.harness import Stage, fleet


def copies(stage: Stage) -> list[dict[str, Any]]:
    """The times the MSI was brought to an appliance."""
    names = ("Invoke-WebRequest", "Copy-Item")
    wanted = r"\packages\CloudConnector-2.1.msi"
    return [run for run in stage.cmdlets() if run["name"] in names and wanted in _destination(run)]


def _destination(run: dict[str, Any]) -> str:
    return str(run["parameters"].get("OutFile") or run["parameters"].get("Destination"))


def test_a_fleet_is_staged_once_and_its_upgrade_copies_nothing(open_stage: Callable[..., Stage]) -> None:
    stage = open_stage(fleet(2, 1))
    first = stage.play(playbook="stage.yml")
    assert first.code == 0, first.output
    assert len(copies(stage)) == 3 and len({run["appliance"] for run in copies(stage)}) == 3
    assert not [run for run in stage.mutating() if "-Cc" in run["name"] or "msiexec" in str(run["parameters"])]
    ended = [run for run in stage.cmdlets(name="Move-Item") if r"cloud_connector.lease" in str(run["parameters"])]
    assert len(ended) == 2, "the lease of each site is given back"
    before = len(stage.cmdlets())
    second = stage.play(playbook="stage.yml")
    assert second.code == 0 and stage.mutating(before) == [], second.output
    upgraded = stage.play("-e", "cloud_connector_site=south", playbook="upgrade_site.yml")
    assert upgraded.code == 0, upgraded.output
    assert stage.state("south-1")["scripts"] == "2.1" and len(copies(stage)) == 3


def test_a_host_that_fails_hides_no_other(open_stage: Callable[..., Stage]) -> None:
    stage = open_stage(fleet(2))
    stage.fault("north-1", cmdlet="Invoke-WebRequest", text="The disk is full.")
    run = stage.play(playbook="stage.yml")
    assert run.code == 2 and run.says("Could not stage the MSI 2.1: .*The disk is full"), run.output
    again = stage.play(playbook="stage.yml")
    assert again.code == 0 and len(copies(stage)) == 3, again.output
