"""Nothing grows: what the collection leaves has an end, and what is of versions that are gone is removed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import leftovers
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown

from tests import leases
from tests.bench import DIRECTORY, HOST, OURS, SHARE, Bench
from tests.cycle import Cycle
from tests.late import held
from tests.unit.plugins.plugin_utils.cce.builders import healthy

GONE = (
    rf"{OURS}\packages\CloudConnector-2.0.msi",
    rf"{OURS}\logs\msi-2.0-install.log",
    rf"{DIRECTORY}\CloudConnector.ini.before-2.0-0123abcd",
)
GONE_FOLDER = rf"{OURS}\saved\1.4.2"
KEPT = (
    rf"{OURS}\packages\CloudConnector-2.1.msi",
    rf"{OURS}\packages\CloudConnector-3.0.msi",
    rf"{OURS}\packages\notes.txt",
    rf"{OURS}\packages\CloudConnector-2.0.msi.copy",
    rf"{OURS}\saved\2.0.1\CloudConnector.msi",
    rf"{OURS}\saved\state.last.json",
    rf"{OURS}\logs\msi-2.1-install.log",
    rf"{DIRECTORY}\CloudConnector.ini",
    rf"{DIRECTORY}\CloudConnector.ini.before-2.1-0123abcd",
)


def bench(**more: Any) -> Cycle:
    """An appliance at 2.1 with 2.0.1 as its way back, on which much lies about."""
    made = Cycle(**{"backup": "2.0.1", **more})
    files = made.computer.files
    for folder in ("packages", "logs", r"saved\2.0.1", r"saved\1.4.2"):
        files.make_folder(rf"{OURS}\{folder}")
    for path in (*GONE, rf"{GONE_FOLDER}\CloudConnector.msi", *KEPT):
        if not files.exists(path):
            files.write_text(path, "x")
    return made


def test_the_cycle_removes_what_is_of_versions_that_are_gone_and_nothing_else() -> None:
    made = bench()
    done = made.cycle("leftovers", "Remove-Item")
    assert all(path in " ".join(done["changes"]) for path in (*GONE, GONE_FOLDER))
    assert not any(made.computer.files.exists(path) for path in (*GONE, GONE_FOLDER))
    assert all(made.computer.files.exists(path) for path in KEPT)
    assert {run.name for run in made.lab.record.cmdlets(mutating=True)} <= {"Remove-Item", "New-Item", "Set-Content"}


def test_the_probe_of_a_commissioning_run_that_died_goes_and_that_of_another_appliance_stays() -> None:
    made = Cycle(backup="2.0.1")
    files = made.lab.world.network.files
    own, other = (rf"{SHARE}\sfb.cloud_connector.probe.{host}" for host in (HOST, "cce-2"))
    for path in (own, other):
        files.write_text(path, "0" * 32)
    done = made.cycle("leftovers", "Remove-Item")
    assert own in done["changes"][0] and not files.exists(own) and files.exists(other)


def test_the_probe_of_a_commissioning_run_that_is_alive_stays() -> None:
    made = Cycle(backup="2.0.1")
    files, own = made.lab.world.network.files, rf"{SHARE}\sfb.cloud_connector.probe.{HOST}"
    files.write_text(own, "0" * 32)
    made.computer.files.make_folder(rf"{OURS}\jobs")
    made.computer.files.write_text(rf"{OURS}\jobs\commissioning.claim", "{}")
    assert "commissioning" in made.refused("leftovers") and files.exists(own)
    made.computer.files.remove(rf"{OURS}\jobs\commissioning.claim")
    leases.hold(made.lab, leases.other("run-2"))
    assert made.do("leftovers")["failed"] and files.exists(own)


def test_without_a_way_back_what_was_saved_for_it_goes_too() -> None:
    made = bench(backup=None)
    made.must("leftovers")
    assert not made.computer.files.exists(rf"{OURS}\saved\2.0.1")


def test_of_the_copies_of_inis_the_newest_ten_stay() -> None:
    made = bench()
    for number in range(30):
        made.lab.advance(60)
        made.computer.files.write_text(rf"{DIRECTORY}\CloudConnector.ini.before-2.1-{number:08}", "x")
    made.must("leftovers")
    left = [one.name for one in made.computer.files.list(DIRECTORY) if "before-" in one.name]
    assert sorted(left) == [f"CloudConnector.ini.before-2.1-{number:08}" for number in range(20, 30)]


def test_while_the_msi_is_exchanged_nothing_is_removed() -> None:
    made = bench()
    made.computer.files.write_text(rf"{OURS}\saved\state.json", '{"target": "2.1", "scripts": "2.0.1"}')
    assert "is being exchanged" in made.refused("leftovers")


def test_a_version_that_cannot_be_read_stops_it() -> None:
    made = bench()
    made.lab.fault(HOST, cmdlet="Get-CcVersion", text="it broke", times=9)
    assert "cannot be judged" in made.refused("leftovers")


def test_a_request_that_arrives_after_a_switch_removes_nothing() -> None:
    made = bench()
    late = held(made, "leftovers", "Remove-Item")
    made.appliance.running, made.appliance.backup = "2.0.1", "2.1"
    late.deliver()
    assert all(made.computer.files.exists(path) for path in (*GONE, *KEPT, GONE_FOLDER))


def test_what_a_job_wrote_after_it_was_taken_away_goes_and_nothing_of_a_claimed_one() -> None:
    made = bench()
    jobs = rf"{OURS}\jobs"
    made.computer.files.make_folder(jobs)
    orphans = [rf"{jobs}\import-2.1.answer", rf"{jobs}\install-2.1.partial"]
    for path in (*orphans, rf"{jobs}\notes.txt"):
        made.computer.files.write_text(path, "x")
    done = made.must("leftovers")
    assert all(path in " ".join(done["changes"]) for path in orphans)
    assert made.our_files("jobs") == ["notes.txt"] and not made.must("leftovers")["changed"]


def test_an_answer_whose_job_is_claimed_is_not_named() -> None:
    names = [
        "import-2.1.answer",
        "import-2.1.request",
        "Import-2.1.claim",
        "switch-2.1.answer",
        "import-2.1.0123.process",
    ]
    listed = [{"Name": name, "PSIsContainer": False} for name in names]
    answer = SimpleNamespace(objects=lambda name, absent: listed)
    assert leftovers.orphans(answer) == (rf"{OURS}\jobs\switch-2.1.answer",)  # type: ignore[arg-type]


def test_an_answer_whose_job_is_claimed_again_meanwhile_stays() -> None:
    made = bench()
    answer, claim = rf"{OURS}\jobs\import-2.1.answer", rf"{OURS}\jobs\import-2.1.claim"
    made.computer.files.make_folder(rf"{OURS}\jobs")
    made.computer.files.write_text(answer, "x")
    late = held(made, "leftovers", "Remove-Item")
    made.computer.files.write_text(claim, "{}")
    late.deliver()
    assert made.computer.files.exists(answer) and made.computer.files.exists(GONE[0])


@pytest.mark.parametrize("field", ["running", "backup", "scripts"])
def test_what_is_not_known_is_wanted(field: str) -> None:
    with pytest.raises(Exception, match="it broke"):
        leftovers.unwanted({}, healthy("2.1", **{field: Unknown("it broke")}))


def test_a_host_without_anything_deployed_keeps_all() -> None:
    listed = {"packages": ((GONE[0], "2.0", False),)}
    assert leftovers.unwanted(listed, healthy("2.1", running=None)) == ((), ())


# --- nothing grows ---------------------------------------------------------------------------------------------------------


def everything(made: Bench) -> int:
    """The number of files of ours on the appliance, and of all files in the site directory."""
    folders = [made.our_files(name) for name in ("jobs", "packages", "saved", "records", "logs")]
    return sum(map(len, folders)) + len(made.lab.world.network.files.list(SHARE))


def test_a_dozen_rounds_of_work_leave_as_many_files_as_two() -> None:
    """Each with a job, a claim of the slot, a lease that is taken and given back, and every fourth taken over."""
    made, counted = Bench("health"), list[int]()
    job = {"task_user": "CceAdmin", "task_password": "Lab-Passw0rd!", "poll_interval": 120, "version": None}
    leases.free(made.lab)
    for number in range(12):
        for state in ("present", "absent"):
            result = made.do("maintenance", state=state, **job)
            assert "failed" not in result, result["msg"]
        if number % 4 == 3:
            gone = leases.other(f"run-{number}")
            leases.hold(made.lab, gone, token=f"{number:032x}")
        else:
            assert made.do("site_lease", state="released", version=None)["changed"]
        counted.append(everything(made))
    assert max(counted[2:]) <= counted[1] + 2, counted


# --- the playbook ----------------------------------------------------------------------------------------------------------


def test_the_playbook_removes_vms_only_on_request_and_never_with_remove_running() -> None:
    (play,) = [
        play
        for play in yaml.safe_load((Path(__file__).parents[4] / "playbooks" / "clean.yml").read_text("utf-8"))
        if "hosts" in play
    ]
    (task,) = [task for task in play["tasks"] if "sfb.cloud_connector.deployment" in task]
    options = task["sfb.cloud_connector.deployment"]
    assert options["state"] == "absent" and options["version"] == "{{ cloud_connector_remove_version }}"
    assert "remove_running" not in options
    assert task["when"] == "cloud_connector_remove_version | default('') | length > 0"
