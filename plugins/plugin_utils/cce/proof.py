# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof that an appliance carries calls: what counts as one, and for how long it counts.

Microsoft's validation is a login and two calls by a person (cloud-connector.md 6.1); a set of VMs may read well and carry none. A
proof is a record on the appliance. It counts for the version it was made of, as long as that runs: the switch to another set
of VMs removes it. A change of Windows ends it, too: in its place the record then says that one is due, before anything
is changed, so that a run that dies before the new proof leaves an appliance which the next one proves.

What the counters can tell is little. Documented are the live calls of each direction and three events of calls that fail (6.2);
there is no counter of completed calls, no event of one, and whether a call that still rings is counted is not known. So a call
counts as carried (inferred) when the counter of its direction was above 0 in all readings for a while and then fell, with no
event of a failed call and no start or stop of the service since. Both directions have to show one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from . import paths, steps
from .appliance import Appliance, Calls, Event, Proof
from .codec import decode, encode
from .exceptions import NotReadError
from .reading import Reading, Unknown, need
from .steps import Step
from .versions import Version

COUNTERS, PROBE, COMMAND, SIGN_OFF = "counters", "probe", "command", "signoff"
WAYS = (COUNTERS, PROBE, COMMAND, SIGN_OFF)

NAME = "proof"
"""Of the record on the appliance."""

DUE = "due"
"""The entry of the record that says since when a proof is due."""

EVIDENCE_LENGTH = 600
"""How many characters of what a program said are kept."""

SERVICE_EVENTS = (25002, 25003)
"""Start and stop of the Mediation Server's service, after which its counters begin anew (cloud-connector.md 6.2)."""


def parse(text: str | None) -> Proof | None:
    """What the record's text holds; None where there is none, or a watch was begun only.

    Raises:
        NotReadError: it is not as we write it.
    """
    try:
        record = {} if text is None else json.loads(text)
        found = record.get("proof")
        made = None if found is None else decode(found, Proof)
        if made is not None and not _is_whole(made):
            raise ValueError("a field of it is of another kind")
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError(f"the record of the proof of calls in {paths.record(NAME)} is not as expected") from error
    return made


def _is_whole(found: Proof) -> bool:
    texts = (found.version, found.way, found.by, found.evidence)
    return all(isinstance(text, str) for text in texts) and found.way in WAYS and found.at.tzinfo is not None


def due(text: str | None) -> datetime | None:
    """Since when a proof is due because Windows was changed, by the record's text; None where that is not so.

    Raises:
        NotReadError: it is not as we write it.
    """
    try:
        record = {} if text is None else json.loads(text)
        found = record.get(DUE)
        since = None if found is None else datetime.fromisoformat(found)
        if since is not None and since.tzinfo is None:
            raise ValueError("without a zone")
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise NotReadError(f"the record of the proof of calls in {paths.record(NAME)} is not as expected") from error
    return since


def ended(at: datetime) -> list[Step]:
    """The steps that put in place of a proof, and of what a run has seen on the way to one, that one is due.

    What was seen and signed of another Windows proves nothing. `at`: aware time.
    """
    path = paths.record(NAME)
    return [
        steps.make_folder("record_folder", paths.RECORDS),
        steps.write_file("proof_new", f"{path}.new", json.dumps({DUE: at.isoformat()})),
        steps.move_file("proof_ended", f"{path}.new", path),
    ]


def is_proven(appliance: Appliance, version: Version) -> bool:
    """Whether the appliance runs `version` and a proof of that version counts.

    Raises:
        NotReadError: the running version or the record could not be read.
    """
    found = need(appliance.proof)
    return found is not None and found.version == version and need(appliance.running) == version


def told(found: Proof) -> str:
    """A proof in words."""
    return f"{found.way} at {found.at.isoformat(timespec='seconds')} by {found.by}: {found.evidence}"


# --- since when a set of VMs was seen to run --------------------------------------------------------------------------


def watched_since(record: Mapping[str, Any], version: Version) -> datetime | None:
    """When an operation first saw the appliance with `version` in production and no proof; None where none did.

    That moment is after the switch, whoever made it. Raises NotReadError where the record is not as we write it.
    """
    found = record.get("watch")
    if found is None:
        return None
    try:
        since = datetime.fromisoformat(found["since"])
        if since.tzinfo is None:
            raise ValueError("without a zone")
        return since if found["version"] == version else None
    except (KeyError, TypeError, ValueError) as error:
        raise NotReadError(f"the record of the proof of calls is not as expected: watch is {found!r}"[:300]) from error


def watch_entry(version: Version, since: datetime) -> dict[str, Any]:
    """What the record has of it."""
    return {"version": version, "since": since.isoformat()}


def proof_entry(found: Proof) -> dict[str, Any]:
    """What the record has of a proof."""
    entry: dict[str, Any] = encode(found)
    return entry


# --- the counters -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Traffic:
    """One look at the counters and events of an appliance: event number -> the time of the newest one."""

    calls: Calls
    failures: Mapping[int, datetime]
    restarts: Mapping[int, datetime]


def newest(events: Iterable[Event]) -> dict[int, datetime]:
    """Event number -> the time of the newest of that number."""
    found: dict[int, datetime] = {}
    for event in events:
        found[event.id] = max(event.time, found.get(event.id, event.time))
    return found


@dataclass(frozen=True)
class Seen:
    """What the readings have shown of one direction.

    Attributes:
        live: calls at the last reading; None where there is none to compare with.
        since: from which second on all readings were above 0; None where the last one was not.
        most: the most calls at once.
        ended: how many calls ended after the counter had been above 0 for long enough.
    """

    live: int | None = None
    since: float | None = None
    most: int = 0
    ended: int = 0

    def after(self, live: int, at: float, before: float, lasting: float) -> Seen:
        """With one more reading; `before` is the second of the last one."""
        fell = 0 if self.live is None else max(0, self.live - live)
        lasted = self.since is not None and before - self.since >= lasting
        begun = at if self.since is None else self.since
        return Seen(live, begun if live else None, max(self.most, live), self.ended + (fell if lasted else 0))

    def interrupted(self) -> Seen:
        """After a reading that failed: nothing may be compared with what was before it."""
        return replace(self, live=None, since=None)

    def told(self, direction: str) -> str:
        """In words."""
        if not self.most:
            return f"{direction} no call"
        return f"{direction} at most {self.most} at once, {self.ended} ended after lasting"


@dataclass(frozen=True)
class Watch:
    """The readings of an appliance since the first of them. What was logged and counted before that one proves nothing.

    Attributes:
        lasting: for how many seconds a counter has to be above 0 before its fall counts.
        at: the second of the last reading.
        failed: the events of failed calls that came since, each number once for each reading that showed a new one.
        unread: why the last reading failed; empty where it did not.
    """

    lasting: float
    inbound: Seen = Seen()
    outbound: Seen = Seen()
    at: float = 0.0
    begun: float = 0.0
    readings: int = 0
    restarts: int = 0
    failed: tuple[int, ...] = ()
    unread: str = ""
    _failures: Mapping[int, datetime] = field(default_factory=dict)
    _restarts: Mapping[int, datetime] = field(default_factory=dict)

    @property
    def is_proof(self) -> bool:
        """Whether a call of each direction was carried to its end, and the last reading could be made."""
        return not self.unread and self.inbound.ended > 0 and self.outbound.ended > 0

    def after(self, found: Reading[Traffic], at: float) -> Watch:
        """With one more reading, made at that second."""
        if isinstance(found, Unknown):
            return replace(
                self, inbound=self.inbound.interrupted(), outbound=self.outbound.interrupted(), unread=found.reason
            )
        first = not self.readings
        failed = () if first else _newer(found.failures, self._failures)
        restarted = not first and bool(_newer(found.restarts, self._restarts))
        anew = failed or restarted
        inbound, outbound = (Seen(), Seen()) if anew else (self.inbound, self.outbound)
        return replace(
            self,
            inbound=inbound.after(found.calls.inbound, at, self.at, self.lasting),
            outbound=outbound.after(found.calls.outbound, at, self.at, self.lasting),
            at=at,
            begun=at if first else self.begun,
            readings=self.readings + 1,
            restarts=self.restarts + restarted,
            failed=(*self.failed, *failed),
            unread="",
            _failures=_newest_of(self._failures, found.failures),
            _restarts=_newest_of(self._restarts, found.restarts),
        )

    def progress(self) -> str:
        """What was seen, in words that stay the same as long as nothing new was."""
        parts = [self.inbound.told("inbound"), self.outbound.told("outbound")]
        if self.failed:
            numbers = ", ".join(str(number) for number in sorted(set(self.failed)))
            parts.append(f"events of failed calls ({numbers}), after each of which it begins anew")
        if self.restarts:
            parts.append("a start or stop of the Mediation service, after which it begins anew")
        if self.unread:
            parts.append(f"the last reading failed: {self.unread}")
        return "; ".join(parts)

    def told(self) -> str:
        """What was seen in the whole time, in words."""
        return f"{self.progress()}; {self.readings} readings in {self.at - self.begun:.0f} s"


def _newer(found: Mapping[int, datetime], known: Mapping[int, datetime]) -> tuple[int, ...]:
    """The numbers of which there is an event that was not there before, by the clock of whoever logged them."""
    return tuple(number for number, time in found.items() if number not in known or time > known[number])


def _newest_of(known: Mapping[int, datetime], found: Mapping[int, datetime]) -> dict[int, datetime]:
    return {number: max(times) for number in {**known, **found} if (times := _times(number, known, found))}


def _times(number: int, *maps: Mapping[int, datetime]) -> list[datetime]:
    return [one[number] for one in maps if number in one]


# --- sign-offs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignOff:
    """What a person says: calls were made on an appliance, or on each of a site, and they went well."""

    by: str
    at: datetime
    appliance: str = ""
    site: str = ""
    reason: str = ""

    def names(self, host: str, site: str) -> bool:
        """Whether it is of this appliance, or of its site."""
        return self.appliance == host if self.appliance else bool(site) and self.site == site

    def told(self) -> str:
        """In words, for the record."""
        what = self.appliance or f"site {self.site}"
        return f"signed off for {what}{f': {self.reason}' if self.reason else ''}"


def sign_offs(given: Sequence[Mapping[str, Any]]) -> tuple[SignOff, ...]:
    """The sign-offs of an option.

    Raises:
        ValueError: one is not as it should be; the text says what to write.
    """
    return tuple(_sign_off(one) for one in given)


def _sign_off(given: Mapping[str, Any]) -> SignOff:
    texts = {name: str(given.get(name) or "").strip() for name in ("appliance", "site", "by", "at", "reason")}
    if bool(texts["appliance"]) == bool(texts["site"]):
        raise ValueError("a sign-off names an appliance or a site, one of the two")
    if not texts["by"]:
        raise ValueError("a sign-off names the person: by")
    try:
        at = datetime.fromisoformat(texts["at"])
    except ValueError as error:
        raise ValueError(
            f"the time of a sign-off, {texts['at']!r}, is none: write 2026-01-31T04:00:00+01:00"
        ) from error
    if at.tzinfo is None:
        raise ValueError(f"the time of a sign-off, {texts['at']!r}, has no zone: write 2026-01-31T04:00:00+01:00")
    return SignOff(
        texts["by"], at.astimezone(UTC), texts["appliance"], texts["site"], texts["reason"][:EVIDENCE_LENGTH]
    )


def judged(
    given: Sequence[SignOff], host: str, site: str, since: datetime, now: datetime
) -> tuple[SignOff | None, str]:
    """The sign-off that serves an appliance, or why none does.

    Args:
        given: all sign-offs.
        host, site: of the appliance.
        since: when it was first seen with what it runs now; calls made before are no proof of it.
        now: aware time.
    """
    own = [one for one in given if one.names(host, site)]
    good = [one for one in own if since < one.at <= now]
    if good:
        return max(good, key=lambda one: one.at), ""
    if not given:
        return None, ""
    if not own:
        named = ", ".join(dict.fromkeys(one.appliance or f"site {one.site}" for one in given))
        return None, f"The sign-off that was given names {named}, not {host}."
    last = max(own, key=lambda one: one.at)
    at = last.at.isoformat(timespec="seconds")
    if last.at > now:
        return None, f"The sign-off of {last.by} is of {at}, which is yet to come."
    return None, f"The sign-off of {last.by} is of {at}, before {host} was first seen with what it runs now."


def how_to_sign_off(host: str, since: datetime) -> str:
    """What to give with the same command: an example, its time one minute after `since`."""
    example = (since + timedelta(minutes=1)).isoformat(timespec="seconds")
    given = json.dumps({"cloud_connector_signoffs": [{"appliance": host, "by": "<your name>", "at": example}]})
    return (
        f"Log in to the client, call a PSTN number from it, and call it from a phone, both over {host}. Where that went well, "
        f"run the same command again with -e '{given}' (the time of your calls, later than "
        f"{since.isoformat(timespec='seconds')})."
    )
