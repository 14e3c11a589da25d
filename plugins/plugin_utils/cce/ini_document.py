# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CloudConnector.ini as a document: what is not changed keeps every character (cloud-connector.md 3.1, 3.2).

Sections and keys are found whatever their case. Any text can be parsed; what is wrong with it is said by `ini.problems`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HEADER = re.compile(r"\[([^\]\n]*)\][ \t]*$", re.MULTILINE)
_BEFORE_HEADER = re.compile(r"\ufeff?[ \t]*")
"""What may stand before a header in its line. Together with it, it would be looked for at every character of a fleet's inis."""
_KEY = re.compile(r"(\ufeff?[ \t]*([^=;#\[\]\r\n]*[^=;#\[\]\s])[ \t]*=[ \t]*)([^\r\n]*?)([ \t]*)$")
_NO_KEY = re.compile(r"[;#\[\]]|\s$")
"""What the name of a key is not, as `_KEY` has it: reading a fleet's inis by that pattern takes too long."""
_BUILD = re.compile(r"(?:^|[\r\n])\ufeff?;[ \t]*Build number[ \t]+([\d.]+)", re.IGNORECASE)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_ADDRESS = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)
"""What `ipaddress.IPv4Address` takes, which is too slow for a fleet."""
_GATEWAY = re.compile(r"gateway(\d+)$", re.IGNORECASE)

NORMAL_CALLS = 500
MINIMUM_CALLS = 50
"""Simultaneous calls of one appliance by HardwareType (cloud-connector.md 4)."""


class Entry(NamedTuple):
    """One `Key=Value` line; `line` is its place in `Ini.lines`."""

    section: str
    key: str
    value: str
    line: int


@dataclass(frozen=True)
class Ini:
    """A CloudConnector.ini by its text, which is read when something of it is asked for."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Ini:
        return cls(text)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """With their line ends."""
        return tuple(_LINE.findall(self.text))

    @property
    def build(self) -> str | None:
        """The build number in the comment that Microsoft asks to keep."""
        match = _BUILD.search(self.text)
        return match[1] if match else None

    @cached_property
    def sections(self) -> tuple[str, ...]:
        """The names of the sections as written, in order, one that comes twice twice."""
        return tuple(name for name, _body in self._parts[1:])

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every key in order, also one that comes twice; a key above the first section belongs to the section ''."""
        return tuple(
            Entry(section, name, value, place + number)
            for place, section, body in self._placed()
            for number, name, value in _keys(body)
        )

    def get(self, section: str, key: str) -> str | None:
        """The value without blanks around it; None where the key is not there."""
        return self.values.get(section.lower(), {}).get(key.lower())

    def section(self, name: str) -> dict[str, str]:
        """The keys of a section as written with their values; of a key that comes twice the first."""
        found: dict[str, str] = {}
        for entry in self.entries:
            if entry.section.lower() == name.lower() and entry.key.lower() not in map(str.lower, found):
                found[entry.key] = entry.value
        return found

    def with_value(self, section: str, key: str, value: str) -> Ini:
        """The document with that value; a key or section that is not there is added at the end of its section or of the file.

        Raises:
            ValueError: the value would not be one line, or blanks around it would be lost.
        """
        if value != value.strip(" \t") or re.search(r"[\r\n]", value):
            raise ValueError(f"[{section}] {key}: a value is one line without blanks around it")
        entry = self.find(section, key)
        if entry is None:
            return self._added(section, f"{key}={value}")
        return self._replaced(entry.line, value)

    def without_section(self, name: str) -> Ini:
        """The document without that section, its keys and the comments among them."""
        starts = [start for start, header in self._headers] + [len(self.lines)]
        dropped: set[int] = set()
        for place, (start, header) in enumerate(self._headers):
            if header.lower() == name.lower():
                dropped.update(range(start, starts[place + 1]))
        return _joined(line for number, line in enumerate(self.lines) if number not in dropped)

    @property
    def _headers(self) -> list[tuple[int, str]]:
        """Place and name of each header."""
        return [(place, name) for place, name, _body in self._placed()][1:]

    def _placed(self) -> Iterator[tuple[int, str, str]]:
        """The parts, each with the place of its first line."""
        place = 0
        for name, body in self._parts:
            yield place, name, body
            place += body.count("\n")

    @cached_property
    def _parts(self) -> list[tuple[str, str]]:
        """Name of each section, and what follows its header, the end of that line first; above them all the section ''."""
        text = self.text.replace("\r\n", "\n").replace("\r", "\n")
        found: list[tuple[str, str]] = []
        name, start = "", 0
        for header in _HEADER.finditer(text):
            line = text.rfind("\n", 0, header.start()) + 1
            if _BEFORE_HEADER.fullmatch(text, line, header.start()):
                found.append((name, text[start:line]))
                name, start = header[1].strip(), header.end()
        return [*found, (name, text[start:])]

    @cached_property
    def _line_end(self) -> str:
        first = self.lines[0] if self.lines else ""
        return first[len(_bare(first)) :] or "\r\n"

    @cached_property
    def known_identity(self) -> Identity | None:
        """See `identity`, which is asked for often: each ini of a site is compared with those of the others."""
        return _identity(self)

    @cached_property
    def values(self) -> Mapping[str, Mapping[str, str]]:
        """Section -> key -> the value that counts, sections and keys in small letters; in order."""
        found: dict[str, Mapping[str, str]] = {}
        for section, body in self._parts:
            content, name = _content(body), section.lower()
            if content:
                found[name] = {**found[name], **content, **found[name]} if name in found else content
        return found

    def find(self, section: str, key: str) -> Entry | None:
        """The key that counts: of one that comes twice the first."""
        wanted = (section.lower(), key.lower())
        return next((entry for entry in self.entries if (entry.section.lower(), entry.key.lower()) == wanted), None)

    def _replaced(self, number: int, value: str) -> Ini:
        line = self.lines[number]
        kept = _KEY.sub(lambda match: match[1] + value + match[4], _bare(line))
        return _joined((*self.lines[:number], kept + line[len(_bare(line)) :], *self.lines[number + 1 :]))

    def _added(self, section: str, line: str) -> Ini:
        start = next((number for number, name in self._headers if name.lower() == section.lower()), None)
        if start is None:
            return _joined([*self._closed(len(self.lines)), f"[{section}]{self._line_end}", line + self._line_end])
        place = self._end_of_section(start)
        return _joined((*self._closed(place), line + self._line_end, *self.lines[place:]))

    def _closed(self, place: int) -> list[str]:
        """The lines before `place`, the last of them with a line end."""
        before = list(self.lines[:place])
        if before and before[-1] == _bare(before[-1]):
            before[-1] += self._line_end
        return before

    def _end_of_section(self, start: int) -> int:
        """Where a line is added to the section that begins at `start`: after its last key, else after its header."""
        following = [number for number, header in self._headers if number > start]
        end = following[0] if following else len(self.lines)
        keys = [entry.line for entry in self.entries if start < entry.line < end]
        return (keys[-1] if keys else start) + 1


def _joined(lines: Iterable[str]) -> Ini:
    return Ini("".join(lines))


def _keys(body: str) -> Iterator[tuple[int, str, str]]:
    """Place, name and value of each key among lines without a header."""
    for number, line in enumerate(body.split("\n")):
        name, equals, value = line.partition("=")
        name = name.strip("\ufeff \t")
        if equals and name and (name.isalnum() or not _NO_KEY.search(name)):
            yield number, name, value.strip(" \t")


@lru_cache(maxsize=1024)
def _content(body: str) -> Mapping[str, str]:
    """Key in small letters -> the value that counts. Most sections are the same in many inis of a fleet."""
    found: dict[str, str] = {}
    for _number, name, value in _keys(body):
        found.setdefault(name.lower(), value)
    return found


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def parse(text: str) -> Ini:
    """The document of any text."""
    return Ini.parse(text)


MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decode(data: bytes) -> str:
    """The text of a file, whatever Windows editor wrote it: by its mark, else UTF-8, else Windows-1252.

    Which encoding the product expects is not documented. What cannot be read becomes U+FFFD, which `ini.problems` names.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


# --- what the rest of the domain asks of an ini ---------------------------------------------------------------------------


def gateways(ini: Ini) -> list[str]:
    """The names of the gateway sections, in order."""
    return [name for name in ini.sections if _GATEWAY.match(name)]


def gateway_number(section: str) -> int:
    """2 of `Gateway2`; 0 of any other section."""
    match = _GATEWAY.match(section)
    return int(match[1]) if match else 0


def values(ini: Ini, section: str, key: str) -> list[str]:
    """The members of a list; they stand between blanks. Empty where the key is not there."""
    return (ini.get(section, key) or "").split()


def capacity(ini: Ini) -> int:
    """How many calls the appliance may carry at once; a blank HardwareType is Normal (cloud-connector.md 3.2)."""
    return MINIMUM_CALLS if (ini.get("Common", "HardwareType") or "").lower() == "minimum" else NORMAL_CALLS


def _address(text: str | None) -> str | None:
    found = _ADDRESS.fullmatch((text or "").strip())
    return found[0] if found else None


def vm_addresses(ini: Ini) -> dict[str, str]:
    """The internal addresses of the VMs that are asked for services and calls; one that is not an address is left out."""
    places = {
        "cms": ini.get("PrimaryCMS", "IP"),
        "mediation": ini.get("MediationServer", "IP"),
        "edge": ini.get("EdgeServer", "InternalServerIPs"),
        "ad": ini.get("Common", "IP"),
    }
    found = {name: _address(text) for name, text in places.items()}
    return {name: address for name, address in found.items() if address is not None}


class Identity(NamedTuple):
    """How the tenant knows a site and an appliance of it (cloud-connector.md 1.1 Register-CcAppliance)."""

    site_name: str
    edge_fqdn: str
    mediation_fqdn: str
    mediation_address: str


def identity(ini: Ini) -> Identity | None:
    """The identity the ini stands for, all but the host's name; None where a part of it is missing."""
    return ini.known_identity


def _identity(ini: Ini) -> Identity | None:
    edge = (ini.get("EdgeServer", "ExternalSIPPoolName"), next(iter(values(ini, "Common", "SIPDomains")), None))
    mediation = (ini.get("MediationServer", "ServerName"), ini.get("Common", "VirtualMachineDomain"))
    site, address = ini.get("Common", "SiteName"), ini.get("MediationServer", "IP")
    if not (site and address and all(edge) and all(mediation)):
        return None
    return Identity(site, f"{edge[0]}.{edge[1]}", f"{mediation[0]}.{mediation[1]}", address)


def identity_problem(new: Ini, in_force: Ini) -> str | None:
    """Why `new` cannot be the ini of the appliance that has `in_force`, as a clause; None where it can, or is not known."""
    wanted, found = identity(new), identity(in_force)
    if wanted is None or found is None:
        return None
    if wanted == found:
        return None
    different = [
        f"{name.replace('_', ' ')} {left} in the new ini, {right} in force"
        for name, left, right in zip(Identity._fields, wanted, found, strict=True)
        if left.lower() != right.lower()
    ]
    if not different:
        return None
    return (
        f"is not the appliance that the ini of the inventory is of ({'; '.join(different)}): look at ansible_host first"
    )
