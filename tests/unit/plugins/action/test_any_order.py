"""Any sequence of the modules, from any start, under any fault: what must never happen does not, and the end can be reached."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from ansible.errors import AnsibleConnectionFailure
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.bench import DIRECTORY, HOST, JOBS, NEIGHBOUR, ORDER, WORK, Bench

SLOW = 3000
LONG_WORK = ("Install-CcAppliance", "Switch-CcVersion", "Start-CcDownload")
POINTS = {"Install-CcAppliance": ["AD", "CMS", "Mediation"], "Switch-CcVersion": ["drained", "disconnected", "off"]}


class Abandoned(BaseException):
    """The controller is gone."""


def cmdlet_faults() -> st.SearchStrategy[dict[str, Any]]:
    """A fault in the work of a module, or of one of the file cmdlets around it."""
    cmdlets = st.sampled_from([*WORK.values(), "New-Item", "Move-Item", "Register-ScheduledTask", "Get-Content"])
    action = st.sampled_from(["error", "half_done", "die_host"])
    return st.fixed_dictionaries({"cmdlet": cmdlets, "when": st.sampled_from(["before", "after"]), "action": action})


def deep_faults() -> st.SearchStrategy[dict[str, Any]]:
    """A fault in the middle of the long cmdlets."""
    places = [(cmdlet, point) for cmdlet, points in POINTS.items() for point in points]
    made = st.builds(
        lambda place, action: {"cmdlet": place[0], "point": place[1], "when": "during", "action": action},
        st.sampled_from(places),
        st.sampled_from(["error", "die_host"]),
    )
    return made | st.just({"trouble": "T4"})


def installer_faults() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda point, code: {"cmdlet": "msiexec.exe", "point": point, "action": "exit_code", "code": code},
        st.sampled_from(["/x", "/i"]),
        st.sampled_from([1603, 1618, 3010]),
    )


def wire_faults() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([{"wire": "lost_before"}, {"wire": "lost_after"}])


class AnyOrder(RuleBasedStateMachine):
    """A site of two appliances, of which one is worked on."""

    bench: Bench

    @initialize(before=st.sampled_from(ORDER), half=st.booleans())
    def begin(self, before: str, half: bool) -> None:
        switches = {"install_over_unfinished": "replaced", "failed_services_still_switch": half}
        self.bench = Bench(before, switches=switches)
        self.inis = {self.bench.content, self.bench.text(rf"{DIRECTORY}\CloudConnector.ini")}

    def run(self, module: str, **more: Any) -> dict[str, Any] | None:
        """What a module returns; None when the appliance is unreachable or the controller gone."""
        slow = {"poll_interval": SLOW} if module in JOBS else {}
        try:
            return dict(self.bench.do(module, **slow, **more))
        except (AnsibleConnectionFailure, Abandoned):
            return None

    @rule(module=st.sampled_from(ORDER))
    def done_twice_it_is_done_once(self, module: str) -> None:
        result = self.run(module)
        if result is None or result.get("failed"):
            return
        again = self.run(module)
        assert again is not None and again["changed"] is False and "failed" not in again
        assert self.bench.changes() == []

    @rule(module=st.sampled_from(ORDER))
    def checked_nothing_is_changed(self, module: str) -> None:
        self.run(module, check=True)
        assert self.bench.changes() == []

    @rule(
        module=st.sampled_from(ORDER),
        fault=cmdlet_faults() | deep_faults() | installer_faults(),
        skip=st.integers(0, 3),
    )
    def something_fails(self, module: str, fault: dict[str, Any], skip: int) -> None:
        self.bench.lab.fault(HOST, **fault)
        self.told(self.run(module))
        self.bench.appliance.faults.clear()

    @rule(module=st.sampled_from(ORDER), fault=wire_faults(), at=st.integers(0, 5))
    def the_line_is_cut(self, module: str, fault: dict[str, Any], at: int) -> None:
        self.bench.lab.wire_faults[HOST] = ["none"] * at + [fault["wire"]]  # type: ignore[list-item]
        self.told(self.run(module))
        self.bench.lab.wire_faults.clear()

    @rule(module=st.sampled_from(list(JOBS)))
    def the_controller_goes(self, module: str) -> None:
        def gone(seconds: float) -> None:
            raise Abandoned

        sleep, self.bench.lab.sleep = self.bench.lab.sleep, gone  # type: ignore[method-assign]
        self.told(self.run(module))
        self.bench.lab.sleep = sleep  # type: ignore[method-assign]

    @rule(version=st.sampled_from(["2.0.1", "2.1"]))
    def a_version_is_removed(self, version: str) -> None:
        self.told(self.run("deployment", state="absent", version=version))

    @rule(seconds=st.sampled_from([30, 1000, 20_000]))
    def time_passes(self, seconds: float) -> None:
        self.bench.settle(seconds)

    def told(self, result: dict[str, Any] | None) -> None:
        """Every failure begins with who carries the calls, and says what to do."""
        if result and result.get("failed"):
            assert result["msg"].startswith("oslo: ") and "waiting is" in result["msg"].partition(". ")[0]
            assert result["failure"]["remedy"]

    @invariant()
    def nothing_forbidden_has_happened(self) -> None:
        if not hasattr(self, "bench"):
            return
        record = self.bench.lab.record
        assert self.bench.appliance.running_set is not None
        assert record.cmdlets(NEIGHBOUR, mutating=True) == [] and record.shortages() == []
        for folder in (DIRECTORY, r"C:\ProgramData\CloudConnector"):
            assert self.bench.text(rf"{folder}\CloudConnector.ini") in self.inis
        versions = [event.text.split()[1] for event in record.events(HOST) if event.text.startswith("runs")]
        assert versions in ([], ["2.1,"])

    @invariant()
    def no_work_was_done_twice_at_once(self) -> None:
        if not hasattr(self, "bench"):
            return
        for name in LONG_WORK:
            runs = self.bench.lab.record.cmdlets(HOST, name=name)
            for before, after in zip(runs, runs[1:], strict=False):
                assert before.seconds is not None
                assert (after.time - before.time).total_seconds() >= before.seconds

    def teardown(self) -> None:
        """Run it again is the only resume: from wherever this went, the same commands reach the end."""
        if not hasattr(self, "bench"):
            return
        self.bench.settle()
        for machine in self.bench.appliance.machines:
            for service in machine.computer.services.values():
                service.broken = False
        failed = ["not run"]
        for _ in range(4):
            results = [self.run(module) for module in ORDER[:-1]]
            failed = [str(result and result["msg"]) for result in results if result is None or result.get("failed")]
            if not failed:
                break
        assert failed == []
        assert self.bench.lab.snapshot(HOST)["running"] == "2.1" and self.bench.claims() == []


AnyOrder.TestCase.settings = settings(max_examples=12, stateful_step_count=6)
TestAnyOrder = AnyOrder.TestCase
