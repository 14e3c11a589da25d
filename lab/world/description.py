"""The description of a fleet: which sites and appliances there are, and in what state they begin.

It is data (a dict, or a JSON or YAML file); `Fleet` and what it holds name its keys, and everything has a default but the
sites. See `demo.py` for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lab.world.calls import Load
from lab.world.obstacles import OBSTACLES, Way

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
    windows: dict[str, Any] = field(default_factory=dict)
    """How Windows is set up on the host, where it differs from a well prepared one: fields of `policy.HostPolicy`."""
    windows_updates: int | dict[str, list[Any]] = 0
    """Rounds of Windows updates that wait on the host and on each VM of the running set; or by `host`, `AD`, `CMS`, `Mediation`
    and `Edge` what waits there: fields of `windows_update.Update`, or a KB."""
    dotnet_release: int = 394802
    """.NET Framework 4.6.2; below 394254 (4.6.1) release 2.1 does not work (T12)."""
    free_disk_gb: int = 600
    memory_gb: int = 64
    no_calls: dict[str, list[Way]] = field(default_factory=dict)
    """Version -> the ways (`obstacles.OBSTACLES`) in which its set carries no call though everything reads well."""


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
    known["account"] = made(Account, known.get("account", {}), "account")
    return made(Fleet, known, "fleet")


def _time(given: datetime | str | None) -> datetime | None:
    time = datetime.fromisoformat(given) if isinstance(given, str) else given
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def _site(described: Mapping[str, Any]) -> SiteDescription:
    known = dict(described)
    known["appliances"] = [_appliance(one) for one in known.get("appliances", [])]
    known["calls"] = {direction: made(Load, load, "calls") for direction, load in known.get("calls", {}).items()}
    return made(SiteDescription, known, "site")


def _appliance(described: Mapping[str, Any] | str) -> ApplianceDescription:
    one = made(ApplianceDescription, {"name": described} if isinstance(described, str) else described, "appliance")
    unknown = {way for ways in one.no_calls.values() for way in ways} - set(OBSTACLES)
    if unknown:
        raise ValueError(
            f"appliance: unknown {', '.join(sorted(unknown))} in no_calls; there are {', '.join(OBSTACLES)}"
        )
    return one


def made(kind: Callable[..., Kind], described: Mapping[str, Any], what: str) -> Kind:
    """An instance of a dataclass from its fields as data. Raises ValueError that names what is unknown or lacking in `what`."""
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
