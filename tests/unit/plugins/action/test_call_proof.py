"""A proof of calls: each way proves what it says and no more, and without one the next appliance is not touched."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from lab.world.obstacles import Way
from tests import leases
from tests.bench import HOST, NEIGHBOUR, OURS, SHARE, Bench, reach
from tests.cycle import Cycle
from tests.operations import IN_TURN, Overtaken, Tapped, operate
from tests.random_fleet import RandomFleet
from tests.sip import CALLERS, answering

RECORD = rf"{OURS}\records\proof.json"
SITE = {"name": "oslo", "peak_calls": 500, "appliances": [{"name": HOST, **reach(HOST)}]}
TRUE = {"way": "command", "command": {"argv": ["true"]}}
FALSE = {"way": "command", "command": {"argv": ["false"]}}


class Proving(Cycle):
    """The appliance `cce-1` at 2.1, of which no call was proven."""

    def options(self, module: str) -> dict[str, Any]:
        own = {"version": "2.1", "site": SITE} if module == "call_proof" else {}
        return {**super().options(module), **own}

    def prove(self, **options: Any) -> Any:
        return self.do("call_proof", **options)

    def unproven(self, **options: Any) -> dict[str, Any]:
        """The failure of a task that proves nothing; nothing but our record was written."""
        result = self.prove(**options)
        assert result["failed"] is True and result["failure"]["class"] == "calls-not-proven", result
        assert set(self.changes()) <= {"New-Item", "Move-Item", "Start-Process"}
        assert "proof" not in self.written()
        return dict(result)

    def written(self) -> dict[str, Any]:
        return dict(json.loads(self.record("proof") or "{}"))

    def at(self, minutes: float) -> str:
        """A time so many minutes from now."""
        return (self.lab.world.now() + timedelta(minutes=minutes)).isoformat()

    def sign_off(self, minutes: float = 0, **more: str) -> list[dict[str, str]]:
        return [{"by": "Ann", "at": self.at(minutes), **(more or {"appliance": HOST})}]

    def traffic(self, calls_per_hour: float) -> None:
        for source in self.lab.world.sites["oslo"].sources.values():
            source.change(calls_per_hour=calls_per_hour)


@pytest.fixture
def bench() -> Proving:
    return Proving()


# --- the module -------------------------------------------------------------------------------------------------------------


def test_check_do_and_do_again(bench: Proving) -> None:
    predicted = bench.must("call_proof", check=True, **TRUE)
    assert predicted["changed"] and bench.changes() == [] and bench.record("proof") is None
    assert predicted["changes"] == ["prove by command that calls are carried at 2.1"]
    done = bench.must("call_proof", **TRUE)
    assert done["changed"] and done["diff"]["before"] == {"proof": None}
    written = bench.written()["proof"]
    assert (written["version"], written["way"]) == ("2.1", "command") and written["by"].startswith("run ")
    assert done["proof"]["record"] == bench.written() and bench.info()["proof"] == written
    again = bench.must("call_proof", **FALSE)
    assert not again["changed"] and bench.changes() == []


def test_what_runs_must_be_what_is_proven(bench: Proving) -> None:
    bench.appliance.running = "2.0.1"
    result = bench.prove(**TRUE)
    assert result["failure"]["class"] == "refused" and "prove nothing of 2.1" in result["msg"] and bench.changes() == []


def test_check_mode_runs_no_program(bench: Proving, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    bench.must("call_proof", check=True, way="command", command={"argv": ["touch", str(mark)]})
    assert not mark.exists()


@pytest.mark.parametrize("text", ['{"proof": 5}', "no json", '{"watch": "yesterday"}', '{"watch": {"version": "2.1"}}'])
def test_a_record_that_is_not_ours_proves_nothing(bench: Proving, text: str) -> None:
    bench.computer.files.write_text(RECORD, text)
    result = bench.prove(**TRUE)
    assert result["failure"]["class"] == "unread" and "proof of calls" in result["msg"] and bench.text(RECORD) == text


def test_a_proof_of_another_version_counts_for_nothing(bench: Proving) -> None:
    bench.must("call_proof", **TRUE)
    old = {name: {**entry, "version": "2.0.1"} for name, entry in bench.written().items()}
    bench.computer.files.write_text(RECORD, json.dumps(old))
    assert bench.prove(**FALSE)["failure"]["class"] == "calls-not-proven"
    assert bench.written()["proof"]["version"] == "2.0.1" and bench.written()["watch"]["version"] == "2.1"
    assert bench.must("call_proof", **TRUE)["changed"] and bench.written()["proof"]["version"] == "2.1"


def test_a_switch_ends_the_proof() -> None:
    """Also a proof of that very version, made when it ran before."""
    bench = Bench("version")
    bench.computer.files.write_text(RECORD, json.dumps({"proof": {**PROOF, "version": "2.1"}}))
    assert bench.do("version")["changed"] and bench.text(RECORD) is None
    assert bench.do("version")["changed"] is False
    assert bench.do("call_proof")["changed"] is True and bench.do("version")["changed"] is False
    assert bench.text(RECORD) is not None


PROOF = {"version": "2.0.1", "way": "signoff", "at": "2026-01-01T04:00:00+00:00", "by": "Ann", "evidence": "two calls"}


def test_the_wrong_options_are_refused_before_anything_is_asked(bench: Proving) -> None:
    sign_off = {"by": "Ann", "at": "2026-01-31T04:00:00+00:00"}
    probe = {"caller": "1", "callee": "2"}
    for options, words in (
        ({"way": "probe"}, "probe"),
        ({"way": "command"}, "command"),
        ({"way": "luck"}, "luck"),
        ({"way": "command", "command": {"argv": []}}, "names no program"),
        ({"way": "command", "command": {"argv": ["a\0b"]}}, "no program can be given"),
        ({"way": "command", "command": {"argv": ["a"], "timeout": 0}}, "timeout"),
        ({"way": "probe", "probe": {**probe, "callee": "2\r\nEvil: yes"}}, "callee"),
        ({"way": "probe", "probe": {**probe, "caller": "-inf"}}, "caller"),
        ({"way": "probe", "probe": {**probe, "target": "-h"}}, "target"),
        ({"way": "probe", "probe": {**probe, "port": 70000}}, "port"),
        ({"way": "probe", "probe": {**probe, "timeout": 0}}, "timeout"),
        ({"signoffs": [{**sign_off, "appliance": HOST, "site": "oslo"}]}, "one of the two"),
        ({"signoffs": [{**sign_off, "appliance": HOST, "at": "2026-01-31T04:00:00"}]}, "no zone"),
    ):
        result = bench.prove(**options)
        assert result["failure"]["class"] == "option" and words in result["msg"] and bench.ran() == [], result["msg"]


# --- counters -----------------------------------------------------------------------------------------------------------------


def test_traffic_of_both_directions_proves_itself(bench: Proving) -> None:
    bench.traffic(60)
    begun = bench.lab.now()
    done = bench.must("call_proof")
    assert bench.lab.now() - begun < 1800 and done["proof"]["record"]["proof"]["way"] == "counters"
    evidence = done["proof"]["record"]["proof"]["evidence"]
    assert "inbound at most" in evidence and "outbound at most" in evidence and "ended after lasting" in evidence
    calls = {entry.direction for entry in bench.lab.record.calls() if entry.outcome == "completed"}
    assert calls == {"inbound", "outbound"}


def test_an_idle_site_stops_with_what_was_seen_and_what_to_do(bench: Proving) -> None:
    begun = bench.lab.now()
    result = bench.unproven(wait=600)
    assert 600 <= bench.lab.now() - begun < 700
    assert "inbound no call; outbound no call" in result["msg"] and "readings" in result["msg"]
    for words in ("cloud_connector_signoffs", "probe", "make both calls yourself", "carries", "cce-1"):
        assert words in result["msg"], words
    assert result["failure"]["since"] == bench.written()["watch"]["since"]


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_calls_of_one_direction_are_not_enough(bench: Proving, direction: Any) -> None:
    bench.lab.world.sites["oslo"].sources[direction].change(calls_per_hour=120)
    assert f"{'outbound' if direction == 'inbound' else 'inbound'} no call" in bench.unproven(wait=3600)["msg"]


def test_what_is_waited_for_is_told(bench: Proving, capsys: pytest.CaptureFixture[str]) -> None:
    bench.unproven(wait=600)
    lines = [line for line in capsys.readouterr().out.splitlines() if "waits for a call of each direction" in line]
    assert len(lines) == 1 and "s more at most: inbound no call" in lines[0]


def test_without_a_way_into_the_vms_nothing_is_proven() -> None:
    bench = Proving(switches={"vm_access": False})
    bench.traffic(120)
    assert "the last reading failed" in bench.unproven(wait=120)["msg"]
    assert "vms does not say" in bench.unproven(vms=None)["msg"]


def test_a_restart_of_the_service_ends_calls_that_prove_nothing(bench: Proving) -> None:
    """The counters fall to 0, as they do when calls end."""
    source = bench.lab.world.sites["oslo"].sources
    action = bench.prepare("call_proof", wait=600)
    for direction in ("inbound", "outbound"):
        source[direction].offer(5000, emergency=False)
    bench.lab.appliance(NEIGHBOUR).calls.taking = False
    looks = [0]

    def restart(request: dict[str, Any]) -> None:
        looks[0] += any(step["name"] == "mediation" for step in request["steps"])
        if looks[0] == 12:
            service = bench.appliance.running_set.machines["Mediation"].computer.services["RTCMEDSRV"]
            service.become("Stopped")
            service.become("Running")

    action._connection = Tapped(bench.lab.connection(HOST), before=restart)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert looks[0] > 12 and result["failed"] is True and "start or stop of the Mediation service" in result["msg"]


@pytest.mark.parametrize("shown", [False, True])
def test_calls_that_only_ring_are_no_calls(shown: bool) -> None:
    """Each rings for less than a call has to last, and does not overlap with the next."""
    bench = Proving(switches={"counters_show_ringing": shown})
    bench.lab.fault(HOST, no_calls="ringing")
    action = bench.prepare("call_proof", wait=1200)

    def ring(request: dict[str, Any]) -> None:
        if int(bench.lab.now()) % 120 < 20:
            for source in bench.lab.world.sites["oslo"].sources.values():
                source.bring(bench.appliance.calls)

    action._connection = Tapped(bench.lab.connection(HOST), before=ring)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failed"] is True and ("at most" in result["failure"]["what"]) is shown


# --- sign-offs ------------------------------------------------------------------------------------------------------------------


def test_a_sign_off_is_asked_for_and_taken(bench: Proving) -> None:
    result = bench.unproven(way="signoff")
    assert "call a PSTN number from it" in result["msg"]
    bench.lab.advance(600)
    done = bench.must("call_proof", way="signoff", signoffs=bench.sign_off(reason="by mobile", appliance=HOST))
    written = done["proof"]["record"]["proof"]
    assert (written["way"], written["by"], written["evidence"]) == ("signoff", "Ann", "signed off for cce-1: by mobile")


def test_what_the_message_says_to_give_is_taken(bench: Proving) -> None:
    remedy = bench.unproven(way="signoff")["failure"]["remedy"]
    bench.lab.advance(600)
    given = json.loads(remedy.partition("-e '")[2].partition("'")[0])
    assert bench.must("call_proof", way="signoff", signoffs=given["cloud_connector_signoffs"])["changed"]


def test_a_sign_off_serves_where_another_way_proved_nothing(bench: Proving) -> None:
    bench.unproven(**FALSE)
    bench.lab.advance(600)
    done = bench.must("call_proof", **FALSE, signoffs=bench.sign_off())
    assert done["proof"]["record"]["proof"]["way"] == "signoff"


@pytest.mark.parametrize(
    ("minutes", "more", "words"),
    [
        (-20, {"appliance": HOST}, "before cce-1 was first seen"),
        (5, {"appliance": HOST}, "yet to come"),
        (0, {"appliance": NEIGHBOUR}, "names cce-2"),
        (0, {"site": "bergen"}, "names site bergen"),
    ],
)
def test_another_sign_off_is_not_taken(bench: Proving, minutes: float, more: dict[str, str], words: str) -> None:
    bench.unproven(way="signoff")
    bench.lab.advance(600)
    assert words in bench.unproven(way="signoff", signoffs=bench.sign_off(minutes, **more))["msg"]


def test_nobody_signs_off_before_the_appliance_was_seen(bench: Proving) -> None:
    """Not even with a time that is always now: the first run writes down since when calls count."""
    assert "was first seen" in bench.unproven(way="signoff", signoffs=bench.sign_off(site="oslo"))["msg"]
    bench.lab.advance(60)
    assert bench.must("call_proof", way="signoff", signoffs=bench.sign_off(site="oslo"))["changed"]


# --- commands -------------------------------------------------------------------------------------------------------------------


def python(text: str, **more: Any) -> dict[str, Any]:
    return {"way": "command", "command": {"argv": [sys.executable, "-c", text], **more}}


def test_a_command_is_told_of_the_appliance(bench: Proving) -> None:
    said = "import os; print({name: os.environ[name] for name in os.environ if name.startswith('CLOUD_CONNECTOR')})"
    done = bench.must("call_proof", **python(said), hide="0.1.13")
    evidence = done["proof"]["record"]["proof"]["evidence"]
    for words in (
        "'CLOUD_CONNECTOR_APPLIANCE': 'cce-1'",
        "'CLOUD_CONNECTOR_SITE': 'oslo'",
        "'CLOUD_CONNECTOR_EDGE': '10.0.1.14'",
        "'CLOUD_CONNECTOR_MEDIATION': '10.(masked)'",
        "'2.1'",
    ):
        assert words in evidence, evidence


def test_its_exit_code_decides(bench: Proving) -> None:
    result = bench.unproven(**python("print('no dial tone'); raise SystemExit(3)"))
    assert "ended with exit code 3" in result["msg"] and "no dial tone" in result["msg"]


def test_no_shell_looks_at_its_arguments(bench: Proving, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    bench.must("call_proof", way="command", command={"argv": ["echo", f"; touch {mark} $(touch {mark})"]})
    assert not mark.exists()


def test_a_program_that_is_not_there_proves_nothing(bench: Proving, tmp_path: Path) -> None:
    for name in (str(tmp_path / "nothing"), str(tmp_path)):
        assert "cannot be started" in bench.unproven(way="command", command={"argv": [name]})["msg"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"


def test_a_command_that_hangs_is_ended_with_all_it_began(bench: Proving, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    hang = f"""
import os, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
open({str(file)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""
    begun = time.monotonic()
    assert "did not end within 2 s" in bench.unproven(**python(hang, timeout=2))["msg"]
    assert time.monotonic() - begun < 20
    time.sleep(0.2)
    assert [pid for pid in map(int, file.read_text("utf-8").split()) if alive(pid)] == []


def test_what_it_leaves_in_the_background_holds_nothing_up(bench: Proving) -> None:
    begun = time.monotonic()
    bench.must("call_proof", **python("import subprocess; subprocess.Popen(['sleep', '600']); print('done')"))
    assert time.monotonic() - begun < 20


def test_hostile_output_is_bounded_masked_and_harmless(bench: Proving) -> None:
    hostile = """
import sys
for _ in range(200):
    sys.stdout.write("x" * 100000)
sys.stdout.write(" Hidden-Passw0rd" * 40 + chr(10) + chr(27) + "[2Jend" + chr(0) + chr(8238) + " Hidden-Passw0rd")
sys.stdout.buffer.write(bytes([255, 254]))
raise SystemExit(1)
"""
    result = bench.unproven(**python(hostile), hide="Hidden-Passw0rd")
    assert "Passw0rd" not in str(result) and "\x1b" not in result["msg"] and "\x00" not in result["msg"]
    assert "\u202e" not in result["msg"] and len(result["msg"]) < 4000 and "end" in result["msg"]
    assert "Passw0rd" not in bench.files()


def test_half_a_secret_at_the_cut_is_not_shown(bench: Proving) -> None:
    text = "import sys; sys.stdout.write('Hidden-Passw0rd' * 5000 + ' ' * 8185); raise SystemExit(1)"
    result = bench.unproven(**python(text), hide="Hidden-Passw0rd")
    assert "Passw0rd" not in result["msg"] and "w0rd" not in result["msg"]


def test_a_command_finds_its_environment_and_secrets_are_masked(bench: Proving) -> None:
    said = "import os; print(os.environ['CALLS_VIA'], os.environ['CALLS_TOKEN'], os.environ['CLOUD_CONNECTOR_SITE'])"
    given = python(said)
    given["command"]["environment"] = {"CALLS_VIA": "sbc1", "CALLS_TOKEN": "plain"}
    done = bench.must("call_proof", **given, secrets={"CALLS_TOKEN": "s3cret-token"})
    assert "sbc1 (masked) oslo" in done["proof"]["record"]["proof"]["evidence"]
    assert "s3cret" not in str(done) and "s3cret" not in bench.files()


@pytest.mark.parametrize(
    ("environment", "secrets", "words"),
    [
        ({"CLOUD_CONNECTOR_SITE": "rome"}, {}, "is no name of a variable of yours"),
        ({"A=B": "x"}, {}, "is no name of a variable of yours"),
        ({"A": True}, {}, "write the value of A as a text in quotes"),
        ({}, {"A": "Hidden\0secret"}, "secrets: write the value of A"),
        ({}, {"A": ["Hidden-secret"]}, "secrets must be a dictionary of texts"),
        ({}, "Hidden-secret", "secrets must be a dictionary of texts"),
    ],
)
def test_an_environment_that_no_program_can_be_given_is_refused(
    bench: Proving, environment: Any, secrets: Any, words: str
) -> None:
    given = {"way": "command", "command": {"argv": ["true"], "environment": environment}, "secrets": secrets}
    result = bench.prove(**given)
    assert result["failed"] and words in result["msg"] and "Hidden" not in str(result) and bench.ran() == []


def beats(request: dict[str, Any]) -> bool:
    """Whether a request carries a sign of life of the lease."""
    return any(step["name"] == "lease_beat" for step in request["steps"])


def test_a_command_that_takes_longer_than_the_lease_keeps_it(bench: Proving, tmp_path: Path) -> None:
    """Another run that finds the lease meanwhile is refused, since it sees a sign of life before the lease is over."""
    leases.free(bench.lab)
    leases.hold(bench.lab, seconds=6)
    over, signs = tmp_path / "over", threading.Semaphore(0)
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(over)!r}).exists(): time.sleep(0.02)"
    made = bench.prepare("call_proof", **python(wait))
    begun = threading.Event()

    def before(request: dict[str, Any]) -> None:
        if beats(request) and begun.is_set():
            bench.lab.advance(1)
            signs.release()

    made._connection = Tapped(bench.lab.connection(HOST), before)

    def other() -> dict[str, Any]:
        late = leases.owned(bench.prepare("call_proof", **TRUE), leases.other("run-9"))

        def pause(seconds: float) -> None:
            assert signs.acquire(timeout=20), "no sign of life"
            with IN_TURN:
                bench.lab.sleep(seconds)

        late.clock = replace(late.clock, sleep=pause)
        return dict(late.run(task_vars={"inventory_hostname": HOST}))

    with ThreadPoolExecutor(2) as pool:
        proving = pool.submit(made.run, task_vars={"inventory_hostname": HOST})
        try:
            begun.set()
            assert signs.acquire(timeout=20), "no sign of life"
            refused = other()
        finally:
            over.touch()
        assert "failed" not in proving.result(60)
    assert refused["failure"]["class"] == "lease-held" and "sign of life" in refused["msg"], refused["msg"]


def test_a_command_is_ended_at_its_time_though_the_line_hangs(bench: Proving, tmp_path: Path) -> None:
    leases.free(bench.lab)
    leases.hold(bench.lab, seconds=3)
    file, hung = tmp_path / "ended", threading.Event()
    wait = f"""
import pathlib, signal, time
signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path({str(file)!r}).write_text(str(time.time())), exit(1)))
print("begun", flush=True)
time.sleep(600)
"""
    made = bench.prepare("call_proof", **python(wait, timeout=1))
    begun = time.time()

    def before(request: dict[str, Any]) -> None:
        if [step["cmdlet"] for step in request["steps"]][-1:] == ["Get-Date"] and not hung.is_set():
            hung.set()
            time.sleep(3)

    made._connection = Tapped(bench.lab.connection(HOST), before)
    result = made.run(task_vars={"inventory_hostname": HOST})
    assert hung.is_set() and "did not end within 1 s" in result["msg"]
    assert float(file.read_text("utf-8")) - begun < 3


# --- probes ---------------------------------------------------------------------------------------------------------------------


SHOWN = dict.fromkeys(get_args(Way), "") | {
    "gateway": "503",
    "certificate": "480",
    "firewall_edge": "480",
    "completion": "BYE",
}
"""What a caller is told in each way."""


@contextmanager
def called(bench: Proving, caller: str, transport: str = "tcp", **more: Any) -> Iterator[dict[str, Any]]:
    """The options of a probe that calls the appliance where it answers."""
    with answering(bench.appliance) as port:
        probe = {"executable": caller, "target": bench.appliance.address, "port": port, "transport": transport}
        yield {
            "way": "probe",
            "probe": {"caller": "+4712", "callee": "+4713", "seconds": 0, "timeout": 10, **probe, **more},
        }


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_call_is_made_answered_held_and_ended(bench: Proving, caller: str, transport: str) -> None:
    with called(bench, caller, transport) as options:
        done = bench.must("call_proof", **options)
    assert done["proof"]["record"]["proof"]["way"] == "probe"
    assert "a call from +4712 to +4713" in done["proof"]["record"]["proof"]["evidence"]
    (call,) = bench.lab.record.calls()
    assert (call.appliance, call.direction, call.outcome) == (HOST, "inbound", "completed")


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("way", get_args(Way))
def test_a_set_that_carries_no_call_fails_the_probe(bench: Proving, caller: str, way: Way) -> None:
    bench.lab.fault(HOST, no_calls=way)
    with called(bench, caller, timeout=2, seconds=1) as options:
        result = bench.unproven(**options)
    assert "gateways only" in result["msg"] and SHOWN[way] in result["failure"]["what"]
    assert {call.outcome for call in bench.lab.record.calls()} <= {"refused", "cut"}


@pytest.mark.parametrize("caller", CALLERS)
def test_an_appliance_that_drains_or_is_full_fails_it(bench: Proving, caller: str) -> None:
    with called(bench, caller, timeout=5) as options:
        bench.appliance.draining = True
        bench.appliance.recompute_service()
        bench.unproven(**options)
        bench.appliance.draining = False
        bench.appliance.recompute_service()
        bench.appliance.calls.capacity = 0
        bench.unproven(**options)


def test_where_sipp_is_missing_it_says_how_to_have_it(bench: Proving, tmp_path: Path) -> None:
    with called(bench, str(tmp_path / "sipp")) as options:
        result = bench.unproven(**options)
    assert "cannot be started" in result["msg"] and "apt install sip-tester" in result["msg"]


def test_a_scenario_of_ones_own_is_used(bench: Proving, tmp_path: Path) -> None:
    scenario, spy = tmp_path / "mine.xml", tmp_path / "spy"
    scenario.write_text("<scenario/>", "utf-8")
    spy.write_text('#!/bin/sh\necho "$@" > errors.log\n', "utf-8")
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    with called(bench, str(spy), scenario=str(scenario)) as options:
        evidence = bench.must("call_proof", **options)["proof"]["record"]["proof"]["evidence"]
    assert f"-sf {scenario} -t t1 -s +4713 -key caller +4712 -m 1" in evidence


# --- interrupted, and two at once -----------------------------------------------------------------------------------------------


class Killed(Exception):
    """The run is killed."""


def test_a_run_that_is_killed_while_it_waits_is_begun_anew(bench: Proving) -> None:
    action, slept = bench.prepare("call_proof"), [0]

    def kill(seconds: float) -> None:
        slept[0] += 1
        if slept[0] > 3:
            raise Killed
        bench.lab.advance(seconds)

    action.clock = type(action.clock)(action.clock.now, action.clock.monotonic, kill)
    with pytest.raises(Killed):
        action.run(task_vars={"inventory_hostname": HOST})
    since = bench.written()["watch"]["since"]
    assert "proof" not in bench.written()
    bench.lab.advance(3600)
    assert bench.must("call_proof", way="signoff", signoffs=bench.sign_off(-30))["changed"]
    assert bench.written()["watch"]["since"] == since


@pytest.mark.parametrize("lost", ["lost_before", "lost_after"])
def test_a_line_that_breaks_at_any_exchange_is_gone_on_from(lost: Any) -> None:
    for skip in range(3):
        bench = Proving()
        action, seen = bench.prepare("call_proof", **TRUE), [0]

        def fail(request: Any, bench: Proving = bench, seen: list[int] = seen, skip: int = skip) -> None:
            if seen[0] == skip:
                bench.lab.fault(HOST, wire=lost)
            seen[0] += 1

        action._connection = Tapped(bench.lab.connection(HOST), before=fail)
        with pytest.raises(Exception, match="lost|outcome"):
            action.run(task_vars={"inventory_hostname": HOST})
        bench.must("call_proof", **TRUE)
        assert bench.written()["proof"]["version"] == "2.1"


def writes(request: dict[str, Any], entry: str) -> bool:
    """Whether a request puts that entry into the record."""
    new = [step["parameters"]["Value"] for step in request["steps"] if step["name"] == "record_new"]
    return any(entry in json.loads(text) for text in new)


@pytest.mark.parametrize("entry", ["watch", "proof"])
def test_of_two_runs_at_once_both_go_on_with_what_one_of_them_wrote(bench: Proving, entry: str) -> None:
    action, other = bench.prepare("call_proof", **TRUE), []

    def meanwhile(request: dict[str, Any]) -> None:
        if writes(request, entry) and not other:
            other.append(bench.prepare("call_proof", **TRUE).run(task_vars={"inventory_hostname": HOST}))

    action._connection = Overtaken(bench.lab.connection(HOST), meanwhile)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert other[0]["changed"] and "failed" not in result, result.get("msg")
    assert bench.written()["proof"]["by"].startswith("run ")


@pytest.mark.parametrize("entry", ["watch", "proof"])
def test_a_switch_meanwhile_is_not_proven(bench: Proving, entry: str) -> None:
    action = bench.prepare("call_proof", **TRUE)

    def meanwhile(request: dict[str, Any]) -> None:
        if writes(request, entry):
            bench.appliance.running = "2.0.1"
            bench.appliance.write_versions()

    action._connection = Overtaken(bench.lab.connection(HOST), meanwhile)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert result["failure"]["class"] == "fence" and "proof" not in bench.written()


# --- a fleet ------------------------------------------------------------------------------------------------------------------


def test_the_same_command_goes_on_after_the_sign_off() -> None:
    made = RandomFleet({"download_seconds": 60.0, "install_hours": 0.1})
    made.proof = {"way": "signoff"}
    stop = made.upgrade()
    assert stop is not None and (stop.host, stop.module) == (HOST, "call_proof")
    made.rest()
    now = made.lab.world.now().isoformat()
    made.proof = {"way": "signoff", "signoffs": [{"site": "oslo", "by": "Ann", "at": now}]}
    stop = made.upgrade()
    assert stop is not None and (stop.host, stop.module) == (NEIGHBOUR, "call_proof"), "it was made before that switch"
    assert made.info()["proof"]["by"] == "Ann" and made.info(NEIGHBOUR)["proof"] is None


@pytest.mark.parametrize("entry", ["watch", "proof"])
@pytest.mark.parametrize("cmdlet", ["New-Item", "Move-Item"])
def test_a_record_that_was_not_written_though_nothing_said_so_is_noticed(
    bench: Proving, cmdlet: str, entry: str
) -> None:
    """By the request that writes it."""
    bench.computer.files.make_folder(rf"{OURS}\records")
    made = bench.prepare("call_proof", **TRUE)

    def before(request: dict[str, Any]) -> None:
        if writes(request, entry):
            names = [step["cmdlet"].rpartition("\\")[2] for step in request["steps"]]
            bench.lab.fault(HOST, cmdlet=cmdlet, action="half_done", times=names.count(cmdlet))

    made._connection = Tapped(bench.lab.connection(HOST), before)
    result = made.run(task_vars={"inventory_hostname": HOST})
    assert result["failure"]["class"] == "not-confirmed" and f"{RECORD} on {HOST}" in result["msg"], result
    bench.appliance.faults.clear()
    assert "failed" not in bench.prove(**TRUE) and bench.written()["proof"]["version"] == "2.1"


def test_the_record_is_no_part_of_the_site_directory(bench: Proving) -> None:
    bench.must("call_proof", **TRUE)
    assert not [one.name for one in bench.lab.world.network.files.list(SHARE) if "proof" in one.name]


def test_health_asks_for_the_proof_where_it_is_told_to(bench: Proving) -> None:
    options = {**bench.reach(HOST), "version": "2.1"}
    assert "failed" not in operate(bench.lab, HOST, "health", **options)
    missing = operate(bench.lab, HOST, "health", **options, require_proof=True)
    assert missing["failure"]["class"] == "calls-not-proven" and "no call was proven at 2.1" in missing["msg"]
    bench.must("call_proof", **TRUE)
    found = operate(bench.lab, HOST, "health", **options, require_proof=True)
    (check,) = [one for one in found["checks"] if one["id"] == "test_calls"]
    assert check["status"] == "PASS" and "proven by command" in check["evidence"]
