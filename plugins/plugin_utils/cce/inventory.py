# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables of the inventory: what is wrong with them, each in one sentence that says what to write.

`schemas/inventory.json` says what one variable may hold; what several must agree on stands here.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import commissioning, ini, waivers, windows
from .intent import Approved, digest
from .pace import APPLIANCE_SECONDS, WAY_BACK_SECONDS, Measure, expect
from .schema import Fault, faults, schema
from .settings import Settings
from .site import Consent, Policy, site_directory_problem
from .versions import Version
from .windows import Calendar

PREFIX = "cloud_connector_"
PRIORITY = "cloud_connector_site_priority"
MAX_APPLIANCES = 16
MAX_SITES = 200
"""Of 2.0 and later (cloud-connector.md 4)."""

_USER_INFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*@")

_TYPES = ((bool, "true or false"), (int | float, "a number"), (str, "a text"), (list, "a list"), (dict, "a mapping"))

Hosts = Mapping[str, Mapping[str, Any]]
"""Host -> its variables, templates already resolved."""


def problems(hosts: Hosts, site_of: Mapping[str, str], also_known: Collection[str] = ()) -> list[str]:
    """What is wrong with the inventory of a fleet.

    Args:
        hosts: every appliance with all its variables; those without our prefix are not looked at.
        site_of: host -> its site.
        also_known: names with our prefix that are no mistake, facts of a run say.
    """
    ours = {host: _ours(variables, also_known) for host, variables in hosts.items()}
    alone = gathered((host, sentence) for host, variables in ours.items() for sentence in _alone(variables))
    homeless = [
        f"{host} is in no site: put it into a group below cloud_connector." for host in ours if host not in site_of
    ]
    if alone or homeless:
        return homeless + alone
    sites = _by_site(ours, site_of)
    return [
        *_sizes(sites),
        *_agreement(ours, sites),
        *_directories(sites),
        *_consents(sites),
        *_calendars(sites),
        *_waivers(ours, site_of),
        *_canary(ours, sites),
        *_inis(sites),
    ]


def policy(variables: Mapping[str, Any]) -> Policy:
    """What the owner of the site declared, from the variables of one of its appliances."""
    consent = variables.get("cloud_connector_outage_consent")
    return Policy(variables["cloud_connector_peak_calls"], Consent(**consent) if consent else None)


def settings(hosts: Hosts, site_of: Mapping[str, str], measures: Sequence[Measure], target: Version) -> Settings:
    """What an inventory without problems says of a run beside its sites; `measures`: how long upgrades took."""
    ours = {host: _ours(variables, ()) for host, variables in hosts.items()}
    sites = {site: _one(members) for site, members in _by_site(ours, site_of).items()}
    fleet = _one(ours)
    return Settings(
        fleet.get("cloud_connector_canary"),
        {site: int(one[PRIORITY]) for site, one in sites.items() if PRIORITY in one},
        int(fleet.get("cloud_connector_sites_at_once", 1)),
        {site: calendar(one) for site, one in sites.items()},
        expect(measures, target, fleet.get("cloud_connector_appliance_time", APPLIANCE_SECONDS)),
        fleet.get("cloud_connector_way_back_time", WAY_BACK_SECONDS),
        waivers.parse(fleet.get("cloud_connector_waivers", ())),
        Approved(
            _approved(fleet, "fleet"),
            {site: _approved(one, "site") for site, one in sites.items()},
            {host: _approved(one, "host") for host, one in ours.items()},
        ),
        fleet.get("cloud_connector_commissioning_age", commissioning.AGE_DAYS),
        fleet.get("cloud_connector_on_restart_required") == "restart",
    )


def calendar(variables: Mapping[str, Any]) -> Calendar:
    """When a site may be worked on, from the variables of one of its appliances. Raises ValueError."""
    return windows.parse(variables.get("cloud_connector_windows") or (), variables.get("cloud_connector_freeze") or ())


def _approved(variables: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """The variables of that scope that an approval is about; an ini by its digest."""
    names = [name for name, rules in _rules().items() if rules.get("approved") and rules["scope"] == scope]
    found = {name: _plain(variables[name]) for name in names if name in variables}
    return {name: digest(value) if name == "cloud_connector_ini" else value for name, value in found.items()}


def _plain(value: Any) -> Any:
    """The value in the types of JSON: containers of Ansible work their items out only when they are asked for one by one."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _ours(variables: Mapping[str, Any], also_known: Collection[str]) -> dict[str, Any]:
    """A variable that is null or blank counts as not given."""
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(PREFIX) and name not in also_known and not _is_nothing(value)
    }


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _rules() -> Mapping[str, Any]:
    rules: Mapping[str, Any] = schema("inventory.json")["properties"]
    return rules


# --- one appliance ----------------------------------------------------------------------------------------------------


def _alone(variables: Mapping[str, Any]) -> Iterator[str]:
    for fault in faults("inventory.json", variables):
        yield _unknown(fault.place[-1]) if fault.unknown and len(fault.place) == 1 else _sentence(fault)
    source = variables.get("cloud_connector_package_source")
    if isinstance(source, str) and _USER_INFO.match(source):
        yield (
            "cloud_connector_package_source holds a user: write the URL without, since it is kept on the appliances while they "
            "work, and shown where it fails."
        )
    chosen = variables.get("cloud_connector_call_proof")
    if isinstance(chosen, Mapping) and (way := chosen.get("way")) in ("probe", "command") and way not in chosen:
        yield f"cloud_connector_call_proof.{way} is missing: the way {way} needs it."


def _sentence(fault: Fault) -> str:
    name = ".".join(fault.place)
    if fault.unknown:
        return f"{name} is not known: leave it out."
    if fault.missing:
        return f"{name} is missing: write {fault.wanted}."
    secret = _rules()[fault.place[0]].get("writeOnly", False)
    shown = "not as it should be" if secret else _kind(fault.value) if fault.wrong_type else _short(fault.value)
    return f"{name} is {shown}: write {fault.wanted}."


def _unknown(name: str) -> str:
    """A misspelled variable would otherwise be ignored in silence."""
    near = difflib.get_close_matches(name, _rules(), n=1)
    return f"{name} is no variable of this collection: " + (f"did you mean {near[0]}?" if near else "leave it out.")


def _kind(value: Any) -> str:
    """What stands for a value that may be a secret in the wrong place."""
    return next((words for kind, words in _TYPES if isinstance(value, kind)), "of another type")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def gathered(found: Iterable[tuple[str, str]]) -> list[str]:
    """Sentences about hosts, given as pairs of a host and what is wrong with it; the same one of many hosts is said once."""
    hosts: dict[str, list[str]] = {}
    for host, sentence in found:
        hosts.setdefault(sentence, []).append(host)
    return [f"{_named(names)}: {sentence}" for sentence, names in hosts.items()]


def _named(hosts: list[str]) -> str:
    return hosts[0] if len(hosts) == 1 else f"{hosts[0]} and {len(hosts) - 1} more"


# --- appliances together ----------------------------------------------------------------------------------------------


def _by_site(hosts: Hosts, site_of: Mapping[str, str]) -> dict[str, dict[str, Mapping[str, Any]]]:
    sites: dict[str, dict[str, Mapping[str, Any]]] = {}
    for host, variables in hosts.items():
        sites.setdefault(site_of[host], {})[host] = variables
    return sites


Sites = Mapping[str, Hosts]


def _sizes(sites: Sites) -> Iterator[str]:
    if len(sites) > MAX_SITES:
        yield f"There are {len(sites)} sites: a tenant has at most {MAX_SITES}."
    for site, hosts in sites.items():
        if len(hosts) > MAX_APPLIANCES:
            yield f"{site} has {len(hosts)} appliances: a site has at most {MAX_APPLIANCES}."


def _agreement(hosts: Hosts, sites: Sites) -> Iterator[str]:
    """Variables of the fleet are the same everywhere, those of a site in the whole site."""
    for name, rules in _rules().items():
        if rules["scope"] == "fleet":
            yield from _differences(name, hosts, "write it once, for the group cloud_connector")
        elif rules["scope"] == "site":
            for site, members in sites.items():
                yield from _differences(name, members, f"write it once, for the group {site}")


def _differences(name: str, hosts: Hosts, remedy: str) -> Iterator[str]:
    first = next(iter(hosts), "")
    for host, variables in hosts.items():
        if _comparable(variables.get(name)) != _comparable(hosts[first].get(name)):
            yield f"{name} differs between {first} and {host}: {remedy}."
            return


def _comparable(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _one(hosts: Hosts) -> Mapping[str, Any]:
    """The variables of any of them, for what is the same everywhere."""
    return next(iter(hosts.values()), {})


def _directories(sites: Sites) -> Iterator[str]:
    """A site directory is one folder for the whole site, and never shared between sites (cloud-connector.md 3.4)."""
    owners: dict[str, str] = {}
    for site, hosts in sites.items():
        directory = _one(hosts)["cloud_connector_site_directory"]
        if problem := site_directory_problem(directory, len(hosts)):
            yield f"cloud_connector_site_directory of {site}: {problem}."
        owner = owners.setdefault(directory.rstrip("\\").lower(), site)
        if owner != site and directory.startswith("\\\\"):
            yield f"cloud_connector_site_directory of {owner} and {site} is the same, {directory}: write one of its own for each."


def _consents(sites: Sites) -> Iterator[str]:
    """Consent is for sites without a spare: elsewhere it would only hide that an appliance is ill."""
    for site, hosts in sites.items():
        declared = policy(_one(hosts))
        rooms = [ini.capacity(ini.parse(variables["cloud_connector_ini"])) for variables in hosts.values()]
        if declared.consent and sum(rooms) - max(rooms) >= declared.peak_calls:
            yield f"cloud_connector_outage_consent of {site} is not needed, since the site has a spare: leave it out."


def _calendars(sites: Sites) -> Iterator[str]:
    for site, hosts in sites.items():
        try:
            calendar(_one(hosts))
        except ValueError as error:
            yield f"cloud_connector_windows and cloud_connector_freeze of {site}: {error}."


def _waivers(hosts: Hosts, site_of: Mapping[str, str]) -> Iterator[str]:
    given = _one(hosts).get("cloud_connector_waivers", ())
    yield from (f"cloud_connector_waivers: {problem}." for problem in waivers.problems(given, site_of))


def _canary(hosts: Hosts, sites: Sites) -> Iterator[str]:
    given = _one(hosts).get("cloud_connector_canary")
    if given is not None and given not in sites:
        yield f"cloud_connector_canary is {given}, which is no site: write one of {', '.join(sites)}."


def _inis(sites: Sites) -> Iterator[str]:
    parsed = {
        site: {host: ini.parse(variables["cloud_connector_ini"]) for host, variables in hosts.items()}
        for site, hosts in sites.items()
    }
    for site, inis in parsed.items():
        for host, document in inis.items():
            release = sites[site][host]["cloud_connector_target_version"]
            yield from (f"{host}: cloud_connector_ini: {problem}" for problem in ini.problems(document, release))
    yield from (f"cloud_connector_ini: {problem}" for problem in ini.fleet_problems(parsed))
