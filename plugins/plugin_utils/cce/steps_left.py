# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far one appliance is on its way to a version: the steps that are left, or why nobody may begin or go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from . import health, proof, upgrade
from .appliance import Appliance
from .exceptions import NotReadError
from .failure_classes import FailureClass
from .health import Check
from .reading import need
from .site import Observation, Unreadable
from .versions import Version, path_problem

Waive: TypeAlias = Callable[[list[Check]], list[Check]]
"""The checks with the waivers of their appliance."""


PROOF = "call_proof"
AFTER_THE_SWITCH = ("health", PROOF)
"""The steps that every upgrade ends with, however far it had come."""


@dataclass(frozen=True)
class Progress:
    """How far an appliance is: refused, done (no steps), or with steps to go.

    `gates`: the checks that were made before the first.
    """

    reason: str
    steps: tuple[str, ...] = ()
    resumes: bool = False
    refused: bool = False
    gates: tuple[Check, ...] = ()


def progress(found: Observation, target: Version, waive: Waive = list, ill: Sequence[Check] | None = None) -> Progress:
    """How far an appliance is on its way to `target`; what could not be read is refused.

    Args:
        waive: puts the waivers of the appliance in force.
        ill: what of its `health.own_health` says stop, where that is known already.
    """
    if isinstance(found, Unreadable):
        return Progress(f"could not be read ({found.reason}).", refused=True)
    gates = _gates(found, target, waive)
    own = health.blocking(health.own_health(found)) if ill is None else ill
    try:
        problem = _problem(found, target, own, health.blocking(gates))
        if problem:
            return Progress(problem, refused=True, gates=gates)
        return _steps_to_go(found, target, gates)
    except NotReadError as error:
        return Progress(f"could not be read ({error}).", refused=True)


def _gates(appliance: Appliance, target: Version, waive: Waive) -> tuple[Check, ...]:
    """The gates of one that is not begun, or has to begin anew."""
    begun = target in (appliance.running, appliance.scripts)
    return () if begun else tuple(waive(_with_suspension(health.gates(appliance, target))))


def _with_suspension(checks: Sequence[Check]) -> list[Check]:
    """Automatic update that is on is suspended before the first step, so it refuses nothing, and is told."""
    return [
        one._replace(status=health.MANUAL)
        if one.status == health.FAIL and one.failure is FailureClass.AUTO_UPDATE_ON
        else one
        for one in checks
    ]


def _problem(appliance: Appliance, target: Version, ill: Sequence[Check], closed: Sequence[Check]) -> str | None:
    """Why nobody may begin or go on here."""
    foreign = [job for job in need(appliance.jobs) if _step_of(job, target) is None]
    if foreign:
        return f"has a job open that does not lead to {target} ({', '.join(foreign)}): collect it first."
    if not need(appliance.module_present):
        missing = need(appliance.saved) is None
        return "has no CloudConnector module, and no record of ours says why." if missing else None
    scripts, running = need(appliance.scripts), need(appliance.running)
    if scripts is None or running is None:
        return f"has scripts {scripts} and runs {running}: there is nothing to upgrade."
    if path := path_problem(scripts, target) or path_problem(running, target):
        return f"cannot be upgraded: {path}"
    if scripts not in (running, target):
        return f"has scripts {scripts}, but {running} runs: bring it to one version first."
    if appliance.jobs or scripts != running:
        return None
    return _illness(running, ill if running == target else [*ill, *closed])


def _illness(running: Version, stopping: Sequence[Check]) -> str | None:
    """An appliance in a middle state cannot be healthy; one at the target, or not begun yet, has to be."""
    return f"runs {running}, but is not well: {health.summary_with_remedies(stopping)}." if stopping else None


def _steps_to_go(appliance: Appliance, target: Version, gates: tuple[Check, ...]) -> Progress:
    jobs = need(appliance.jobs)
    if not need(appliance.module_present):
        return Progress("its MSI was removed and not yet replaced", upgrade.NAMES, True, gates=gates)
    left = {*_steps_left(appliance, target), *(_step_of(job, target) for job in jobs)}
    if not left and proof.is_proven(appliance, target) and _is_uncompared(appliance, target):
        return Progress(f"at {target} and healthy, but not compared with its snapshot", ("health",), True, gates=gates)
    if not left and proof.is_proven(appliance, target):
        return Progress(f"at {target}, healthy, its calls proven", gates=gates)
    if not left:
        return Progress(f"at {target} and healthy, but no call was proven", (PROOF,), True, gates=gates)
    steps = tuple(name for name in upgrade.NAMES if name in left or name in AFTER_THE_SWITCH)
    reason = f"scripts {appliance.scripts}, running {appliance.running}, backup {appliance.backup}"
    with_jobs = f"{reason}, open jobs {', '.join(jobs)}" if jobs else reason
    return Progress(with_jobs, steps, appliance.scripts == target or bool(jobs), gates=gates)


def _is_uncompared(appliance: Appliance, target: Version) -> bool:
    """Whether a snapshot was taken before the upgrade, and no comparison with it has passed: the run would go on past it."""
    found = need(appliance.snapshot)
    return found is not None and found["target"] == target and found["compared"] is None


def _steps_left(appliance: Appliance, target: Version) -> set[str]:
    """What the versions say is to be done."""
    if need(appliance.running) == target:
        return set()
    backup = need(appliance.backup)
    if appliance.scripts != target:
        return set(upgrade.NAMES)
    return {"version"} if backup == target else set(upgrade.NAMES) - {"package"}


def _step_of(job: str, target: Version) -> str | None:
    """The step that collects the job; None where the job is of no upgrade to `target`."""
    found = upgrade.step_of_job(job)
    return found[0].name if found is not None and found[1] == target else None
