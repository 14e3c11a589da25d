# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who carries the calls of a site, and whether one more appliance may leave service (cloud-connector.md 4, 9.3 no. 8).

Capacity counts healthy appliances only, 500 or 50 calls each by HardwareType; what cannot be read, or was read too long ago,
counts as nothing. An appliance whose scripts and VMs are of different versions has no high availability (T8) and does not count
either, but for the one switch that leads a site out of that state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from . import health, ini_document, maintenance, slot
from .appliance import Appliance, Slot
from .exceptions import NotReadError
from .health import Check
from .reading import Reading, Unknown
from .site import Consent, Observation, Site, Unreadable

FRESH_SECONDS = 60.0
"""A decision to take an appliance out of service rests on readings that are not older (docs/how-it-works.md)."""

SCRIPTS = "scripts"
"""The check that finds scripts of another version than the VMs."""

OTHER_SETS = "other_sets"
"""The check that finds VMs on of another version than the running one."""


@dataclass(frozen=True)
class Carrier:
    """An appliance as far as its site's calls are concerned.

    Attributes:
        capacity: how many calls it may carry at once.
        serves: whether calls can live on it now.
        problem: why it does not count as healthy, empty where it does.
        calls: the live ones, None where they could not be read.
        dismantled: its module is away, so that nothing of the product can be asked.
        other_scripts: all that is wrong with it are scripts of another version than its VMs.
    """

    name: str
    capacity: int
    serves: Reading[bool]
    problem: str
    calls: int | None
    dismantled: bool = False
    other_scripts: bool = False

    @property
    def healthy(self) -> bool:
        return not self.problem


Carriers = Mapping[str, Carrier]
"""The carriers of a site by their names."""


def problem(site: Site, host: str, now: datetime, *, silent: bool = False, for_switch: bool = False) -> str | None:
    """Why appliance `host` must not leave service, as a sentence; None where it may.

    Consent covers a site that has no spare even when all is well; it never covers a neighbour that is ill.

    Args:
        now: the controller's time.
        silent: no call can live on `host`, so that its counters need not be readable, nor be read just now.
        for_switch: what takes it out of service is its switch. Then a neighbour that serves counts also with scripts of another
            version, if nobody else holds the slot of the site: two appliances with new scripts and old VMs would otherwise wait
            for each other for ever.
    """
    if found := _unusable(site, host, now, silent=silent):
        return f"{site.name}: {found}."
    return room_problem(site, host, _counted(site, host, now, for_switch=for_switch), now, silent=silent)


def needs_consent(site: Site, host: str) -> bool:
    """Whether `host` may leave service by consent only: nobody takes over its calls."""
    return uses_consent(site, host, carriers(site))


def calls_sentence(site: Site | None, host: str, own: Observation | None) -> str:
    """Who carries the calls now, the first sentence of every failure; `own`: the newest reading of `host`, None: no answer."""
    own = Unreadable("it does not answer") if own is None else own
    if site is None:
        known = "can carry calls" if carrier(host, own).serves is True else "is not known to carry calls"
        return f"{host} {known}; of its neighbours nothing was given to this task."
    return _who_carries(site, {host: carrier(host, own), **_others(carriers(site), host)})


# --- one appliance ----------------------------------------------------------------------------------------------------


def carrier(name: str, found: Observation, made: Sequence[Check] | None = None) -> Carrier:
    """The appliance as a carrier of calls. `made`: what of its `health.own_health` says stop, where that is known already."""
    if isinstance(found, Unreadable):
        return Carrier(name, 0, Unknown(found.reason), f"could not be read: {found.reason}", None)
    ill = health.blocking(health.own_health(found)) if made is None else made
    stopping = health.carrying(found, ill)
    return Carrier(
        name,
        0 if isinstance(found.ini, Unknown) else ini_document.capacity(found.ini),
        health.serves(found, ill),
        f"{stopping[0].id}: {stopping[0].evidence}" if stopping else "",
        _calls(found),
        found.module_present is False,
        bool(stopping) and _has_other_scripts(found, stopping),
    )


def carriers(site: Site, made: Mapping[str, Sequence[Check]] | None = None) -> dict[str, Carrier]:
    """Every appliance of the site as a carrier of calls, whenever it was read.

    `made`: what of the `health.own_health` of each says stop, where that is known already.
    """
    return {name: carrier(name, found, (made or {}).get(name)) for name, found in site.appliances.items()}


def _calls(appliance: Appliance) -> int | None:
    """The live calls. Where they cannot be read there are none all the same if nothing is there in which one could live.

    That is: no VM is on and connected to anything, or the services that calls need are stopped, as a new MSI may leave them.
    """
    if not isinstance(appliance.calls, Unknown):
        return appliance.calls.total
    if isinstance(appliance.machines, Unknown):
        return None
    if all(not machine.is_running or machine.switches == () for machine in appliance.machines):
        return 0
    try:
        return 0 if maintenance.is_stopped(appliance) else None
    except NotReadError:
        return None


# --- a site -----------------------------------------------------------------------------------------------------------


def _unusable(site: Site, host: str, now: datetime, *, silent: bool) -> str | None:
    """Why nothing can be decided from these readings, as a clause."""
    if host not in site.appliances:
        return f"nothing is known of {host}"
    for one, other in site.twins():
        return f"{one} and {other} answer as the same computer: correct ansible_host of one of them"
    age = site.stale(now, FRESH_SECONDS).get(host)
    if age is not None and not silent:
        return f"{_aged(host, age)}: read it again"
    return None


def _aged(name: str, age: float) -> str:
    return f"the state of {name} is {age:.0f} seconds old, more than {FRESH_SECONDS:.0f}"


def _counted(site: Site, host: str, now: datetime, *, for_switch: bool) -> Carriers:
    """The carriers as they count for this decision: what is too old counts as what could not be read."""
    found = carriers(site)
    if for_switch and not slot_is_elsewhere(site.appliances[host]):
        found = at_switch(found)
    ages = site.stale(now, FRESH_SECONDS)
    old = {name: _aged(name, age) for name, age in ages.items() if name != host and found[name].healthy}
    return found | {name: replace(found[name], problem=age) for name, age in old.items()}


def at_switch(found: Carriers) -> dict[str, Carrier]:
    """The carriers `found` of a site as they count for the switch of one of them, if nobody else holds the slot then.

    A neighbour that serves counts also with scripts of another version.
    """
    return {name: replace(one, problem="") if one.other_scripts else one for name, one in found.items()}


def slot_is_elsewhere(found: Observation) -> bool:
    """Whether another appliance holds the slot, or may hold it."""
    if isinstance(found, Unreadable):
        return True
    try:
        return isinstance(found.slot, Unknown) or (isinstance(found.slot, Slot) and not slot.is_own(found))
    except NotReadError:
        return True


def differs_in_scripts(found: Observation) -> bool:
    """Whether all that is wrong with it are scripts of another version than its VMs, and it serves."""
    return carrier("", found).other_scripts


def _has_other_scripts(found: Appliance, stopping: Sequence[Check]) -> bool:
    """The set that was deployed for its own upgrade is on until it is switched, too."""
    wrong = {check.id for check in stopping}
    return wrong == {SCRIPTS} or (wrong == {SCRIPTS, OTHER_SETS} and _deployed_only(found))


def _deployed_only(found: Appliance) -> bool:
    """Whether the VMs that are on beside the running ones are those of the version it is upgraded to."""
    if isinstance(found.machines, Unknown) or found.backup != found.scripts:
        return False
    on = {machine.version for machine in found.machines if machine.version and machine.state != "Off"}
    return on <= {found.running, found.scripts}


def room_problem(site: Site, host: str, found: Carriers, now: datetime, *, silent: bool = False) -> str | None:
    """Why the others have no room for the calls of `host`, as a sentence, by the carriers `found` of the site."""
    own = found[host]
    if own.calls is None and not (own.dismantled or silent):
        return f"{site.name}: the live calls of {host} could not be read, and unread never means none."
    room, wanted = _room(found, host), _needed(site, found)
    if room >= wanted:
        return None
    without = f"{site.name}: without {host} there is room for {room} of {wanted} calls"
    ill = next((carrier for carrier in _others(found, host).values() if not carrier.healthy), None)
    if ill is not None:
        return f"{without}, because {ill.name} does not count ({ill.problem}): repair it first."
    return _consent_problem(without, site.policy.consent, now)


def uses_consent(site: Site, host: str, found: Carriers) -> bool:
    """Whether the appliance may leave service by consent only, by the carriers `found` of the site."""
    return _room(found, host) < _needed(site, found)


def _others(found: Carriers, host: str) -> dict[str, Carrier]:
    return {name: carrier for name, carrier in found.items() if name != host}


def _room(found: Carriers, host: str) -> int:
    """How many calls the others may carry."""
    return sum([one.capacity for name, one in found.items() if not one.problem and name != host])


def _needed(site: Site, found: Carriers) -> int:
    """How many calls the site must have room for: the declared peak, or the live calls where they are more."""
    return max(site.policy.peak_calls, sum([carrier.calls or 0 for carrier in found.values()]))


def _consent_problem(without: str, consent: Consent | None, now: datetime) -> str | None:
    if consent is None:
        return (
            f"{without}: write cloud_connector_outage_consent with until, emergency_calls and reason, and only then the "
            "appliance is taken out of service."
        )
    found = consent.problem(now)
    return None if found is None else f"{without}, and {found}."


# --- sentences --------------------------------------------------------------------------------------------------------


def _who_carries(site: Site, found: Carriers) -> str:
    """Who carries the calls now, and whether waiting is safe."""
    serving = [carrier for carrier in found.values() if carrier.serves is True]
    if not serving:
        return _nobody(site, found)
    room, wanted = sum(carrier.capacity for carrier in serving), _needed(site, found)
    names = ", ".join(carrier.name for carrier in serving)
    carry = "carries" if len(serving) == 1 else "carry"
    if room >= wanted:
        return f"{site.name}: {names} {carry} the calls ({room} of {wanted} needed); waiting is safe."
    return (
        f"{site.name}: only {names} {carry} calls ({room} of {wanted} needed), new ones may be refused; "
        "waiting is not safe."
    )


def _nobody(site: Site, found: Carriers) -> str:
    consent = site.policy.consent
    where = f" Emergency calls go to: {consent.emergency_calls}." if consent else ""
    unsure = [carrier.name for carrier in found.values() if isinstance(carrier.serves, Unknown)]
    if unsure:
        return (
            f"{site.name}: whether {', '.join(unsure)} can carry calls could not be read; waiting is not safe.{where}"
        )
    return f"{site.name}: no appliance carries calls; waiting is not safe.{where}"
