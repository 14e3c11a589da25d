"""Automatic update of a site is suspended for an upgrade and put back, whatever dies meanwhile. Judged by tenant and share."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import hold
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.host import Host

from lab.inprocess import Lab
from tests.bench import HOST, JOBS, NEIGHBOUR, ORDER, SHARE, Bench, describe, reach
from tests.operations import operate, prepare

FILE = rf"{SHARE}\sfb.cloud_connector.suspended"
SET_SITE = "Set-CsHybridPSTNSite"
LOGON = "New-CsOnlineSession"


class Suspending(Bench):
    """The site oslo with automatic update on, unless it is said to be off."""

    def __init__(self, *, on: bool = True, before: str = "package", **more: Any) -> None:
        super().__init__(before, **more)
        self.tenant = self.lab.world.tenant.sites["oslo"]
        self.tenant.enable_auto_update = on
        self.share = self.lab.world.network.files

    def options(self, module: str) -> dict[str, Any]:
        return {**self.reach(HOST), "site": self.site()} if module == "automatic_update" else super().options(module)

    def suspend(self, **more: Any) -> Any:
        return self.do("automatic_update", state="suspended", **more)

    def restore(self, **more: Any) -> Any:
        return self.do("automatic_update", state="restored", **more)

    @property
    def on(self) -> bool:
        return self.tenant.enable_auto_update

    @property
    def note(self) -> str | None:
        """What is written down on the site."""
        return self.share.read_text(FILE) if self.share.exists(FILE) else None

    def logons(self) -> int:
        return len(self.lab.record.cmdlets(name=LOGON))


# --- at the end as at the start --------------------------------------------------------------------------------------


def test_what_was_on_is_written_down_switched_off_and_put_back() -> None:
    bench = Suspending()
    done = bench.suspend()
    assert done["changed"] and not bench.on and '"site": "oslo"' in str(bench.note)
    assert bench.changes() == ["New-Item", "Move-Item", SET_SITE]
    assert done["automatic_update"]["enabled"] is False and done["automatic_update"]["suspended"]["site"] == "oslo"
    assert len(done["changes"]) == 2
    back = bench.restore()
    assert back["changed"] and bench.on and bench.note is None
    assert bench.changes() == [SET_SITE, "Remove-Item"]


def test_what_was_off_is_left_off_and_nothing_is_written() -> None:
    bench = Suspending(on=False)
    assert not bench.suspend()["changed"] and bench.changes() == [] and bench.note is None
    assert not bench.restore()["changed"] and bench.changes() == [] and not bench.on


@pytest.mark.parametrize("state", ["suspended", "restored"])
def test_check_mode_says_what_would_be_done_and_does_nothing(state: str) -> None:
    bench = Suspending()
    if state == "restored":
        bench.suspend()
    before = (bench.on, bench.note)
    predicted = bench.do("automatic_update", state=state, check=True)
    assert predicted["changed"] and bench.changes() == [] and (bench.on, bench.note) == before
    done = bench.do("automatic_update", state=state)
    assert done["changes"] == predicted["changes"]
    assert not bench.do("automatic_update", state=state)["changed"] and bench.changes() == []


def test_check_mode_of_the_upgrade_goes_on_as_if_it_were_off() -> None:
    bench = Suspending()
    facts = bench.suspend(check=True)["ansible_facts"]
    assert "failed" not in bench.do("package", check=True, facts=facts)
    assert bench.logons() == 1


def test_a_second_suspension_leaves_what_is_written_down_word_by_word() -> None:
    bench = Suspending()
    bench.suspend()
    kept = bench.note
    bench.lab.advance(3600)
    assert not bench.suspend()["changed"] and bench.note == kept
    bench.tenant.enable_auto_update = True
    assert bench.suspend()["changed"] and (bench.on, bench.note) == (False, kept)
    assert bench.changes() == [SET_SITE]


def test_the_name_is_sent_as_the_tenant_spells_it() -> None:
    bench = Suspending()
    sites = bench.lab.world.tenant.sites
    bench.tenant.name = "OSLO"
    sites["OSLO"] = sites.pop("oslo")
    assert bench.suspend()["changed"] and not bench.on
    assert bench.restore()["changed"] and bench.on


# --- the person's word -----------------------------------------------------------------------------------------------


def test_who_switches_it_on_meanwhile_stops_the_upgrade_and_finds_it_on_in_the_end() -> None:
    bench = Suspending(before="version")
    bench.suspend()
    bench.tenant.enable_auto_update = True
    refused = bench.do("version")
    assert refused["failure"]["class"] == "auto-update-on" and bench.changes() == []
    again = bench.suspend()
    assert "somebody has switched it on" in again["warnings"][0] and not bench.on
    assert "failed" not in bench.do("version")
    bench.restore()
    assert bench.on and bench.note is None


def test_what_is_on_already_is_not_set_again_and_the_file_goes() -> None:
    bench = Suspending()
    bench.suspend()
    bench.tenant.enable_auto_update = True
    assert bench.restore()["changed"] and bench.changes() == ["Remove-Item"]
    assert bench.on and bench.note is None


def test_who_wants_it_to_stay_off_says_so() -> None:
    bench = Suspending()
    bench.suspend()
    before = bench.logons()
    assert bench.do("automatic_update", state="forgotten")["changed"] and bench.changes() == ["Remove-Item"]
    assert (bench.on, bench.note, bench.logons()) == (False, None, before)
    assert not bench.restore()["changed"] and not bench.on


@pytest.mark.parametrize(("state", "meanwhile"), [("suspended", False), ("restored", True)])
def test_what_somebody_sets_between_reading_and_act_is_left_alone(state: str, meanwhile: bool) -> None:
    bench = Suspending()
    if state == "restored":
        bench.suspend()
    note = bench.note
    bench.mark()
    action = bench.prepare("automatic_update", state=state)
    ask = action.ask_tenant

    def ask_and_change(found: Any) -> Any:
        known = ask(found)
        bench.tenant.enable_auto_update = meanwhile
        return known

    action.ask_tenant = ask_and_change
    result = action.run(task_vars={"inventory_hostname": HOST})
    assert (bench.on, bench.note) == (meanwhile, note)
    if state == "restored":
        assert result["failure"]["class"] == "fence" and "Run the same command again." in result["failure"]["remedy"]
    assert SET_SITE not in bench.changes()


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "true",
        '{"site": "lima", "auto_update": true, "since": "x", "by": "y"}',
        '{"site": "oslo", "auto_update": false, "since": "x", "by": "y"}',
        '{"site": "oslo", "auto_update": true, "since": "x", "by": "a\\u001bb"}',
    ],
)
def test_a_strange_file_is_not_acted_on(text: str) -> None:
    bench = Suspending()
    bench.share.write_text(FILE, text)
    for state in ("suspended", "restored"):
        assert bench.do("automatic_update", state=state)["failed"]
        assert bench.changes() == [] and bench.on
    assert bench.note == text


def test_it_is_not_put_back_beside_work_that_is_not_finished_unless_that_is_said() -> None:
    bench = Suspending()
    bench.suspend()
    bench.do("package")
    refused = bench.restore()
    assert refused["failure"]["class"] == "work-unfinished" and bench.changes() == [] and not bench.on
    assert "cce-1 holds the site's out-of-service slot" in refused["msg"]
    assert bench.restore(unfinished=True)["changed"] and bench.on


def test_it_is_not_put_back_while_the_site_is_on_hold_after_a_rollback() -> None:
    bench = Suspending()
    bench.suspend()
    held = hold.make("oslo", "Ann", "no calls out", Version("2.1"), Version("2.0.1"), bench.lab.world.now(), "0" * 32)
    bench.share.write_text(hold.path(SHARE), held.text)
    refused = bench.restore()
    assert refused["failure"]["class"] == "work-unfinished" and "on hold since" in refused["msg"] and not bench.on
    assert bench.restore(unfinished=True)["changed"] and bench.on


def test_between_two_msis_the_tenant_cannot_be_asked_and_nothing_is_done() -> None:
    bench = Suspending()
    bench.suspend()
    bench.appliance.msi = None
    again = bench.suspend()
    assert not again.get("failed") and not again["changed"] and "module is missing" in again["warnings"][0]


def test_a_cmdlet_that_does_nothing_is_found_out() -> None:
    bench = Suspending()
    bench.lab.fault(HOST, cmdlet=SET_SITE, when="before", action="error", text="Busy.")
    failed = bench.suspend()
    assert failed["failed"] and "Busy." in failed["msg"] and bench.on and bench.note
    assert bench.suspend()["changed"] and not bench.on


# --- sessions and waiting --------------------------------------------------------------------------------------------


def test_sessions_one_to_look_and_one_to_act_which_confirms_itself() -> None:
    bench = Suspending()
    bench.suspend()
    assert bench.logons() == 2
    bench.suspend()
    assert bench.logons() == 3
    bench.restore()
    assert bench.logons() == 5
    bench.restore()
    assert bench.logons() == 5
    assert bench.lab.record.tenant_sessions().left_open == 0
    assert bench.lab.record.tenant_sessions().most_at_once == 1


def test_an_update_that_is_under_way_is_waited_for_though_it_is_off_now(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Suspending()
    for machine in bench.appliance.running_set or ():
        machine.computer.windows_updates = 1
    over: list[Any] = []
    bench.lab.update(HOST, "OsUpdate").callbacks.append(lambda _: over.append(bench.lab.world.now()))
    bench.lab.advance(10)
    assert bench.suspend()["changed"] and not bench.on and not over
    assert "failed" not in bench.do("package", update_wait=30_000)
    assert over and "waits for the end of an automatic update" in capsys.readouterr().out


# --- a controller that dies ------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The controller is gone."""


@contextmanager
def killed(at: int, after: bool, count: list[int]) -> Iterator[None]:
    """The controller dies at one of the exchanges with its own appliance, before or after it is done; 0: at none."""
    exchange = Host.exchange

    def counted(host: Any, *given: Any) -> Any:
        count[0] += 1
        if count[0] == at and not after:
            raise Killed
        found = exchange(host, *given)
        if count[0] == at:
            raise Killed
        return found

    with pytest.MonkeyPatch.context() as patch, suppress(Killed):
        patch.setattr(Host, "exchange", counted)
        yield


def turn(bench: Suspending, at: int = 0, *, after: bool = False, modules: Sequence[str] = ORDER) -> int:
    """The turn of the appliance in the upgrade, killed at an exchange; returns how many there were."""
    count = [0]
    with killed(at, after, count):
        for module in ("suspended", *modules, "restored"):
            if module in ORDER:
                result = bench.do(module, **({"poll_interval": 4000} if module in JOBS else {}))
            else:
                result = bench.do("automatic_update", state=module)
            assert "failed" not in result, (at, module, result["msg"])
    return count[0]


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_each_exchange_the_rerun_ends_as_it_began(on: bool, after: bool) -> None:
    whole = turn(Suspending(on=on), modules=())
    assert whole >= (8 if on else 3)
    for at in range(1, whole + 1):
        bench = Suspending(on=on)
        turn(bench, at, after=after, modules=())
        assert bench.on is on or bench.note is not None
        turn(bench, modules=())
        assert (bench.on, bench.note) == (on, None), at


def test_killed_at_many_exchanges_of_a_whole_upgrade() -> None:
    """Every seventh one, in turn before and after it; `make chaos` and the tests of a turn have the others."""
    whole = turn(Suspending())
    for at in range(3, whole + 1, 7):
        bench = Suspending()
        turn(bench, at, after=bool(at % 2))
        assert bench.note is not None or bench.on
        bench.settle()
        turn(bench)
        assert (bench.on, bench.note) == (True, None), at
        assert bench.lab.snapshot(HOST)["running"] == "2.1"


STEPS = ["New-Item", "Move-Item", "Get-Content", SET_SITE, "Get-CsHybridPSTNAppliance", "Remove-PSSession"]


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("cmdlet", [*STEPS, "Remove-Item", "Test-Path"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_host_dies_at_each_step_within_the_session(on: bool, cmdlet: str, when: str) -> None:
    """Inside of one exchange, too: the request is cut between any two of its steps."""
    bench = Suspending(on=on)
    for state in ("suspended", "restored"):
        bench.lab.fault(HOST, cmdlet=cmdlet, when=when, action="die_host")
        with suppress(AnsibleConnectionFailure):
            bench.do("automatic_update", state=state)
        assert bench.on is on or bench.note is not None
        bench.appliance.faults.clear()
        bench.settle(3600)
        result = bench.do("automatic_update", state=state)
        assert "failed" not in result, result["msg"]
    assert (bench.on, bench.note) == (on, None)


# --- many --------------------------------------------------------------------------------------------------------------


def race(lab: Lab, hosts: list[str], state: str) -> list[dict[str, Any]]:
    """The module on several hosts or by several controllers, each exchange in turn."""
    results: list[dict[str, Any]] = [{} for _one in hosts]
    barrier = threading.Barrier(len(hosts))

    def run(number: int, host: str) -> None:
        action = prepare(lab, host, "automatic_update", {**reach(host), "state": state})
        read = action._read

        def together() -> Any:
            found = read()
            if not getattr(action, "_met", False):
                action._met = True
                barrier.wait(30)
            return found

        action._read = together
        results[number] = dict(action.run(task_vars={"inventory_hostname": host}))

    threads = [threading.Thread(target=run, args=(number, host)) for number, host in enumerate(hosts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.parametrize("on", [True, False])
def test_three_controllers_write_it_down_once_and_put_it_back_once(on: bool) -> None:
    lab = Lab.from_description(describe({HOST: {}, NEIGHBOUR: {}}))
    site, files = lab.world.tenant.sites["oslo"], lab.world.network.files
    site.enable_auto_update = on
    for state, wanted in (("suspended", False), ("restored", on)):
        first = race(lab, [HOST, NEIGHBOUR, HOST], state)
        # Where one has the lease of the site, the others may find that it is not theirs.
        assert {one["failure"]["class"] for one in first if one.get("failed")} <= {"lease-lost", "lease-held"}
        assert any("failed" not in one for one in first)
        assert site.enable_auto_update is wanted
        again = operate(lab, NEIGHBOUR, "automatic_update", **reach(NEIGHBOUR), state=state)
        assert "failed" not in again and not again["changed"]
    assert not files.exists(FILE)


def test_two_sites_keep_what_is_theirs() -> None:
    described = describe({HOST: {}})
    second = {**described["sites"][0], "name": "lima", "appliances": ["cce-9"]}
    lab = Lab.from_description({**described, "sites": [*described["sites"], second]})
    sites = lab.world.tenant.sites
    sites["oslo"].enable_auto_update, sites["lima"].enable_auto_update = True, False
    places: dict[str, dict[str, Any]] = {HOST: reach(HOST), "cce-9": {**reach(HOST), "site_directory": r"\\files\lima"}}
    places["cce-9"].pop("vms")
    for state in ("suspended", "restored"):
        done = {host: operate(lab, host, "automatic_update", **at, state=state) for host, at in places.items()}
        assert [one["changed"] for one in done.values()] == [True, False], done
    assert (sites["oslo"].enable_auto_update, sites["lima"].enable_auto_update) == (True, False)
