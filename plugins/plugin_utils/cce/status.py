# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a fleet stands: what people ask first, as rows, sentences and data. A pure function of what was read.

It is about now: who serves, what is under way and since when, what is half done, what waits to be put back, what is wrong and
what is safe to do. It proves nothing, which `health` and the validation of a site are for.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from . import control, health, maintenance, site_file, support, suspended
from .appliance import Appliance, Calls, Hold, Lease, Slot, Suspension
from .control import Control, Word
from .exceptions import NotReadError
from .failure_classes import FAILURES, FailureClass
from .health import Check
from .maintenance import Mode
from .reading import Unknown
from .site import Observation, Site, Unreadable
from .support import Dates

SCHEMA = "status.json"
"""The JSON Schema of what `Fleet.to_dict` gives."""

COLUMNS = 120
UNREACHABLE, UNKNOWN = "not reachable", "unknown"
MODES: Mapping[Mode, str] = {
    Mode.PRODUCTION: "in service",
    Mode.MAINTENANCE: "maintenance",
    Mode.STOPPED: "stopped",
    Mode.ILL: "ill",
}
HEADINGS = ("appliance", "runs", "scripts", "backup", "mode", "calls", "proven", "support", "under way, since")
WIDTHS = (22, 7, 7, 7, 13, 5, 6, 9, 24)
"""The most characters of each column; with two blanks between them a line fits into `COLUMNS`."""

AT_ONCE = "The same command again goes on where it stands."


@dataclass(frozen=True)
class Trouble:
    """What is wrong, and the remedy that is safe."""

    what: str
    remedy: str


@dataclass(frozen=True)
class Since:
    """Something that has begun: when, as ISO 8601 or in the words of its file, and how many seconds ago; None: not known."""

    name: str
    since: str | None
    seconds: float | None


@dataclass(frozen=True)
class ApplianceStatus:
    """One appliance; what could not be read is None.

    Attributes:
        reason: why it could not be read; empty where it could.
        mode: of `MODES`, or `UNREACHABLE`, or `UNKNOWN`.
        work: our jobs that are claimed; each may be running, or wait for somebody to fetch its answer.
        proof: how it was proven that what runs carries calls, and when; None: not, or it could not be read.
        unfinished: what of an upgrade is half done, a sentence; empty where nothing is.
        support_days: for how many days what it runs is supported, less than 0 after that.
    """

    name: str
    reason: str
    running: str | None
    scripts: str | None
    backup: str | None
    mode: str
    calls: int | None
    work: tuple[Since, ...]
    proof: Since | None
    unfinished: str
    support_days: int | None
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True)
class SiteStatus:
    """One site.

    Attributes:
        versions: what its appliances run, each once.
        calls: the live calls of those that could be asked.
        lease: who works on it, a run that may be at work or dead; None: nobody.
        slot: who holds the out-of-service slot, and for what.
        hold: who has put it on hold, so that nothing of it goes forward.
        suspended: automatic update that waits to be put back, by whom.
    """

    name: str
    versions: tuple[str, ...]
    calls: int
    lease: Since | None
    slot: Since | None
    hold: Since | None
    suspended: Since | None
    appliances: tuple[ApplianceStatus, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True)
class Said:
    """What a person said about the run.

    Attributes:
        action: HOLD, GO_ON, STOP or LEAVE_OUT of `control`.
        appliance: which one is left out; else None.
        by: who; None where the file cannot be understood, for which the run is held.
        since: when, as ISO 8601, and `seconds` ago; None: not known.
    """

    action: str
    appliance: str | None
    by: str | None
    reason: str
    since: str | None
    seconds: float | None


@dataclass(frozen=True)
class Fleet:
    """The fleet at one moment, and what a person says about the run."""

    at: datetime
    sites: tuple[SiteStatus, ...]
    control: tuple[Said, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is known to be wrong, under way or left."""
        return not any(site.troubles or any(one.troubles for one in site.appliances) for site in self.sites)

    def to_dict(self) -> dict[str, Any]:
        """As status.json holds it."""
        sites, said = ([asdict(one) for one in part] for part in (self.sites, self.control))
        return {
            "at": self.at.astimezone(UTC).isoformat(),
            "well": self.well,
            "control": said,
            "sites": _lists(sites),
        }


def fleet(
    sites: Sequence[Site], dates: Dates, now: datetime, said: Control | None = None, went_on: Word | None = None
) -> Fleet:
    """Where the sites stand.

    Args:
        dates: the days on which releases came.
        now: an aware time.
        said: what a person said about the run and is in force.
        went_on: who said last that it goes on; told where nobody holds or stops it.
    """
    return Fleet(now, tuple(_site(site, dates, now) for site in sites), tuple(_said(said or Control(), went_on, now)))


def _said(found: Control, went_on: Word | None, now: datetime) -> Iterator[Said]:
    if found.problem:
        yield Said(control.HOLD, None, None, f"the control file {found.problem}", None, None)
    stop = None if found.stop is None or found.stop.run else found.stop
    for action, word in ((control.HOLD, found.hold), (control.STOP, stop)):
        if word is not None:
            yield _word(action, None, word, now)
    if went_on is not None and not (found.held or stop):
        yield _word(control.GO_ON, None, went_on, now)
    for name, word in found.left_out.items():
        yield _word(control.LEAVE_OUT, name, word, now)


def _word(action: str, appliance: str | None, word: Word, now: datetime) -> Said:
    try:
        at = datetime.fromisoformat(word.at)
    except ValueError:
        at = None
    since = _since("", at if at is not None and at.tzinfo else None, now)
    return Said(action, appliance, word.by, word.reason, since.since, since.seconds)


def put_back(found: Iterable[Observation]) -> list[str]:
    """What a run has suspended in a site and nobody has put back yet: each once, with what to do."""
    states = list(found)
    return [f"{one.what} {one.remedy}" for one in (*_suspensions(states), *_flags(states))]


# --- one site ---------------------------------------------------------------------------------------------------------


def _site(site: Site, dates: Dates, now: datetime) -> SiteStatus:
    appliances = tuple(_appliance(name, found, dates, now) for name, found in site.appliances.items())
    held, note = _first(site, "slot", Slot), _first(site, "suspended", Suspension)
    run, hold = _first(site, "lease", Lease), _first(site, "hold", Hold)
    return SiteStatus(
        site.name,
        tuple(sorted({one.running for one in appliances if one.running})),
        sum(one.calls or 0 for one in appliances),
        _since(run.who, _moment(run.since), now) if run else None,
        _since(f"{held.appliance} ({held.operation})", _moment(held.since), now) if held else None,
        _since(hold.by, _moment(hold.since), now) if hold else None,
        _since(note.by, _moment(note.since), now) if note else None,
        appliances,
        tuple(_site_troubles(site, appliances, held, now)),
    )


def _first(site: Site, field: str, kind: type[Any]) -> Any:
    """What the first appliance that could be asked says of something that is of the whole site."""
    found = (getattr(one, field) for one in site.appliances.values() if isinstance(one, Appliance))
    return next((one for one in found if isinstance(one, kind)), None)


def _site_troubles(
    site: Site, appliances: Sequence[ApplianceStatus], held: Slot | None, now: datetime
) -> Iterator[Trouble]:
    versions = sorted({one.running for one in appliances if one.running})
    if len(versions) > 1:
        yield Trouble(
            f"Its appliances run different versions: {', '.join(versions)}.",
            "Upgrade the rest of the site; Microsoft supports a site of two versions only while it is upgraded.",
        )
    for one, other in site.twins():
        yield Trouble(
            f"{other} answers as the same computer as {one}.", "Correct ansible_host of one of them in the inventory."
        )
    if held is not None:
        yield Trouble(
            f"{held.appliance} holds the out-of-service slot since {held.since}{_ago(_moment(held.since), now)}, for "
            f"{held.operation}: no other appliance of the site leaves service meanwhile.",
            f"Where no run is at work, run the command again that took it. {AT_ONCE}",
        )
    hold = _first(site, "hold", Hold)
    if hold is not None:
        yield Trouble(
            f"It is on hold since {hold.since} ({hold.by}: {hold.reason}): no appliance of it goes forward from {hold.goes_to}.",
            "When the reason is gone, a person who answers for it runs the playbook sfb.cloud_connector.clear_hold.",
        )
    yield from _suspensions(site.appliances.values())
    yield from _flags(site.appliances.values())


def _suspensions(found: Iterable[Observation]) -> list[Trouble]:
    notes = [one.suspended for one in found if isinstance(one, Appliance)]
    remedy = FAILURES[FailureClass.AUTO_UPDATE_SUSPENDED].remedy
    clauses = dict.fromkeys(suspended.clause(note) for note in notes if isinstance(note, Suspension))
    return [Trouble(f"{clause[0].upper()}{clause[1:]}.", remedy) for clause in clauses]


def _flags(found: Iterable[Observation]) -> list[Trouble]:
    """Maintenance mode of ours that was not left: the tenant's flag is as a person had it once it is (maintenance.py)."""
    held = (one.slot for one in found if isinstance(one, Appliance) and isinstance(one.slot, Slot))
    noted = {one.token: one for one in held if one.operation == maintenance.OPERATION}
    return [
        Trouble(
            f"{one.appliance} was brought into maintenance mode at {one.since} and has not left it; its MaintenanceMode in the "
            "tenant may be set for that.",
            f"Run the command again that took it; maintenance with state absent leaves it. {AT_ONCE}",
        )
        for one in noted.values()
    ]


# --- one appliance ----------------------------------------------------------------------------------------------------


def _appliance(name: str, found: Observation, dates: Dates, now: datetime) -> ApplianceStatus:
    if isinstance(found, Unreadable):
        gone = Trouble(
            f"{name} could not be read: {found.reason.rstrip('.')}.",
            "Nothing is known of it. Look whether the host is up and its WinRM answers; do nothing at its neighbours before.",
        )
        return ApplianceStatus(name, found.reason, None, None, None, UNREACHABLE, None, (), None, "", None, (gone,))
    running = _text(found.running)
    unfinished = _unfinished(found)
    return ApplianceStatus(
        name,
        "",
        running,
        _text(found.scripts),
        _text(found.backup),
        _mode(found),
        found.calls.total if isinstance(found.calls, Calls) else None,
        _work(found, now),
        _proof(found, now),
        unfinished,
        _days(found, dates, now),
        tuple(_troubles(name, found, unfinished)),
    )


def _text(version: Any) -> str | None:
    return version if isinstance(version, str) else None


def _days(found: Appliance, dates: Dates, now: datetime) -> int | None:
    return support.days_left(found.running, dates, now.date()) if isinstance(found.running, str) else None


def _mode(found: Appliance) -> str:
    try:
        return MODES[maintenance.mode(found)]
    except NotReadError:
        return UNKNOWN


def _work(found: Appliance, now: datetime) -> tuple[Since, ...]:
    """By the host's own clock, which the times are of."""
    if isinstance(found.jobs, Unknown):
        return ()
    times = {} if isinstance(found.jobs_since, Unknown) else found.jobs_since
    clock = now if isinstance(found.clock, Unknown) else found.clock
    return tuple(_since(name, times.get(name), clock) for name in found.jobs)


def _proof(found: Appliance, now: datetime) -> Since | None:
    made = found.proof
    if isinstance(made, Unknown) or made is None or made.version != found.running:
        return None
    return _since(made.way, made.at, now)


def _unfinished(found: Appliance) -> str:
    """What of an upgrade has begun and is not finished, as far as what was read says so."""
    if found.module_present is False:
        known = (
            "and this collection has a record of it" if isinstance(found.saved, Mapping) else "and no record says why"
        )
        return f"The MSI was removed and not replaced, {known}."
    scripts, running = _text(found.scripts), _text(found.running)
    parts = []
    if scripts and running and scripts != running:
        parts.append(f"The scripts are {scripts}, and {running} runs: an upgrade has begun here and was not switched.")
    if isinstance(found.deployed_by, Mapping) and found.deployed_by.get("ended") is False:
        parts.append(f"The deployment of {found.deployed_by.get('version')} has not come to its end.")
    return " ".join(parts)


def _troubles(name: str, found: Appliance, unfinished: str) -> Iterator[Trouble]:
    if unfinished:
        yield Trouble(f"{name}: {unfinished}", f"Run the upgrade again. {AT_ONCE}")
    for check in _worst(found):
        yield Trouble(f"{name}: {check.id}: {check.evidence.rstrip('.')}.", check.remedy)


def _worst(found: Appliance) -> list[Check]:
    """The checks that say stop; of several with one cause the first. What `_unfinished` says is not said twice."""
    said = {"scripts"} if found.scripts != found.running else set()
    causes: dict[tuple[str, FailureClass | None], Check] = {}
    for check in health.blocking(health.carrying(found)):
        if check.id not in said:
            causes.setdefault((check.evidence, check.failure), check)
    return list(causes.values())


# --- times ------------------------------------------------------------------------------------------------------------


def _moment(text: str) -> datetime | None:
    """The time of a claim; None where it is written otherwise."""
    try:
        return site_file.parse_moment(text)
    except ValueError:
        return None


def _since(name: str, since: datetime | None, now: datetime) -> Since:
    if since is None:
        return Since(name, None, None)
    return Since(name, since.astimezone(UTC).isoformat(), max(0.0, (now - since).total_seconds()))


def _ago(since: datetime | None, now: datetime) -> str:
    return "" if since is None else f" ({span((now - since).total_seconds())} ago)"


def span(seconds: float) -> str:
    """A time for people, in its two largest units."""
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if seconds < 60:
        return f"{max(0, int(seconds))} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60:02} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"


# --- for people -------------------------------------------------------------------------------------------------------


def lines(found: Fleet) -> list[str]:
    """The status for people: none is longer than `COLUMNS`; sites and appliances in the order of the inventory."""
    out = {one.appliance for one in found.control if one.action == control.LEAVE_OUT}
    told = [line for one in found.control for line in _wrapped(_told(one), "* ")]
    told += [line for site in found.sites for line in _site_lines(site, out)]
    end = (
        "Nothing is known to be wrong."
        if found.well
        else "What is wrong stands below each site, with what is safe to do."
    )
    return [*told, f"Read at {found.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, nothing was changed. {end}"]


WORDS: Mapping[str, str] = {
    control.HOLD: "The run is held",
    control.GO_ON: "The run goes on",
    control.STOP: "The run is to stop after this appliance",
    control.LEAVE_OUT: "is left out",
}
"""What was said, for people."""


def _told(said: Said) -> str:
    what = f"{said.appliance} {WORDS[said.action]}" if said.appliance else WORDS[said.action]
    by = f", by {said.by}" if said.by else ""
    since = f", since {said.since} ({span(said.seconds)} ago)" if said.since and said.seconds is not None else ""
    return f"{what}{by}{since}: {said.reason.rstrip('.')}."


def _site_lines(site: SiteStatus, out: Collection[str | None]) -> Iterator[str]:
    mixed = "  MIXED VERSIONS" if len(site.versions) > 1 else ""
    yield _cut(
        f"{site.name}: {', '.join(site.versions) or 'nothing known to run'}; {site.calls} calls live{mixed}", COLUMNS
    )
    if site.lease is not None:
        ago = "" if site.lease.seconds is None else f" ({span(site.lease.seconds)} ago)"
        yield from _wrapped(
            f"{site.lease.name} works on it since {site.lease.since}{ago}, or has ended without a word.", "  "
        )
    yield _row(HEADINGS)
    for one in site.appliances:
        yield _row(_cells(one, left_out=one.name in out))
    for trouble in (*site.troubles, *(trouble for one in site.appliances for trouble in one.troubles)):
        yield from _wrapped(f"{trouble.what} {trouble.remedy}".strip(), "  ! ")
    yield ""


def _cells(one: ApplianceStatus, *, left_out: bool) -> Sequence[str]:
    calls = "-" if one.calls is None else str(one.calls)
    work = ", ".join(f"{job.name}{'' if job.seconds is None else f' {span(job.seconds)}'}" for job in one.work)
    return (
        one.name,
        one.running or "-",
        one.scripts or "-",
        one.backup or "-",
        one.mode,
        calls,
        "yes" if one.proof else "-",
        _support(one.support_days),
        ", ".join(filter(None, ("left out" if left_out else "", work))) or "-",
    )


def _support(days: int | None) -> str:
    if days is None:
        return "-"
    return "ended" if days < 0 else f"{days} days"


def _row(cells: Sequence[str]) -> str:
    padded = (_cut(cell, width).ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return f"  {'  '.join(padded)}".rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}~"


def _wrapped(text: str, mark: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=mark, subsequent_indent="    ", break_on_hyphens=False)


def _lists(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, Mapping):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, list | tuple) else value
