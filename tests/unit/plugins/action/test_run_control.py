"""What a person says is taken up between two steps, and never within one; judged by what the lab recorded."""

from __future__ import annotations

import importlib
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import lease

from lab.world.product import uninstall_msi
from tests import leases
from tests.bench import HOST, ORDER, WORK, Bench, is_of_lease

SAID = {"by": "anna", "reason": "storm"}
MOST_PAUSES = 5000
"""More than any of these tests needs."""
Action = Callable[[], None]


class Stand(Bench):
    """An appliance, and a file in which somebody says something."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.file = folder / "run" / "control.json"
        self.file.parent.mkdir()
        self._pauses, self._sleep = 0, self.lab.sleep
        self.lab.sleep = self._sleep_bounded

    def options(self, module: str) -> dict[str, Any]:
        given = {**super().options(module), "control": str(self.file)}
        return {name: value for name, value in given.items() if module != "run_control" or name != "version"}

    def _sleep_bounded(self, seconds: float) -> None:
        """A wait that has no end fails the test instead of hanging it."""
        self._pauses += 1
        assert self._pauses <= MOST_PAUSES, f"paused {self._pauses} times"
        self._sleep(seconds)

    def say(self, **words: Any) -> None:
        """Writes the file by hand."""
        self.file.write_text(json.dumps(words), "utf-8")

    def meanwhile(self, module: str, at: dict[int, Action], **options: Any) -> Any:
        """Runs a module; at the n-th pause of it something happens."""
        self.mark()
        made = self.prepare(module, **options)
        clock = importlib.import_module("ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock")
        pauses = [0]

        def sleep(seconds: float) -> None:
            pauses[0] += 1
            self.lab.sleep(seconds)
            at.get(pauses[0], lambda: None)()

        made.clock = clock.Clock(self.lab.world.now, self.lab.now, sleep)
        return made.run(task_vars={"inventory_hostname": HOST})


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


def test_no_file_says_nothing(stand: Stand) -> None:
    assert stand.do("package")["changed"] and stand.do("run_control")["left_out"] is None
    stand.file.parent.rmdir()
    assert stand.do("run_control")["control"] == []


def test_a_module_waits_while_the_run_is_held_and_reads_anew_before_it_acts(stand: Stand) -> None:
    stand.say(hold=SAID)
    seen: list[list[str]] = []
    result = stand.meanwhile("package", {3: lambda: seen.append(stand.changes()), 4: stand.file.unlink})
    assert result["changed"] and seen == [[]]
    assert "held by anna (storm)" in result["control"][0] and "goes on after 20 s" in result["control"][1]
    reads = [at for at, run in enumerate(stand.ran()) if run.name == "Get-CcVersion"]
    first = next(at for at, run in enumerate(stand.ran()) if run.mutating)
    assert len([at for at in reads if at < first]) >= 4  # twice what one reading asks for


def test_the_wait_for_the_word_to_go_on_has_an_end(stand: Stand) -> None:
    stand.say(hold=SAID)
    before = stand.lab.now()
    result = stand.do("package", hold_wait=600)
    assert result["failed"] and result["failure"]["class"] == "held" and stand.changes() == []
    assert 600 <= stand.lab.now() - before < 700
    assert "Nothing was changed" in result["msg"] and "held by anna (storm), for 600 seconds" in result["msg"]


def test_every_acting_module_waits_and_none_that_is_done_is_half_done(stand: Stand) -> None:
    for module in WORK:
        stand.say(hold=SAID)
        assert stand.do(module, hold_wait=10)["failure"]["class"] == "held" and stand.changes() == [], module
        stand.say()
        assert not stand.do(module).get("failed")
    assert stand.appliance.running == "2.1"


def test_a_hold_within_a_step_waits_for_its_end(stand: Stand) -> None:
    """The deployment runs for hours: it is not broken off, and not left."""
    for module in ORDER[:4]:
        stand.do(module)
    result = stand.meanwhile("deployment", {2: lambda: stand.say(hold=SAID)})
    assert result["changed"] and "control" not in result
    assert stand.do("version", hold_wait=10)["failure"]["class"] == "held" and stand.changes() == []


def test_a_job_that_was_begun_before_is_waited_for_though_the_run_is_held(stand: Stand) -> None:
    for module in ORDER[:4]:
        stand.do(module)
    assert stand.do("deployment", timeout=60)["failure"]["class"] == "unfinished"
    stand.say(hold=SAID)
    assert stand.do("deployment", hold_wait=10)["changed"] and stand.count("deployment") == 1


def test_check_mode_waits_for_nobody(stand: Stand) -> None:
    stand.say(hold=SAID, stop_after_appliance=SAID, leave_out={HOST: SAID})
    before = stand.lab.now()
    assert stand.do("package", check=True)["changed"]
    found = stand.do("run_control", check=True)
    assert found["left_out"] == SAID and stand.lab.now() - before < 60
    assert json.loads(stand.file.read_text("utf-8"))["stop_after_appliance"] == SAID


def break_it(stand: Stand, how: str) -> None:
    if how == "folder":
        stand.file.mkdir()
    elif how == "pipe":
        os.mkfifo(stand.file)
    elif how == "loop":
        stand.file.symlink_to(stand.file)
    else:
        stand.file.write_bytes({"text": b"hold", "long": b" " * 70_000, "bytes": b'{"\xff": 1}'}[how])


@pytest.mark.parametrize("how", ["text", "long", "bytes", "folder", "pipe", "loop"])
def test_a_file_that_nobody_understands_holds_the_run(stand: Stand, how: str) -> None:
    break_it(stand, how)
    for module in ("package", "run_control"):
        result = stand.do(module, hold_wait=10)
        assert result["failure"]["class"] == "held" and stand.changes() == []
        assert "since the control file" in result["msg"]


def test_the_word_may_change_while_the_run_is_held(stand: Stand) -> None:
    stand.say(hold=SAID)
    other = {"by": "bert", "reason": "still looking"}
    words = {2: lambda: stand.say(hold=other), 3: lambda: stand.file.write_text("{"), 5: lambda: stand.say(hold=None)}
    result = stand.meanwhile("package", words)
    assert result["changed"]


def test_a_file_whose_folder_is_gone_too_is_said_to_be_no_word(stand: Stand) -> None:
    stand.say(hold=SAID)
    result = stand.meanwhile(
        "run_control", {2: lambda: (stand.file.unlink(), stand.file.parent.rmdir())[0]}, hold_wait=30
    )
    assert result["failure"]["class"] == "held"


def test_a_stop_ends_this_run_before_its_next_appliance_and_not_the_next_run(stand: Stand) -> None:
    stand.say(stop_after_appliance=SAID)
    assert stand.do("package")["changed"]  # the appliance whose turn it is
    for _again in range(2):
        result = stand.do("run_control")
        assert result["failure"]["class"] == "stopped" and "as was said by anna (storm)" in result["msg"]
    next_run = leases.owned(stand.prepare("run_control"), leases.other("another"))
    assert not next_run.run(task_vars={"inventory_hostname": HOST}).get("failed")


@pytest.mark.parametrize("module", ["run_control", "package"])
def test_a_run_that_is_held_keeps_the_lease_of_its_site(stand: Stand, module: str) -> None:
    """Its signs of life do not pause longer than a third of the time after which another run may take it over."""
    stand.say(hold=SAID)
    stand.mark()
    stand.do(module, hold_wait=3600)
    beats = [run.time for run in stand.ran() if run.mutating and is_of_lease(run)]
    assert beats and all(
        (later - earlier).total_seconds() <= lease.SECONDS / 3 for earlier, later in itertools.pairwise(beats)
    )
    assert (beats[-1] - beats[0]).total_seconds() > 3600 - lease.SECONDS


def test_a_stop_that_cannot_be_written_down_stops_all_the_same(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.say(stop_after_appliance=SAID)
    (stand.file.parent / "control.lock").mkdir()
    result = stand.do("run_control")
    assert result["failure"]["class"] == "stopped" and "so the next run stops, too" in result["warnings"][0]


def test_one_that_was_not_begun_is_left_out(stand: Stand) -> None:
    stand.say(leave_out={HOST: SAID})
    result = stand.do("run_control")
    assert result["left_out"] == SAID and result["control"] == [f"{HOST} is left out by anna (storm)"]
    stand.say(leave_out={"cce-2": SAID})
    assert stand.do("run_control")["left_out"] is None


@pytest.mark.parametrize("done", range(1, 6))
def test_one_whose_upgrade_has_begun_is_not_left_out(stand: Stand, done: int) -> None:
    for module in ORDER[:done]:
        stand.do(module)
    stand.say(leave_out={HOST: SAID})
    result = stand.do("run_control")
    assert result["failure"]["class"] == "left-out" and "its upgrade or its way back has begun" in result["msg"]
    again = stand.do(ORDER[done])
    assert again["failure"]["class"] == "left-out" and stand.changes() == []


def test_between_uninstalling_and_installing_it_is_begun(stand: Stand) -> None:
    uninstall_msi(stand.appliance)
    stand.say(leave_out={HOST: SAID})
    assert stand.do("run_control")["failure"]["class"] == "left-out"


def test_left_out_after_its_turn_began_nothing_is_done(stand: Stand) -> None:
    stand.say(leave_out={HOST: SAID})
    result = stand.do("package")
    assert result["failure"]["class"] == "left-out" and "nothing was changed yet" in result["msg"]
    assert stand.changes() == []


def test_one_that_is_done_has_nothing_to_be_left_out_of(stand: Stand) -> None:
    for module in ORDER:
        stand.do(module)
    stand.say(leave_out={HOST: SAID})
    for module in ORDER:
        assert not stand.do(module).get("failed"), module
    assert stand.do("run_control")["left_out"] == SAID


def test_without_the_option_nobody_holds_a_module(stand: Stand) -> None:
    stand.say(hold=SAID)
    assert stand.do("package", control=None)["changed"]
