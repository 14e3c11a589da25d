"""Updates of Windows: asked on the host and inside the VMs by a task, installed where no call can live, each failure named."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import paths, proof, windows_update

from tests.windows import TARGETS, Windows


@pytest.fixture
def bench() -> Windows:
    return Windows()


def kbs(rows: list[dict[str, Any]]) -> list[str]:
    return [kb for row in rows for kb in row["kbs"]]


# --- the cycle ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_check_do_do_again(bench: Windows, target: str) -> None:
    bench.wait(target, {"kb": "KB5000001", "restart": False}, {"kb": "KB5000002"})
    bench.enter()
    predicted = bench.must("windows_update", target=target, check=True)
    assert predicted["changed"] and bench.at(target).updates.installed == [] and bench.leftovers() == []
    done = bench.must("windows_update", target=target)
    assert done["changes"] == predicted["changes"] and "KB5000001, KB5000002" in done["changes"][0]
    assert kbs(done["windows_update"]["installed"]) == ["KB5000001", "KB5000002"]
    assert done["windows_update"]["restart_required"] and done["diff"]["after"] == {"updates": []}
    again = bench.must("windows_update", target=target)
    assert (again["changed"], again["windows_update"]["restart_required"]) == (False, True)
    assert bench.leftovers() == [] and bench.restarts() == []


@pytest.mark.parametrize("found", [False, True])
def test_what_only_waits_for_a_restart_is_not_installed_again(found: bool) -> None:
    bench = Windows(switches={"pending_updates_found": found})
    bench.wait("cms", "KB5000001")
    bench.enter()
    assert bench.must("windows_update", target="cms")["changed"]
    again = bench.must("windows_update", target="cms")
    assert (again["changed"], again["windows_update"]["restart_required"]) == (False, True)


def test_check_mode_follows_itself(bench: Windows) -> None:
    bench.wait("cms", "KB5000001")
    bench.enter()
    first = bench.must("windows_update", target="cms", check=True)
    second = bench.must("windows_update", target="cms", check=True, facts=first["ansible_facts"])
    third = bench.must("restart", target="cms", check=True, facts=second["ansible_facts"])
    assert (first["changed"], second["changed"], third["changed"]) == (True, False, True)
    assert bench.must("restart", target="edge", check=True, facts=third["ansible_facts"])["changed"] is False


def test_a_search_needs_no_maintenance_and_changes_nothing(bench: Windows) -> None:
    bench.wait("host", "KB5000001")
    result = bench.must("windows_update", target="host", state="searched")
    assert not result["changed"] and kbs(result["windows_update"]["found"]) == ["KB5000001"]


def test_a_download_installs_nothing(bench: Windows) -> None:
    bench.wait("host", "KB5000001")
    done = bench.must("windows_update", target="host", state="downloaded")
    again = bench.must("windows_update", target="host", state="downloaded")
    agent = bench.computer.updates
    assert (done["changed"], again["changed"], agent.downloaded, agent.awaiting) == (True, False, {"KB5000001"}, [])


def test_the_work_is_a_task_of_system_without_a_password(bench: Windows) -> None:
    bench.wait("mediation", "KB5000001")
    bench.must("windows_update", target="mediation", state="downloaded")
    ran = bench.ran("Register-ScheduledTask")
    assert {run.machine for run in ran} == {bench.vm("mediation").name}
    assert all(run.parameters["User"] == "SYSTEM" and "Password" not in run.parameters for run in ran)
    assert all("<UserId>S-1-5-18</UserId><RunLevel>" in run.parameters["Xml"] for run in ran)


# --- what is chosen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({}, ["KB5000001", "KB5000002", "KB5000003"]),
        ({"categories": ["SecurityUpdates"]}, ["KB5000001"]),
        ({"categories": ["update rollups", "Security Updates"]}, ["KB5000001", "KB5000002"]),
        ({"accept": ["5000002"]}, ["KB5000002"]),
        ({"reject": ["kb5000002"]}, ["KB5000001", "KB5000003"]),
        ({"accept": ["KB5000002"], "reject": ["KB5000002"]}, []),
    ],
)
def test_what_is_taken(bench: Windows, options: dict[str, Any], chosen: list[str]) -> None:
    bench.wait(
        "host",
        "KB5000001",
        {"kb": "KB5000002", "categories": ["Update Rollups"]},
        {"kb": "KB5000003", "categories": ["Tools"]},
    )
    found = bench.must("windows_update", target="host", state="searched", **options)["windows_update"]
    assert kbs(found["found"]) == chosen
    assert all(one["reason"] for one in found["left_out"]) and len(found["left_out"]) == 3 - len(chosen)


def test_one_that_may_ask_a_person_is_left_out_and_named(bench: Windows) -> None:
    bench.wait("host", {"kb": "KB5000001", "asks": True})
    bench.enter()
    result = bench.must("windows_update", target="host")
    assert not result["changed"] and "ask a person" in result["windows_update"]["left_out"][0]["reason"]


@pytest.mark.parametrize(("accept", "chosen"), [([], ["KB5000001"]), (["KB5000002"], ["KB5000002"])])
def test_an_optional_one_is_taken_where_it_is_named_only(bench: Windows, accept: list[str], chosen: list[str]) -> None:
    bench.wait("host", "KB5000001", {"kb": "KB5000002", "optional": True})
    found = bench.must("windows_update", target="host", state="searched", accept=accept)["windows_update"]
    assert kbs(found["found"]) == chosen and len(found["left_out"]) == 1
    assert accept or "optional" in found["left_out"][0]["reason"]


def test_a_search_that_may_have_missed_some_is_a_warning(bench: Windows) -> None:
    bench.computer.updates.search_warns = ["0x80244022 the server is not available"]
    result = bench.must("windows_update", target="host", state="searched")
    assert "may have missed some: 0x80244022" in result["warnings"][0]


def test_one_that_has_to_be_alone_comes_first_and_alone(bench: Windows) -> None:
    bench.wait("host", {"kb": "KB5000001"}, {"kb": "KB5000002", "exclusive": True, "restart": False})
    bench.enter()
    bench.must("windows_update", target="host")
    assert bench.computer.updates.installed == ["KB5000002"]
    assert [one.kb for one in bench.computer.updates.awaiting] == ["KB5000001"]


def test_what_is_no_kb_is_an_option_that_is_wrong(bench: Windows) -> None:
    assert bench.do("windows_update", target="host", accept=["all"])["failure"]["class"] == "option"


def test_a_vm_without_its_address_is_refused(bench: Windows) -> None:
    vms = {name: address for name, address in bench.reach("cce-1")["vms"].items() if name != "ad"}
    assert bench.do("windows_update", target="ad", vms=vms)["failure"]["class"] == "option"


@pytest.mark.parametrize(("source", "selection"), [("configured", 0), ("windows_update", 2)])
def test_the_source_is_handed_on(bench: Windows, source: str, selection: int) -> None:
    bench.must("windows_update", target="host", state="searched", source=source)
    requests = [run.parameters["Value"] for run in bench.ran("New-Item") if "search" in str(run.parameters["Path"])]
    asked = [json.loads(text)["request"] for text in requests if "bridge" in text]
    assert [one["server"] for one in asked] == [selection]


@pytest.mark.parametrize(("state", "stays"), [("searched", True), ("downloaded", True), ("installed", False)])
def test_an_installation_takes_the_proof_of_calls_away(bench: Windows, state: str, stays: bool) -> None:
    bench.must("call_proof", version="2.1", way="command", command={"argv": ["true"]})
    bench.wait("edge", "KB5000001")
    bench.enter()
    bench.must("windows_update", target="edge", state=state)
    info = bench.info()
    assert (info["proof"] is not None, info["proof_due"] is None) == (stays, stays)


def test_a_proof_that_is_due_is_so_until_it_is_made(bench: Windows) -> None:
    bench.wait("host", {"kb": "KB5000001", "restart": False})
    bench.enter()
    bench.must("windows_update", target="host")
    assert bench.must("windows_update", target="host", check=True)["changed"] is False
    bench.must("maintenance", state="absent")
    unproven = bench.do("call_proof", version="2.1", way="signoff")
    assert unproven["failure"]["class"] == "calls-not-proven" and bench.info()["proof_due"] is not None
    proven = bench.must("call_proof", version="2.1", way="command", command={"argv": ["true"]})
    assert proven["changed"] and bench.info()["proof_due"] is None


def test_calls_from_before_an_installation_are_no_proof_of_it(bench: Windows) -> None:
    bench.do("call_proof", version="2.1", way="signoff")
    bench.lab.advance(600)
    signed = [{"appliance": "cce-1", "by": "Ann", "at": bench.lab.world.now().isoformat()}]
    bench.lab.advance(600)
    bench.wait("host", {"kb": "KB5000001", "restart": False})
    bench.enter()
    bench.must("windows_update", target="host")
    bench.must("maintenance", state="absent")
    assert bench.do("call_proof", version="2.1", way="signoff", signoffs=signed)["failed"]


def test_check_mode_predicts_that_a_proof_is_due(bench: Windows) -> None:
    bench.must("call_proof", version="2.1", way="command", command={"argv": ["true"]})
    bench.wait("edge", "KB5000001")
    bench.enter()
    first = bench.must("windows_update", target="edge", check=True)
    assert bench.must("call_proof", version="2.1", way="signoff", check=True, facts=first["ansible_facts"])["changed"]
    assert bench.info()["proof_due"] is None


# --- what is refused ----------------------------------------------------------------------------------------------------


def test_calls_can_live_on_it(bench: Windows) -> None:
    bench.wait("edge", "KB5000001")
    refused = bench.do("windows_update", target="edge")
    assert refused["failure"]["class"] == "in-service" and bench.vm("edge").computer.updates.installed == []


def test_somebody_agreed_by_name(bench: Windows) -> None:
    bench.wait("host", {"kb": "KB5000001", "restart": False})
    result = bench.must("windows_update", target="host", in_service_consent={"by": "J. Doe", "reason": "worm"})
    assert result["changed"] and "as J. Doe agreed: worm" in result["warnings"][0]


def test_consent_does_not_cover_for_a_neighbour(bench: Windows) -> None:
    bench.wait("host", "KB5000001")
    bench.lab.appliance("cce-2").computer.power_off()
    refused = bench.do("windows_update", target="host", in_service_consent={"by": "J. Doe", "reason": "worm"})
    assert refused["failure"]["class"] == "capacity"


def test_nothing_is_installed_while_a_restart_is_waited_for(bench: Windows) -> None:
    bench.wait("host", "KB5000001")
    bench.enter()
    bench.computer.want_restart()
    refused = bench.do("windows_update", target="host")
    assert refused["failure"]["class"] == "pending-restart" and "restart operation" in refused["msg"]


# --- what fails ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", list(windows_update.CODES)[:6] + [0x8024F00F])
@pytest.mark.parametrize("what", ["install_fails", "download_fails"])
def test_a_code_is_named_with_its_remedy(bench: Windows, what: str, code: int) -> None:
    bench.wait("mediation", {"kb": "KB5000001", "restart": False}, {"kb": "KB5000002", what: code})
    bench.enter()
    failed = bench.do("windows_update", target="mediation")
    found = windows_update.CODES.get(code, windows_update.UNKNOWN_CODE)
    assert failed["failure"]["class"] == "windows-update" and failed["failure"]["retry"] is found.retry
    assert (
        f"KB5000002: 0x{code:08X}" in failed["msg"] and found.meaning in failed["msg"] and found.remedy in failed["msg"]
    )
    assert kbs(failed["failure"]["installed"]) == ["KB5000001"] and bench.leftovers() == []


@pytest.mark.parametrize("code", list(windows_update.CODES))
def test_every_code_says_what_to_do(code: int) -> None:
    found = windows_update.CODES[code]
    assert found.meaning.endswith(".") and found.remedy.endswith(".") and found.name.isupper()
    assert code >= 0x80000000 and windows_update.told(f"0x{code:08X}").startswith(f"0x{code:08X} ({found.name}")


@pytest.mark.parametrize("target", ["host", "mediation"])
def test_a_search_that_fails(bench: Windows, target: str) -> None:
    bench.at(target).updates.search_fails = 0x8024402C
    failed = bench.do("windows_update", target=target, state="searched")
    assert failed["failure"]["code"] == "0x8024402C" and "WSUSServer of the ini" in failed["failure"]["remedy"]
    assert not failed["changed"] and bench.leftovers() == []


def test_one_that_hangs_is_ended_by_windows_and_the_remedy_works(bench: Windows) -> None:
    bench.wait("mediation", {"kb": "KB5000001", "hangs": True})
    bench.enter()
    failed = bench.do("windows_update", target="mediation", timeout=1800)
    assert failed["failure"]["class"] == "windows-update-hangs" and "within" not in failed["msg"]
    bench.wait("mediation", "KB5000001")
    bench.must("windows_update", target="mediation")
    assert [one.kb for one in bench.at("mediation").updates.awaiting] == ["KB5000001"] and bench.leftovers() == []


@pytest.mark.parametrize("stop", [{"vm_access": False}])
def test_a_vm_that_lets_nobody_in(stop: dict[str, Any]) -> None:
    bench = Windows(switches=stop)
    assert bench.do("windows_update", target="cms", state="searched")["failed"]


# --- what is lost -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["host", "mediation"])
def test_killed_at_every_exchange_and_run_again(target: str) -> None:
    for after in range(30):
        bench = Windows()
        bench.wait(target, "KB5000001")
        bench.enter()
        ended = bench.abandoned(after, "windows_update", target=target, poll_interval=300) < 0
        bench.lab.advance(600)
        agent = bench.at(target).updates
        assert bench.computer.files.exists(paths.record(proof.NAME)) or not agent.awaiting, after
        bench.must("windows_update", target=target)
        assert ([one.kb for one in agent.awaiting], bench.leftovers()) == (["KB5000001"], []), after
        if ended:
            break
    assert ended and after > 5


@pytest.mark.parametrize("target", ["host", "mediation"])
@pytest.mark.parametrize("moment", [30, 120, 400, 700])
def test_the_host_restarts_meanwhile(target: str, moment: int) -> None:
    bench = Windows()
    bench.wait(target, {"kb": "KB5000001", "seconds": 600})
    bench.enter()
    bench.lab.world.env.process(_restart_later(bench, moment))
    with suppress(AnsibleConnectionFailure):
        bench.do("windows_update", target=target)
    bench.lab.advance(2000)
    bench.must("windows_update", target=target)
    agent = bench.at(target).updates
    assert [one.kb for one in agent.awaiting] + agent.installed == ["KB5000001"] and bench.leftovers() == []


def _restart_later(bench: Windows, moment: int) -> Any:
    yield bench.lab.world.env.timeout(moment)
    bench.appliance.restart()


def test_others_do_not_begin_beside_it(bench: Windows) -> None:
    bench.wait("mediation", {"kb": "KB5000001", "seconds": 100_000})
    bench.enter()
    bench.abandoned(8, "windows_update", target="mediation")
    assert bench.info()["jobs"] == ["windows-update-mediation"]
    assert bench.do("restart", target="mediation", condition="always")["failure"]["class"] == "job-open"
    assert bench.do("maintenance", state="absent")["failure"]["class"] == "job-open"
