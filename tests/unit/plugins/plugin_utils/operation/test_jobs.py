"""Jobs on a simulated Windows: who starts, who joins, who clears away, and what is on the appliance meanwhile."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import simpy
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge.masking import Masker
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Answer, Result
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import (
    ConnectionLost,
    JobDied,
    NoAnswer,
    Unfinished,
    WorkFailed,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.failure_classes import FailureClass
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation import job as jobs
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.arguments import Account
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock import Clock
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.host import Host
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.job import Job, Phase
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.jobs import JobRunner

from lab.cmdlets.windows import equip, open_session
from lab.powershell.answer import answer
from lab.world.computer import Computer
from lab.world.network import LocalLogon

FOLDER = r"C:\Program Files\sfb.cloud_connector\jobs"
PASSWORD = "canary-bird"
SECONDS = 300.0

Exchange = Callable[[Sequence[Any]], Answer]


class SimulatedHost(Host):
    """A host whose exchanges are answered by a simulated computer."""

    told: list[str]
    answered_by: Exchange

    def exchange(self, asked: Sequence[Any], answers: Sequence[Any] = ()) -> Answer:
        return self.answered_by(asked)

    def hang_up(self) -> None:
        pass

    def tell(self, text: str) -> None:
        self.told.append(text)


class Bench:
    """One Windows computer, and runners that work on it in simulated time."""

    def __init__(self) -> None:
        self.env = simpy.Environment()
        self.computer = equip(Computer(self.env, "host"))
        self.computer.add_account("CceAdmin", PASSWORD)
        self.told: list[str] = []
        self.exchanges: list[list[str]] = []
        self.done = False

    def exchange(self, asked: Sequence[Any]) -> Answer:
        self.exchanges.append([step["name"] for step in asked])
        session = open_session(self.computer, LocalLogon("CceAdmin", "credssp", True))
        return Answer(
            self.env.run(until=self.env.process(answer(session, json.loads(json.dumps(steps.request(asked))))))
        )

    def sleep(self, seconds: float) -> None:
        self.env.run(until=self.env.now + seconds)

    def runner(self, job: Job, exchange: Exchange | None = None, **more: Any) -> JobRunner:
        clock = Clock(lambda: datetime(2026, 1, 5, tzinfo=UTC), lambda: float(self.env.now), self.sleep)
        host = SimulatedHost("host", None, 300.0, Masker([]), clock)  # type: ignore[arg-type]
        host.told, host.answered_by = self.told, exchange or self.exchange
        settings: dict[str, Any] = {
            "account": Account("CceAdmin", PASSWORD),
            "poll": 30.0,
            "limit": 3600.0,
            "run": "this",
            "is_done": lambda: self.done,
        }
        return JobRunner(host=host, name=job.name, **(settings | more))

    def run(self, job: Job, *, found: bool = False, fences: Sequence[Any] = (), **more: Any) -> Answer:
        """The answer of the job, which has one."""
        given = self.runner(job, **more).work(job.steps, "work", found=found, fences=fences)
        assert given is not None
        return given

    def look(self, job: Job) -> jobs.Look:
        return jobs.read_look(self.exchange(jobs.look_steps(job)))

    def start(self, job: Job, claim: str = "other") -> Answer:
        return self.exchange(jobs.start_steps(job, Account("CceAdmin", PASSWORD), claim))

    def names(self) -> list[str]:
        files = self.computer.files
        return [one.name for one in files.list(FOLDER)] if files.exists(FOLDER) else []


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def job() -> Job:
    """Sleeps, and leaves a mark for each time it is run."""
    name = r"C:\marks.txt"
    work = [
        steps.step("work", "Start-Sleep", {"Seconds": int(SECONDS)}),
        steps.step("mark", "Add-Content", {"LiteralPath": name, "Value": "x"}),
        steps.step("say", "Write-Output", {"InputObject": "done"}),
    ]
    return Job("work-1", work)


def marks(bench: Bench) -> int:
    """How often the work was done."""
    files = bench.computer.files
    return files.read_text(r"C:\marks.txt").count("x") if files.exists(r"C:\marks.txt") else 0


def test_a_job_is_started_waited_for_and_cleared_away(bench: Bench, job: Job) -> None:
    found = bench.run(job)
    assert found.results["say"].output == ["done"] and marks(bench) == 1
    assert bench.names() == [] and list(bench.computer.tasks) == []


def test_the_phases_in_their_order(bench: Bench, job: Job) -> None:
    assert bench.look(job).phase is Phase.ABSENT
    bench.start(job)
    assert bench.look(job) == jobs.Look(Phase.RUNNING, jobs.digest("other"))
    bench.sleep(SECONDS + 60)
    assert bench.look(job).phase is Phase.ANSWERED


def test_a_claim_without_a_task_is_claimed(bench: Bench, job: Job) -> None:
    asked = jobs.start_steps(job, Account("CceAdmin", PASSWORD), "mine")
    bench.exchange(asked[: 1 + [step["name"] for step in asked].index("claim")])
    assert bench.look(job).phase is Phase.CLAIMED


def test_a_job_whose_host_restarted_is_dead(bench: Bench, job: Job) -> None:
    bench.start(job)
    bench.computer.reboot()
    bench.sleep(600)
    assert bench.look(job).phase is Phase.DEAD


@pytest.mark.parametrize(
    ("state", "result", "phase"),
    [
        ("Running", 267009, Phase.RUNNING),
        ("Queued", 0, Phase.RUNNING),
        ("Ready", 267011, Phase.CLAIMED),
        ("Ready", 267009, Phase.CLAIMED),
        ("Ready", 1073807364, Phase.DEAD),
        ("Ready", 0, Phase.DEAD),
    ],
)
def test_what_the_task_scheduler_says_without_an_answer(state: str, result: int, phase: Phase) -> None:
    """A power cut may leave the result "running" on a task that does not run."""
    task = Result("task", [{"State": state}], [], [], False, 0.0)
    assert jobs._task_phase(task, [{"LastTaskResult": result}]) is phase


def test_a_state_that_says_nothing_is_unknown() -> None:
    task = Result("task", [{"State": None}], [], [], False, 0.0)
    assert jobs._task_phase(task, [{"LastTaskResult": 267009}]) is Phase.UNKNOWN


def unread(found: Answer, *names: str) -> Answer:
    """The same answer, had these steps failed as WMI fails on a host that is short of memory."""
    error = dict.fromkeys(("message", "id", "category", "exception", "command"), "HRESULT 0x80041013")
    failed = {"output": [], "errors": [error]}
    return Answer({"results": [one | failed if one["name"] in names else one for one in found.raw["results"]]})


@pytest.mark.parametrize("names", [("task", "info"), ("task",)])
def test_a_task_that_cannot_be_read_is_not_given_up(bench: Bench, job: Job, names: tuple[str, ...]) -> None:
    bench.start(job)
    found = bench.exchange(jobs.look_steps(job))
    assert jobs.read_look(unread(found, *names)).phase is Phase.UNKNOWN


@pytest.mark.parametrize("name", ["info", "answer"])
def test_a_task_that_ended_is_not_given_up_for_what_cannot_be_read(bench: Bench, job: Job, name: str) -> None:
    bench.start(job)
    bench.sleep(SECONDS + 60)
    bench.computer.files.remove(rf"{FOLDER}\work-1.answer")
    found = bench.exchange(jobs.look_steps(job))
    assert jobs.read_look(found).phase is Phase.DEAD
    assert jobs.read_look(unread(found, name)).phase is Phase.UNKNOWN


def test_a_job_that_cannot_be_told_of_for_a_while_is_waited_for(bench: Bench, job: Job) -> None:
    """Were it cleared away, the next run would start a second one beside it."""

    def flaky(asked: Sequence[Any]) -> Answer:
        found, looks = bench.exchange(asked), asked[0]["name"] == "task"
        return unread(found, "task", "info") if looks and 60 < bench.env.now < 200 else found

    assert bench.run(job, exchange=flaky).results["say"].output == ["done"]
    assert marks(bench) == 1


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (0x80070569, "not begun: the account has no right to log on as a batch job"),
        (0x40010004, "host restarted, or the process was killed (its task ended with 0x40010004)"),
        (0, "the process was killed"),
    ],
)
def test_a_dead_job_says_how_its_task_ended(result: int, said: str) -> None:
    """Else the same command would only die the same death again and again, and nobody would know why."""
    assert said in str(jobs.Look(Phase.DEAD, result=result))


def test_what_a_task_ended_with_is_read(bench: Bench, job: Job) -> None:
    bench.start(job)
    bench.computer.reboot()
    bench.sleep(600)
    with pytest.raises(JobDied, match="its task ended with 0x"):
        bench.run(job, found=True)


def test_an_answer_that_was_not_written_to_its_end_is_none(bench: Bench, job: Job) -> None:
    """A power cut may leave a file of the right name whose end is missing."""
    bench.start(job)
    bench.sleep(SECONDS + 60)
    bench.computer.files.write_text(rf"{FOLDER}\work-1.answer", '#cc-bridge# {"protocol": 1, "resu')
    assert bench.look(job).phase is Phase.DEAD


def test_an_old_answer_that_stays_is_not_taken_for_the_new_one(bench: Bench, job: Job) -> None:
    """It may be held open by another program when a start removes it."""
    bench.computer.files.write_text(rf"{FOLDER}\work-1.answer", "#cc-bridge# {}")
    kept = {"name": "remove_answer", "cmdlet": "Write-Output", "parameters": {"InputObject": "held open"}}

    def held(asked: Sequence[Any]) -> Answer:
        return bench.exchange([kept if step["name"] == "remove_answer" else step for step in asked])

    with pytest.raises(WorkFailed):
        bench.run(job, exchange=held)
    assert marks(bench) == 0 and not [name for name in bench.names() if name.endswith(".claim")]


def test_the_second_one_joins_and_the_work_is_done_once(bench: Bench, job: Job) -> None:
    bench.start(job)
    assert bench.run(job).results["say"].output == ["done"]
    assert marks(bench) == 1 and "another run has started it" in bench.told[0]


def test_what_was_begun_is_not_started(bench: Bench, job: Job) -> None:
    bench.start(job)
    bench.run(job, found=True)
    assert marks(bench) == 1 and not any("register_task" in asked for asked in bench.exchanges[1:])


def test_what_was_begun_and_is_gone_is_not_started_again(bench: Bench, job: Job) -> None:
    with pytest.raises(JobDied, match="another run has fetched its answer"):
        bench.run(job, found=True)
    assert list(bench.computer.tasks) == [] and bench.names() == []


def test_an_answer_without_a_claim_is_a_stray(bench: Bench, job: Job) -> None:
    bench.run(job)
    bench.computer.files.write_text(rf"{FOLDER}\work-1.answer", '#cc-bridge# {"protocol": 1, "results": []}')
    assert bench.look(job).phase is Phase.ABSENT
    bench.run(job)
    assert marks(bench) == 2


def test_a_job_of_somebody_else_is_not_cleared_away(bench: Bench, job: Job) -> None:
    """A slow run that saw an older claim must not end what another one has started since."""
    bench.start(job, "new")
    bench.exchange(jobs.clear_steps(job, jobs.digest("old")))
    assert bench.look(job).phase is Phase.RUNNING and bench.look(job).claim == jobs.digest("new")


def test_each_start_has_a_claim_of_its_own(bench: Bench, job: Job) -> None:
    claims = []
    for _ in range(2):
        with pytest.raises(Unfinished):
            bench.run(job, limit=0, poll=1)
        claims.append(bench.computer.files.read_text(rf"{FOLDER}\work-1.claim"))
        assert bench.look(job).claim == jobs.digest(claims[-1])
        bench.exchange(jobs.clear_steps(job, bench.look(job).claim))
    assert claims[0] != claims[1] and '"run": "this"' in claims[0]


@pytest.mark.parametrize("text", ["", "\0\0\0"])
def test_a_claim_that_a_power_cut_has_emptied_is_withdrawn(bench: Bench, job: Job, text: str) -> None:
    bench.computer.files.write_text(rf"{FOLDER}\work-1.claim", text)
    with pytest.raises(JobDied):
        bench.run(job, found=True)
    assert bench.names() == []


def test_a_claim_without_a_task_is_not_waited_for_long(bench: Bench, job: Job) -> None:
    """Nobody will ever write an answer; were it to count as running, the same command would wait for ever."""
    asked = jobs.start_steps(job, Account("CceAdmin", PASSWORD), "mine")
    bench.exchange(asked[: 1 + [step["name"] for step in asked].index("claim")])
    assert bench.look(job).phase is Phase.CLAIMED
    with pytest.raises(JobDied, match="claimed, not begun yet") as raised:
        bench.run(job, found=True)
    assert 60 < bench.env.now < 200 and bench.names() == []
    assert raised.value.failure is FailureClass.JOB_NOT_BEGUN
    assert bench.run(job).results["say"].output == ["done"] and marks(bench) == 1


def test_a_job_that_ends_while_it_is_looked_at_is_never_dead(bench: Bench, job: Job) -> None:
    """Whatever step of the look it ends before: its answer is there, or its task still runs."""
    bench.start(job)
    asked = jobs.look_steps(job)
    for cut in range(len(asked) + 1):
        bench = Bench()
        bench.start(job)
        first = bench.exchange(asked[:cut]).raw["results"] if cut else []
        bench.sleep(SECONDS + 60)
        rest = bench.exchange(asked[cut:]).raw["results"] if cut < len(asked) else []
        assert jobs.read_look(Answer({"results": [*first, *rest]})).phase in (Phase.RUNNING, Phase.ANSWERED), cut


def test_the_answer_is_gone_from_the_host_when_it_was_collected(bench: Bench) -> None:
    """What a product says may hold a password."""
    secret = Job("say-1", [steps.step("say", "Write-Output", {"InputObject": "initial password: canary"})])
    assert bench.run(secret).results["say"].output == ["initial password: canary"]
    assert bench.names() == []
    kept = [one for _, one in bench.computer.files.walk("C:\\") if b"canary" in getattr(one, "data", b"")]
    assert kept == []


def test_a_job_that_left_no_answer_has_none_where_its_work_is_done(bench: Bench, job: Job) -> None:
    bench.start(job)
    bench.computer.reboot()
    bench.sleep(600)
    bench.done = True
    assert bench.runner(job).work(job.steps, "work", found=True) is None


def test_a_fence_stops_the_start_before_anything_is_claimed(bench: Bench, job: Job) -> None:
    fence = steps.step("fence", "Write-Output", {"InputObject": "now"}, expect=["before"])
    with pytest.raises(WorkFailed) as raised:
        bench.run(job, fences=[fence])
    assert raised.value.failure is FailureClass.FENCE and bench.names() == [] and list(bench.computer.tasks) == []


def test_a_wrong_password_leaves_nothing(bench: Bench, job: Job) -> None:
    with pytest.raises(WorkFailed) as raised:
        bench.run(job, account=Account("CceAdmin", "wrong"))
    assert "0x8007052e" in raised.value.details["id"]
    assert not [name for name in bench.names() if name.endswith(".claim")]


def failing_at(bench: Bench, name: str) -> Exchange:
    """Exchanges of which the start fails at that step, nothing of it having been done."""
    error = dict.fromkeys(("message", "id", "category", "exception", "command"), "denied")
    result = {"name": name, "output": [], "errors": [error], "warnings": [], "thrown": True, "seconds": 0.0}
    failed = Answer({"results": [result], "stopped": {"name": name, "reason": "error"}, "prompts": []})
    return lambda asked: failed if starts(asked) else bench.exchange(asked)


def starts(asked: Sequence[Any]) -> bool:
    return any(step["name"] == "register_task" for step in asked)


def test_a_start_that_fails_before_its_claim_leaves_the_claim_of_another(bench: Bench, job: Job) -> None:
    bench.start(job)
    with pytest.raises(WorkFailed):
        bench.run(job, exchange=failing_at(bench, "job_folder"))
    assert bench.look(job).claim == jobs.digest("other")


def test_a_claim_that_cannot_be_made_is_not_somebody_elses(bench: Bench, job: Job) -> None:
    with pytest.raises(WorkFailed):
        bench.run(job, exchange=failing_at(bench, "claim"))


@pytest.mark.parametrize("failure", [ConnectionLost("gone", sent=True), NoAnswer("no memory for a PowerShell")])
def test_a_look_that_fails_is_forgiven(bench: Bench, job: Job, failure: Exception) -> None:
    lost = iter([True, True, False])

    def flaky(asked: Sequence[Any]) -> Answer:
        if asked[0]["name"] == "task" and next(lost, False):
            raise failure
        return bench.exchange(asked)

    assert bench.run(job, exchange=flaky).results["say"].output == ["done"]


def test_a_line_that_stays_lost_is_told(bench: Bench, job: Job) -> None:
    tried = []

    def dead(asked: Sequence[Any]) -> Answer:
        tried.append(asked)
        raise ConnectionLost("gone", sent=True)

    with pytest.raises(ConnectionLost):
        bench.run(job, found=True, exchange=dead)
    assert len(tried) == 3


def test_waiting_ends_and_the_work_goes_on(bench: Bench, job: Job) -> None:
    with pytest.raises(Unfinished, match="work-1 is running after 120 seconds"):
        bench.run(job, limit=100)
    assert bench.look(job).phase is Phase.RUNNING
    assert bench.run(job, found=True).results["say"].output == ["done"] and marks(bench) == 1


def test_a_person_hears_of_it_now_and_then(bench: Bench, job: Job) -> None:
    long = Job("long", [steps.step("work", "Start-Sleep", {"Seconds": 1000})])
    bench.run(long, poll=10)
    assert bench.told[0] == "long: started" and 4 <= len(bench.told) <= 6


def test_the_password_is_in_one_step_and_in_no_file(bench: Bench, job: Job) -> None:
    asked = jobs.start_steps(job, Account("CceAdmin", PASSWORD), "mine")
    assert [step["name"] for step in asked if PASSWORD in json.dumps(step)] == ["register_task"]
    bench.start(job)
    files = [one for _, one in bench.computer.files.walk("C:\\")]
    assert not [one for one in files if PASSWORD.encode() in getattr(one, "data", b"")]
    assert PASSWORD not in repr(Account("CceAdmin", PASSWORD))


def test_the_task_has_none_of_the_traps_of_its_schema(bench: Bench, job: Job) -> None:
    bench.start(job)
    (task,) = bench.computer.tasks
    settings = task.definition.settings
    assert task.definition.time_limit is None and task.definition.run_level == "HighestAvailable"
    assert settings["DisallowStartIfOnBatteries"] == settings["StopIfGoingOnBatteries"] == "false"
    assert settings["Priority"] == "5" and settings["MultipleInstancesPolicy"] == "IgnoreNew"
    assert task.logon.delegates


def test_an_account_with_a_sign_of_xml_is_written_as_such(job: Job) -> None:
    assert "<UserId>A&amp;B\\x</UserId>" in jobs.task_xml(job, "A&B\\x")


def test_the_runner_on_the_appliance_is_constant_but_for_its_path(job: Job) -> None:
    encoded = jobs.task_xml(job, "u").partition("-EncodedCommand ")[2].partition("<")[0]
    script = base64.b64decode(encoded).decode("utf-16-le")
    assert script == jobs.JOB_RUNNER.format(path=job.path)
    assert script.splitlines()[0] == "# sfb.cloud_connector job"
