"""Builds a world from the description of a fleet."""

from __future__ import annotations

from typing import TextIO

import simpy

from lab.world import share
from lab.world.appliance import Appliance
from lab.world.building import build_appliance
from lab.world.calls import Load
from lab.world.computer import START
from lab.world.description import ApplianceDescription, Fleet, SiteDescription, made, package_url
from lab.world.network import Network
from lab.world.product import package
from lab.world.record import Record
from lab.world.site import Site
from lab.world.switches import Switches
from lab.world.tenant import Tenant, TenantSite
from lab.world.world import World


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
    tenant = made(Tenant, fleet.tenant, "tenant")
    worlds.append(World(env, switches, tenant, network, record, start, fleet.seed, fleet.target))
    return worlds[0]


def _build_site(world: World, fleet: Fleet, described: SiteDescription, number: int) -> None:
    site: Site[Appliance] = Site(
        world, described.name, described.directory or rf"\\files\{described.name}", described.peak_calls
    )
    world.sites[site.name] = site
    world.network.add_share(site.directory)
    edge = f"ap-{site.name}.contoso.com"
    world.tenant.sites[site.name] = TenantSite(site.name, edge, described.auto_update)
    share.begin(world.network, world.switches, site.directory, edge)
    for position, one in enumerate(described.appliances, 1):
        completed = _completed(one, fleet, described, number, position)
        world.appliances[one.name] = build_appliance(site, completed, fleet.account, (number, position))
    site.connect_sources(described.calls.get("inbound", Load()), described.calls.get("outbound", Load()))


def _completed(
    one: ApplianceDescription, fleet: Fleet, site: SiteDescription, number: int, position: int
) -> ApplianceDescription:
    """The description of an appliance with what it leaves to its site and fleet."""
    one.scripts, one.running = one.scripts or fleet.version, one.running or fleet.version
    one.hardware = one.hardware or site.hardware
    one.address = one.address or f"127.{fleet.network + number // 256}.{number % 256}.{position}"
    return one
