# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables of the inventory: what is wrong with them, each in one sentence that says what to write.

`schemas/inventory.json` says what one variable may hold; what several must agree on stands here.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from . import ini
from .schema import Fault, faults, schema
from .site import Consent, Policy, site_directory_problem

PREFIX = "cloud_connector_"
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
    return [*_sizes(sites), *_agreement(ours, sites), *_directories(sites), *_consents(sites), *_inis(sites)]


def policy(variables: Mapping[str, Any]) -> Policy:
    """What the owner of the site declared, from the variables of one of its appliances."""
    consent = variables.get("cloud_connector_outage_consent")
    return Policy(variables["cloud_connector_peak_calls"], Consent(**consent) if consent else None)


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
    return list(hosts.values())[0]


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
