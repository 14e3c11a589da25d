# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way back to the release before: is there one, and which appliances of a site take it in which order.

Documented is the switch: `Switch-CcVersion` with scripts of the new release makes the older set the running one again, without
high availability as long as the scripts are newer (cloud-connector.md 6.3 T8). Microsoft's way out of that is forward again. That
the older MSI may be installed again beside VMs of its release, with the ini and the credential cache of before, is not
documented (7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from . import capacity, health, proof, slot, turn, upgrade, versions
from .appliance import Appliance, Machine
from .capacity import Carrier
from .exceptions import NotReadError
from .failure_classes import FAILURES, FailureClass
from .pace import WAY_BACK_SECONDS
from .reading import Unknown, need
from .site import Observation, Site, Unreadable
from .turn import Expected, one_by_one
from .versions import Version, is_upgrade

STEPS = ("version", "deployment", "package", "registration", "health", "call_proof")
"""The modules of a rollback, in their order; `deployment` removes a set that was never switched to."""

UNDOCUMENTED = (
    "Microsoft documents the switch back to the older VMs, not that the older MSI may be installed again beside them, and "
    "supports no high availability as long as scripts and VMs differ."
)


def switch_job(release: Version) -> str:
    """The name of the job that switches back to a release."""
    return f"switch-back-{release}"


def package_job(release: Version) -> str:
    """The name of the job that puts the MSI of a release back."""
    return f"package-back-{release}"


# --- one appliance ----------------------------------------------------------------------------------------------------


def hold_problem(state: Appliance, release: Version) -> str | None:
    """Why nothing may go back to `release` yet, a sentence: the site has to be on hold for that. Raises NotReadError."""
    found = need(state.hold)
    if found is None:
        return (
            "its site is not on hold, so that an upgrade could lead it forward again meanwhile. Make the hold first "
            "(rollback_hold operation)."
        )
    if found.goes_to != release:
        return f"the hold of its site, by {found.by}, is about going back to {found.goes_to}."
    return None


def switch_problem(state: Appliance, release: Version) -> str | None:
    """Why the VMs cannot be switched back to `release`, a sentence; None where they can.

    Raises:
        NotReadError: a version could not be read.
    """
    scripts, running, backup = need(state.scripts), need(state.running), need(state.backup)
    if scripts is None or running is None:
        return f"it has scripts {scripts or 'of no version'}, and {running or 'no version'} runs."
    if not is_upgrade(release, running):
        return f"{running} runs, and a rollback leads to an older release only."
    if backup != release:
        return f"its backup version is {backup or 'none'}, and that is what Switch-CcVersion would go to."
    if scripts != running:
        return (
            f"its scripts are {scripts} and {running} runs. Microsoft describes the way back with the scripts of the release "
            "that is left; what others do is not documented."
        )
    return None


def connected(state: Appliance, release: Version) -> list[str]:
    """VMs of another version than `release` that are on and in a network: both sets have the same addresses."""
    return [machine.name for machine in need(state.machines) if _is_other(machine, release) and _is_connected(machine)]


def way_back(state: Appliance) -> Version | None:
    """The release that the appliance can be taken back to; None where there is none, or it cannot be told."""
    try:
        backup = need(state.backup)
        if backup is None or switch_problem(state, backup):
            return None
    except NotReadError:
        return None
    stopping = health.blocking(health.rollback_gates(state, backup))
    return None if any(check.id in ("backup_version", "new_set") for check in stopping) else backup


def with_way_back(remedy: str, failure: FailureClass, state: Appliance) -> str:
    """A remedy for an appliance that is not well, and beside it the way back, where an upgrade of ours led to what runs now."""
    release, last = way_back(state), state.saved_last
    own = remedy or FAILURES[failure].remedy
    if release is None or not isinstance(last, Mapping) or last.get("target") != state.running or _is_proven(state):
        return own
    return f"{own} Where that cannot be repaired soon, the playbook rollback takes it back to {release}."


def _is_proven(state: Appliance) -> bool:
    """Whether it has carried calls with what runs now: then what is wrong came later, and the older release is no remedy."""
    try:
        return proof.is_proven(state, Version(str(need(state.running))))
    except NotReadError:
        return False


def saved_package(state: Appliance, release: Version) -> Mapping[str, str] | None:
    """Path and SHA-256 of the MSI of `release` on the appliance, as `package` saved it; None where it did not."""
    for found in _saved(state, release, "package"):
        if isinstance(found, Mapping) and {"path", "sha256"} <= set(found):
            return found
    return None


def saved_inis(state: Appliance, release: Version) -> Mapping[str, str]:
    """What tells the two inis that `package` saved when it replaced the MSI of `release`, by their readings; empty: none was."""
    for found in _saved(state, release, "inis"):
        if isinstance(found, Mapping):
            return found
    return {}


def ini_mark(text: str | None) -> str | None:
    """What tells one ini from another: the SHA-256 of its text."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def _saved(state: Appliance, release: Version, name: str) -> Iterator[Any]:
    """What the records say of `release`: of the exchange that led away from it, and of the one that leads back to it."""
    for record in (state.saved, state.saved_last):
        if not isinstance(record, Mapping):
            continue
        if record.get("scripts") == release:
            yield record.get(name)
        if record.get("target") == release and isinstance(record.get("back"), Mapping):
            back = record["back"]
            yield back if name == "package" else back.get(name)


def _is_other(machine: Machine, release: Version) -> bool:
    return machine.version is not None and machine.version != release


def _is_connected(machine: Machine) -> bool:
    return machine.is_running and bool(need(machine.switches))


# --- a site -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """What holds for every turn of a rollback.

    Attributes:
        seconds: how long one appliance may take.
        window_consent: `by` and `reason` of who has it begun outside of windows, too; None: windows and freezes stop it.
    """

    seconds: float = WAY_BACK_SECONDS
    window_consent: Mapping[str, str] | None = None


NO_TERMS = Terms()

CONSENT = "; it leaves service by the consent of its site"


@dataclass(frozen=True)
class Turn(turn.Turn):
    """One appliance that goes back: one batch of the play.

    Attributes:
        steps: modules of `STEPS`; one that has nothing to do says so itself.
        removes: the version whose set was never switched to and is on, so that it is removed; None where there is none.
        consent: it leaves service by consent only.
    """

    steps: tuple[str, ...] = ()
    removes: Version | None = None
    consent: bool = False


@dataclass(frozen=True)
class Plan:
    """Who goes back, who is left as it is and why, or why nothing of it may begin."""

    goes_to: Version
    turns: tuple[Turn, ...]
    skips: Mapping[str, str]
    refusals: tuple[str, ...]

    @property
    def summary(self) -> list[str]:
        """For a person, line by line."""
        if not self.turns:
            return [f"Every appliance of this run is at {self.goes_to}: there is nothing to do.", *self._left()]
        hosts = ", ".join(one.name for one in self.turns)
        first = f"{len(self.turns)} to go back to {self.goes_to}, one at a time: {hosts}."
        return [first, *(one.announcement for one in self.turns), *self._left(), UNDOCUMENTED]

    def _left(self) -> list[str]:
        return [f"Left as it is: {host} ({reason})." for host, reason in self.skips.items()]


def make_plan(
    site: Site,
    hosts: Collection[str],
    goes_to: Version,
    now: datetime,
    given: Collection[str] = (),
    terms: Terms = NO_TERMS,
) -> Plan:
    """The plan of a rollback.

    Args:
        site: the whole site.
        hosts: its appliances that are in this run.
        now: aware time, for consents.
        given: the hosts for which the inventory says where the MSI of before is.
        terms: what holds for every turn.
    """
    steps: dict[str, tuple[str, ...]] = {}
    skips = {host: "not in this run" for host in site.appliances if host not in hosts}
    refusals: list[str] = []
    for host in (host for host in site.appliances if host in hosts):
        found = site.appliances[host]
        try:
            problem = _problem(found, goes_to, host in given)
            if problem:
                refusals.append(f"{host} {problem}")
            elif left := _steps(_known(found), goes_to):
                steps[host] = left
            else:
                skips[host] = f"at {goes_to}"
        except NotReadError as error:
            refusals.append(f"{host} could not be read ({error}).")
    queue = sorted(steps, key=lambda host: _rank(_known(site.appliances[host]), goes_to))
    refusals += [] if refusals else _no_room(site, queue, steps, now)
    turns = tuple(one_by_one(list(_turns(site, queue, steps, goes_to, skips, terms))))
    return Plan(goes_to, () if refusals else turns, skips, tuple(refusals))


def _known(found: Observation) -> Appliance:
    if isinstance(found, Unreadable):
        raise NotReadError(found.reason)
    return found


def _problem(observed: Observation, goes_to: Version, has_source: bool) -> str | None:
    """Why an appliance cannot go back, in words that follow its name. Raises NotReadError."""
    found = _known(observed)
    ours = (switch_job(goes_to), package_job(goes_to), upgrade.job_name("registration", goes_to))
    others = [job for job in need(found.jobs) if job not in ours and not job.startswith("uninstall-")]
    if others:
        return f"has a job open that does not lead back to {goes_to} ({', '.join(others)}): collect it first."
    if need(found.scripts) != goes_to and not has_source and saved_package(found, goes_to) is None:
        return (
            f"has no MSI of {goes_to} saved: give cloud_connector_previous_source and cloud_connector_previous_sha256, or have "
            "the scripts stay as they are and switch by the version operation alone."
        )
    if not need(found.module_present):
        return None
    running = need(found.running)
    if running is None:
        return "runs no version: there is nothing to go back from."
    if running == goes_to or is_upgrade(running, goes_to) or switch_job(goes_to) in need(found.jobs):
        return None
    problem = switch_problem(found, goes_to)
    stopping = [] if problem else health.blocking(health.asked(health.rollback_gates(found, goes_to)))
    if stopping:
        return f"runs {running}, and is not ready to go back: {health.summary_with_remedies(stopping)}."
    return f"does not go back: {problem}" if problem else None


def _steps(found: Appliance, goes_to: Version) -> tuple[str, ...]:
    """What is left to do; of one that was taken back before, all that may not have come to its end."""
    back = STEPS[2:]
    if not need(found.module_present):
        return back
    running, scripts = need(found.running), need(found.scripts)
    if running is not None and is_upgrade(running, goes_to):
        return ()
    if running != goes_to or need(found.jobs):
        return ("version", *back)
    if scripts != goes_to:
        return (*(("deployment",) if _unused(found, goes_to) else ()), *back)
    last = found.saved_last
    taken_back = isinstance(last, Mapping) and last.get("target") == goes_to
    return back if taken_back or health.blocking(health.asked(health.own_health(found))) else ()


def _unused(found: Appliance, goes_to: Version) -> Version | None:
    """The version of a set that was deployed and never switched to: its VMs are on, and in no network."""
    on = [one.version for one in need(found.machines) if _is_other(one, goes_to) and one.state != "Off" and one.version]
    return max(on, key=versions.key, default=None)


def _rank(found: Appliance, goes_to: Version) -> int:
    """Who holds the slot first, then who was begun, then who does not serve; equals keep the order of the inventory."""
    try:
        if slot.is_own(found):
            return 0
    except NotReadError:
        pass
    if found.running == goes_to or found.jobs:
        return 1
    return 2 if health.serves(found) is False else 3


def _no_room(site: Site, queue: Collection[str], steps: Mapping[str, tuple[str, ...]], now: datetime) -> Iterator[str]:
    """Whose calls the others would not carry at its turn: those before it are well again by then."""
    for host, found in _carriers(site, queue):
        own = found[host]
        if "version" in steps[host] and not _known(site.appliances[host]).jobs:
            problem = capacity.room_problem(site, host, found, now, silent=own.serves is False)
            if problem:
                yield problem


def _carriers(site: Site, queue: Collection[str]) -> Iterator[tuple[str, Mapping[str, Carrier]]]:
    found = capacity.carriers(site)
    for host in queue:
        yield host, capacity.at_switch(found)
        found[host] = replace(found[host], problem="", serves=True)


def _turns(
    site: Site,
    queue: Collection[str],
    steps: Mapping[str, tuple[str, ...]],
    goes_to: Version,
    skips: Mapping[str, str],
    terms: Terms,
) -> Iterator[Turn]:
    held_to = tuple(Expected(host, _held_to(site, host, goes_to, skips)) for host in site.appliances)
    for number, (host, found) in enumerate(_carriers(site, queue), 1):
        state, last = _known(site.appliances[host]), number == len(queue)
        consent, resumes = capacity.uses_consent(site, host, found), _is_switched(state, goes_to)
        announcement = _announced(site, state, steps[host], host) + (CONSENT if consent else "")
        yield Turn(
            host,
            site.name,
            True,
            last,
            held_to,
            announcement,
            resumes=resumes,
            asks_for_window=not resumes,
            expected=terms.seconds,
            first_of_site=number == 1,
            keeps_way_back=False,
            window_consent=terms.window_consent,
            compares=False,
            # The site is on hold then, and would go forward by itself.
            puts_back=False,
            steps=steps[host],
            removes=_unused(state, goes_to) if "deployment" in steps[host] else None,
            consent=consent,
        )


def _is_switched(found: Appliance, goes_to: Version) -> bool:
    """Whether its switch back is done or under way, or never has to be: nothing of the rollback takes calls away any more."""
    return found.running == goes_to or switch_job(goes_to) in need(found.jobs)


def _announced(site: Site, state: Appliance, steps: Collection[str], host: str) -> str:
    reason = f"scripts {_said(state.scripts)}, running {_said(state.running)}, backup {_said(state.backup)}"
    return f"site {site.name}, appliance {host}, {', '.join(steps)} ({reason})"


def _held_to(site: Site, host: str, goes_to: Version, skips: Mapping[str, str]) -> Version:
    found = site.appliances[host]
    if host in skips and isinstance(found, Appliance) and isinstance(found.running, str):
        return found.running
    return goes_to


def _said(found: Any) -> str:
    return "unknown" if isinstance(found, Unknown) else str(found or "none")
