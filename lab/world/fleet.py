"""Builds a world from the description of a fleet: which sites and appliances there are, and in what state they begin.

The description is data (a dict, or a JSON or YAML file); `Fleet` and what it holds name its keys, and everything has a default
but the sites. See `demo.py` for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import simpy
import yaml

from lab.world.building import build_appliance
from lab.world.calls import Load
from lab.world.computer import START
from lab.world.network import Network
from lab.world.product import package
from lab.world.record import Record
from lab.world.site import Site
from lab.world.switches import Switches
from lab.world.tenant import Tenant, TenantSite
from lab.world.world import World

Kind = TypeVar("Kind")


@dataclass
class ApplianceDescription:
    """One appliance. Versions that are not given are those of the fleet; `backup` None: there is no other set."""

    name: str
    address: str = ""
    """The loopback address of its wire; empty: 127.0.<site>.<number>."""
    scripts: str = ""
    running: str = ""
    backup: str | None = None
    hardware: str = ""
    dotnet_release: int = 394802
    """.NET Framework 4.6.2; below 394254 (4.6.1) release 2.1 does not work (T12)."""
    free_disk_gb: int = 600
    memory_gb: int = 64


@dataclass
class SiteDescription:
    """One site. `directory` empty: `\\\\files\\<name>`; `calls` says what is offered in each direction."""

    name: str
    appliances: list[ApplianceDescription]
    directory: str = ""
    peak_calls: int = 0
    hardware: str = "Normal"
    auto_update: bool = False
    calls: dict[str, Load] = field(default_factory=dict)


@dataclass
class Account:
    """The Windows account that deployed the appliances, on all of them."""

    name: str = "CceAdmin"
    password: str = "Lab-Passw0rd!"


@dataclass
class Fleet:
    """A whole fleet."""

    sites: list[SiteDescription]
    version: str = "2.0.1"
    """What every appliance runs unless it says otherwise."""
    target: str = "2.1"
    """What Microsoft's download site offers."""
    account: Account = field(default_factory=Account)
    packages: dict[str, str] = field(default_factory=dict)
    """Version -> address of its (made-up) MSI; versions not named are at https://packages.lab/CloudConnector-<version>.msi."""
    tenant: dict[str, Any] = field(default_factory=dict)
    """Fields of `Tenant` that differ from their default."""
    switches: dict[str, Any] = field(default_factory=dict)
    seed: int = 1
    network: int = 0
    """Second number of the loopback addresses: fleets that run at the same time on one computer need different ones."""
    start: datetime | None = None
    """When the world begins; a server without it begins now, a lab in a test at a fixed time."""


def describe(source: Mapping[str, Any] | str | Path) -> Fleet:
    """Reads a description. Raises ValueError that names what it does not know or lacks."""
    known: dict[str, Any] = (
        dict(source) if isinstance(source, Mapping) else yaml.safe_load(Path(source).read_text("utf-8"))
    )
    known["sites"] = [_site(site) for site in known.get("sites", [])]
    known["start"] = _time(known.get("start"))
    known["account"] = _made(Account, known.get("account", {}), "account")
    return _made(Fleet, known, "fleet")


def _time(given: datetime | str | None) -> datetime | None:
    time = datetime.fromisoformat(given) if isinstance(given, str) else given
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def _site(described: Mapping[str, Any]) -> SiteDescription:
    known = dict(described)
    known["appliances"] = [
        _made(ApplianceDescription, {"name": one} if isinstance(one, str) else one, "appliance")
        for one in known.get("appliances", [])
    ]
    known["calls"] = {direction: _made(Load, load, "calls") for direction, load in known.get("calls", {}).items()}
    return _made(SiteDescription, known, "site")


def _made(kind: Callable[..., Kind], described: Mapping[str, Any], what: str) -> Kind:
    unknown = sorted(set(described) - {one.name for one in fields(kind)})  # type: ignore[arg-type]
    if unknown:
        raise ValueError(f"{what}: unknown {', '.join(unknown)}")
    try:
        return kind(**described)
    except TypeError as error:
        raise ValueError(f"{what}: {error}") from error


def package_url(fleet: Fleet, version: str) -> str:
    """Where the MSI of a version is."""
    return fleet.packages.get(version, f"https://packages.lab/CloudConnector-{version}.msi")


def build(fleet: Fleet, file: TextIO | None = None) -> World:
    """The world of a description, at its start; the record is also written to `file`."""
    env = simpy.Environment()
    world = _empty(fleet, env, file)
    for version in sorted({fleet.version, fleet.target, *fleet.packages}):
        world.network.add_url(package_url(fleet, version), package(version))
    for number, described in enumerate(fleet.sites, 1):
        _build_site(world, fleet, described, number)
    return world


def _empty(fleet: Fleet, env: simpy.Environment, file: TextIO | None) -> World:
    switches, start = Switches.from_mapping(fleet.switches), fleet.start or START
    worlds: list[World] = []
    record = Record(lambda: worlds[0].now() if worlds else start, file)
    network = Network(lambda: worlds[0].now() if worlds else start)
    tenant = _made(Tenant, fleet.tenant, "tenant")
    worlds.append(World(env, switches, tenant, network, record, start, fleet.seed, fleet.target))
    return worlds[0]


def _build_site(world: World, fleet: Fleet, described: SiteDescription, number: int) -> None:
    site = Site(world, described.name, described.directory or rf"\\files\{described.name}", described.peak_calls)
    world.sites[site.name] = site
    world.network.add_share(site.directory)
    edge = f"ap-{site.name}.contoso.com"
    world.tenant.sites[site.name] = TenantSite(site.name, edge, described.auto_update)
    for position, one in enumerate(described.appliances, 1):
        build_appliance(site, _completed(one, fleet, described, number, position), fleet.account, (number, position))
    site.connect_sources(described.calls.get("inbound", Load()), described.calls.get("outbound", Load()))


def _completed(
    one: ApplianceDescription, fleet: Fleet, site: SiteDescription, number: int, position: int
) -> ApplianceDescription:
    """The description of an appliance with what it leaves to its site and fleet."""
    one.scripts, one.running = one.scripts or fleet.version, one.running or fleet.version
    one.hardware = one.hardware or site.hardware
    one.address = one.address or f"127.{fleet.network + number // 256}.{number % 256}.{position}"
    return one
