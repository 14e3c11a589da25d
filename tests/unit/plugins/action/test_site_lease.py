"""The lease of a site: one run works on it, and whoever does not hold it is refused by the appliance itself."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import lease, slot, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Place
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.appliance import ApplianceOperation
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.arguments import Arguments
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.owner import Owner

from lab.cmdlets.cloudconnector.certificates import certificate
from lab.world.building import SERVICE_PASSWORD
from tests import leases
from tests.bench import HOST, JOB, NEIGHBOUR, OURS, SHARE, Bench
from tests.cycle import CREDENTIALS, Cycle
from tests.operations import InProcessConnection, Overtaken, Tapped, prepare, starts_a_job
from tests.racing import InTurn, Race, Turns

ANN, BEN = leases.other("ann-1"), leases.other("ben-1")
FILE = lease.path(SHARE)
CITY = ["Common/City"]


def dead(name: str = "gone-1") -> Owner:
    """A run of this computer that has ended."""
    here = Owner.current({}).machine
    return leases.other(name, boot=here.boot, namespace=here.namespace, pid="999999999")


class Site(Bench):
    """An appliance, its neighbour, and the runs that work on their site; nobody has the lease."""

    def __init__(self, before: str = "configuration", **more: Any) -> None:
        super().__init__(before, **more)
        leases.free(self.lab)

    def action(self, owner: Owner | None, module: str, host: str = HOST, check: bool = False, **options: Any) -> Any:
        given = {**self.options(module), **self.reach(host), **options}
        kept = {name: value for name, value in given.items() if value is not None}
        made = prepare(self.lab, host, module, kept, check=check)
        return made if owner is None else leases.owned(made, owner)

    def run(self, owner: Owner | None, module: str = "configuration", **options: Any) -> dict[str, Any]:
        """What the module returns in that run; None: that of the tests."""
        host = options.pop("host", HOST)
        return dict(self.action(owner, module, host, **options).run(task_vars={"inventory_hostname": host}))

    @property
    def holder(self) -> str | None:
        found = leases.holder(self.lab, SHARE)
        return found.run if found else None

    def held_by(self, owner: Owner, seconds: int = lease.SECONDS) -> None:
        leases.hold(self.lab, owner, seconds)

    def waited(self, begun: float) -> float:
        """The seconds from then until the ini was imported the last time."""
        started = self.lab.record.cmdlets(name="Import-CcConfiguration")[-1].time
        return float(self.lab.now() - (self.lab.world.now() - started).total_seconds() - begun)

    def imports(self) -> int:
        return len(self.lab.record.cmdlets(name="Import-CcConfiguration"))


# --- one works, the others say who ----------------------------------------------------------------------------------------


def at_once(race: Race, owners: list[Owner], module: str, **options: Any) -> dict[str, dict[str, Any]]:
    """What the module returns in each run, all at once, on the appliances in turn."""
    turns = Turns([owner.run for owner in owners])

    def one(owner: Owner, host: str) -> dict[str, Any]:
        def wait(seconds: float) -> None:
            with turns.mine(owner.run):
                race.lab.sleep(seconds)

        action = leases.owned(race.prepare(host, module, **options), owner)
        action._connection = InTurn(race.lab.connection(host), lambda: turns.mine(owner.run))
        action.clock = replace(action.clock, sleep=wait)
        try:
            return dict(action.run(task_vars={"inventory_hostname": host}))
        finally:
            turns.leave(owner.run)

    with ThreadPoolExecutor(len(owners)) as pool:
        hosts = [race.names[number % len(race.names)] for number in range(len(owners))]
        found = {owner.run: pool.submit(one, owner, host) for owner, host in zip(owners, hosts, strict=True)}
    return {run: result.result() for run, result in found.items()}


def test_of_fifty_runs_that_start_at_once_one_works_and_the_others_say_who() -> None:
    race = Race(2, {}, peak_calls=500)
    leases.free(race.lab)
    owners = [leases.other(f"run-{number}") for number in range(50)]
    results = at_once(race, owners, "maintenance", state="present")
    (done,) = [run for run, result in results.items() if "failed" not in result]
    assert len(race.lab.record.cmdlets(name="Enter-CcUpdate")) == 1
    found = leases.holder(race.lab, SHARE)
    assert found is not None and found.run == done
    for run, result in results.items():
        if run != done:
            assert f"is held by {done}@controller (run {done}) since 20" in result["msg"]
            assert result["failure"]["class"] == "lease-held" and "Nothing was changed." in result["msg"]
            assert result["failure"]["holder"]["run"] == done


@pytest.mark.parametrize("start", ["dead", "free"])
def test_of_two_that_want_it_at_once_one_gets_it(start: str) -> None:
    race = Race(2, {}, peak_calls=500)
    leases.free(race.lab)
    if start == "dead":
        leases.hold(race.lab, dead())
    results = at_once(race, [ANN, BEN], "maintenance", state="present")
    (done,) = [run for run, result in results.items() if "failed" not in result]
    (message,) = [result["msg"] for result in results.values() if "failed" in result]
    assert f"is held by {done}@controller" in message
    assert len(race.lab.record.cmdlets(name="Enter-CcUpdate")) == 1


def test_a_sign_of_life_refuses_at_once_and_says_who_and_what_to_do() -> None:
    site = Site()
    site.held_by(ANN)
    action = site.action(BEN, "configuration")
    begun = site.lab.now()

    def sleep(seconds: float) -> None:
        site.lab.sleep(seconds)
        site.lab.world.network.files.write_text(rf"{FILE}.1ea5e{'0' * 27}.beat", f"{site.lab.now()}")

    action.clock = replace(action.clock, sleep=sleep)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert "is held by ann-1@controller (run ann-1) since 20" in result["msg"]
    assert "which has just given a sign of life" in result["msg"]
    assert "cloud_connector_take_over: {site: oslo, by: <name>" in result["msg"]
    assert site.lab.now() - begun < lease.SECONDS / 2 and site.changes() == [] and site.holder == "ann-1"


def test_a_run_gives_signs_of_life_while_it_waits_for_a_job() -> None:
    """So nobody takes the site from it during the hours of a deployment."""
    site, times, exchanges = Site("deployment"), list[float](), list[int]()

    def look(request: dict[str, Any]) -> None:
        exchanges.append(len(request["steps"]))
        if any(step["name"] == lease.BEAT for step in request["steps"]):
            times.append(site.lab.now())

    action = site.action(ANN, "deployment", poll_interval=15)
    action._connection = Tapped(site.lab.connection(HOST), before=look)
    assert "failed" not in action.run(task_vars={"inventory_hostname": HOST})
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    assert len(times) > 10 and max(gaps) <= lease.SECONDS / 3
    assert len(times) < len(exchanges) / 2 + 5


def test_a_reading_that_waits_gives_signs_of_life_of_its_run() -> None:
    site = Site("health")
    site.held_by(ANN)
    site.appliance.msi = "2.0.1"
    assert site.run(ANN, "health", wait=600, site=None)["failed"]
    beats = [run for run in site.lab.record.cmdlets(mutating=True) if "beat" in str(run.parameters)]
    assert len(beats) >= 3
    site.mark()
    assert site.run(BEN, "health", wait=600, site=None)["failed"] and site.ran() != []
    assert site.lab.record.cmdlets(mutating=True) == beats


# --- an owner that was stopped ---------------------------------------------------------------------------------------------


def stopped_at(site: Site, module: str, at: Callable[[dict[str, Any]], bool], meanwhile: Callable[[], Any]) -> Any:
    """The run of Ann is stopped right before the request that `at` picks is delivered, and goes on after `meanwhile`."""
    once = iter([meanwhile])

    def stop(request: dict[str, Any]) -> None:
        if at(request):
            next(once, lambda: None)()

    action = site.action(ANN, module)
    action._connection = Overtaken(site.lab.connection(HOST), stop)
    return action.run(task_vars={"inventory_hostname": HOST})


def test_an_owner_that_wakes_up_after_a_takeover_is_refused_by_the_appliance() -> None:
    site, told = Site(), list[dict[str, Any]]()

    def takes_over() -> None:
        told.append(site.run(BEN, "call_logging", host=NEIGHBOUR, state="started", version=None))

    result = stopped_at(site, "configuration", starts_a_job, takes_over)
    assert "failed" not in told[0] and told[0]["changed"], told
    assert site.imports() == 0 and result["failure"]["class"] == "lease-lost"
    assert "cce-1 refused the next step of this run" in result["msg"]
    assert "now it is held by ben-1@controller (run ben-1) since 20" in result["msg"]
    assert site.holder == "ben-1"


def test_the_same_while_its_job_runs_which_the_other_run_collects() -> None:
    site, told = Site("deployment"), list[dict[str, Any]]()
    looks = iter(range(100))

    def third_look(request: dict[str, Any]) -> bool:
        return request["steps"][-1]["name"] == "claim" and next(looks) == 2

    result = stopped_at(site, "deployment", third_look, lambda: told.append(site.run(BEN, "deployment")))
    assert "failed" not in told[0] and told[0]["changed"]
    assert len(site.lab.record.cmdlets(name="Install-CcAppliance")) == 1
    assert result["failure"]["class"] == "lease-lost" and "ben-1" in result["msg"]


def test_an_owner_that_lost_the_site_never_takes_it_back_by_name() -> None:
    """Else two runs that both say so would take it from each other for ever."""
    site = Site()
    named = {**site.site(), "take_over": {"by": "Ben", "reason": "the controller of Ann is gone"}}
    site.held_by(ANN)
    assert "failed" not in site.run(BEN, site=named)
    site.content = site.content.replace("City=", "City=Oslo")
    result = site.run(ANN, site={**named, "take_over": {"by": "Ann", "reason": "mine"}}, accept_changes=CITY)
    assert "which took it over from this run" in result["msg"] and site.holder == "ben-1"


def test_a_lease_that_vanished_stops_the_run_too() -> None:
    site = Site()
    result = stopped_at(site, "configuration", starts_a_job, lambda: leases.free(site.lab))
    assert "and nobody has it now" in result["msg"] and site.imports() == 0


# --- taking over -----------------------------------------------------------------------------------------------------------


def test_a_silent_run_is_waited_for_as_long_as_its_lease_says_and_then_taken_over(capsys: Any) -> None:
    site = Site()
    site.held_by(ANN, seconds=300)
    begun = site.lab.now()
    assert site.run(BEN)["changed"] and site.holder == "ben-1"
    assert 300 <= site.waited(begun) < 400
    said = capsys.readouterr().out
    assert "waits for the lease of oslo, which is held by ann-1@controller (run ann-1)" in said
    assert "took the lease of oslo over from ann-1@controller" in said


def test_a_run_of_this_computer_that_has_ended_is_not_waited_for() -> None:
    site = Site()
    site.held_by(dead())
    begun = site.lab.now()
    assert site.run(None)["changed"] and site.waited(begun) < 60


@pytest.mark.parametrize("hours", [-9, 9])
def test_clocks_that_are_hours_apart_make_no_difference(hours: int) -> None:
    site = Site()
    ahead = site.action(ANN, "configuration")
    ahead.clock = replace(ahead.clock, now=lambda: site.lab.world.now() + timedelta(hours=hours))
    assert ahead.run(task_vars={"inventory_hostname": HOST})["changed"]
    found = leases.holder(site.lab, SHARE)
    assert found is not None
    lasts, begun = found.seconds, site.lab.now()
    site.content = site.content.replace("City=", "City=Oslo")
    assert site.run(BEN, accept_changes=CITY)["changed"]
    assert lasts <= site.waited(begun) < 1.5 * lasts


def leave_a_job(site: Site) -> None:
    files = site.lab.appliance(NEIGHBOUR).computer.files
    files.make_folder(rf"{OURS}\jobs")
    files.write_text(rf"{OURS}\jobs\install-2.1.claim", "{}")


def leave_a_slot(site: Site) -> None:
    neighbour = site.lab.appliance(NEIGHBOUR)
    held = slot.make(NEIGHBOUR, neighbour.computer.name, "version", site.lab.world.now(), "5" * 32)
    site.lab.world.network.files.write_text(slot.path(SHARE), held.text)
    step = {"name": "it", "cmdlet": "Enter-CcUpdate", "parameters": {}}
    site.lab.connection(NEIGHBOUR).exchange({"protocol": 1, "steps": [step], "answers": []})


def cannot_be_read(site: Site) -> None:
    site.lab.wire_faults[NEIGHBOUR] = ["refused"] * 99  # type: ignore[list-item]


UNFINISHED = {
    "install-2.1 is under way on cce-2": leave_a_job,
    "the out-of-service slot of oslo is held by cce-2": leave_a_slot,
    "cce-2 could not be read": cannot_be_read,
}


@pytest.mark.parametrize("owner", [ANN, dead()], ids=["silent", "dead"])
@pytest.mark.parametrize("words", UNFINISHED)
def test_nothing_is_taken_over_that_left_something_unfinished_on_another_appliance(words: str, owner: Owner) -> None:
    site = Site()
    site.held_by(owner)
    UNFINISHED[words](site)
    result = site.run(BEN if owner is ANN else None)
    assert words in result["msg"] and "Run the command of that run again" in result["msg"], result["msg"]
    assert site.holder == owner.run and site.imports() == 0 and result["failure"]["class"] == "lease-held"


def test_a_person_may_take_it_over_and_why_is_kept() -> None:
    site = Site()
    site.held_by(ANN)
    leave_a_job(site)
    begun = site.lab.now()
    named = {**site.site(), "take_over": {"by": "Ben Olsen", "reason": "the controller of Ann is gone"}}
    assert site.run(BEN, site=named)["changed"] and site.holder == "ben-1"
    assert site.waited(begun) < 60
    found = leases.holder(site.lab, SHARE)
    assert found is not None and (found.by, found.reason) == ("Ben Olsen", "the controller of Ann is gone")
    (kept,) = site.run(BEN, "site_lease", **LOOK)["takeovers"]
    assert (kept["by"], kept["reason"], kept["run"]) == ("Ben Olsen", "the controller of Ann is gone", "ben-1")
    assert kept["from"].startswith("ann-1@controller")


@pytest.mark.parametrize("missing", ["by", "reason"])
def test_nobody_takes_it_over_without_a_name_and_a_reason(missing: str) -> None:
    site = Site()
    named = {**site.site(), "take_over": {"by": "Ben", "reason": "gone", missing: " "}}
    assert "take_over must name who" in site.run(BEN, site=named)["msg"]


class Killed(BaseException):
    """The controller is gone."""


def killed(seconds: float) -> None:
    """In place of a wait."""
    raise Killed


def test_the_command_of_a_dead_run_finds_its_job_and_collects_it() -> None:
    site = Site("deployment")
    action = site.action(dead(), "deployment")
    action.clock = replace(action.clock, sleep=killed)
    with pytest.raises(Killed):
        action.run(task_vars={"inventory_hostname": HOST})
    assert site.holder == "gone-1" and site.claims() == ["install-2.1.claim"]
    assert site.run(None, "deployment")["changed"]
    assert len(site.lab.record.cmdlets(name="Install-CcAppliance")) == 1 and site.claims() == []


class Cut(InProcessConnection):
    """A connection on which of the first request with a step of that name only the first `steps` steps are run."""

    def __init__(self, appliance: Any, name: str, steps: int) -> None:
        super().__init__(appliance)
        self._name, self._steps = name, steps

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._name not in [step["name"] for step in request["steps"]]:
            return super().answer(request)
        super().answer({**request, "steps": request["steps"][: self._steps]})
        raise ConnectionError("the controller was killed")


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("start", ["free", "dead", "by name"])
def test_a_run_that_is_killed_at_any_step_of_taking_it_leaves_a_site_that_the_next_one_can_take(
    number: int, start: str
) -> None:
    site = Site()
    option = site.site() | ({"take_over": {"by": "Ben", "reason": "gone"}} if start == "by name" else {})
    if start != "free":
        site.held_by(dead("gone-0") if start == "dead" else ANN)
    action = site.action(dead("gone-1"), "configuration", site=option)
    action._connection = Cut(site.lab.connection(HOST), "lease_claimed", number)
    with pytest.raises(AnsibleConnectionFailure):
        action.run(task_vars={"inventory_hostname": HOST})
    assert site.imports() == 0
    assert site.run(None, site=option)["changed"] and site.holder == Owner.current({}).run
    assert site.run(None, "site_lease", **LOOK, state="released")["changed"] and site.holder is None
    assert len(leases.files(site.lab, SHARE)) <= 3


@pytest.mark.parametrize("number", range(4))
def test_a_run_that_is_killed_at_any_step_of_giving_it_back_does_so_when_it_is_run_again(number: int) -> None:
    site = Site()
    assert site.run(None)["changed"]
    action = site.action(None, "site_lease", **LOOK, state="released")
    action._connection = Cut(site.lab.connection(HOST), "lease_ended", number)
    with pytest.raises(AnsibleConnectionFailure):
        action.run(task_vars={"inventory_hostname": HOST})
    assert "failed" not in site.run(None, "site_lease", **LOOK, state="released") and site.holder is None


# --- who needs it, and who takes it ----------------------------------------------------------------------------------------

LOOK: dict[str, Any] = {"version": None}


def test_check_mode_takes_nothing_and_says_who_has_it() -> None:
    site = Site()
    assert site.run(BEN, check=True)["changed"] and leases.files(site.lab, SHARE) == []
    site.held_by(ANN)
    result = site.run(BEN, check=True)
    assert result["changed"] and "The lease of oslo is held by ann-1@controller" in result["warnings"][0]
    assert site.holder == "ann-1" and site.lab.record.cmdlets(mutating=True) == []


def test_a_module_that_has_nothing_to_do_takes_none() -> None:
    site = Site()
    assert site.run(ANN)["changed"]
    assert site.run(BEN)["changed"] is False and site.holder == "ann-1"


@pytest.mark.parametrize("module", ["appliance_info", "health"])
def test_a_module_that_only_reads_needs_none(module: str) -> None:
    site = Site("health")
    site.held_by(ANN)
    result = site.run(BEN, module, site=None, version="2.1" if module == "health" else None)
    assert "failed" not in result and site.holder == "ann-1"
    assert site.lab.record.cmdlets(mutating=True) == []


def test_a_network_logon_that_cannot_write_there_is_refused_before_anything_is_done() -> None:
    site = Site()
    result = dict(site.do("configuration", method="ntlm"))
    assert result["failure"]["class"] == "network-logon" and site.imports() == 0
    assert site.lab.record.cmdlets(mutating=True) == []


def test_a_site_directory_that_can_be_read_but_not_written_is_refused_before_anything_is_done() -> None:
    site = Site()
    site.lab.fault(HOST, cmdlet="New-Item", text="Access to the path is denied.", times=9)
    result = site.run(ANN)
    assert result["failure"]["class"] == "network-logon" and "Nothing was changed." in result["msg"]
    assert site.imports() == 0 and site.holder is None


def test_without_the_option_site_a_module_gives_it_back_at_its_end() -> None:
    site = Site()
    assert site.run(ANN, site=None)["changed"] and site.holder is None
    assert site.run(BEN, content=site.content.replace("City=", "City=Oslo"), accept_changes=CITY, site=None)["changed"]


def test_what_an_operation_before_has_taken_for_the_site_is_kept() -> None:
    site = Site()
    assert site.run(ANN)["changed"]
    site.content = site.content.replace("City=", "City=Oslo")
    assert site.run(ANN, accept_changes=CITY, site=None)["changed"] and site.holder == "ann-1"


@pytest.mark.parametrize(("poll", "lasts"), [(10, 50), (120, 480)])
def test_a_lease_lasts_as_declared_and_no_shorter_than_four_looks_at_a_job(poll: int, lasts: int) -> None:
    site = Site("deployment")
    assert site.run(ANN, "deployment", poll_interval=poll, site={**site.site(), "lease_seconds": 50})["changed"]
    found = leases.holder(site.lab, SHARE)
    assert found is not None and found.seconds == lasts


@pytest.mark.parametrize("seconds", [-1, lease.MOST_SECONDS + 1])
def test_a_time_that_no_lease_can_have_is_refused(seconds: int) -> None:
    site = Site()
    assert "lease_seconds is" in site.run(ANN, site={**site.site(), "lease_seconds": seconds})["msg"]


def test_without_the_option_site_nobody_takes_it_over() -> None:
    site = Site()
    site.held_by(dead())
    result = site.run(None, site=None)
    assert "the option site with all its appliances was not given" in result["msg"] and site.imports() == 0


def test_a_site_of_one_appliance_with_a_directory_of_its_own() -> None:
    site = Site()
    folder = r"C:\Site"
    site.computer.files.make_folder(folder)
    owned = lease.make("gone-1", "x", dead().machine, site.lab.world.now(), 180, "a" * 32)
    site.computer.files.write_text(lease.path(folder), owned.text)
    assert site.run(None, site=None, site_directory=folder)["changed"]
    names = [one.name for one in site.computer.files.list(folder)]
    assert lease.NAME not in names and len(names) <= 3


@pytest.mark.parametrize("text", ["", "{", '{"run": "x"}'])
def test_a_lease_that_is_not_understood_is_held_by_somebody(text: str) -> None:
    site = Site()
    site.lab.world.network.files.write_text(FILE, text)
    result = site.run(ANN)
    assert "is not a lease of this collection" in result["msg"] and site.imports() == 0


def test_what_it_costs_is_two_exchanges_a_run_and_two_to_give_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life ride on what is sent anyway."""
    counted: list[dict[str, Any]] = []
    answer = InProcessConnection.answer
    monkeypatch.setattr(
        InProcessConnection, "answer", lambda self, request: counted.append(request) or answer(self, request)
    )

    def upgrade(site: Site) -> int:
        counted.clear()
        for module in ("configuration", "registration", "download", "deployment"):
            assert "failed" not in site.run(ANN, module)
        return len(counted)

    held, free = Site(), Site()
    held.held_by(ANN)
    without = upgrade(held)
    assert upgrade(free) == without + 2
    counted.clear()
    free.run(ANN, "site_lease", **LOOK, state="released")
    assert len(counted) == 3


# --- the module ------------------------------------------------------------------------------------------------------------


def test_the_cycle_of_giving_it_back() -> None:
    site = Site()
    assert site.run(ANN)["changed"]
    seen = site.run(ANN, "site_lease", **LOOK)
    assert seen["changed"] is False and seen["own"] is True and seen["lease"]["run"] == "ann-1"
    announced = site.run(ANN, "site_lease", **LOOK, state="released", check=True)
    assert announced["changed"] and site.holder == "ann-1"
    done = site.run(ANN, "site_lease", **LOOK, state="released")
    assert done["changes"] == announced["changes"] and done["lease"] is None and site.holder is None
    assert site.run(ANN, "site_lease", **LOOK, state="released")["changed"] is False
    assert "failed" not in site.run(BEN, "site_lease", **LOOK)


def test_the_lease_of_another_run_is_never_given_back() -> None:
    site = Site()
    site.held_by(ANN)
    result = site.run(BEN, "site_lease", **LOOK, state="released")
    assert result["changed"] is False and result["own"] is False and site.holder == "ann-1"


def test_the_lease_of_a_run_of_this_computer_that_has_ended_is_given_back() -> None:
    """It was killed after its last act, and the same command again had nothing to do."""
    site = Site()
    site.held_by(dead())
    assert site.run(None, "site_lease", **LOOK, site=None, state="released")["changed"] is False
    assert site.run(None, "site_lease", **LOOK, state="released")["changed"] and site.holder is None


def test_but_not_where_that_run_left_something_unfinished() -> None:
    site = Site()
    site.held_by(dead())
    leave_a_job(site)
    result = site.run(None, "site_lease", **LOOK, state="released")
    assert "install-2.1 is under way on cce-2" in result["msg"] and site.holder == dead().run


def test_nothing_piles_up_over_a_dozen_claims() -> None:
    site = Site()
    for number in range(12):
        site.content = site.content.replace("City=", f"City={number}", 1)
        owner = leases.other(f"run-{number}")
        assert site.run(owner, accept_changes=CITY)["changed"]
        if number % 2:
            assert site.run(owner, "site_lease", **LOOK, state="released")["changed"]
    assert len(leases.files(site.lab, SHARE)) <= 3


# --- every act of every module carries it ----------------------------------------------------------------------------------


def put_certificate(bench: Any) -> None:
    bench.computer.files.make_folder(r"C:\certs")
    bench.computer.files.write(r"C:\certs\new.pfx", certificate("new", SERVICE_PASSWORD))


ACTS: dict[str, dict[str, Any]] = {
    "call_logging": {"state": "started"},
    "certificate": {**JOB, "path": r"C:\certs\new.pfx"},
    "certification_authority": {**JOB, "operation": "backup"},
    "credential": {
        "operation": "restore",
        "credentials": CREDENTIALS,
        "generation": "1",
    },
    "leftovers": {},
    "directories": {"appliance_directory": r"D:\Cce\ApplianceRoot", "redeploy_afterwards": True},
    "maintenance": {**JOB, "state": "present"},
    "topology": JOB,
}
STEPS = ("package", "configuration", "registration", "download", "deployment", "version", "call_proof")
MODULES = importlib.import_module("tests.unit.plugins.test_documentation").MODULES
ACTIONS = {
    name: importlib.import_module(f"ansible_collections.sfb.cloud_connector.plugins.action.{name}").ActionModule
    for name in MODULES
}


@pytest.mark.parametrize("module", [name for name, action in ACTIONS.items() if issubclass(action, ApplianceOperation)])
def test_no_module_of_an_appliance_can_act_without_the_lease(module: str) -> None:
    """Whatever it does: the one line to the appliance lets no act pass, as long as the lease is not held."""
    bench = Bench()
    made = prepare(bench.lab, HOST, module, {})
    made._begin({"inventory_hostname": HOST})
    place = Place(HOST, "C:\\Cce", SHARE, {})
    made.arguments = SimpleNamespace(**Arguments(place=place, exchange_timeout=9.0).__dict__)
    made._assemble({})
    made.host.timeout = 9.0
    for send in (made.host.exchange, made.jobs.exchange):
        with pytest.raises(ValueError, match="an act without the lease"):
            send([steps.register()])
    assert made.host.exchange([steps.clock()]).results["clock"].errors == []
    assert bench.lab.record.cmdlets(mutating=True) == []


@pytest.mark.parametrize("module", [*ACTS, *STEPS])
def test_every_act_begins_with_the_fence(module: str) -> None:
    """Judged by what the lab says of a cmdlet, not by what the collection does."""
    bench: Any = Cycle() if module in ACTS else Bench(module)
    put_certificate(bench)
    bench.computer.files.make_folder(rf"{OURS}\packages")
    bench.computer.files.write_text(rf"{OURS}\packages\CloudConnector-1.4.2.msi", "old")
    requests: list[dict[str, Any]] = []
    given = {**ACTS.get(module, {}), **({"site": bench.site()} if module == "maintenance" else {})}
    action = bench.prepare(module, **given)
    action._connection = Tapped(bench.lab.connection(HOST), before=requests.append)
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert "failed" not in result and result["changed"], result
    acting = [request for request in requests if any(map(leases.may_change, request["steps"]))]
    assert acting and {request["steps"][0]["name"] for request in acting} == {lease.FENCE}
    assert all(request["steps"][0]["expect"] for request in acting)
    assert (
        module not in STEPS
        or module in ("configuration", "registration", "call_proof")
        or any(map(starts_a_job, acting))
    )
