"""An upgraded site is watched, not slept through: a fault in minute n ends it there; judged by the site's file and by time."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.bench import HOST, NEIGHBOUR, SHARE, Bench

NOTE = rf"{SHARE}\sfb.cloud_connector.soaked"
Action = Callable[["Site"], Any]


class Site(Bench):
    """Two appliances at 2.1."""

    def __init__(self) -> None:
        super().__init__("health")
        self.began = self.lab.now()

    def watch(self, at: dict[int, Action] | None = None, *, check: bool = False, **options: Any) -> Any:
        """Runs the module; in its n-th minute something happens."""
        self.began = self.lab.now()
        made = self.prepare("soak", **options)
        made._task.check_mode = check
        clock = importlib.import_module("ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock")
        minutes = [0]

        def sleep(seconds: float) -> None:
            minutes[0] += 1
            self.lab.sleep(seconds)
            (at or {}).get(minutes[0], lambda site: None)(self)

        made.clock = clock.Clock(self.lab.world.now, self.lab.now, sleep)
        return made.run(task_vars={"inventory_hostname": HOST})

    @property
    def minutes(self) -> float:
        return (self.lab.now() - self.began) / 60

    @property
    def note(self) -> Any:
        files = self.lab.world.network.files
        return json.loads(files.read_text(NOTE)) if files.exists(NOTE) else None

    def vm(self, host: str, role: str) -> Any:
        """The computer inside a VM in production."""
        return self.lab.appliance(host).running_set.machines[role].computer


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_site_that_is_well_is_watched_to_the_end_and_then_not_again(site: Site) -> None:
    result = site.watch()
    assert result["changed"] and result["changes"] == ["watch site oslo for 15 min"]
    assert 15 <= site.minutes < 17 and site.note["target"] == "2.1"
    for host in (HOST, NEIGHBOUR):
        assert len(site.lab.record.cmdlets(host, name="Get-Counter")) >= 15
    assert not site.watch()["changed"] and site.minutes < 1


def test_check_mode_waits_for_nothing(site: Site) -> None:
    assert site.watch(check=True)["changed"] and site.minutes < 1 and site.note is None


def test_no_time_is_no_watch(site: Site) -> None:
    assert not site.watch(duration=0)["changed"] and site.note is None


def test_it_was_watched_at_another_version(site: Site) -> None:
    site.lab.world.network.files.write_text(NOTE, '{"target": "2.0.1"}')
    assert site.watch(duration=60)["changed"] and site.note["target"] == "2.1"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"target": "soon"}'])
def test_a_note_that_nobody_understands_is_none(site: Site, text: str) -> None:
    site.lab.world.network.files.write_text(NOTE, text)
    assert site.watch(duration=60)["changed"] and site.note["target"] == "2.1"


FAULTS: dict[str, tuple[Action, str]] = {
    "a service stops": (
        lambda site: site.vm(NEIGHBOUR, "Edge").services["RTCMRAUTH"].become("Stopped"),
        "cce-2 is not well any more: edge_services",
    ),
    "a rule is disabled": (
        lambda site: site.vm(HOST, "Edge").firewall.update({"CS RTCSRV": False}),
        "cce-1 is not well any more: firewall_rules",
    ),
    "a VM goes off": (
        lambda site: site.lab.appliance(HOST).running_set.machines["Mediation"].turn_off(),
        "cce-1 is not well any more: machines",
    ),
    "an event of calls": (
        lambda site: site.vm(NEIGHBOUR, "Mediation").log("LS", 25062, "Error", "no gateway (simulated)", "Lync Server"),
        "cce-2 is not as it was when it was validated: events/25062 is added",
    ),
    "another ini": (
        lambda site: site.computer.files.write_text(
            r"C:\ProgramData\CloudConnector\CloudConnector.ini", site.content.replace("10.0.1.201", "10.0.1.209")
        ),
        "ini/Gateway1/IP changed",
    ),
    "a host goes down": (
        lambda site: site.lab.appliance(NEIGHBOUR).computer.power_off(),
        "cce-2 could not be read 3 times in a row",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("minute", [1, 9])
def test_a_fault_in_that_minute_ends_it_there(site: Site, fault: str, minute: int) -> None:
    act, words = FAULTS[fault]
    result = site.watch({minute: act})
    assert result["failed"] and result["failure"]["class"] == "fault-in-soak" and words in result["msg"]
    assert minute <= site.minutes < minute + 4 and site.note is None
    assert site.watch(duration=60).get("failed") or fault in ("an event of calls", "another ini")


def test_a_look_that_is_lost_is_no_fault(site: Site) -> None:
    down = {2: lambda site: unreachable(site, True), 4: lambda site: unreachable(site, False)}
    assert site.watch(down)["changed"]


def unreachable(site: Site, yes: bool) -> None:
    site.lab.appliance(NEIGHBOUR).unreachable = yes


def test_one_that_is_ill_when_it_begins_is_a_fault_at_once(site: Site) -> None:
    site.vm(HOST, "Edge").firewall["CS RTCSRV"] = False
    result = site.watch()
    assert result["failure"]["class"] == "fault-in-soak" and site.minutes < 1


def test_only_the_appliances_that_are_given_are_watched(site: Site) -> None:
    """One that was left out is not judged."""
    site.vm(NEIGHBOUR, "Edge").firewall["CS RTCSRV"] = False
    own = [place for place in site.site()["appliances"] if place["name"] == HOST]
    assert site.watch(duration=60, site={**site.site(), "appliances": own})["changed"]


def test_nobody_logs_on_to_the_tenant(site: Site) -> None:
    site.mark()
    site.watch(duration=120)
    assert not site.ran("New-CsOnlineSession") and not site.ran("New-CsOnlineSession", host=NEIGHBOUR)
