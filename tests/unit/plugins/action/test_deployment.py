"""The new set of VMs: deployed beside the running one, which carries the calls all the time."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.failure_classes import FailureClass

from tests.bench import HOST, OURS, Bench
from tests.late import before_the_job, held, over

INSTALL = "Install-CcAppliance"
IMPORTED = r"C:\ProgramData\CloudConnector\CloudConnector.ini"
DEPLOYED = rf"{OURS}\deployed.json"


def test_the_running_set_carries_calls_all_the_time() -> None:
    bench = Bench("deployment")
    bench.do("deployment")
    assert bench.lab.record.outages() == [] and bench.lab.snapshot(HOST)["in_service"]


def test_it_runs_under_a_full_logon_and_only_as_an_upgrade() -> None:
    """Without -Upgrade the cmdlet would deploy over the running set."""
    bench = Bench("deployment")
    bench.do("deployment", method="credssp")
    (run,) = bench.ran("Install-CcAppliance")
    assert run.parameters == {"Upgrade": True} and run.method == "batch" and run.user == "CceAdmin"


@pytest.mark.parametrize(
    ("trouble", "failure", "words"),
    [
        ("T3", FailureClass.MANAGEMENT_SWITCH_IN_USE, "disconnect left-over VMs"),
        ("T14", FailureClass.WINDOWS_IMAGE, "Run dism /Cleanup-Wim on the host"),
    ],
)
def test_a_documented_trouble_comes_with_its_remedy(trouble: str, failure: FailureClass, words: str) -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, trouble=trouble)
    result = bench.do("deployment")
    assert result["failed"] and words in result["msg"]
    assert result["failure"]["class"] == failure and result["failure"]["cmdlet"] == "Install-CcAppliance"


def test_an_unknown_error_says_where_to_look() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", text="Something nobody has seen")
    message = bench.do("deployment")["msg"]
    assert "Install-CcAppliance said: Something nobody has seen." in message and "Logs folder" in message


def test_a_cmdlet_that_does_half_is_not_believed() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", when="during", point="CMS", action="half_done")
    result = bench.do("deployment")
    assert "was asked to deploy the VMs of 2.1 and reported no error, but its state does not show it" in result["msg"]
    assert result["failure"]["class"] == "not-confirmed" and result["changed"] is True
    assert "othing was changed" not in result["msg"]


def test_a_failure_after_the_act_does_not_say_that_nothing_was_changed() -> None:
    """Whatever would refuse it by then: here the scripts are others afterwards."""
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet=INSTALL, action="half_done")
    result = over(bench, "deployment", lambda number: number == 4 and setattr(bench.appliance, "msi", "2.0.1"))
    assert result["failure"]["class"] == "not-confirmed" and "othing was changed" not in result["msg"]


def test_scripts_of_another_version_do_not_deploy() -> None:
    bench = Bench()
    assert "Run the package operation first" in bench.do("deployment")["msg"]
    assert bench.changes() == []


def test_a_job_that_hangs_is_waited_for_and_no_longer() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", when="during", point="CMS", action="hang")
    result = bench.do("deployment", timeout=20_000)
    assert "install-2.1 is running" in result["msg"] and bench.lab.now() < 30_000
    assert "new-vm-network in docs/troubles.md" in result["msg"] and "left of it" not in result["msg"]


def test_an_account_that_may_not_run_a_task_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows registers and starts such a task all the same; only its result tells."""
    bench = Bench("deployment")
    monkeypatch.setattr(bench.computer.tasks, "start", lambda task: setattr(task, "last_result", 0x80070569))
    result = bench.do("deployment")
    assert "the account has no right to log on as a batch job" in result["msg"]
    assert "Log on as a batch job" in result["failure"]["remedy"] and bench.claims() == []


# --- one job a version -----------------------------------------------------------------------------------------------------


def test_one_version_is_one_job_however_it_is_written() -> None:
    bench = Bench("deployment")
    assert bench.do("deployment", version="2.1.0", timeout=1)["failure"]["class"] == "unfinished"
    result = bench.do("deployment", version="2.1")
    assert "failed" not in result and result["changes"] == ["wait for the job install-2.1, which was begun before"]
    assert bench.count("deployment") == 1 and bench.claims() == []


@pytest.mark.parametrize("job", ["download-2.1", "switch-2.1", "uninstall-2.0.1"])
def test_nothing_is_deployed_beside_another_job(job: str) -> None:
    bench = Bench("deployment")
    bench.computer.files.write_text(rf"{OURS}\jobs\{job}.claim", "{}")
    result = bench.do("deployment")
    assert f"On cce-1 {job} is under way" in result["msg"] and result["failure"]["class"] == "job-open"
    assert bench.changes() == []


# --- fences ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["nothing", "refused"])
def test_a_start_that_arrives_late_does_nothing_on_a_finished_appliance(again: str) -> None:
    bench = Bench("deployment", switches={"install_again": again})
    late = held(bench, "deployment", "Register-ScheduledTask")
    for module in ("deployment", "version"):
        assert "failed" not in bench.do(module)
    late.deliver()
    bench.settle()
    assert bench.count("deployment") == 1 and bench.claims() == [] and list(bench.computer.tasks) == []
    assert bench.do("deployment")["changed"] is False


def test_a_start_that_arrives_late_does_nothing_where_the_set_is_only_deployed() -> None:
    bench = Bench("deployment")
    late = held(bench, "deployment", "Register-ScheduledTask")
    bench.do("deployment")
    late.deliver()
    bench.settle()
    assert bench.count("deployment") == 1 and bench.claims() == []


@pytest.mark.parametrize(
    ("name", "kind"), [("msi", "scripts"), ("running", "running"), ("backup", "backup"), ("ini", "ini_unchanged")]
)
@pytest.mark.parametrize("late", [False, True], ids=["at the start", "in the job"])
def test_another_state_than_was_read_stops_it_on_the_appliance(name: str, kind: str, late: bool) -> None:
    bench = Bench("deployment")

    def change() -> None:
        if name == "ini":
            bench.computer.files.write_text(IMPORTED, bench.content.replace("City=", "City=Oslo"))
        else:
            setattr(bench.appliance, name, "2.0")

    if late:
        before_the_job(bench, change)
    result = over(bench, "deployment", lambda number: number == 2 and not late and change())
    assert result["failure"]["class"] == "fence" and result["failure"]["step"] == kind
    assert bench.ran(INSTALL) == [] and bench.claims() == []
    assert bool(bench.ran("Register-ScheduledTask")) is late


# --- which ini a set was made of (H1) --------------------------------------------------------------------------------------


def test_it_is_written_down_which_ini_the_set_was_made_of() -> None:
    bench = Bench("deployment")
    bench.do("deployment")
    digest = hashlib.sha256(bench.content.encode()).hexdigest()
    assert json.loads(bench.text(DEPLOYED) or "") == {"version": "2.1", "ini": digest}
    assert bench.text(f"{DEPLOYED}.new") is None


def test_a_set_that_was_made_of_another_ini_is_not_switched_to_until_it_is_deployed_again() -> None:
    bench = Bench("deployment")
    bench.do("deployment")
    bench.content = bench.content.replace("City=", "City=Oslo")
    assert bench.do("configuration", accept_changes=["Common/City"])["changed"] is True
    assert bench.do("deployment")["changed"] is False
    refused = bench.do("version")
    assert "was deployed on cce-1 with another CloudConnector.ini" in refused["msg"] and bench.changes() == []
    assert bench.do("deployment", state="absent")["changed"] is True
    assert bench.text(DEPLOYED) is None
    assert bench.do("deployment")["changed"] is True
    assert "failed" not in bench.do("version") and bench.lab.snapshot(HOST)["running"] == "2.1"
    assert bench.count("deployment") == 2


def test_the_record_of_one_set_outlives_the_removal_of_another() -> None:
    bench = Bench("deployment")
    for module in ("deployment", "version"):
        bench.do(module)
    written = bench.text(DEPLOYED)
    assert bench.do("deployment", state="absent", version="2.0.1")["changed"] is True
    assert written is not None and bench.text(DEPLOYED) == written


def test_nothing_is_deployed_without_an_ini_in_force() -> None:
    bench = Bench("deployment")
    bench.computer.files.remove(IMPORTED)
    result = bench.do("deployment")
    assert "No CloudConnector.ini is in force on cce-1." in result["msg"]
    assert "Run the configuration operation first" in result["msg"] and bench.changes() == []


@pytest.mark.parametrize("named", ["begun", "complete"])
def test_a_deployment_that_died_is_never_taken_for_a_set(named: str) -> None:
    """When the product begins to name the new set is not documented."""
    bench = Bench("deployment", switches={"backup_named": named, "install_over_unfinished": "replaced"})
    bench.lab.fault(HOST, cmdlet=INSTALL, when="during", point="Mediation", action="die_host")
    died = bench.do("deployment", poll_interval=600)
    assert died["failure"]["class"] == "host-restarted" and "are left of it, unfinished" in died["msg"]
    digest = hashlib.sha256(bench.content.encode()).hexdigest()
    assert json.loads(bench.text(DEPLOYED) or "") == {"version": "2.1", "ini": digest, "ended": False}
    bench.appliance.management_switch = False
    assert bench.do("deployment")["changed"] is True and bench.count("deployment") == 2
    assert bench.lab.snapshot(HOST)["sets"]["2.1"]["complete"] is True
    assert bench.do("deployment")["changed"] is False


@pytest.mark.parametrize("named", ["begun", "complete"])
def test_an_error_of_a_deployment_leaves_no_set_either(named: str) -> None:
    bench = Bench("deployment", switches={"backup_named": named})
    bench.lab.fault(HOST, cmdlet=INSTALL, when="during", point="CMS", text="Something nobody has seen")
    assert "are left of it, unfinished" in bench.do("deployment")["msg"]
    assert bench.do("deployment")["failed"] and bench.count("deployment") == 2


def test_a_set_whose_job_died_after_the_cmdlet_has_its_ini_on_record() -> None:
    """What it was made of is known all the same: it was written down before."""
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet=INSTALL, when="after", action="die_host")
    bench.do("deployment", poll_interval=600)
    bench.settle(600)
    assert json.loads(bench.text(DEPLOYED) or "")["ini"] == hashlib.sha256(bench.content.encode()).hexdigest()
    assert "failed" not in bench.do("deployment") and "failed" not in bench.do("version")


def test_a_removal_that_arrives_when_the_set_was_removed_and_deployed_again_does_nothing() -> None:
    bench = Bench("deployment")
    bench.do("deployment")
    line = held(bench, "deployment", "Register-ScheduledTask", state="absent")
    assert bench.do("deployment", state="absent")["changed"] is True
    assert bench.do("deployment")["changed"] is True
    assert line.deliver()["stopped"] == {"name": "in_time", "reason": "expect"}
    bench.settle()
    assert bench.lab.snapshot(HOST)["sets"]["2.1"]["complete"] is True and bench.claims() == []


def test_a_removal_whose_job_begins_late_does_nothing() -> None:
    bench = Bench("deployment")
    bench.do("deployment")
    before_the_job(bench, lambda: setattr(bench.computer, "clock_offset", timedelta(seconds=600)))
    result = bench.do("deployment", state="absent")
    assert result["failure"]["class"] == "late-start"
    assert bench.lab.snapshot(HOST)["sets"]["2.1"]["complete"] is True


# --- what a failure leaves -------------------------------------------------------------------------------------------------


def test_what_a_failed_deployment_leaves_is_named_with_how_to_remove_it() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet=INSTALL, when="during", point="CMS", text="Something nobody has seen")
    failure = bench.do("deployment")["failure"]
    assert "are left of it, unfinished" in failure["what"]
    assert "Uninstall-CcAppliance -Version 2.1, never without -Version" in failure["remedy"]
    assert "Logs folder" in failure["remedy"]


# --- a set that the product names before it is finished ---------------------------------------------------------------------


def begun(point: str) -> Any:
    """A deployment whose host dies, where the product names the backup as it begins."""
    bench = Bench("deployment", switches={"backup_named": "begun", "install_over_unfinished": "replaced"})
    bench.lab.fault(HOST, cmdlet=INSTALL, when="during", point=point, action="die_host")
    result = bench.do("deployment")
    return bench, result


@pytest.mark.parametrize("point", ["management switch", "CMS", "finish"])
def test_a_deployment_whose_host_died_is_not_done_because_the_product_names_it(point: str) -> None:
    bench, result = begun(point)
    assert result["failed"] and result["failure"]["class"] == "host-restarted"
    assert bench.info()["backup"] == "2.1" and bench.info()["deployed_by"]["ended"] is False


@pytest.mark.parametrize("point", ["CMS", "finish"])
def test_the_same_command_finishes_it_also_where_the_management_switch_was_deleted(point: str) -> None:
    bench, result = begun(point)
    bench.appliance.management_switch = False
    switch = bench.do("version", version="2.1")
    assert switch["failed"] and "new_set" in switch["msg"] and bench.count("version") == 0
    again = bench.do("deployment")
    assert "failed" not in again and bench.appliance.sets["2.1"].complete
    assert "ended" not in bench.info()["deployed_by"] and bench.do("deployment")["changed"] is False
