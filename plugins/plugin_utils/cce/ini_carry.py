# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of an old CloudConnector.ini carried over into the template of a new release.

"You cannot use the .ini file from a previous release": the new template is filled with the old values, and a person looks at
what that cannot decide (cloud-connector.md 3.1, 3.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .ini_document import Ini, gateways

RENAMED = {
    ("Common", "SIPDomains"): (("Common", "InternalDomains"),),
    ("Common", "VirtualMachineDomain"): (("Common", "ADDomain"),),
    ("Common", "WSUSServer"): (("Network", "WSUSServer"),),
    ("Common", "WSUSStatusServer"): (("Network", "WSUSStatusServer"),),
    ("Network", "InternetIPPrefixLength"): (("Network", "InternetIPPrefix"),),
    ("PrimaryCMS", "ShareName"): (("PrimaryCMS", "CmsFileStore"),),
    ("EdgeServer", "InternalServerName"): (("EdgeServer", "InternalMachineName"),),
    ("EdgeServer", "InternalServerIPs"): (("EdgeServer", "InternalMachineIPs"),),
    ("TrunkConfiguration", "EnableReferSupport"): (("Network", "EnableReferSupport"),),
}
"""Where a value may stand in an older file or in one written by the wrong page of the documents (cloud-connector.md 3.3)."""

TO_CHECK = (("Common", "SiteName"), ("TrunkConfiguration", "EnableReferSupport"))
"""What Microsoft asks to check in every upgrade (cloud-connector.md 3.1)."""

Place = tuple[str, str]


@dataclass(frozen=True)
class CarriedOver:
    """The new ini, and what was done with each key. `person`: sentences about what somebody has to look at."""

    ini: Ini
    carried: tuple[Place, ...]
    renamed: tuple[tuple[Place, Place], ...]
    new: tuple[Place, ...]
    person: tuple[str, ...]


@dataclass
class _Work:
    """What is being carried over."""

    old: Ini
    ini: Ini
    carried: list[Place] = field(default_factory=list)
    renamed: list[tuple[Place, Place]] = field(default_factory=list)
    new: list[Place] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)
    """The lines of the old ini whose values are in the new one."""

    def take(self, place: Place) -> None:
        """Fill one key of the new ini from where the old one has it."""
        for source in (place, *RENAMED.get(place, ())):
            entry = self.old.find(*source)
            if entry is not None:
                self.ini = self.ini.with_value(*place, entry.value)
                self.lines.add(entry.line)
                self.carried.append(place)
                if source != place:
                    self.renamed.append((source, place))
                return
        self.new.append(place)


def carry_over(old: Ini, template: Ini) -> CarriedOver:
    """The template with the old values. Gateways and routes are those of the old ini, however many there are."""
    work = _Work(old, _with_gateways(old, template))
    for entry in work.ini.entries:
        work.take((entry.section, entry.key))
    for section in (*gateways(old), "HybridVoiceRoutes"):
        for key in old.section(section):
            if work.ini.get(section, key) is None:
                work.take((section, key))
    return CarriedOver(work.ini, tuple(work.carried), tuple(work.renamed), tuple(work.new), tuple(_for_a_person(work)))


def _with_gateways(old: Ini, template: Ini) -> Ini:
    """The template without gateways the old ini does not have: an empty gateway section is a mistake."""
    kept = {name.lower() for name in gateways(old)}
    for name in gateways(template):
        if kept and name.lower() not in kept:
            template = template.without_section(name)
    return template


def _for_a_person(work: _Work) -> Iterator[str]:
    for section, key in work.new:
        value = work.ini.get(section, key)
        yield f"[{section}] {key} is new and has the template's value {value!r}: see whether it is right."
    for section, key in TO_CHECK:
        yield f"[{section}] {key} is {work.ini.get(section, key)!r}: Microsoft asks to check it in every upgrade."
    for entry in work.old.entries:
        if entry.line not in work.lines:
            first = work.old.find(entry.section, entry.key)
            again = first is not None and first.line in work.lines
            why = "is there more than once, and this one" if again else "is not in the template and"
            yield f"[{entry.section}] {entry.key} {why} was left out: its value was {entry.value!r}."
