"""The out-of-service slot: whoever acts, and however many at once, one appliance of a site is out of service at a time."""

from __future__ import annotations

from tests.racing import Race

SWITCHABLE = {"scripts": "2.1", "backup": "2.1"}


def test_of_five_appliances_that_switch_at_once_one_does() -> None:
    race = Race(5, SWITCHABLE, peak_calls=0)
    results = race.run("version", version="2.1")
    switched = [name for name, result in results.items() if "failed" not in result]
    assert [run.appliance for run in race.lab.record.cmdlets(name="Switch-CcVersion")] == switched
    assert len(switched) == 1
    refused = [result["msg"] for result in results.values() if "failed" in result]
    assert all(f"slot of oslo is held by {switched[0]} since 20" in text for text in refused), refused
    assert race.lab.record.shortages() == []
    assert len({outage.appliance for outage in race.lab.record.outages()}) == 1
