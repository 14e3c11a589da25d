"""CloudConnector.ini as the simulated product reads it, and the template of each release (cloud-connector.md 3)."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

Ini = Mapping[str, Mapping[str, str]]
FILE = "CloudConnector.ini"
BUILDS = {
    "1.4.1": "6.0.9319.1",
    "1.4.2": "6.0.9319.2",
    "2.0": "6.0.9319.3",
    "2.0.1": "6.0.9319.4",
    "2.1": "6.0.9319.419",
}
"""Only that of 2.1 is known; the others are made up."""


class BadConfiguration(Exception):
    """The ini cannot be used; the text is what a cmdlet throws."""


MISSING_STATE = 'Cannot set "State" because only strings can be used as values to set XmlNode properties'
"""The documented text of T13."""

COMMON = (
    "SIPDomains VirtualMachineDomain ServerName IP OnlineSipFederationFqdn SiteName CountryCode City State BaseVMIP "
    "WSUSServer WSUSStatusServer HardwareType OMSEnabled"
)
NETWORK = (
    "CorpnetIPPrefixLength InternetIPPrefixLength CorpnetSwitchName InternetSwitchName CorpnetDefaultGateway "
    "InternetDefaultGateway CorpnetDNSIPAddress InternetDNSIPAddress ManagementSwitchName ManagementIPPrefix "
    "ManagementIPPrefixLength"
)
EDGE = (
    "InternalServerName InternalPoolName InternalServerIPs ExternalSIPPoolName ExternalSIPIPs ExternalMRFQDNPoolName "
    "ExternalMRIPs ExternalMRPublicIPs ExternalMRPortRange"
)
TEMPLATE: Mapping[str, tuple[str, ...]] = {
    "Common": tuple(COMMON.split()),
    "Network": tuple(NETWORK.split()),
    "PrimaryCMS": ("ServerName", "IP", "ShareName"),
    "MediationServer": ("ServerName", "PoolName", "IP"),
    "EdgeServer": tuple(EDGE.split()),
    "Gateway1": ("FQDN", "IP", "Port", "Protocol", "VoiceRoutes"),
    "HybridVoiceRoutes": ("LocalRoute",),
    "TrunkConfiguration": ("EnableReferSupport", "EnableFastFailoverTimer", "ForwardCallHistory", "ForwardPAI"),
}
"""The keys of the 2.1 sample (3.2)."""

SINCE: Mapping[str, tuple[int, ...]] = {
    "State": (2, 1),
    "OMSEnabled": (2, 1),
    "EnableFastFailoverTimer": (2, 0),
    "ForwardCallHistory": (2, 0),
    "ForwardPAI": (2, 0),
}
"""Keys that the templates before did not have. That State came with 2.1 is inferred from T13."""


def number(version: str) -> tuple[int, ...]:
    """A version as numbers, to compare."""
    return tuple(map(int, version.split(".")))


def template(version: str) -> dict[str, tuple[str, ...]]:
    """The keys of the template of a release, by section."""
    return {
        section: tuple(key for key in keys if number(version) >= SINCE.get(key, (0,)))
        for section, keys in TEMPLATE.items()
    }


def render(version: str, values: Ini) -> str:
    """An ini made from the template of `version` with these values (a missing one is blank); more gateways are added."""
    keys = template(version) | {name: TEMPLATE["Gateway1"] for name in values if name.startswith("Gateway")}
    build = BUILDS.get(version, "6.0.9319.0")
    lines = [f"; Build number {build} - Keep this comment for diagnostic purpose", "; simulated"]
    for section, names in keys.items():
        lines += ["", f"[{section}]", *(f"{name}={values.get(section, {}).get(name, '')}" for name in names)]
    return "\r\n".join([*lines, ""])


@lru_cache(maxsize=256)
def parse(text: str) -> Ini:
    """The sections of an ini; keys keep their case. Raises BadConfiguration."""
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=(";",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text.removeprefix("\ufeff"))
    except configparser.Error as error:
        raise BadConfiguration(f"CloudConnector.ini cannot be read: {error.message} (simulated)") from error
    return {name: dict(parser[name]) for name in parser.sections()}


def check(ini: Ini, version: str) -> None:
    """Refuses an ini that lacks a key of the template of `version`; a missing State says what T13 says."""
    missing = [
        f"[{section}] {key}"
        for section, keys in template(version).items()
        for key in keys
        if key not in ini.get(section, {})
    ]
    if "[Common] State" in missing:
        raise BadConfiguration(f"Failed to install new instance with error: {MISSING_STATE}")
    if missing:
        raise BadConfiguration(f"CloudConnector.ini is not of version {version}: no {', '.join(missing)} (simulated)")


@dataclass(frozen=True)
class Identity:
    """What the tenant is told of an appliance."""

    site: str
    edge_fqdn: str
    mediation_fqdn: str
    mediation_address: str


def identity(ini: Ini) -> Identity:
    """The identity in an ini. Raises BadConfiguration when a part of it is missing."""
    try:
        common, mediation, edge = ini["Common"], ini["MediationServer"], ini["EdgeServer"]
        return Identity(
            common["SiteName"],
            f"{edge['ExternalSIPPoolName']}.{common['SIPDomains'].split()[0]}",
            f"{mediation['ServerName']}.{common['VirtualMachineDomain']}",
            mediation["IP"],
        )
    except (KeyError, IndexError) as error:
        raise BadConfiguration(f"CloudConnector.ini lacks {error} (simulated)") from error


def addresses(ini: Ini) -> dict[str, tuple[str, str]]:
    """Role -> (server name, address) of the four VMs."""
    return {
        "AD": (ini["Common"]["ServerName"], ini["Common"]["IP"]),
        "CMS": (ini["PrimaryCMS"]["ServerName"], ini["PrimaryCMS"]["IP"]),
        "Mediation": (ini["MediationServer"]["ServerName"], ini["MediationServer"]["IP"]),
        "Edge": (ini["EdgeServer"]["InternalServerName"], ini["EdgeServer"]["InternalServerIPs"]),
    }
