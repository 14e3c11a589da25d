# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a new CloudConnector.ini would change of the one in force.

An upgrade carries the values over into a new template and changes none. Another address, gateway or name is a change of the
configuration, for which Microsoft documents another procedure: uninstall, unregister, import, register and deploy anew
(cloud-connector.md 6.4). So each one has to be declared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from .appliance import Appliance
from .ini_carry import RENAMED
from .ini_document import Ini
from .ini_template import FIRST_GATEWAY, ROUTES, keys
from .reading import need
from .versions import KNOWN

BUILDS: Mapping[str, str] = {"2.1": "6.0.9319.419"}
"""The build number in the template of a release, where it is known. That this one is of 2.1 is inferred from its keys; no other
number is known (cloud-connector.md 5.1)."""

NAME = re.compile(r"[^/\s]+/[^/\s]+")
"""How a change is declared."""

Place = tuple[str, str]

_SAME = {("common", "hardwaretype"): {"": "normal"}}
"""Values that mean the same: a blank HardwareType is Normal (cloud-connector.md 3.2)."""


_OLD_NAMES: Mapping[Place, tuple[Place, ...]] = {
    (place[0].lower(), place[1].lower()): tuple((section.lower(), key.lower()) for section, key in sources)
    for place, sources in RENAMED.items()
}
"""Place -> where older files have it, all in small letters."""

_NEW_NAMES: Mapping[Place, Place] = {source: place for place, sources in _OLD_NAMES.items() for source in sources}


@dataclass(frozen=True)
class Difference:
    """One key that is not in the new ini what it is in the one in force. `old` and `new`: None where the key is not there."""

    section: str
    key: str
    old: str | None
    new: str | None

    @property
    def name(self) -> str:
        """As it is declared: `Section/Key`."""
        return f"{self.section}/{self.key}"

    def __str__(self) -> str:
        return f"{self.name} is {_told(self.old)} in force and {_told(self.new)} in the new ini"


def effective(appliance: Appliance) -> str | None:
    """The text of the ini that the product goes by: the imported one, or that of the appliance directory, where nothing was ever
    imported, as before 2.0.1 (cloud-connector.md 3.1). None where there is neither.

    Raises:
        NotReadError: it could not be read.
    """
    imported = need(appliance.ini_imported)
    return need(appliance.ini_appliance) if imported is None else imported


def changes(new: Ini, in_force: Ini, release: str) -> list[Difference]:
    """Every difference but those that the release itself brings, in the order of the new ini.

    No differences are: keys that came with a later release than the oldest known one and that the ini in force does not have
    yet; a missing key beside one that is blank or has the template's default; another place of a key in an older file; another
    case, or other blanks between the members of a list.

    Raises:
        ValueError: the release is not a known one.
    """
    return [*_changed(new, in_force, release), *_left_out(new, in_force)]


def undeclared(differences: Iterable[Difference], accepted: Collection[str]) -> list[Difference]:
    """Those whose name is not among `accepted`, where case means nothing. What is accepted need not be different any more."""
    names = {name.strip().lower() for name in accepted}
    return [one for one in differences if one.name.lower() not in names]


def refusal(differences: Iterable[Difference]) -> str:
    """Why an ini with these differences is not put in force, as a clause about the appliance."""
    return (
        f"would get another configuration, which an upgrade is not for ({'; '.join(map(str, differences))}): write the value in "
        "force, or declare each change by its name in cloud_connector_accepted_ini_changes"
    )


def build_problem(new: Ini, release: str) -> str | None:
    """Why the template of the ini is that of another release by its build number; None where it is not, or nothing is known."""
    other = next((known for known, build in BUILDS.items() if build == new.build), None)
    if other is None or other == release:
        return None
    return f"Its build number {new.build} is that of the template of {other}: make it from the template of release {release}."


def reused_build(new: Ini, in_force: Ini) -> str | None:
    """Why the new ini is still made from the template of the one in force, which is of an older release; a clause, or None."""
    if new.build is None or new.build != in_force.build:
        return None
    return (
        f"has an ini of that very build number in force, {new.build}, for an older release: make the new ini from the template "
        "of the new release"
    )


def _changed(new: Ini, in_force: Ini, release: str) -> Iterator[Difference]:
    for place, value in _beyond(new, in_force):
        old = _found(in_force, place)
        if old is None and _says_nothing(place, value, release):
            continue
        if old is None or not _equal(place, old, value):
            yield Difference(*_written(new, place), old, value)


def _left_out(new: Ini, in_force: Ini) -> Iterator[Difference]:
    """What the ini in force says and the new one does not, under whatever name."""
    for place, value in _beyond(in_force, new):
        if value and new.get(*place) is None and new.get(*_NEW_NAMES.get(place, place)) is None:
            yield Difference(*_written(in_force, place), value, None)


def _beyond(one: Ini, other: Ini) -> Iterator[tuple[Place, str]]:
    """The places of `one`, in small letters, that `other` does not have, or not with that value."""
    for section, content in one.values.items():
        there = other.values.get(section, {})
        if content != there:
            yield from (((section, key), value) for key, value in content.items() if there.get(key) != value)


def _written(ini: Ini, place: Place) -> Place:
    """Section and key as the document writes them."""
    entry = ini.find(*place)
    return place if entry is None else (entry.section, entry.key)


def _found(in_force: Ini, place: Place) -> str | None:
    """The value in force, also where an older file has it under another name; `place` in small letters."""
    sources = (place, *_OLD_NAMES.get(place, ()))
    return next((value for source in sources if (value := in_force.get(*source)) is not None), None)


def _says_nothing(place: Place, value: str, release: str) -> bool:
    """A key that the ini in force does not have: whether that it is there now changes nothing that was decided before."""
    here = _template(release)
    return _equal(place, here.get(place, ""), value) or (place in here and place not in _template(KNOWN[0]))


@cache
def _template(release: str) -> dict[Place, str]:
    """The keys of a release, in small letters, with their defaults; without gateways and routes, which an ini has at will."""
    sections = {name: content for name, content in keys(release).items() if name not in (FIRST_GATEWAY, ROUTES)}
    return {_lower((section, key)): value for section, content in sections.items() for key, value in content.items()}


def _equal(place: Place, one: str, other: str) -> bool:
    return _plain(place, one) == _plain(place, other)


def _plain(place: Place, value: str) -> str:
    """What is compared. A route is a pattern, in which case means something."""
    text = " ".join(value.split())
    if place[0].lower() == ROUTES.lower():
        return text
    return _SAME.get(_lower(place), {}).get(text.lower(), text.lower())


def _lower(place: Place) -> Place:
    return place[0].lower(), place[1].lower()


def _told(value: str | None) -> str:
    return "not there" if value is None else repr(value)
