"""No act without a claim: whatever lasts longer than one exchange, a controller or a host is done once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from lab.world.computer import ProcessEntry
from tests.bench import CLAIMED, HOST, JOB, OURS, Bench
from tests.cycle import CREDENTIALS, Cycle
from tests.late import held
from tests.operations import Hasty, InProcessConnection, Overtaken, Tapped
from tests.racing import at_once

HOUR = dict.fromkeys(
    ("register_seconds", "import_seconds", "credential_seconds", "services_seconds", "directory_seconds"), 3600.0
)
WAIT = {"timeout": 20_000, "poll_interval": 1500}
"""Looks rarely, so that a run has few exchanges."""

CLAIM = CLAIMED["registration"]
REGISTER = "Register-CcAppliance"
VM = {"account_type": "VmAdmin", "old_password": "Lab-Passw0rd!", "password": "vm-secret"}


@dataclass(frozen=True)
class Scene:
    """One act of an hour: the module, its cmdlet, its options, and the appliance before it."""

    module: str
    cmdlet: str
    make: Callable[[], Bench]
    options: Mapping[str, Any] = field(default_factory=dict)
    at_site: bool = False

    def given(self, bench: Bench) -> dict[str, Any]:
        return {**self.options, **({"site": bench.site()} if self.at_site else {}), **WAIT}


def at_2_1() -> Bench:
    return Cycle(switches=HOUR)


def in_maintenance() -> Bench:
    bench = Cycle(switches=HOUR)
    bench.run("Enter-CcUpdate")
    return bench


def not_deployed() -> Bench:
    bench = Cycle(switches=HOUR)
    bench.appliance.running = bench.appliance.backup = None
    return bench


def before(module: str) -> Callable[[], Bench]:
    return lambda: Bench(module, switches=HOUR)


SCENES = {
    "register": Scene("registration", REGISTER, before("registration")),
    "unregister": Scene(
        "registration",
        "Unregister-CcAppliance",
        in_maintenance,
        {**JOB, "version": "2.1", "state": "absent"},
        at_site=True,
    ),
    "import": Scene("configuration", "Import-CcConfiguration", before("configuration")),
    "directory": Scene(
        "directories", "Set-CcApplianceDirectory", not_deployed, {"appliance_directory": r"D:\Cce\ApplianceRoot"}
    ),
    "publish": Scene("topology", "Publish-CcAppliance", at_2_1, JOB),
    "credential": Scene("credential", "Set-CcCredential", at_2_1, {"credentials": [VM], "generation": "1"}),
    "restore": Scene(
        "credential",
        "Restore-CcCredentials",
        at_2_1,
        {"credentials": CREDENTIALS, "generation": "1", "operation": "restore"},
    ),
    "enter": Scene("maintenance", "Enter-CcUpdate", at_2_1, {**JOB, "state": "present"}, at_site=True),
    "exit": Scene("maintenance", "Exit-CcUpdate", in_maintenance, {**JOB, "state": "absent"}, at_site=True),
}
ATTACHED = ("register", "credential", "restore")


def prepared(bench: Bench, scene: Scene, **options: Any) -> Any:
    """The action over a line that gives an exchange up after five minutes."""
    action = bench.prepare(scene.module, **{**scene.given(bench), **options})
    action._connection = InProcessConnection(Hasty(bench.lab.connection(HOST)))
    return action


def run(action: Any) -> dict[str, Any]:
    return dict(action.run(task_vars={"inventory_hostname": HOST}))


def must(result: Any) -> dict[str, Any]:
    assert isinstance(result, dict) and "failed" not in result, result
    return result


def outcomes(bench: Bench, scene: Scene) -> list[str]:
    return [one.outcome for one in bench.lab.record.cmdlets(HOST, name=scene.cmdlet)]


def left(bench: Bench) -> list[str]:
    """What lies in the folder of the jobs, and the tasks."""
    return [*bench.our_files("jobs"), *(task.name for task in bench.computer.tasks)]


class Killed(BaseException):
    """The controller is gone."""


def killed(bench: Bench, scene: Scene, at: int, seconds: float = 10, **options: Any) -> bool:
    """Runs it and kills the controller so many seconds after it has sent its exchange number `at`; False: it had fewer."""
    action, sent, dead = prepared(bench, scene, **options), 0, False

    class Line(InProcessConnection):
        def answer(self, request: dict[str, Any]) -> dict[str, Any]:
            nonlocal sent, dead
            sent += 1
            if sent < at:
                return super().answer(request)
            dead = True
            answered: dict[str, Any] = bench.lab.connection(HOST).exchange(request, seconds)
            return answered

    def now() -> Any:
        if dead:
            raise Killed
        return bench.lab.world.now()

    def sleep(wait: float) -> None:
        if dead:
            raise Killed
        bench.lab.sleep(wait)

    action._connection = Line(Hasty(bench.lab.connection(HOST)))
    action.clock = replace(action.clock, now=now, sleep=sleep)
    try:
        must(run(action))
    except (Killed, AnsibleConnectionFailure):
        return True
    return dead


# --- once each -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENES)
def test_what_takes_an_hour_is_done_once_with_exchanges_of_five_minutes(name: str) -> None:
    scene = SCENES[name]
    bench = scene.make()
    done = len(outcomes(bench, scene))
    assert must(run(prepared(bench, scene)))["changed"]
    assert outcomes(bench, scene)[done:] == ["ok"] and left(bench) == []
    assert not must(run(prepared(bench, scene)))["changed"] and len(outcomes(bench, scene)) == done + 1


@pytest.mark.parametrize("name", SCENES)
def test_a_controller_that_is_killed_at_any_exchange_costs_a_rerun(name: str) -> None:
    scene = SCENES[name]
    for at in range(1, 60):
        bench = scene.make()
        done = len(outcomes(bench, scene))
        was_killed = killed(bench, scene, at)
        must(run(prepared(bench, scene)))
        assert outcomes(bench, scene)[done:] == ["ok"], at
        assert left(bench) == [] and not must(run(prepared(bench, scene)))["changed"], at
        if not was_killed:
            break
    assert 3 <= at < 60


@pytest.mark.parametrize("name", SCENES)
def test_of_three_controllers_at_once_one_does_it(name: str) -> None:
    scene = SCENES[name]
    bench = scene.make()
    done = len(outcomes(bench, scene))
    actions = {who: prepared(bench, scene) for who in ("one", "two", "three")}
    found = at_once(bench.lab, actions, lambda: Hasty(bench.lab.connection(HOST)))
    assert outcomes(bench, scene)[done:] == ["ok"]
    assert [must(result)["changed"] for result in found.values()].count(True) >= 1
    assert left(bench) == [] and not must(run(prepared(bench, scene)))["changed"]


@pytest.mark.parametrize("name", SCENES)
def test_a_host_that_restarts_in_between_does_it_again(name: str) -> None:
    """All but Enter-CcUpdate, which had stopped the services, and the state says so."""
    scene = SCENES[name]
    bench = scene.make()
    done = len(outcomes(bench, scene))
    action, restarted = prepared(bench, scene), False

    def restart(request: dict[str, Any]) -> None:
        nonlocal restarted
        if not restarted and len(outcomes(bench, scene)) > done:
            restarted = True
            bench.appliance.restart()
            bench.settle(600)

    action._connection = Overtaken(Hasty(bench.lab.connection(HOST)), restart)
    try:
        first = run(action)
    except AnsibleConnectionFailure:
        first = {"failed": True}
    again = ["killed"] if name == "enter" else ["killed", "ok"]
    assert restarted and ("failed" in first) is (name != "enter")
    must(run(prepared(bench, scene)))
    assert outcomes(bench, scene)[done:] == again and left(bench) == []


def abandon(bench: Bench, name: str = "register") -> None:
    """A controller that is killed while its attached act goes on."""
    scene = SCENES[name]
    for at in range(1, 20):
        killed(bench, scene, at)
        if bench.claims():
            return
    raise AssertionError(f"{scene.cmdlet} was not begun")


@pytest.mark.parametrize("name", ATTACHED)
def test_a_host_that_restarts_under_an_abandoned_act_leaves_a_claim_that_is_given_up(name: str) -> None:
    scene = SCENES[name]
    bench = scene.make()
    abandon(bench, name)
    bench.appliance.restart()
    bench.settle(600)
    must(run(prepared(bench, scene)))
    assert outcomes(bench, scene) == ["killed", "ok"] and left(bench) == []


# --- the claim -----------------------------------------------------------------------------------------------------------

SCENE = SCENES["register"]
JOBS = rf"{OURS}\jobs"


def registering() -> Bench:
    """An appliance whose registration goes on without its controller."""
    bench = SCENE.make()
    abandon(bench)
    return bench


def registered(bench: Bench) -> list[str]:
    return outcomes(bench, SCENE)


def process(bench: Bench) -> ProcessEntry:
    """The process that is at the registration."""
    (found,) = bench.computer.processes.values()
    return found


def test_the_claim_names_run_and_token_and_the_file_beside_it_the_process() -> None:
    bench = registering()
    claim = json.loads(bench.text(rf"{JOBS}\{CLAIM}.claim") or "")
    assert sorted(claim) == ["host", "run", "token"] and claim["host"] == HOST
    text = bench.text(rf"{JOBS}\{CLAIM}.{claim['token']}.process") or ""
    entry = process(bench)
    assert f'<I32 N="Id">{entry.id}</I32>' in text
    assert f'<DT N="StartTime">{entry.started.isoformat()}</DT>' in text


def test_the_request_of_the_act_removes_the_claim_last() -> None:
    bench = Bench("registration")
    requests: list[Any] = []
    action = bench.prepare("registration")
    action._connection = Tapped(bench.lab.connection(HOST), before=requests.append)
    must(run(action))
    (acting,) = [one["steps"] for one in requests if any(step["name"] == "register" for step in one["steps"])]
    assert [step["name"] for step in acting][-2:] == ["remove_process", "remove_claim"] and left(bench) == []
    assert not any(
        step["cmdlet"] == "Get-Process" for one in requests if one["steps"] is not acting for step in one["steps"]
    )


@pytest.mark.parametrize("module", ["configuration", "credential", "deployment"])
def test_nothing_else_is_begun_beside_a_claimed_act(module: str) -> None:
    bench = registering()
    options = {"credential": {**SCENES["credential"].options, "version": None}}.get(module, {})
    bench.computer.files.write_text(r"C:\ProgramData\CloudConnector\CloudConnector.ini", "; an old one")
    result = bench.do(module, **options)
    assert result["failure"]["class"] == "job-open" and f"{CLAIM} is under way" in result["msg"]


def test_check_mode_waits_for_nothing_and_says_that_something_is_under_way() -> None:
    bench = registering()
    begun = bench.lab.now()
    result = must(bench.do("registration", check=True))
    assert result["changes"] == [f"wait for the job {CLAIM}, which was begun before"]
    assert bench.lab.now() - begun < 300 and bench.claims() == [f"{CLAIM}.claim"]


def test_an_act_whose_process_runs_is_never_given_up() -> None:
    """Not after the host says that it has booted, nor after any time."""
    bench = registering()
    bench.computer.boot_time = bench.computer.now() + timedelta(hours=1)
    for _attempt in range(3):
        result = bench.do("registration", timeout=600, poll_interval=60)
        assert result["failure"]["class"] == "unfinished" and "at work in another session" in result["msg"]
        assert f"it goes on by itself on {HOST}" in result["msg"] and result["failure"]["retry"] is True
    assert registered(bench) == ["running"] and bench.claims() == [f"{CLAIM}.claim"]
    assert must(run(prepared(bench, SCENE)))["changed"] is False and registered(bench) == ["ok"]


def test_it_is_told_that_another_session_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    bench = registering()
    must(run(prepared(bench, SCENE)))
    assert f"{CLAIM}: at work in another session, waited 0 s" in capsys.readouterr().out


def end(bench: Bench) -> ProcessEntry:
    """The process of the registration is killed on the host, as Task Manager would; its claim stays."""
    entry = process(bench)
    for running in [one for one in bench.computer._running if one.is_alive]:
        running.interrupt("killed")
    bench.lab.advance(1)
    assert registered(bench) == ["killed"] and bench.claims()
    return entry


def test_an_act_whose_process_is_gone_is_cleared_away_and_done_again() -> None:
    bench = registering()
    end(bench)
    must(bench.do("registration"))
    assert registered(bench) == ["killed", "ok"] and left(bench) == []


@pytest.mark.parametrize("later", [0.25, 7200])
def test_a_process_with_the_same_number_and_another_start_is_another_one(later: float) -> None:
    bench = registering()
    old = end(bench)
    bench.computer.processes[old.id] = ProcessEntry(old.id, "notepad", old.started + timedelta(seconds=later))
    must(bench.do("registration"))
    assert registered(bench) == ["killed", "ok"]


def test_a_process_with_the_same_number_that_does_not_tell_its_start_may_be_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = registering()
    old = end(bench)
    bench.computer.processes[old.id] = replace(old, started=None)  # type: ignore[arg-type]
    result = bench.do("registration", timeout=600)
    assert result["failure"]["class"] == "unfinished" and registered(bench) == ["killed"]


def test_an_act_is_not_given_up_where_the_processes_cannot_be_read() -> None:
    bench = registering()
    end(bench)
    bench.lab.fault(HOST, cmdlet="Get-Process", text="Not enough memory.", times=99)
    result = bench.do("registration", timeout=600)
    assert "not to be told, since its process cannot be read" in result["msg"] and registered(bench) == ["killed"]


@pytest.mark.parametrize("text", ["", "\0\0\0", '{"run": "of long ago"}'])
@pytest.mark.parametrize("named", [False, True], ids=["no_process", "half_a_process"])
def test_a_claim_that_names_no_process_is_given_up_after_a_minute(text: str, named: bool) -> None:
    bench = Bench("registration")
    bench.computer.files.write_text(rf"{JOBS}\{CLAIM}.claim", text)
    if named:
        bench.computer.files.write_text(rf"{JOBS}\{CLAIM}.{'0' * 32}.process", '<I32 N="Id">1004</I32>')
    must(bench.do("registration", poll_interval=10))
    looks, (act,) = bench.ran("Get-Process"), bench.ran(REGISTER)
    assert (act.time - looks[0].time).total_seconds() > 60
    assert registered(bench) == ["ok"] and left(bench) == []


def test_a_claim_is_a_minute_old_by_its_own_time() -> None:
    """Another one that was made meanwhile is not taken for the one that was seen first."""
    bench = Bench("registration")
    path, begun = rf"{JOBS}\{CLAIM}.claim", bench.lab.now()
    bench.computer.files.write_text(path, "one")

    def change(request: dict[str, Any]) -> None:
        if 50 < bench.lab.now() - begun < 70:
            bench.computer.files.write_text(path, "another")

    action = bench.prepare("registration", poll_interval=10)
    action._connection = Tapped(bench.lab.connection(HOST), before=change)
    must(run(action))
    (act,) = bench.ran(REGISTER)
    assert (act.time - bench.lab.record.entries[0].time).total_seconds() > 110


# --- the moment of the claim ---------------------------------------------------------------------------------------------


def meanwhile(bench: Bench, ending: str, do: Callable[[], Any]) -> None:
    """Does something as soon as a file of that ending is written, within the request that writes it."""
    files_for = bench.computer.files_for

    def files(logon: Any) -> Any:
        found = files_for(logon)
        inner = found.write
        found.write = lambda path, data: written_by(inner, path, data)  # type: ignore[method-assign]
        return found

    def written_by(inner: Any, path: str, data: bytes) -> Any:
        made = inner(path, data)
        if path.endswith(ending):
            do()
        return made

    bench.computer.files_for = files  # type: ignore[method-assign]


def test_a_session_that_was_asleep_while_its_claim_was_given_to_another_does_nothing() -> None:
    bench = Bench("registration")
    path = rf"{JOBS}\{CLAIM}.claim"
    meanwhile(bench, ".process", lambda: bench.computer.files.write_text(path, "another's"))
    result = bench.do("registration")
    assert result["failure"]["class"] == "fence" and result["failure"]["step"] == "still_claimed"
    assert registered(bench) == [] and bench.text(path) == "another's"


def test_what_another_session_did_right_before_the_claim_is_seen() -> None:
    bench = Bench("registration")
    record = rf"{OURS}\records\registration.json"
    meanwhile(bench, ".process", lambda: bench.computer.files.write_text(record, "{}"))
    result = bench.do("registration")
    assert result["failure"]["step"] == "record_unchanged_still" and registered(bench) == [] and left(bench) == []


def test_nothing_is_done_by_a_process_that_could_not_be_named() -> None:
    bench = Bench("registration")
    bench.lab.fault(HOST, cmdlet="Export-Clixml", action="half_done")
    result = bench.do("registration")
    assert result["failed"] and result["failure"]["step"] == "process_named"
    assert registered(bench) == [] and left(bench) == []


def test_the_file_of_a_session_that_is_no_more_does_not_speak_for_the_next_one() -> None:
    """It is removed before the next one is named: else that one would count as gone until it is."""
    bench = Bench("registration")
    stale = rf"{JOBS}\{CLAIM}.{'0' * 32}.process"
    bench.computer.files.write_text(stale, '<I32 N="Id">8</I32><DT N="StartTime">2026-01-01T00:00:00Z</DT>')
    seen: list[bool] = []
    meanwhile(bench, ".process", lambda: seen.append(bench.computer.files.exists(stale)))
    must(bench.do("registration"))
    assert seen == [False]


def test_a_claim_that_cannot_be_made_is_a_failure() -> None:
    bench = Bench("registration")
    files_for = bench.computer.files_for

    def files(logon: Any) -> Any:
        found = files_for(logon)
        inner = found.create

        def create(path: str, data: bytes = b"") -> Any:
            if path.endswith(".claim"):
                raise PermissionError(path)
            return inner(path, data)

        found.create = create  # type: ignore[method-assign]
        return found

    bench.computer.files_for = files  # type: ignore[method-assign]
    result = bench.do("registration")
    assert result["failure"]["step"] == "claim" and "New-Item said:" in result["msg"] and registered(bench) == []


def test_a_claim_that_cannot_be_taken_away_is_waited_for_as_long_as_any() -> None:
    bench = registering()
    end(bench)
    bench.lab.fault(HOST, cmdlet="Remove-Item", text="The file is in use.", times=50)
    result = bench.do("registration", timeout=600, poll_interval=60)
    assert result["failure"]["class"] == "unfinished" and registered(bench) == ["killed"]


def test_what_the_tenant_says_is_read_anew_where_the_answer_was_lost() -> None:
    bench = SCENE.make()
    del bench.lab.world.tenant.appliances[bench.appliance.in_tenant.identity]  # type: ignore[union-attr]
    assert must(run(prepared(bench, SCENE)))["changed"] and registered(bench) == ["ok"]


def test_a_late_request_leaves_no_claim() -> None:
    bench = Bench("registration")
    late = held(bench, "registration", r"CloudConnector\Register-CcAppliance")
    must(bench.do("registration"))
    late.deliver()
    assert registered(bench) == ["ok"] and left(bench) == []


# --- failures ------------------------------------------------------------------------------------------------------------


def test_an_act_that_fails_takes_its_claim_away() -> None:
    bench = Bench("registration")
    bench.lab.fault(HOST, cmdlet=REGISTER, text="Something nobody has seen")
    result = bench.do("registration")
    assert "Something nobody has seen" in result["msg"] and left(bench) == []


def test_a_line_that_is_lost_before_the_claim_is_taken_away_does_not_hide_the_failure() -> None:
    bench = Bench("registration")
    bench.lab.fault(HOST, cmdlet=REGISTER, text="Something nobody has seen")

    def lose(answer: dict[str, Any]) -> None:
        if any(one["name"] == "register" for one in answer["results"]):
            bench.lab.fault(HOST, wire="lost_before")

    action = bench.prepare("registration")
    action._connection = Tapped(bench.lab.connection(HOST), after=lose)
    result = run(action)
    assert "Something nobody has seen" in result["msg"] and bench.claims() == [f"{CLAIM}.claim"]
    must(bench.do("registration"))
    assert registered(bench) == ["thrown", "ok"] and left(bench) == []


def test_an_act_that_fails_after_its_answer_was_given_up_says_so_and_the_rerun_says_why() -> None:
    bench = SCENE.make()
    bench.lab.fault(HOST, cmdlet=REGISTER, when="during", point="log on", text="Something nobody has seen", times=2)
    first = run(prepared(bench, SCENE))
    assert first["failure"]["class"] == "answer-lost" and first["failure"]["retry"] is True
    assert "its answer was lost" in first["msg"] and left(bench) == [] and registered(bench) == ["thrown"]
    bench.appliance.world.switches = replace(bench.appliance.world.switches, register_seconds=60)
    assert "Something nobody has seen" in bench.do("registration")["msg"]


def test_who_waited_for_a_session_that_failed_does_not_act_on_what_it_read_before() -> None:
    bench = SCENE.make()
    bench.lab.fault(HOST, cmdlet=REGISTER, when="during", point="log on", text="Something nobody has seen")
    late, begun = prepared(bench, SCENE), list[Any]()

    def overtake(request: dict[str, Any]) -> None:
        if any(step["name"] == "register" for step in request["steps"]) and not begun:
            begun.append(abandon(bench))

    late._connection = Overtaken(Hasty(bench.lab.connection(HOST)), overtake)
    result = run(late)
    assert "another session was at it" in result["msg"] and result["failure"]["class"] == "answer-lost"
    assert registered(bench) == ["thrown"] and left(bench) == []


def test_a_powershell_that_ends_without_an_answer_is_looked_for_too() -> None:
    bench = Bench("registration")
    action = bench.prepare("registration")
    line = action._connection.exec_command

    def silent(cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> Any:
        code, out, err = line(cmd, in_data, sudoable)
        return (
            (1, b"", b"The pipeline was stopped")
            if "Register-CcAppliance" in (in_data or b"").decode()
            else (code, out, err)
        )

    action._connection.exec_command = silent
    assert must(run(action))["changed"] and registered(bench) == ["ok"]


def test_a_request_that_never_came_is_told_as_a_lost_line() -> None:
    bench = Bench("registration")

    def lose(request: dict[str, Any]) -> None:
        if any(step["name"] == "register" for step in request["steps"]):
            raise ConnectionError("lost")

    action = bench.prepare("registration")
    action._connection = Tapped(bench.lab.connection(HOST), before=lose)
    with pytest.raises(AnsibleConnectionFailure, match="waits for what still runs there, reads what was done"):
        run(action)
    assert registered(bench) == []


def test_an_appliance_that_was_not_reached_for_the_act_is_told_at_once() -> None:
    bench, told = Bench("registration"), list[float]()

    def vanish(request: dict[str, Any]) -> None:
        if any(step["name"] == "register" for step in request["steps"]):
            bench.appliance.unreachable = True
            told.append(bench.lab.now())

    action = bench.prepare("registration")
    action._connection = Overtaken(bench.lab.connection(HOST), vanish)
    with pytest.raises(AnsibleConnectionFailure, match="Connection refused"):
        run(action)
    assert bench.lab.now() - told[0] < 10 and registered(bench) == []


def test_a_line_that_is_lost_twice_in_a_row_is_forgiven() -> None:
    bench = SCENE.make()

    def lose(request: dict[str, Any]) -> None:
        if registered(bench) == ["running"] and not any(step["name"] == "register" for step in request["steps"]):
            bench.lab.wire_faults.setdefault(HOST, []).extend(["lost_before"] if bench.lab.now() < 500 else [])

    action = prepared(bench, SCENE, poll_interval=120)
    action._connection = Tapped(Hasty(bench.lab.connection(HOST)), before=lose)
    assert must(run(action))["changed"] and registered(bench) == ["ok"] and left(bench) == []


def test_the_session_of_an_act_that_goes_on_is_not_closed() -> None:
    """Windows ends what runs in a session that is closed."""
    bench = SCENE.make()
    action, told = prepared(bench, SCENE), list[str]()
    action._connection.reset = lambda: told.append(f"reset {len(bench.claims())}")
    action._connection.close = lambda: told.append(f"close {len(bench.claims())}")
    must(run(action))
    assert told[0] == "reset 1" and "close 1" in told[1:]


# --- passwords -----------------------------------------------------------------------------------------------------------


def test_a_credential_whose_answer_was_lost_is_written_down_and_told() -> None:
    """VmAdmin and DomainAdmin are asked for the old password: a second time it would be the wrong one."""
    bench = SCENES["credential"].make()
    result = must(run(prepared(bench, SCENES["credential"])))
    assert any("which questions it asked for VmAdmin is not known" in text for text in result["warnings"])


def test_several_credentials_go_on_after_the_one_whose_answer_was_lost() -> None:
    bench = SCENES["credential"].make()
    domain = {**VM, "account_type": "DomainAdmin"}
    must(run(prepared(bench, SCENES["credential"], credentials=[VM, domain])))
    assert outcomes(bench, SCENES["credential"]) == ["ok", "ok"] and left(bench) == []
