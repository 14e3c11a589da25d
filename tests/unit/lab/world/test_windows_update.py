"""Windows updates of hosts and VMs: what is found when, what fails, who may install, and what a restart does."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from lab.cmdlets.windows import update_program
from lab.inprocess import Lab
from lab.world.network import LocalLogon
from lab.world.windows_update import Update, described

PROGRAM = Path(__file__).parents[4] / "plugins/plugin_utils/bridge/windows_update.ps1"
SYSTEM = LocalLogon("SYSTEM", delegates=False)
REMOTE = LocalLogon("Administrator", "remote", delegates=False)
JOB = r"C:\job"


@pytest.fixture
def vm(lab):
    return lab.appliance("cce-1").running_set.machines["Mediation"]


def told(lab, computer, logon=SYSTEM, **request):
    """What the program reports, run by powershell.exe as the job runner would."""
    text = json.dumps({"bridge": PROGRAM.read_text("utf-8"), "request": {"server": 0, **request}})
    computer.files.write_text(rf"{JOB}.request", text)
    computer.files.remove(rf"{JOB}.answer") if computer.files.exists(rf"{JOB}.answer") else None
    script = f"# sfb.cloud_connector job\n$job = '{JOB}'\n"
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    process = computer.launch("powershell.exe", f"-EncodedCommand {encoded}", logon)
    lab.world.env.run(until=process)
    line = computer.files.read_text(rf"{JOB}.answer").strip().removeprefix("#cc-bridge# ")
    return json.loads(line)["results"][0]["output"][0]


def kbs(report):
    return [row["kbs"][0] for row in report["updates"]]


def take(report):
    return [row["id"] for row in report["updates"]]


def test_the_lab_knows_the_program_and_answers_with_all_it_answers(lab, vm):
    """It is recognised by its first line; every name of its report stands in the text, and no other."""
    text = PROGRAM.read_text("utf-8")
    assert text.startswith(update_program.MARK + "\n")
    vm.computer.windows_updates = 1
    report = told(lab, vm.computer)
    assert all(f"{name} =" in text for name in (*report, *report["updates"][0]))


def test_an_update_needs_two_rounds(lab, vm):
    vm.computer.updates.available = described([{"kb": "KB1"}, {"kb": "KB2", "after": "KB1"}])
    assert vm.computer.windows_updates == 2
    for kb in ("1", "2"):
        report = told(lab, vm.computer)
        assert kbs(report) == [kb] and not report["waits"]
        done = told(lab, vm.computer, take=take(report), install=True)
        assert done["updates"][0]["installed"] and done["waits"]
        assert kbs(told(lab, vm.computer)) == []
        lab.appliance("cce-1").restart_machine(vm)
        lab.advance(121)
    assert (told(lab, vm.computer)["updates"], vm.computer.updates.installed) == ([], ["KB1", "KB2"])


def test_one_that_needs_no_restart_is_in_at_once(lab, vm):
    vm.computer.updates.available = [Update("KB1", restart=False)]
    done = told(lab, vm.computer, take=take(told(lab, vm.computer)), install=True)
    assert (done["waits"], vm.computer.updates.installed) == (False, ["KB1"])


def test_while_a_restart_is_waited_for_nothing_is_installed(lab, vm):
    vm.computer.updates.available = described(["KB1", "KB2"])
    first, second = take(told(lab, vm.computer))
    told(lab, vm.computer, take=[first], install=True)
    assert told(lab, vm.computer, take=[second], install=True)["failure"]["code"] == "0x80240016"


@pytest.mark.parametrize(
    ("update", "code"), [({"download_fails": 0x80072EE2}, "0x80072EE2"), ({"install_fails": 0x800F0922}, "0x800F0922")]
)
def test_it_fails_with_its_code(lab, vm, update, code):
    vm.computer.updates.available = described([{"kb": "KB1", **update}])
    (row,) = told(lab, vm.computer, take=take(told(lab, vm.computer)), install=True)["updates"]
    assert (row["installed"], row["result"], row["code"]) == (False, 4, code)


def test_one_that_fails_once_works_again(lab, vm):
    vm.computer.updates.available = described([{"kb": "KB1", "install_fails": 0x80070643, "fails_times": 1}])
    chosen = take(told(lab, vm.computer))
    installed = [told(lab, vm.computer, take=chosen, install=True)["updates"][0]["installed"] for _ in range(2)]
    assert installed == [False, True]


def test_a_search_fails(lab, vm):
    vm.computer.updates.search_fails = 0x8024402C
    failure = told(lab, vm.computer)["failure"]
    assert (failure["stage"], failure["code"]) == ("search", "0x8024402C")


def test_a_remote_logon_may_search_and_nothing_else(lab, vm):
    vm.computer.windows_updates = 1
    report = told(lab, vm.computer, REMOTE)
    refused = told(lab, vm.computer, REMOTE, take=take(report))
    assert (kbs(report), refused["failure"]["code"]) == (["5000001"], "0x80070005")
    assert told(lab, vm.computer, take=take(report), install=True)["failure"] is None


def test_an_installation_that_hangs_ends_with_the_restart(lab, vm):
    vm.computer.updates.available = [Update("KB1", hangs=True)]
    chosen = take(told(lab, vm.computer))
    lab.world.env.process(_forever(lab, vm, chosen))
    lab.advance(100_000)
    assert vm.computer.updates.busy
    lab.appliance("cce-1").restart_machine(vm)
    lab.advance(121)
    assert not vm.computer.updates.busy


def _forever(lab, vm, chosen):
    request = {"server": 0, "take": chosen, "install": True}
    yield vm.computer.run(update_program.run(vm.computer, SYSTEM, request))


@pytest.mark.parametrize("found", [False, True])
def test_what_waits_for_a_restart_is_found_or_not(make, found):
    lab = make(switches={"pending_updates_found": found})
    vm = lab.appliance("cce-1").running_set.machines["CMS"]
    vm.computer.windows_updates = 1
    told(lab, vm.computer, take=take(told(lab, vm.computer)), install=True)
    assert [row["waits"] for row in told(lab, vm.computer)["updates"]] == ([True] if found else [])


@pytest.mark.parametrize(("used", "server"), [(1, "http://wsus:8530"), (0, None), (None, None)])
def test_the_server_of_policy_is_named_where_policy_has_it_asked(lab, vm, used, server):
    vm.computer.registry.set(update_program.POLICY, {"WUServer": "http://wsus:8530"})
    if used is not None:
        vm.computer.registry.set(rf"{update_program.POLICY}\AU", {"UseWUServer": used})
    assert told(lab, vm.computer)["server"] == server


@pytest.mark.parametrize("seconds", [0.0, 180.0])
def test_services_of_a_vm_may_need_minutes_after_its_boot(make, seconds):
    lab = make(switches={"boot_services_seconds": seconds})
    appliance = lab.appliance("cce-1")
    appliance.restart_machine(appliance.running_set.machines["Mediation"])
    lab.advance(121)
    assert lab.snapshot("cce-1")["in_service"] is (not seconds)
    lab.advance(seconds)
    assert lab.snapshot("cce-1")["in_service"]


def test_a_vm_that_restarts_runs_for_hyper_v_and_comes_back_with_its_host(lab):
    appliance = lab.appliance("cce-1")
    vm = appliance.running_set.machines["Mediation"]
    appliance.restart_machine(vm)
    lab.advance(10)
    step = {"name": "vms", "cmdlet": "Get-VM", "parameters": {}, "keep": ["State"]}
    answer = lab.connection("cce-1").exchange({"protocol": 1, "steps": [step], "answers": []})
    assert {one["State"] for one in answer["results"][0]["output"]} == {"Running"} and not vm.on
    appliance.restart()
    lab.advance(500)
    assert vm.on and lab.snapshot("cce-1")["in_service"]


@pytest.mark.parametrize("target", ["host", "Mediation"])
def test_shutdown_restarts_after_a_while_and_can_be_called_off(lab, target):
    appliance = lab.appliance("cce-1")
    computer = appliance.computer if target == "host" else appliance.running_set.machines[target].computer

    def shutdown(arguments):
        return lab.world.env.run(until=computer.launch("shutdown.exe", arguments, SYSTEM))

    assert (shutdown("/r /t 10"), shutdown("/r /t 10"), shutdown("/a"), shutdown("/a")) == (0, 1190, 0, 1116)
    lab.advance(1000)
    began = computer.boot_time
    shutdown("/r /t 10")
    lab.advance(1000)
    assert computer.up and computer.boot_time > began


def test_updates_are_described_by_computer():
    site = {"name": "a", "appliances": [{"name": "cce-1", "windows_updates": {"host": ["KB1"], "AD": [{"kb": "KB2"}]}}]}
    appliance = Lab.from_description({"sites": [site]}).appliance("cce-1")
    ad, host = appliance.running_set.machines["AD"].computer, appliance.computer
    assert ([one.kb for one in host.updates.available], ad.windows_updates) == (["KB1"], 1)


@pytest.mark.parametrize("wrong", [{"Ad": []}, {"host": [{"kb": "KB1", "colour": 1}]}, {"host": [{}]}])
def test_a_wrong_description_is_named(wrong):
    site = {"name": "a", "appliances": [{"name": "cce-1", "windows_updates": wrong}]}
    with pytest.raises(ValueError, match="windows_updates: "):
        Lab.from_description({"sites": [site]})
