"""Which values a switch can have, and a random choice of every switch, for fleets of which nobody chose the product."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lab.world.switches import Switches

MEASURES: Mapping[str, tuple[Any, ...]] = {
    "drain_limit": (None, 30.0, 7200.0),
    "tenant_session_limit": (3, 1, None),
    "tenant_session_linger": (900.0, 60.0),
    "tenant_logon_seconds": (5.0, 0.0, 30.0),
    "tenant_import_seconds": (60.0, 0.0, 300.0),
    "vm_off_seconds": (0.0, 20.0, 180.0),
    "os_update_seconds": (1200.0, 60.0),
    "share_latency": (0.0, 2.0),
    "product_name": ("Skype for Business Cloud Connector Edition", "Microsoft Cloud Connector 2.x"),
    "service_name": ("CCEManagementService", "Cloud Connector Management"),
    "vm_name": ("{server}-{version}", "{version}_{server}", "{server} ({version})"),
    "msi_seconds": (90.0, 5.0),
    "import_seconds": (2.0, 0.0),
    "register_seconds": (60.0, 5.0),
    "credential_seconds": (0.0, 30.0),
    "directory_seconds": (0.0, 30.0),
    "download_seconds": (1800.0, 10.0),
    "install_hours": (2.0, 0.1),
    "uninstall_seconds": (300.0, 10.0),
    "switch_duration": (180.0, 30.0),
    "services_seconds": (45.0, 5.0),
    "boot_services_seconds": (0.0, 180.0),
    "boot_seconds": (240.0, 60.0),
}
"""The values that are tried where the type does not name them all: the default first. Times are short."""

STOPPING: Mapping[str, frozenset[Any]] = {
    "vm_access": frozenset({False}),
    "ram_for_two_sets": frozenset({False}),
    "lock_file_stays": frozenset({True}),
    "register_again": frozenset({"refused"}),
    "version_text": frozenset({"host"}),
}
"""What stops every upgrade whatever else is chosen; it is chosen less often, so that most fleets come to their switch."""
SELDOM = 0.1


def values() -> dict[str, tuple[Any, ...]]:
    """The values of every switch, its default first."""
    hints, defaults = get_type_hints(Switches), Switches()
    found = {one.name: (getattr(defaults, one.name), *_values(one.name, hints[one.name])) for one in fields(Switches)}
    return {name: tuple(dict.fromkeys(some)) for name, some in found.items()}


def _values(name: str, kind: Any) -> tuple[Any, ...]:
    if kind is bool:
        return True, False
    return get_args(kind) if get_origin(kind) is Literal else MEASURES[name]


def drawn(chance: random.Random) -> dict[str, Any]:
    """One value for every switch: the default as often as all others together."""
    return {name: _drawn(chance, name, some) for name, some in values().items()}


def _drawn(chance: random.Random, name: str, some: tuple[Any, ...]) -> Any:
    default, others = some[0], some[1:]
    value = chance.choice(others) if chance.random() < 0.5 else default
    rare = value in STOPPING.get(name, frozenset()) and chance.random() >= SELDOM * 2
    return default if rare else value


def told(chosen: Mapping[str, Any]) -> str:
    """What differs from the defaults, in words."""
    other = {name: value for name, value in chosen.items() if value != values()[name][0]}
    return ", ".join(f"{name}={value!r}" for name, value in other.items()) or "every switch at its default"
