"""MaintenanceMode of the tenant is as a person set it, whatever passes through maintenance mode and whatever dies in between.

`Exit-CcUpdate` may take the flag back, which no source says (cloud-connector.md 2.2). So whoever has it set is not led through
maintenance mode at all, and both ways of the lab's switch have to end alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleConnectionFailure

from tests.bench import HOST
from tests.operations import InProcessConnection
from tests.windows import Killed, Windows

ROOT = Path(__file__).parents[4]
SETS = pytest.mark.parametrize("sets", [True, False], ids=["enter_sets_it", "enter_leaves_it"])
Work = tuple[str, dict[str, Any]]
ENTER: Work = ("maintenance", {"state": "present"})
LEAVE: Work = ("maintenance", {"state": "absent"})
RESTART: Work = ("restart", {"target": "host"})
UPDATE: Work = ("windows_update", {"target": "mediation"})
AGAIN: Work = ("restart", {"target": "mediation"})
WAYS: dict[str, Sequence[Work]] = {
    "maintenance alone": (ENTER, LEAVE),
    "restart in the upgrade": (ENTER, RESTART, LEAVE),
    "patch": (ENTER, UPDATE, AGAIN, LEAVE),
}
"""What roles do between entering and leaving; each module is what they use."""


def fleet(sets: bool) -> Windows:
    """One update waits in a VM, and the host wants a restart."""
    bench = Windows(switches={"enter_sets_tenant_flag": sets})
    bench.wait("mediation", "KB5000001")
    bench.computer.want_restart()
    return bench


def record(bench: Windows) -> Any:
    """What the tenant keeps of the appliance."""
    return bench.appliance.in_tenant


def changing(bench: Windows) -> list[str]:
    """What was run that changes something of the product or of Windows, but for the lease of the site and searches."""
    return [run.name for run in bench.ran() if run.name in ("Enter-CcUpdate", "Exit-CcUpdate", "shutdown.exe")]


class Cut(InProcessConnection):
    """The controller is gone before its nth exchange is sent, or before its answer is read; nothing leaves it from then on."""

    def __init__(self, line: Any, left: Iterator[int], *, sent: bool) -> None:
        super().__init__(line)
        self._left, self._sent, self.dead = left, sent, False

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        last = not self.dead and next(self._left) == 0
        self.dead = self.dead or last
        if self.dead and not (last and self._sent):
            raise ConnectionError("the controller is gone")
        answered = super().answer(request)
        if self.dead:
            raise ConnectionError("the controller is gone")
        return answered


def play(bench: Windows, works: Sequence[Work], left: Iterator[int], *, sent: bool) -> str:
    """One module after the other, up to the one that fails; its class, or nothing. Raises Killed."""
    for module, options in works:
        action = bench.prepare(module, **options)
        action._connection = line = Cut(bench.lab.connection(HOST), left, sent=sent)
        with suppress(AnsibleConnectionFailure):
            result = action.run(task_vars={"inventory_hostname": HOST})
        if line.dead:
            raise Killed
        if result.get("failed"):
            return str(result["failure"]["class"])
    return ""


def forever() -> Iterator[int]:
    return itertools.repeat(1)


# --- a person's flag ----------------------------------------------------------------------------------------------------


@SETS
@pytest.mark.parametrize("way", WAYS)
def test_an_appliance_whose_flag_a_person_has_set_is_not_led_through_maintenance_mode(way: str, sets: bool) -> None:
    bench = fleet(sets)
    record(bench).maintenance_mode = True
    assert play(bench, WAYS[way], forever(), sent=True) == "tenant-maintenance"
    assert record(bench).maintenance_mode and bench.lab.snapshot(HOST)["in_service"] and changing(bench) == []
    assert bench.info()["slot"] is None


@SETS
def test_check_mode_says_so_too_and_leaving_alone_does_nothing(sets: bool) -> None:
    bench = fleet(sets)
    record(bench).maintenance_mode = True
    refused = bench.do("maintenance", state="present", check=True)
    assert refused["failure"]["class"] == "tenant-maintenance" and "adopt: true" in refused["msg"]
    assert not bench.must("maintenance", state="absent")["changed"] and record(bench).maintenance_mode


def test_maintenance_mode_that_a_person_has_entered_is_not_left_for_them() -> None:
    """Whose services are stopped and whose flag is set: the role would work there and then leave it."""
    bench = fleet(sets=True)
    step = {"name": "it", "cmdlet": "Enter-CcUpdate", "parameters": {}}
    bench.lab.connection(HOST).exchange({"protocol": 1, "steps": [step], "answers": []})
    bench.mark()
    assert play(bench, WAYS["patch"], forever(), sent=True) == "tenant-maintenance"
    assert changing(bench) == [] and record(bench).maintenance_mode and bench.lab.snapshot(HOST)["maintenance"]


@SETS
def test_a_flag_that_is_set_while_calls_are_waited_for_stops_it(sets: bool) -> None:
    bench = fleet(sets)
    source = bench.lab.world.sites["oslo"].sources["inbound"]
    while source.offer(600).appliance != HOST:
        pass
    action = bench.prepare("maintenance", state="present")
    sleep = action.clock.sleep

    def meanwhile(seconds: float) -> None:
        record(bench).maintenance_mode = True
        sleep(seconds)

    object.__setattr__(action.clock, "sleep", meanwhile)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failure"]["class"] == "tenant-maintenance" and "After the wait" in result["msg"]
    assert changing(bench) == [] and record(bench).maintenance_mode


def test_whoever_may_let_it_go_says_so_and_the_tenant_is_not_asked() -> None:
    bench = fleet(sets=True)
    record(bench).maintenance_mode = True
    bench.must("maintenance", state="present", adopt=True)
    assert bench.ran("New-CsOnlineSession") == []
    bench.must("maintenance", state="absent")
    assert not record(bench).maintenance_mode


def test_no_role_and_no_playbook_lets_a_persons_flag_go() -> None:
    """And none leaves maintenance mode but after the module that refuses to enter it over a person's flag."""
    files = [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("playbooks/**/*.yml")]
    tasks = [task for file in files for task in _tasks(yaml.safe_load(file.read_text("utf-8")))]
    used = [task["sfb.cloud_connector.maintenance"] for task in tasks if "sfb.cloud_connector.maintenance" in task]
    flags = [task for task in tasks if "sfb.cloud_connector.tenant_appliance" in task]
    assert used and flags == [] and not any("adopt" in options for options in used)


def _tasks(found: Any) -> Iterator[dict[str, Any]]:
    for one in found if isinstance(found, list) else []:
        yield one
        for part in ("block", "rescue", "always", "tasks", "pre_tasks"):
            yield from _tasks(one.get(part))


# --- killed at every exchange ---------------------------------------------------------------------------------------------


def assert_the_flag_is_as_it_was(way: str, number: int, *, sent: bool, sets: bool) -> bool:
    """The controller dies at this exchange; what is under way ends by itself, the same command goes on, the flag is off again.

    Returns:
        Whether there is such an exchange.
    """
    bench = fleet(sets)
    left = itertools.chain(range(number, -1, -1), forever())
    try:
        assert play(bench, WAYS[way], left, sent=sent) == ""
    except Killed:
        bench.settle(600)
    else:
        return False
    assert play(bench, [*begun(bench), *WAYS[way]], forever(), sent=True) == "", number
    assert (record(bench).maintenance_mode, bench.info()["slot"]) == (False, None), number
    assert bench.lab.snapshot(HOST)["in_service"], number
    return True


def begun(bench: Windows) -> list[Work]:
    """What the roles wait for first: each module finds what it has begun."""
    found = {"maintenance-enter": ENTER, "maintenance-exit": LEAVE, "restart-host": RESTART, "restart-mediation": AGAIN}
    return [found.get(job, UPDATE) for job in bench.info()["jobs"]]


@SETS
@pytest.mark.parametrize("sent", [False, True], ids=["before_it_is_sent", "before_its_answer"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.whole
def test_the_flag_is_as_it_was_wherever_the_controller_dies(way: str, sent: bool, sets: bool) -> None:
    numbers = (
        number for number in itertools.count() if not assert_the_flag_is_as_it_was(way, number, sent=sent, sets=sets)
    )
    assert next(numbers) > 10


@pytest.mark.parametrize("number", range(1, 16, 4))
def test_the_flag_is_as_it_was_where_the_controller_dies_in_maintenance(number: int) -> None:
    assert assert_the_flag_is_as_it_was("maintenance alone", number, sent=number % 8 == 1, sets=True)


@SETS
@pytest.mark.parametrize(("way", "number"), [("restart in the upgrade", 12), ("patch", 14)])
def test_the_flag_is_as_it_was_where_the_controller_dies_in_other_work(way: str, number: int, sets: bool) -> None:
    assert assert_the_flag_is_as_it_was(way, number, sent=True, sets=sets)


@pytest.mark.parametrize("cmdlet", ["Enter-CcUpdate", "Exit-CcUpdate"])
@SETS
def test_the_flag_is_as_it_was_where_the_host_restarts_amid_the_cmdlet(cmdlet: str, sets: bool) -> None:
    """After half an Enter-CcUpdate the lab's Exit-CcUpdate starts nothing: a person looks at the services, not at the flag."""
    bench = fleet(sets)
    bench.lab.fault(HOST, cmdlet=cmdlet, when="during", point="services", action="die_host")
    failures = []
    for _attempt in range(3):
        failures.append(play(bench, WAYS["maintenance alone"], forever(), sent=True))
        bench.settle(3600)
    assert failures == ["host-restarted", *(["not-confirmed"] * 2 if cmdlet == "Enter-CcUpdate" else ["", ""])]
    assert record(bench).maintenance_mode is False
