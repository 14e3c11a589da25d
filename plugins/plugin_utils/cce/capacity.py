# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who carries the calls of a site, and whether one more appliance may leave service (cloud-connector.md 4, 9.3 no. 8).

Capacity counts healthy appliances only, 500 or 50 calls each by HardwareType; what cannot be read counts as nothing. An
appliance whose scripts and VMs are of different versions has no high availability (T8) and does not count either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import health, ini
from .appliance import Appliance
from .reading import Reading, Unknown

FRESH_SECONDS = 60.0
"""A decision to take an appliance out of service rests on readings that are not older (docs/how-it-works.md)."""


@dataclass(frozen=True)
class Carrier:
    """An appliance as far as its site's calls are concerned.

    `serves`: whether calls can live on it now. `problem`: why it does not count as healthy, empty where it does.
    `calls`: the live ones, None where they could not be read. `dismantled`: its module is away, so that nothing of the
    product can be asked.
    """

    name: str
    capacity: int
    serves: Reading[bool]
    problem: str
    calls: int | None
    dismantled: bool = False

    @property
    def healthy(self) -> bool:
        return not self.problem


@dataclass(frozen=True)
class Consent:
    """Somebody accepts that a site without a spare is out of service. `until` is ISO 8601 with a time zone."""

    until: str
    emergency_calls: str
    reason: str

    def problem(self, now: datetime) -> str | None:
        """Why it does not hold at `now`."""
        try:
            until = datetime.fromisoformat(self.until)
        except ValueError:
            return f"the consent's until is {self.until!r}: write a time such as 2026-01-31T04:00:00+01:00"
        if until.tzinfo is None:
            return f"the consent's until is {self.until!r}: write its time zone, too"
        if until <= now:
            return f"the consent ended at {self.until}"
        if not (self.emergency_calls.strip() and self.reason.strip()):
            return "the consent must name where emergency calls go, and who consented and why"
        return None


@dataclass(frozen=True)
class Policy:
    """What the owner of a site declared: the most calls it has to carry at once, and consent to an outage if any."""

    peak_calls: int
    consent: Consent | None = None


def carrier(name: str, appliance: Appliance) -> Carrier:
    """The appliance as a carrier of calls."""
    blocking = health.blocking(health.own_health(appliance))
    return Carrier(
        name,
        0 if isinstance(appliance.ini, Unknown) else ini.capacity(appliance.ini),
        health.serves(appliance),
        f"{blocking[0].id}: {blocking[0].evidence}" if blocking else "",
        _calls(appliance),
        appliance.module_present is False,
    )


def _calls(appliance: Appliance) -> int | None:
    """The live calls. Where they cannot be read there are none all the same if no VM is on and connected to anything."""
    if not isinstance(appliance.calls, Unknown):
        return appliance.calls.total
    if isinstance(appliance.machines, Unknown):
        return None
    return 0 if all(not machine.is_running or machine.switches == () for machine in appliance.machines) else None


def unread(name: str, reason: str) -> Carrier:
    """An appliance that could not be asked."""
    return Carrier(name, 0, Unknown(reason), f"could not be read: {reason}", None)


def needed(policy: Policy, carriers: Sequence[Carrier]) -> int:
    """How many calls the site must have room for: the declared peak, or the live calls where they are more."""
    return max(policy.peak_calls, sum(carrier.calls or 0 for carrier in carriers))


def leave_problem(
    site: str, name: str, carriers: Sequence[Carrier], policy: Policy, now: datetime, *, silent: bool = False
) -> str | None:
    """Why appliance `name` must not leave service, as a sentence; None where it may.

    `silent`: no call can live on it, so that its counters need not be readable. Consent covers a site that has no spare even
    when all is well; it never covers a neighbour that is ill.
    """
    own = next((carrier for carrier in carriers if carrier.name == name), None)
    if own is None:
        return f"{site}: nothing is known of {name}."
    if own.calls is None and not (own.dismantled or silent):
        return f"{site}: the live calls of {name} could not be read, and unread never means none."
    others = [carrier for carrier in carriers if carrier.name != name]
    room, need = sum(carrier.capacity for carrier in others if carrier.healthy), needed(policy, carriers)
    if room >= need:
        return None
    without = f"{site}: without {name} there is room for {room} of {need} calls"
    ill = next((carrier for carrier in others if not carrier.healthy), None)
    if ill is not None:
        return f"{without}, because {ill.name} does not count ({ill.problem}): repair it first."
    return _consent_problem(without, policy.consent, now)


def _consent_problem(without: str, consent: Consent | None, now: datetime) -> str | None:
    if consent is None:
        return (
            f"{without}: write cloud_connector_outage_consent with until, emergency_calls and reason, and only then the "
            "appliance is taken out of service."
        )
    problem = consent.problem(now)
    return None if problem is None else f"{without}, and {problem}."


def uses_consent(name: str, carriers: Sequence[Carrier], policy: Policy) -> bool:
    """Whether the appliance may leave service by consent only."""
    room = sum(carrier.capacity for carrier in carriers if carrier.name != name and carrier.healthy)
    return room < needed(policy, carriers)


def needs_consent(host: str, site: Mapping[str, Any]) -> bool:
    """The same, from the option `site` of the modules: nobody takes over the calls of `host`."""
    return uses_consent(host, _carriers(site), policy(site))


def who_carries(site: str, carriers: Sequence[Carrier], policy: Policy) -> str:
    """Who carries the calls now, and whether waiting is safe: the first sentence of every failure."""
    serving = [carrier for carrier in carriers if carrier.serves is True]
    room, need = sum(carrier.capacity for carrier in serving), needed(policy, carriers)
    if not serving:
        return _nobody(site, carriers, policy.consent)
    names = ", ".join(carrier.name for carrier in serving)
    carry = "carries" if len(serving) == 1 else "carry"
    if room >= need:
        return f"{site}: {names} {carry} the calls ({room} of {need} needed); waiting is safe."
    return (
        f"{site}: only {names} {carry} calls ({room} of {need} needed), new ones may be refused; waiting is not safe."
    )


def _nobody(site: str, carriers: Sequence[Carrier], consent: Consent | None) -> str:
    where = f" Emergency calls go to: {consent.emergency_calls}." if consent else ""
    unsure = [carrier.name for carrier in carriers if isinstance(carrier.serves, Unknown)]
    if unsure:
        return f"{site}: whether {', '.join(unsure)} can carry calls could not be read; waiting is not safe.{where}"
    return f"{site}: no appliance carries calls; waiting is not safe.{where}"


# --- the option `site` of the modules ---------------------------------------------------------------------------------


def refusal(host: str, site: Mapping[str, Any], now: float, *, silent: bool = False) -> str | None:
    """Why `host` must not leave service, from the option `site`; `now` in seconds since 1970, `silent` as in `leave_problem`."""
    old = stale(site, now)
    if old:
        return (
            f"{site['name']}: the state of {', '.join(old)} is older than {FRESH_SECONDS:.0f} seconds: read it again."
        )
    moment = datetime.fromtimestamp(now, UTC)
    return leave_problem(site["name"], host, _carriers(site), policy(site), moment, silent=silent)


def stale(site: Mapping[str, Any], now: float) -> list[str]:
    """The appliances whose states, in the option `site`, are too old to decide on."""
    return [state["name"] for state in site["states"] if not _fresh(state, now)]


def _fresh(state: Mapping[str, Any], now: float) -> bool:
    """What could not be read counts as nothing and does not age."""
    return "unreadable" in state or abs(now - state.get("read_at", 0.0)) <= FRESH_SECONDS


def calls_sentence(host: str, state: Appliance | None, site: Mapping[str, Any] | None) -> str:
    """Who carries the calls now; `state` is the fresh one of `host`, or None where it cannot be read any more."""
    own = unread(host, "it does not answer") if state is None else carrier(host, state)
    if site is None:
        known = "can carry calls" if own.serves is True else "is not known to carry calls"
        return f"{host} {known}; of its neighbours nothing was given to this task."
    others = [carrier for carrier in _carriers(site) if carrier.name != host]
    return who_carries(site["name"], [own, *others], policy(site))


def policy(site: Mapping[str, Any]) -> Policy:
    """The policy in the option `site`, or in a mapping with the same keys."""
    consent = site.get("outage_consent")
    return Policy(site["peak_calls"], Consent(**consent) if consent else None)


def _carriers(site: Mapping[str, Any]) -> list[Carrier]:
    """One carrier an appliance, whichever is given last: one that is there twice carries no more than once."""
    return list({state["name"]: _described(state) for state in site["states"]}.values())


def _described(state: Mapping[str, Any]) -> Carrier:
    """A member of `states`: what `appliance_info` returned, or `{name, unreadable}`."""
    if "unreadable" in state:
        return unread(state["name"], str(state["unreadable"]))
    try:
        return carrier(state["name"], Appliance.from_dict(state))
    except ValueError as error:
        return unread(state["name"], str(error))
