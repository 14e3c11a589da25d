"""The new set of VMs: deployed beside the running one, which carries the calls all the time."""

from __future__ import annotations

import pytest

from tests.bench import HOST, Bench


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
    ("trouble", "words"),
    [("T3", "Disconnect left-over VMs"), ("T14", "Run dism /Cleanup-Wim on the host")],
)
def test_a_documented_trouble_comes_with_its_remedy(trouble: str, words: str) -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, trouble=trouble)
    result = bench.do("deployment")
    assert result["failed"] and words in result["msg"]
    assert result["failure"]["class"].startswith(trouble) and result["failure"]["cmdlet"] == "Install-CcAppliance"


def test_an_unknown_error_says_where_to_look() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", text="Something nobody has seen")
    message = bench.do("deployment")["msg"]
    assert "Install-CcAppliance said: Something nobody has seen." in message and "Logs folder" in message


def test_a_cmdlet_that_does_half_is_not_believed() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", when="during", point="CMS", action="half_done")
    assert "was asked to deploy the VMs of 2.1" in bench.do("deployment")["msg"]


def test_scripts_of_another_version_do_not_deploy() -> None:
    bench = Bench()
    assert "Run the package operation first" in bench.do("deployment")["msg"]
    assert bench.changes() == []


def test_a_job_that_hangs_is_waited_for_and_no_longer() -> None:
    bench = Bench("deployment")
    bench.lab.fault(HOST, cmdlet="Install-CcAppliance", when="during", point="CMS", action="hang")
    result = bench.do("deployment", timeout=20_000)
    assert "install-2.1 is running" in result["msg"] and bench.lab.now() < 30_000


def test_an_account_that_may_not_run_a_task_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows registers and starts such a task all the same; only its result tells."""
    bench = Bench("deployment")
    monkeypatch.setattr(bench.computer.tasks, "start", lambda task: setattr(task, "last_result", 0x80070569))
    result = bench.do("deployment")
    assert "the account has no right to log on as a batch job" in result["msg"]
    assert "let the account log on as a batch job" in result["failure"]["remedy"] and bench.claims() == []
