"""Faults that once broke a promise: slow lines, late starts, slots that nobody else sees, and two runs at once."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import slot, state
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import MARKER, Place

from lab.inprocess import Lab
from lab.world.product import uninstall_msi
from tests.bench import DIRECTORY, HOST, JOBS, NEIGHBOUR, ORDER, OURS, SHARE, Bench, describe, reach
from tests.late import held
from tests.operations import InProcessConnection, Overtaken, Tapped, operate, starts_a_job
from tests.racing import JOB, Race

SLOT = slot.path(SHARE)
MARK = rf"{SHARE}\{MARKER}"
SWITCHABLE = {"scripts": "2.1", "backup": "2.1"}


def run(action: Any, name: str = HOST) -> dict[str, Any]:
    return dict(action.run(task_vars={"inventory_hostname": name}))


def upgrade(bench: Bench) -> None:
    """The whole upgrade of the appliance, nothing failing."""
    for module in ORDER[:-1]:
        result = bench.do(module, **({"poll_interval": 600} if module in JOBS else {}))
        assert "failed" not in result, result["msg"]


# --- a slow or a silent neighbour ----------------------------------------------------------------------------------------


def slow_site(number: int) -> tuple[Race, Any]:
    """A switch on the first of so many appliances; each exchange with the last one takes 66 seconds."""
    race = Race(number, SWITCHABLE, peak_calls=500)
    action = race.prepare("cce-1", "version", version="2.1")
    others, last = action.connect, race.names[-1]
    line = Tapped(race.lab.connection(last), before=lambda request: race.lab.advance(66))
    action.connect = lambda name: line if name == last else others(name)
    return race, action


@pytest.mark.parametrize("number", [2, 3])
def test_a_slow_neighbour_does_not_stop_the_site(number: int) -> None:
    race, action = slow_site(number)
    assert run(action).get("msg") is None and race.lab.snapshot("cce-1")["running"] == "2.1"


def test_only_what_grew_old_is_read_again() -> None:
    """The second one is read at once, the third one takes so long that the reading of the second is too old by then."""
    race, action = slow_site(3)
    action._task.check_mode = True
    read, others = threading.Event(), action.connect
    lines = {
        "cce-2": Tapped(race.lab.connection("cce-2"), after=lambda answer: read.set()),
        "cce-3": Overtaken(SlowConnection(race, "cce-3"), lambda request: read.wait(30) and time.sleep(0.1)),
    }
    action.connect = lambda name: lines.get(name) or others(name)
    assert run(action).get("msg") is None
    reads = {name: len(race.lab.record.cmdlets(name, name="Get-VM")) for name in race.names}
    assert reads == {"cce-1": 1, "cce-2": 2, "cce-3": 1}


@pytest.mark.parametrize(("peak", "goes"), [(500, True), (1000, False)])
def test_a_neighbour_whose_machines_are_off_takes_long_and_does_not_stop_the_others(peak: int, goes: bool) -> None:
    """A session into a VM that is off takes its time to fail, and what it would carry is nothing anyway."""
    race = Race(3, SWITCHABLE, peak_calls=peak)
    for machine in race.lab.appliance("cce-3").machines:
        machine.turn_off()

    def silent_for_long(answer: dict[str, Any]) -> None:
        race.lab.advance(61)
        answer["results"][-1]["seconds"] += 61

    action = race.prepare("cce-1", "version", version="2.1")
    others, slow = action.connect, Tapped(race.lab.connection("cce-3"), after=silent_for_long)
    action.connect = lambda name: slow if name == "cce-3" else others(name)
    result = run(action)
    assert ("failed" not in result) is goes
    assert goes or ("cce-3 does not count (scripts" in result["msg"] and "seconds old" not in result["msg"])


class SlowConnection:
    """The lab's connection to an appliance, each exchange of which takes 66 seconds before it is begun."""

    def __init__(self, race: Race, name: str) -> None:
        self._race, self._line = race, race.lab.connection(name)

    def _connect(self) -> None:
        self._line._connect()

    def exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        self._race.lab.advance(66)
        return self._line.exchange(request)


class Silent(InProcessConnection):
    """Somebody who takes the request and does not answer."""

    def __init__(self, appliance: Any) -> None:
        super().__init__(appliance)
        self.over = threading.Event()

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self.over.wait(30)
        raise ConnectionError("silent")


@pytest.mark.parametrize(("peak", "goes"), [(500, True), (1000, False)])
def test_a_silent_neighbour_counts_as_unreadable(peak: int, goes: bool) -> None:
    race = Race(3, SWITCHABLE, peak_calls=peak)
    action = race.prepare("cce-1", "version", version="2.1", exchange_timeout=1)
    others, silent = action.connect, Silent(race.lab.connection("cce-3"))
    action.connect = lambda name: silent if name == "cce-3" else others(name)
    result = run(action)
    silent.over.set()
    assert ("failed" not in result) is goes
    assert goes or "cce-3 cannot be reached: no answer within 1 seconds" in result["msg"]


# --- one site directory, one slot ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["version", "maintenance"])
def test_a_local_site_directory_is_refused_for_more_than_one_appliance(module: str) -> None:
    """Each appliance would have a slot of its own there."""
    local = r"C:\CloudConnector\SiteRoot"
    lab = Lab.from_description(describe(dict.fromkeys(("cce-1", "cce-2", "cce-3"), SWITCHABLE), peak_calls=1000))
    for one in lab.world.appliances.values():
        for known in one.directories.values():
            known.site = local
        one.computer.files.write_text(rf"{local}\VersionInfo", "2.1")
    places = [{"name": name, **reach(name), "site_directory": local} for name in lab.world.appliances]
    site = {"name": "oslo", "peak_calls": 1000, "appliances": places}
    options = {**reach("cce-1"), "site_directory": local, "site": site, **JOB}
    options |= {"state": "present"} if module == "maintenance" else {"version": "2.1"}
    result = operate(lab, "cce-1", module, **options)
    assert "is another folder on each of the 3 appliances of the site" in result["msg"]
    assert result["failure"]["class"] == "site-directory" and lab.record.outages() == []


def test_the_marker_of_a_site_directory_is_written_once() -> None:
    race = Race(2, {}, peak_calls=500)
    files, found = race.lab.world.network.files, []
    for name in race.names:
        for state_ in ("present", "absent"):
            assert "failed" not in race.one(name, "maintenance", state=state_)
            found.append(files.read_text(MARK))
    assert len(set(found)) == 1 and len(found[0]) == 32


def test_a_neighbour_that_sees_another_marker_has_another_folder() -> None:
    race = Race(2, {}, peak_calls=0)
    race.lab.world.network.files.write_text(MARK, "a" * 32)
    action = race.prepare("cce-1", "maintenance", state="present")

    def elsewhere(answer: dict[str, Any]) -> None:
        for result in answer["results"]:
            if result["output"] == ["a" * 32]:
                result["output"] = ["b" * 32]

    line = Tapped(race.lab.connection("cce-2"), after=elsewhere)
    action.connect = lambda name: line
    result = run(action)
    assert "the site directory of cce-2 is another folder" in result["msg"]
    assert result["failure"]["class"] == "site-directory" and race.files() == []


def test_two_names_of_one_computer_are_refused() -> None:
    """Its capacity would count twice, and its neighbour's ini would be put in force on it."""
    race = Race(3, SWITCHABLE, peak_calls=500)
    action = race.prepare("cce-1", "version", version="2.1")
    action.connect = lambda name: InProcessConnection(race.lab.connection("cce-2"))
    result = run(action)
    assert "cce-2 and cce-3 answer as the same computer: correct ansible_host" in result["msg"]
    assert result["failure"]["class"] == "wrong-host" and race.lab.record.outages() == []


# --- the slot and a holder that is at work ---------------------------------------------------------------------------------


def abandoned(race: Race, name: str, module: str, **options: Any) -> None:
    """Begins a job and is gone at the first pause."""

    class Gone(BaseException):
        pass

    def gone(seconds: float) -> None:
        raise Gone

    action = race.prepare(name, module, **options)
    action.clock = replace(action.clock, sleep=gone)
    with pytest.raises(Gone):
        run(action, name)


def test_a_holder_whose_reading_straddles_its_job_keeps_the_slot() -> None:
    """The begin of its reading is from before the MSI was replaced, the end from after the job was collected."""
    race = Race(2, {}, peak_calls=500)
    source, sha256 = race.lab.package("2.1")
    package = {"version": "2.1", "source": source, "sha256": sha256}
    abandoned(race, "cce-1", "package", **package)
    race.lab.advance(1)
    line = race.lab.connection("cce-1")

    class Straddled(InProcessConnection):
        def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> Any:
            self.connected = True
            asked = json.loads(in_data or b"")["request"]["steps"]
            cut = 1 + next(at for at, step in enumerate(asked) if step["name"] == "slot")
            first = line.exchange({"protocol": 1, "steps": asked[:cut], "answers": []})
            race.lab.advance(250)
            race.one("cce-1", "package", **package)
            rest = line.exchange({"protocol": 1, "steps": asked, "answers": []})
            merged = {**rest, "results": first["results"] + rest["results"][cut:]}
            from lab.powershell.answer import answer_line

            return 0, answer_line(merged).encode("ascii"), b""

    action = race.prepare("cce-2", "package", **package)
    action.connect = lambda name: Straddled(line)
    result = run(action, "cce-2")
    assert "slot of oslo is held by cce-1" in result["msg"]
    assert {name: race.lab.snapshot(name)["scripts"] for name in race.names} == {"cce-1": "2.1", "cce-2": "2.0.1"}


def test_our_jobs_are_asked_right_after_the_slot() -> None:
    """What was read before them may be from before a job that is over by then."""
    asked = [step["name"] for step in state.appliance_survey(Place("n", DIRECTORY, SHARE, {})).steps]
    assert asked.index("jobs") < min(asked.index(name) for name in ("scripts", "running", "machines", "ini_imported"))
    assert asked.index("slot") < asked.index("jobs")


def test_two_appliances_with_new_scripts_and_old_machines_can_both_be_finished() -> None:
    """Somebody has installed the new MSI on both: neither has high availability, and one has to be first."""
    race = Race(2, {"scripts": "2.1"}, peak_calls=500)
    for name in race.names:
        for module in ("configuration", "registration", "download", "deployment"):
            own = {"content": race.lab.ini(name)} if module == "configuration" else {}
            own |= {"task_user": None, "task_password": None, "poll_interval": None} if module not in JOBS else {}
            assert "failed" not in race.one(name, module, **{"version": "2.1", **own, "poll_interval": None})
    for name in race.names:
        result = race.one(name, "version", version="2.1")
        assert "failed" not in result, result["msg"]
    assert race.lab.record.shortages() == []


# --- starts that come late -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0, 240, -240])
def test_a_switch_that_starts_late_does_nothing(offset: int) -> None:
    """The line holds the start back for 75 seconds; meanwhile the only neighbour dies."""
    bench = Bench("version")
    bench.computer.clock_offset = timedelta(seconds=offset)

    def hold(request: dict[str, Any]) -> None:
        if starts_a_job(request):
            bench.lab.appliance(NEIGHBOUR).computer.power_off()
            bench.lab.advance(75)

    action = bench.prepare("version")
    action._connection = Tapped(bench.lab.connection(HOST), before=hold)
    result = run(action)
    assert bench.count("version") == 0 and bench.lab.record.outages(HOST) == []
    assert result["failure"]["class"] == "late-start" and result["failure"]["retry"] is True
    assert bench.claims() == [] and list(bench.computer.tasks) == []


@pytest.mark.parametrize("offset", [0, 240, -240])
def test_a_host_whose_clock_is_off_is_switched_all_the_same(offset: int) -> None:
    bench = Bench("version")
    bench.computer.clock_offset = timedelta(seconds=offset)
    assert "failed" not in bench.do("version")


def test_a_job_whose_task_begins_late_does_nothing() -> None:
    """The start came in time, but the host was asleep before it ran the task."""
    bench = Bench("version")
    start, jobs = bench.computer.tasks.start, []
    bench.computer.tasks.start = jobs.append  # type: ignore[method-assign]
    action = bench.prepare("version")

    def wait(seconds: float) -> None:
        bench.lab.advance(95)
        while jobs:
            start(jobs.pop())
        bench.lab.advance(30)

    action.clock = replace(action.clock, sleep=wait)
    result = run(action)
    assert result["failure"]["class"] == "late-start" and bench.count("version") == 0
    assert bench.lab.record.outages(HOST) == []


@pytest.mark.parametrize("module", ["package", "version"])
def test_a_start_that_arrives_late_on_a_finished_appliance_does_nothing(module: str) -> None:
    bench = Bench(module)
    late = held(bench, module, "Register-ScheduledTask")
    for name in ORDER[ORDER.index(module) : -1]:
        assert "failed" not in bench.do(name)
    bench.mark()
    late.deliver()
    bench.settle()
    assert bench.changes() == []
    assert bench.claims() == [] and list(bench.computer.tasks) == []
    assert bench.do(module)["changed"] is False


@pytest.mark.parametrize("module", ["package", "version"])
def test_a_start_that_is_overtaken_by_another_run_does_nothing(module: str) -> None:
    """In time, but the work was done meanwhile, and its answer collected."""
    bench = Bench(module)
    done: list[Any] = []

    def overtake(request: dict[str, Any]) -> None:
        if starts_a_job(request) and not done:
            done.append(bench.do(module))

    action = bench.prepare(module)
    action._connection = Overtaken(bench.lab.connection(HOST), overtake)
    run(action)
    assert "failed" not in done[0] and bench.count(module) == 1


# --- giving the slot back ----------------------------------------------------------------------------------------------------


def test_of_two_runs_that_give_the_same_slot_back_the_slower_one_succeeds() -> None:
    race = Race(2, {"scripts": "2.1", "running": "2.1"}, peak_calls=0)
    made = slot.make("cce-1", race.lab.appliance("cce-1").computer.name, "version", race.lab.world.now(), "0" * 32)
    race.lab.world.network.files.write_text(SLOT, made.text)
    action = race.prepare("cce-1", "version", version="2.1")

    def overtake(request: dict[str, Any]) -> None:
        if any(step["name"] == "slot_ended" for step in request["steps"]):
            assert race.one("cce-1", "version", version="2.1")["changes"] == [RELEASE]

    action._connection = Overtaken(race.lab.connection("cce-1"), overtake)
    result = run(action)
    assert "failed" not in result and SLOT.rpartition("\\")[2] not in race.files()


RELEASE = "release the out-of-service slot of the site"


def test_records_of_ended_slots_do_not_pile_up() -> None:
    race = Race(2, {}, peak_calls=500)
    for _attempt in range(3):
        for name in race.names:
            for wanted in ("present", "absent"):
                assert "failed" not in race.one(name, "maintenance", state=wanted)
    assert len(race.files()) <= 1


@pytest.mark.parametrize("token", [r"..\..\evil", "C:x", "0" * 31 + "G", "", "0" * 33])
def test_a_forged_slot_never_becomes_a_path(token: str) -> None:
    race = Race(2, {}, peak_calls=0)
    files, computer = race.lab.world.network.files, race.lab.appliance("cce-1").computer.name
    parts = {"appliance": "cce-1", "computer": computer, "operation": "version", "since": "2026", "token": token}
    files.write_text(SLOT, json.dumps(parts))
    result = race.one("cce-1", "maintenance", state="present")
    assert "is not a claim of this collection" in result["msg"]
    assert race.lab.record.cmdlets("cce-1", mutating=True) == []
    assert race.files() == [slot.NAME]


# --- the record of the removed MSI --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("collected", [True, False], ids=["collected", "by_the_next_run"])
def test_an_msi_that_somebody_removes_long_after_the_upgrade_is_not_put_back(collected: bool) -> None:
    bench = Bench("package")
    if not collected:
        leave_before_the_end(bench)
    upgrade(bench)
    bench.settle(30 * 86_400)
    uninstall_msi(bench.appliance)
    bench.lab.world.tenant.sites["oslo"].enable_auto_update = True
    bench.mark()
    result = bench.do("package")
    assert "no record of removing it" in result["msg"] and result["failure"]["class"] == "module-missing"
    assert bench.changes() == [] and bench.lab.snapshot(HOST)["scripts"] is None


def leave_before_the_end(bench: Bench) -> None:
    """The run is gone when its job has replaced the MSI: the record is open."""
    assert bench.do("package", timeout=0)["failure"]["class"] == "unfinished"
    bench.settle(1200)
    assert bench.text(rf"{OURS}\saved\state.json") is not None and bench.lab.snapshot(HOST)["scripts"] == "2.1"
