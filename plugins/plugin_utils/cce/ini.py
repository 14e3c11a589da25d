# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a CloudConnector.ini, with those of a site, and with those of a fleet (cloud-connector.md 3.2, 3.4).

What one key may hold stands in `schemas/ini-<release>.json`; what several keys or appliances must agree on stands here.
Each problem is one sentence that names section and key.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .ini_carry import CarriedOver, carry_over
from .ini_changes import Difference, build_problem, changes
from .ini_document import Entry, Ini, capacity, decode, gateway_number, gateways, identity, parse, values, vm_addresses
from .ini_template import render
from .schema import Fault, faults, schema
from .versions import KNOWN

__all__ = [
    "CarriedOver",
    "Difference",
    "Ini",
    "Problem",
    "capacity",
    "carry_over",
    "changes",
    "decode",
    "fleet_problems",
    "gateways",
    "identity",
    "parse",
    "problems",
    "render",
    "values",
    "vm_addresses",
]

Network = ipaddress.IPv4Network

_UNREADABLE = re.compile("[\ufffd\x00-\x08\x0b-\x1f]")


@dataclass(frozen=True)
class Problem:
    """`check` names the rule; `key` is empty where the whole section is meant."""

    check: str
    section: str
    key: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def problems(ini: Ini, release: str) -> list[Problem]:
    """What is wrong with the ini for that release, each key for itself and then together.

    Raises:
        ValueError: the release is not a known one.
    """
    if release not in KNOWN:
        raise ValueError(f"there is no template of release {release}")
    alone = [_problem(ini, release, fault) for fault in faults(f"ini-{release}.json", _document(ini))]
    return [*alone, *_build(ini, release), *(problem for check in _CHECKS for problem in check(ini))]


def _build(ini: Ini, release: str) -> Iterator[Problem]:
    sentence = build_problem(ini, release)
    if sentence:
        yield Problem("build", "", "", sentence)


# --- each key for itself ---------------------------------------------------------------------------------------------


@cache
def _spelling() -> dict[str, tuple[str, dict[str, tuple[str, Any]]]]:
    """Section in small letters -> its spelling and key in small letters -> its spelling and schema, of all releases."""
    found: dict[str, tuple[str, dict[str, tuple[str, Any]]]] = {}
    for release in KNOWN:
        document = schema(f"ini-{release}.json")
        parts = dict(document.get("properties", {}))
        for part in document.get("patternProperties", {}).values():
            parts["gateway"] = part
        for section, part in parts.items():
            keys = found.setdefault(section.lower(), (section, {}))[1]
            keys.update({key.lower(): (key, _resolved(rules)) for key, rules in part.get("properties", {}).items()})
    return found


def _resolved(rules: Any) -> Any:
    """The definition that a `$ref` of ours names; all definitions stand in the oldest schema."""
    name = rules.get("$ref", "").rpartition("/")[2]
    return schema(f"ini-{KNOWN[0]}.json")["$defs"][name] if name else rules


def _document(ini: Ini) -> dict[str, dict[str, Any]]:
    """The ini as the schemas want it: names in their spelling, lists and whole numbers as such, fixed words in small letters."""
    document: dict[str, dict[str, Any]] = {}
    for name in ini.sections:
        section, keys = _known(name)
        content = document.setdefault(section, {})
        for key, value in ini.section(name).items():
            spelling, rules = keys.get(key.lower(), (key, {}))
            content.setdefault(spelling, _typed(value, rules))
    return document


def _known(name: str) -> tuple[str, dict[str, tuple[str, Any]]]:
    if number := gateway_number(name):
        return f"Gateway{number}", _spelling()["gateway"][1]
    return _spelling().get(name.lower(), (name, {}))


def _typed(value: str, rules: Any) -> Any:
    if rules.get("type") == "array":
        return value.split()
    if rules.get("type") == "integer" and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    return value.lower() if "enum" in rules else value


def _problem(ini: Ini, release: str, fault: Fault) -> Problem:
    section, key = fault.place[0], (*fault.place, "")[1]
    copy = f"copy it from the template of release {release}"
    if not key:
        what = f"is missing: {copy}" if fault.missing else f"is not complete: write {fault.wanted}"
        return Problem("section", section, "", f"Section [{section}] {what}.")
    if fault.missing:
        return Problem("key", section, key, f"[{section}] {key} is missing: {copy} and give it its value.")
    value = ini.get(section, key)
    return Problem("value", section, key, f"[{section}] {key} is {value!r}: write {fault.wanted}.")


# --- keys of one ini together ----------------------------------------------------------------------------------------

SERVER_NAMES = (
    ("Common", "ServerName"),
    ("PrimaryCMS", "ServerName"),
    ("MediationServer", "ServerName"),
    ("EdgeServer", "InternalServerName"),
)
INTERNAL_ADDRESSES = (
    ("Common", "IP"),
    ("PrimaryCMS", "IP"),
    ("MediationServer", "IP"),
    ("EdgeServer", "InternalServerIPs"),
)
EXTERNAL_ADDRESSES = (("EdgeServer", "ExternalSIPIPs"), ("EdgeServer", "ExternalMRIPs"))

SWITCH_NAMES = (
    ("Network", "CorpnetSwitchName"),
    ("Network", "InternetSwitchName"),
    ("Network", "ManagementSwitchName"),
)
"""One is shared with the host, one is not, and one is deleted after a deployment: so they are three."""

Places = Iterable[tuple[str, str]]


def _nothing_twice(ini: Ini) -> Iterator[Problem]:
    """Which of two the product takes is not known."""
    sections = Counter(name.lower() for name in ini.sections)
    for section in {name.lower(): name for name in ini.sections if sections[name.lower()] > 1}.values():
        yield Problem("nothing_twice", section, "", f"Section [{section}] is there twice: keep one.")
    keys = Counter(_place(entry) for entry in ini.entries)
    for entry in {_place(entry): entry for entry in ini.entries if keys[_place(entry)] > 1}.values():
        sentence = f"[{entry.section}] {entry.key} is there twice: keep one."
        yield Problem("nothing_twice", entry.section, entry.key, sentence)


def _place(entry: Entry) -> tuple[str, str]:
    return entry.section.lower(), entry.key.lower()


def _readable(ini: Ini) -> Iterator[Problem]:
    """What a file lost when it was read in the wrong encoding."""
    for entry in ini.entries:
        if _UNREADABLE.search(entry.value):
            sentence = (
                f"[{entry.section}] {entry.key} is {entry.value!r}: write it anew, it was read in a wrong encoding."
            )
            yield Problem("readable", entry.section, entry.key, sentence)


def _sip_domains(ini: Ini) -> Iterator[Problem]:
    for domain in values(ini, "Common", "SIPDomains"):
        if domain.lower().endswith(".onmicrosoft.com"):
            sentence = (
                f"[Common] SIPDomains holds {domain!r}: domains of onmicrosoft.com are not supported, leave it out."
            )
            yield Problem("sip_domains", "Common", "SIPDomains", sentence)


def _internal_domain(ini: Ini) -> Iterator[Problem]:
    domain = ini.get("Common", "VirtualMachineDomain") or ""
    if domain.lower() in map(str.lower, values(ini, "Common", "SIPDomains")):
        sentence = (
            f"[Common] VirtualMachineDomain is {domain!r}, which is also a SIP domain: write a domain of its own."
        )
        yield Problem("internal_domain", "Common", "VirtualMachineDomain", sentence)


def _site_name(ini: Ini) -> Iterator[Problem]:
    """The template's value must be changed before a deployment (cloud-connector.md 3.2)."""
    if (ini.get("Common", "SiteName") or "").lower() == "site1":
        sentence = "[Common] SiteName is still the template's 'Site1': write the name of the PSTN site."
        yield Problem("site_name", "Common", "SiteName", sentence)


def _different(check: str, places: Places) -> Callable[[Ini], Iterator[Problem]]:
    def compare(ini: Ini) -> Iterator[Problem]:
        seen: dict[str, tuple[str, str]] = {}
        for section, key in places:
            value = ini.get(section, key) or ""
            first = seen.setdefault(value.lower(), (section, key))
            if value and first != (section, key):
                sentence = f"[{section}] {key} is {value!r} as [{first[0]}] {first[1]} is: write different ones."
                yield Problem(check, section, key, sentence)

    return compare


def _network(ini: Ini, address: tuple[str, str], length: tuple[str, str]) -> Network | None:
    try:
        return Network(f"{ini.get(*address)}/{ini.get(*length)}", strict=False)
    except ValueError:
        return None


def _management_network(ini: Ini) -> Iterator[Problem]:
    management = _network(ini, ("Network", "ManagementIPPrefix"), ("Network", "ManagementIPPrefixLength"))
    others = {
        "internal": _network(ini, ("Common", "IP"), ("Network", "CorpnetIPPrefixLength")),
        "external": _network(ini, ("EdgeServer", "ExternalSIPIPs"), ("Network", "InternetIPPrefixLength")),
    }
    for name, other in others.items():
        if management and other and management.overlaps(other):
            sentence = (
                f"[Network] ManagementIPPrefix {management} lies in the {name} network {other}: write another subnet."
            )
            yield Problem("management_network", "Network", "ManagementIPPrefix", sentence)


def _gateways_numbered(ini: Ini) -> Iterator[Problem]:
    numbers = sorted(gateway_number(name) for name in gateways(ini))
    if numbers != list(range(1, len(numbers) + 1)):
        section = f"Gateway{numbers[-1]}"
        sentence = f"Section [{section}] does not follow the one before it: number the gateways from 1 without a hole."
        yield Problem("gateways_numbered", section, "", sentence)


def _gateway_routes(ini: Ini) -> Iterator[Problem]:
    known = {name.lower() for name in ini.section("HybridVoiceRoutes")}
    for section in gateways(ini):
        for route in values(ini, section, "VoiceRoutes"):
            if route.lower() not in known:
                sentence = (
                    f"[{section}] VoiceRoutes names {route!r}, which is not in [HybridVoiceRoutes]: add it there."
                )
                yield Problem("gateway_routes", section, "VoiceRoutes", sentence)


def _gateway_names(ini: Ini) -> Iterator[Problem]:
    for section in gateways(ini):
        if (ini.get(section, "Protocol") or "").lower() == "tls" and not ini.get(section, "FQDN"):
            sentence = f"[{section}] FQDN is empty, but Protocol is TLS: write the name in the gateway's certificate."
            yield Problem("gateway_names", section, "FQDN", sentence)


_CHECKS: tuple[Callable[[Ini], Iterator[Problem]], ...] = (
    _nothing_twice,
    _readable,
    _sip_domains,
    _internal_domain,
    _site_name,
    _different("server_names", SERVER_NAMES),
    _different("internal_addresses", INTERNAL_ADDRESSES),
    _different("switch_names", SWITCH_NAMES),
    _management_network,
    _gateways_numbered,
    _gateway_routes,
    _gateway_names,
)


# --- appliances together (cloud-connector.md 3.4) --------------------------------------------------------------------

Facet = Callable[[Ini], frozenset[str]]
"""What of an ini is compared: the same is the same set, different is nothing in common."""


@dataclass(frozen=True)
class Rule:
    """Whether appliances of one site, and of different sites, must be the same in something; None: nothing is said."""

    check: str
    section: str
    key: str
    facet: Facet
    in_site: bool
    between_sites: bool | None

    def problem(self, sentence: str) -> Problem:
        return Problem(self.check, self.section, self.key, f"[{self.section}] {self.key}: {sentence}")


def _ordered(section: str, key: str) -> Facet:
    return lambda ini: frozenset({" ".join(values(ini, section, key)).lower()})


def _any_of(places: Places) -> Facet:
    return lambda ini: frozenset(value.lower() for place in places for value in values(ini, *place))


def _all_gateways(ini: Ini) -> frozenset[str]:
    settings = ("FQDN", "IP", "Port", "Protocol", "VoiceRoutes")
    return frozenset(" ".join(ini.get(name, key) or "" for key in settings).lower() for name in gateways(ini))


def _gateway_addresses(ini: Ini) -> frozenset[str]:
    return frozenset(address for name in gateways(ini) if (address := ini.get(name, "IP")))


def _trunk(ini: Ini) -> frozenset[str]:
    return frozenset(f"{key}={value}".lower() for key, value in ini.section("TrunkConfiguration").items())


def _same_everywhere(section: str, key: str) -> Rule:
    return Rule("same_everywhere", section, key, _ordered(section, key), True, True)


def _same_in_site(section: str, key: str) -> Rule:
    return Rule("same_in_site", section, key, _ordered(section, key), True, False)


RULES = (
    _same_everywhere("Common", "VirtualMachineDomain"),
    _same_everywhere("Common", "SIPDomains"),
    _same_everywhere("MediationServer", "PoolName"),
    _same_everywhere("EdgeServer", "InternalPoolName"),
    _same_in_site("Common", "SiteName"),
    _same_in_site("EdgeServer", "ExternalSIPPoolName"),
    _same_in_site("EdgeServer", "ExternalMRFQDNPoolName"),
    Rule("server_names", "Common", "ServerName", _any_of(SERVER_NAMES), False, False),
    Rule("internal_addresses", "Common", "IP", _any_of(INTERNAL_ADDRESSES), False, False),
    Rule("external_addresses", "EdgeServer", "ExternalSIPIPs", _any_of(EXTERNAL_ADDRESSES), False, False),
    Rule("gateways", "Gateway1", "IP", _all_gateways, True, None),
    Rule("gateways", "Gateway1", "IP", _gateway_addresses, True, False),
    Rule("trunk", "TrunkConfiguration", "EnableReferSupport", _trunk, True, None),
)


def fleet_problems(sites: Mapping[str, Mapping[str, Ini]]) -> list[Problem]:
    """What the appliances of a fleet must agree on and do not: site -> host -> ini. One site is a fleet too."""
    return [problem for rule in RULES for problem in (*_within(rule, sites), *_between(rule, sites))]


def _within(rule: Rule, sites: Mapping[str, Mapping[str, Ini]]) -> Iterator[Problem]:
    for members in sites.values():
        yield from _compare(rule, rule.in_site, {host: rule.facet(ini) for host, ini in members.items()})


def _between(rule: Rule, sites: Mapping[str, Mapping[str, Ini]]) -> Iterator[Problem]:
    """A site stands for itself with what its appliances have together, or with its first one where all must be the same."""
    if rule.between_sites is None:
        return
    members = {site: [rule.facet(ini) for ini in inis.values()] for site, inis in sites.items() if inis}
    together = {site: facets[0] if rule.between_sites else facets[0].union(*facets) for site, facets in members.items()}
    yield from _compare(rule, rule.between_sites, together)


def _compare(rule: Rule, same: bool, members: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    yield from _unequal(rule, members) if same else _shared(rule, members)


def _unequal(rule: Rule, members: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Every member that is not as the first one is."""
    first = next(iter(members), "")
    for name, facet in members.items():
        if facet != members[first]:
            ours, theirs = (", ".join(sorted(facet - members[first])), ", ".join(sorted(members[first] - facet)))
            yield rule.problem(f"{name} has {ours or 'nothing'} and {first} has {theirs or 'nothing'}: write the same.")


def _shared(rule: Rule, members: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Every member that has a value of one before it."""
    owners: dict[str, str] = {}
    for name, facet in members.items():
        for value in sorted(facet - {""}):
            owner = owners.setdefault(value, name)
            if owner != name:
                yield rule.problem(f"{name} and {owner} both have {value}: write different ones.")
