"""How `python -m lab chaos` chooses troubles and judges what came of them."""

from __future__ import annotations

import random
from typing import Any

from lab.commands import chaos


class Judged:
    """What of a running lab is judged."""

    def __init__(self, running: str = "2.1", **entries: list[dict[str, Any]]) -> None:
        self.entries_of = entries
        self.state = {"running": running, "backup": "2.0.1", "in_service": True}

    def get(self, path: str) -> dict[str, Any]:
        return {"appliances": {"north-1": self.state}}

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return self.entries_of.get(kind, [])


def judged(died: bool = False, **found: Any) -> list[str]:
    return chaos.judged(Judged(**found), died)  # type: ignore[arg-type]


def outage(appliance: str, begin: str, end: str | None) -> dict[str, Any]:
    return {"appliance": appliance, "site": "north", "time": begin, "end": end}


def test_each_work_of_each_appliance_fails_before_and_after() -> None:
    told = [chaos.told(trouble) for (trouble,) in chaos.every()]
    assert len(set(told)) == len(chaos.APPLIANCES) * len(chaos.WORK) * 2


def test_the_same_seed_draws_the_same_troubles() -> None:
    assert chaos.drawn(random.Random(7)) == chaos.drawn(random.Random(7))


def test_an_upgraded_fleet_is_well() -> None:
    assert judged() == []


def test_an_appliance_left_behind_is_named() -> None:
    assert judged(running="2.0.1") == ["north-1 runs 2.0.1, backup 2.0.1, in service: True"]


def test_a_switch_back_is_named() -> None:
    assert judged(event=[{"appliance": "north-1", "text": "runs 2.0.1, backup 2.1"}]) == ["north-1 was switched back"]


def test_a_cut_call_is_named_unless_a_host_died() -> None:
    cut = [{"outcome": "cut", "appliance": "north-1", "why": "msiexec"}, {"outcome": "completed"}]
    assert judged(call=cut) == ["north-1 cut a call: msiexec"]
    assert judged(call=cut, died=True) == []


def test_two_outages_of_a_site_at_once_are_named() -> None:
    assert judged(outage=[outage("north-2", "2", "4"), outage("north-1", "1", "3")]) == [
        "north-2 went out while north-1 was"
    ]
    assert judged(outage=[outage("north-2", "3", None), outage("north-1", "1", "3")]) == []
