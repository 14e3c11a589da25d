# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an appliance was like before an upgrade, and what is different after it.

A snapshot is a table: area -> item -> value, all of it from the readings of one survey. Two tables are compared by item. Each
difference is either one that an upgrade makes (`_EXPECTED`, with its source), or one that somebody accepted by its name, or it
stops the run. Nothing in a snapshot is a secret: of the ini only the keys of Microsoft's templates are kept.

A new area is one function with the decorator `_area`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from . import derived, health, ini_changes, windows_readings
from .answers import attempt
from .appliance import SERVICES, Appliance, Event, Machine
from .codec import encode
from .exceptions import NotReadError
from .ini_document import Ini, gateway_number, identity
from .ini_template import FIRST_GATEWAY, ROUTES, keys
from .reading import Reading, Unknown, need
from .tenant_records import NOT_ASKED, TenantRecords
from .versions import KNOWN, Version, is_early, key

NAME = "snapshot"
"""The name of the record on the appliance."""

Value: TypeAlias = str | int | bool | None
Area: TypeAlias = Mapping[str, Value]
Areas: TypeAlias = Mapping[str, Reading[Area]]

DOCUMENTED, INFERRED, OURS = "documented", "inferred", "of this collection"

INI = "ini"
TENANT_AREAS = ("registration", "tenant_record")
"""What only the tenant's records show."""


# --- what is read -----------------------------------------------------------------------------------------------------

_AREAS: dict[str, Callable[[Appliance], Area]] = {}


def _area(judge: Callable[[Appliance], Area]) -> Callable[[Appliance], Area]:
    """Makes an area of the function; its name without the leading underscore is that of the area."""
    _AREAS[judge.__name__.removeprefix("_")] = judge
    return judge


def areas(appliance: Appliance, records: TenantRecords | None = None) -> dict[str, Reading[Area]]:
    """Every area of an appliance; one that could not be read whole is unknown.

    Args:
        appliance: its state, with what the tenant's records say of it where they were read.
        records: the tenant's records, where they were read.
    """
    found: dict[str, Reading[Area]] = {name: attempt(judge, appliance) for name, judge in _AREAS.items()}
    found["tenant_record"] = Unknown(NOT_ASKED) if records is None else attempt(_own_records, appliance, records)
    return found


@_area
def _versions(appliance: Appliance) -> Area:
    backup = appliance.backup
    return {
        "scripts": need(appliance.scripts),
        "running": need(appliance.running),
        "backup": None if isinstance(backup, Unknown) else backup,
    }


@_area
def _programs(appliance: Appliance) -> Area:
    return {"installed": len(need(appliance.programs))}


@_area
def _directories(appliance: Appliance) -> Area:
    return {"appliance": need(appliance.appliance_directory), "site": need(appliance.site_directory)}


@_area
def _management_service(appliance: Appliance) -> Area:
    service = need(appliance.management_service)
    if service is None:
        return {}
    return {"name": service.name, "state": service.state, "account": service.account.rpartition("\\")[2]}


@_area
def _machines(appliance: Appliance) -> Area:
    """VMs by the set and the role they are of: a new set has other names."""
    running = need(appliance.running)
    found: dict[str, Value] = {}
    for machine in need(appliance.machines):
        name = _machine_name(appliance, machine, running)
        if name in found:
            raise NotReadError(f"two VMs are {name}")
        found[name] = _machine_state(machine)
    return found


def _machine_name(appliance: Appliance, machine: Machine, running: Version | None) -> str:
    if machine.version is None:
        return machine.name
    role = derived.role(appliance, machine) or _without(machine.name, machine.version)
    return f"{'in production' if machine.version == running else machine.version}: {role}"


def _without(name: str, version: Version) -> str:
    """The name of a VM without the version in it."""
    return re.sub(rf"{re.escape(version)}(\.0)*", "", name).strip(" -_.") or name


def _machine_state(machine: Machine) -> str:
    switches = ", ".join(sorted(need(machine.switches)))
    return f"{machine.state}, on {switches}" if switches else f"{machine.state}, not connected"


@_area
def _switches(appliance: Appliance) -> Area:
    return dict.fromkeys(need(appliance.switches), True)


@_area
def _services(appliance: Appliance) -> Area:
    """The monitored services of the VMs in production, whichever of its two names one has."""
    states = {
        f"{vm} {name}": windows_readings.service_state(need(appliance.services[vm]), name)
        for vm, names in SERVICES.items()
        for name in names
    }
    return {name: state for name, state in states.items() if state is not None}


@_area
def _start_modes(appliance: Appliance) -> Area:
    aliases = {other: name for name, other in windows_readings.SERVICE_ALIASES.items()}
    return {
        f"{vm} {aliases.get(name, name)}": mode
        for vm, modes in appliance.start_modes.items()
        for name, mode in need(modes).items()
    }


@_area
def _certificates(appliance: Appliance) -> Area:
    """Of each name the certificate that lasts longest: a renewal leaves the old one beside it."""
    found: dict[str, Value] = {}
    for name, one in derived.newest_certificates(appliance).items():
        found[f"{name} issuer"] = one.issuer
        found[f"{name} expires"] = one.expires.isoformat()
        found[f"{name} thumbprint"] = one.thumbprint
    return found


@_area
def _certificate_files(appliance: Appliance) -> Area:
    return {target: need(path) for target, path in appliance.certificate_files.items()}


@_area
def _firewall_rules(appliance: Appliance) -> Area:
    return dict(need(appliance.firewall_rules))


@_area
def _events(appliance: Appliance) -> Area:
    """What is in the logs of calls that cannot be carried and of automatic recovery, by number."""
    found = [*need(appliance.call_events), *need(appliance.recovery_events)]
    return {str(event.id): True for event in found}


@_area
def _counters(appliance: Appliance) -> Area:
    """That both counters of live calls can be read; how many calls there are is a matter of the hour."""
    need(appliance.calls)
    return {"inbound": "read", "outbound": "read"}


@_area
def _ini(appliance: Appliance) -> Area:
    """The ini in force by value: of the keys of Microsoft's templates only, since others might hold anything."""
    text = ini_changes.effective(appliance)
    if text is None:
        return {}
    document, known = Ini.parse(text), _template_keys()
    return {
        f"{entry.section}/{entry.key}": entry.value
        for entry in document.entries
        if document.find(entry.section, entry.key) == entry
        and (_section(entry.section) == ROUTES.lower() or (_section(entry.section), entry.key.lower()) in known)
    }


def _template_keys() -> set[tuple[str, str]]:
    """Section and key of every template, in small letters."""
    templates = [keys(release) for release in KNOWN]
    return {
        (section.lower(), name.lower())
        for template in templates
        for section, content in template.items()
        for name in content
    }


def _section(name: str) -> str:
    """The section in small letters; every gateway is the first one."""
    return (FIRST_GATEWAY if gateway_number(name) else name).lower()


@_area
def _registration(appliance: Appliance) -> Area:
    return {
        "match": need(appliance.registration),
        "automatic update": need(appliance.auto_update),
        "maintenance mode": need(appliance.tenant_maintenance),
    }


RECORD_PROPERTIES = ("Identity", "Name", "SiteName", "MediationServerFqdn", "MediationServerIPAddress")


def _own_records(appliance: Appliance, records: TenantRecords) -> Area:
    """The tenant's record of the appliance and that of its site, by value."""
    name, own = need(appliance.computer_name), identity(need(appliance.ini))
    if own is None:
        raise NotReadError("the ini lacks a part of the identity of site and appliance")
    mine = [one for one in need(records.appliances) if str(one.get("Name")).casefold() == name.casefold()]
    sites = [one for one in need(records.sites) if str(one.get("Identity")).casefold() == own.site_name.casefold()]
    found: dict[str, Value] = {"records of the appliance": len(mine), "records of the site": len(sites)}
    found |= {part: _text(one.get(part)) for one in mine for part in RECORD_PROPERTIES}
    for one in sites:
        found["EdgeFQDN"] = _text(one.get("EdgeFQDN"))
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


@_area
def _credentials(appliance: Appliance) -> Area:
    return {account: need(readable) for account, readable in appliance.credentials.items()}


@_area
def _host(appliance: Appliance) -> Area:
    return {
        "disk": need(appliance.disk).total,
        "memory": need(appliance.memory).total,
        ".NET": need(appliance.dotnet_release),
        "full token": need(appliance.elevated),
        "stores passwords": need(appliance.stores_passwords),
        "strong crypto": need(appliance.strong_crypto),
    }


@_area
def _trusted_hosts(appliance: Appliance) -> Area:
    names = (name.strip().lower() for name in need(appliance.trusted_hosts).split(","))
    return {name: True for name in names if name}


@_area
def _recovery(appliance: Appliance) -> Area:
    return {"AutoMaintenanceStatus": need(appliance.recovery_status)}


@_area
def _site(appliance: Appliance) -> Area:
    return {"marker": need(appliance.site_marker)}


# --- the record -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as it is kept on the appliance.

    Attributes:
        target: the version that the upgrade leads to.
        running: the version that ran when it was taken.
        taken: when, by the host's own clock; events from then on are new.
        found: the areas.
        compared: when a comparison with it last found nothing that stops, by the host's clock; None: not yet.
    """

    target: Version
    running: Version | None
    taken: datetime
    found: Areas
    compared: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the record holds it."""
        return {**self.head(), "areas": encode(self.found)}

    def head(self) -> dict[str, Any]:
        """The same without the areas."""
        return {
            "target": self.target,
            "running": self.running,
            "taken": self.taken.isoformat(),
            "compared": None if self.compared is None else self.compared.isoformat(),
        }

    @property
    def is_open(self) -> bool:
        """Whether no comparison with it has passed yet."""
        return self.compared is None


def take(appliance: Appliance, target: Version, records: TenantRecords | None = None) -> Snapshot:
    """A snapshot of an appliance. Raises NotReadError where the host's clock could not be read."""
    running = appliance.running
    return Snapshot(
        target,
        None if isinstance(running, Unknown) else running,
        need(appliance.clock),
        areas(appliance, records),
    )


def parse(text: str | None) -> Snapshot | None:
    """The snapshot that a record holds; None where there is no record.

    Raises:
        NotReadError: the record is not what `to_dict` gives, since somebody wrote to it or a power cut left half of it.
    """
    if text is None:
        return None
    try:
        return _parsed(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError(f"the record of the snapshot is not as expected: {error!r}"[:300]) from error


def _parsed(found: Mapping[str, Any]) -> Snapshot:
    taken, compared, running = found["taken"], found["compared"], found["running"]
    times = [datetime.fromisoformat(one) for one in (taken, *([] if compared is None else [compared]))]
    if any(time.tzinfo is None for time in times):
        raise ValueError("a time has no zone")
    key(found["target"])
    read = {str(name): _parsed_area(area) for name, area in found["areas"].items()}
    return Snapshot(
        Version(str(found["target"])),
        None if running is None else Version(str(running)),
        times[0],
        read,
        times[1] if len(times) > 1 else None,
    )


def _parsed_area(area: Mapping[str, Any]) -> Reading[Area]:
    if set(area) == {"unknown"}:
        return Unknown(str(area["unknown"]))
    if not all(value is None or isinstance(value, str | int) for value in area.values()):
        raise ValueError("an area holds something that is no value")
    return dict(area)


# --- the difference ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One item that is not as it was.

    Attributes:
        kind: missing, added, changed or unread.
        reason: why it does not stop: what an upgrade does, or that it was accepted; empty: it stops.
        source: documented, inferred, of this collection, or accepted.
    """

    area: str
    item: str
    kind: str
    before: Value
    after: Value
    reason: str = ""
    source: str = ""

    @property
    def name(self) -> str:
        """As it is accepted: `area/item`."""
        return f"{self.area}/{self.item}" if self.item else self.area

    @property
    def stops(self) -> bool:
        return not self.reason

    def __str__(self) -> str:
        if self.kind == "unread":
            return f"{self.name} could not be read: {self.after}"
        if self.kind == "changed":
            return f"{self.name} changed from {_told(self.before)} to {_told(self.after)}"
        value = self.before if self.kind == "missing" else self.after
        return f"{self.name} is {self.kind}" + ("" if value is True else f" ({_told(value)})")

    def to_dict(self) -> dict[str, Any]:
        """As JSON can carry it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "reason": self.reason,
            "source": self.source,
        }


def _told(value: Value) -> str:
    return "nothing" if value is None else repr(value) if isinstance(value, str) else str(value).lower()


def compare(
    before: Snapshot,
    appliance: Appliance,
    records: TenantRecords | None = None,
    accepted: Collection[str] = (),
    only: Collection[str] | None = None,
) -> list[Difference]:
    """What is not as it was when the snapshot was taken, in the order of the areas.

    Args:
        before: the snapshot.
        appliance: the appliance now.
        records: the tenant's records, where they were read; without them what they show is not compared.
        accepted: names of differences that are meant, `area/item`, with wildcards; case means nothing.
        only: the areas to compare; all where it is None.
    """
    now = areas(_since(appliance, before.taken), records)
    context = _Context(before, attempt(lambda: need(appliance.running)))
    asked = [name for name in now if only is None or name in only]
    found = [one for name in asked for one in _area_differences(name, before.found.get(name), now[name], context)]
    return [_accepted(one, accepted) for one in found]


def stopping(differences: Iterable[Difference]) -> list[Difference]:
    """Those that nothing explains and nobody accepted."""
    return [one for one in differences if one.stops]


def _since(appliance: Appliance, taken: datetime) -> Appliance:
    """The appliance with those events only that came after the snapshot."""
    return appliance.with_changes(
        call_events=_later(appliance.call_events, taken), recovery_events=_later(appliance.recovery_events, taken)
    )


def _later(events: Reading[tuple[Event, ...]], taken: datetime) -> Reading[tuple[Event, ...]]:
    return events if isinstance(events, Unknown) else tuple(event for event in events if event.time > taken)


@dataclass(frozen=True)
class _Context:
    """What decides whether a difference is expected: the snapshot, and the version that runs now."""

    before: Snapshot
    running: Reading[Version | None]

    @property
    def upgraded(self) -> bool:
        """Whether the appliance is at the target now, and was not before."""
        return self.running == self.before.target != self.before.running


def _area_differences(
    name: str, before: Reading[Area] | None, after: Reading[Area], context: _Context
) -> Iterator[Difference]:
    """What was not read before cannot be compared; what is not read any more is a difference."""
    if before is None or isinstance(before, Unknown):
        return
    if isinstance(after, Unknown):
        if not (name in TENANT_AREAS and after.reason == NOT_ASKED):
            yield Difference(name, "", "unread", None, after.reason)
        return
    raw = _ini_differences(before, after, context) if name == INI else _differences(name, before, after)
    yield from (_expected(one, before, after, context) for one in raw)


def _differences(area: str, before: Area, after: Area) -> Iterator[Difference]:
    for item, old in before.items():
        if item not in after:
            yield Difference(area, item, "missing", old, None)
        elif after[item] != old:
            yield Difference(area, item, "changed", old, after[item])
    yield from (Difference(area, item, "added", None, new) for item, new in after.items() if item not in before)


def _ini_differences(before: Area, after: Area, context: _Context) -> Iterator[Difference]:
    """By the rules for a new ini: what a release brings itself is no difference."""
    release = context.before.target if context.upgraded else context.before.running
    old, new = _document(before), _document(after)
    if release not in KNOWN:
        yield from _differences(INI, before, after)
        return
    for one in ini_changes.changes(new, old, release):
        kind = "added" if one.old is None else "missing" if one.new is None else "changed"
        yield Difference(INI, one.name, kind, one.old, one.new)


def _document(area: Area) -> Ini:
    """The ini that an area was made of, without its comments."""
    sections: dict[str, list[str]] = {}
    for name, value in area.items():
        section, ignored, item = name.partition("/")
        sections.setdefault(section, []).append(f"{item}={value}")
    return Ini.parse(
        "".join(f"[{name}]\n" + "".join(f"{line}\n" for line in lines) for name, lines in sections.items())
    )


def _accepted(one: Difference, accepted: Collection[str]) -> Difference:
    if one.stops and any(fnmatchcase(one.name.lower(), name.strip().lower()) for name in accepted):
        return replace(one, reason="it was accepted", source="accepted")
    return one


# --- what an upgrade changes ------------------------------------------------------------------------------------------

_Judge: TypeAlias = Callable[[Difference, "_Both"], bool]


@dataclass(frozen=True)
class _Both:
    """The areas that a difference is of, and the context."""

    before: Area
    after: Area
    context: _Context


@dataclass(frozen=True)
class _Rule:
    """A difference that does not stop. `always`: also where the appliance was not upgraded."""

    area: str
    judge: _Judge
    reason: str
    source: str
    always: bool = False


def _expected(one: Difference, before: Area, after: Area, context: _Context) -> Difference:
    both = _Both(before, after, context)
    for rule in _EXPECTED:
        if rule.area == one.area and (rule.always or context.upgraded) and rule.judge(one, both):
            return replace(one, reason=rule.reason, source=rule.source)
    return one


def _becomes(item: str, wanted: Callable[[Snapshot], Value]) -> _Judge:
    return lambda one, both: one.item == item and one.after == wanted(both.context.before)


def _old_set_is_off(one: Difference, both: _Both) -> bool:
    """The set that ran before is there, and off, whatever it is connected to."""
    old = both.context.before.running
    return one.kind == "added" and one.item.startswith(f"{old}: ") and str(one.after).startswith("Off, ")


def _was_no_longer_needed(one: Difference, both: _Both) -> bool:
    """A set that was beside the running one: it is in production now, or gave way to the one that is the backup now."""
    return one.kind == "missing" and not one.item.startswith("in production: ") and ": " in one.item


def _lasts_as_long(one: Difference, both: _Both) -> bool:
    """Another certificate of the same name, which lasts at least as long as the one before."""
    name, ignored, part = one.item.rpartition(" ")
    ends = [area.get(f"{name} expires") for area in (both.before, both.after)]
    if one.kind != "changed" or part == "issuer" or not all(isinstance(end, str) for end in ends):
        return False
    return datetime.fromisoformat(str(ends[1])) >= datetime.fromisoformat(str(ends[0]))


def _optional_service(one: Difference, both: _Both) -> bool:
    vm, ignored, name = one.item.partition(" ")
    return name in health.OPTIONAL_SERVICES.get(vm, ()) and one.kind in ("missing", "added")


def _other_accounts(one: Difference, both: _Both) -> bool:
    """Releases before 2.0 have other account types, which nobody asks for any more."""
    old = both.context.before.running
    return one.kind == "missing" and old is not None and is_early(old)


def _later_dotnet(one: Difference, both: _Both) -> bool:
    return one.item == ".NET" and isinstance(one.after, int) and one.after > (one.before or 0)  # type: ignore[operator]


_EXPECTED: tuple[_Rule, ...] = (
    _Rule("versions", _becomes("scripts", lambda old: old.target), "the MSI was replaced", DOCUMENTED),
    _Rule("versions", _becomes("running", lambda old: old.target), "the new set is in production", DOCUMENTED),
    _Rule("versions", _becomes("backup", lambda old: old.running), "the old set is the backup", DOCUMENTED),
    _Rule("machines", _old_set_is_off, "the switch turns the old VMs off", DOCUMENTED),
    _Rule("machines", _was_no_longer_needed, "one set is kept beside the running one", INFERRED),
    _Rule("certificates", _lasts_as_long, "the new VMs got certificates of their own", INFERRED),
    _Rule("services", _optional_service, "documents differ whether this service is there", INFERRED),
    _Rule("start_modes", _optional_service, "documents differ whether this service is there", INFERRED),
    _Rule("credentials", _other_accounts, "releases before 2.0 had other accounts", INFERRED),
    _Rule("trusted_hosts", lambda one, both: one.kind == "added", "a deployment may add its VMs to the list", INFERRED),
    _Rule("host", _later_dotnet, "a later .NET Framework was installed", INFERRED, always=True),
    _Rule("services", lambda one, both: one.after == "Running", "it runs now", OURS, always=True),
    _Rule("start_modes", lambda one, both: one.after == "Auto", "it starts by itself now", OURS, always=True),
    _Rule("firewall_rules", lambda one, both: one.after is True, "it lets calls in now", OURS, always=True),
    _Rule("credentials", lambda one, both: one.after is True, "it is in the cache now", OURS, always=True),
    _Rule("host", lambda one, both: one.after is True, "it is as an upgrade wants it now", OURS, always=True),
    _Rule("events", lambda one, both: one.kind == "missing", "no such event came since", OURS, always=True),
    _Rule(
        "recovery",
        lambda one, both: one.after != windows_readings.AUTO_RECOVERY,
        "it does not say automatic recovery",
        INFERRED,
        always=True,
    ),
    _Rule(
        "registration",
        lambda one, both: one.item == "automatic update" and one.after is False,
        "automatic update is suspended for the upgrade",
        OURS,
        always=True,
    ),
    _Rule("registration", _becomes("match", lambda old: "full"), "the registration is whole now", OURS, always=True),
    _Rule(
        "site",
        lambda one, both: one.before is None,
        "the first appliance to leave service writes it",
        OURS,
        always=True,
    ),
)
"""In the order of the areas. Documented: cloud-connector.md 1.1 (Switch-CcVersion), 5.3; inferred: 5.4, 9.1 no. 8 and 17, 10."""
