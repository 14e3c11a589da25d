"""The commissioning of a fleet: nothing is changed, a host that fails hides no other, and the site is given back."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.harness import Stage, fleet


def test_a_fleet_is_commissioned_and_what_is_wrong_with_a_host_is_said(open_stage: Callable[..., Stage]) -> None:
    described = fleet(2, 1)
    described["sites"][0]["appliances"][0] = {"name": "north-1", "windows": {"batch_logon": False}}
    stage = open_stage(described)
    run = stage.play(playbook="commission.yml")
    assert run.code == 2, run.output
    assert run.says("north-1 is not ready for upgrades: batch_logon") and not run.says("(north-2|south-1) is not ready")
    assert not [one for one in stage.mutating() if "-Cc" in one["name"]]
    ended = [one for one in stage.cmdlets(name="Move-Item") if r"cloud_connector.lease" in str(one["parameters"])]
    assert len(ended) == 2, "the lease of each site is given back"
    planned = stage.play(playbook="plan.yml")
    assert planned.says("north-1: commissioning: it was commissioned on .* failed then: batch_logon"), planned.output
